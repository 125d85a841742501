/*
 * HTTP messages, and what the answer to one means.  See notify_http.h; sending is
 * notify_http_send.c.
 */
#include "notify/notify_http.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/parse.h"
#include "net/http_client.h"

enum {
	DAY_MS = 24 * 3600 * 1000,
	PRAISE_MAX = 20, /* of the body of a 2xx that is worth telling: "ok" */
};

/* Addresses */

int notify_http_check_url(const char *name, const char *text, struct err *err)
{
	static const char *const schemes[] = {"http", "https", NULL};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct url url;

	if (!text) {
		return 0;
	}
	if (url_parse(str_of(text), arena, &url, err) < 0 ||
		url_check_scheme(&url, schemes, err) < 0) {
		return err_wrap(err, "%s", name);
	}
	if (url.user || url.password) {
		return err_set(err, ERR_INPUT, "%s: '%s' has a user or password", name, url.text);
	}
	return 0;
}

/* Composing */

bool notify_http_is_link(const char *text, size_t max_bytes)
{
	if (!text || strlen(text) > max_bytes || notify_http_check_url("link", text, NULL) < 0) {
		return false;
	}
	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c >= 0x80 || strchr("<>\"\\^`{|}", *c)) {
			return false;
		}
	}
	return true;
}

void notify_http_set_json(struct notify_message *message, struct arena *arena, const char *url,
	const struct strbuf *json)
{
	message->method = "POST";
	message->url = url;
	pairs_set(&message->headers, arena, str_of("Content-Type"), str_of("application/json"));
	message->body = str_n(arena_strndup(arena, json->buf, json->len), json->len);
}

static void set_authorization(
	struct notify_message *message, struct arena *arena, const char *scheme, const char *secret)
{
	pairs_set(&message->headers, arena, str_of("Authorization"),
		str_of(arena_printf(arena, "%s %s", scheme, secret)));
	notify_message_add_secret(message, secret);
}

void notify_http_set_bearer(struct notify_message *message, struct arena *arena, const char *token)
{
	set_authorization(message, arena, "Bearer", token);
}

void notify_http_set_basic(struct notify_message *message, struct arena *arena,
	const char *username, const char *password)
{
	const char *pair = arena_printf(arena, "%s:%s", username, password ? password : "");
	struct strbuf encoded = STRBUF_INIT;

	base64_add(&encoded, str_of(pair));
	set_authorization(message, arena, "Basic", arena_strndup(arena, encoded.buf, encoded.len));
	notify_message_add_secret(message, password);
	strbuf_release(&encoded);
}

/* Judging */

struct str notify_http_body(const struct http_response *response)
{
	return response->body ? str_trim(strbuf_str(response->body)) : str_of("");
}

/* No answer. */
static void judge_failure(const struct http_response *response, struct delivery_result *result)
{
	result->outcome = DELIVERY_RETRY;
	result->may_have_arrived = response->is_request_sent;
	switch (response->status) {
	case HTTP_LOCAL:
		result->fault = CHANNEL_MISCONFIGURED;
		break;
	case HTTP_PROTOCOL:
	case HTTP_TOO_LARGE:
		result->fault = CHANNEL_UNAVAILABLE;
		break;
	case HTTP_OK:
	case HTTP_DNS_FAILED:
	case HTTP_CONNECT_REFUSED:
	case HTTP_CONNECT_UNREACHABLE:
	case HTTP_TIMEOUT:
	case HTTP_TLS_FAILED:
	case HTTP_TLS_CERTIFICATE:
	case HTTP_TLS_NAME:
	case HTTP_CLOSED:
	case HTTP_TOO_MANY_REDIRECTS:
	case HTTP_BAD_REDIRECT:
	case HTTP_PROXY_FAILED:
		result->fault = CHANNEL_UNREACHABLE;
		break;
	}
}

static void judge_status(int status, struct delivery_result *result)
{
	if (status / 100 == 2) {
		result->outcome = DELIVERY_ARRIVED;
		result->fault = CHANNEL_OK;
	} else if (status == 429) {
		result->outcome = DELIVERY_THROTTLED;
		result->fault = CHANNEL_RATE_LIMITED;
	} else if (status == 408 || status / 100 == 5) {
		result->outcome = DELIVERY_RETRY;
		result->fault = CHANNEL_UNAVAILABLE;
	} else {
		result->outcome = DELIVERY_REFUSED;
		result->fault = status == 401 || status == 403 || status == 404 || status == 410
					? CHANNEL_REVOKED
					: CHANNEL_REJECTED;
	}
}

/* "answered 404: no_service"; notify_done() cuts it and makes it printable. */
static const char *answer_text(const struct http_response *response, struct arena *arena)
{
	struct str body = notify_http_body(response);
	struct strbuf text = STRBUF_INIT;
	struct str location;
	const char *copy;

	strbuf_addf(&text, "answered %ld", response->http_status);
	if (response->http_status / 100 == 3 && response->headers &&
		http_header_find(strbuf_str(response->headers), "Location", &location)) {
		strbuf_adds(&text, ", a redirect, which is not followed, to ");
		strbuf_addstr(&text, location);
	} else if (body.len > 0 && !(response->http_status / 100 == 2 && body.len > PRAISE_MAX)) {
		strbuf_adds(&text, ": ");
		strbuf_addstr(&text, body);
	}
	copy = arena_strndup(arena, text.buf, text.len);
	strbuf_release(&text);
	return copy;
}

/* The status is the receiver's word even where the rest of the answer is missing, but not where a
 * proxy said it. */
static bool has_status(const struct http_response *response)
{
	return response->http_status != 0 &&
	       (response->status == HTTP_OK || response->status == HTTP_CLOSED ||
		       response->status == HTTP_TIMEOUT || response->status == HTTP_TOO_LARGE);
}

void notify_http_judge(const struct http_response *response, int64_t now_ms, struct arena *arena,
	struct delivery_result *ret_result)
{
	struct str body = notify_http_body(response);
	struct str value;

	*ret_result = (struct delivery_result){
		.code = has_status(response) ? (int)response->http_status : 0,
		.retry_after_ms = -1,
		.body = arena_strndup(arena, body.ptr, body.len),
	};
	if (ret_result->code == 0) {
		judge_failure(response, ret_result);
		ret_result->text = arena_strdup(arena, response->text);
		return;
	}
	judge_status((int)response->http_status, ret_result);
	ret_result->text = answer_text(response, arena);
	if (ret_result->outcome != DELIVERY_ARRIVED && response->headers &&
		http_header_find(strbuf_str(response->headers), "Retry-After", &value)) {
		ret_result->retry_after_ms = notify_retry_after_ms(value, now_ms);
	}
}

/* Retry-After */

static int64_t limited(int64_t ms)
{
	return ms < 0 ? 0 : ms > DAY_MS ? DAY_MS : ms;
}

void notify_http_judge_body_pause(
	const struct http_response *response, struct delivery_result *result)
{
	const struct str body = notify_http_body(response);
	json_t *root;
	const json_t *pause;

	if (result->retry_after_ms >= 0) {
		return;
	}
	root = json_loadb(body.ptr, body.len, 0, NULL);
	pause = json_object_get(root, "retry_after");
	if (json_is_number(pause) && json_number_value(pause) >= 0) {
		result->retry_after_ms =
			limited((int64_t)ceil(fmin(json_number_value(pause), DAY_MS) * 1000));
	}
	json_decref(root);
}

/* A word of the date as a number; false if it is none. */
static bool number_of(struct str word, int64_t max, int *ret_number)
{
	int64_t number = 0;

	if (word.len == 0 || !char_is_digit(word.ptr[0]) ||
		parse_int(word, 0, max, &number, NULL) < 0) {
		return false;
	}
	*ret_number = (int)number;
	return true;
}

static bool month_of(struct str word, int *ret_month)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	if (word.len != 3) {
		return false;
	}
	for (int i = 0; i < 12; i++) {
		if (str_case_eq(word, str_n(months + 3 * i, 3))) {
			*ret_month = i;
			return true;
		}
	}
	return false;
}

/* "07:28:00" */
static bool clock_of(struct str word, struct tm *tm)
{
	struct str rest = word;
	struct str hour, minute, second;

	return str_split(&rest, ':', &hour) && str_split(&rest, ':', &minute) &&
	       str_split(&rest, ':', &second) && !rest.ptr && number_of(hour, 23, &tm->tm_hour) &&
	       number_of(minute, 59, &tm->tm_min) && number_of(second, 60, &tm->tm_sec);
}

static bool year_of(struct str word, struct tm *tm)
{
	int year = 0;

	if (!number_of(word, 9999, &year) || (word.len != 2 && word.len != 4)) {
		return false;
	}
	tm->tm_year = word.len == 4 ? year - 1900 : year < 70 ? year + 100 : year;
	return true;
}

/*
 * The three forms that RFC 9110, section 5.6.7 asks recipients to take, as words:
 * "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994".
 */
static bool date_of(struct str text, int64_t *ret_ms)
{
	struct str words[8];
	size_t count = 0;
	struct tm tm = {0};
	bool is_date = false;

	for (size_t i = 0; i < text.len && count < ARRAY_LEN(words);) {
		size_t start = i;

		while (i < text.len && !memchr(" ,-", text.ptr[i], 3)) {
			i++;
		}
		if (i > start) {
			words[count++] = str_sub(text, start, i - start);
		}
		i++;
	}
	if (count == 6 && str_is(words[5], "GMT")) {
		is_date = number_of(words[1], 31, &tm.tm_mday) && month_of(words[2], &tm.tm_mon) &&
			  year_of(words[3], &tm) && clock_of(words[4], &tm);
	} else if (count == 5) {
		is_date = month_of(words[1], &tm.tm_mon) && number_of(words[2], 31, &tm.tm_mday) &&
			  clock_of(words[3], &tm) && year_of(words[4], &tm);
	}
	if (is_date) {
		*ret_ms = (int64_t)timegm(&tm) * 1000;
	}
	return is_date;
}

int64_t notify_retry_after_ms(struct str value, int64_t now_ms)
{
	int64_t seconds = 0;
	int64_t date_ms = 0;

	value = str_trim(value);
	if (value.len > 0 && char_is_digit(value.ptr[0]) &&
		parse_int(value, 0, INT64_MAX / 1000, &seconds, NULL) == 0) {
		return limited(seconds * 1000);
	}
	return date_of(value, &date_ms) ? limited(date_ms - now_ms) : -1;
}

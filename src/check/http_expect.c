/*
 * What an HTTP response must be.  See check_http.h.
 */
#include <jansson.h>
#include <math.h>

#include "base/number.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "check/check_http.h"
#include "scan/json_pointer.h"
#include "scan/regex.h"

enum { SHOWN_MAX = 80, BODY_SHOWN_MAX = 512 };

static int range_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	struct number_range range = {0};
	size_t dash = str_find(text, '-', 0);

	(void)context;
	if (parse_int(str_trim(str_sub(text, 0, dash)), row->min, row->max, &range.low, err) < 0) {
		return -1;
	}
	range.high = range.low;
	if (dash < text.len && parse_int(str_trim(str_sub(text, dash + 1, text.len)), row->min,
				       row->max, &range.high, err) < 0) {
		return -1;
	}
	if (range.high < range.low) {
		return err_set(err, ERR_INPUT, "range '%.*s' begins above its end", STR_ARG(text));
	}
	*(struct number_range *)field = range;
	return 0;
}

static void range_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	strbuf_adds(out, "\"type\": [\"integer\", \"string\"]");
}

const struct option_type option_number_range = {
	.name = "number or range",
	.placeholder = "RANGE",
	.size = sizeof(struct number_range),
	.parse = range_parse,
	.schema = range_schema,
	.syntax = "a number, or the first and the last of a range, as in 200-299",
};

/* "> 5" demands more than 5, so bad is 5 or less. */
static int compares_parse(struct str text, struct json_expect *expect, struct err *err)
{
	bool is_above = text.ptr[0] == '>';
	bool has_equal = text.len > 1 && text.ptr[1] == '=';
	double bound = 0;

	if (parse_double(str_trim(str_sub(text, has_equal ? 2 : 1, text.len)), &bound, err) < 0) {
		return -1;
	}
	expect->how = JSON_COMPARES;
	expect->bad = (struct threshold){.is_set = true, .low = -INFINITY, .high = INFINITY};
	if (is_above) {
		expect->bad.low = bound;
		expect->bad.is_low_bad = !has_equal;
	} else {
		expect->bad.high = bound;
		expect->bad.is_high_bad = !has_equal;
	}
	return 0;
}

static void json_expect_release(void *regex)
{
	regex_free(regex);
}

static int json_expect_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	struct json_expect expect = {.text = str_dup(text, context->arena)};

	(void)row;
	if (text.len > 0 && (text.ptr[0] == '>' || text.ptr[0] == '<')) {
		if (compares_parse(text, &expect, err) < 0) {
			return -1;
		}
	} else if (str_starts(text, "!=")) {
		expect.how = JSON_NOT_EQUALS;
		expect.value =
			str_of(str_dup(str_trim(str_sub(text, 2, text.len)), context->arena));
	} else if (str_starts(text, "~")) {
		expect.how = JSON_MATCHES;
		if (regex_new(str_trim(str_sub(text, 1, text.len)), REGEX_PLAIN, &expect.regex,
			    err) < 0) {
			return -1;
		}
		arena_on_free(context->arena, json_expect_release, expect.regex);
	} else if (str_is(text, "exists")) {
		expect.how = JSON_EXISTS;
	} else if (str_is(text, "missing")) {
		expect.how = JSON_MISSING;
	} else {
		struct str value =
			str_starts(text, "==") ? str_trim(str_sub(text, 2, text.len)) : text;

		expect.how = JSON_EQUALS;
		expect.value = str_of(str_dup(value, context->arena));
	}
	*(struct json_expect *)field = expect;
	return 0;
}

static void json_expect_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	strbuf_adds(out, "\"type\": [\"string\", \"number\", \"boolean\"]");
}

const struct option_type option_json_expect = {
	.name = "JSON expectation",
	.placeholder = "VALUE",
	.size = sizeof(struct json_expect),
	.parse = json_expect_parse,
	.schema = json_expect_schema,
	.syntax = "a value to be equal to; or != and a value; or >, >=, < or <= and a number; or ~ "
		  "and a "
		  "regular expression; or exists; or missing",
};

static const char too_much_work[] = "matching takes too much work (simplify the expression)";

/* Where judging writes to. */
struct judgement {
	const struct http_response *response;
	struct check_result *result;
	const char **ret_why;
};

static enum check_code fail(struct judgement *j, enum check_code code, struct strbuf *why)
{
	*j->ret_why = arena_strndup(j->result->arena, why->buf, why->len);
	strbuf_release(why);
	return code;
}

static void add_body_evidence(struct judgement *j)
{
	check_evidence_add(
		j->result, "body", str_sub(strbuf_str(j->response->body), 0, BODY_SHOWN_MAX));
}

static void add_quoted(struct strbuf *out, struct str text)
{
	strbuf_addc(out, '\'');
	utf8_add_escaped(out, text, SHOWN_MAX);
	strbuf_addc(out, '\'');
}

static enum check_code judge_status(const struct http_expect *expect, struct judgement *j)
{
	static const struct number_range success = {200, 299};
	int64_t status = j->response->http_status;
	const struct number_range *ranges =
		expect->status.count > 0 ? expect->status.items : &success;
	size_t count = expect->status.count > 0 ? expect->status.count : 1;
	struct strbuf why = STRBUF_INIT;

	for (size_t i = 0; i < count; i++) {
		if (status >= ranges[i].low && status <= ranges[i].high) {
			return CODE_OK;
		}
	}
	strbuf_addf(&why, "status %lld, expected ", (long long)status);
	for (size_t i = 0; i < count; i++) {
		strbuf_addf(&why, i > 0 ? ", %lld" : "%lld", (long long)ranges[i].low);
		if (ranges[i].high != ranges[i].low) {
			strbuf_addf(&why, "-%lld", (long long)ranges[i].high);
		}
	}
	add_body_evidence(j);
	return fail(j, CODE_STATUS_MISMATCH, &why);
}

/* What matching a header comes to, and the value that decides it; without a match the first one. */
struct header_match {
	enum regex_match match;
	bool is_there;
	struct str value;
};

/* A header may come several times (Set-Cookie): all its values are looked at. */
static struct header_match match_header(
	struct str headers, const char *name, const struct regex *regex)
{
	struct header_match found = {.match = REGEX_NO_MATCH};
	struct str value = {0};

	while (found.match == REGEX_NO_MATCH && http_header_find(headers, name, &value)) {
		size_t end = (size_t)(value.ptr - headers.ptr) + value.len;

		found.match = regex_match(regex, value);
		if (!found.is_there || found.match != REGEX_NO_MATCH) {
			found.value = value;
		}
		found.is_there = true;
		headers = str_sub(headers, end, headers.len);
	}
	return found;
}

static enum check_code judge_header(
	struct judgement *j, const char *name, const struct regex *regex, bool is_wanted)
{
	struct header_match found = match_header(strbuf_str(j->response->headers), name, regex);
	struct strbuf why = STRBUF_INIT;

	if (found.match == (is_wanted ? REGEX_MATCHES : REGEX_NO_MATCH)) {
		return CODE_OK;
	}
	strbuf_addf(&why, "header %s", name);
	if (!found.is_there) {
		strbuf_adds(&why, " is missing, expected ");
	} else if (found.match == REGEX_GAVE_UP) {
		strbuf_addf(&why, ": %s: ", too_much_work);
	} else {
		strbuf_adds(&why, " is ");
		add_quoted(&why, found.value);
		strbuf_adds(&why, is_wanted ? ", expected " : ", which must not match ");
	}
	add_quoted(&why, str_of(regex_pattern(regex)));
	return fail(j, CODE_HEADER_MISMATCH, &why);
}

static enum check_code judge_headers(
	struct judgement *j, const struct option_map *headers, bool is_wanted)
{
	for (size_t i = 0; i < headers->count; i++) {
		enum check_code code = judge_header(
			j, headers->keys[i], OPTION_AT(headers, struct regex *, i), is_wanted);

		if (code != CODE_OK) {
			return code;
		}
	}
	return CODE_OK;
}

/* That it may be so only because not all of the body was kept. */
static void add_cut(const struct judgement *j, struct strbuf *why)
{
	const struct strbuf *body = j->response->body;

	if (j->response->body_size > (int64_t)body->len) {
		strbuf_addf(why, " in its first %zu bytes (body_max)", body->len);
	}
}

static enum check_code judge_body(
	struct judgement *j, const struct option_list *patterns, bool is_wanted)
{
	struct str body = strbuf_str(j->response->body);

	for (size_t i = 0; i < patterns->count; i++) {
		const struct regex *regex = OPTION_AT(patterns, struct regex *, i);
		enum regex_match match = regex_match(regex, body);
		struct strbuf why = STRBUF_INIT;

		if (match == (is_wanted ? REGEX_MATCHES : REGEX_NO_MATCH)) {
			continue;
		}
		if (match == REGEX_GAVE_UP) {
			strbuf_addf(&why, "%s: ", too_much_work);
		} else {
			strbuf_adds(
				&why, is_wanted ? "the body does not match " : "the body matches ");
		}
		add_quoted(&why, str_of(regex_pattern(regex)));
		if (is_wanted) {
			add_cut(j, &why);
		}
		add_body_evidence(j);
		return fail(j, CODE_BODY_MISMATCH, &why);
	}
	return CODE_OK;
}

/* A scalar's text: strings as they are; false for arrays and objects. */
static bool json_scalar_text(const json_t *value, struct strbuf *out)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		strbuf_add(out, json_string_value(value), json_string_length(value));
		return true;
	case JSON_INTEGER:
		strbuf_addf(out, "%lld", (long long)json_integer_value(value));
		return true;
	case JSON_REAL:
		number_add_double(out, json_real_value(value));
		return true;
	case JSON_TRUE:
		strbuf_adds(out, "true");
		return true;
	case JSON_FALSE:
		strbuf_adds(out, "false");
		return true;
	case JSON_NULL:
		strbuf_adds(out, "null");
		return true;
	case JSON_OBJECT:
	case JSON_ARRAY:
		break;
	}
	strbuf_adds(out, json_is_array(value) ? "an array" : "an object");
	return false;
}

static bool json_equals(const json_t *value, struct str text, struct str wanted)
{
	int64_t integer = 0;
	double number = 0;

	/* Integers by themselves, as doubles do not tell large ones apart. */
	if (json_is_integer(value) &&
		parse_int(wanted, INT64_MIN, INT64_MAX, &integer, NULL) == 0) {
		return json_integer_value(value) == integer;
	}
	if (json_is_number(value) && parse_double(wanted, &number, NULL) == 0) {
		return json_number_value(value) == number;
	}
	return str_eq(text, wanted);
}

static bool json_is_as_expected(
	const struct json_expect *expect, const json_t *value, struct str text, bool is_scalar)
{
	if (!value) {
		return expect->how == JSON_MISSING;
	}
	switch (expect->how) {
	case JSON_EXISTS:
		return true;
	case JSON_MISSING:
		return false;
	case JSON_EQUALS:
		return is_scalar && json_equals(value, text, expect->value);
	case JSON_NOT_EQUALS:
		return !is_scalar || !json_equals(value, text, expect->value);
	case JSON_COMPARES:
		return json_is_number(value) &&
		       !threshold_is_bad(&expect->bad, json_number_value(value));
	case JSON_MATCHES:
		return is_scalar && regex_match(expect->regex, text) == REGEX_MATCHES;
	}
	return false;
}

static enum check_code judge_json_value(struct judgement *j, const json_t *document,
	const char *pointer, const struct json_expect *expect)
{
	const json_t *value = json_pointer_get(document, str_of(pointer));
	struct strbuf text = STRBUF_INIT;
	struct strbuf why = STRBUF_INIT;
	bool is_scalar = value && json_scalar_text(value, &text);

	if (json_is_as_expected(expect, value, strbuf_str(&text), is_scalar)) {
		strbuf_release(&text);
		return CODE_OK;
	}
	strbuf_addf(&why, "JSON %s is ", *pointer ? pointer : "document");
	if (!value) {
		strbuf_adds(&why, "missing");
	} else {
		add_quoted(&why, strbuf_str(&text));
	}
	strbuf_adds(&why, ", expected ");
	add_quoted(&why, str_of(expect->text));
	strbuf_release(&text);
	add_body_evidence(j);
	return fail(j, CODE_JSON_MISMATCH, &why);
}

static enum check_code judge_json(struct judgement *j, const struct option_map *json)
{
	const struct strbuf *body = j->response->body;
	enum check_code code = CODE_OK;
	json_error_t error;
	json_t *document;

	if (json->count == 0) {
		return CODE_OK;
	}
	document = json_loadb(body->buf, body->len, JSON_DECODE_ANY, &error);
	if (!document) {
		struct strbuf why = STRBUF_INIT;

		strbuf_addf(&why, "the body is no JSON (line %d: ", error.line);
		utf8_add_escaped(&why, str_of(error.text), SHOWN_MAX);
		strbuf_addc(&why, ')');
		add_cut(j, &why);
		add_body_evidence(j);
		return fail(j, CODE_JSON_MISMATCH, &why);
	}
	for (size_t i = 0; i < json->count && code == CODE_OK; i++) {
		code = judge_json_value(
			j, document, json->keys[i], &OPTION_AT(json, struct json_expect, i));
	}
	json_decref(document);
	return code;
}

static enum check_code judge_size(const struct http_expect *expect, struct judgement *j)
{
	struct strbuf why = STRBUF_INIT;

	if (!threshold_is_bad(&expect->size, (double)j->response->body_size)) {
		return CODE_OK;
	}
	strbuf_addf(&why, "the body has %lld bytes, ", (long long)j->response->body_size);
	threshold_add_text(&expect->size, UNIT_BYTES, &why);
	add_body_evidence(j);
	return fail(j, CODE_SIZE_MISMATCH, &why);
}

enum check_code http_expect_judge(const struct http_expect *expect,
	const struct http_response *response, struct check_result *result, const char **ret_why)
{
	struct judgement j = {.response = response, .result = result, .ret_why = ret_why};
	enum check_code code = judge_status(expect, &j);

	if (code == CODE_OK) {
		code = judge_headers(&j, &expect->headers, true);
	}
	if (code == CODE_OK) {
		code = judge_headers(&j, &expect->headers_not, false);
	}
	if (code == CODE_OK) {
		code = judge_body(&j, &expect->body, true);
	}
	if (code == CODE_OK) {
		code = judge_body(&j, &expect->body_not, false);
	}
	if (code == CODE_OK) {
		code = judge_json(&j, &expect->json);
	}
	return code == CODE_OK ? judge_size(expect, &j) : code;
}

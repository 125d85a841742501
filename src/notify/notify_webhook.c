/*
 * The kind `webhook`: an HTTP request to whoever wants one.
 *
 * The body is our own JSON (alert_json.h), or what the receiver's text template makes.  Each
 * message has an id that stays the same when it is sent again, and a signature if there is a
 * secret, as Standard Webhooks describes.  The URL is taken for a secret, as webhooks often have no
 * other.
 */
#include <jansson.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "net/http_client.h"
#include "net/signature.h"
#include "net/url.h"
#include "notify/alert_json.h"
#include "notify/notification_sample.h"
#include "notify/notify_http.h"
#include "notify/notify_kinds.h"
#include "notify/shorten.h"
#include "notify/template.h"

enum {
	BODY_MAX = 1000 * 1000, /* bytes; what most servers take unless told otherwise */
	GROUP_MAX = 100,
	HEADERS_MAX = 16,
	SECRETS_MAX = 4,
	/* A shorter text is masked where it stands, and not wherever it occurs. */
	SECRET_LEN_MIN = 8,
};

enum method { METHOD_POST, METHOD_PUT };

static const char *const method_names[] = {"POST", "PUT", NULL};

struct webhook_opts {
	const char *url;
	int method; /* enum method */
	struct option_map headers;
	const char *bearer_token, *username, *password;
	struct option_list secret; /* const char * */
	const char *content_type;
	/* from validate() */
	struct url address;
	struct str *keys; /* one for each secret */
};

// clang-format off
static const struct option_row webhook_rows[] = {
	{.name = "webhook", .type = &option_string, .offset = offsetof(struct webhook_opts, url), .flags = OPTION_VARIANT_KEY | OPTION_SECRET,
	 .placeholder = "URL", .help = "where it goes, http:// or https://; only its host is ever shown"},
	{.name = "method", .type = &option_choice, .offset = offsetof(struct webhook_opts, method), .def = "POST", .choices = method_names,
	 .help = "how it is sent"},
	{.name = "headers", .shape = OPTION_MAP, .type = &option_string, .offset = offsetof(struct webhook_opts, headers), .flags = OPTION_SECRET, .check_key = http_header_name_check,
	 .help = "headers to send; their values are never shown"},
	{.name = "bearer_token", .type = &option_string, .offset = offsetof(struct webhook_opts, bearer_token), .flags = OPTION_SECRET,
	 .help = "sent as Authorization: Bearer"},
	{.name = "username", .type = &option_string, .offset = offsetof(struct webhook_opts, username), .help = "for basic authentication"},
	{.name = "password", .type = &option_string, .offset = offsetof(struct webhook_opts, password), .flags = OPTION_SECRET,
	 .help = "for basic authentication"},
	{.name = "secret", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct webhook_opts, secret), .flags = OPTION_SECRET,
	 .help = "signs every message as Standard Webhooks describes: whsec_ and 24 to 64 bytes in base64; several while they are changed"},
	{.name = "content_type", .type = &option_string, .offset = offsetof(struct webhook_opts, content_type), .def = "application/json",
	 .help = "of the body; values in a text template are escaped for JSON, XML, HTML or a form accordingly"},
	{0},
};
// clang-format on

/* Options */

static int line_check(const char *what, const char *value, struct err *err)
{
	for (const char *c = value; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f) {
			return err_set(err, ERR_INPUT, "%s: character %td is a control character",
				what, c - value + 1);
		}
	}
	return 0;
}

/* What we set ourselves, or what another option says. */
static int header_check(const struct webhook_opts *opts, const char *name, struct err *err)
{
	static const struct {
		const char *name, *instead;
	} ours[] = {
		{"Content-Type", "; use content_type"},
		{"Content-Length", ""},
		{"Transfer-Encoding", ""},
		{"webhook-id", ""},
		{"webhook-timestamp", ""},
		{"webhook-signature", "; use secret"},
	};

	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		if (str_case_eq(str_of(name), str_of(ours[i].name))) {
			return err_set(err, ERR_INPUT, "headers: '%s' is sent by itself%s", name,
				ours[i].instead);
		}
	}
	if (str_case_eq(str_of(name), str_of("Authorization")) &&
		(opts->bearer_token || opts->username)) {
		return err_set(err, ERR_INPUT,
			"headers: '%s' and bearer_token or username exclude each other", name);
	}
	return 0;
}

static int headers_check(const struct webhook_opts *opts, struct err *err)
{
	if (opts->headers.count > HEADERS_MAX) {
		return err_set(err, ERR_INPUT, "headers: at most %d, not %zu", HEADERS_MAX,
			opts->headers.count);
	}
	for (size_t i = 0; i < opts->headers.count; i++) {
		if (header_check(opts, opts->headers.keys[i], err) < 0 ||
			line_check(opts->headers.keys[i],
				OPTION_AT(&opts->headers, const char *, i), err) < 0) {
			return -1;
		}
	}
	return line_check("content_type", opts->content_type, err);
}

static int authorization_check(const struct webhook_opts *opts, struct err *err)
{
	if (opts->bearer_token && opts->username) {
		return err_set(err, ERR_INPUT, "bearer_token and username exclude each other");
	}
	if (opts->password && !opts->username) {
		return err_set(err, ERR_INPUT, "password: there is no username");
	}
	return opts->bearer_token ? line_check("bearer_token", opts->bearer_token, err) : 0;
}

/* Errors without the URL, which is a secret. */
static int url_check(struct webhook_opts *opts, struct arena *arena, struct err *err)
{
	static const char *const schemes[] = {"http", "https", NULL};
	struct err why = {0};

	if (url_parse(str_of(opts->url), arena, &opts->address, &why) < 0) {
		return why.code == ERR_INPUT
			       ? err_set(err, ERR_INPUT,
					 "webhook: no URL, which looks like https://host/path")
			       : err_set(err, why.code, "webhook: %s", why.msg);
	}
	if (url_check_scheme(&opts->address, schemes, NULL) < 0) {
		return err_set(err, ERR_INPUT,
			"webhook: the URL begins with neither http:// nor "
			"https://");
	}
	return 0;
}

static int secrets_check(struct webhook_opts *opts, struct arena *arena, struct err *err)
{
	if (opts->secret.count > SECRETS_MAX) {
		return err_set(err, ERR_INPUT, "secret: at most %d, not %zu", SECRETS_MAX,
			opts->secret.count);
	}
	opts->keys = arena_calloc(arena, opts->secret.count, sizeof(*opts->keys));
	for (size_t i = 0; i < opts->secret.count; i++) {
		if (signature_key(SIGNATURE_STANDARD_WEBHOOKS,
			    str_of(OPTION_AT(&opts->secret, const char *, i)), arena,
			    &opts->keys[i], err) < 0) {
			return err_wrap(err, "secret");
		}
	}
	return 0;
}

static int webhook_validate(void *opts, struct arena *arena, struct err *err)
{
	struct webhook_opts *webhook = opts;

	return url_check(webhook, arena, err) < 0 || headers_check(webhook, err) < 0 ||
			       authorization_check(webhook, err) < 0 ||
			       secrets_check(webhook, arena, err) < 0
		       ? -1
		       : 0;
}

static const char *webhook_target(const void *opts, struct arena *arena)
{
	const struct webhook_opts *webhook = opts;
	const struct url *url = &webhook->address;
	const bool is_v6 = strchr(url->host, ':') != NULL;
	const char *host = arena_printf(
		arena, "%s://%s%s%s", url->scheme, is_v6 ? "[" : "", url->host, is_v6 ? "]" : "");
	const char *rest = url->query || strcmp(url->path, "/") != 0 ? "/…" : "/";

	return url->has_port ? arena_printf(arena, "%s:%u%s", host, url->port, rest)
			     : arena_printf(arena, "%s%s", host, rest);
}

/* Bodies of a template */

enum body_form { BODY_PLAIN, BODY_JSON, BODY_FORM, BODY_XML };

/* By the media type, whatever its parameters are. */
static enum body_form body_form(const char *content_type)
{
	struct str rest = str_of(content_type);
	struct str type;

	(void)str_split(&rest, ';', &type);
	type = str_trim(type);
	if (str_case_eq(type, str_of("application/json")) || str_ends(type, "+json")) {
		return BODY_JSON;
	}
	if (str_case_eq(type, str_of("application/x-www-form-urlencoded"))) {
		return BODY_FORM;
	}
	if (str_case_eq(type, str_of("application/xml")) || str_case_eq(type, str_of("text/xml")) ||
		str_case_eq(type, str_of("text/html")) || str_ends(type, "+xml")) {
		return BODY_XML;
	}
	return BODY_PLAIN;
}

static void escape_form(struct str value, struct strbuf *out)
{
	for (size_t i = 0; i < value.len; i++) {
		const char c = value.ptr[i];

		if (char_is_alnum(c) || (c != '\0' && strchr("-._~", c))) {
			strbuf_addc(out, c);
		} else {
			strbuf_addf(out, "%%%02X", (unsigned)(unsigned char)c);
		}
	}
}

static void escape_xml(struct str value, struct strbuf *out)
{
	static const struct {
		char c;
		const char *entity;
	} entities[] = {
		{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};

	for (size_t i = 0; i < value.len; i++) {
		size_t e = 0;

		while (e < ARRAY_LEN(entities) && entities[e].c != value.ptr[i]) {
			e++;
		}
		if (e < ARRAY_LEN(entities)) {
			strbuf_adds(out, entities[e].entity);
		} else {
			strbuf_addc(out, value.ptr[i]);
		}
	}
}

static void render(const struct receiver *receiver, const struct notification *notification,
	struct strbuf *out)
{
	const struct webhook_opts *opts = receiver->opts;

	switch (body_form(opts->content_type)) {
	case BODY_JSON:
		template_render_json(receiver->text, notification, out);
		break;
	case BODY_FORM:
		template_render(receiver->text, notification, escape_form, out);
		break;
	case BODY_XML:
		template_render(receiver->text, notification, escape_xml, out);
		break;
	case BODY_PLAIN:
		template_render(receiver->text, notification, NULL, out);
		break;
	}
}

/* What a template means as JSON only its author knows; that it is JSON can be seen here. */
static int json_check(struct str body, struct err *err)
{
	json_error_t error;
	json_t *root = json_loadb(body.ptr, body.len, JSON_DECODE_ANY, &error);

	if (!root) {
		return err_set(err, ERR_INPUT, "the text template makes no JSON: line %d: %s",
			error.line, utf8_quote(str_of(error.text)).text);
	}
	json_decref(root);
	return 0;
}

static int add_template_body(const struct receiver *receiver,
	const struct notification *notification, struct strbuf *out, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct webhook_opts *opts = receiver->opts;
	const struct notification *shown = notification;

	strbuf_init(out, BODY_MAX);
	render(receiver, shown, out);
	while (out->dropped_bytes > 0) {
		shown = notification_shorten(shown, arena);
		if (!shown) {
			return err_set(err, ERR_LIMIT, "the text template makes more than %d bytes",
				BODY_MAX);
		}
		strbuf_clear(out);
		render(receiver, shown, out);
	}
	return body_form(opts->content_type) == BODY_JSON ? json_check(strbuf_str(out), err) : 0;
}

/* A text that is JSON for some alerts only would cost the receiver its life at the first other one.
 */
static int webhook_check(const struct receiver *receiver, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct notification *sample;
	const char *what = NULL;
	int status = 0;

	if (!receiver->text) {
		return 0;
	}
	sample = notification_sample(0, arena, &what);
	for (size_t i = 1; sample && status == 0; i++) {
		_cleanup_(strbuf_release) struct strbuf body = STRBUF_INIT;

		status = add_template_body(receiver, sample, &body, err);
		if (status == 0) {
			sample = notification_sample(i, arena, &what);
		}
	}
	return status < 0 ? err_wrap(err, "tried with %s", what) : 0;
}

static int add_body(const struct receiver *receiver, const struct notification *notification,
	struct strbuf *out, struct err *err)
{
	if (receiver->text) {
		return add_template_body(receiver, notification, out, err);
	}
	notification_add_json(receiver, notification, BODY_MAX, out);
	return 0;
}

/* Messages */

static void set_header(
	struct notify_message *message, struct arena *arena, const char *name, const char *value)
{
	pairs_set(&message->headers, arena, str_of(name), str_of(value));
}

static void set_own_headers(
	const struct webhook_opts *opts, struct arena *arena, struct notify_message *message)
{
	const char **names = arena_calloc(arena, opts->headers.count + 1, sizeof(*names));

	for (size_t i = 0; i < opts->headers.count; i++) {
		const char *value = OPTION_AT(&opts->headers, const char *, i);

		names[i] = opts->headers.keys[i];
		set_header(message, arena, names[i], value);
		if (strlen(value) >= SECRET_LEN_MIN) {
			notify_message_add_secret(message, value);
		}
	}
	message->secret_headers = names;
}

static void set_signature(const struct webhook_opts *opts, const struct notification *notification,
	struct arena *arena, struct notify_message *message)
{
	const struct signature_headers headers = signature_headers(SIGNATURE_STANDARD_WEBHOOKS);
	const char *timestamp =
		arena_printf(arena, "%lld", (long long)(notification->time_ms / 1000));
	const struct signed_message content = {
		str_of(notification->key), str_of(timestamp), message->body};
	_cleanup_(strbuf_release) struct strbuf signatures = STRBUF_INIT;

	set_header(message, arena, headers.id, notification->key);
	set_header(message, arena, headers.timestamp, timestamp);
	for (size_t i = 0; i < opts->secret.count; i++) {
		strbuf_adds(&signatures, i > 0 ? " " : "");
		signature_add(SIGNATURE_STANDARD_WEBHOOKS, opts->keys[i], &content, &signatures);
	}
	if (signatures.len > 0) {
		set_header(message, arena, headers.signature, signatures.buf);
	}
}

/* The parts of the URL that say more than where it goes. */
static void add_url_secrets(
	const struct webhook_opts *opts, struct arena *arena, struct notify_message *message)
{
	const struct url *url = &opts->address;
	const char *rest =
		url->query ? arena_printf(arena, "%s?%s", url->path, url->query) : url->path;

	if (strlen(rest) >= SECRET_LEN_MIN) {
		notify_message_add_secret(message, rest);
	}
	if (url->password && strlen(url->password) >= SECRET_LEN_MIN) {
		notify_message_add_secret(message, url->password);
	}
	message->shown_url = webhook_target(opts, arena);
}

static int webhook_compose(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct notify_message *ret_message, struct err *err)
{
	const struct webhook_opts *opts = receiver->opts;
	_cleanup_(strbuf_release) struct strbuf body = STRBUF_INIT;
	struct notify_message message = {0};

	if (add_body(receiver, notification, &body, err) < 0) {
		return -1;
	}
	notify_http_set_json(&message, arena, opts->url, &body);
	message.method = method_names[opts->method];
	set_header(&message, arena, "Content-Type", opts->content_type);
	set_own_headers(opts, arena, &message);
	if (opts->bearer_token) {
		notify_http_set_bearer(&message, arena, opts->bearer_token);
	} else if (opts->username) {
		notify_http_set_basic(&message, arena, opts->username, opts->password);
	}
	add_url_secrets(opts, arena, &message);
	set_signature(opts, notification, arena, &message);
	*ret_message = message;
	return 0;
}

/* As Standard Webhooks asks senders to: gateways that cannot cope want a pause, like 429. */
static void webhook_judge(const struct notify_run *run, const struct http_response *response,
	struct delivery_result *result)
{
	(void)run;
	(void)response;
	if (result->code == 502 || result->code == 504) {
		result->outcome = DELIVERY_THROTTLED;
	}
}

const struct notifier_kind notify_webhook = {
	.variant =
		{
			.name = "webhook",
			.summary = "an HTTP request of your own, signed if you like",
			.rows = webhook_rows,
			.opts_size = sizeof(struct webhook_opts),
			.object = &notify_webhook,
			.validate = webhook_validate,
		},
	.abilities = NOTIFIER_GROUPS | NOTIFIER_ACKNOWLEDGES | NOTIFIER_DIGESTS,
	.limit = {.per_minute = 600, .burst = 60},
	.group_max = GROUP_MAX,
	.target = webhook_target,
	.check = webhook_check,
	.compose = webhook_compose,
	.start = notify_http_start,
	.judge = webhook_judge,
	.interrupted = notify_http_interrupted,
	.release = notify_http_release,
};

/*
 * The kind `ntfy`: a topic of an ntfy server, published as JSON.
 *
 * Titles and messages are plain text to ntfy, so that nothing has to be escaped.  A message that is
 * longer than its limit would become an attachment, which many servers refuse.
 */
#include "base/alloc.h"
#include "base/json_writer.h"
#include "net/http_client.h"
#include "net/url.h"
#include "notify/notifier.h"
#include "notify/notify_http.h"
#include "notify/notify_kinds.h"
#include "notify/notify_text.h"

enum {
	TITLE_MAX = 250,
	TEXT_MAX = 4096,
	BODY_MAX = 8000, /* twice the message limit is what the server reads of the JSON */
	LINK_MAX = 2048,
	TOPIC_MAX = 64,
	GROUP_MAX = 20,
};

struct ntfy_opts {
	const char *address;
	const char *token;
	const char *username, *password;
	const char *server; /* the address without its topic */
	const char *topic;
};

// clang-format off
static const struct option_row ntfy_rows[] = {
	{.name = "ntfy", .type = &option_string, .offset = offsetof(struct ntfy_opts, address), .flags = OPTION_VARIANT_KEY,
	 .placeholder = "URL", .help = "address of the topic, as in https://ntfy.sh/my-topic"},
	{.name = "token", .type = &option_string, .offset = offsetof(struct ntfy_opts, token), .flags = OPTION_SECRET,
	 .help = "access token, for a topic that is protected"},
	{.name = "username", .type = &option_string, .offset = offsetof(struct ntfy_opts, username),
	 .help = "name to log in with, instead of a token"},
	{.name = "password", .type = &option_string, .offset = offsetof(struct ntfy_opts, password), .flags = OPTION_SECRET,
	 .help = "password to log in with"},
	{0},
};
// clang-format on

static bool is_topic(struct str topic)
{
	for (size_t i = 0; i < topic.len; i++) {
		if (!char_is_alnum(topic.ptr[i]) && topic.ptr[i] != '-' && topic.ptr[i] != '_') {
			return false;
		}
	}
	return topic.len > 0 && topic.len <= TOPIC_MAX;
}

/* "https://host/base/" and "topic" */
static int split_address(struct ntfy_opts *ntfy, struct arena *arena, struct err *err)
{
	struct url url;
	const char *topic;

	if (url_parse(str_of(ntfy->address), arena, &url, err) < 0) {
		return -1;
	}
	topic = strrchr(url.text, '/') + 1;
	if (url.query || strchr(ntfy->address, '#') || !is_topic(str_of(topic))) {
		return err_set(err, ERR_INPUT,
			"ntfy: '%s' does not end in a topic (1 to 64 letters, digits, '-' and "
			"'_'), "
			"as https://ntfy.sh/my-topic does",
			url.text);
	}
	ntfy->topic = topic;
	ntfy->server = arena_strndup(arena, url.text, (size_t)(topic - url.text));
	return 0;
}

static int credentials_check(const struct ntfy_opts *ntfy, struct err *err)
{
	if (ntfy->token && (ntfy->username || ntfy->password)) {
		return err_set(err, ERR_INPUT, "give token or username and password, not both");
	}
	if (!ntfy->username != !ntfy->password) {
		return err_set(
			err, ERR_INPUT, "%s is missing", ntfy->username ? "password" : "username");
	}
	if (ntfy->username && strchr(ntfy->username, ':')) {
		return err_set(err, ERR_INPUT, "the username has a ':', which would end it");
	}
	if (ntfy->token && strpbrk(ntfy->token, "\r\n")) {
		return err_set(err, ERR_INPUT, "there is a line break in the token");
	}
	return 0;
}

static int ntfy_validate(void *opts, struct arena *arena, struct err *err)
{
	struct ntfy_opts *ntfy = opts;

	if (notify_http_check_url("ntfy", ntfy->address, err) < 0 ||
		split_address(ntfy, arena, err) < 0) {
		return -1;
	}
	return credentials_check(ntfy, err);
}

static const char *ntfy_target(const void *opts, struct arena *arena)
{
	const struct ntfy_opts *ntfy = opts;

	return arena_printf(arena, "%s%s", ntfy->server, ntfy->topic);
}

/* 5 rings through "do not disturb", 1 makes no sound. */
static int priority_of(const struct notification *notification)
{
	switch (notification->purpose) {
	case NOTIFICATION_RESOLVE:
	case NOTIFICATION_NOTICE:
	case NOTIFICATION_TEST:
		return 3;
	case NOTIFICATION_ACKNOWLEDGE:
	case NOTIFICATION_DIGEST:
		return 2;
	case NOTIFICATION_TRIGGER:
	case NOTIFICATION_REMINDER:
	case NOTIFICATION_RESEND:
	case NOTIFICATION_SUMMARY:
	case NOTIFICATION_PURPOSES:
		break;
	}
	switch (notification->severity) {
	case SEVERITY_CRITICAL:
		return 5;
	case SEVERITY_WARNING:
		return 4;
	case SEVERITY_INFO:
		break;
	}
	return 3;
}

/* ntfy shows these as emoji in front of the title. */
static const char *tag_of(const struct notification *notification)
{
	static const char *const tags[SEVERITY_COUNT] = {
		[SEVERITY_INFO] = "information_source",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_CRITICAL] = "rotating_light",
	};

	switch (notification->purpose) {
	case NOTIFICATION_RESOLVE:
		return "white_check_mark";
	case NOTIFICATION_ACKNOWLEDGE:
		return "eyes";
	case NOTIFICATION_DIGEST:
		return "newspaper";
	case NOTIFICATION_TEST:
		return "test_tube";
	case NOTIFICATION_TRIGGER:
	case NOTIFICATION_REMINDER:
	case NOTIFICATION_RESEND:
	case NOTIFICATION_SUMMARY:
	case NOTIFICATION_NOTICE:
	case NOTIFICATION_PURPOSES:
		break;
	}
	return tags[notification->severity];
}

static const struct alert *only_alert(const struct notification *notification)
{
	return notification->alerts_count == 1 ? notification->alerts[0] : NULL;
}

/* The text, and a line for each fact; a template says what it wants by itself. */
static void add_text(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct strbuf *out)
{
	const struct alert *alert = only_alert(notification);
	struct pairs facts = {0};

	notify_add_text(receiver, notification, out);
	strbuf_rtrim(out);
	if (alert && !receiver->text) {
		notify_list_facts(notification, alert, arena, &facts);
		if (alert->runbook && !notify_http_is_link(alert->runbook, LINK_MAX)) {
			strbuf_addf(out, "%srunbook: %s", out->len > 0 ? "\n" : "", alert->runbook);
		}
	}
	for (size_t i = 0; i < facts.items_count; i++) {
		strbuf_addf(out, "%s%s: %s", out->len > 0 ? "\n" : "", facts.items[i].name,
			facts.items[i].value);
	}
}

static void write_cut(struct json_writer *json, const char *key, struct str text, size_t max)
{
	_cleanup_(strbuf_release) struct strbuf cut = STRBUF_INIT;

	notify_add_cut(text, max, &cut);
	json_field_str(json, key, strbuf_str(&cut));
}

struct ntfy_texts {
	struct strbuf title, text;
};

static void write_message(const struct ntfy_opts *opts, const struct notification *notification,
	const struct ntfy_texts *texts, size_t text_max, struct strbuf *out)
{
	const struct alert *alert = only_alert(notification);
	struct json_writer json;

	json_writer_init(&json, out, false);
	json_write_object_begin(&json);
	json_field_string(&json, "topic", opts->topic);
	write_cut(&json, "title", strbuf_str(&texts->title), TITLE_MAX);
	/* An empty one would become "triggered". */
	write_cut(&json, "message",
		texts->text.len > 0 ? strbuf_str(&texts->text) : strbuf_str(&texts->title),
		text_max);
	json_field_int(&json, "priority", priority_of(notification));
	json_write_key(&json, "tags");
	json_write_array_begin(&json);
	json_write_string(&json, tag_of(notification));
	json_write_array_end(&json);
	if (alert && notify_http_is_link(alert->runbook, LINK_MAX)) {
		json_field_string(&json, "click", alert->runbook);
	}
	json_write_object_end(&json);
}

static int ntfy_compose(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct notify_message *ret_message, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf body = STRBUF_INIT;
	const struct ntfy_opts *opts = receiver->opts;
	struct ntfy_texts texts = {STRBUF_INIT, STRBUF_INIT};

	(void)err;
	notify_add_title(receiver, notification, &texts.title);
	add_text(receiver, notification, arena, &texts.text);
	for (size_t max = TEXT_MAX; body.len == 0 || body.len > BODY_MAX; max /= 2) {
		strbuf_clear(&body);
		write_message(opts, notification, &texts, max, &body);
	}
	strbuf_release(&texts.title);
	strbuf_release(&texts.text);
	*ret_message = (struct notify_message){0};
	notify_http_set_json(ret_message, arena, opts->server, &body);
	if (opts->token) {
		notify_http_set_bearer(ret_message, arena, opts->token);
	} else if (opts->username) {
		notify_http_set_basic(ret_message, arena, opts->username, opts->password);
	}
	return 0;
}

static void ntfy_judge(const struct notify_run *run, const struct http_response *response,
	struct delivery_result *result)
{
	const struct ntfy_opts *opts = run->receiver->opts;

	(void)response;
	if (result->code == 401) {
		result->text = arena_printf(
			run->arena, "%s: the token or password is wrong", result->text);
	} else if (result->code == 403) {
		result->text = arena_printf(run->arena, "%s: %s", result->text,
			opts->token || opts->username ? "it may not write to this topic"
						      : "the topic wants a token or a login");
	}
}

const struct notifier_kind notify_ntfy = {
	.variant =
		{
			.name = "ntfy",
			.summary = "a topic of ntfy, for phones and desktops",
			.rows = ntfy_rows,
			.opts_size = sizeof(struct ntfy_opts),
			.object = &notify_ntfy,
			.validate = ntfy_validate,
		},
	.abilities = NOTIFIER_GROUPS | NOTIFIER_ACKNOWLEDGES | NOTIFIER_DIGESTS,
	.limit = {.per_minute = 12, .burst = 30},
	.group_max = GROUP_MAX,
	.target = ntfy_target,
	.compose = ntfy_compose,
	.start = notify_http_start,
	.judge = ntfy_judge,
	.interrupted = notify_http_interrupted,
	.release = notify_http_release,
};

/*
 * The kind `slack`: an incoming webhook of Slack.
 *
 * A message is its title as `text`, and two attachments of one colour: what happened as blocks, and
 * the facts as fields, with footer and time.  Two, because Slack refuses an attachment that has
 * blocks and any of the older members (invalid_attachments).
 *
 * Everything from outside is written so that Slack shows it and obeys nothing in it: "&", "<" and
 * ">" escaped, as plain text wherever Slack knows plain text.  Limits are counted in UTF-16 units,
 * after escaping, as the strictest reading of the documentation has it.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/vec.h"
#include "net/http_client.h"
#include "notify/notifier.h"
#include "notify/notify_http.h"
#include "notify/notify_kinds.h"
#include "notify/notify_text.h"
#include "notify/slack_url.h"

enum {
	TITLE_MAX = 3000,
	SECTION_MAX = 3000,
	SECTIONS_MAX = 3, /* of one text */
	BLOCKS_TEXT_MAX =
		11900, /* of all blocks; beyond some 13,000 Slack says msg_blocks_too_long */
	LINK_MAX = 2900,
	GROUP_MAX = 48, /* a block each, and one for what is left: Slack takes 50 */
	GROUP_TEXT_MAX = 10000,
	FIELDS_TEXT_MAX = 8000,
	FIELD_NAME_MAX = 200,
	FIELD_VALUE_MAX = 2000,
	FIELD_SHORT_MAX = 30, /* as wide as half a line */
};

struct slack_opts {
	const char *address;
	struct secret_url url; /* from it */
};

// clang-format off
static const struct option_row slack_rows[] = {
	{.name = "slack", .type = &option_string, .offset = offsetof(struct slack_opts, address), .flags = OPTION_VARIANT_KEY | OPTION_SECRET,
	 .placeholder = "URL", .help = "address of the incoming webhook of a channel (https://hooks.slack.com/services/...)"},
	{0},
};
// clang-format on

static int slack_validate(void *opts, struct arena *arena, struct err *err)
{
	struct slack_opts *slack = opts;

	return slack_url_read(slack->address, arena, &slack->url, err);
}

static const char *slack_target(const void *opts, struct arena *arena)
{
	(void)arena;
	return ((const struct slack_opts *)opts)->url.shown;
}

/* Texts */

static void escape(struct str c, struct strbuf *out)
{
	if (str_is(c, "&")) {
		strbuf_adds(out, "&amp;");
	} else if (str_is(c, "<")) {
		strbuf_adds(out, "&lt;");
	} else if (str_is(c, ">")) {
		strbuf_adds(out, "&gt;");
	} else {
		strbuf_addstr(out, c);
	}
}

struct slack_writer {
	const struct receiver *receiver;
	const struct notification *notification;
	struct arena *arena;
	struct json_writer json;
	size_t left;     /* of BLOCKS_TEXT_MAX */
	bool has_blocks; /* one at least */
};

/* Escaped and cut; returns its size. */
static size_t write_text(struct slack_writer *w, const char *key, struct str text, size_t max)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	const struct notify_limit limit = {max, NOTIFY_UTF16, escape};
	const size_t size = notify_add_limited(text, &limit, &out);

	json_field_str(&w->json, key, strbuf_str(&out));
	return size;
}

/* Blocks */

static void write_plain(struct slack_writer *w, struct str text, size_t max)
{
	json_write_object_begin(&w->json);
	json_field_string(&w->json, "type", "plain_text");
	w->left -= write_text(w, "text", text, max < w->left ? max : w->left);
	json_field_bool(&w->json, "emoji", false);
	json_write_object_end(&w->json);
}

/* A text must not be empty, and white space might count as that. */
static void write_section(struct slack_writer *w, struct str text, size_t max)
{
	text = str_trim(text);
	if (text.len == 0 || w->left == 0) {
		return;
	}
	json_write_object_begin(&w->json);
	json_field_string(&w->json, "type", "section");
	json_write_key(&w->json, "text");
	write_plain(w, text, max);
	json_write_object_end(&w->json);
	w->has_blocks = true;
}

static size_t escaped_size(struct str text)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	const struct notify_limit limit = {SIZE_MAX, NOTIFY_UTF16, escape};

	return notify_add_limited(text, &limit, &out);
}

/* Cut the lines off the front that fit into one section; a part of one only if it is too long. */
static struct str next_lines(struct str *rest)
{
	struct str piece = str_sub(*rest, 0, SECTION_MAX); /* a byte is at most one unit, but may
							      be five after escaping */

	while (escaped_size(piece) > SECTION_MAX) {
		piece = str_sub(piece, 0, piece.len - piece.len / 8);
	}
	if (piece.len < rest->len) {
		const char *newline = memrchr(piece.ptr, '\n', piece.len);
		size_t end = newline ? (size_t)(newline - piece.ptr) + 1 : piece.len;

		while (!newline && end > 1 && ((unsigned char)rest->ptr[end] & 0xc0) == 0x80) {
			end--;
		}
		piece = str_sub(piece, 0, end);
	}
	*rest = str_sub(*rest, piece.len, rest->len);
	return piece;
}

static void write_long_text(struct slack_writer *w, struct str text)
{
	for (int i = 1; i < SECTIONS_MAX; i++) {
		write_section(w, next_lines(&text), SECTION_MAX);
	}
	write_section(w, text, SECTION_MAX);
}

static void begin_context(struct slack_writer *w)
{
	json_write_object_begin(&w->json);
	json_field_string(&w->json, "type", "context");
	json_write_key(&w->json, "elements");
	json_write_array_begin(&w->json);
	w->has_blocks = true;
}

static void end_context(struct slack_writer *w)
{
	json_write_array_end(&w->json);
	json_write_object_end(&w->json);
}

/* A link's address ends at "|" and ">"; a shortened one would lead nowhere. */
static bool add_link(const char *url, struct strbuf *out)
{
	strbuf_adds(out, "<");
	for (const char *c = url; *c; c++) {
		if (*c == '|' || *c == '<' || *c == '>') {
			strbuf_addf(out, "%%%02X", (unsigned)(unsigned char)*c);
		} else {
			escape(str_n(c, 1), out);
		}
	}
	strbuf_adds(out, "|runbook>");
	return notify_size(strbuf_str(out), NOTIFY_UTF16) <= LINK_MAX;
}

static void write_runbook(struct slack_writer *w, const char *runbook)
{
	_cleanup_(strbuf_release) struct strbuf link = STRBUF_INIT;

	if (!runbook) {
		return;
	}
	begin_context(w);
	if (add_link(runbook, &link) && notify_size(strbuf_str(&link), NOTIFY_UTF16) <= w->left) {
		json_write_object_begin(&w->json);
		json_field_string(&w->json, "type", "mrkdwn");
		json_field_str(&w->json, "text", strbuf_str(&link));
		json_field_bool(&w->json, "verbatim", true);
		json_write_object_end(&w->json);
	} else {
		write_plain(w, str_of(runbook), LINK_MAX);
	}
	end_context(w);
}

/* An alert of a group: its line, and its message as far as there is room. */
static void write_group_alert(struct slack_writer *w, const struct alert *alert, size_t max)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	notify_add_alert(w->notification, alert, &text);
	if (notify_has_message(alert)) {
		strbuf_addc(&text, '\n');
		strbuf_adds(&text, alert->message);
	}
	write_section(w, strbuf_str(&text), max);
}

static void write_group(struct slack_writer *w)
{
	_cleanup_(strbuf_release) struct strbuf more = STRBUF_INIT;
	const struct notification *notification = w->notification;
	const size_t shown = notify_shown_alerts(w->receiver, notification);
	size_t left = GROUP_TEXT_MAX;

	for (size_t i = 0; i < shown; i++) {
		const size_t before = w->left;

		write_group_alert(w, notification->alerts[i], left / (shown - i));
		left -= before - w->left;
	}
	notify_add_more(notification_total(notification) - (int64_t)shown, &more);
	if (more.len > 0) {
		begin_context(w);
		write_plain(w, strbuf_str(&more), SECTION_MAX);
		end_context(w);
	}
}

static bool is_group(const struct notification *notification)
{
	return notification_total(notification) > 1;
}

static void write_blocks(struct slack_writer *w, struct str title)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	const struct notification *notification = w->notification;

	w->left = BLOCKS_TEXT_MAX;
	json_write_key(&w->json, "blocks");
	json_write_array_begin(&w->json);
	if (is_group(notification) && !w->receiver->text) {
		write_group(w);
	} else {
		notify_add_text(w->receiver, notification, &text);
		write_long_text(w, strbuf_str(&text));
	}
	if (notification->alerts_count == 1) {
		write_runbook(w, notification->alerts[0]->runbook);
	}
	if (!w->has_blocks) {
		write_section(w, title, SECTION_MAX);
	}
	json_write_array_end(&w->json);
}

/* Facts */

static void write_field(struct slack_writer *w, const struct pair *fact, size_t max)
{
	const struct str name = str_of(fact->name);
	const struct str value = str_of(fact->value);
	const size_t name_max = max / 2 < FIELD_NAME_MAX ? max / 2 : FIELD_NAME_MAX;

	json_write_object_begin(&w->json);
	max -= write_text(w, "title", name, name_max);
	(void)write_text(w, "value", value, max < FIELD_VALUE_MAX ? max : FIELD_VALUE_MAX);
	json_field_bool(&w->json, "short", value.len <= FIELD_SHORT_MAX);
	json_write_object_end(&w->json);
}

/* What every message has, then what there is to know of the alert. */
static void list_facts(const struct slack_writer *w, struct pairs *ret_facts)
{
	const struct notification *notification = w->notification;
	struct pairs facts = {0};

	pairs_set(&facts, w->arena, str_of("severity"),
		str_of(severity_name(notification->severity)));
	if (notification->alerts_count == 1) {
		struct pairs more;

		pairs_set(&facts, w->arena, str_of("source"),
			str_of(notification->alerts[0]->source));
		notify_list_facts(notification, notification->alerts[0], w->arena, &more);
		for (size_t i = 0; i < more.items_count; i++) {
			*VEC_PUSH_IN(w->arena, &facts, items) = more.items[i];
		}
	} else if (notification->group) {
		pairs_set(&facts, w->arena, str_of("group"), str_of(notification->group));
	}
	*ret_facts = facts;
}

static void write_fields(struct slack_writer *w)
{
	struct pairs facts;
	size_t left = FIELDS_TEXT_MAX;

	list_facts(w, &facts);
	json_write_key(&w->json, "fields");
	json_write_array_begin(&w->json);
	for (size_t i = 0; i < facts.items_count; i++) {
		const size_t share = left / (facts.items_count - i);

		write_field(w, &facts.items[i], share);
		left -= share;
	}
	json_write_array_end(&w->json);
}

/* The message */

static const char *color_of(const struct notification *notification)
{
	static const char *const colors[SEVERITY_COUNT] = {
		[SEVERITY_INFO] = "#439fe0",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_CRITICAL] = "danger",
	};

	if (notification_is_good(notification)) {
		return "good";
	}
	return colors[notification->purpose == NOTIFICATION_ACKNOWLEDGE ||
				      notification->purpose == NOTIFICATION_TEST
			      ? SEVERITY_INFO
			      : notification->severity];
}

static void begin_attachment(struct slack_writer *w, struct str title)
{
	json_write_object_begin(&w->json);
	json_field_string(&w->json, "color", color_of(w->notification));
	(void)write_text(w, "fallback", title, TITLE_MAX);
}

static void write_footer(struct slack_writer *w)
{
	const struct notification *notification = w->notification;
	const struct alert *alert =
		notification->alerts_count == 1 ? notification->alerts[0] : NULL;
	const int64_t time_ms = alert ? alert->time_ms : notification->time_ms;

	json_field_string(&w->json, "footer",
		alert && alert->id > 0
			? arena_printf(w->arena, "sre-toolkit, alert %lld", (long long)alert->id)
			: "sre-toolkit");
	json_field_int(&w->json, "ts", time_ms > 0 ? time_ms / 1000 : 0);
}

static void write_message(struct slack_writer *w, struct str title)
{
	json_write_object_begin(&w->json);
	(void)write_text(w, "text", title, TITLE_MAX);
	json_field_bool(&w->json, "mrkdwn", false);
	json_field_bool(&w->json, "unfurl_links", false);
	json_field_bool(&w->json, "unfurl_media", false);
	json_write_key(&w->json, "attachments");
	json_write_array_begin(&w->json);
	begin_attachment(w, title);
	write_blocks(w, title);
	json_write_object_end(&w->json);
	begin_attachment(w, title);
	write_fields(w);
	write_footer(w);
	json_write_object_end(&w->json);
	json_write_array_end(&w->json);
	json_write_object_end(&w->json);
}

static int slack_compose(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct notify_message *ret_message, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf title = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf body = STRBUF_INIT;
	const struct slack_opts *opts = receiver->opts;
	struct slack_writer w = {
		.receiver = receiver, .notification = notification, .arena = arena};

	(void)err;
	notify_add_title(receiver, notification, &title);
	json_writer_init(&w.json, &body, false);
	write_message(&w, strbuf_str(&title));
	*ret_message = (struct notify_message){0};
	notify_http_set_json(ret_message, arena, opts->url.url.text, &body);
	secret_url_send_to(&opts->url, ret_message);
	return 0;
}

/* Answers */

/* The words that Slack answers with instead of "ok". */
static const struct slack_word {
	const char *word;
	enum channel_fault fault;
	const char *meaning;
} words[] = {
	{"invalid_token", CHANNEL_REVOKED, "the webhook is not valid any more"},
	{"no_active_hooks", CHANNEL_REVOKED, "the webhook was switched off"},
	{"no_service", CHANNEL_REVOKED, "the webhook was removed or revoked"},
	{"no_service_id", CHANNEL_REVOKED, "there is no such webhook"},
	{"no_team", CHANNEL_REVOKED, "there is no such workspace"},
	{"team_disabled", CHANNEL_REVOKED, "the workspace was switched off"},
	{"user_not_found", CHANNEL_REVOKED, "the person it wrote to is gone"},
	{"channel_is_archived", CHANNEL_ARCHIVED, "the channel was archived"},
	{"channel_not_found", CHANNEL_ARCHIVED, "the channel was deleted"},
	{"action_prohibited", CHANNEL_REJECTED, "an administrator does not allow it"},
	{"posting_to_general_channel_denied", CHANNEL_REJECTED,
		"an administrator does not allow it in this channel"},
};

static const struct slack_word *find_word(struct str body)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_is(body, words[i].word)) {
			return &words[i];
		}
	}
	return NULL;
}

/* Status 200 says nothing yet, and the words of 4xx say more than the status. */
static void slack_judge(const struct notify_run *run, const struct http_response *response,
	struct delivery_result *result)
{
	const struct str body = notify_http_body(response);
	const struct slack_word *word = find_word(body);

	if (result->outcome == DELIVERY_THROTTLED) {
		notify_http_judge_body_pause(response, result);
	} else if (word) {
		result->outcome = DELIVERY_REFUSED;
		result->fault = word->fault;
		result->text = arena_printf(run->arena, "%s: %s", result->text, word->meaning);
	} else if (result->outcome == DELIVERY_ARRIVED && !str_is(body, "ok")) {
		result->outcome = DELIVERY_RETRY;
		result->fault = CHANNEL_UNAVAILABLE;
		result->may_have_arrived = true;
		result->text = arena_printf(run->arena, "%s, which is not 'ok'", result->text);
	}
}

const struct notifier_kind notify_slack = {
	.variant =
		{
			.name = "slack",
			.summary = "a channel of Slack, by an incoming webhook",
			.rows = slack_rows,
			.opts_size = sizeof(struct slack_opts),
			.object = &notify_slack,
			.validate = slack_validate,
		},
	.abilities = NOTIFIER_GROUPS | NOTIFIER_ACKNOWLEDGES | NOTIFIER_DIGESTS,
	.limit = {.per_minute = 60, .burst = 3},
	.group_max = GROUP_MAX,
	.target = slack_target,
	.compose = slack_compose,
	.start = notify_http_start,
	.judge = slack_judge,
	.interrupted = notify_http_interrupted,
	.release = notify_http_release,
};

/*
 * The kind `discord`: a webhook of a Discord channel.
 *
 * A message is one embed.  Everything from outside is written so that Discord shows it and obeys
 * nothing in it: Markdown escaped, and nobody called (allowed_mentions).  Limits are counted in
 * UTF-16 units, after escaping.
 */
#include <jansson.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "net/http_client.h"
#include "notify/notifier.h"
#include "notify/notify_http.h"
#include "notify/notify_kinds.h"
#include "notify/notify_text.h"
#include "notify/secret_url.h"

enum {
	TITLE_MAX = 256,
	DESCRIPTION_MAX = 4096,
	DESCRIPTION_SHARE_MAX = 3500, /* so that there is room for fields */
	FIELDS_MAX = 25,
	FIELD_NAME_MAX = 256,
	FIELD_VALUE_MAX = 1024,
	FIELD_SHORT_MAX = 20,  /* three in a line */
	EMBED_TEXT_MAX = 6000, /* title, description, fields and footer together */
	FOOTER_RESERVE = 100,
	LINK_MAX = 2048,
	GROUP_MAX = 20,
};

struct discord_opts {
	const char *address;
	struct secret_url url; /* from it */
};

// clang-format off
static const struct option_row discord_rows[] = {
	{.name = "discord", .type = &option_string, .offset = offsetof(struct discord_opts, address), .flags = OPTION_VARIANT_KEY | OPTION_SECRET,
	 .placeholder = "URL", .help = "address of the webhook of a channel (https://discord.com/api/webhooks/...)"},
	{0},
};
// clang-format on

/* Addresses */

static const char shape[] = "https://discord.com/api/webhooks/ID/TOKEN";

static bool is_discord(const char *host)
{
	const struct str name = str_of(host);

	return str_is(name, "discord.com") || str_ends(name, ".discord.com") ||
	       str_is(name, "discordapp.com") || str_ends(name, ".discordapp.com") ||
	       str_is(name, "discord.gg");
}

/* What is wrong with "/api/webhooks/ID/TOKEN", "v10" behind "api" or not; NULL if nothing is.
 * *ret_public is the length of what is in front of the token. */
static const char *path_fault(const char *path, size_t *ret_public)
{
	struct str rest = str_of(path + 1);
	struct str part = str_of("");
	struct str id = str_of("");

	(void)str_split(&rest, '/', &part);
	if (!str_is(part, "api")) {
		return "does not go on with /api/webhooks/; it looks like";
	}
	(void)(rest.ptr && str_split(&rest, '/', &part));
	if (part.len > 1 && part.ptr[0] == 'v' && rest.ptr) {
		(void)str_split(&rest, '/', &part);
	}
	if (!str_is(part, "webhooks")) {
		return "does not go on with /api/webhooks/; it looks like";
	}
	if (!rest.ptr || !str_split(&rest, '/', &id) || !rest.ptr) {
		return "is not complete; it looks like";
	}
	if (!str_is_digits(id)) {
		return "has no number behind /webhooks/; it looks like";
	}
	*ret_public = (size_t)(rest.ptr - path);
	(void)str_split(&rest, '/', &part);
	if (part.len == 0) {
		return "is not complete; it looks like";
	}
	return rest.ptr ? "has something behind its token (/slack and /github are for other "
			  "programs); it looks like"
			: NULL;
}

static int discord_validate(void *opts, struct arena *arena, struct err *err)
{
	struct discord_opts *discord = opts;
	const char *fault;
	size_t public_len = 0;

	if (secret_url_read(discord->address, arena, &discord->url, err) < 0) {
		return -1;
	}
	fault = path_fault(discord->url.url.path, &public_len);
	if (!fault) {
		secret_url_publish(&discord->url, public_len, arena);
	}
	if (!is_discord(discord->url.url.host)) {
		return 0;
	}
	if (strcmp(discord->url.url.scheme, "https") != 0) {
		fault = "must begin with https:// as in";
	}
	return fault ? err_set(err, ERR_INPUT, "the address of the webhook %s %s", fault, shape)
		     : 0;
}

static const char *discord_target(const void *opts, struct arena *arena)
{
	(void)arena;
	return ((const struct discord_opts *)opts)->url.shown;
}

/* Texts */

/* A backslash in front of what Markdown would take for its own.  An underscore within a word is
 * none of it, and would break links. */
static void escape(struct str c, struct strbuf *out)
{
	const char first = c.ptr[0];

	if (memchr("\\*~`|[<", first, 7) ||
		(first == '_' && (out->len == 0 || !char_is_alnum(out->buf[out->len - 1]))) ||
		(memchr("#>-", first, 3) && notify_is_at_line_start(out))) {
		strbuf_addc(out, '\\');
	}
	strbuf_addstr(out, c);
}

struct discord_writer {
	const struct receiver *receiver;
	const struct notification *notification;
	struct arena *arena;
	struct json_writer json;
	size_t left; /* of EMBED_TEXT_MAX */
};

static void write_text(struct discord_writer *w, const char *key, struct str text, size_t max)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	const struct notify_limit limit = {notify_min(max, w->left), NOTIFY_UTF16, escape};

	w->left -= notify_add_limited(text, &limit, &out);
	json_field_str(&w->json, key, strbuf_str(&out));
}

/* Each alert has its share of the room, and its message as far as that goes. */
static void add_group(const struct discord_writer *w, struct strbuf *out)
{
	const struct notification *notification = w->notification;
	const size_t shown = notify_shown_alerts(w->receiver, notification);
	size_t left = DESCRIPTION_SHARE_MAX - FOOTER_RESERVE;

	for (size_t i = 0; i < shown; i++) {
		_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
		const struct notify_limit limit = {left / (shown - i) / 2, NOTIFY_UTF16, NULL};

		strbuf_adds(&text, "• ");
		notify_add_alert(notification, notification->alerts[i], &text);
		if (notify_has_message(notification->alerts[i])) {
			strbuf_adds(&text, "\n");
			strbuf_adds(&text, notification->alerts[i]->message);
		}
		strbuf_rtrim(&text);
		left -= 2 * notify_add_limited(strbuf_str(&text), &limit, out);
		strbuf_adds(out, "\n");
	}
	notify_add_more(notification_total(notification) - (int64_t)shown, out);
}

static void write_description(struct discord_writer *w)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	const struct notification *notification = w->notification;

	if (notification->alerts_count > 1 && !w->receiver->text) {
		add_group(w, &text);
	} else {
		notify_add_text(w->receiver, notification, &text);
	}
	strbuf_rtrim(&text);
	if (text.len > 0) {
		write_text(w, "description", strbuf_str(&text), DESCRIPTION_SHARE_MAX);
	}
}

/* Facts */

static void list_facts(const struct discord_writer *w, struct pairs *ret_facts)
{
	const struct notification *notification = w->notification;
	const struct alert *alert =
		notification->alerts_count == 1 ? notification->alerts[0] : NULL;
	struct pairs facts = {0};
	struct pairs more;

	notify_add_fact(&facts, w->arena, "severity", severity_name(notification->severity));
	if (!alert) {
		*ret_facts = facts;
		return;
	}
	notify_add_fact(&facts, w->arena, "source", alert->source);
	if (alert->runbook && !notify_http_is_link(alert->runbook, LINK_MAX)) {
		notify_add_fact(&facts, w->arena, "runbook", alert->runbook);
	}
	notify_list_facts(notification, alert, w->arena, &more);
	for (size_t i = 0; i < more.items_count; i++) {
		notify_add_fact(&facts, w->arena, more.items[i].name, more.items[i].value);
	}
	*ret_facts = facts;
}

static void write_field(struct discord_writer *w, const struct pair *fact, size_t share)
{
	const struct str value = str_trim(str_of(fact->value));
	const struct str name = str_trim(str_of(fact->name));
	const size_t before = w->left;

	json_write_object_begin(&w->json);
	write_text(w, "name", name.len > 0 ? name : str_of("–"),
		notify_min(share / 2, FIELD_NAME_MAX));
	write_text(w, "value", value.len > 0 ? value : str_of("–"),
		notify_min(share - (before - w->left), FIELD_VALUE_MAX));
	json_field_bool(&w->json, "inline", value.len <= FIELD_SHORT_MAX);
	json_write_object_end(&w->json);
}

static void write_fields(struct discord_writer *w)
{
	struct pairs facts;
	size_t shown;

	list_facts(w, &facts);
	shown = facts.items_count;
	if (shown > FIELDS_MAX) {
		shown = FIELDS_MAX;
		facts.items[shown - 1] = (struct pair){
			"…", arena_printf(w->arena, "and %zu more", facts.items_count - shown + 1)};
	}
	json_write_key(&w->json, "fields");
	json_write_array_begin(&w->json);
	for (size_t i = 0; i < shown; i++) {
		write_field(w, &facts.items[i], (w->left - FOOTER_RESERVE) / (shown - i));
	}
	json_write_array_end(&w->json);
}

/* The message */

static int64_t color_of(const struct notification *notification)
{
	static const int64_t colors[SEVERITY_COUNT] = {
		[SEVERITY_INFO] = 0x439fe0,
		[SEVERITY_WARNING] = 0xf9a825,
		[SEVERITY_CRITICAL] = 0xd32f2f,
	};

	if (notification_is_good(notification)) {
		return 0x2e7d32;
	}
	return colors[notification->purpose == NOTIFICATION_ACKNOWLEDGE ||
				      notification->purpose == NOTIFICATION_TEST
			      ? SEVERITY_INFO
			      : notification->severity];
}

static void write_footer(struct discord_writer *w, const struct alert *alert)
{
	json_write_key(&w->json, "footer");
	json_write_object_begin(&w->json);
	json_field_string(&w->json, "text",
		alert && alert->id > 0
			? arena_printf(w->arena, "sre-toolkit, alert %lld", (long long)alert->id)
			: "sre-toolkit");
	json_write_object_end(&w->json);
	json_field_time(&w->json, "timestamp", alert ? alert->time_ms : w->notification->time_ms);
}

static void write_embed(struct discord_writer *w, struct str title)
{
	const struct notification *notification = w->notification;
	const struct alert *alert =
		notification->alerts_count == 1 ? notification->alerts[0] : NULL;

	w->left = EMBED_TEXT_MAX;
	json_write_object_begin(&w->json);
	write_text(w, "title", title, TITLE_MAX);
	if (alert && notify_http_is_link(alert->runbook, LINK_MAX)) {
		json_field_string(&w->json, "url", alert->runbook);
	}
	json_field_int(&w->json, "color", color_of(notification));
	write_description(w);
	write_fields(w);
	write_footer(w, alert);
	json_write_object_end(&w->json);
}

static int discord_compose(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct notify_message *ret_message, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf title = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf body = STRBUF_INIT;
	const struct discord_opts *opts = receiver->opts;
	struct discord_writer w = {
		.receiver = receiver, .notification = notification, .arena = arena};

	(void)err;
	notify_add_title(receiver, notification, &title);
	json_writer_init(&w.json, &body, false);
	json_write_object_begin(&w.json);
	json_write_key(&w.json, "allowed_mentions");
	json_write_object_begin(&w.json);
	json_write_key(&w.json, "parse");
	json_write_array_begin(&w.json);
	json_write_array_end(&w.json);
	json_write_object_end(&w.json);
	json_write_key(&w.json, "embeds");
	json_write_array_begin(&w.json);
	write_embed(&w, strbuf_str(&title));
	json_write_array_end(&w.json);
	json_write_object_end(&w.json);
	*ret_message = (struct notify_message){0};
	notify_http_set_json(ret_message, arena, opts->url.url.text, &body);
	secret_url_send_to(&opts->url, ret_message);
	return 0;
}

/* Answers */

static const struct discord_code {
	int code;
	enum channel_fault fault;
	const char *meaning;
} codes[] = {
	{10003, CHANNEL_ARCHIVED, "the channel was deleted"},
	{10015, CHANNEL_REVOKED, "the webhook was deleted"},
	{50027, CHANNEL_REVOKED, "the token of the webhook is wrong"},
	{50083, CHANNEL_ARCHIVED, "the thread was archived"},
	{160005, CHANNEL_ARCHIVED, "the thread is locked"},
};

static const struct discord_code *find_code(struct str body)
{
	json_t *root = json_loadb(body.ptr, body.len, 0, NULL);
	const json_int_t code = json_integer_value(json_object_get(root, "code"));

	json_decref(root);
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (codes[i].code == code) {
			return &codes[i];
		}
	}
	return NULL;
}

static void discord_judge(const struct notify_run *run, const struct http_response *response,
	struct delivery_result *result)
{
	const struct discord_code *code = find_code(notify_http_body(response));

	if (result->outcome == DELIVERY_THROTTLED) {
		notify_http_judge_body_pause(response, result);
	} else if (result->outcome == DELIVERY_REFUSED && code) {
		result->fault = code->fault;
		result->text =
			arena_printf(run->arena, "answered %d: %s", result->code, code->meaning);
	}
}

const struct notifier_kind notify_discord = {
	.variant =
		{
			.name = "discord",
			.summary = "a channel of Discord, by a webhook",
			.rows = discord_rows,
			.opts_size = sizeof(struct discord_opts),
			.object = &notify_discord,
			.validate = discord_validate,
		},
	.abilities = NOTIFIER_GROUPS | NOTIFIER_ACKNOWLEDGES | NOTIFIER_DIGESTS,
	.limit = {.per_minute = 30, .burst = 5},
	.group_max = GROUP_MAX,
	.target = discord_target,
	.compose = discord_compose,
	.start = notify_http_start,
	.judge = discord_judge,
	.interrupted = notify_http_interrupted,
	.release = notify_http_release,
};

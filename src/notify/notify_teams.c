/*
 * The kind `teams`: a workflow of Microsoft Teams that posts what its webhook is sent.
 *
 * A message is one Adaptive Card.  Its texts are Markdown, so that everything from outside is
 * escaped.  The limit is on the whole message in bytes: it is composed with less and less room for
 * texts until it fits.
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
	MESSAGE_MAX = 27 * 1024, /* Teams takes 28 KB */
	TEXT_MAX = 18 * 1024,    /* of title, text and facts together, at first */
	TITLE_MAX = 1024,
	FACT_NAME_MAX = 128,
	FACT_VALUE_MAX = 1024,
	LINK_MAX = 2048,
	GROUP_MAX = 20,
};

struct teams_opts {
	const char *address;
	struct secret_url url; /* from it */
};

// clang-format off
static const struct option_row teams_rows[] = {
	{.name = "teams", .type = &option_string, .offset = offsetof(struct teams_opts, address), .flags = OPTION_VARIANT_KEY | OPTION_SECRET,
	 .placeholder = "URL", .help = "address of a workflow that posts to a channel when it receives a webhook request"},
	{0},
};
// clang-format on

/* Addresses */

static bool is_connector(const char *host)
{
	const struct str name = str_of(host);

	return str_ends(name, ".webhook.office.com") || str_is(name, "outlook.office.com") ||
	       str_is(name, "outlook.office365.com");
}

static bool is_workflow(const char *host)
{
	const struct str name = str_of(host);

	return str_ends(name, ".logic.azure.com") || str_ends(name, ".powerplatform.com") ||
	       str_ends(name, ".logic.azure.us") || str_ends(name, ".powerplatform.us");
}

static bool has_signature(const char *query)
{
	struct str rest = str_of(query ? query : "");
	struct str part;

	while (str_split(&rest, '&', &part)) {
		if (str_starts(part, "sig=") && part.len > strlen("sig=")) {
			return true;
		}
	}
	return false;
}

static int teams_validate(void *opts, struct arena *arena, struct err *err)
{
	struct teams_opts *teams = opts;
	struct secret_url *url = &teams->url;

	if (secret_url_read(teams->address, arena, url, err) < 0) {
		return -1;
	}
	if (url->url.query) {
		secret_url_publish(url, strlen(url->url.path) + 1, arena);
	}
	if (is_connector(url->url.host)) {
		return err_set(err, ERR_INPUT,
			"the address is that of an Office 365 connector, which Microsoft has "
			"switched off; make a workflow instead");
	}
	if (!is_workflow(url->url.host)) {
		return 0;
	}
	if (strcmp(url->url.scheme, "https") != 0) {
		return err_set(err, ERR_INPUT, "the address must begin with https://");
	}
	if (!has_signature(url->url.query)) {
		return err_set(err, ERR_INPUT,
			"the address of the workflow is not complete: there is no sig= in it");
	}
	return 0;
}

static const char *teams_target(const void *opts, struct arena *arena)
{
	(void)arena;
	return ((const struct teams_opts *)opts)->url.shown;
}

/* Texts */

/* A backslash in front of what Markdown would take for its own; to it, one newline is none. */
static void escape(struct str c, struct strbuf *out)
{
	const char first = c.ptr[0];

	if (first == '\n') {
		strbuf_addc(out, '\n');
	} else if (memchr("\\*[<`~", first, 6) ||
		   (first == '_' && (out->len == 0 || !char_is_alnum(out->buf[out->len - 1]))) ||
		   (memchr("#>-+", first, 4) && notify_is_at_line_start(out))) {
		strbuf_addc(out, '\\');
	}
	strbuf_addstr(out, c);
}

struct teams_writer {
	const struct receiver *receiver;
	const struct notification *notification;
	struct arena *arena;
	struct json_writer json;
	size_t left; /* of the room for texts, in bytes */
};

static void write_text(struct teams_writer *w, const char *key, struct str text, size_t max)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	const struct notify_limit limit = {notify_min(max, w->left), NOTIFY_BYTES, escape};

	w->left -= notify_add_limited(text, &limit, &out);
	json_field_str(&w->json, key, strbuf_str(&out));
}

static const char *style_of(const struct notification *notification)
{
	static const char *const styles[SEVERITY_COUNT] = {
		[SEVERITY_INFO] = "accent",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_CRITICAL] = "attention",
	};

	if (notification_is_good(notification)) {
		return "good";
	}
	return styles[notification->purpose == NOTIFICATION_ACKNOWLEDGE ||
				      notification->purpose == NOTIFICATION_TEST
			      ? SEVERITY_INFO
			      : notification->severity];
}

/* On the colour that says how bad it is. */
static void write_title(struct teams_writer *w, struct str title)
{
	json_write_object_begin(&w->json);
	json_field_string(&w->json, "type", "Container");
	json_field_string(&w->json, "style", style_of(w->notification));
	json_field_bool(&w->json, "bleed", true);
	json_write_key(&w->json, "items");
	json_write_array_begin(&w->json);
	json_write_object_begin(&w->json);
	json_field_string(&w->json, "type", "TextBlock");
	write_text(w, "text", title, TITLE_MAX);
	json_field_string(&w->json, "weight", "bolder");
	json_field_string(&w->json, "size", "medium");
	json_field_bool(&w->json, "wrap", true);
	json_write_object_end(&w->json);
	json_write_array_end(&w->json);
	json_write_object_end(&w->json);
}

static void write_body_text(struct teams_writer *w)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	notify_add_text(w->receiver, w->notification, &text);
	strbuf_rtrim(&text);
	if (text.len == 0) {
		return;
	}
	json_write_object_begin(&w->json);
	json_field_string(&w->json, "type", "TextBlock");
	write_text(w, "text", strbuf_str(&text), w->left / 2);
	json_field_bool(&w->json, "wrap", true);
	json_write_object_end(&w->json);
}

/* Facts */

static void list_facts(const struct teams_writer *w, struct pairs *ret_facts)
{
	const struct notification *notification = w->notification;
	const struct alert *alert =
		notification->alerts_count == 1 ? notification->alerts[0] : NULL;
	struct pairs facts = {0};
	struct pairs more = {0};

	notify_add_fact(&facts, w->arena, "severity", severity_name(notification->severity));
	if (alert) {
		notify_add_fact(&facts, w->arena, "source", alert->source);
		if (alert->runbook && !notify_http_is_link(alert->runbook, LINK_MAX)) {
			notify_add_fact(&facts, w->arena, "runbook", alert->runbook);
		}
		notify_list_facts(notification, alert, w->arena, &more);
	}
	for (size_t i = 0; i < more.items_count; i++) {
		notify_add_fact(&facts, w->arena, more.items[i].name, more.items[i].value);
	}
	if (alert && alert->id > 0) {
		notify_add_fact(&facts, w->arena, "alert",
			arena_printf(w->arena, "%lld", (long long)alert->id));
	}
	*ret_facts = facts;
}

static void write_facts(struct teams_writer *w)
{
	struct pairs facts;

	list_facts(w, &facts);
	json_write_object_begin(&w->json);
	json_field_string(&w->json, "type", "FactSet");
	json_write_key(&w->json, "facts");
	json_write_array_begin(&w->json);
	for (size_t i = 0; i < facts.items_count; i++) {
		const size_t share = w->left / (facts.items_count - i);

		json_write_object_begin(&w->json);
		write_text(w, "title", str_of(facts.items[i].name),
			notify_min(share / 2, FACT_NAME_MAX));
		write_text(w, "value", str_of(facts.items[i].value),
			notify_min(share / 2, FACT_VALUE_MAX));
		json_write_object_end(&w->json);
	}
	json_write_array_end(&w->json);
	json_write_object_end(&w->json);
}

/* The message */

static void write_actions(struct teams_writer *w)
{
	const struct notification *notification = w->notification;
	const struct alert *alert =
		notification->alerts_count == 1 ? notification->alerts[0] : NULL;

	if (!alert || !notify_http_is_link(alert->runbook, LINK_MAX)) {
		return;
	}
	json_write_key(&w->json, "actions");
	json_write_array_begin(&w->json);
	json_write_object_begin(&w->json);
	json_field_string(&w->json, "type", "Action.OpenUrl");
	json_field_string(&w->json, "title", "Runbook");
	json_field_string(&w->json, "url", alert->runbook);
	json_write_object_end(&w->json);
	json_write_array_end(&w->json);
}

static void write_card(struct teams_writer *w, struct str title)
{
	json_write_object_begin(&w->json);
	json_field_string(
		&w->json, "$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
	json_field_string(&w->json, "type", "AdaptiveCard");
	json_field_string(&w->json, "version", "1.4");
	json_write_key(&w->json, "body");
	json_write_array_begin(&w->json);
	write_title(w, title);
	write_body_text(w);
	write_facts(w);
	json_write_array_end(&w->json);
	write_actions(w);
	json_write_key(&w->json, "msteams");
	json_write_object_begin(&w->json);
	json_field_string(&w->json, "width", "Full");
	json_write_object_end(&w->json);
	json_write_object_end(&w->json);
}

static void write_message(struct teams_writer *w, struct str title)
{
	json_write_object_begin(&w->json);
	json_field_string(&w->json, "type", "message");
	json_write_key(&w->json, "attachments");
	json_write_array_begin(&w->json);
	json_write_object_begin(&w->json);
	json_field_string(&w->json, "contentType", "application/vnd.microsoft.card.adaptive");
	json_write_key(&w->json, "contentUrl");
	json_write_null(&w->json);
	json_write_key(&w->json, "content");
	write_card(w, title);
	json_write_object_end(&w->json);
	json_write_array_end(&w->json);
	json_write_object_end(&w->json);
}

static int teams_compose(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct notify_message *ret_message, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf title = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf body = STRBUF_INIT;
	const struct teams_opts *opts = receiver->opts;
	struct teams_writer w = {
		.receiver = receiver, .notification = notification, .arena = arena};

	(void)err;
	notify_add_title(receiver, notification, &title);
	/* What JSON escapes takes up to six times its room. */
	for (size_t room = TEXT_MAX; body.len == 0 || body.len > MESSAGE_MAX; room /= 2) {
		strbuf_clear(&body);
		w.left = room;
		json_writer_init(&w.json, &body, false);
		write_message(&w, strbuf_str(&title));
	}
	*ret_message = (struct notify_message){0};
	notify_http_set_json(ret_message, arena, opts->url.url.text, &body);
	secret_url_send_to(&opts->url, ret_message);
	return 0;
}

/* Answers */

static const struct teams_code {
	const char *code;
	const char *meaning;
} codes[] = {
	{"DirectApiAuthorizationRequired", "the signature (sig=) of the address is wrong"},
	{"AuthorizationFailed", "the signature (sig=) of the address is wrong"},
	{"WorkflowNotFound", "the workflow was deleted"},
	{"WorkflowTriggerIsNotEnabled", "the workflow is turned off"},
	{"WorkflowDisabled", "the workflow is turned off"},
};

static const struct teams_code *find_code(struct str body)
{
	json_t *root = json_loadb(body.ptr, body.len, 0, NULL);
	const char *code =
		json_string_value(json_object_get(json_object_get(root, "error"), "code"));
	const struct teams_code *found = NULL;

	for (size_t i = 0; i < ARRAY_LEN(codes) && code; i++) {
		if (strcmp(codes[i].code, code) == 0) {
			found = &codes[i];
		}
	}
	json_decref(root);
	return found;
}

/* Some gateways say 200 and tell in the text that Teams has refused it. */
static void judge_old_failure(struct str body, struct delivery_result *result)
{
	if (str_contains(body, "HTTP error 429")) {
		result->outcome = DELIVERY_THROTTLED;
		result->fault = CHANNEL_RATE_LIMITED;
	} else if (str_contains(body, "HTTP error 4")) {
		result->outcome = DELIVERY_REFUSED;
		result->fault = CHANNEL_REJECTED;
	} else {
		result->outcome = DELIVERY_RETRY;
		result->fault = CHANNEL_UNAVAILABLE;
	}
}

static void teams_judge(const struct notify_run *run, const struct http_response *response,
	struct delivery_result *result)
{
	const struct str body = notify_http_body(response);
	const struct teams_code *code = find_code(body);

	if (result->outcome == DELIVERY_ARRIVED && str_contains(body, "message delivery failed")) {
		judge_old_failure(body, result);
	} else if (result->outcome == DELIVERY_REFUSED && code) {
		result->fault = CHANNEL_REVOKED;
		result->text =
			arena_printf(run->arena, "answered %d: %s", result->code, code->meaning);
	}
}

const struct notifier_kind notify_teams = {
	.variant =
		{
			.name = "teams",
			.summary = "a channel or chat of Microsoft Teams, by a workflow",
			.rows = teams_rows,
			.opts_size = sizeof(struct teams_opts),
			.object = &notify_teams,
			.validate = teams_validate,
		},
	.abilities = NOTIFIER_GROUPS | NOTIFIER_ACKNOWLEDGES | NOTIFIER_DIGESTS,
	.limit = {.per_minute = 60, .burst = 4},
	.group_max = GROUP_MAX,
	.target = teams_target,
	.compose = teams_compose,
	.start = notify_http_start,
	.judge = teams_judge,
	.interrupted = notify_http_interrupted,
	.release = notify_http_release,
};

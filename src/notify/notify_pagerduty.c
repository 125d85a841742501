/*
 * The kind `pagerduty`: incidents by the Events API v2.
 *
 * What is opened and closed under which key is incident.h.  An event is kept within the service's
 * 512,000 bytes by shortening its details, with a note that says so.
 */
#include <jansson.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "net/http_client.h"
#include "net/url.h"
#include "notify/incident.h"
#include "notify/notify_http.h"
#include "notify/notify_kinds.h"
#include "notify/notify_text.h"

enum {
	KEY_LEN = 32,
	SUMMARY_MAX = 1024, /* characters */
	PLACE_MAX = 1024,   /* of source, component, group, class; not documented */
	LINK_MAX = 2048,    /* bytes; a longer runbook is told among the details */
	EVENT_MAX = 512000, /* bytes */
	/* The documentation asks for a pause after 429 and sends no Retry-After. */
	THROTTLED_MS = 30 * 1000,
};

enum region { REGION_US, REGION_EU };

static const char *const region_names[] = {"us", "eu", NULL};

struct pagerduty_opts {
	const char *routing_key;
	int region; /* enum region */
	const char *url;
	const char *component, *group, *class;
};

// clang-format off
static const struct option_row pagerduty_rows[] = {
	{.name = "pagerduty", .type = &option_string, .offset = offsetof(struct pagerduty_opts, routing_key), .flags = OPTION_VARIANT_KEY | OPTION_SECRET,
	 .placeholder = "KEY", .help = "integration key of an Events API v2 integration: 32 letters and digits"},
	{.name = "region", .type = &option_choice, .offset = offsetof(struct pagerduty_opts, region), .def = "us", .choices = region_names,
	 .help = "service region of the account"},
	{.name = "url", .type = &option_string, .offset = offsetof(struct pagerduty_opts, url),
	 .help = "where events go instead of the region's https://.../v2/enqueue"},
	{.name = "component", .type = &option_string, .offset = offsetof(struct pagerduty_opts, component),
	 .help = "component of every event; else the alert's label of that name"},
	{.name = "group", .type = &option_string, .offset = offsetof(struct pagerduty_opts, group),
	 .help = "group of every event; else the alert's label of that name"},
	{.name = "class", .type = &option_string, .offset = offsetof(struct pagerduty_opts, class),
	 .help = "class of every event; else the alert's label of that name"},
	{0},
};
// clang-format on

static int pagerduty_validate(void *opts, struct arena *arena, struct err *err)
{
	const struct pagerduty_opts *pagerduty = opts;
	const struct str key = str_of(pagerduty->routing_key);

	(void)arena;
	for (size_t i = 0; i < key.len; i++) {
		if (!char_is_alnum(key.ptr[i])) {
			return err_set(err, ERR_INPUT,
				"pagerduty: a routing key has letters and digits only; character "
				"%zu of this one is none",
				i + 1);
		}
	}
	if (key.len != KEY_LEN) {
		return err_set(err, ERR_INPUT,
			"pagerduty: a routing key has %d characters; this one has %zu", KEY_LEN,
			key.len);
	}
	return notify_http_check_url("url", pagerduty->url, err);
}

static const char *enqueue_url(const struct pagerduty_opts *opts)
{
	if (opts->url) {
		return opts->url;
	}
	return opts->region == REGION_EU ? "https://events.eu.pagerduty.com/v2/enqueue"
					 : "https://events.pagerduty.com/v2/enqueue";
}

static const char *pagerduty_target(const void *opts, struct arena *arena)
{
	(void)arena;
	return enqueue_url(opts);
}

/* Composing */

/* How much of the details is told; made smaller until the event fits. */
struct detail_limits {
	size_t text_max;  /* bytes of each text */
	size_t pairs_max; /* of fields, and of labels */
};

struct event {
	const struct receiver *receiver;
	const struct pagerduty_opts *opts;
	const struct notification *notification;
	const struct incident_step *step;
	struct detail_limits limits;
	bool is_shortened;
	struct json_writer *json;
};

static void field_cut(struct json_writer *json, const char *key, const char *text, size_t max_bytes)
{
	_cleanup_(strbuf_release) struct strbuf cut = STRBUF_INIT;

	notify_add_cut(str_of(text), max_bytes, &cut);
	json_field_str(json, key, strbuf_str(&cut));
}

static void field_place(struct json_writer *json, const char *key, const char *text)
{
	_cleanup_(strbuf_release) struct strbuf cut = STRBUF_INIT;

	if (text && *text) {
		notify_add_cut_chars(str_of(text), PLACE_MAX, &cut);
		json_field_str(json, key, strbuf_str(&cut));
	}
}

static void write_pairs(struct event *event, const char *key, const struct pairs *pairs)
{
	size_t count = pairs->items_count < event->limits.pairs_max ? pairs->items_count
								    : event->limits.pairs_max;

	if (pairs->items_count == 0) {
		return;
	}
	json_write_key(event->json, key);
	json_write_object_begin(event->json);
	for (size_t i = 0; i < count; i++) {
		field_cut(event->json, pairs->items[i].name, pairs->items[i].value,
			event->limits.text_max);
	}
	json_write_object_end(event->json);
}

static void write_note(struct event *event, const struct alert *alert)
{
	const size_t max = event->limits.pairs_max;
	struct strbuf note = STRBUF_INIT;

	strbuf_addf(&note,
		"shortened by sre-toolkit to fit PagerDuty's %d bytes: texts are cut at %zu bytes",
		EVENT_MAX, event->limits.text_max);
	if (alert->fields.items_count > max || alert->labels.items_count > max) {
		strbuf_addf(&note, ", of %zu fields and %zu labels the first %zu are here",
			alert->fields.items_count, alert->labels.items_count, max);
	}
	json_field_str(event->json, "note", strbuf_str(&note));
	strbuf_release(&note);
}

/* The alert's own message, or what the receiver's template makes of it. */
static void write_message(struct event *event, const struct alert *alert)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (event->receiver->text) {
		notify_add_text(event->receiver, event->notification, &text);
	} else {
		strbuf_adds(&text, alert->message);
	}
	if (text.len > 0) {
		field_cut(event->json, "message", text.buf, event->limits.text_max);
	}
}

static void write_details(struct event *event, const struct alert *alert)
{
	_cleanup_(strbuf_release) struct strbuf hidden = STRBUF_INIT;

	json_write_object_begin(event->json);
	if (event->is_shortened) {
		write_note(event, alert);
	}
	write_message(event, alert);
	notify_add_hidden(alert, &hidden);
	if (hidden.len > 0) {
		json_field_str(event->json, "hidden", strbuf_str(&hidden));
	}
	if (alert->id > 0) {
		json_field_int(event->json, "alert_id", alert->id);
	}
	json_field_int(event->json, "events", alert->events);
	json_field_time(event->json, "started", alert->started_ms);
	if (alert->runbook && strlen(alert->runbook) > LINK_MAX) {
		field_cut(event->json, "runbook", alert->runbook, event->limits.text_max);
	}
	write_pairs(event, "fields", &alert->fields);
	write_pairs(event, "labels", &alert->labels);
	json_write_object_end(event->json);
}

static void write_summary(struct event *event)
{
	_cleanup_(strbuf_release) struct strbuf title = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf cut = STRBUF_INIT;

	notify_add_title(event->receiver, event->notification, &title);
	notify_add_cut_chars(strbuf_str(&title), SUMMARY_MAX, &cut);
	json_field_str(event->json, "summary", strbuf_str(&cut));
}

static const char *own_or_label(const char *own, const struct alert *alert, const char *name)
{
	return own ? own : pairs_get(&alert->labels, name);
}

static void write_alert_payload(struct event *event)
{
	const struct alert *alert = event->notification->alerts[0];
	const struct pagerduty_opts *opts = event->opts;
	struct json_writer *json = event->json;

	field_place(json, "source", alert->source);
	json_field_time(json, "timestamp", alert->time_ms);
	field_place(json, "component", own_or_label(opts->component, alert, "component"));
	field_place(json, "group", own_or_label(opts->group, alert, "group"));
	field_place(json, "class", own_or_label(opts->class, alert, "class"));
	json_write_key(json, "custom_details");
	write_details(event, alert);
}

static void write_notice_payload(struct event *event)
{
	struct json_writer *json = event->json;

	field_place(json, "source", "sre-toolkit");
	json_field_time(json, "timestamp", event->notification->time_ms);
	json_write_key(json, "custom_details");
	json_write_object_begin(json);
	field_cut(json, "message", event->notification->text, event->limits.text_max);
	json_write_object_end(json);
}

static void write_links(struct event *event)
{
	const struct alert *alert = event->notification->alerts[0];

	if (!alert->runbook || strlen(alert->runbook) > LINK_MAX) {
		return;
	}
	json_write_key(event->json, "links");
	json_write_array_begin(event->json);
	json_write_object_begin(event->json);
	json_field_string(event->json, "href", alert->runbook);
	json_field_string(event->json, "text", "Runbook");
	json_write_object_end(event->json);
	json_write_array_end(event->json);
}

static void write_trigger(struct event *event)
{
	const bool is_notice = event->notification->purpose == NOTIFICATION_NOTICE;

	json_field_string(event->json, "client", "sre-toolkit");
	json_write_key(event->json, "payload");
	json_write_object_begin(event->json);
	write_summary(event);
	json_field_string(event->json, "severity", severity_name(event->step->severity));
	if (is_notice) {
		write_notice_payload(event);
	} else {
		write_alert_payload(event);
	}
	json_write_object_end(event->json);
	if (!is_notice) {
		write_links(event);
	}
}

static const char *action_name(enum incident_action action)
{
	switch (action) {
	case INCIDENT_OPEN:
		return "trigger";
	case INCIDENT_ACKNOWLEDGE:
		return "acknowledge";
	case INCIDENT_CLOSE:
		return "resolve";
	}
	return "";
}

static void write_event(struct event *event, struct strbuf *out)
{
	struct json_writer json;

	strbuf_clear(out);
	json_writer_init(&json, out, false);
	event->json = &json;
	json_write_object_begin(&json);
	json_field_string(&json, "routing_key", event->opts->routing_key);
	json_field_string(&json, "event_action", action_name(event->step->action));
	json_field_string(&json, "dedup_key", event->step->key);
	if (event->step->action == INCIDENT_OPEN) {
		write_trigger(event);
	}
	json_write_object_end(&json);
}

/* Long texts go first; what is left of them is little before a field is. */
static void shorten(struct event *event)
{
	enum { TEXT_FIRST = 64 * 1024, TEXT_LEAST = 64, PAIRS_FIRST = 512 };
	struct detail_limits *limits = &event->limits;

	if (!event->is_shortened) {
		event->is_shortened = true;
		limits->text_max = TEXT_FIRST;
	} else if (limits->text_max > TEXT_LEAST) {
		limits->text_max /= 4;
	} else if (limits->pairs_max > PAIRS_FIRST) {
		limits->pairs_max = PAIRS_FIRST;
	} else {
		limits->pairs_max /= 2;
	}
}

static void compose_step(const struct receiver *receiver, const struct notification *notification,
	const struct incident_step *step, struct arena *arena, struct notify_message *ret_message)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct event event = {
		.receiver = receiver,
		.opts = receiver->opts,
		.notification = notification,
		.step = step,
		.limits = {SIZE_MAX, SIZE_MAX},
	};

	write_event(&event, &text);
	while (text.len > EVENT_MAX && event.limits.pairs_max > 0) {
		shorten(&event);
		write_event(&event, &text);
	}
	notify_http_set_json(ret_message, arena, enqueue_url(event.opts), &text);
}

static int pagerduty_compose(const struct receiver *receiver,
	const struct notification *notification, struct arena *arena,
	struct notify_message *ret_message, struct err *err)
{
	const struct pagerduty_opts *opts = receiver->opts;
	struct notify_message *message = ret_message;
	struct incident_plan plan;

	if (incident_plan(notification, &plan, err) < 0) {
		return -1;
	}
	*message = (struct notify_message){0};
	for (size_t i = 0; i < plan.steps_count; i++) {
		if (i > 0) {
			message->next = arena_alloc(arena, sizeof(*message));
			message = message->next;
		}
		compose_step(receiver, notification, &plan.steps[i], arena, message);
	}
	notify_message_add_secret(ret_message, opts->routing_key);
	return 0;
}

/* Answers */

static void add_errors(const json_t *root, struct strbuf *out)
{
	const char *message = json_string_value(json_object_get(root, "message"));
	size_t i;
	const json_t *error;

	strbuf_adds(out, message ? message : "");
	json_array_foreach(json_object_get(root, "errors"), i, error)
	{
		if (json_is_string(error)) {
			strbuf_addf(
				out, "%s%s", i || message ? "; " : "", json_string_value(error));
		}
	}
}

static bool is_about_key(const struct strbuf *errors)
{
	return strcasestr(errors->buf, "routing key") || strcasestr(errors->buf, "routing_key");
}

static void judge_invalid(
	const struct notify_run *run, struct str body, struct delivery_result *result)
{
	_cleanup_(strbuf_release) struct strbuf errors = STRBUF_INIT;
	json_t *root = json_loadb(body.ptr, body.len, 0, NULL);

	add_errors(root, &errors);
	json_decref(root);
	if (errors.len > 0) {
		result->text =
			arena_printf(run->arena, "answered %d: %s", result->code, errors.buf);
	}
	if (is_about_key(&errors)) {
		result->fault = CHANNEL_REVOKED;
	}
}

static void pagerduty_judge(const struct notify_run *run, const struct http_response *response,
	struct delivery_result *result)
{
	if (result->code == 400) {
		judge_invalid(run, notify_http_body(response), result);
	} else if (result->outcome == DELIVERY_THROTTLED && result->retry_after_ms < 0) {
		result->retry_after_ms = THROTTLED_MS;
	}
}

const struct notifier_kind notify_pagerduty = {
	.variant =
		{
			.name = "pagerduty",
			.summary = "PagerDuty, by its Events API v2",
			.rows = pagerduty_rows,
			.opts_size = sizeof(struct pagerduty_opts),
			.object = &notify_pagerduty,
			.validate = pagerduty_validate,
		},
	.abilities = NOTIFIER_MERGES | NOTIFIER_ACKNOWLEDGES | NOTIFIER_INCIDENTS,
	/* 120 a minute are taken for each key; some are left for what needs two requests. */
	.limit = {.per_minute = 100, .burst = 10},
	.target = pagerduty_target,
	.compose = pagerduty_compose,
	.start = notify_http_start,
	.judge = pagerduty_judge,
	.interrupted = notify_http_interrupted,
	.release = notify_http_release,
};

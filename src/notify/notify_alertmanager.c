/*
 * The kind `alertmanager`: alerts by the API of Prometheus' Alertmanager, to each one of a cluster.
 *
 * An Alertmanager knows an alert by its labels and by nothing else.  Those of ours can change while
 * it fires: the severity when it rises, the title or source under one deduplication key.  So each
 * alert carries its fingerprint as a label, and after it has been told, what an Alertmanager still
 * has under the same fingerprint with other labels is asked for, and ended.
 */
#include <jansson.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "net/http_client.h"
#include "net/url.h"
#include "notify/notify_http.h"
#include "notify/notify_kinds.h"
#include "notify/notify_text.h"

enum {
	PLACES_MAX = 16,
	LABEL_MAX = 1024,            /* bytes of a value */
	DESCRIPTION_MAX = 16 * 1024, /* the same */
	ANNOTATION_MAX = 2 * 1024,   /* the same, of fields */
	STALE_MAX = 100,             /* alerts that are ended at once */
};

#define API "api/v2/alerts"
#define FINGERPRINT "sre_fingerprint"

struct alertmanager_opts {
	struct option_list urls; /* const char * */
	const char *bearer_token, *username, *password;
	int64_t expires_ms;
	struct option_map labels; /* const char * */
	const char *generator_url;
};

static int label_key_check(struct str key, struct err *);

// clang-format off
static const struct option_row alertmanager_rows[] = {
	{.name = "alertmanager", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct alertmanager_opts, urls), .flags = OPTION_VARIANT_KEY,
	 .placeholder = "URL", .help = "address of the Alertmanager, or of each one of a cluster: http://host:9093"},
	{.name = "bearer_token", .type = &option_string, .offset = offsetof(struct alertmanager_opts, bearer_token), .flags = OPTION_SECRET,
	 .help = "sent as Authorization: Bearer"},
	{.name = "username", .type = &option_string, .offset = offsetof(struct alertmanager_opts, username), .help = "for basic authentication"},
	{.name = "password", .type = &option_string, .offset = offsetof(struct alertmanager_opts, password), .flags = OPTION_SECRET,
	 .help = "for basic authentication"},
	{.name = "expires", .type = &option_duration, .offset = offsetof(struct alertmanager_opts, expires_ms), .def = "1d", .min = 60 * 1000, .max = 30LL * 24 * 3600 * 1000,
	 .help = "after that long an alert that is not told again is over for the Alertmanager"},
	{.name = "labels", .shape = OPTION_MAP, .type = &option_string, .offset = offsetof(struct alertmanager_opts, labels), .check_key = label_key_check,
	 .help = "labels of every alert, besides its own, for example cluster: eu"},
	{.name = "generator_url", .type = &option_string, .offset = offsetof(struct alertmanager_opts, generator_url),
	 .help = "where its page of an alert links to as the source"},
	{0},
};
// clang-format on

/* Names */

/* As Prometheus has them: letters, digits and "_", no digit first. */
static bool is_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] != '_' && !char_is_alnum(name.ptr[i])) {
			return false;
		}
	}
	return name.len > 0 && !char_is_digit(name.ptr[0]);
}

static int label_key_check(struct str key, struct err *err)
{
	return is_name(key) ? 0
			    : err_set(err, ERR_INPUT,
				      "a label's name has letters, digits and '_' only, and begins "
				      "with no digit");
}

/* One of the map that is free: "disk-free" is disk_free, or disk_free_2 if that is there. */
static const char *free_name(const struct pairs *taken, const char *name, struct arena *arena)
{
	char *clean =
		arena_printf(arena, "%s%s", *name == '\0' || char_is_digit(*name) ? "_" : "", name);
	const char *tried = clean;

	for (char *c = clean; *c; c++) {
		if (!char_is_alnum(*c)) {
			*c = '_';
		}
	}
	for (int i = 2; pairs_get(taken, tried); i++) {
		tried = arena_printf(arena, "%s_%d", clean, i);
	}
	return tried;
}

/* Empty values are no labels, and what is there already need not be there twice. */
static void add(struct pairs *pairs, struct arena *arena, const char *name, struct str value,
	size_t max_bytes)
{
	_cleanup_(strbuf_release) struct strbuf cut = STRBUF_INIT;

	const char *same = pairs_get(pairs, name);

	if (value.len > 0 && !(same && str_is(value, same))) {
		notify_add_cut(value, max_bytes, &cut);
		pairs_set(pairs, arena, str_of(free_name(pairs, name, arena)), strbuf_str(&cut));
	}
}

/* Options */

static int url_check(const char *url, struct err *err)
{
	if (strpbrk(url, "?#")) {
		return err_set(err, ERR_INPUT,
			"alertmanager: '%s' is to be an address without query and fragment, like "
			"http://host:9093",
			url);
	}
	return notify_http_check_url("alertmanager", url, err);
}

static int alertmanager_validate(void *opts, struct arena *arena, struct err *err)
{
	const struct alertmanager_opts *am = opts;

	(void)arena;
	if (am->urls.count == 0 || am->urls.count > PLACES_MAX) {
		return err_set(err, ERR_INPUT, "alertmanager: 1 to %d addresses, not %zu",
			PLACES_MAX, am->urls.count);
	}
	for (size_t i = 0; i < am->urls.count; i++) {
		if (url_check(OPTION_AT(&am->urls, const char *, i), err) < 0) {
			return -1;
		}
	}
	if (am->bearer_token && am->username) {
		return err_set(err, ERR_INPUT, "bearer_token and username exclude each other");
	}
	if (am->password && !am->username) {
		return err_set(err, ERR_INPUT, "password: there is no username");
	}
	return notify_http_check_url("generator_url", am->generator_url, err);
}

static const char *api_url(const char *base, struct arena *arena)
{
	return arena_printf(arena, "%s%s" API, base, str_ends(str_of(base), "/") ? "" : "/");
}

static const char *alertmanager_target(const void *opts, struct arena *arena)
{
	const struct alertmanager_opts *am = opts;
	struct strbuf text = STRBUF_INIT;
	const char *copy;

	for (size_t i = 0; i < am->urls.count; i++) {
		strbuf_adds(&text, i > 0 ? ", " : "");
		strbuf_adds(&text, OPTION_AT(&am->urls, const char *, i));
	}
	copy = arena_strndup(arena, text.buf, text.len);
	strbuf_release(&text);
	return copy;
}

/* Composing */

/* What an Alertmanager is to have. */
struct shown {
	struct pairs labels, annotations;
	int64_t starts_ms, ends_ms;
};

static void add_configured_labels(
	const struct alertmanager_opts *opts, struct arena *arena, struct pairs *labels)
{
	for (size_t i = 0; i < opts->labels.count; i++) {
		if (!pairs_get(labels, opts->labels.keys[i])) {
			add(labels, arena, opts->labels.keys[i],
				str_of(OPTION_AT(&opts->labels, const char *, i)), LABEL_MAX);
		}
	}
}

/* Those that say which alert it is come first, so that no label of its own takes their names. */
static void show_labels(const struct alertmanager_opts *opts, const struct alert *alert,
	struct arena *arena, struct pairs *labels)
{
	const char *name = pairs_get(&alert->labels, "alertname");

	add(labels, arena, "alertname", str_of(name && *name ? name : alert->title), LABEL_MAX);
	add(labels, arena, "severity", str_of(severity_name(alert->severity)), LABEL_MAX);
	add(labels, arena, "source", str_of(alert->source), LABEL_MAX);
	add(labels, arena, FINGERPRINT, str_of(alert->fingerprint), LABEL_MAX);
	for (size_t i = 0; i < alert->labels.items_count; i++) {
		const struct pair *label = &alert->labels.items[i];

		if (strcmp(label->name, "alertname") != 0) {
			add(labels, arena, label->name, str_of(label->value), LABEL_MAX);
		}
	}
	add_configured_labels(opts, arena, labels);
}

static void show_annotations(const struct receiver *receiver,
	const struct notification *notification, const struct alert *alert, struct arena *arena,
	struct pairs *annotations)
{
	_cleanup_(strbuf_release) struct strbuf title = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (receiver->title) {
		notify_add_title(receiver, notification, &title);
	} else {
		strbuf_adds(&title, alert->title);
	}
	notify_add_text(receiver, notification, &text);
	add(annotations, arena, "summary", strbuf_str(&title), LABEL_MAX);
	add(annotations, arena, "description", strbuf_str(&text), DESCRIPTION_MAX);
	add(annotations, arena, "runbook_url", str_of(alert->runbook ? alert->runbook : ""),
		ANNOTATION_MAX);
	for (size_t i = 0; i < alert->fields.items_count; i++) {
		add(annotations, arena, alert->fields.items[i].name,
			str_of(alert->fields.items[i].value), ANNOTATION_MAX);
	}
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void show_times(const struct alertmanager_opts *opts,
	const struct notification *notification, const struct alert *alert, struct shown *shown)
{
	shown->starts_ms = alert->episode_ms;
	if (notification->purpose == NOTIFICATION_TEST) {
		shown->starts_ms = shown->ends_ms = notification->time_ms;
	} else if (alert->is_resolved) {
		shown->ends_ms = later(alert->resolved_ms, shown->starts_ms);
	} else {
		shown->ends_ms = later(notification->time_ms, shown->starts_ms) + opts->expires_ms;
	}
}

static void show_alert(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct shown *shown)
{
	const struct alert *alert = notification->alerts[0];

	show_labels(receiver->opts, alert, arena, &shown->labels);
	show_annotations(receiver, notification, alert, arena, &shown->annotations);
	show_times(receiver->opts, notification, alert, shown);
}

/* Of ourselves: it is over by itself after a while, as nobody will say that it is. */
static void show_notice(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct shown *shown)
{
	const struct alertmanager_opts *opts = receiver->opts;

	add(&shown->labels, arena, "alertname", str_of(notification->title), LABEL_MAX);
	add(&shown->labels, arena, "severity", str_of(severity_name(notification->severity)),
		LABEL_MAX);
	add(&shown->labels, arena, "source", str_of("sre-toolkit"), LABEL_MAX);
	add_configured_labels(opts, arena, &shown->labels);
	add(&shown->annotations, arena, "summary", str_of(notification->title), LABEL_MAX);
	add(&shown->annotations, arena, "description", str_of(notification->text), DESCRIPTION_MAX);
	shown->starts_ms = notification->time_ms;
	shown->ends_ms = notification->time_ms + opts->expires_ms;
}

static void write_shown(
	const struct alertmanager_opts *opts, const struct shown *shown, struct strbuf *out)
{
	struct json_writer json;

	json_writer_init(&json, out, false);
	json_write_array_begin(&json);
	json_write_object_begin(&json);
	json_write_key(&json, "labels");
	pairs_write_json(&shown->labels, &json);
	json_write_key(&json, "annotations");
	pairs_write_json(&shown->annotations, &json);
	json_field_time(&json, "startsAt", shown->starts_ms);
	json_field_time(&json, "endsAt", shown->ends_ms);
	if (opts->generator_url) {
		json_field_string(&json, "generatorURL", opts->generator_url);
	}
	json_write_object_end(&json);
	json_write_array_end(&json);
}

static int show(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct shown *shown, struct err *err)
{
	switch (notification->purpose) {
	case NOTIFICATION_TRIGGER:
	case NOTIFICATION_RESOLVE:
	case NOTIFICATION_ACKNOWLEDGE:
	case NOTIFICATION_REMINDER:
	case NOTIFICATION_RESEND:
	case NOTIFICATION_TEST:
		show_alert(receiver, notification, arena, shown);
		return 0;
	case NOTIFICATION_NOTICE:
		show_notice(receiver, notification, arena, shown);
		return 0;
	case NOTIFICATION_SUMMARY:
	case NOTIFICATION_DIGEST:
	case NOTIFICATION_PURPOSES:
		break;
	}
	return err_set(err, ERR_INPUT, "an Alertmanager cannot hold a %s",
		notification_purpose_name(notification->purpose));
}

static void authorize(
	const struct alertmanager_opts *opts, struct arena *arena, struct notify_message *message)
{
	if (opts->bearer_token) {
		notify_http_set_bearer(message, arena, opts->bearer_token);
	} else if (opts->username) {
		notify_http_set_basic(message, arena, opts->username, opts->password);
	}
}

static int alertmanager_compose(const struct receiver *receiver,
	const struct notification *notification, struct arena *arena,
	struct notify_message *ret_message, struct err *err)
{
	const struct alertmanager_opts *opts = receiver->opts;
	_cleanup_(strbuf_release) struct strbuf body = STRBUF_INIT;
	struct notify_message *message = ret_message;
	struct shown shown = {0};

	if (show(receiver, notification, arena, &shown, err) < 0) {
		return -1;
	}
	write_shown(opts, &shown, &body);
	*message = (struct notify_message){0};
	for (size_t i = 0; i < opts->urls.count; i++) {
		if (i > 0) {
			message->next = arena_alloc(arena, sizeof(*message));
			message = message->next;
		}
		notify_http_set_json(message, arena,
			api_url(OPTION_AT(&opts->urls, const char *, i), arena), &body);
		authorize(opts, arena, message);
	}
	for (size_t i = 0; message != ret_message && ret_message->secrets[i]; i++) {
		message->secrets[i] = NULL; /* the first has them for all */
	}
	return 0;
}

/* What it has under other labels */

static bool is_first(const struct notification *notification)
{
	return notification->purpose == NOTIFICATION_NOTICE ||
	       notification->purpose == NOTIFICATION_TEST ||
	       (!notification->first_key && !notification->alerts[0]->is_resolved);
}

/* "GET .../api/v2/alerts?filter=sre_fingerprint="0123..."", of the same place. */
static void ask(
	struct notify_run *run, const struct notify_message *told, struct notify_message *next)
{
	const char *fingerprint = run->notification->alerts[0]->fingerprint;

	*next = (struct notify_message){
		.method = "GET",
		.url = arena_printf(run->arena, "%s?filter=" FINGERPRINT "%%3D%%22%s%%22",
			told->url, fingerprint),
		.body = str_of(""),
	};
	authorize(run->receiver->opts, run->arena, next);
}

/* The place that was asked. */
static const char *url_of_question(const struct notify_message *question, struct arena *arena)
{
	struct str url = str_of(question->url);

	return str_dup(str_sub(url, 0, str_find(url, '?', 0)), arena);
}

/* Does it carry just the labels that the alert was told with? */
static bool is_told(const json_t *labels, const json_t *told)
{
	return json_equal(labels, told);
}

static bool is_empty_text(const json_t *value)
{
	return json_is_string(value) && json_string_length(value) == 0;
}

/* The alert as it was found, ended now. */
static json_t *ended(json_t *found, const char *now)
{
	static const char *const kept[] = {"labels", "annotations", "startsAt", "generatorURL"};
	const char *starts = json_string_value(json_object_get(found, "startsAt"));
	json_t *copy = json_object();

	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		json_t *value = json_object_get(found, kept[i]);

		if (value && !is_empty_text(value)) {
			json_object_set(copy, kept[i], value);
		}
	}
	/* An end before the beginning is refused.  Both are UTC, written alike. */
	json_object_set_new(
		copy, "endsAt", json_string(starts && strcmp(starts, now) > 0 ? starts : now));
	return copy;
}

/* Those of the answer that go by other labels. */
static json_t *list_stale(const json_t *found, const json_t *told, const char *now)
{
	json_t *stale = json_array();
	size_t i;
	json_t *alert;

	json_array_foreach(found, i, alert)
	{
		const json_t *labels = json_object_get(alert, "labels");

		if (json_is_object(labels) && !is_told(labels, told) &&
			json_array_size(stale) < STALE_MAX) {
			json_array_append_new(stale, ended(alert, now));
		}
	}
	return stale;
}

/* The labels that the message has, which is an array of one alert. */
static json_t *told_labels(const struct notify_message *message)
{
	json_t *root = json_loadb(message->body.ptr, message->body.len, 0, NULL);
	json_t *labels = json_incref(json_object_get(json_array_get(root, 0), "labels"));

	json_decref(root);
	return labels;
}

static bool end_stale(struct notify_run *run, const struct notify_message *question,
	const struct http_response *response, struct notify_message *next)
{
	const struct str body = notify_http_body(response);
	json_t *found = json_loadb(body.ptr, body.len, 0, NULL);
	json_t *told = told_labels(&run->message);
	struct strbuf now = STRBUF_INIT;
	json_t *stale;
	bool has_stale;

	time_add_rfc3339(&now, run->notification->time_ms);
	stale = list_stale(found, told, now.buf);
	has_stale = json_array_size(stale) > 0;
	if (has_stale) {
		struct strbuf text = STRBUF_INIT;
		char *dumped = json_dumps(stale, JSON_COMPACT);

		strbuf_adds(&text, dumped);
		*next = (struct notify_message){0};
		notify_http_set_json(
			next, run->arena, url_of_question(question, run->arena), &text);
		authorize(run->receiver->opts, run->arena, next);
		free(dumped);
		strbuf_release(&text);
	}
	strbuf_release(&now);
	json_decref(stale);
	json_decref(told);
	json_decref(found);
	return has_stale;
}

static bool alertmanager_follow(struct notify_run *run, const struct notify_message *request,
	const struct http_response *response, struct notify_message *next)
{
	if (strcmp(request->method, "GET") == 0) {
		return end_stale(run, request, response, next);
	}
	for (const struct notify_message *m = &run->message; m; m = m->next) {
		if (m == request && !is_first(run->notification)) {
			ask(run, request, next);
			return true;
		}
	}
	return false;
}

/* Its errors are JSON strings. */
static void alertmanager_judge(const struct notify_run *run, const struct http_response *response,
	struct delivery_result *result)
{
	const struct str body = notify_http_body(response);
	json_t *root = json_loadb(body.ptr, body.len, JSON_DECODE_ANY, NULL);

	if (json_is_string(root)) {
		result->text = arena_printf(
			run->arena, "answered %d: %s", result->code, json_string_value(root));
	} else if (result->outcome == DELIVERY_ARRIVED) {
		result->text = arena_printf(run->arena, "answered %d", result->code);
	}
	json_decref(root);
}

const struct notifier_kind notify_alertmanager = {
	.variant =
		{
			.name = "alertmanager",
			.summary = "Prometheus' Alertmanager, every one of a cluster",
			.rows = alertmanager_rows,
			.opts_size = sizeof(struct alertmanager_opts),
			.object = &notify_alertmanager,
			.validate = alertmanager_validate,
		},
	.abilities = NOTIFIER_MERGES | NOTIFIER_FORGETS | NOTIFIER_INCIDENTS,
	.target = alertmanager_target,
	.compose = alertmanager_compose,
	.start = notify_http_start_everywhere,
	.judge = alertmanager_judge,
	.follow = alertmanager_follow,
	.interrupted = notify_http_interrupted,
	.release = notify_http_release,
};

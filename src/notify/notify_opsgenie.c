/*
 * The kind `opsgenie`: alerts by the Alert API of Opsgenie, and of what is compatible with it.
 *
 * What is opened and closed under which alias is incident.h.  Texts are counted as the service
 * counts them, in UTF-16 units.
 */
#include <jansson.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "net/http_client.h"
#include "notify/incident.h"
#include "notify/notify_http.h"
#include "notify/notify_kinds.h"
#include "notify/notify_text.h"

enum {
	MESSAGE_MAX = 130,
	DESCRIPTION_MAX = 15000,
	ENTITY_MAX = 512,
	USER_MAX = 100,
	NOTE_MAX = 1000,
	TAGS_MAX = 20,
	TAG_MAX = 50,
	DETAILS_MAX = 8000, /* names and values of all, in bytes, which are no fewer than units */
	RATE_PERIOD_MAX_S = 3600,
};

#define OUR_NAME "sre-toolkit"

enum region { REGION_US, REGION_EU };

static const char *const region_names[] = {"us", "eu", NULL};
static const char *const priority_names[] = {"P1", "P2", "P3", "P4", "P5", NULL};

struct opsgenie_opts {
	const char *key;
	int region; /* enum region */
	const char *url;
	struct option_map priorities; /* severity to an index into priority_names */
	struct option_list tags, teams;
};

static int severity_key_check(struct str key, struct err *err)
{
	enum severity severity;

	return severity_parse(key, &severity, err);
}

// clang-format off
static const struct option_row opsgenie_rows[] = {
	{.name = "opsgenie", .type = &option_string, .offset = offsetof(struct opsgenie_opts, key), .flags = OPTION_VARIANT_KEY | OPTION_SECRET,
	 .placeholder = "KEY", .help = "key of an API integration that may create and close alerts"},
	{.name = "region", .type = &option_choice, .offset = offsetof(struct opsgenie_opts, region), .def = "us", .choices = region_names,
	 .help = "service region of the account"},
	{.name = "url", .type = &option_string, .offset = offsetof(struct opsgenie_opts, url),
	 .help = "address of the API instead of the region's, without /v2/alerts"},
	{.name = "priorities", .shape = OPTION_MAP, .type = &option_choice, .offset = offsetof(struct opsgenie_opts, priorities), .choices = priority_names,
	 .check_key = severity_key_check, .help = "priority by severity; else P1 for critical, P3 for warning, P5 for info"},
	{.name = "tags", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct opsgenie_opts, tags),
	 .help = "tags of every alert, before those that its labels make"},
	{.name = "teams", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct opsgenie_opts, teams),
	 .help = "teams that are called, if the integration belongs to none"},
	{0},
};
// clang-format on

static int opsgenie_validate(void *opts, struct arena *arena, struct err *err)
{
	const struct opsgenie_opts *opsgenie = opts;
	const struct str key = str_of(opsgenie->key);

	(void)arena;
	if (key.len == 0) {
		return err_set(err, ERR_INPUT, "opsgenie: the key is empty");
	}
	for (size_t i = 0; i < key.len; i++) {
		if (key.ptr[i] <= ' ' || key.ptr[i] > '~') {
			return err_set(err, ERR_INPUT,
				"opsgenie: character %zu of the key is none that a key has", i + 1);
		}
	}
	if (opsgenie->tags.count > TAGS_MAX) {
		return err_set(err, ERR_INPUT, "tags: at most %d, not %zu", TAGS_MAX,
			opsgenie->tags.count);
	}
	return notify_http_check_url("url", opsgenie->url, err);
}

/* With a slash at the end. */
static const char *api_url(const struct opsgenie_opts *opts, struct arena *arena)
{
	if (opts->url) {
		return str_ends(str_of(opts->url), "/") ? opts->url
							: arena_printf(arena, "%s/", opts->url);
	}
	return opts->region == REGION_EU ? "https://api.eu.opsgenie.com/"
					 : "https://api.opsgenie.com/";
}

static const char *opsgenie_target(const void *opts, struct arena *arena)
{
	return arena_printf(arena, "%sv2/alerts", api_url(opts, arena));
}

/* Composing */

struct request {
	const struct receiver *receiver;
	const struct opsgenie_opts *opts;
	const struct notification *notification;
	const struct incident_step *step;
	struct arena *arena;
	struct json_writer json;
};

static void field_cut(struct request *request, const char *key, struct str text, size_t max_units)
{
	_cleanup_(strbuf_release) struct strbuf cut = STRBUF_INIT;

	if (text.len > 0) {
		notify_add_cut_utf16(text, max_units, &cut);
		json_field_str(&request->json, key, strbuf_str(&cut));
	}
}

/* The alert, unless it is about none. */
static const struct alert *alert_of(const struct request *request)
{
	return request->notification->purpose == NOTIFICATION_NOTICE
		       ? NULL
		       : request->notification->alerts[0];
}

static const char *priority_of(const struct request *request)
{
	const struct option_map *map = &request->opts->priorities;
	const enum severity severity = request->step->severity;
	const int at = option_map_find(map, str_of(severity_name(severity)));
	static const char *const defaults[SEVERITY_COUNT] = {
		[SEVERITY_INFO] = "P5",
		[SEVERITY_WARNING] = "P3",
		[SEVERITY_CRITICAL] = "P1",
	};

	return at < 0 ? defaults[severity] : priority_names[OPTION_AT(map, int, at)];
}

static void write_tag(struct request *request, struct str tag, size_t *count)
{
	_cleanup_(strbuf_release) struct strbuf cut = STRBUF_INIT;

	if (*count < TAGS_MAX) {
		notify_add_cut_utf16(tag, TAG_MAX, &cut);
		json_write_str(&request->json, strbuf_str(&cut));
		(*count)++;
	}
}

static void write_tags(struct request *request)
{
	const struct alert *alert = alert_of(request);
	const struct option_list *tags = &request->opts->tags;
	size_t count = 0;

	json_write_key(&request->json, "tags");
	json_write_array_begin(&request->json);
	for (size_t i = 0; i < tags->count; i++) {
		write_tag(request, str_of(OPTION_AT(tags, const char *, i)), &count);
	}
	for (size_t i = 0; alert && i < alert->labels.items_count; i++) {
		const struct pair *label = &alert->labels.items[i];

		write_tag(request,
			str_of(arena_printf(request->arena, "%s:%s", label->name, label->value)),
			&count);
	}
	json_write_array_end(&request->json);
}

static void write_teams(struct request *request)
{
	const struct option_list *teams = &request->opts->teams;

	if (teams->count == 0) {
		return;
	}
	json_write_key(&request->json, "responders");
	json_write_array_begin(&request->json);
	for (size_t i = 0; i < teams->count; i++) {
		json_write_object_begin(&request->json);
		json_field_string(&request->json, "type", "team");
		json_field_string(&request->json, "name", OPTION_AT(teams, const char *, i));
		json_write_object_end(&request->json);
	}
	json_write_array_end(&request->json);
}

/* Everything that has a name: fields first, then labels that are not fields too. */
static void list_details(struct request *request, const struct alert *alert, struct pairs *ret)
{
	struct arena *arena = request->arena;
	struct strbuf started = STRBUF_INIT;

	*ret = (struct pairs){0};
	if (alert->runbook) {
		pairs_set(ret, arena, str_of("runbook"), str_of(alert->runbook));
	}
	if (alert->id > 0) {
		pairs_set(ret, arena, str_of("alert_id"),
			str_of(arena_printf(arena, "%lld", (long long)alert->id)));
	}
	notify_add_time(alert->started_ms, request->notification->time_ms, &started);
	pairs_set(ret, arena, str_of("started"), strbuf_str(&started));
	strbuf_release(&started);
	pairs_copy(ret, arena, &alert->labels);
	pairs_copy(ret, arena, &alert->fields);
}

/* The size of the first `count` with values of at most text_max bytes. */
static size_t details_size(const struct pairs *details, size_t count, size_t text_max)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(details->items[i].value);

		size += strlen(details->items[i].name) + (len < text_max ? len : text_max);
	}
	return size;
}

static void write_details(struct request *request, const struct alert *alert)
{
	enum { TEXT_LEAST = 32, NOTE_SIZE = 64 };
	struct pairs details;
	size_t text_max = DETAILS_MAX;
	size_t count;

	list_details(request, alert, &details);
	count = details.items_count;
	while (text_max > TEXT_LEAST &&
		details_size(&details, count, text_max) > DETAILS_MAX - NOTE_SIZE) {
		text_max /= 2;
	}
	while (details_size(&details, count, text_max) > DETAILS_MAX - NOTE_SIZE) {
		count--;
	}
	json_write_key(&request->json, "details");
	json_write_object_begin(&request->json);
	for (size_t i = 0; i < count; i++) {
		_cleanup_(strbuf_release) struct strbuf cut = STRBUF_INIT;

		notify_add_cut(str_of(details.items[i].value), text_max, &cut);
		json_field_str(&request->json, details.items[i].name, strbuf_str(&cut));
	}
	if (count < details.items_count) {
		json_field_string(&request->json, "not_shown",
			arena_printf(request->arena, "%zu more did not fit",
				details.items_count - count));
	}
	json_write_object_end(&request->json);
}

static void write_create(struct request *request)
{
	_cleanup_(strbuf_release) struct strbuf title = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	const struct alert *alert = alert_of(request);

	notify_add_title(request->receiver, request->notification, &title);
	notify_add_text(request->receiver, request->notification, &text);
	field_cut(request, "message", strbuf_str(&title), MESSAGE_MAX);
	json_field_string(&request->json, "alias", request->step->key);
	field_cut(request, "description", strbuf_str(&text), DESCRIPTION_MAX);
	json_field_string(&request->json, "priority", priority_of(request));
	json_field_string(&request->json, "source", OUR_NAME);
	write_teams(request);
	write_tags(request);
	if (alert) {
		field_cut(request, "entity", str_of(alert->source), ENTITY_MAX);
		write_details(request, alert);
	}
}

/* Of closing and acknowledging: who, and why. */
static void write_action(struct request *request)
{
	_cleanup_(strbuf_release) struct strbuf title = STRBUF_INIT;
	const struct alert *alert = alert_of(request);

	notify_add_title(request->receiver, request->notification, &title);
	json_field_string(&request->json, "source", OUR_NAME);
	field_cut(request, "note", strbuf_str(&title), NOTE_MAX);
	if (request->step->action == INCIDENT_ACKNOWLEDGE && alert->acked_by) {
		field_cut(request, "user", str_of(alert->acked_by), USER_MAX);
	}
}

/* The key in a path: it has letters, digits, "-" and ":". */
static void add_alias(struct strbuf *url, const char *key)
{
	for (; *key; key++) {
		if (*key == ':') {
			strbuf_adds(url, "%3A");
		} else {
			strbuf_addc(url, *key);
		}
	}
}

static const char *step_url(const struct request *request)
{
	_cleanup_(strbuf_release) struct strbuf url = STRBUF_INIT;

	strbuf_adds(&url, opsgenie_target(request->opts, request->arena));
	if (request->step->action != INCIDENT_OPEN) {
		strbuf_addc(&url, '/');
		add_alias(&url, request->step->key);
		strbuf_adds(
			&url, request->step->action == INCIDENT_CLOSE ? "/close" : "/acknowledge");
		strbuf_adds(&url, "?identifierType=alias");
	}
	return arena_strndup(request->arena, url.buf, url.len);
}

static void compose_step(struct request *request, struct notify_message *ret_message)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	const char *key = request->opts->key;

	json_writer_init(&request->json, &text, false);
	json_write_object_begin(&request->json);
	if (request->step->action == INCIDENT_OPEN) {
		write_create(request);
	} else {
		write_action(request);
	}
	json_write_object_end(&request->json);
	notify_http_set_json(ret_message, request->arena, step_url(request), &text);
	pairs_set(&ret_message->headers, request->arena, str_of("Authorization"),
		str_of(arena_printf(request->arena, "GenieKey %s", key)));
}

static int opsgenie_compose(const struct receiver *receiver,
	const struct notification *notification, struct arena *arena,
	struct notify_message *ret_message, struct err *err)
{
	struct request request = {
		.receiver = receiver,
		.opts = receiver->opts,
		.notification = notification,
		.arena = arena,
	};
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
		request.step = &plan.steps[i];
		compose_step(&request, message);
	}
	notify_message_add_secret(ret_message, request.opts->key);
	return 0;
}

/* Answers */

/* "message; field: what is wrong with it" */
static void add_errors(const json_t *root, struct strbuf *out)
{
	const char *message = json_string_value(json_object_get(root, "message"));
	json_t *errors = json_object_get(root, "errors");
	const char *name;
	json_t *error;

	strbuf_adds(out, message ? message : "");
	json_object_foreach(errors, name, error)
	{
		if (json_is_string(error)) {
			strbuf_addf(out, "%s%s: %s", out->len > 0 ? "; " : "", name,
				json_string_value(error));
		}
	}
}

static void judge_refused(
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
}

/* The service says how long its period is instead of when to come again. */
static void judge_throttled(const struct http_response *response, struct delivery_result *result)
{
	struct str value;
	int64_t period_s = 0;

	if (result->retry_after_ms < 0 && response->headers &&
		http_header_find(
			strbuf_str(response->headers), "X-RateLimit-Period-In-Sec", &value) &&
		parse_int(str_trim(value), 1, RATE_PERIOD_MAX_S, &period_s, NULL) == 0) {
		result->retry_after_ms = period_s * 1000;
	}
}

static void opsgenie_judge(const struct notify_run *run, const struct http_response *response,
	struct delivery_result *result)
{
	if (result->outcome == DELIVERY_REFUSED) {
		judge_refused(run, notify_http_body(response), result);
	} else if (result->outcome == DELIVERY_THROTTLED) {
		judge_throttled(response, result);
	}
}

const struct notifier_kind notify_opsgenie = {
	.variant =
		{
			.name = "opsgenie",
			.summary = "Opsgenie, and what is compatible with its Alert API",
			.rows = opsgenie_rows,
			.opts_size = sizeof(struct opsgenie_opts),
			.object = &notify_opsgenie,
			.validate = opsgenie_validate,
		},
	.abilities = NOTIFIER_MERGES | NOTIFIER_ACKNOWLEDGES | NOTIFIER_INCIDENTS,
	.limit = {.per_minute = 300, .burst = 20},
	.target = opsgenie_target,
	.compose = opsgenie_compose,
	.start = notify_http_start,
	.judge = opsgenie_judge,
	.interrupted = notify_http_interrupted,
	.release = notify_http_release,
};

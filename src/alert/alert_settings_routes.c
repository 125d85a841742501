/*
 * Routes and inhibitions as they are configured, and the routes that hold where none are.
 */
#include <assert.h>

#include "alert/alert_settings_internal.h"
#include "alert/matcher.h"
#include "alert/routing.h"
#include "base/alloc.h"
#include "base/parse.h"
#include "base/time_window.h"
#include "conf/option_time.h"

#define MINUTE_MS (60 * 1000LL)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

enum { GROUP_WAIT_MS = 30 * 1000 };

static const char inherited[] = "inherit";

/* A duration, or the word for what alerts.suppression_minutes says. */
static int suppression_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	const struct option_row range = {.max = 30 * DAY_MS};
	int64_t *suppression_ms = field;

	(void)row;
	if (str_is(text, inherited)) {
		*suppression_ms = -1;
		return 0;
	}
	return option_duration.parse(&range, context, text, field, err);
}

static void suppression_schema(const struct option_row *row, struct strbuf *out)
{
	option_duration.schema(row, out);
}

static void suppression_add(const void *field, struct strbuf *out)
{
	const int64_t *suppression_ms = field;

	strbuf_addf(out, "%lld", (long long)*suppression_ms);
}

static const struct option_type option_suppression = {
	.name = "duration or inherit",
	.placeholder = "DURATION",
	.size = sizeof(int64_t),
	.parse = suppression_parse,
	.schema = suppression_schema,
	.syntax = "as a duration, or the word inherit: what alerts.suppression_minutes says",
	.add = suppression_add,
};

// clang-format off
static const struct option_row route_rows[] = {
	{.name = "name", .type = &option_string, .offset = offsetof(struct route, name),
	 .help = "its name in explanations; routes[N] if not given"},
	{.name = "match", .shape = OPTION_LIST, .type = &option_matcher, .offset = offsetof(struct route, match),
	 .help = "what an alert must be, all of it; every alert if not given"},
	{.name = "times", .shape = OPTION_LIST, .type = &option_time_window, .offset = offsetof(struct route, times),
	 .help = "when the route holds: one of these; always if not given"},
	{.name = "time_zone", .type = &option_time_zone, .offset = offsetof(struct route, time_zone),
	 .help = "zone of the times; else that of alerts"},
	{.name = "receivers", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct route, receivers), .flags = OPTION_REQUIRED, .placeholder = "RECEIVER",
	 .help = "who is told; [] for nobody, on purpose"},
	{.name = "continue", .type = &option_bool, .offset = offsetof(struct route, continues), .def = "false",
	 .help = "go on with the routes after it"},
	{.name = "group_by", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct route, group_by), .placeholder = "LABEL",
	 .help = "one message for alerts with the same values of these: severity, source, title or labels"},
	{.name = "group_wait", .type = &option_duration, .offset = offsetof(struct route, group_wait_ms), .max = HOUR_MS,
	 .help = "how long the first alert of a group waits for others; 30s where group_by is given, else no grouping"},
	{.name = "repeat_interval", .type = &option_duration, .offset = offsetof(struct route, repeat_interval_ms), .max = 365 * DAY_MS,
	 .help = "remind of what still fires and nobody has acknowledged, so often; 0 for never"},
	{.name = "suppression", .type = &option_suppression, .offset = offsetof(struct route, suppression_ms), .def = inherited,
	 .help = "for how long the same alert is not sent again, instead of alerts.suppression_minutes"},
	{0},
};

static const struct option_row inhibition_rows[] = {
	{.name = "source", .shape = OPTION_LIST, .type = &option_matcher, .offset = offsetof(struct inhibition, source), .flags = OPTION_REQUIRED,
	 .help = "while an alert that matches these is open"},
	{.name = "target", .shape = OPTION_LIST, .type = &option_matcher, .offset = offsetof(struct inhibition, target), .flags = OPTION_REQUIRED,
	 .help = "those that match these are held back"},
	{.name = "equal", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct inhibition, equal), .placeholder = "LABEL",
	 .help = "if both have the same values of these: severity, source, title or labels"},
	{0},
};
// clang-format on

/* "It" is the item; who reads it says which. */
static int check_matchers(const char *key, const struct option_list *matchers, struct err *err)
{
	const struct matcher *one = NULL;
	const struct matcher *other = NULL;

	if (matchers_can_match(matchers, &one, &other)) {
		return 0;
	}
	if (one == other) {
		return err_set(err, ERR_INPUT, "%s: nothing matches '%s'", key, matcher_text(one));
	}
	return err_set(err, ERR_INPUT, "%s: nothing matches both '%s' and '%s'", key,
		matcher_text(one), matcher_text(other));
}

static int check_labels(const char *key, const struct option_list *labels, struct err *err)
{
	for (size_t i = 0; i < labels->count; i++) {
		if (*OPTION_AT(labels, const char *, i) == '\0') {
			return err_set(err, ERR_INPUT, "%s: a label's name must not be empty", key);
		}
	}
	return 0;
}

static int route_validate(void *item, struct arena *arena, struct err *err)
{
	struct route *route = item;

	(void)arena;
	if (check_matchers("match", &route->match, err) < 0 ||
		check_labels("group_by", &route->group_by, err) < 0) {
		return -1;
	}
	if (route->repeat_interval_ms > 0 && route->repeat_interval_ms < MINUTE_MS) {
		return err_set(err, ERR_INPUT, "repeat_interval must be a minute at least, or 0");
	}
	if (route->time_zone && route->times.count == 0) {
		return err_set(err, ERR_INPUT, "time_zone is given, and there are no times");
	}
	if (route->group_by.count > 0 && route->group_wait_ms == 0) {
		route->group_wait_ms = GROUP_WAIT_MS;
	}
	return 0;
}

static int inhibition_validate(void *item, struct arena *arena, struct err *err)
{
	const struct inhibition *rule = item;

	(void)arena;
	if (rule->source.count == 0 || rule->target.count == 0) {
		return err_set(err, ERR_INPUT, "%s is empty: it would hold back every alert",
			rule->source.count == 0 ? "source" : "target");
	}
	if (check_matchers("source", &rule->source, err) < 0 ||
		check_matchers("target", &rule->target, err) < 0) {
		return -1;
	}
	return check_labels("equal", &rule->equal, err);
}

const struct option_section_list route_list = {
	.what = "route",
	.rows = route_rows,
	.item_size = sizeof(struct route),
	.origin_offset = offsetof(struct route, origin),
	.validate = route_validate,
};

const struct option_section_list inhibition_list = {
	.what = "inhibition",
	.rows = inhibition_rows,
	.item_size = sizeof(struct inhibition),
	.origin_offset = offsetof(struct inhibition, origin),
	.validate = inhibition_validate,
};

/* --- After reading --- */

void settings_finish_routes(struct conf *conf, struct alert_settings *settings)
{
	for (size_t i = 0; i < settings->routes.count; i++) {
		struct route *route = settings->routes.items[i];

		if (!route->name) {
			route->name = arena_printf(conf->arena, "routes[%zu]", i);
		}
		if (!route->time_zone) {
			route->time_zone = settings->time_zone;
		}
	}
	for (size_t i = 0; i < settings->inhibit.count; i++) {
		struct inhibition *rule = settings->inhibit.items[i];

		rule->name = arena_printf(conf->arena, "inhibit[%zu]", i);
	}
}

/* Whatever comes to it stays there, at every time. */
static bool keeps_all_it_matches(const struct route *route)
{
	return !route->continues &&
	       (route->times.count == 0 ||
		       time_windows_are_always(route->times.items, route->times.count));
}

static void check_name(struct conf *conf, const struct alert_settings *settings, size_t at)
{
	const struct route *route = settings->routes.items[at];

	for (size_t i = 0; i < at; i++) {
		const struct route *other = settings->routes.items[i];

		if (strcmp(other->name, route->name) == 0) {
			conf_error(conf, route->origin,
				"a route called '%s' is already at %s; give one of them another "
				"name",
				route->name, other->origin);
			return;
		}
	}
}

static void check_reach(struct conf *conf, const struct alert_settings *settings, size_t at)
{
	const struct route *route = settings->routes.items[at];

	for (size_t i = 0; i < at; i++) {
		const struct route *before = settings->routes.items[i];

		if (keeps_all_it_matches(before) && matchers_cover(&before->match, &route->match)) {
			conf_error(conf, route->origin,
				"route '%s' can never match: '%s' at %s takes everything%s and "
				"does "
				"not continue",
				route->name, before->name, before->origin,
				before->match.count > 0 ? " that it would" : "");
			return;
		}
	}
}

void settings_check_routes(struct conf *conf, const struct alert_settings *settings)
{
	for (size_t i = 0; i < settings->routes.count && !settings->is_default_routing; i++) {
		const struct route *route = settings->routes.items[i];

		check_name(conf, settings, i);
		check_reach(conf, settings, i);
		for (size_t j = 0; j < route->receivers.count; j++) {
			settings_check_receiver(conf, settings, route->origin,
				arena_printf(conf->arena, "route '%s'", route->name),
				OPTION_AT(&route->receivers, const char *, j));
		}
	}
}

/* --- Without routes --- */

/* What a kind is told where nobody has said, mail aside. */
static bool kind_is_told(const struct receiver *receiver, enum severity severity)
{
	const struct notifier_kind *kind = receiver->kind;

	if (!kind || strcmp(kind->variant.name, "email") == 0) {
		return false;
	}
	if (strcmp(kind->variant.name, "log") == 0) {
		return severity == SEVERITY_INFO;
	}
	return severity == SEVERITY_CRITICAL ||
	       (severity == SEVERITY_WARNING && !(kind->abilities & NOTIFIER_INCIDENTS));
}

static bool somebody_is_told(const struct alert_settings *settings, enum severity severity)
{
	for (size_t i = 0; i < settings->receivers.count; i++) {
		if (kind_is_told(settings->receivers.items[i], severity)) {
			return true;
		}
	}
	return false;
}

/* Mail with a digest has the digest, without one what is critical; and what has nobody else. */
static bool is_told_by_default(const struct alert_settings *settings,
	const struct receiver *receiver, enum severity severity)
{
	bool is_alone = !somebody_is_told(settings, severity);

	if (!receiver->kind || strcmp(receiver->kind->variant.name, "email") != 0) {
		return kind_is_told(receiver, severity);
	}
	if (severity == SEVERITY_CRITICAL) {
		return is_alone || !settings->digest;
	}
	return severity == SEVERITY_WARNING && is_alone && !settings->digest;
}

static void set_list(const char *row_name, const char *value, struct route *route,
	const struct option_context *context)
{
	int failed = option_parse(
		option_find(route_rows, str_of(row_name)), context, str_of(value), route, NULL);

	assert(failed == 0); /* our own words */
	(void)failed;
}

static void add_default_route(
	struct conf *conf, struct alert_settings *settings, enum severity severity)
{
	const struct option_context context = {.arena = conf->arena};
	struct route *route = arena_alloc(conf->arena, sizeof(*route));

	option_set_defaults(route_rows, &context, route);
	route->name = "default";
	route->time_zone = settings->time_zone;
	set_list("match", arena_printf(conf->arena, "severity=%s", severity_name(severity)), route,
		&context);
	for (size_t i = 0; i < settings->receivers.count; i++) {
		const struct receiver *receiver = settings->receivers.items[i];

		if (is_told_by_default(settings, receiver, severity)) {
			set_list("receivers", receiver->name, route, &context);
		}
	}
	if (route->receivers.count == 0) {
		set_list("receivers", "log", route, &context);
	}
	option_items_add(&context, route, &settings->routes);
}

void settings_add_default_routes(struct conf *conf, struct alert_settings *settings)
{
	settings->is_default_routing = true;
	for (int severity = SEVERITY_COUNT; severity-- > 0;) {
		add_default_route(conf, settings, (enum severity)severity);
	}
}

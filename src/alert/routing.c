/*
 * Ordered routes, the first that matches unless it continues.  See routing.h.
 */
#include "alert/routing.h"

#include "alert/alert_text.h"
#include "base/strbuf.h"
#include "base/time_window.h"
#include "base/vec.h"

/* Of one value in a group's key: enough to tell groups apart, and to be read. */
enum { GROUP_VALUE_MAX = 200 };

bool route_is_on(const struct route *route, int64_t now_ms)
{
	return route->times.count == 0 ||
	       time_windows_hold(route->times.items, route->times.count, route->time_zone, now_ms);
}

static bool has(const struct routing *routing, const struct receiver *receiver)
{
	for (size_t i = 0; i < routing->items_count; i++) {
		if (routing->items[i].receiver == receiver) {
			return true;
		}
	}
	return false;
}

static void add(struct routing *routing, const struct receiver *receiver, const struct route *route,
	const char *name, struct arena *arena)
{
	if (receiver && !has(routing, receiver)) {
		*VEC_PUSH_IN(arena, routing, items) =
			(struct routed){.receiver = receiver, .route = route, .name = name};
	}
}

static void add_all(struct routing *routing, const struct alert_settings *settings,
	const struct route *route, struct arena *arena)
{
	for (size_t i = 0; i < route->receivers.count; i++) {
		const char *name = OPTION_AT(&route->receivers, const char *, i);

		add(routing, alert_receiver(settings, name), route, route->name, arena);
	}
	if (route->receivers.count == 0) {
		routing->mute = route;
	}
}

void routing_decide(const struct alert_settings *settings, const struct matcher_subject *subject,
	int64_t now_ms, struct arena *arena, struct routing *ret_routing)
{
	struct routing routing = {.is_unrouted = true};

	for (size_t i = 0; i < settings->routes.count; i++) {
		const struct route *route = settings->routes.items[i];

		if (!matchers_match(&route->match, subject) || !route_is_on(route, now_ms)) {
			continue;
		}
		routing.is_unrouted = false;
		add_all(&routing, settings, route, arena);
		if (!route->continues) {
			break;
		}
	}
	if (routing.is_unrouted) {
		const struct receiver *fallback =
			settings->fallback ? alert_receiver(settings, settings->fallback) : NULL;

		routing.has_fallback = fallback != NULL;
		add(&routing, fallback ? fallback : alert_receiver(settings, "log"), NULL,
			fallback ? "fallback" : "none", arena);
	}
	if (routing.items_count > 0) {
		routing.mute = NULL;
	}
	*ret_routing = routing;
}

const struct route *route_by_name(const struct alert_settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->routes.count; i++) {
		const struct route *route = settings->routes.items[i];

		if (strcmp(route->name, name) == 0) {
			return route;
		}
	}
	return NULL;
}

int64_t route_suppression_ms(const struct alert_settings *settings, const struct route *route)
{
	static const int64_t minute_ms = 60 * 1000;

	return route && route->suppression_ms >= 0 ? route->suppression_ms
						   : settings->suppression_minutes * minute_ms;
}

bool route_groups(const struct route *route, const struct receiver *receiver)
{
	return route && (route->group_wait_ms > 0 || route->group_by.count > 0) &&
	       (receiver->kind->abilities & NOTIFIER_GROUPS) &&
	       !(receiver->kind->abilities & NOTIFIER_INCIDENTS);
}

const char *route_group_key(
	const struct route *route, const struct matcher_subject *subject, struct arena *arena)
{
	struct strbuf key = STRBUF_INIT;
	const char *text;

	strbuf_addf(&key, "%s\n", route->name);
	for (size_t i = 0; i < route->group_by.count; i++) {
		const char *name = OPTION_AT(&route->group_by, const char *, i);
		struct str value = str_of(matcher_subject_get(subject, name));

		strbuf_addf(&key, "%s%s=", i > 0 ? ", " : "", name);
		strbuf_addstr(&key, alert_text_cut(value, GROUP_VALUE_MAX, arena));
	}
	text = str_dup(strbuf_str(&key), arena);
	strbuf_release(&key);
	return text;
}

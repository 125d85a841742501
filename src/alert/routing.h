/*
 * Who is told of an alert: the routes, asked in their order.
 */
#ifndef ALERT_ROUTING_H
#define ALERT_ROUTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/alert_settings.h"
#include "alert/matcher.h"
#include "base/arena.h"

/* One receiver, with the first route that chose it. */
struct routed {
	const struct receiver *receiver;
	const struct route *route; /* NULL: the fallback, or nobody's */
	const char *name;          /* of the route; "fallback", "none" */
};

struct routing {
	struct routed *items;
	size_t items_count, items_alloc;
	/* Taken by a route that tells nobody, on purpose; NULL: not so, or others are told. */
	const struct route *mute;
	bool is_unrouted; /* no route took it; the fallback is told, or else the log */
	bool has_fallback;
};

/* In the arena. */
void routing_decide(const struct alert_settings *, const struct matcher_subject *, int64_t now_ms,
	struct arena *, struct routing *ret_routing);

/* Now is in one of its times, or it has none. */
bool route_is_on(const struct route *, int64_t now_ms);

/* The first of the name; NULL: there is none. */
const struct route *route_by_name(const struct alert_settings *, const char *name);

/* How long the same is not told again. */
int64_t route_suppression_ms(const struct alert_settings *, const struct route *);

/* Does this receiver get the alerts of this route in groups? */
bool route_groups(const struct route *, const struct receiver *);

/* What the messages of a group have in common: the route's name, a newline, and for people
 * "source=db-01, team=web" or nothing.  In the arena. */
const char *route_group_key(const struct route *, const struct matcher_subject *, struct arena *);

#endif

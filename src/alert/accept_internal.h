/*
 * For the files accept*.c and hold.c: one event on its way through the decisions.
 */
#ifndef ALERT_ACCEPT_INTERNAL_H
#define ALERT_ACCEPT_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "alert/accept.h"
#include "alert/inhibition.h"
#include "alert/matcher.h"
#include "alert/routing.h"
#include "notify/notification.h"
#include "store/store_alerts.h"
#include "store/store_holds.h"
#include "store/store_outbox.h"
#include "store/store_silences.h"

struct acceptance {
	struct store_tx *tx;
	const struct alert_settings *settings;
	struct arena *arena;
	int64_t now_ms;
	struct accepted *accepted;

	struct stored_alert *alert; /* as it is with this event */
	struct pairs labels;        /* its own */
	struct matcher_subject subject;
	struct stored_tolds tolds;
	struct stored_holds waiting; /* deliveries of the alert */
};

/* The alert's row is there: what else is known of it, tolds and waiting. */
int acceptance_load(struct acceptance *, struct err *);

/* Add the event to the store; accepted->event_id is its id. */
int acceptance_add_event(struct acceptance *, const struct stored_event *, struct err *);

/* Keep and store a decision. */
int acceptance_decide(
	struct acceptance *, const struct decision *, int64_t silence_id, struct err *);

/* NULL: it has not been told. */
struct stored_told *acceptance_told(struct acceptance *, const char *receiver);

/* The waiting delivery to a receiver that a silence or another alert holds back; NULL: none. */
struct stored_hold *acceptance_held(struct acceptance *, const char *receiver);

/* Whether the message that it was told by has arrived; one that is forgotten by now has. */
int acceptance_has_arrived(
	struct acceptance *, const struct stored_told *, bool *ret_has_arrived, struct err *);

/* For people; in the arena. */
const char *acceptance_clock(const struct acceptance *, int64_t wall_ms);

/* --- accept_firing.c --- */

/* Who is told that it fires, and who is not. */
int accept_firing(struct acceptance *, bool is_new, struct err *);

/* --- accept_end.c --- */

/* It is over: who is told of that. */
int accept_end(struct acceptance *, struct err *);

/* Somebody is on it. */
int accept_acknowledgement(struct acceptance *, struct err *);

/* --- hold.c --- */

/* Held messages, reminders, repetitions: what waits and is only about an alert that fires.  That it
 * has a reason to wait does not tell: a pause before the next attempt is one, too. */
bool hold_is_planned(const struct stored_hold *);

/* --- accept_delivery.c --- */

struct planned {
	const struct receiver *receiver;
	enum notification_purpose purpose;
	enum severity severity;
	const char *route;
	const char *group_key; /* NULL: alone */
	int64_t due_ms;
	int64_t hidden, hidden_since_ms;
	const char *hold_reason;
	int64_t silence_id, inhibitor_id;
};

/* Put a delivery of this event into the outbox. */
int acceptance_plan(struct acceptance *, const struct planned *, int64_t *ret_id, struct err *);

/* When a message of the group goes out: with those that wait, or after the route's wait. */
int acceptance_group_due(struct acceptance *, const struct route *, const struct planned *,
	int64_t *ret_due_ms, struct err *);

/* A message to this receiver is on its way: reminders and repetitions that wait give way, and are
 * planned anew when it has arrived. */
int acceptance_replace_planned(struct acceptance *, const char *receiver, struct err *);

/* When a delivery of this severity is too old, if it is due then. */
int64_t acceptance_expires(const struct acceptance *, enum severity, int64_t due_ms);

/* The same of one that is only planned: its time begins when it is looked at again, be it that
 * nobody delivers for a week. */
int64_t planned_expires(int64_t due_ms);

#endif

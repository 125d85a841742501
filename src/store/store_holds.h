/*
 * Deliveries that wait for something to end: a silence, an open alert that quiets them, the time
 * until the next reminder.  And which open alerts quiet others.
 *
 * Every function returns 0, or -1 with *err set; texts that are read are in the arena.
 */
#ifndef STORE_STORE_HOLDS_H
#define STORE_STORE_HOLDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/severity.h"
#include "store/store.h"

/* Of a waiting delivery what may change until it is sent. */
struct stored_hold {
	int64_t delivery_id;
	const char *receiver;
	int purpose; /* enum notification_purpose */
	int64_t event_id;
	enum severity severity;
	const char *route;
	int64_t due_ms, expires_ms;
	int64_t attempts;
	int64_t hidden, hidden_since_ms;
	const char *reason;   /* NULL: none */
	int64_t silence_id;   /* 0: none */
	int64_t inhibitor_id; /* 0: none */
};

struct stored_holds {
	struct stored_hold *items;
	size_t items_count, items_alloc;
};

/* All of an alert that wait, the oldest first. */
int store_waiting_list(struct store_tx *, int64_t alert_id, struct arena *,
	struct stored_holds *ret_holds, struct err *);

/* *ret_hold is NULL if there is none, or it does not wait. */
int store_waiting_get(struct store_tx *, int64_t delivery_id, struct arena *,
	struct stored_hold **ret_hold, struct err *);

/* Everything but receiver, purpose, route and attempts. */
int store_hold_set(struct store_tx *, const struct stored_hold *, struct err *);

/* Nobody needs to be told any more; `result` says why. */
int store_waiting_cancel(
	struct store_tx *, int64_t delivery_id, int64_t now_ms, const char *result, struct err *);

/* What was held by it is due now, to be looked at again. */
int store_release_silence(
	struct store_tx *, int64_t silence_id, int64_t now_ms, int64_t *ret_count, struct err *);
int store_release_inhibitor(
	struct store_tx *, int64_t inhibitor_id, int64_t now_ms, int64_t *ret_count, struct err *);

/* When the latest message of a group is due that was never tried and is not held; 0: none waits. */
struct stored_group {
	const char *receiver;
	const char *key;
	int purpose;
};
int store_group_due(
	struct store_tx *, const struct stored_group *, int64_t *ret_due_ms, struct err *);

/* --- Alerts that quiet others --- */

int store_inhibitor_add(struct store_tx *, int64_t alert_id, const char *key, struct err *);
int store_inhibitor_clear(struct store_tx *, int64_t alert_id, struct err *);
int store_inhibitor_clear_all(struct store_tx *, struct err *);

/* The keys of an alert, and some alerts of a key, the oldest first. */
struct stored_keys {
	const char **items;
	size_t items_count, items_alloc;
};
int store_inhibitor_keys(struct store_tx *, int64_t alert_id, struct arena *,
	struct stored_keys *ret_keys, struct err *);

struct stored_ids {
	int64_t *items;
	size_t items_count, items_alloc;
};
int store_inhibitor_alerts(struct store_tx *, const char *key, struct arena *,
	struct stored_ids *ret_ids, struct err *);

/* The alert that a delivery of this alert is held back by; 0: none is. */
int store_inhibitor_of(
	struct store_tx *, int64_t alert_id, int64_t *ret_inhibitor_id, struct err *);

/* The ids of open alerts, ascending, after `after_id`; at most `limit`. */
int store_alert_open_ids(struct store_tx *, int64_t after_id, int64_t limit, struct arena *,
	struct stored_ids *ret_ids, struct err *);

/* Single facts by name; *ret_value is NULL if it was never set. */
int store_mark_get(
	struct store_tx *, const char *name, struct arena *, const char **ret_value, struct err *);
int store_mark_set(struct store_tx *, const char *name, const char *value, struct err *);

/* The same for a point in time, wall clock; 0 if it was never set, or is none. */
int store_mark_get_ms(struct store_tx *, const char *name, int64_t *ret_wall_ms, struct err *);
int store_mark_set_ms(struct store_tx *, const char *name, int64_t wall_ms, struct err *);

#endif

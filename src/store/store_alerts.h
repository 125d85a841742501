/*
 * Alerts, what happened to them, and what was decided about it: what deciding reads and writes.
 *
 * All texts of rows that are read are in the given arena; rows that are written are borrowed.
 * Every function returns 0, or -1 with *err set, after which the caller gives up its transaction.
 */
#ifndef STORE_STORE_ALERTS_H
#define STORE_STORE_ALERTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/severity.h"
#include "store/store.h"

/* One episode of one problem. */
struct stored_alert {
	int64_t id;
	const char *fingerprint;
	const char *dedup_key; /* NULL: none */
	const char *title, *source;
	const char *message; /* of the latest event that had one */
	enum severity severity, severity_max;
	const char *fields, *labels; /* JSON objects of strings */
	const char *runbook;         /* NULL: none */
	int64_t started_ms, updated_ms;
	int64_t resolved_ms; /* 0: open */
	int64_t acked_ms;    /* 0: not acknowledged */
	const char *acked_by, *acked_note;
	enum severity acked_severity; /* what it was then */
	int64_t events;               /* firing ones */
};

/* The numbers are stored. */
enum event_kind {
	EVENT_FIRING,
	EVENT_RESOLVED,
	EVENT_ACKNOWLEDGED,
	EVENT_KINDS,
};

struct stored_event {
	int64_t id;
	int64_t alert_id;
	int64_t time_ms;
	enum event_kind kind;
	enum severity severity;
	const char *message;
	const char *fields, *labels; /* JSON */
	const char *author;          /* NULL: no person */
};

struct stored_decision {
	int64_t event_id;
	const char *receiver; /* "": concerns all */
	int verdict;          /* enum verdict of alert/accept.h */
	const char *route, *reason;
	int64_t until_ms, silence_id, delivery_id; /* 0: none */
};

/* What a receiver has been told of an open alert. */
struct stored_told {
	const char *receiver;
	enum severity severity; /* of what it was told last */
	int64_t queued_ms;      /* when that was decided */
	int64_t delivery_id;
	int64_t hidden; /* events since then that were not sent */
	int64_t hidden_since_ms;
};

struct stored_tolds {
	struct stored_told *items;
	size_t items_count, items_alloc;
};

/* *ret_alert is NULL if there is none. */
int store_alert_find_open(struct store_tx *, const char *fingerprint, struct arena *,
	struct stored_alert **ret_alert, struct err *);
int store_alert_get(struct store_tx *, int64_t id, struct arena *, struct stored_alert **ret_alert,
	struct err *);

/* Every column but the id, which *ret_id becomes. */
int store_alert_add(struct store_tx *, const struct stored_alert *, int64_t *ret_id, struct err *);
/* All but fingerprint, dedup_key and started_ms. */
int store_alert_update(struct store_tx *, const struct stored_alert *, struct err *);

int store_event_add(struct store_tx *, const struct stored_event *, int64_t *ret_id, struct err *);
int store_event_get(struct store_tx *, int64_t id, struct arena *, struct stored_event **ret_event,
	struct err *);
/* The latest of the kind; *ret_id 0: none. */
int store_event_latest(
	struct store_tx *, int64_t alert_id, enum event_kind, int64_t *ret_id, struct err *);

int store_decision_add(struct store_tx *, const struct stored_decision *, struct err *);

/* By name of receiver. */
int store_told_list(struct store_tx *, int64_t alert_id, struct arena *,
	struct stored_tolds *ret_tolds, struct err *);
/* Adds or replaces. */
int store_told_set(struct store_tx *, int64_t alert_id, const struct stored_told *, struct err *);
int store_told_clear(struct store_tx *, int64_t alert_id, struct err *);

#endif

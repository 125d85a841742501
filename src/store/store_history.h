/*
 * Looking back: which alerts there are and were, and the whole story of one of them.
 *
 * Only reads.  Called inside a transaction; 0, or -1 with *err set.  Everything is in the arena.
 */
#ifndef STORE_STORE_HISTORY_H
#define STORE_STORE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/severity.h"
#include "store/store.h"
#include "store/store_alerts.h"
#include "store/store_outbox.h"
#include "store/store_silences.h"

/* --- Lists --- */

/* Zero leaves nothing out, but finds nothing either: there must be a limit. */
struct history_filter {
	bool only_open;
	unsigned severities; /* 1 << enum severity for each; 0: all.  Of an alert the latest one */
	const char *source;  /* NULL: all */
	/* What had something happen to it (an event, an attempt's end) at or after since_ms, and
	 * began before until_ms.  0: any time. */
	int64_t since_ms, until_ms;
	int64_t before_id; /* the last one of the page before; 0: the first page */
	int64_t limit;
};

struct history_alert {
	struct stored_alert *alert;
	int64_t waiting, delivered, dead; /* deliveries; those under way or in another's message
					   * count as waiting or delivered */
};

struct history_alerts {
	struct history_alert *items;
	size_t items_count, items_alloc;
};

/* The latest first. */
int history_alerts(struct store_tx *, const struct history_filter *, struct arena *,
	struct history_alerts *ret_alerts, struct err *);

struct history_dead {
	struct outbox_delivery delivery;
	const char *title, *source; /* of the alert; NULL: it is about none */
};

struct history_deads {
	struct history_dead *items;
	size_t items_count, items_alloc;
};

/* Deliveries that are dead, the latest first: what `alert retry` takes.  before_id is of a delivery
 * then, and so are the times; only_open does not matter. */
int history_dead(struct store_tx *, const struct history_filter *, struct arena *,
	struct history_deads *ret_deads, struct err *);

/* --- One alert --- */

struct history_decisions {
	struct stored_decision *items;
	size_t items_count, items_alloc;
};

struct history_event {
	struct stored_event *event;
	struct history_decisions decisions; /* in the order in which they were made */
};

struct history_attempt {
	int64_t id;
	int64_t started_ms;
	int64_t ended_ms; /* 0: under way, or its process died */
	int outcome;      /* enum delivery_outcome; -1: not known */
	int code;         /* of the answer; 0: none came */
	const char *text; /* NULL: nothing happened yet */
	const char *body; /* of the answer; NULL */
	bool may_have_arrived;
	int64_t next_ms; /* when the next one was planned; 0: none */
};

struct history_delivery {
	struct outbox_delivery delivery;
	struct history_attempt *attempts; /* in order; the latest of them, if there are many */
	size_t attempts_count, attempts_alloc;
	int64_t attempts_total;
};

/* Lists are in order of time; of long ones there is the latest part, and how many there are. */
struct history_story {
	struct stored_alert *alert;
	struct history_event *events;
	size_t events_count, events_alloc;
	int64_t events_total;
	struct history_delivery *deliveries;
	size_t deliveries_count, deliveries_alloc;
	int64_t deliveries_total;
	struct stored_silences silences; /* that the above name, as far as they are there */
};

/* At most `limit` of each list.  ERR_NOT_FOUND names the id. */
int history_story(struct store_tx *, int64_t alert_id, int64_t limit, struct arena *,
	struct history_story *ret_story, struct err *);

/* What was decided about one event. */
int history_decisions(struct store_tx *, int64_t event_id, struct arena *,
	struct history_decisions *ret_decisions, struct err *);

/* --- Everything again --- */

/* An event as it came in.  The texts are gone when the callback returns. */
struct history_input {
	struct stored_event event;
	const char *fingerprint, *title, *source;
	const char *dedup_key, *runbook; /* NULL: none */
};

/* 0 to go on, -1 to end. */
typedef int history_input_fn(void *arg, const struct history_input *, struct err *);

/* All events of since_ms and later, in the order of time and id; until_ms: before that, 0: all. */
struct history_range {
	int64_t since_ms, until_ms;
};
int history_replay(struct store_tx *, const struct history_range *, history_input_fn *, void *arg,
	struct err *);

#endif

/*
 * What happened between two instants, counted: for the digest and for reports.
 *
 * Only reads.  Called inside a transaction; 0, or -1 with *err set.  Everything is in the arena.
 */
#ifndef STORE_STORE_DIGEST_H
#define STORE_STORE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"
#include "store/store_alerts.h"

struct digest_range {
	int64_t from_ms, to_ms; /* the second not included */
	int64_t limit;          /* alerts of each list */
};

/* The most severe first, then the latest. */
struct digest_alerts {
	int64_t total;
	struct stored_alert **items;
	size_t items_count, items_alloc;
};

int digest_open(struct store_tx *, const struct digest_range *, struct arena *,
	struct digest_alerts *ret_alerts, struct err *); /* now, whatever the range */
int digest_fired(struct store_tx *, const struct digest_range *, struct arena *,
	struct digest_alerts *ret_alerts, struct err *); /* whose episode began in it */
int digest_resolved(struct store_tx *, const struct digest_range *, struct arena *,
	struct digest_alerts *ret_alerts, struct err *); /* and ended in it */

/* For each verdict (an index), the events of the range about which it was decided so for at least
 * one receiver; verdicts of `count` and above are left out. */
int digest_verdicts(struct store_tx *, const struct digest_range *, size_t count,
	int64_t *ret_events, struct err *);

/* Receivers with deliveries that died in the range, by name, and how many. */
struct digest_failed {
	const char *receiver;
	int64_t count;
};
struct digest_faileds {
	struct digest_failed *items;
	size_t items_count, items_alloc;
};
int digest_failed(struct store_tx *, const struct digest_range *, struct arena *,
	struct digest_faileds *ret_faileds, struct err *);

#endif

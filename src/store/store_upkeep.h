/*
 * Keeping the store small, and saying how large it is.
 */
#ifndef STORE_STORE_UPKEEP_H
#define STORE_STORE_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/*
 * Forget what ended before before_ms: alerts with all that hangs on them, deliveries about no
 * alert, silences, runs with their hosts.  Of an alert that is kept, events of before that were
 * told to nobody go too; its counts stay.  Nothing goes that has yet to be delivered.
 *
 * At most about `limit` rows at once, so that others need not wait long: ask again, in a new
 * transaction, until *ret_is_done.
 */
int store_prune(
	struct store_tx *, int64_t before_ms, int64_t limit, bool *ret_is_done, struct err *);

/* For `doctor`. */
struct store_summary {
	int64_t version;
	int64_t bytes;      /* on the disk, with the log */
	int64_t free_bytes; /* of them, what will be used before the file grows */
	int64_t alerts, open;
	int64_t events;
	int64_t oldest_ms;              /* of the events; 0: there are none */
	int64_t waiting, in_hand, dead; /* deliveries */
	int64_t silences;               /* that hold now or later */
};

int store_summarize(
	struct store_tx *, int64_t now_ms, struct store_summary *ret_summary, struct err *);

#endif

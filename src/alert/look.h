/*
 * One look at the outbox, in one transaction: what was sent is written down, what is to be sent is
 * claimed.
 *
 * Everything that deciding needs is handed in or read in the transaction, so that a look can be
 * made on the thread of the store's writer.
 */
#ifndef ALERT_LOOK_H
#define ALERT_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/alert_settings.h"
#include "alert/lane.h"
#include "alert/message.h"
#include "alert/outcome.h"
#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

/* What is handed in for a receiver, and what is handed back. */
struct look_lane {
	int64_t room;    /* messages that may be claimed */
	int64_t in_hand; /* claimed before, and not yet written down */
	/* Set by the look: */
	int64_t next_ms;   /* when there is something to do; 0: nothing waits */
	bool has_more;     /* due, and left for lack of room */
	bool is_due;       /* something is, and will be sent as soon as the receiver bears it */
	int64_t throttled; /* see struct channel */
};

struct look {
	const struct alert_settings *settings;
	int64_t now_ms; /* wall clock */
	int64_t only_alert_id;
	bool is_sweep;                  /* look for dead processes and old deliveries too */
	bool is_stopping;               /* claim nothing */
	struct look_lane *lanes;        /* one for each of settings->receivers */
	const struct outcome *outcomes; /* to be written down */
	size_t outcomes_count;
	/* Set by the look: */
	struct message **messages; /* claimed, each in an arena of its own: free with
				      message_free() */
	size_t messages_count, messages_alloc;
	bool has_counted;
	int64_t waiting; /* with has_counted: deliveries in the outbox after this */
	int64_t dead, carried, delivered, retried;
	/* Its own: */
	struct store_tx *tx;
	struct arena *arena; /* of this look; freed by look_release() */
	struct lane *states;
	size_t states_count;
	int64_t owner_id;
	size_t loaded_bytes;
};

/* After -1, and after a commit that failed, what was claimed is not: look_release(). */
int look_run(struct store_tx *, struct look *, struct err *);

/* Frees what the look has, messages that were not taken included. */
void look_release(struct look *);

/* --- For those who decide parts of it --- */

/* The lane of a receiver; NULL: it is not configured. */
struct lane *look_lane(struct look *, const char *receiver);

/* To claim with; see store_owner.h. */
int look_owner_id(struct look *, int64_t *ret_owner_id, struct err *);

/* Its place in look->lanes. */
struct look_lane *look_room(struct look *, const struct lane *);

#endif

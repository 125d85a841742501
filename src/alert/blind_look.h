/*
 * A look at an outbox that cannot be written: what is due is sent all the same, and what came of it
 * is remembered until it can be written down.
 *
 * Only one process may do so (alert/delivery_lock.h).  Messages go out one by one, within the
 * limits of their receivers; groups, storms, silences that have ended, and the dead have to wait
 * for a store that keeps what is decided about them.
 */
#ifndef ALERT_BLIND_LOOK_H
#define ALERT_BLIND_LOOK_H

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

/* The channels as they stood in the store when it could be written, and what happened since. */
struct blind_lanes {
	struct arena *arena;
	struct lane *items;
	size_t count; /* 0: not read yet */
};

void blind_lanes_release(struct blind_lanes *);
void blind_lanes_note(struct blind_lanes *, const struct outcome *);

/* A delivery that the store does not know the latest of. */
struct blind_known {
	int64_t id;
	bool is_over;          /* it arrived */
	bool may_have_arrived; /* or perhaps */
	int64_t next_ms;       /* of one that is to be tried again; 0: it is not, or in hand */
	size_t place;          /* set by the look */
};

struct blind_look {
	const struct alert_settings *settings;
	int64_t now_ms;
	int64_t only_alert_id; /* 0: all */
	struct blind_lanes *lanes;
	int64_t *rooms;            /* messages that may be sent, for each of the lanes */
	struct blind_known *known; /* in the order in which it was learned; is sorted here */
	size_t known_count;
	/* Set by the look: */
	struct message **messages; /* theirs: free with message_free() */
	size_t messages_count, messages_alloc;
	struct arena *arena;
};

/* Only reads.  Release it with blind_look_release(), whatever it returns. */
int blind_look_run(struct store_tx *, struct blind_look *, struct err *);
void blind_look_release(struct blind_look *);

#endif

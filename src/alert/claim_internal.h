/*
 * For claim.c and carry.c: what of a lane's deliveries can be told now.
 */
#ifndef ALERT_CLAIM_INTERNAL_H
#define ALERT_CLAIM_INTERNAL_H

#include "alert/look.h"

/* A pass over the due deliveries of one severity, in order; changes made meanwhile do not matter.
 */
struct due_cursor {
	struct outbox_due due; /* receiver, severity and the like, from the caller */
	struct arena *arena;   /* of the batch */
	struct outbox_list batch;
	size_t next;
	bool is_last;
};

void due_cursor_release(struct due_cursor *);

/* The next one, valid until the next call; NULL at the end.  -1: *err is set. */
int due_cursor_next(
	struct look *, struct due_cursor *, struct outbox_delivery **ret_delivery, struct err *);

/* Whether a delivery can be told now. */
enum readiness {
	READY,
	READY_AFTER, /* another one first, that is due too: see blocker */
	NOT_READY,   /* it waits for something; that has been written down where it matters */
};

/*
 * The delivery may have changed then: what was held back tells of what is the case now.
 * carrier_id: what that one carries already is no hindrance; 0: none.  *ret_blocker is set with
 * READY_AFTER.
 */
int claim_readiness(struct look *, struct outbox_delivery *, int64_t carrier_id,
	enum readiness *ret_readiness, struct outbox_delivery *ret_blocker, struct err *);

/* Load and claim.  What has nothing to tell any more is dead, and that is no error. */
int claim_one(struct look *, struct lane *, const struct outbox_delivery *, struct err *);

/* --- carry.c --- */

/* The carrier takes on the others of its group, or in a storm those that are as critical; counts
 * into carrier->stands_for. */
int carry_group(
	struct look *, struct lane *, struct outbox_delivery *carrier, bool is_storm, struct err *);

/* Everything due that is not critical, in one message.  *ret_summary has id 0 if that is nothing.
 */
int carry_summary(struct look *, struct lane *, struct outbox_delivery *ret_summary, struct err *);

#endif

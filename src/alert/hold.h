/*
 * Messages that are planned and not certain: what a silence or another alert holds back, reminders,
 * repetitions for receivers that forget.  When one of them is due it is looked at again; when a
 * message has arrived the next is planned.
 *
 * A planned message never stands in the way of a later one of the same alert: whatever is decided
 * for the receiver takes its place.
 */
#ifndef ALERT_HOLD_H
#define ALERT_HOLD_H

#include <stdint.h>

#include "alert/alert_settings.h"
#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"
#include "store/store_outbox.h"

enum {
	/* Receivers that forget are told again so often while an alert is open, */
	ALERT_RESEND_MS = 60 * 1000,
	/* and that it is over for so long. */
	ALERT_RESEND_RESOLVED_MS = 5 * 60 * 1000,
};

enum held_verdict {
	HELD_SEND,   /* now; read the delivery again, it may tell of a later event */
	HELD_WAIT,   /* it waits again, until due_ms */
	HELD_CANCEL, /* it is over: nobody needs to be told */
};

struct held {
	enum held_verdict verdict;
	int64_t due_ms;     /* of HELD_WAIT */
	const char *reason; /* of the latter two, for people */
};

/*
 * To be called for each delivery that is due and waits, in the transaction that claims it and
 * before that, those of a group too.  What it says it has written down as well; told receivers and
 * the decision included.  Deliveries that are certain are HELD_SEND and cost nothing.
 *
 * Inside store_write().
 */
int hold_recheck(struct store_tx *, const struct alert_settings *,
	const struct outbox_delivery *delivery, int64_t now_ms, struct arena *,
	struct held *ret_held, struct err *);

/* To be called for each delivery that has ended as delivered, or carried by one that was: plans the
 * next reminder or repetition, and the end that is missing of an alert that is over.  Inside
 * store_write(). */
int hold_delivered(struct store_tx *, const struct alert_settings *,
	const struct outbox_delivery *delivery, int64_t now_ms, struct arena *, struct err *);

#endif

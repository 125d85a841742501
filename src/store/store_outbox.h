/*
 * The outbox: one row for each message to one receiver, from the decision to its end.
 *
 * What is due, in which order, and what happens to it is decided in alert/; here it is looked up
 * and written down.  All functions are called inside a transaction and return 0, or -1 with *err
 * set.  Texts that are read are copied into the arena.
 */
#ifndef STORE_STORE_OUTBOX_H
#define STORE_STORE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/severity.h"
#include "store/delivery_state.h"
#include "store/store.h"

struct outbox_delivery {
	int64_t id;
	const char *key; /* the same on every attempt */
	const char *receiver;
	int purpose;      /* enum notification_purpose */
	int64_t alert_id; /* 0: about none, then `content` says what */
	int64_t event_id; /* the same */
	enum severity severity;
	enum delivery_state state;
	const char *route;     /* that chose the receiver */
	const char *group_key; /* NULL: alone */
	int64_t created_ms, due_ms, expires_ms;
	int64_t ended_ms; /* 0: not yet */
	int64_t attempts;
	int64_t owner_id;        /* 0: nobody */
	int64_t lease_ms;        /* 0: none */
	int64_t carrier_id;      /* 0: none */
	int64_t stands_for;      /* deliveries that its message tells of */
	int64_t hidden;          /* events hidden before this one */
	int64_t hidden_since_ms; /* 0: none */
	const char *hold_reason; /* NULL: none */
	int64_t silence_id;      /* held back by this silence; 0: none */
	int64_t inhibitor_id;    /* by this open alert; 0: none.  Not taken by outbox_add() */
	const char *content;     /* JSON; NULL: it is about an alert */
	const char *result;      /* NULL: nothing happened yet */
};

struct outbox_list {
	struct outbox_delivery *items;
	size_t items_count, items_alloc;
};

/*
 * A new one, waiting.  The id, a random key, the state and what comes with attempts are set here;
 * everything else is taken as given (stands_for 0 is 1).
 */
int outbox_add(struct store_tx *, const struct outbox_delivery *, int64_t *ret_id, struct err *);

/* ERR_NOT_FOUND: there is none. */
int outbox_get(struct store_tx *, int64_t id, struct arena *, struct outbox_delivery *ret_delivery,
	struct err *);

/* --- Looking --- */

struct outbox_due {
	const char *receiver;
	enum severity severity;
	int64_t alert_id;   /* 0: of all alerts */
	bool is_about_none; /* only what is about no alert */
	int64_t now_ms;
	int64_t after_due_ms, after_id; /* where the batch before this one ended; 0 */
	int64_t limit;
};

/* What waits and is due, in the order of due time and id. */
int outbox_due(struct store_tx *, const struct outbox_due *, struct arena *,
	struct outbox_list *ret_list, struct err *);

/* What waits, is due and has this group key and purpose; the most severe first. */
int outbox_group(struct store_tx *, const struct outbox_delivery *like, int64_t now_ms,
	int64_t limit, struct arena *, struct outbox_list *ret_list, struct err *);

/* What goes out in the message of this one, in the order of severity and id, after `after_id`. */
int outbox_carried(struct store_tx *, int64_t carrier_id, int64_t limit, struct arena *,
	struct outbox_list *ret_list, struct err *);

/* What is not over and too old, of all receivers. */
int outbox_expired(struct store_tx *, int64_t now_ms, int64_t limit, struct arena *,
	struct outbox_list *ret_list, struct err *);

/* The first delivery of an alert to a receiver that is not over, and is neither `carrier_id` nor
 * goes out in its message (0: there is no such one). */
struct outbox_open {
	int64_t id; /* 0: there is none */
	enum delivery_state state;
	int64_t due_ms;     /* its own, or that of the one that carries it */
	int64_t carrier_id; /* 0: none */
	bool is_waiting;    /* it, or the one that carries it: nobody has it in hand */
};
int outbox_first_open(struct store_tx *, const struct outbox_delivery *of, int64_t carrier_id,
	struct outbox_open *ret_open, struct err *);

/* The ids of what came before it, of the same alert to the same receiver, and is not over. */
int outbox_open_before(struct store_tx *, const struct outbox_delivery *, struct arena *,
	int64_t **ret_ids, size_t *ret_count, struct err *);

/* An earlier attempt may have arrived. */
int outbox_is_doubtful(struct store_tx *, int64_t id, bool *ret_is_doubtful, struct err *);

/* Messages that are due for a receiver, a group being one; counted up to `max`. */
int outbox_backlog(struct store_tx *, const char *receiver, int64_t now_ms, int64_t max,
	int64_t *ret_count, struct err *);

/* Deliveries that are due for a receiver, so at least as many; many times faster. */
int outbox_count_due(struct store_tx *, const char *receiver, int64_t now_ms, int64_t max,
	int64_t *ret_count, struct err *);

/* When the next one is due; 0: nothing waits.  Receiver NULL: of all; alert 0: of all. */
int outbox_next_due(struct store_tx *, const char *receiver, int64_t alert_id, int64_t *ret_due_ms,
	struct err *);

/* Whether one of this purpose waits for a receiver, due or not. */
int outbox_has_waiting(
	struct store_tx *, const char *receiver, int purpose, bool *ret_has, struct err *);

/* How many should be told by now and are not: due, tried in vain, or in hand.  What is held back
 * until later does not count. */
int outbox_count_late(struct store_tx *, int64_t now_ms, int64_t *ret_count, struct err *);

/* How many wait, due or not. */
int outbox_count_waiting(struct store_tx *, int64_t *ret_count, struct err *);

/* Of each receiver that something waits for; by name. */
struct outbox_waiting {
	const char *receiver;
	int64_t count;
};
struct outbox_waitings {
	struct outbox_waiting *items;
	size_t items_count, items_alloc;
};
int outbox_waiting(
	struct store_tx *, struct arena *, struct outbox_waitings *ret_list, struct err *);

/* The key of the first message that told a receiver of an alert, if that was not `id` itself; NULL:
 * there was none. */
int outbox_first_key(struct store_tx *, const struct outbox_delivery *, struct arena *,
	const char **ret_key, struct err *);

/* How far the deliveries of an event to a receiver have come: the best of them. */
enum outbox_event_state {
	OUTBOX_EVENT_NONE,    /* there is none, or it ended without arriving */
	OUTBOX_EVENT_OPEN,    /* it may arrive yet */
	OUTBOX_EVENT_ARRIVED, /* it did */
};
int outbox_event_state(struct store_tx *, int64_t event_id, const char *receiver,
	enum outbox_event_state *ret_state, struct err *);

/* --- Claiming --- */

struct outbox_claim {
	int64_t owner_id;
	int64_t now_ms;
	int64_t lease_ms; /* until when */
};

/* It is in the owner's hands, and an attempt has begun.  *ret_may_be_repeat: an earlier one may
 * have arrived. */
int outbox_claim(struct store_tx *, int64_t id, const struct outbox_claim *,
	int64_t *ret_attempt_id, bool *ret_may_be_repeat, struct err *);

/* It goes out in the message of another one; so does everything that it carried itself. */
int outbox_carry(
	struct store_tx *, const struct outbox_delivery *, int64_t carrier_id, struct err *);
/* What goes out in the message of this one waits again, each for itself. */
int outbox_uncarry(struct store_tx *, int64_t carrier_id, int64_t due_ms, struct err *);
/* Its stands_for and severity, as what it carries makes them. */
int outbox_set_carrier(struct store_tx *, const struct outbox_delivery *, struct err *);

/* --- Writing down --- */

/* How an attempt ended.  The texts may be NULL. */
struct outbox_attempt {
	int64_t started_ms, ended_ms;
	int outcome; /* enum delivery_outcome */
	int code;
	const char *text;
	const char *body;
	int64_t next_ms; /* 0: none */
	bool may_have_arrived;
};
int outbox_end_attempt(
	struct store_tx *, int64_t attempt_id, const struct outbox_attempt *, struct err *);

/* Who has it in hand.  ERR_NOT_FOUND: it is not there any more. */
struct outbox_hand {
	enum delivery_state state;
	int64_t owner_id; /* 0: nobody */
};
int outbox_get_hand(struct store_tx *, int64_t id, struct outbox_hand *ret_hand, struct err *);

/* Claimed and never tried: it waits as before. */
int outbox_unclaim(struct store_tx *, int64_t id, int64_t attempt_id, struct err *);

/* It waits until due_ms, whatever it did before. */
struct outbox_wait {
	int64_t due_ms;
	const char *hold_reason; /* NULL: none */
	int64_t silence_id;      /* 0: none */
	const char *result;      /* NULL: as it was */
};
int outbox_wait(struct store_tx *, int64_t id, const struct outbox_wait *, struct err *);

/* It goes on waiting, until then; what holds it back is still looked at when that time comes. */
int outbox_put_off(
	struct store_tx *, int64_t id, int64_t due_ms, const char *hold_reason, struct err *);

/* What else waits of this alert for this receiver does so until then at least. */
int outbox_wait_behind(struct store_tx *, const struct outbox_delivery *, int64_t due_ms,
	const char *hold_reason, struct err *);

/* What waits for a receiver for just this reason is due. */
int outbox_release(struct store_tx *, const char *receiver, const char *hold_reason, int64_t due_ms,
	int64_t *ret_count, struct err *);

/* Nothing more will happen to it.  With DELIVERED, what it carries ends too; with others, that is
 * for the caller to end.  instead_id: what goes out instead; 0: nothing. */
struct outbox_end {
	enum delivery_state state;
	int64_t ended_ms;
	int64_t instead_id;
	const char *result;
};
int outbox_end(struct store_tx *, int64_t id, const struct outbox_end *, struct err *);

/* --- Who has been told --- */

/* By a delivery that arrived, or may still: one of the purposes in the mask (1 << purpose). */
int outbox_is_told(struct store_tx *, int64_t alert_id, const char *receiver, unsigned purposes,
	bool *ret_is_told, struct err *);
/* As which severities (1 << severity) the receiver of a delivery was, or may have been, told of its
 * alert before it, by deliveries of the purposes in the mask: they arrived, or were tried. */
int outbox_told_severities(struct store_tx *, const struct outbox_delivery *, unsigned purposes,
	unsigned *ret_severities, struct err *);
int outbox_untell(struct store_tx *, int64_t alert_id, const char *receiver, struct err *);
/* By this delivery, unless it stands there already, or the alert is over. */
int outbox_tell(struct store_tx *, const struct outbox_delivery *, struct err *);

/* A delivery that has ended waits again, from its first attempt on: `alert retry`; a receiver that
 * is dead is tried with it.  ERR_NOT_FOUND: there is none; ERR_INPUT: it is not dead. */
int outbox_revive(struct store_tx *, int64_t id, int64_t due_ms, int64_t expires_ms, struct err *);

#endif

/*
 * A receiver with what all processes know of it: whether it lives, how long it is left alone, what
 * its bucket holds, whether it is in a storm.
 *
 * What happens to one message changes the lane for those that come after it.  Lanes are read at the
 * beginning of a look at the outbox and written at its end, in the same transaction.
 */
#ifndef ALERT_LANE_H
#define ALERT_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "notify/notifier.h"
#include "store/store.h"
#include "store/store_channel.h"

enum {
	LANE_PROBE_MS = 10 * 60 * 1000, /* a dead receiver gets one message in this time */
	LANE_TRIES = 8, /* failures in a row before a receiver is taken for unreachable */
	LANE_PAUSE_CAP_MS = 60 * 1000,
};

struct lane {
	const struct receiver *receiver;
	struct notifier_limit limit;
	struct channel channel;
	bool is_changed;
	bool is_renewed; /* it was dead, and has another configuration now */
};

/* The hold_reason of what waits for a dead receiver. */
extern const char lane_waits_for_life[];

/*
 * How many messages may be under way to a receiver at a time, and how many claimed.  One where it
 * bears few and order matters to who reads them.
 */
int64_t lane_slots(const struct receiver *);
int64_t lane_hand(const struct receiver *);

/* Reads what is known; a receiver that is new, or configured anew, starts alive with a full bucket.
 */
int lane_open(struct store_tx *, const struct receiver *, int64_t now_ms, struct arena *,
	struct lane *ret_lane, struct err *);

/* Writes it if it has changed. */
int lane_save(struct store_tx *, struct lane *, struct err *);

/* What waited for it to live is due. */
int lane_release(struct store_tx *, const char *receiver, int64_t now_ms, struct err *);

/* A test has reached the receiver: it lives, whatever was known of it. */
int lane_revive(struct store_tx *, const struct receiver *, int64_t now_ms, struct err *);

bool lane_is_dead(const struct lane *);

/* It has asked for a pause, or is given one; or it is dead. */
bool lane_is_held(const struct lane *, int64_t now_ms);

/* It fails all the time: one message at a time finds out whether it is back. */
bool lane_is_shaky(const struct lane *);

/* Messages that it bears now, by bucket, hold, and death. */
int64_t lane_bears(const struct lane *, int64_t now_ms);

/* When it bears one, if it does not now; else now_ms. */
int64_t lane_next_ms(const struct lane *, int64_t now_ms);

/* One is sent.  To a dead receiver it is the only one for LANE_PROBE_MS. */
void lane_take(struct lane *, int64_t now_ms);

/* --- What came of it --- */

void lane_arrived(struct lane *, int64_t now_ms);
/* asked_until_ms: it asked to be left alone until then; 0: it did not. */
void lane_failed(struct lane *, int64_t asked_until_ms, int64_t now_ms, uint32_t random);
void lane_throttled(struct lane *, int64_t until_ms, int64_t now_ms);
/* `text` is borrowed for as long as the lane. */
void lane_died(struct lane *, enum channel_fault, const char *text, int64_t now_ms);

#endif

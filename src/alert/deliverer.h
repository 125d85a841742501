/*
 * Emptying the outbox: claims what is due, sends it, writes down what the answer was.
 *
 * Any number of processes may deliver from one store: what one has claimed no other touches, until
 * its process is gone.  A channel that wants us to wait holds back its own messages only.  What is
 * decided here, and nowhere else: order (critical first, one alert's messages in their order), the
 * channel's bucket, groups, storms, retries, age limits, dead channels and the fallback.
 */
#ifndef ALERT_DELIVERER_H
#define ALERT_DELIVERER_H

#include <stdbool.h>
#include <stdint.h>

#include "alert/alert_settings.h"
#include "base/err.h"
#include "loop/loop.h"
#include "notify/notifier.h"
#include "store/store_writer.h"

struct deliverer;

struct deliverer_options {
	const struct notify_env *env; /* and its loop */
	struct store_writer *writer;
	const struct alert_settings *settings;
	bool follows; /* go on when nothing is due: look for what other processes put in, and for
		       * what becomes due */
	int64_t patience_ms; /* without follows: wait for what becomes due within so long from now,
			      * a retry or a held channel */
	int64_t only_alert_id; /* 0: everything that is due; else what tells of this alert, and what
				* sre-toolkit has to say of itself */
	/* MAY.  Each attempt as it ends, for progress and logs. */
	void (*attempted)(void *arg, const struct receiver *, const struct notification *,
		const struct delivery_result *, int64_t next_ms);
	/* Once, when nothing is due any more and !follows, or after deliverer_stop(): nothing is in
	 * hand then.  What waits for a channel's bucket or for a storm's summary counts as due,
	 * what waits for a retry or for a held channel does not. */
	void (*idle)(void *arg);
	/* MAY.  The store could not be written (a full disk): what was sent is remembered in memory
	 * and written as soon as possible. */
	void (*store_failed)(void *arg, const struct err *);
	void *arg;
};

struct deliverer_counts {
	int64_t delivered, retried, dead, carried; /* by this deliverer */
	int64_t waiting;                           /* in the outbox, when it was last looked at */
	int64_t next_due_ms;                       /* wall clock; 0: nothing waits */
	int64_t unwritten;                         /* sent, and not yet written down */
};

/* New; starts at the end of the loop's turn.  Everything in options is borrowed. */
struct deliverer *deliverer_new(const struct deliverer_options *);
/* After idle; from inside of idle() is fine.  Earlier, the claims stay until the store is closed,
 * and the loop must turn once more before the writer is freed. */
void deliverer_free(struct deliverer **);

/* Something new is in the outbox. */
void deliverer_wake(struct deliverer *);

/* No more comes in: from now on as without `follows`, with the patience counted from here. */
void deliverer_finish(struct deliverer *);

/* Claim nothing more, wait for what is under way, then idle(). */
void deliverer_stop(struct deliverer *);

void deliverer_get_counts(const struct deliverer *, struct deliverer_counts *ret_counts);

#endif

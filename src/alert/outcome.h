/*
 * How an attempt ended, what follows from it, and how that is written down.
 */
#ifndef ALERT_OUTCOME_H
#define ALERT_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "notify/notifier.h"
#include "store/store_outbox.h"

struct look;

struct outcome {
	struct outbox_delivery delivery; /* as it was before it was claimed */
	int64_t attempt_id;              /* 0: it was sent without being claimed */
	int64_t owner_id;                /* that it was claimed with */
	bool is_tried;                   /* false: it was claimed and handed back */
	int64_t started_ms, ended_ms;
	struct delivery_result result; /* retry_after_ms is of no use any more */
	int64_t next_ms;               /* 0: it is not tried again */
	uint32_t random;
};

/* When the next attempt is; 0: there is none.  `throttled`: times in a row that its channel was,
 * before this. */
int64_t outcome_next_ms(const struct outcome *, int64_t throttled);

/* Until when its receiver asked to be left alone; 0: it did not. */
int64_t outcome_asked_until_ms(const struct outcome *);

/* In the look's transaction.  One whose delivery is not ours any more changes nothing. */
int outcome_write(struct look *, const struct outcome *, struct err *);

#endif

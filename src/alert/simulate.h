/*
 * The stored history through other settings: what would have been sent, what hidden.
 *
 * The events are accepted again by the same code, into a store in memory, with the silences that
 * were; every message arrives at once when it is due.  Not simulated: limits and failures of
 * receivers, storms, repetitions for receivers that forget.  Alerts that began more than a day
 * before the range are taken as new at their first event after that.
 */
#ifndef ALERT_SIMULATE_H
#define ALERT_SIMULATE_H

#include <stddef.h>
#include <stdint.h>

#include "alert/accept.h"
#include "alert/alert_settings.h"
#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

struct simulate_options {
	const struct alert_settings *settings; /* the other ones */
	int64_t since_ms;
	int64_t until_ms; /* usually now */
};

/* What one receiver got, or did not. */
struct simulated_counts {
	int64_t messages;           /* that arrived; a group is one */
	int64_t verdicts[VERDICTS]; /* decisions */
	int64_t dead;               /* given up; never simulated */
};

struct simulated_receiver {
	const char *name;
	struct simulated_counts then; /* really */
	struct simulated_counts now;  /* with the other settings */
};

/* A critical alert that nobody would have been told of; the log is nobody. */
struct simulated_missed {
	int64_t alert_id; /* in the store */
	const char *title, *source;
	int64_t started_ms;
	bool was_told;        /* really, somebody was */
	enum verdict verdict; /* why not */
	const char *reason;   /* the same, for people */
};

struct simulation {
	int64_t since_ms, until_ms;
	int64_t events, alerts;               /* replayed, in the range */
	struct simulated_receiver *receivers; /* by name; what concerns all has the name "" */
	size_t receivers_count, receivers_alloc;
	struct simulated_missed *missed;
	size_t missed_count, missed_alloc;
};

/* The store is only read.  *ret_simulation is in the arena. */
int simulate_alerts(struct store *, const struct simulate_options *, struct arena *,
	struct simulation *ret_simulation, struct err *);

#endif

/*
 * When a channel has more to tell than it can: from then on what is critical is told by name, and
 * everything else by a rolling summary, until the backlog is small again.
 *
 * Pure; who counts the backlog and writes the summary is alert/claim.c.
 */
#ifndef ALERT_STORM_H
#define ALERT_STORM_H

#include <stdbool.h>
#include <stdint.h>

#include "notify/notifier.h"

enum {
	STORM_READABLE_MAX = 10,        /* messages at once that people read one by one */
	STORM_CALM = 3,                 /* a storm is over with so few */
	SUMMARY_PERIOD_MS = 30 * 1000,  /* between two summaries */
	SUMMARY_DELIVERIES_MAX = 10000, /* in one summary, so that no transaction is long */
};

/*
 * The backlog of messages from which on a channel is in a storm: what it can send in half a minute,
 * and for channels that people read at most STORM_READABLE_MAX.  INT64_MAX: it never is, because it
 * has no limit, never leaves this machine, or each alert must be told by itself.
 */
int64_t storm_backlog_max(const struct notifier_limit *, unsigned abilities);

struct storm {
	int64_t since_ms;   /* 0: none */
	int64_t summary_ms; /* of the latest summary; 0: there was none */
};

struct storm_plan {
	bool is_storm;
	bool may_summarise;
	int64_t next_ms; /* in a storm: when the next summary may be; else 0 */
};

/*
 * `backlog`: messages that are due, counted up to storm_backlog_max() + 1 at least.  A storm ends
 * only when a summary could be written and is not worth it.
 */
struct storm_plan storm_plan(
	const struct storm *, int64_t backlog, int64_t backlog_max, int64_t now_ms);

#endif

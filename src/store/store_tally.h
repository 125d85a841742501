/*
 * How much was told and how much was not, by receiver: of what really happened, or of a simulation.
 *
 * Only reads.  Called inside a transaction; 0, or -1 with *err set.  Texts are in the arena.
 */
#ifndef STORE_STORE_TALLY_H
#define STORE_STORE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/severity.h"
#include "store/store.h"

enum { TALLY_VERDICTS_MAX = 16 }; /* numbers of verdicts; larger ones are not counted */

struct tally {
	const char *receiver; /* "": what concerned all */
	int64_t verdicts[TALLY_VERDICTS_MAX];
	int64_t messages; /* that arrived: a group or a summary is one */
	int64_t dead;     /* deliveries that never arrived */
};

struct tallies {
	struct tally *items;
	size_t items_count, items_alloc;
};

/* Of events and messages from since_ms on and before until_ms; `purposes` is the mask
 * (1 << enum notification_purpose) of those that count.  By name of receiver. */
struct tally_range {
	int64_t since_ms, until_ms;
	unsigned purposes;
};
int store_tally(struct store_tx *, const struct tally_range *, struct arena *,
	struct tallies *ret_tallies, struct err *);

/* An alert that was of a severity at some time in the range. */
struct tally_alert {
	int64_t id;
	const char *fingerprint;
	const char *title, *source;
	int64_t started_ms;
};
struct tally_alerts {
	struct tally_alert *items;
	size_t items_count, items_alloc;
};
int store_tally_alerts(struct store_tx *, const struct tally_range *, enum severity, struct arena *,
	struct tally_alerts *ret_alerts, struct err *);

/* Who was told that the alert fires with this severity; the names. */
struct tally_names {
	const char **items;
	size_t items_count, items_alloc;
};
int store_tally_told(struct store_tx *, int64_t alert_id, enum severity, struct arena *,
	struct tally_names *ret_names, struct err *);

/* The latest decision about a firing event of this severity; *ret_reason NULL: there is none. */
int store_tally_reason(struct store_tx *, int64_t alert_id, enum severity, struct arena *,
	int *ret_verdict, const char **ret_reason, struct err *);

#endif

/*
 * Inhibition: while one alert is open, others that follow from it are held back.
 *
 * Which open alerts are sources of which rules stands in the store, by a hash of the rule and of
 * the values that must be equal, so that an event costs a look-up.
 *
 * So that nothing is hidden for good: no alert is held back by itself, none by a rule whose source
 * it matches too, and none by an alert that is itself held back by it, be it over others.
 */
#ifndef ALERT_INHIBITION_H
#define ALERT_INHIBITION_H

#include <stdint.h>

#include "alert/alert_settings.h"
#include "alert/matcher.h"
#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

/* What is held back is looked at again after this time at the latest. */
enum { INHIBITION_RECHECK_MS = 5 * 60 * 1000 };

/* Who holds an alert back. */
struct inhibitor {
	int64_t alert_id; /* 0: nobody */
	const char *title, *source;
	const char *rule; /* "inhibit[0]" */
};

struct inhibition_subject {
	int64_t alert_id;
	const struct matcher_subject *subject;
};

/* Set the hashes of the rules and of all of them. */
void inhibition_hash(struct alert_settings *, struct arena *);

/* To be called before the other two in each transaction: the store knows other rules, or none, if
 * the configuration has changed. */
int inhibition_prepare(
	struct store_tx *, const struct alert_settings *, struct arena *, struct err *);

/* An alert fires as it is now: remember of which rules it is the source.  What it held back by
 * others is due now. */
int inhibition_note(struct store_tx *, const struct alert_settings *,
	const struct inhibition_subject *, int64_t now_ms, struct arena *, struct err *);

/* It is over: it holds nothing back any more.  What it did is due now. */
int inhibition_forget(struct store_tx *, const struct alert_settings *, int64_t alert_id,
	int64_t now_ms, struct err *);

/* Who holds it back; alert_id 0: nobody. */
int inhibition_find(struct store_tx *, const struct alert_settings *,
	const struct inhibition_subject *, struct arena *, struct inhibitor *ret_inhibitor,
	struct err *);

/* "inhibit[0]: alert 17 'switch down' (sw-01) is open".  In the arena. */
const char *inhibitor_reason(const struct inhibitor *, struct arena *);

#endif

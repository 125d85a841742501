/*
 * Silences: alerts that match are not told until the end of the silence, and then only if they
 * still fire.  What ends an alert is told to those who were told of it before.
 */
#ifndef ALERT_SILENCE_H
#define ALERT_SILENCE_H

#include <stdint.h>

#include "alert/alert_settings.h"
#include "alert/matcher.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/store.h"
#include "store/store_silences.h"

enum { SILENCE_MATCHERS_MAX = 32, SILENCE_REASON_MAX = 1024, SILENCE_AUTHOR_MAX = 128 };

struct silence_input {
	const char *const *matchers; /* at least one */
	size_t matchers_count;
	int64_t starts_ms; /* 0: now */
	int64_t ends_ms;
	struct str author, reason; /* from outside; cleaned here.  The author is not empty */
};

/*
 * All inside store_write(); 0, or -1.
 *
 * ERR_INPUT: no matcher, a wrong one, matchers that contradict each other or take every alert there
 * is, an end that is past or before the start, no author.
 */
int silence_add(struct store_tx *, const struct silence_input *, int64_t now_ms, struct arena *,
	int64_t *ret_id, struct err *);

/* End it now: what it held back is due, to be looked at again; *ret_released is how many messages
 * those are.  ERR_NOT_FOUND; ERR_INPUT: it has ended already. */
int silence_expire(struct store_tx *, int64_t id, int64_t now_ms, struct arena *,
	int64_t *ret_released, struct err *);

/* The texts of a stored silence's matchers.  In the arena. */
int silence_matcher_texts(const struct stored_silence *, struct arena *,
	const char *const **ret_texts, size_t *ret_count, struct err *);

/* Of those that hold now and match, the one that ends last; NULL: none. */
int silence_find(struct store_tx *, const struct alert_settings *, const struct matcher_subject *,
	int64_t now_ms, struct arena *, struct stored_silence **ret_silence, struct err *);

/* "silence 4 by anna until 03:10:00: update".  In the arena. */
const char *silence_reason(
	const struct stored_silence *, const struct time_zone *, int64_t now_ms, struct arena *);

/* Parsed matchers by their text, so that an event costs no parsing.  New, freed with the arena;
 * to be used where the settings are. */
struct silence_cache *silence_cache_new(struct arena *);

#endif

/*
 * The one-shot owner of checks: runs many once, in parallel, each at most `attempts` times.
 */
#ifndef CHECK_CHECK_BATCH_H
#define CHECK_CHECK_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "check/check.h"

struct check_batch;

struct check_batch_spec {
	const struct check_env *env;
	const struct check *const *checks; /* borrowed until the batch is freed */
	size_t checks_count;
	size_t workers;           /* most checks at the same time; > 0 */
	int64_t attempt_pause_ms; /* before a failed check is tried again */
	/* One final result (theirs: free result->arena with arena_free()), in the order of arrival.
	 */
	void (*result)(void *arg, size_t index, const struct check_result *);
	/* All results have been given. */
	void (*done)(void *arg);
	void *arg;
};

/* Nothing is called before this returns. */
struct check_batch *check_batch_start(const struct check_batch_spec *);

/*
 * End it early: what runs is interrupted with its evidence, what waits for another attempt keeps
 * the result it has, what has not begun is unknown, code not_started.  `why` is for their messages:
 * "interrupted".
 */
void check_batch_stop(struct check_batch *, const char *why);

void check_batch_free(struct check_batch **);

#endif

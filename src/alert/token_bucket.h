/*
 * How many messages a receiver bears now: a bucket that fills steadily and holds a few.
 *
 * Processes share it through the store, so it is counted in wall clock time, and stands there as of
 * the moment when a token was last taken.
 */
#ifndef ALERT_TOKEN_BUCKET_H
#define ALERT_TOKEN_BUCKET_H

#include <stdint.h>

#include "notify/notifier.h"

struct token_bucket {
	int64_t milli; /* thousandths of a token */
	int64_t as_of_ms;
};

/* A full one. */
struct token_bucket token_bucket_new(const struct notifier_limit *, int64_t now_ms);

/* Whole tokens that are there now; INT64_MAX without a limit.  A clock that was set back adds
 * nothing, one that jumped ahead fills the bucket at most. */
int64_t token_bucket_count(
	const struct token_bucket *, const struct notifier_limit *, int64_t now_ms);

/* Take `count` (>= 0) that are there. */
void token_bucket_take(
	struct token_bucket *, const struct notifier_limit *, int64_t count, int64_t now_ms);

/* How long until one is there, ms; 0: it is. */
int64_t token_bucket_wait_ms(
	const struct token_bucket *, const struct notifier_limit *, int64_t now_ms);

#endif

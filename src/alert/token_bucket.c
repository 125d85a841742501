/*
 * Thousandths of tokens, in integers.  See token_bucket.h.
 */
#include "alert/token_bucket.h"

#include <assert.h>

enum { MINUTE_MS = 60 * 1000, MILLI = 1000 };

static int64_t capacity_milli(const struct notifier_limit *limit)
{
	return (limit->burst > 0 ? limit->burst : 1) * MILLI;
}

static int64_t filled_milli(
	const struct token_bucket *bucket, const struct notifier_limit *limit, int64_t now_ms)
{
	int64_t capacity = capacity_milli(limit);
	int64_t elapsed_ms = now_ms > bucket->as_of_ms ? now_ms - bucket->as_of_ms : 0;
	int64_t lacking = capacity - bucket->milli;

	if (lacking <= 0) {
		return capacity;
	}
	/* Divided first, so that an hour of absence times a high rate does not overflow. */
	if (elapsed_ms / MINUTE_MS >= lacking / (limit->per_minute * MILLI) + 1) {
		return capacity;
	}
	int64_t milli = bucket->milli + elapsed_ms * limit->per_minute * MILLI / MINUTE_MS;
	return milli < capacity ? milli : capacity;
}

struct token_bucket token_bucket_new(const struct notifier_limit *limit, int64_t now_ms)
{
	return (struct token_bucket){.milli = capacity_milli(limit), .as_of_ms = now_ms};
}

int64_t token_bucket_count(
	const struct token_bucket *bucket, const struct notifier_limit *limit, int64_t now_ms)
{
	if (limit->per_minute <= 0) {
		return INT64_MAX;
	}
	int64_t milli = filled_milli(bucket, limit, now_ms);
	return milli > 0 ? milli / MILLI : 0;
}

void token_bucket_take(struct token_bucket *bucket, const struct notifier_limit *limit,
	int64_t count, int64_t now_ms)
{
	assert(count >= 0);
	if (limit->per_minute <= 0) {
		return;
	}
	bucket->milli = filled_milli(bucket, limit, now_ms) - count * MILLI;
	bucket->as_of_ms = now_ms;
}

int64_t token_bucket_wait_ms(
	const struct token_bucket *bucket, const struct notifier_limit *limit, int64_t now_ms)
{
	int64_t per_minute_milli = limit->per_minute * MILLI;

	if (token_bucket_count(bucket, limit, now_ms) > 0) {
		return 0;
	}
	int64_t lacking = MILLI - filled_milli(bucket, limit, now_ms);
	return (lacking * MINUTE_MS + per_minute_milli - 1) / per_minute_milli;
}

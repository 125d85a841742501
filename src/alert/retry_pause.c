/*
 * Exponential, capped, jittered.  See retry_pause.h.
 */
#include "alert/retry_pause.h"

#include <assert.h>

/* Evenly from 0 to max_ms, both included. */
static int64_t spread(int64_t max_ms, uint32_t random)
{
	return (int64_t)(((uint64_t)max_ms + 1) * random >> 32);
}

static int64_t asked_ms(int64_t retry_after_ms)
{
	return retry_after_ms < RETRY_AFTER_CAP_MS ? retry_after_ms : RETRY_AFTER_CAP_MS;
}

int64_t retry_pause_ms(int64_t attempts, int64_t retry_after_ms, uint32_t random)
{
	int64_t limit_ms = RETRY_BASE_MS;

	assert(attempts >= 1);
	if (retry_after_ms > 0) {
		return asked_ms(retry_after_ms);
	}
	for (int64_t i = 1; i < attempts && limit_ms < RETRY_CAP_MS; i++) {
		limit_ms *= 2;
	}
	return spread(limit_ms < RETRY_CAP_MS ? limit_ms : RETRY_CAP_MS, random);
}

int64_t throttle_pause_ms(int64_t times, int64_t retry_after_ms, uint32_t random)
{
	static const int64_t pauses_ms[] = {30 * 1000, 60 * 1000, 120 * 1000, 300 * 1000};
	int64_t last = (int64_t)(sizeof(pauses_ms) / sizeof(pauses_ms[0]));
	int64_t pause_ms = pauses_ms[(times < last ? times : last) - 1];

	assert(times >= 1);
	if (retry_after_ms > 0) {
		return asked_ms(retry_after_ms);
	}
	return pause_ms + spread(pause_ms / 10, random);
}

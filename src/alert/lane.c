/*
 * The state of a channel and what changes it.  See lane.h.
 */
#include "alert/lane.h"

#include "alert/retry_pause.h"
#include "alert/token_bucket.h"
#include "base/alloc.h"
#include "notify/receiver.h"
#include "store/store_outbox.h"

const char lane_waits_for_life[] = "its receiver is dead";

enum {
	FAST_PER_MINUTE = 600, /* from there on nobody reads along */
	SLOTS_INCIDENTS = 4,
	SLOTS_FAST = 8,
	HAND_FAST = 32, /* enough for one sync to be worth it */
};

static bool is_fast(const struct receiver *receiver)
{
	int64_t per_minute = receiver_limit(receiver).per_minute;

	return per_minute == 0 || per_minute >= FAST_PER_MINUTE;
}

int64_t lane_slots(const struct receiver *receiver)
{
	if (is_fast(receiver)) {
		return SLOTS_FAST;
	}
	return receiver->kind->abilities & NOTIFIER_INCIDENTS ? SLOTS_INCIDENTS : 1;
}

int64_t lane_hand(const struct receiver *receiver)
{
	return is_fast(receiver) ? HAND_FAST : lane_slots(receiver);
}

static struct token_bucket bucket_of(const struct lane *lane)
{
	return (struct token_bucket){
		.milli = lane->channel.tokens_milli, .as_of_ms = lane->channel.tokens_ms};
}

static void bucket_set(struct lane *lane, const struct token_bucket *bucket)
{
	lane->channel.tokens_milli = bucket->milli;
	lane->channel.tokens_ms = bucket->as_of_ms;
	lane->is_changed = true;
}

int lane_open(struct store_tx *tx, const struct receiver *receiver, int64_t now_ms,
	struct arena *arena, struct lane *ret_lane, struct err *err)
{
	struct lane lane = {.receiver = receiver, .limit = receiver_limit(receiver)};
	struct token_bucket full = token_bucket_new(&lane.limit, now_ms);
	struct err missing = {0};

	if (channel_get(tx, receiver->name, arena, &lane.channel, &missing) < 0) {
		if (missing.code != ERR_NOT_FOUND) {
			*err = missing;
			return -1;
		}
		lane.channel = (struct channel){
			.receiver = receiver->name, .settings = receiver->settings};
		bucket_set(&lane, &full);
	} else if (!str_is(str_of(lane.channel.settings), receiver->settings)) {
		/* It may be another place altogether; the bucket may still be that of the old. */
		lane.is_renewed = lane.channel.dead_ms != 0;
		lane.channel.settings = receiver->settings;
		lane.channel.dead_ms = 0;
		lane.channel.dead_fault = CHANNEL_OK;
		lane.channel.dead_text = NULL;
		lane.channel.held_until_ms = 0;
		lane.channel.failures = 0;
		lane.channel.throttled = 0;
		lane.is_changed = true;
	}
	*ret_lane = lane;
	return 0;
}

int lane_save(struct store_tx *tx, struct lane *lane, struct err *err)
{
	if (lane->is_changed && channel_set(tx, &lane->channel, err) < 0) {
		return -1;
	}
	lane->is_changed = false;
	return 0;
}

int lane_release(struct store_tx *tx, const char *receiver, int64_t now_ms, struct err *err)
{
	int64_t count;

	return outbox_release(tx, receiver, lane_waits_for_life, now_ms, &count, err);
}

int lane_revive(
	struct store_tx *tx, const struct receiver *receiver, int64_t now_ms, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct lane lane;

	if (lane_open(tx, receiver, now_ms, arena, &lane, err) < 0) {
		return -1;
	}
	lane_arrived(&lane, now_ms);
	lane.channel.held_until_ms = 0;
	if (lane_save(tx, &lane, err) < 0) {
		return -1;
	}
	return lane_release(tx, receiver->name, now_ms, err);
}

bool lane_is_dead(const struct lane *lane)
{
	return lane->channel.dead_ms != 0;
}

bool lane_is_shaky(const struct lane *lane)
{
	return lane->channel.failures >= LANE_TRIES;
}

/* Nobody is held for longer than the longest hold: then the clock was set back. */
bool lane_is_held(const struct lane *lane, int64_t now_ms)
{
	return lane->channel.held_until_ms > now_ms &&
	       lane->channel.held_until_ms <= now_ms + RETRY_AFTER_CAP_MS;
}

int64_t lane_bears(const struct lane *lane, int64_t now_ms)
{
	struct token_bucket bucket = bucket_of(lane);
	int64_t tokens = token_bucket_count(&bucket, &lane->limit, now_ms);

	if (lane_is_held(lane, now_ms)) {
		return 0;
	}
	return lane_is_dead(lane) && tokens > 1 ? 1 : tokens;
}

int64_t lane_next_ms(const struct lane *lane, int64_t now_ms)
{
	struct token_bucket bucket = bucket_of(lane);
	int64_t next_ms = now_ms + token_bucket_wait_ms(&bucket, &lane->limit, now_ms);

	if (lane_is_held(lane, now_ms) && lane->channel.held_until_ms > next_ms) {
		return lane->channel.held_until_ms;
	}
	return next_ms;
}

void lane_take(struct lane *lane, int64_t now_ms)
{
	struct token_bucket bucket = bucket_of(lane);

	if (lane->limit.per_minute > 0) {
		token_bucket_take(&bucket, &lane->limit, 1, now_ms);
		bucket_set(lane, &bucket);
	}
	if (lane_is_dead(lane)) {
		lane->channel.held_until_ms = now_ms + LANE_PROBE_MS;
		lane->is_changed = true;
	}
}

void lane_arrived(struct lane *lane, int64_t now_ms)
{
	struct channel *channel = &lane->channel;

	if (channel->dead_ms != 0) {
		channel->held_until_ms = 0;
	}
	channel->dead_ms = 0;
	channel->dead_fault = CHANNEL_OK;
	channel->dead_text = NULL;
	channel->failures = 0;
	channel->throttled = 0;
	channel->delivered_ms = now_ms;
	lane->is_changed = true;
}

void lane_failed(struct lane *lane, int64_t asked_until_ms, int64_t now_ms, uint32_t random)
{
	struct channel *channel = &lane->channel;

	if (lane_is_held(lane, now_ms)) {
		return; /* it began before that, and tells nothing new */
	}
	channel->failures++;
	if (lane_is_shaky(lane)) {
		int64_t pause_ms = retry_pause_ms(channel->failures - LANE_TRIES + 1, -1, random);

		channel->held_until_ms =
			now_ms + (pause_ms < LANE_PAUSE_CAP_MS ? pause_ms : LANE_PAUSE_CAP_MS);
	}
	if (asked_until_ms > now_ms && asked_until_ms > channel->held_until_ms) {
		channel->held_until_ms = asked_until_ms;
	}
	lane->is_changed = true;
}

void lane_throttled(struct lane *lane, int64_t until_ms, int64_t now_ms)
{
	struct channel *channel = &lane->channel;

	if (!lane_is_held(lane, now_ms)) {
		channel->throttled++;
	}
	if (!lane_is_held(lane, now_ms) || until_ms > channel->held_until_ms) {
		channel->held_until_ms = until_ms;
	}
	lane->is_changed = true;
}

void lane_died(struct lane *lane, enum channel_fault fault, const char *text, int64_t now_ms)
{
	struct channel *channel = &lane->channel;

	if (channel->dead_ms == 0) {
		channel->dead_ms = now_ms;
	}
	channel->dead_fault = (int)fault;
	channel->dead_text = text;
	/* What it rejects may be the message and not us: the next one will show. */
	channel->held_until_ms =
		fault == CHANNEL_REJECTED && channel->failures == 0 ? 0 : now_ms + LANE_PROBE_MS;
	channel->failures++;
	lane->is_changed = true;
}

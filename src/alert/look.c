/*
 * The order in which a look is made.  See look.h.
 */
#include "alert/look.h"

#include "alert/claim.h"
#include "alert/digest.h"
#include "alert/redirect.h"
#include "alert/upkeep.h"
#include "base/alloc.h"
#include "store/store_owner.h"

enum {
	EXPIRED_MAX = 500, /* in one look */
	POLL_MS = 1000,
};

struct lane *look_lane(struct look *look, const char *receiver)
{
	for (size_t i = 0; i < look->states_count; i++) {
		if (str_is(str_of(look->states[i].receiver->name), receiver)) {
			return &look->states[i];
		}
	}
	return NULL;
}

struct look_lane *look_room(struct look *look, const struct lane *lane)
{
	return &look->lanes[lane - look->states];
}

int look_owner_id(struct look *look, int64_t *ret_owner_id, struct err *err)
{
	if (look->owner_id == 0 && store_owner_id(look->tx, &look->owner_id, err) < 0) {
		return -1;
	}
	*ret_owner_id = look->owner_id;
	return 0;
}

/* What waited for the dead receiver has a new one to go to. */
static int release_renewed(struct look *look, struct err *err)
{
	for (size_t i = 0; i < look->states_count; i++) {
		const struct lane *lane = &look->states[i];

		if (lane->is_renewed &&
			lane_release(look->tx, lane->receiver->name, look->now_ms, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int open_lanes(struct look *look, struct err *err)
{
	const struct option_items *receivers = &look->settings->receivers;

	look->states = arena_calloc(look->arena, receivers->count, sizeof(*look->states));
	for (size_t i = 0; i < receivers->count; i++) {
		if (lane_open(look->tx, receivers->items[i], look->now_ms, look->arena,
			    &look->states[i], err) < 0) {
			return -1;
		}
	}
	look->states_count = receivers->count;
	return release_renewed(look, err);
}

static int write_outcomes(struct look *look, struct err *err)
{
	for (size_t i = 0; i < look->outcomes_count; i++) {
		if (outcome_write(look, &look->outcomes[i], err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int release_gone(struct look *look, struct err *err)
{
	struct store_released released;
	bool is_found = false;

	if (store_owner_find_gone(look->tx, look->now_ms, &is_found, err) < 0) {
		return -1;
	}
	return is_found ? store_owner_release_gone(look->tx, look->now_ms, &released, err) : 0;
}

static int end_expired(struct look *look, struct err *err)
{
	struct outbox_list expired;

	if (outbox_expired(look->tx, look->now_ms, EXPIRED_MAX, look->arena, &expired, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < expired.items_count; i++) {
		if (redirect_expired(look, &expired.items[i], err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* When it is this lane's turn again, if the earliest that waits for it is due then. */
static void tell_next(struct look *look, const struct lane *lane, int64_t due_ms)
{
	struct look_lane *room = look_room(look, lane);
	const int64_t bears_ms = lane_next_ms(lane, look->now_ms);

	room->is_due = false;
	room->next_ms = due_ms;
	if (due_ms == 0 || due_ms > look->now_ms) {
		room->has_more = false;
		room->next_ms = due_ms != 0 && bears_ms > due_ms ? bears_ms : due_ms;
		return;
	}
	if (bears_ms > look->now_ms) {
		/* A bucket fills by itself; how long a hold lasts is the receiver's business. */
		room->is_due = !lane_is_held(lane, look->now_ms);
		room->next_ms = bears_ms;
		return;
	}
	/* It waits for room, for the next summary, or for one of its alert that is in hand. */
	room->is_due = room->has_more || lane->channel.storm_ms != 0;
	room->next_ms = room->has_more ? look->now_ms : look->now_ms + POLL_MS;
}

static int look_at_lane(struct look *look, struct lane *lane, struct err *err)
{
	struct look_lane *room = look_room(look, lane);
	int64_t due_ms = 0;

	room->has_more = false;
	if (lane_is_dead(lane) && lane_bears(lane, look->now_ms) == 0) {
		/* While it is being tried, what comes after may as well wait for the answer. */
		if (room->in_hand == 0 && redirect_due(look, lane, &room->has_more, err) < 0) {
			return -1;
		}
	} else {
		if ((lane_is_dead(lane) || lane_is_shaky(lane)) && room->room > 1 - room->in_hand) {
			room->room = 1 - room->in_hand;
		}
		if (claim_lane(look, lane, err) < 0) {
			return -1;
		}
	}
	if (outbox_next_due(look->tx, lane->receiver->name, look->only_alert_id, &due_ms, err) <
		0) {
		return -1;
	}
	tell_next(look, lane, due_ms);
	room->throttled = lane->channel.throttled;
	return 0;
}

static int look_at_lanes(struct look *look, struct err *err)
{
	for (size_t i = 0; i < look->states_count; i++) {
		if (!look->is_stopping && look_at_lane(look, &look->states[i], err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int save_lanes(struct look *look, struct err *err)
{
	for (size_t i = 0; i < look->states_count; i++) {
		if (lane_save(look->tx, &look->states[i], err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* Whoever empties the outbox also sees to the digest, and forgets what is old; not who delivers one
 * alert and leaves. */
static int do_chores(struct look *look, struct err *err)
{
	bool is_queued;

	if (look->is_stopping || look->only_alert_id != 0) {
		return 0;
	}
	if (digest_queue_due(look->tx, look->settings, look->now_ms, look->arena, &is_queued, err) <
		0) {
		return -1;
	}
	return upkeep_run(look->tx, look->settings, look->now_ms, err);
}

int look_run(struct store_tx *tx, struct look *look, struct err *err)
{
	look->tx = tx;
	look->arena = arena_new();
	if (open_lanes(look, err) < 0 || write_outcomes(look, err) < 0) {
		return -1;
	}
	if (look->is_sweep && (release_gone(look, err) < 0 || end_expired(look, err) < 0 ||
				      do_chores(look, err) < 0)) {
		return -1;
	}
	if (look_at_lanes(look, err) < 0 || save_lanes(look, err) < 0) {
		return -1;
	}
	look->has_counted = look->is_sweep || look->messages_count == 0;
	return look->has_counted ? outbox_count_waiting(tx, &look->waiting, err) : 0;
}

void look_release(struct look *look)
{
	for (size_t i = 0; i < look->messages_count; i++) {
		message_free(look->messages[i]);
	}
	look->messages_count = 0;
	arena_free(look->arena);
	look->arena = NULL;
}

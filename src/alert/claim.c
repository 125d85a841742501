/*
 * Choosing and claiming.  See claim.h.
 */
#include "alert/claim.h"

#include "alert/claim_internal.h"
#include "alert/hold.h"
#include "alert/redirect.h"
#include "alert/storm.h"
#include "base/alloc.h"
#include "base/vec.h"

enum {
	BATCH = 32,
	SUMMARY_PATIENCE_MS = 5000,
	LOADED_MAX = 8 * 1024 * 1024, /* bytes that one look hands over to be sent */
};

/* --- A pass over what is due --- */

void due_cursor_release(struct due_cursor *cursor)
{
	arena_free(cursor->arena);
	cursor->arena = NULL;
}

int due_cursor_next(struct look *look, struct due_cursor *cursor,
	struct outbox_delivery **ret_delivery, struct err *err)
{
	struct outbox_delivery *delivery;

	if (cursor->next == cursor->batch.items_count && !cursor->is_last) {
		due_cursor_release(cursor);
		cursor->arena = arena_new();
		cursor->next = 0;
		cursor->due.limit = BATCH;
		if (outbox_due(look->tx, &cursor->due, cursor->arena, &cursor->batch, err) < 0) {
			return -1;
		}
		cursor->is_last = cursor->batch.items_count < BATCH;
	}
	if (cursor->next == cursor->batch.items_count) {
		*ret_delivery = NULL;
		return 0;
	}
	delivery = &cursor->batch.items[cursor->next++];
	cursor->due.after_due_ms = delivery->due_ms;
	cursor->due.after_id = delivery->id;
	*ret_delivery = delivery;
	return 0;
}

/* --- Whether it can be told now --- */

int claim_is_wanted(
	struct look *look, struct outbox_delivery *delivery, bool *ret_is_wanted, struct err *err)
{
	struct held held;

	if (hold_recheck(look->tx, look->settings, delivery, look->now_ms, look->arena, &held,
		    err) < 0) {
		return -1;
	}
	*ret_is_wanted = held.verdict == HELD_SEND;
	if (!*ret_is_wanted ||
		(!delivery->hold_reason && delivery->purpose != NOTIFICATION_REMINDER &&
			delivery->purpose != NOTIFICATION_RESEND)) {
		return 0;
	}
	/* It may tell of a later event by now. */
	return outbox_get(look->tx, delivery->id, look->arena, delivery, err);
}

static int order(struct look *look, const struct outbox_delivery *delivery, int64_t carrier_id,
	enum readiness *ret_readiness, struct outbox_delivery *ret_blocker, struct err *err)
{
	struct outbox_open open;

	*ret_readiness = READY;
	if (delivery->alert_id == 0) {
		return 0;
	}
	if (outbox_first_open(look->tx, delivery, carrier_id, &open, err) < 0) {
		return -1;
	}
	if (open.id == delivery->id) {
		/* It may have been claimed or carried since it was read. */
		*ret_readiness = open.state == DELIVERY_WAITING ? READY : NOT_READY;
		return 0;
	}
	*ret_readiness = NOT_READY;
	if (!open.is_waiting) {
		return 0;
	}
	if (open.due_ms > look->now_ms) {
		/* As long as the one before it, and it is not looked at again until then. */
		return outbox_put_off(look->tx, delivery->id, open.due_ms,
			"an earlier message of this alert waits", err);
	}
	*ret_readiness = READY_AFTER;
	return outbox_get(look->tx, open.state == DELIVERY_WAITING ? open.id : open.carrier_id,
		look->arena, ret_blocker, err);
}

int claim_readiness(struct look *look, struct outbox_delivery *delivery, int64_t carrier_id,
	enum readiness *ret_readiness, struct outbox_delivery *ret_blocker, struct err *err)
{
	bool is_wanted;

	if (delivery->expires_ms <= look->now_ms) {
		*ret_readiness = NOT_READY;
		return redirect_expired(look, delivery, err);
	}
	if (order(look, delivery, carrier_id, ret_readiness, ret_blocker, err) < 0) {
		return -1;
	}
	if (*ret_readiness != READY) {
		return 0;
	}
	if (claim_is_wanted(look, delivery, &is_wanted, err) < 0) {
		return -1;
	}
	*ret_readiness = is_wanted ? READY : NOT_READY;
	return 0;
}

/* --- Claiming --- */

static int64_t lease_ms(const struct look *look, const struct lane *lane)
{
	/* What is in hand may have to wait for others that time out. */
	return look->now_ms + 60 * 1000 +
	       (lane_hand(lane->receiver) / lane_slots(lane->receiver) + 1) *
		       lane->receiver->timeout_ms;
}

static int end_untellable(struct look *look, const struct outbox_delivery *delivery,
	const struct err *why, struct err *err)
{
	const struct outbox_end end = {
		.state = DELIVERY_DEAD, .ended_ms = look->now_ms, .result = why->msg};

	look->dead++;
	if (outbox_uncarry(look->tx, delivery->id, look->now_ms, err) < 0) {
		return -1;
	}
	return outbox_end(look->tx, delivery->id, &end, err);
}

int claim_one(struct look *look, struct lane *lane, const struct outbox_delivery *delivery,
	struct err *err)
{
	_cleanup_(message_freep) struct message *message = NULL;
	struct outbox_claim claim = {.now_ms = look->now_ms, .lease_ms = lease_ms(look, lane)};
	const struct message_spec spec = {
		.settings = look->settings,
		.delivery = delivery,
		.receiver = lane->receiver,
		.now_ms = look->now_ms,
	};
	struct err why = {0};

	if (message_load(look->tx, &spec, &message, &why) < 0) {
		if (why.code == ERR_NOT_FOUND || why.code == ERR_INPUT) {
			return end_untellable(look, delivery, &why, err);
		}
		*err = why;
		return -1;
	}
	if (look_owner_id(look, &claim.owner_id, err) < 0 ||
		outbox_claim(look->tx, delivery->id, &claim, &message->attempt_id,
			&message->notification.may_be_repeat, err) < 0) {
		return -1;
	}
	message->owner_id = claim.owner_id;
	message->lease_ms = claim.lease_ms;
	lane_take(lane, look->now_ms);
	look_room(look, lane)->room--;
	look->loaded_bytes += arena_size(message->arena);
	*VEC_PUSH_IN(look->arena, look, messages) = TAKE(message);
	return 0;
}

/* Nothing more may be claimed for this lane now. */
static bool is_full(struct look *look, const struct lane *lane)
{
	struct look_lane *room = look_room(look, lane);

	if (lane_bears(lane, look->now_ms) <= 0) {
		return true;
	}
	room->has_more = room->room <= 0 || look->loaded_bytes >= LOADED_MAX;
	return room->has_more;
}

static int claim_with_group(struct look *look, struct lane *lane, struct outbox_delivery *delivery,
	bool is_storm, struct err *err)
{
	if (carry_group(look, lane, delivery, is_storm, err) < 0) {
		return -1;
	}
	return claim_one(look, lane, delivery, err);
}

/* A delivery that is met, or the one that has to go before it. */
static int claim_met(struct look *look, struct lane *lane, struct outbox_delivery *delivery,
	bool is_storm, struct err *err)
{
	struct outbox_delivery blocker;
	enum readiness readiness;

	if (claim_readiness(look, delivery, 0, &readiness, &blocker, err) < 0) {
		return -1;
	}
	if (readiness == READY) {
		return claim_with_group(look, lane, delivery, is_storm, err);
	}
	if (readiness != READY_AFTER) {
		return 0;
	}
	/* What is less urgent goes first if it has to, however long the queue in front of it. */
	if (claim_readiness(look, &blocker, 0, &readiness, delivery, err) < 0) {
		return -1;
	}
	return readiness == READY ? claim_with_group(look, lane, &blocker, is_storm, err) : 0;
}

static int claim_due(struct look *look, struct lane *lane, const struct outbox_due *due,
	bool is_storm, struct err *err)
{
	_cleanup_(due_cursor_release) struct due_cursor cursor = {.due = *due};
	struct outbox_delivery *delivery;

	for (;;) {
		if (due_cursor_next(look, &cursor, &delivery, err) < 0) {
			return -1;
		}
		if (!delivery || is_full(look, lane)) {
			return 0;
		}
		if (claim_met(look, lane, delivery, is_storm, err) < 0) {
			return -1;
		}
	}
}

/* --- Storms --- */

/* As exactly as storm_plan() needs it: telling groups apart takes long, and there may be many. */
static int backlog_of(struct look *look, const struct lane *lane, int64_t max, int64_t *ret_backlog,
	struct err *err)
{
	const char *receiver = lane->channel.receiver;

	if (lane->channel.storm_ms == 0) {
		if (outbox_count_due(look->tx, receiver, look->now_ms, max + 1, ret_backlog, err) <
			0) {
			return -1;
		}
		if (*ret_backlog <= max) {
			return 0;
		}
	}
	return outbox_backlog(look->tx, receiver, look->now_ms, max + 1, ret_backlog, err);
}

static int plan(struct look *look, struct lane *lane, struct storm_plan *ret_plan, struct err *err)
{
	struct channel *channel = &lane->channel;
	const struct storm storm = {
		.since_ms = channel->storm_ms, .summary_ms = channel->summary_ms};
	const int64_t max = storm_backlog_max(&lane->limit, lane->receiver->kind->abilities);
	int64_t backlog = 0;

	*ret_plan = (struct storm_plan){0};
	if (max == INT64_MAX) {
		return 0;
	}
	if (backlog_of(look, lane, max, &backlog, err) < 0) {
		return -1;
	}
	*ret_plan = storm_plan(&storm, backlog, max, look->now_ms);
	if (ret_plan->is_storm != (channel->storm_ms != 0)) {
		channel->storm_ms = ret_plan->is_storm ? look->now_ms : 0;
		lane->is_changed = true;
	}
	return 0;
}

static int claim_summary(struct look *look, struct lane *lane, struct err *err)
{
	struct outbox_delivery summary = {0};

	if (carry_summary(look, lane, &summary, err) < 0) {
		return -1;
	}
	if (summary.id == 0) {
		return 0;
	}
	lane->channel.summary_ms = look->now_ms;
	lane->is_changed = true;
	return claim_one(look, lane, &summary, err);
}

static int claim_all(struct look *look, struct lane *lane, bool is_storm, struct err *err)
{
	for (int severity = SEVERITY_COUNT - 1; severity >= 0; severity--) {
		struct outbox_due due = {.receiver = lane->receiver->name,
			.severity = (enum severity)severity,
			.alert_id = look->only_alert_id,
			.is_about_none = is_storm && severity < SEVERITY_CRITICAL,
			.now_ms = look->now_ms};

		if (!(due.alert_id != 0 && due.is_about_none) &&
			claim_due(look, lane, &due, is_storm, err) < 0) {
			return -1;
		}
		/* What the program says of itself goes with every alert. */
		due.alert_id = 0;
		due.is_about_none = true;
		if (look->only_alert_id != 0 && claim_due(look, lane, &due, is_storm, err) < 0) {
			return -1;
		}
	}
	return 0;
}

int claim_lane(struct look *look, struct lane *lane, struct err *err)
{
	struct storm_plan storm;
	bool is_overdue;

	if (is_full(look, lane)) {
		return 0;
	}
	if (plan(look, lane, &storm, err) < 0) {
		return -1;
	}
	/* What is critical goes first, but the summary must not starve behind it. */
	is_overdue = storm.may_summarise && look->now_ms - storm.next_ms >= SUMMARY_PATIENCE_MS &&
		     look->now_ms - lane->channel.storm_ms >= SUMMARY_PATIENCE_MS;
	if (is_overdue && claim_summary(look, lane, err) < 0) {
		return -1;
	}
	if (claim_all(look, lane, storm.is_storm, err) < 0) {
		return -1;
	}
	if (!is_overdue && storm.may_summarise && !is_full(look, lane)) {
		return claim_summary(look, lane, err);
	}
	return 0;
}

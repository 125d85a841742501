/*
 * What an answer means for the delivery and for its channel.  See outcome.h.
 */
#include "alert/outcome.h"

#include "alert/hold.h"
#include "alert/look.h"
#include "alert/redirect.h"
#include "alert/retry_pause.h"
#include "base/alloc.h"

int64_t outcome_next_ms(const struct outcome *outcome, int64_t throttled)
{
	const struct delivery_result *result = &outcome->result;
	int64_t pause_ms = 0;

	switch (result->outcome) {
	case DELIVERY_ARRIVED:
	case DELIVERY_REFUSED:
	case DELIVERY_OUTCOMES:
		return 0;
	case DELIVERY_RETRY:
		pause_ms = retry_pause_ms(
			outcome->delivery.attempts + 1, result->retry_after_ms, outcome->random);
		break;
	case DELIVERY_THROTTLED:
		pause_ms =
			throttle_pause_ms(throttled + 1, result->retry_after_ms, outcome->random);
		break;
	}
	return outcome->ended_ms + pause_ms;
}

int64_t outcome_asked_until_ms(const struct outcome *outcome)
{
	return outcome->result.retry_after_ms > 0 ? outcome->next_ms : 0;
}

/* --- One for each outcome --- */

static bool has_reminders(const struct alert_settings *settings)
{
	for (size_t i = 0; i < settings->routes.count; i++) {
		const struct route *route = settings->routes.items[i];

		if (route->repeat_interval_ms > 0) {
			return true;
		}
	}
	return false;
}

/* What is to be said next of all that the message told. */
static int plan_next(struct look *look, const struct outcome *outcome,
	const struct outbox_list *carried, struct err *err)
{
	if (hold_delivered(look->tx, look->settings, &outcome->delivery, outcome->ended_ms,
		    look->arena, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < carried->items_count; i++) {
		if (hold_delivered(look->tx, look->settings, &carried->items[i], outcome->ended_ms,
			    look->arena, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int write_arrived(
	struct look *look, struct lane *lane, const struct outcome *outcome, struct err *err)
{
	const struct outbox_end end = {.state = DELIVERY_DELIVERED,
		.ended_ms = outcome->ended_ms,
		.result = outcome->result.text};
	const int64_t dead_ms = lane ? lane->channel.dead_ms : 0;
	struct outbox_list carried = {0};

	if (outcome->delivery.stands_for > 1 && has_reminders(look->settings) &&
		outbox_carried(look->tx, outcome->delivery.id, outcome->delivery.stands_for,
			look->arena, &carried, err) < 0) {
		return -1;
	}
	if (lane) {
		lane_arrived(lane, outcome->ended_ms);
	}
	look->delivered++;
	look->carried += outcome->delivery.stands_for - 1;
	if (outbox_end(look->tx, outcome->delivery.id, &end, err) < 0 ||
		plan_next(look, outcome, &carried, err) < 0) {
		return -1;
	}
	return dead_ms ? redirect_tell_alive(look, lane, dead_ms, err) : 0;
}

static int write_waiting(struct look *look, const struct outcome *outcome, struct err *err)
{
	const struct outbox_delivery *delivery = &outcome->delivery;
	const char *reason = arena_printf(look->arena, "attempt %lld: %s",
		(long long)delivery->attempts + 1, outcome->result.text);
	/* Too old means dead, and not tried once more. */
	const struct outbox_wait wait = {.due_ms = outcome->next_ms < delivery->expires_ms
							   ? outcome->next_ms
							   : delivery->expires_ms,
		.hold_reason = reason,
		.result = reason};

	look->retried++;
	if (outbox_wait(look->tx, delivery->id, &wait, err) < 0) {
		return -1;
	}
	return outbox_wait_behind(
		look->tx, delivery, wait.due_ms, "an earlier message of this alert waits", err);
}

static int write_refused(
	struct look *look, struct lane *lane, const struct outcome *outcome, struct err *err)
{
	const bool was_dead = lane && lane_is_dead(lane);

	if (lane) {
		lane_died(lane, outcome->result.fault, outcome->result.text, look->now_ms);
	}
	if (redirect_refused(look, lane, outcome, err) < 0) {
		return -1;
	}
	return lane && !was_dead ? redirect_tell_dead(look, lane, err) : 0;
}

static int write_result(struct look *look, const struct outcome *outcome, struct err *err)
{
	struct lane *lane = look_lane(look, outcome->delivery.receiver);

	switch (outcome->result.outcome) {
	case DELIVERY_ARRIVED:
		return write_arrived(look, lane, outcome, err);
	case DELIVERY_RETRY:
		if (lane) {
			lane_failed(lane, outcome_asked_until_ms(outcome), look->now_ms,
				outcome->random);
		}
		return write_waiting(look, outcome, err);
	case DELIVERY_THROTTLED:
		if (lane) {
			lane_throttled(lane, outcome->next_ms, look->now_ms);
		}
		return write_waiting(look, outcome, err);
	case DELIVERY_REFUSED:
	case DELIVERY_OUTCOMES:
		break;
	}
	return write_refused(look, lane, outcome, err);
}

static int write_attempt(struct look *look, const struct outcome *outcome, struct err *err)
{
	const struct delivery_result *result = &outcome->result;
	const struct outbox_attempt attempt = {
		.started_ms = outcome->started_ms,
		.ended_ms = outcome->ended_ms,
		.outcome = (int)result->outcome,
		.code = result->code,
		.text = result->text,
		.body = result->body,
		.next_ms = outcome->next_ms,
		.may_have_arrived = result->may_have_arrived,
	};

	return outbox_end_attempt(look->tx, outcome->attempt_id, &attempt, err);
}

/* Sent while the store could not be written: claimed afterwards, by the one process that did so. */
static int claim_late(
	struct look *look, const struct outcome *outcome, int64_t *ret_attempt_id, struct err *err)
{
	struct outbox_claim claim = {.now_ms = outcome->started_ms, .lease_ms = look->now_ms};
	bool may_be_repeat;

	if (look_owner_id(look, &claim.owner_id, err) < 0) {
		return -1;
	}
	return outbox_claim(
		look->tx, outcome->delivery.id, &claim, ret_attempt_id, &may_be_repeat, err);
}

/* Gone with its alert. */
static bool is_gone(const struct err *err)
{
	return err->code == ERR_NOT_FOUND;
}

int outcome_write(struct look *look, const struct outcome *outcome, struct err *err)
{
	const int64_t id = outcome->delivery.id;
	struct outcome own = *outcome;
	struct outbox_hand hand = {0};

	if (outbox_get_hand(look->tx, id, &hand, err) < 0) {
		return is_gone(err) ? 0 : -1;
	}
	const bool is_ours = hand.state == DELIVERY_SENDING && hand.owner_id == outcome->owner_id;
	if (!outcome->is_tried) {
		return is_ours ? outbox_unclaim(look->tx, id, outcome->attempt_id, err) : 0;
	}
	if (own.attempt_id == 0 && hand.state != DELIVERY_WAITING) {
		return 0;
	}
	if (own.attempt_id == 0 && claim_late(look, outcome, &own.attempt_id, err) < 0) {
		return -1;
	}
	if (write_attempt(look, &own, err) < 0) {
		return -1;
	}
	/* Taken from us, and not tried by anybody since: that it arrived is worth knowing. */
	if (is_ours || hand.state == DELIVERY_WAITING) {
		return write_result(look, &own, err);
	}
	return 0;
}

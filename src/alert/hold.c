/*
 * Planned messages, looked at again.  See hold.h.
 */
#include "alert/hold.h"

#include "alert/accept_internal.h"
#include "alert/message.h"
#include "alert/pairs_json.h"
#include "alert/silence.h"
#include "alert/when.h"

struct recheck {
	struct acceptance acceptance;
	struct accepted accepted;
	const struct outbox_delivery *delivery;
	struct stored_hold *hold;
	struct held held;
};

static bool is_certain(const struct outbox_delivery *delivery)
{
	return delivery->alert_id == 0 ||
	       (!delivery->hold_reason && delivery->purpose != NOTIFICATION_REMINDER &&
		       delivery->purpose != NOTIFICATION_RESEND);
}

bool hold_is_planned(const struct stored_hold *hold)
{
	return hold->silence_id || hold->inhibitor_id || hold->purpose == NOTIFICATION_REMINDER ||
	       hold->purpose == NOTIFICATION_RESEND;
}

/* The alert and everything known of it. */
static int load(struct acceptance *acceptance, int64_t alert_id, struct err *err)
{
	if (store_alert_get(acceptance->tx, alert_id, acceptance->arena, &acceptance->alert, err) <
		0) {
		return -1;
	}
	if (!acceptance->alert) {
		return err_set(err, ERR_NOT_FOUND, "there is no alert %lld", (long long)alert_id);
	}
	if (pairs_from_json(
		    acceptance->alert->labels, acceptance->arena, &acceptance->labels, err) < 0) {
		return -1;
	}
	return acceptance_load(acceptance, err);
}

static int decide(struct recheck *recheck, enum verdict verdict, const char *reason,
	int64_t until_ms, struct err *err)
{
	const struct decision decision = {
		.receiver = recheck->delivery->receiver,
		.verdict = verdict,
		.route = recheck->delivery->route,
		.reason = reason,
		.until_ms = until_ms,
		.delivery_id = recheck->delivery->id,
	};

	recheck->accepted.event_id = recheck->hold->event_id;
	return acceptance_decide(&recheck->acceptance, &decision, recheck->hold->silence_id, err);
}

static int cancel(
	struct recheck *recheck, enum verdict verdict, const char *reason, struct err *err)
{
	recheck->held = (struct held){.verdict = HELD_CANCEL, .reason = reason};
	if (store_waiting_cancel(recheck->acceptance.tx, recheck->delivery->id,
		    recheck->acceptance.now_ms, reason, err) < 0) {
		return -1;
	}
	return decide(recheck, verdict, reason, 0, err);
}

static int put_off(struct recheck *recheck, int64_t due_ms, const char *reason, struct err *err)
{
	struct stored_hold *hold = recheck->hold;

	hold->due_ms = due_ms;
	hold->expires_ms = planned_expires(due_ms);
	hold->reason = reason;
	recheck->held = (struct held){.verdict = HELD_WAIT, .due_ms = due_ms, .reason = reason};
	return store_hold_set(recheck->acceptance.tx, hold, err);
}

static int wait_for_silence(
	struct recheck *recheck, const struct stored_silence *silence, struct err *err)
{
	const struct acceptance *acceptance = &recheck->acceptance;
	bool is_news = recheck->hold->silence_id != silence->id;
	const char *reason = silence_reason(
		silence, acceptance->settings->time_zone, acceptance->now_ms, acceptance->arena);

	recheck->hold->silence_id = silence->id;
	recheck->hold->inhibitor_id = 0;
	if (put_off(recheck, silence->ends_ms, reason, err) < 0) {
		return -1;
	}
	return is_news ? decide(recheck, VERDICT_SILENCED, reason, silence->ends_ms, err) : 0;
}

static int wait_for_inhibitor(
	struct recheck *recheck, const struct inhibitor *inhibitor, struct err *err)
{
	const struct acceptance *acceptance = &recheck->acceptance;
	bool is_news = recheck->hold->inhibitor_id != inhibitor->alert_id;
	const char *reason = inhibitor_reason(inhibitor, acceptance->arena);

	recheck->hold->silence_id = 0;
	recheck->hold->inhibitor_id = inhibitor->alert_id;
	if (put_off(recheck, acceptance->now_ms + INHIBITION_RECHECK_MS, reason, err) < 0) {
		return -1;
	}
	return is_news ? decide(recheck, VERDICT_INHIBITED, reason, 0, err) : 0;
}

/* Held back by something else by now?  *ret_waits is false if by nothing. */
static int wait_again(struct recheck *recheck, bool *ret_waits, struct err *err)
{
	struct acceptance *acceptance = &recheck->acceptance;
	const struct inhibition_subject subject = {
		.alert_id = acceptance->alert->id, .subject = &acceptance->subject};
	struct stored_silence *silence = NULL;
	struct inhibitor inhibitor = {0};

	if (silence_find(acceptance->tx, acceptance->settings, &acceptance->subject,
		    acceptance->now_ms, acceptance->arena, &silence, err) < 0) {
		return -1;
	}
	*ret_waits = true;
	if (silence) {
		return wait_for_silence(recheck, silence, err);
	}
	if (inhibition_prepare(acceptance->tx, acceptance->settings, acceptance->arena, err) < 0 ||
		inhibition_find(acceptance->tx, acceptance->settings, &subject, acceptance->arena,
			&inhibitor, err) < 0) {
		return -1;
	}
	if (inhibitor.alert_id) {
		return wait_for_inhibitor(recheck, &inhibitor, err);
	}
	*ret_waits = false;
	return 0;
}

/* It goes out as the alert is now, and with it what was hidden. */
static int send_latest(struct recheck *recheck, struct err *err)
{
	struct acceptance *acceptance = &recheck->acceptance;
	struct stored_hold *hold = recheck->hold;
	const struct stored_told *told = acceptance_told(acceptance, recheck->delivery->receiver);
	const struct stored_told now = {
		.receiver = recheck->delivery->receiver,
		.severity = acceptance->alert->severity,
		.queued_ms = acceptance->now_ms,
		.delivery_id = recheck->delivery->id,
	};

	if (told && told->hidden > 0) {
		hold->hidden += told->hidden;
		if (hold->hidden_since_ms == 0 || told->hidden_since_ms < hold->hidden_since_ms) {
			hold->hidden_since_ms = told->hidden_since_ms;
		}
	}
	if (hold->hidden == 0) {
		hold->hidden_since_ms = 0;
	}
	if (store_event_latest(acceptance->tx, acceptance->alert->id, EVENT_FIRING, &hold->event_id,
		    err) < 0) {
		return -1;
	}
	hold->severity = acceptance->alert->severity;
	hold->due_ms = acceptance->now_ms;
	hold->expires_ms = acceptance_expires(acceptance, hold->severity, hold->due_ms);
	hold->reason = NULL;
	hold->silence_id = 0;
	hold->inhibitor_id = 0;
	recheck->held = (struct held){.verdict = HELD_SEND};
	if (store_hold_set(acceptance->tx, hold, err) < 0) {
		return -1;
	}
	return store_told_set(acceptance->tx, acceptance->alert->id, &now, err);
}

static int look_at_held(struct recheck *recheck, struct err *err)
{
	struct acceptance *acceptance = &recheck->acceptance;
	const char *why = recheck->hold->silence_id
				  ? "the silence is over, and it still fires"
				  : "nothing inhibits it any more, and it still fires";
	bool waits = false;

	if (acceptance->alert->resolved_ms) {
		return cancel(recheck, VERDICT_CANCELLED, "it was over before it was told", err);
	}
	if (acceptance->alert->acked_ms) {
		return cancel(recheck, VERDICT_ACKNOWLEDGED,
			arena_printf(acceptance->arena, "acknowledged by %s",
				acceptance->alert->acked_by),
			err);
	}
	if (wait_again(recheck, &waits, err) < 0 || waits) {
		return waits ? 0 : -1;
	}
	return send_latest(recheck, err) < 0 ? -1 : decide(recheck, VERDICT_SENT, why, 0, err);
}

static int look_at_reminder(struct recheck *recheck, struct err *err)
{
	struct acceptance *acceptance = &recheck->acceptance;
	const struct stored_alert *alert = acceptance->alert;
	bool waits = false;

	/* Tried before: that it is due was decided then. */
	if (recheck->hold->attempts > 0 && !alert->resolved_ms) {
		recheck->held = (struct held){.verdict = HELD_SEND};
		return 0;
	}
	if (alert->resolved_ms || alert->acked_ms) {
		return cancel(recheck, VERDICT_CANCELLED,
			alert->resolved_ms ? "it is over" : "somebody is on it", err);
	}
	if (wait_again(recheck, &waits, err) < 0 || waits) {
		return waits ? 0 : -1;
	}
	if (send_latest(recheck, err) < 0) {
		return -1;
	}
	return decide(recheck, VERDICT_SENT,
		arena_printf(acceptance->arena, "a reminder: it has been firing for %s",
			when_span(acceptance->now_ms - alert->started_ms, acceptance->arena)),
		0, err);
}

/* A receiver that forgets hears what is true, whatever people want to hear. */
static int look_at_repetition(struct recheck *recheck, struct err *err)
{
	struct acceptance *acceptance = &recheck->acceptance;
	const struct stored_alert *alert = acceptance->alert;
	struct stored_hold *hold = recheck->hold;
	enum event_kind kind = alert->resolved_ms ? EVENT_RESOLVED : EVENT_FIRING;

	if (alert->resolved_ms &&
		acceptance->now_ms > alert->resolved_ms + ALERT_RESEND_RESOLVED_MS) {
		recheck->held = (struct held){
			.verdict = HELD_CANCEL, .reason = "it has been over for long enough"};
		return store_waiting_cancel(acceptance->tx, hold->delivery_id, acceptance->now_ms,
			recheck->held.reason, err);
	}
	if (store_event_latest(acceptance->tx, alert->id, kind, &hold->event_id, err) < 0) {
		return -1;
	}
	if (hold->attempts == 0) {
		hold->expires_ms =
			acceptance_expires(acceptance, hold->severity, acceptance->now_ms);
	}
	recheck->held = (struct held){.verdict = HELD_SEND};
	return store_hold_set(acceptance->tx, hold, err);
}

static int look_again(struct recheck *recheck, struct err *err)
{
	struct acceptance *acceptance = &recheck->acceptance;

	if (load(acceptance, recheck->delivery->alert_id, err) < 0) {
		return -1;
	}
	if (recheck->delivery->purpose == NOTIFICATION_REMINDER) {
		return look_at_reminder(recheck, err);
	}
	if (recheck->delivery->purpose == NOTIFICATION_RESEND) {
		return look_at_repetition(recheck, err);
	}
	return look_at_held(recheck, err);
}

int hold_recheck(struct store_tx *tx, const struct alert_settings *settings,
	const struct outbox_delivery *delivery, int64_t now_ms, struct arena *arena,
	struct held *ret_held, struct err *err)
{
	struct recheck recheck = {
		.acceptance = {.tx = tx, .settings = settings, .arena = arena, .now_ms = now_ms},
		.delivery = delivery,
		.held = {.verdict = HELD_SEND},
	};

	recheck.acceptance.accepted = &recheck.accepted;
	if (!is_certain(delivery)) {
		if (store_waiting_get(tx, delivery->id, arena, &recheck.hold, err) < 0) {
			return -1;
		}
		if (recheck.hold && hold_is_planned(recheck.hold) &&
			look_again(&recheck, err) < 0) {
			return -1;
		}
	}
	*ret_held = recheck.held;
	return 0;
}

/* --- What comes next --- */

static int64_t next_ms(const struct acceptance *acceptance, const struct receiver *receiver,
	const struct outbox_delivery *delivery, enum notification_purpose *ret_purpose)
{
	const struct stored_alert *alert = acceptance->alert;
	const struct route *route = route_by_name(acceptance->settings, delivery->route);

	if (receiver->kind->abilities & NOTIFIER_FORGETS) {
		int64_t due_ms = acceptance->now_ms + ALERT_RESEND_MS;

		*ret_purpose = NOTIFICATION_RESEND;
		return alert->resolved_ms &&
				       (due_ms > alert->resolved_ms + ALERT_RESEND_RESOLVED_MS ||
					       !receiver->sends_resolved)
			       ? 0
			       : due_ms;
	}
	*ret_purpose = NOTIFICATION_REMINDER;
	if (alert->resolved_ms || alert->acked_ms || !route || route->repeat_interval_ms == 0) {
		return 0;
	}
	return acceptance->now_ms + route->repeat_interval_ms;
}

/* Only one is planned; and a held message is the next one anyway. */
static bool has_planned(const struct acceptance *acceptance, const char *receiver)
{
	for (size_t i = 0; i < acceptance->waiting.items_count; i++) {
		if (strcmp(acceptance->waiting.items[i].receiver, receiver) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_followed(const struct outbox_delivery *delivery)
{
	return delivery->alert_id != 0 && (delivery->purpose == NOTIFICATION_TRIGGER ||
						  delivery->purpose == NOTIFICATION_RESOLVE ||
						  delivery->purpose == NOTIFICATION_REMINDER ||
						  delivery->purpose == NOTIFICATION_RESEND);
}

/* Most receivers and routes never need a next one. */
static bool may_need_next(const struct alert_settings *settings, const struct receiver *receiver,
	const struct outbox_delivery *delivery)
{
	const struct route *route = route_by_name(settings, delivery->route);

	return (receiver->kind->abilities & NOTIFIER_FORGETS) ||
	       (route && route->repeat_interval_ms > 0);
}

static int plan_next(struct acceptance *acceptance, const struct receiver *receiver,
	const struct outbox_delivery *delivery, struct err *err)
{
	struct planned planned = {
		.receiver = receiver, .severity = delivery->severity, .route = delivery->route};
	int64_t id;

	if (load(acceptance, delivery->alert_id, err) < 0) {
		return -1;
	}
	planned.due_ms = next_ms(acceptance, receiver, delivery, &planned.purpose);
	if (planned.due_ms == 0 || has_planned(acceptance, receiver->name)) {
		return 0;
	}
	acceptance->accepted->event_id = delivery->event_id;
	return acceptance_plan(acceptance, &planned, &id, err);
}

/* It was told of a problem that is over, by a message that was given up before and then sent again:
 * nobody planned the end for it. */
static int plan_missing_end(struct acceptance *acceptance, const struct receiver *receiver,
	const struct outbox_delivery *delivery, struct err *err)
{
	const struct planned planned = {.receiver = receiver,
		.purpose = NOTIFICATION_RESOLVE,
		.severity = delivery->severity,
		.route = delivery->route,
		.due_ms = acceptance->now_ms};
	bool has_end = false;
	int64_t id;

	if (delivery->alert_id == 0 || !receiver->sends_resolved ||
		!(telling_purposes & 1U << delivery->purpose)) {
		return 0;
	}
	if (store_alert_get(acceptance->tx, delivery->alert_id, acceptance->arena,
		    &acceptance->alert, err) < 0) {
		return -1;
	}
	if (!acceptance->alert || acceptance->alert->resolved_ms == 0) {
		return 0;
	}
	if (outbox_is_told(acceptance->tx, delivery->alert_id, receiver->name,
		    1U << NOTIFICATION_RESOLVE, &has_end, err) < 0 ||
		store_event_latest(acceptance->tx, delivery->alert_id, EVENT_RESOLVED,
			&acceptance->accepted->event_id, err) < 0) {
		return -1;
	}
	return has_end || acceptance->accepted->event_id == 0
		       ? 0
		       : acceptance_plan(acceptance, &planned, &id, err);
}

int hold_delivered(struct store_tx *tx, const struct alert_settings *settings,
	const struct outbox_delivery *delivery, int64_t now_ms, struct arena *arena,
	struct err *err)
{
	const struct receiver *receiver = alert_receiver(settings, delivery->receiver);
	struct accepted accepted = {0};
	struct acceptance acceptance = {.tx = tx,
		.settings = settings,
		.arena = arena,
		.now_ms = now_ms,
		.accepted = &accepted};

	if (!is_followed(delivery) || !receiver) {
		return 0;
	}
	if (plan_missing_end(&acceptance, receiver, delivery, err) < 0) {
		return -1;
	}
	return may_need_next(settings, receiver, delivery)
		       ? plan_next(&acceptance, receiver, delivery, err)
		       : 0;
}

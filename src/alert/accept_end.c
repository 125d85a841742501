/*
 * An alert is over, or somebody is on it: those who were told of it are told of that.
 *
 * The end is told to them and to nobody else, whatever routes, silences and inhibitions say by now:
 * who knows of a problem must hear that it is gone.
 */
#include "alert/accept_internal.h"

struct ending {
	struct acceptance *acceptance;
	const struct stored_told *told;
	const struct receiver *receiver; /* NULL: it is not configured any more */
	struct outbox_delivery trigger;  /* what it was told by */
};

static int cancel_one(struct acceptance *acceptance, const struct stored_hold *hold,
	const char *why, struct err *err)
{
	const struct decision decision = {
		.receiver = hold->receiver,
		.verdict = VERDICT_CANCELLED,
		.route = hold->route,
		.reason = hold->reason ? arena_printf(acceptance->arena,
						 "%s before it was told: %s", why, hold->reason)
				       : why,
		.delivery_id = hold->delivery_id,
	};

	if (store_waiting_cancel(acceptance->tx, hold->delivery_id, acceptance->now_ms,
		    decision.reason, err) < 0) {
		return -1;
	}
	/* Reminders that are not needed any more are no news. */
	return hold->reason ? acceptance_decide(acceptance, &decision, 0, err) : 0;
}

static int cancel_pointless(struct acceptance *acceptance, const char *why, struct err *err)
{
	for (size_t i = 0; i < acceptance->waiting.items_count; i++) {
		const struct stored_hold *hold = &acceptance->waiting.items[i];

		if (hold_is_planned(hold) && cancel_one(acceptance, hold, why, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int decide(const struct ending *ending, struct decision decision, struct err *err)
{
	decision.receiver = ending->told->receiver;
	decision.route = ending->trigger.route;
	return acceptance_decide(ending->acceptance, &decision, 0, err);
}

static int not_told(const struct ending *ending, const char *reason, struct err *err)
{
	return decide(
		ending, (struct decision){.verdict = VERDICT_NOT_TOLD, .reason = reason}, err);
}

static int plan(const struct ending *ending, struct planned *planned, struct decision *decision,
	struct err *err)
{
	struct acceptance *acceptance = ending->acceptance;
	const struct route *route =
		planned->group_key ? route_by_name(acceptance->settings, planned->route) : NULL;

	if (!route || !route_groups(route, planned->receiver)) {
		planned->group_key = NULL;
	} else if (acceptance_group_due(acceptance, route, planned, &planned->due_ms, err) < 0) {
		return -1;
	}
	if (planned->due_ms > acceptance->now_ms) {
		decision->verdict = VERDICT_GROUPED;
		decision->until_ms = planned->due_ms;
		decision->reason = arena_printf(acceptance->arena,
			"%s; waits until %s for others of its group", decision->reason,
			acceptance_clock(acceptance, planned->due_ms));
	}
	return acceptance_plan(acceptance, planned, &decision->delivery_id, err);
}

static int tell_end(const struct ending *ending, struct err *err)
{
	const struct stored_told *told = ending->told;
	struct planned planned = {
		.receiver = ending->receiver,
		.purpose = NOTIFICATION_RESOLVE,
		.severity = told->severity,
		.route = ending->trigger.route,
		.group_key = ending->trigger.group_key,
		.due_ms = ending->acceptance->now_ms,
		.hidden = told->hidden,
		.hidden_since_ms = told->hidden_since_ms,
	};
	struct decision decision = {.verdict = VERDICT_SENT};
	bool has_arrived;

	if (!ending->receiver) {
		return not_told(ending, "this receiver is not configured any more", err);
	}
	if (!ending->receiver->sends_resolved) {
		return not_told(ending, "this receiver is not told of ends", err);
	}
	if (acceptance_has_arrived(ending->acceptance, told, &has_arrived, err) < 0) {
		return -1;
	}
	decision.reason = arena_printf(ending->acceptance->arena,
		has_arrived ? "it was told of the problem at %s"
			    : "it is to be told of the problem (queued at %s, not delivered yet)",
		acceptance_clock(ending->acceptance, told->queued_ms));
	return plan(ending, &planned, &decision, err) < 0 ? -1 : decide(ending, decision, err);
}

/* The delivery that it was told by, which may be gone by now. */
static int find_trigger(struct ending *ending, struct err *err)
{
	struct acceptance *acceptance = ending->acceptance;
	struct err missing = {0};

	ending->trigger = (struct outbox_delivery){.route = "none"};
	if (outbox_get(acceptance->tx, ending->told->delivery_id, acceptance->arena,
		    &ending->trigger, &missing) < 0 &&
		missing.code != ERR_NOT_FOUND) {
		if (err) {
			*err = missing;
		}
		return -1;
	}
	return 0;
}

static int each_told(struct acceptance *acceptance, int (*fn)(const struct ending *, struct err *),
	struct err *err)
{
	for (size_t i = 0; i < acceptance->tolds.items_count; i++) {
		const struct stored_told *told = &acceptance->tolds.items[i];
		struct ending ending = {.acceptance = acceptance,
			.told = told,
			.receiver = alert_receiver(acceptance->settings, told->receiver)};

		if (find_trigger(&ending, err) < 0 || fn(&ending, err) < 0) {
			return -1;
		}
	}
	return 0;
}

int accept_end(struct acceptance *acceptance, struct err *err)
{
	const struct decision nobody = {.receiver = "",
		.verdict = VERDICT_NOT_TOLD,
		.route = "none",
		.reason = "nobody was told of the problem"};

	if (cancel_pointless(acceptance, "it was over", err) < 0 ||
		each_told(acceptance, tell_end, err) < 0) {
		return -1;
	}
	if (acceptance->tolds.items_count == 0 &&
		acceptance_decide(acceptance, &nobody, 0, err) < 0) {
		return -1;
	}
	if (store_told_clear(acceptance->tx, acceptance->alert->id, err) < 0) {
		return -1;
	}
	return inhibition_forget(acceptance->tx, acceptance->settings, acceptance->alert->id,
		acceptance->now_ms, err);
}

static int tell_acknowledgement(const struct ending *ending, struct err *err)
{
	const struct planned planned = {
		.receiver = ending->receiver,
		.purpose = NOTIFICATION_ACKNOWLEDGE,
		.severity = ending->told->severity,
		.route = ending->trigger.route,
		.due_ms = ending->acceptance->now_ms,
	};
	struct decision decision = {.verdict = VERDICT_SENT, .reason = "it takes acknowledgements"};

	if (!ending->receiver || !(ending->receiver->kind->abilities & NOTIFIER_ACKNOWLEDGES)) {
		return 0;
	}
	return acceptance_plan(ending->acceptance, &planned, &decision.delivery_id, err) < 0
		       ? -1
		       : decide(ending, decision, err);
}

/* Repetitions for receivers that forget go on: they keep the alert alive there. */
static int cancel_repeats(struct acceptance *acceptance, struct err *err)
{
	const char *why =
		arena_printf(acceptance->arena, "acknowledged by %s", acceptance->alert->acked_by);

	for (size_t i = 0; i < acceptance->waiting.items_count; i++) {
		const struct stored_hold *hold = &acceptance->waiting.items[i];

		if (hold_is_planned(hold) && hold->purpose != NOTIFICATION_RESEND &&
			cancel_one(acceptance, hold, why, err) < 0) {
			return -1;
		}
	}
	return 0;
}

int accept_acknowledgement(struct acceptance *acceptance, struct err *err)
{
	return cancel_repeats(acceptance, err) < 0
		       ? -1
		       : each_told(acceptance, tell_acknowledgement, err);
}

/*
 * An alert fires: for each receiver that the routes choose, the first of these that holds.
 *
 *	somebody is on it                            nothing is sent
 *	told, not long ago, and no less severe       suppressed, counted
 *	a silence matches                            held until its end
 *	another alert inhibits it                    held while that is open
 *	else                                         sent, or grouped with others
 *
 * At most one delivery is held for each receiver; later events of the alert take its place.
 */
#include "alert/accept_internal.h"
#include "alert/silence.h"
#include "alert/when.h"

struct firing {
	struct acceptance *acceptance;
	const struct routed *routed;
	struct stored_told *told; /* NULL: not yet */
	struct stored_hold *held; /* NULL: none */
	bool is_new;              /* a new episode */
};

/* What holds the alert back, looked for once, and only if somebody is to be told. */
struct holder {
	bool is_known;
	struct stored_silence *silence; /* NULL: none */
	struct inhibitor inhibitor;
};

static const char *clock_of(const struct firing *firing, int64_t wall_ms)
{
	return acceptance_clock(firing->acceptance, wall_ms);
}

static int decide(
	const struct firing *firing, struct decision decision, int64_t silence_id, struct err *err)
{
	decision.receiver = firing->routed->receiver->name;
	decision.route = firing->routed->name;
	return acceptance_decide(firing->acceptance, &decision, silence_id, err);
}

/* One more that this receiver does not hear of at once. */
static int hide(struct firing *firing, struct err *err)
{
	struct acceptance *acceptance = firing->acceptance;

	if (!firing->told) {
		return 0;
	}
	firing->told->hidden++;
	if (firing->told->hidden_since_ms == 0) {
		firing->told->hidden_since_ms = acceptance->now_ms;
	}
	return store_told_set(acceptance->tx, acceptance->alert->id, firing->told, err);
}

static int acknowledged(struct firing *firing, struct err *err)
{
	const struct stored_alert *alert = firing->acceptance->alert;
	const struct decision decision = {
		.verdict = VERDICT_ACKNOWLEDGED,
		.reason = arena_printf(firing->acceptance->arena,
			"%s is on it since %s; told again if it gets worse", alert->acked_by,
			clock_of(firing, alert->acked_ms)),
	};

	return hide(firing, err) < 0 ? -1 : decide(firing, decision, 0, err);
}

/* When the suppression of what it was told ends. */
static int64_t window_end(const struct firing *firing)
{
	return firing->told->queued_ms +
	       route_suppression_ms(firing->acceptance->settings, firing->routed->route);
}

static bool is_suppressed(const struct firing *firing)
{
	return firing->told && firing->acceptance->alert->severity <= firing->told->severity &&
	       firing->acceptance->now_ms < window_end(firing);
}

static int suppressed(struct firing *firing, struct err *err)
{
	struct acceptance *acceptance = firing->acceptance;
	int64_t told_ms = firing->told->queued_ms;
	struct decision decision = {.verdict = VERDICT_SUPPRESSED, .until_ms = window_end(firing)};
	bool has_arrived;

	if (acceptance_has_arrived(acceptance, firing->told, &has_arrived, err) < 0) {
		return -1;
	}
	decision.reason = arena_printf(acceptance->arena, "%s at %s (%s ago)%s; again from %s on",
		has_arrived ? "told" : "queued", clock_of(firing, told_ms),
		when_span(acceptance->now_ms - told_ms, acceptance->arena),
		has_arrived ? "" : ", not delivered yet", clock_of(firing, decision.until_ms));
	return hide(firing, err) < 0 ? -1 : decide(firing, decision, 0, err);
}

static int find_holder(struct acceptance *acceptance, struct holder *holder, struct err *err)
{
	const struct inhibition_subject subject = {
		.alert_id = acceptance->alert->id, .subject = &acceptance->subject};

	if (holder->is_known) {
		return 0;
	}
	if (silence_find(acceptance->tx, acceptance->settings, &acceptance->subject,
		    acceptance->now_ms, acceptance->arena, &holder->silence, err) < 0) {
		return -1;
	}
	holder->is_known = true;
	return holder->silence ? 0
			       : inhibition_find(acceptance->tx, acceptance->settings, &subject,
					 acceptance->arena, &holder->inhibitor, err);
}

/* How a message is held, on its way or again. */
struct holding {
	int64_t due_ms;
	const char *reason;
	int64_t silence_id, inhibitor_id;
};

static int hold_again(struct firing *firing, const struct holding *holding, struct err *err)
{
	struct acceptance *acceptance = firing->acceptance;
	struct stored_hold *held = firing->held;

	held->event_id = acceptance->accepted->event_id;
	held->severity = acceptance->alert->severity;
	held->due_ms = holding->due_ms;
	held->expires_ms = planned_expires(held->due_ms);
	held->reason = holding->reason;
	held->silence_id = holding->silence_id;
	held->inhibitor_id = holding->inhibitor_id;
	held->hidden++;
	return store_hold_set(acceptance->tx, held, err);
}

static const char *group_key(const struct firing *firing)
{
	const struct routed *routed = firing->routed;

	return route_groups(routed->route, routed->receiver)
		       ? route_group_key(routed->route, &firing->acceptance->subject,
				 firing->acceptance->arena)
		       : NULL;
}

static int hold(
	struct firing *firing, const struct holding *holding, int64_t *ret_id, struct err *err)
{
	const struct planned planned = {
		.receiver = firing->routed->receiver,
		.purpose = NOTIFICATION_TRIGGER,
		.severity = firing->acceptance->alert->severity,
		.route = firing->routed->name,
		.group_key = group_key(firing),
		.due_ms = holding->due_ms,
		.hidden_since_ms = firing->acceptance->now_ms, /* if another event comes */
		.hold_reason = holding->reason,
		.silence_id = holding->silence_id,
		.inhibitor_id = holding->inhibitor_id,
	};

	/* It is told again and again that the alert is open, or it would take it for over. */
	if (firing->told && (planned.receiver->kind->abilities & NOTIFIER_FORGETS)) {
		return hide(firing, err);
	}
	if (firing->held) {
		*ret_id = firing->held->delivery_id;
		return hold_again(firing, holding, err);
	}
	if (acceptance_replace_planned(firing->acceptance, planned.receiver->name, err) < 0) {
		return -1;
	}
	return acceptance_plan(firing->acceptance, &planned, ret_id, err);
}

static int silenced(struct firing *firing, const struct stored_silence *silence, struct err *err)
{
	struct decision decision = {
		.verdict = VERDICT_SILENCED,
		.reason = silence_reason(silence, firing->acceptance->settings->time_zone,
			firing->acceptance->now_ms, firing->acceptance->arena),
		.until_ms = silence->ends_ms,
	};
	const struct holding holding = {
		.due_ms = silence->ends_ms, .reason = decision.reason, .silence_id = silence->id};

	return hold(firing, &holding, &decision.delivery_id, err) < 0
		       ? -1
		       : decide(firing, decision, silence->id, err);
}

static int inhibited(struct firing *firing, const struct inhibitor *inhibitor, struct err *err)
{
	struct decision decision = {
		.verdict = VERDICT_INHIBITED,
		.reason = inhibitor_reason(inhibitor, firing->acceptance->arena),
	};
	const struct holding holding = {
		.due_ms = firing->acceptance->now_ms + INHIBITION_RECHECK_MS,
		.reason = decision.reason,
		.inhibitor_id = inhibitor->alert_id};

	return hold(firing, &holding, &decision.delivery_id, err) < 0
		       ? -1
		       : decide(firing, decision, 0, err);
}

static const char *why_sent(const struct firing *firing)
{
	struct arena *arena = firing->acceptance->arena;
	const struct stored_told *told = firing->told;

	if (!firing->routed->route) {
		return firing->acceptance->settings->fallback
			       ? "no route takes it"
			       : "no route takes it, and there is no fallback";
	}
	if (!told) {
		return firing->is_new ? "it is new" : "the first that this receiver hears of it";
	}
	if (firing->acceptance->alert->severity > told->severity) {
		return arena_printf(arena, "worse than at %s, when it was told as %s",
			clock_of(firing, told->queued_ms), severity_name(told->severity));
	}
	return arena_printf(arena, "still firing; last told at %s (%s ago)",
		clock_of(firing, told->queued_ms),
		when_span(firing->acceptance->now_ms - told->queued_ms, arena));
}

/* What was held goes out now, with this event. */
static int send_held(struct firing *firing, const struct planned *planned, struct err *err)
{
	struct acceptance *acceptance = firing->acceptance;
	struct stored_hold *held = firing->held;

	held->event_id = acceptance->accepted->event_id;
	held->severity = planned->severity;
	held->due_ms = planned->due_ms;
	held->expires_ms = acceptance_expires(acceptance, planned->severity, planned->due_ms);
	held->hidden += planned->hidden + 1;
	if (planned->hidden_since_ms && planned->hidden_since_ms < held->hidden_since_ms) {
		held->hidden_since_ms = planned->hidden_since_ms;
	}
	held->reason = NULL;
	held->silence_id = 0;
	held->inhibitor_id = 0;
	return store_hold_set(acceptance->tx, held, err);
}

static int tell(struct firing *firing, int64_t delivery_id, struct err *err)
{
	struct acceptance *acceptance = firing->acceptance;
	const struct stored_told told = {
		.receiver = firing->routed->receiver->name,
		.severity = acceptance->alert->severity,
		.queued_ms = acceptance->now_ms,
		.delivery_id = delivery_id,
	};

	return store_told_set(acceptance->tx, acceptance->alert->id, &told, err);
}

static int sent(struct firing *firing, struct err *err)
{
	struct acceptance *acceptance = firing->acceptance;
	struct planned planned = {
		.receiver = firing->routed->receiver,
		.purpose = NOTIFICATION_TRIGGER,
		.severity = acceptance->alert->severity,
		.route = firing->routed->name,
		.group_key = group_key(firing),
		.due_ms = acceptance->now_ms,
		.hidden = firing->told ? firing->told->hidden : 0,
		.hidden_since_ms = firing->told ? firing->told->hidden_since_ms : 0,
	};
	struct decision decision = {.verdict = VERDICT_SENT, .reason = why_sent(firing)};

	if (planned.group_key && acceptance_group_due(acceptance, firing->routed->route, &planned,
					 &planned.due_ms, err) < 0) {
		return -1;
	}
	if (planned.due_ms > acceptance->now_ms) {
		decision.verdict = VERDICT_GROUPED;
		decision.until_ms = planned.due_ms;
		decision.reason = arena_printf(acceptance->arena,
			"%s; waits until %s for others of its group", decision.reason,
			clock_of(firing, planned.due_ms));
	}
	if (acceptance_replace_planned(acceptance, planned.receiver->name, err) < 0) {
		return -1;
	}
	if (firing->held) {
		decision.delivery_id = firing->held->delivery_id;
		if (send_held(firing, &planned, err) < 0) {
			return -1;
		}
	} else if (acceptance_plan(acceptance, &planned, &decision.delivery_id, err) < 0) {
		return -1;
	}
	return tell(firing, decision.delivery_id, err) < 0 ? -1 : decide(firing, decision, 0, err);
}

static int decide_one(struct firing *firing, struct holder *holder, struct err *err)
{
	if (firing->acceptance->alert->acked_ms) {
		return acknowledged(firing, err);
	}
	if (is_suppressed(firing)) {
		return suppressed(firing, err);
	}
	if (find_holder(firing->acceptance, holder, err) < 0) {
		return -1;
	}
	if (holder->silence) {
		return silenced(firing, holder->silence, err);
	}
	if (holder->inhibitor.alert_id) {
		return inhibited(firing, &holder->inhibitor, err);
	}
	return sent(firing, err);
}

/* What concerns nobody in particular. */
static int decide_for_all(
	struct acceptance *acceptance, const struct routing *routing, struct err *err)
{
	struct decision decision = {.receiver = "", .verdict = VERDICT_NOT_TOLD, .route = "none"};

	if (routing->mute) {
		decision.route = routing->mute->name;
		decision.reason = "this route tells nobody";
		return acceptance_decide(acceptance, &decision, 0, err);
	}
	if (routing->is_unrouted && !routing->has_fallback) {
		decision.verdict = VERDICT_UNROUTED;
		decision.reason = "no route takes it, and there is no fallback";
		return acceptance_decide(acceptance, &decision, 0, err);
	}
	return 0;
}

int accept_firing(struct acceptance *acceptance, bool is_new, struct err *err)
{
	struct routing routing;
	struct holder holder = {0};

	routing_decide(acceptance->settings, &acceptance->subject, acceptance->now_ms,
		acceptance->arena, &routing);
	if (decide_for_all(acceptance, &routing, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < routing.items_count; i++) {
		const char *name = routing.items[i].receiver->name;
		struct firing firing = {.acceptance = acceptance,
			.routed = &routing.items[i],
			.told = acceptance_told(acceptance, name),
			.held = acceptance_held(acceptance, name),
			.is_new = is_new};

		if (decide_one(&firing, &holder, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/*
 * Deliveries as they are put into the outbox.
 */
#include "alert/accept_internal.h"

int64_t acceptance_expires(
	const struct acceptance *acceptance, enum severity severity, int64_t due_ms)
{
	int64_t from_ms = due_ms > acceptance->now_ms ? due_ms : acceptance->now_ms;

	return from_ms + acceptance->settings->give_up_ms[severity];
}

int64_t planned_expires(int64_t due_ms)
{
	static const int64_t ten_years_ms = 3650 * 24 * 3600 * 1000LL;

	return due_ms + ten_years_ms;
}

int acceptance_group_due(struct acceptance *acceptance, const struct route *route,
	const struct planned *planned, int64_t *ret_due_ms, struct err *err)
{
	const struct stored_group group = {.receiver = planned->receiver->name,
		.key = planned->group_key,
		.purpose = planned->purpose};
	int64_t due_ms = 0;

	if (store_group_due(acceptance->tx, &group, &due_ms, err) < 0) {
		return -1;
	}
	*ret_due_ms = due_ms ? due_ms : acceptance->now_ms + route->group_wait_ms;
	return 0;
}

/* Few are held from the beginning, so what holds them is not part of every delivery. */
static int set_inhibitor(struct acceptance *acceptance, const struct outbox_delivery *delivery,
	int64_t id, int64_t inhibitor_id, struct err *err)
{
	const struct stored_hold hold = {
		.delivery_id = id,
		.event_id = delivery->event_id,
		.severity = delivery->severity,
		.due_ms = delivery->due_ms,
		.expires_ms = delivery->expires_ms,
		.hidden = delivery->hidden,
		.hidden_since_ms = delivery->hidden_since_ms,
		.reason = delivery->hold_reason,
		.silence_id = delivery->silence_id,
		.inhibitor_id = inhibitor_id,
	};

	return store_hold_set(acceptance->tx, &hold, err);
}

static bool is_only_planned(const struct planned *planned)
{
	return planned->hold_reason || planned->purpose == NOTIFICATION_REMINDER ||
	       planned->purpose == NOTIFICATION_RESEND;
}

int acceptance_plan(struct acceptance *acceptance, const struct planned *planned, int64_t *ret_id,
	struct err *err)
{
	const struct outbox_delivery delivery = {
		.receiver = planned->receiver->name,
		.purpose = planned->purpose,
		.alert_id = acceptance->alert->id,
		.event_id = acceptance->accepted->event_id,
		.severity = planned->severity,
		.route = planned->route,
		.group_key = planned->group_key,
		.created_ms = acceptance->now_ms,
		.due_ms = planned->due_ms,
		.expires_ms = is_only_planned(planned)
				      ? planned_expires(planned->due_ms)
				      : acceptance_expires(
						acceptance, planned->severity, planned->due_ms),
		.hidden = planned->hidden,
		.hidden_since_ms = planned->hidden_since_ms,
		.hold_reason = planned->hold_reason,
		.silence_id = planned->silence_id,
	};

	if (outbox_add(acceptance->tx, &delivery, ret_id, err) < 0) {
		return -1;
	}
	return planned->inhibitor_id
		       ? set_inhibitor(acceptance, &delivery, *ret_id, planned->inhibitor_id, err)
		       : 0;
}

int acceptance_replace_planned(struct acceptance *acceptance, const char *receiver, struct err *err)
{
	for (size_t i = 0; i < acceptance->waiting.items_count; i++) {
		const struct stored_hold *hold = &acceptance->waiting.items[i];

		if ((hold->purpose == NOTIFICATION_REMINDER ||
			    hold->purpose == NOTIFICATION_RESEND) &&
			strcmp(hold->receiver, receiver) == 0 &&
			store_waiting_cancel(acceptance->tx, hold->delivery_id, acceptance->now_ms,
				"a newer message takes its place", err) < 0) {
			return -1;
		}
	}
	return 0;
}

int acceptance_has_arrived(struct acceptance *acceptance, const struct stored_told *told,
	bool *ret_has_arrived, struct err *err)
{
	struct outbox_delivery delivery;
	struct err missing = {0};

	if (outbox_get(acceptance->tx, told->delivery_id, acceptance->arena, &delivery, &missing) <
		0) {
		if (missing.code != ERR_NOT_FOUND) {
			if (err) {
				*err = missing;
			}
			return -1;
		}
		*ret_has_arrived = true;
		return 0;
	}
	*ret_has_arrived = delivery.ended_ms != 0;
	return 0;
}

/*
 * Several deliveries in one message: groups, and the summary of a storm.  See claim_internal.h.
 *
 * What a message carries is settled when it is first claimed, and stays so on every attempt: its
 * key is that of the carrier, and a receiver that has seen the key may throw the rest away.
 */
#include <stdlib.h>

#include "alert/claim_internal.h"
#include "alert/storm.h"
#include "base/alloc.h"

enum {
	GROUP_DELIVERIES_MAX = 10000, /* in one message, so that no transaction is long */
	CHAIN_MAX = 100,              /* of one alert, in one summary */
};

static int take_on(struct look *look, const struct outbox_delivery *delivery,
	struct outbox_delivery *carrier, struct err *err)
{
	if (outbox_carry(look->tx, delivery, carrier->id, err) < 0) {
		return -1;
	}
	carrier->stands_for += delivery->stands_for;
	if (delivery->severity > carrier->severity) {
		carrier->severity = delivery->severity;
	}
	return 0;
}

/* --- Groups --- */

static int by_id(const void *a, const void *b)
{
	const struct outbox_delivery *left = a, *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

/* In the order in which they came, as one alert's messages must. */
static int take_on_all(struct look *look, struct outbox_list *list, struct outbox_delivery *carrier,
	struct err *err)
{
	if (list->items_count > 0) {
		qsort(list->items, list->items_count, sizeof(list->items[0]), by_id);
	}
	for (size_t i = 0; i < list->items_count; i++) {
		struct outbox_delivery *delivery = &list->items[i];
		struct outbox_delivery blocker;
		enum readiness readiness = NOT_READY;

		/* One that was tried keeps its key: under another, a repeat could not be told. */
		if (delivery->id != carrier->id && delivery->attempts == 0 &&
			claim_readiness(look, delivery, carrier->id, &readiness, &blocker, err) <
				0) {
			return -1;
		}
		if (readiness == READY && take_on(look, delivery, carrier, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* In a storm the critical ones stand together, as many as can be told by name. */
static int list_critical(struct look *look, const struct lane *lane,
	const struct outbox_delivery *carrier, struct arena *arena, struct outbox_list *ret_list,
	struct err *err)
{
	const struct outbox_due due = {.receiver = carrier->receiver,
		.severity = SEVERITY_CRITICAL,
		.now_ms = look->now_ms,
		.limit = (int64_t)lane->receiver->kind->group_max};
	size_t kept = 0;

	if (outbox_due(look->tx, &due, arena, ret_list, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < ret_list->items_count; i++) {
		if (ret_list->items[i].purpose == carrier->purpose &&
			ret_list->items[i].stands_for == 1) {
			ret_list->items[kept++] = ret_list->items[i];
		}
	}
	ret_list->items_count = kept;
	return 0;
}

int carry_group(struct look *look, struct lane *lane, struct outbox_delivery *carrier,
	bool is_storm, struct err *err)
{
	const struct notifier_kind *kind = lane->receiver->kind;
	const int64_t stood_for = carrier->stands_for;
	_cleanup_(arena_freep) struct arena *arena = NULL;
	struct outbox_list list = {0};

	if (!(kind->abilities & NOTIFIER_GROUPS) || kind->group_max < 2 ||
		!purpose_has_alerts(carrier->purpose) || carrier->attempts > 0) {
		return 0;
	}
	arena = arena_new();
	if (is_storm && carrier->severity == SEVERITY_CRITICAL) {
		if (list_critical(look, lane, carrier, arena, &list, err) < 0) {
			return -1;
		}
	} else if (carrier->group_key) {
		if (outbox_group(look->tx, carrier, look->now_ms, GROUP_DELIVERIES_MAX, arena,
			    &list, err) < 0) {
			return -1;
		}
	}
	if (take_on_all(look, &list, carrier, err) < 0) {
		return -1;
	}
	return carrier->stands_for == stood_for ? 0 : outbox_set_carrier(look->tx, carrier, err);
}

/* --- Summaries --- */

static int add_summary(struct look *look, const struct lane *lane,
	struct outbox_delivery *ret_summary, struct err *err)
{
	const struct outbox_delivery summary = {
		.receiver = lane->receiver->name,
		.purpose = NOTIFICATION_SUMMARY,
		.route = "storm",
		.created_ms = look->now_ms,
		.due_ms = look->now_ms,
		.expires_ms = look->now_ms + look->settings->give_up_ms[SEVERITY_WARNING],
	};
	int64_t id = 0;

	if (outbox_add(look->tx, &summary, &id, err) < 0 ||
		outbox_get(look->tx, id, look->arena, ret_summary, err) < 0) {
		return -1;
	}
	ret_summary->stands_for = 0; /* it is nothing itself */
	return 0;
}

static int sum_up(struct look *look, const struct lane *lane,
	const struct outbox_delivery *delivery, struct outbox_delivery *summary, struct err *err)
{
	if (summary->id == 0 && add_summary(look, lane, summary, err) < 0) {
		return -1;
	}
	return take_on(look, delivery, summary, err);
}

/* What has to go before it is told in the same message, unless it is to be told by name. */
static int sum_up_met(struct look *look, const struct lane *lane, struct outbox_delivery *delivery,
	struct outbox_delivery *summary, struct err *err)
{
	for (int i = 0; i < CHAIN_MAX; i++) {
		struct outbox_delivery blocker, unused;
		enum readiness readiness;

		if (claim_readiness(look, delivery, summary->id, &readiness, &blocker, err) < 0) {
			return -1;
		}
		/* What was held back may be worse by now. */
		if (readiness == NOT_READY || delivery->severity == SEVERITY_CRITICAL) {
			return 0;
		}
		if (readiness == READY) {
			return sum_up(look, lane, delivery, summary, err);
		}
		if (claim_readiness(look, &blocker, summary->id, &readiness, &unused, err) < 0) {
			return -1;
		}
		if (readiness != READY || blocker.severity == SEVERITY_CRITICAL ||
			!purpose_has_alerts(blocker.purpose)) {
			return 0;
		}
		if (sum_up(look, lane, &blocker, summary, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int sum_up_severity(struct look *look, const struct lane *lane, enum severity severity,
	struct outbox_delivery *summary, struct err *err)
{
	_cleanup_(due_cursor_release) struct due_cursor cursor = {
		.due = {.receiver = lane->receiver->name,
			.severity = severity,
			.now_ms = look->now_ms}};
	struct outbox_delivery *delivery;

	while (summary->stands_for < SUMMARY_DELIVERIES_MAX) {
		if (due_cursor_next(look, &cursor, &delivery, err) < 0) {
			return -1;
		}
		if (!delivery) {
			return 0;
		}
		if (purpose_has_alerts(delivery->purpose) &&
			sum_up_met(look, lane, delivery, summary, err) < 0) {
			return -1;
		}
	}
	return 0;
}

int carry_summary(
	struct look *look, struct lane *lane, struct outbox_delivery *ret_summary, struct err *err)
{
	bool has_waiting = false;

	*ret_summary = (struct outbox_delivery){0};
	/* While one cannot be told, there is no use in more of them. */
	if (outbox_has_waiting(
		    look->tx, lane->receiver->name, NOTIFICATION_SUMMARY, &has_waiting, err) < 0) {
		return -1;
	}
	if (has_waiting) {
		return 0;
	}
	for (int severity = SEVERITY_CRITICAL - 1; severity >= 0; severity--) {
		if (sum_up_severity(look, lane, (enum severity)severity, ret_summary, err) < 0) {
			return -1;
		}
	}
	if (ret_summary->id == 0) {
		return 0;
	}
	return outbox_set_carrier(look->tx, ret_summary, err);
}

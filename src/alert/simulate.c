/*
 * Two stores: the one that is read, and one in memory in which its history happens again.  See
 * simulate.h.
 */
#include "alert/simulate.h"

#include <assert.h>
#include <stdlib.h>

#include "alert/fingerprint.h"
#include "alert/hold.h"
#include "alert/pairs_json.h"
#include "base/map.h"
#include "base/vec.h"
#include "store/store_alerts.h"
#include "store/store_history.h"
#include "store/store_holds.h"
#include "store/store_outbox.h"
#include "store/store_silences.h"
#include "store/store_tally.h"

#define DAY_MS (24 * 3600 * 1000LL)

static_assert((int)VERDICTS <= (int)TALLY_VERDICTS_MAX, "all are counted");

enum { DUE_BATCH = 100 };

/* Messages that people got; repetitions for receivers that forget, tests and notices are none. */
static const unsigned purposes = 1U << NOTIFICATION_TRIGGER | 1U << NOTIFICATION_RESOLVE |
				 1U << NOTIFICATION_ACKNOWLEDGE | 1U << NOTIFICATION_REMINDER |
				 1U << NOTIFICATION_SUMMARY;

struct simulator {
	const struct simulate_options *options;
	struct store *real;
	struct store *made;
	struct store_tx *real_tx, *made_tx;
	struct arena *arena;   /* of the result */
	struct arena *scratch; /* of one event */
	int64_t now_ms;
	struct simulation *result;
	struct made_alert {
		int64_t real_id;
		bool is_counted; /* it had an event in the range */
	} * alerts;              /* by id in the made store, from 1 */
	size_t alerts_count, alerts_alloc;
};

static struct made_alert *made_alert(const struct simulator *simulator, int64_t made_id)
{
	assert(made_id > 0 && (size_t)made_id <= simulator->alerts_count);
	return &simulator->alerts[made_id - 1];
}

/* --- What was --- */

/* One that was ended by hand ended then, and none held before somebody had asked for it. */
static int copy_silence(
	struct simulator *simulator, const struct stored_silence *real, struct err *err)
{
	struct stored_silence silence = *real;
	int64_t id;

	if (silence.starts_ms < silence.created_ms) {
		silence.starts_ms = silence.created_ms;
	}
	if (silence.expired_ms && silence.expired_ms < silence.ends_ms) {
		silence.ends_ms = silence.expired_ms;
	}
	return silence.starts_ms < silence.ends_ms
		       ? store_silence_add(simulator->made_tx, &silence, &id, err)
		       : 0;
}

static int copy_silences(struct simulator *simulator, int64_t since_ms, struct err *err)
{
	struct stored_silences silences = {0};

	if (store_silence_list(simulator->real_tx, since_ms, simulator->arena, &silences, err) <
		0) {
		return -1;
	}
	for (size_t i = 0; i < silences.items_count; i++) {
		if (copy_silence(simulator, &silences.items[i], err) < 0) {
			return -1;
		}
	}
	return 0;
}

static struct str text_or_none(const char *text)
{
	return text ? str_of(text) : str_of("");
}

static int input_of(const struct simulator *simulator, const struct history_input *event,
	struct alert_input *ret_input, struct err *err)
{
	struct alert_input input = {
		.title = str_of(event->title),
		.source = str_of(event->source),
		.message = str_of(event->event.message),
		.dedup_key = text_or_none(event->dedup_key),
		.runbook = text_or_none(event->runbook),
		.severity = event->event.severity,
		.is_resolve = event->event.kind == EVENT_RESOLVED,
		.time_ms = event->event.time_ms,
	};

	if (pairs_from_json(event->event.fields, simulator->scratch, &input.fields, err) < 0 ||
		pairs_from_json(event->event.labels, simulator->scratch, &input.labels, err) < 0) {
		return -1;
	}
	*ret_input = input;
	return 0;
}

static int acknowledge(
	struct simulator *simulator, const struct history_input *event, struct err *err)
{
	struct alert_hand hand = {.author = event->event.author ? event->event.author : "somebody",
		.note = event->event.message};
	struct stored_alert *alert = NULL;
	struct accepted accepted;

	if (store_alert_find_open(
		    simulator->made_tx, event->fingerprint, simulator->scratch, &alert, err) < 0) {
		return -1;
	}
	if (!alert) {
		return 0;
	}
	hand.alert_id = alert->id;
	return alert_acknowledge(simulator->made_tx, simulator->options->settings, &hand,
		simulator->now_ms, simulator->scratch, &accepted, err);
}

static int accept(struct simulator *simulator, const struct history_input *event, struct err *err)
{
	struct alert_input input;
	struct accepted accepted;

	if (event->event.kind == EVENT_ACKNOWLEDGED) {
		return acknowledge(simulator, event, err);
	}
	if (input_of(simulator, event, &input, err) < 0 ||
		alert_accept(simulator->made_tx, simulator->options->settings, &input,
			simulator->now_ms, simulator->scratch, &accepted, err) < 0) {
		return -1;
	}
	if (accepted.is_new) {
		VEC_PUSH(simulator, alerts)->real_id = event->event.alert_id;
	}
	if (accepted.alert_id && event->event.time_ms >= simulator->options->since_ms &&
		!made_alert(simulator, accepted.alert_id)->is_counted) {
		made_alert(simulator, accepted.alert_id)->is_counted = true;
		simulator->result->alerts++;
	}
	return 0;
}

/* --- A deliverer whose messages always arrive --- */

static int delivered(
	struct simulator *simulator, const struct outbox_delivery *delivery, struct err *err)
{
	const struct receiver *receiver =
		alert_receiver(simulator->options->settings, delivery->receiver);

	/* One each minute, for weeks: nobody reads them. */
	if (receiver && (receiver->kind->abilities & NOTIFIER_FORGETS)) {
		return 0;
	}
	return hold_delivered(simulator->made_tx, simulator->options->settings, delivery,
		simulator->now_ms, simulator->scratch, err);
}

/* It is released when the other alert ends; to look at it again and again until then changes
 * nothing here, where nobody changes the configuration. */
static int put_off(struct simulator *simulator, int64_t delivery_id, struct err *err)
{
	struct stored_hold *hold = NULL;

	if (store_waiting_get(simulator->made_tx, delivery_id, simulator->scratch, &hold, err) <
		0) {
		return -1;
	}
	if (!hold || !hold->inhibitor_id) {
		return 0;
	}
	hold->due_ms = simulator->options->until_ms;
	return store_hold_set(simulator->made_tx, hold, err);
}

/* What waits for the same message; the first is `like` itself. */
static int carry_group(struct simulator *simulator, const struct outbox_delivery *like,
	struct outbox_list *ret_carried, struct err *err)
{
	const struct receiver *receiver =
		alert_receiver(simulator->options->settings, like->receiver);
	struct outbox_list group = {0};
	int64_t max =
		receiver && receiver->kind->group_max > 0 ? (int64_t)receiver->kind->group_max : 1;

	if (!like->group_key) {
		return 0;
	}
	if (outbox_group(simulator->made_tx, like, simulator->now_ms, max, simulator->scratch,
		    &group, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < group.items_count; i++) {
		const struct outbox_delivery *other = &group.items[i];
		struct held held = {.verdict = HELD_SEND};

		if (other->id == like->id) {
			continue;
		}
		if (hold_recheck(simulator->made_tx, simulator->options->settings, other,
			    simulator->now_ms, simulator->scratch, &held, err) < 0) {
			return -1;
		}
		if (held.verdict != HELD_SEND) {
			if (put_off(simulator, other->id, err) < 0) {
				return -1;
			}
			continue;
		}
		if (outbox_carry(simulator->made_tx, other, like->id, err) < 0) {
			return -1;
		}
		*VEC_PUSH_IN(simulator->scratch, ret_carried, items) = *other;
	}
	return 0;
}

static int deliver(
	struct simulator *simulator, const struct outbox_delivery *delivery, struct err *err)
{
	const struct outbox_end end = {
		.state = DELIVERY_DELIVERED, .ended_ms = simulator->now_ms, .result = "simulated"};
	struct outbox_list carried = {0};
	struct held held;

	if (hold_recheck(simulator->made_tx, simulator->options->settings, delivery,
		    simulator->now_ms, simulator->scratch, &held, err) < 0) {
		return -1;
	}
	if (held.verdict != HELD_SEND) {
		return put_off(simulator, delivery->id, err);
	}
	if (carry_group(simulator, delivery, &carried, err) < 0 ||
		outbox_end(simulator->made_tx, delivery->id, &end, err) < 0 ||
		delivered(simulator, delivery, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < carried.items_count; i++) {
		if (delivered(simulator, &carried.items[i], err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* It may have gone out with another, or wait again. */
static int deliver_if_due(struct simulator *simulator, int64_t id, struct err *err)
{
	struct outbox_delivery delivery;

	if (outbox_get(simulator->made_tx, id, simulator->scratch, &delivery, err) < 0) {
		return -1;
	}
	return delivery.state == DELIVERY_WAITING && delivery.due_ms <= simulator->now_ms
		       ? deliver(simulator, &delivery, err)
		       : 0;
}

static int deliver_to(struct simulator *simulator, const struct receiver *receiver,
	enum severity severity, struct err *err)
{
	struct outbox_due due = {.receiver = receiver->name,
		.severity = severity,
		.now_ms = simulator->now_ms,
		.after_due_ms = INT64_MIN,
		.limit = DUE_BATCH};
	struct outbox_list list;

	do {
		list = (struct outbox_list){0};
		if (outbox_due(simulator->made_tx, &due, simulator->scratch, &list, err) < 0) {
			return -1;
		}
		for (size_t i = 0; i < list.items_count; i++) {
			due.after_due_ms = list.items[i].due_ms;
			due.after_id = list.items[i].id;
			if (deliver_if_due(simulator, list.items[i].id, err) < 0) {
				return -1;
			}
		}
	} while (list.items_count == DUE_BATCH);
	return 0;
}

static int deliver_due(struct simulator *simulator, struct err *err)
{
	const struct option_items *receivers = &simulator->options->settings->receivers;

	for (size_t i = 0; i < receivers->count; i++) {
		for (int severity = SEVERITY_COUNT; severity-- > 0;) {
			if (deliver_to(simulator, receivers->items[i], (enum severity)severity,
				    err) < 0) {
				return -1;
			}
		}
	}
	return 0;
}

/* INT64_MAX: nothing waits. */
static int next_due(struct simulator *simulator, int64_t *ret_due_ms, struct err *err)
{
	const struct option_items *receivers = &simulator->options->settings->receivers;

	*ret_due_ms = INT64_MAX;
	for (size_t i = 0; i < receivers->count; i++) {
		const struct receiver *receiver = receivers->items[i];
		int64_t due_ms = 0;

		if (outbox_next_due(simulator->made_tx, receiver->name, 0, &due_ms, err) < 0) {
			return -1;
		}
		if (due_ms > 0 && due_ms < *ret_due_ms) {
			*ret_due_ms = due_ms;
		}
	}
	return 0;
}

/* Everything that is due until then, in its time. */
static int deliver_until(struct simulator *simulator, int64_t until_ms, struct err *err)
{
	for (;;) {
		int64_t due_ms = 0;
		int result;

		if (next_due(simulator, &due_ms, err) < 0) {
			return -1;
		}
		if (due_ms > until_ms) {
			return 0;
		}
		if (due_ms > simulator->now_ms) {
			simulator->now_ms = due_ms;
		}
		simulator->scratch = arena_new();
		result = deliver_due(simulator, err);
		arena_free(TAKE(simulator->scratch));
		if (result < 0) {
			return -1;
		}
	}
}

/* --- Replaying --- */

static int replay_one(void *arg, const struct history_input *event, struct err *err)
{
	struct simulator *simulator = arg;
	int result;

	if (deliver_until(simulator, event->event.time_ms, err) < 0) {
		return -1;
	}
	if (event->event.time_ms > simulator->now_ms) {
		simulator->now_ms = event->event.time_ms;
	}
	if (event->event.time_ms >= simulator->options->since_ms) {
		simulator->result->events++;
	}
	simulator->scratch = arena_new();
	result = accept(simulator, event, err);
	arena_free(TAKE(simulator->scratch));
	return result;
}

static int replay(struct simulator *simulator, struct err *err)
{
	const struct simulate_options *options = simulator->options;
	const struct history_range range = {
		.since_ms = options->since_ms > DAY_MS ? options->since_ms - DAY_MS : 0,
		.until_ms = options->until_ms};

	simulator->now_ms = range.since_ms;
	if (copy_silences(simulator, range.since_ms, err) < 0 ||
		history_replay(simulator->real_tx, &range, replay_one, simulator, err) < 0) {
		return -1;
	}
	return deliver_until(simulator, options->until_ms - 1, err);
}

/* --- Comparing --- */

static struct simulated_receiver *receiver_of(struct simulator *simulator, const char *name)
{
	struct simulation *result = simulator->result;

	for (size_t i = 0; i < result->receivers_count; i++) {
		if (strcmp(result->receivers[i].name, name) == 0) {
			return &result->receivers[i];
		}
	}
	*VEC_PUSH_IN(simulator->arena, result, receivers) =
		(struct simulated_receiver){.name = name};
	return &result->receivers[result->receivers_count - 1];
}

static void take_counts(struct simulated_counts *counts, const struct tally *tally)
{
	counts->messages = tally->messages;
	counts->dead = tally->dead;
	for (int i = 0; i < VERDICTS; i++) {
		counts->verdicts[i] = tally->verdicts[i];
	}
}

static int compare_names(const void *a, const void *b)
{
	const struct simulated_receiver *one = a;
	const struct simulated_receiver *other = b;

	return strcmp(one->name, other->name);
}

static int compare(struct simulator *simulator, struct err *err)
{
	const struct tally_range range = {.since_ms = simulator->options->since_ms,
		.until_ms = simulator->options->until_ms,
		.purposes = purposes};
	struct tallies real = {0};
	struct tallies made = {0};

	if (store_tally(simulator->real_tx, &range, simulator->arena, &real, err) < 0 ||
		store_tally(simulator->made_tx, &range, simulator->arena, &made, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < real.items_count; i++) {
		take_counts(&receiver_of(simulator, real.items[i].receiver)->then, &real.items[i]);
	}
	for (size_t i = 0; i < made.items_count; i++) {
		take_counts(&receiver_of(simulator, made.items[i].receiver)->now, &made.items[i]);
	}
	if (simulator->result->receivers_count > 0) {
		qsort(simulator->result->receivers, simulator->result->receivers_count,
			sizeof(*simulator->result->receivers), compare_names);
	}
	return 0;
}

/* Somebody who is not a log. */
static bool has_somebody(const struct alert_settings *settings, const struct tally_names *names)
{
	for (size_t i = 0; i < names->items_count; i++) {
		const struct receiver *receiver = alert_receiver(settings, names->items[i]);

		/* Of old receivers only the name is known. */
		if (receiver ? strcmp(receiver->kind->variant.name, "log") != 0
			     : strcmp(names->items[i], "log") != 0) {
			return true;
		}
	}
	return false;
}

static int add_if_missed(
	struct simulator *simulator, const struct tally_alert *alert, struct err *err)
{
	struct simulated_missed missed = {.title = alert->title,
		.source = alert->source,
		.started_ms = alert->started_ms,
		.alert_id = made_alert(simulator, alert->id)->real_id};
	struct tally_names told = {0};
	struct tally_names was_told = {0};
	int verdict = 0;

	if (store_tally_told(simulator->made_tx, alert->id, SEVERITY_CRITICAL, simulator->arena,
		    &told, err) < 0) {
		return -1;
	}
	if (has_somebody(simulator->options->settings, &told)) {
		return 0;
	}
	if (store_tally_told(simulator->real_tx, missed.alert_id, SEVERITY_CRITICAL,
		    simulator->arena, &was_told, err) < 0 ||
		store_tally_reason(simulator->made_tx, alert->id, SEVERITY_CRITICAL,
			simulator->arena, &verdict, &missed.reason, err) < 0) {
		return -1;
	}
	missed.was_told = has_somebody(simulator->options->settings, &was_told);
	missed.verdict = (enum verdict)verdict;
	*VEC_PUSH_IN(simulator->arena, simulator->result, missed) = missed;
	return 0;
}

static int find_missed(struct simulator *simulator, struct err *err)
{
	const struct tally_range range = {
		.since_ms = simulator->options->since_ms, .until_ms = simulator->options->until_ms};
	struct tally_alerts alerts = {0};

	if (store_tally_alerts(simulator->made_tx, &range, SEVERITY_CRITICAL, simulator->arena,
		    &alerts, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < alerts.items_count; i++) {
		if (add_if_missed(simulator, &alerts.items[i], err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* --- Both stores at once --- */

static int with_both(struct store_tx *tx, void *arg, struct err *err)
{
	struct simulator *simulator = arg;

	simulator->made_tx = tx;
	if (replay(simulator, err) < 0 || compare(simulator, err) < 0) {
		return -1;
	}
	return find_missed(simulator, err);
}

static int with_real(struct store_tx *tx, void *arg, struct err *err)
{
	struct simulator *simulator = arg;

	simulator->real_tx = tx;
	return store_write(simulator->made, with_both, simulator, err);
}

int simulate_alerts(struct store *store, const struct simulate_options *options,
	struct arena *arena, struct simulation *ret_simulation, struct err *err)
{
	const struct store_options memory = {.path = ":memory:"};
	struct simulation simulation = {
		.since_ms = options->since_ms, .until_ms = options->until_ms};
	struct simulator simulator = {
		.options = options, .real = store, .arena = arena, .result = &simulation};
	int result;

	if (store_open(&memory, &simulator.made, err) < 0) {
		return err_wrap(err, "a store for the simulation");
	}
	result = store_read(store, with_real, &simulator, err);
	store_close(&simulator.made);
	free(simulator.alerts);
	if (result == 0) {
		*ret_simulation = simulation;
	}
	return result;
}

/*
 * What is due and certain, in its order.  See blind_look.h.
 */
#include "alert/blind_look.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "store/store_outbox.h"

enum { BATCH = 64 };

void blind_lanes_release(struct blind_lanes *lanes)
{
	arena_free(lanes->arena);
	*lanes = (struct blind_lanes){0};
}

void blind_lanes_note(struct blind_lanes *lanes, const struct outcome *outcome)
{
	const struct delivery_result *result = &outcome->result;
	struct lane *lane = NULL;

	for (size_t i = 0; i < lanes->count; i++) {
		if (str_is(str_of(lanes->items[i].receiver->name), outcome->delivery.receiver)) {
			lane = &lanes->items[i];
		}
	}
	if (!lane || !outcome->is_tried) {
		return;
	}
	switch (result->outcome) {
	case DELIVERY_ARRIVED:
		lane_arrived(lane, outcome->ended_ms);
		break;
	case DELIVERY_RETRY:
		lane_failed(
			lane, outcome_asked_until_ms(outcome), outcome->ended_ms, outcome->random);
		break;
	case DELIVERY_THROTTLED:
		lane_throttled(lane, outcome->next_ms, outcome->ended_ms);
		break;
	case DELIVERY_REFUSED:
	case DELIVERY_OUTCOMES:
		lane_died(lane, result->fault, "", outcome->ended_ms);
		break;
	}
}

static int read_lanes(struct store_tx *tx, struct blind_look *look, struct err *err)
{
	const struct option_items *receivers = &look->settings->receivers;
	struct blind_lanes *lanes = look->lanes;

	if (lanes->count > 0) {
		return 0;
	}
	if (!lanes->arena) {
		lanes->arena = arena_new();
	}
	lanes->items = arena_calloc(lanes->arena, receivers->count, sizeof(*lanes->items));
	for (size_t i = 0; i < receivers->count; i++) {
		if (lane_open(tx, receivers->items[i], look->now_ms, lanes->arena, &lanes->items[i],
			    err) < 0) {
			return -1;
		}
	}
	lanes->count = receivers->count;
	return 0;
}

/* --- What is known better than the store knows it --- */

static int by_id(const void *a, const void *b)
{
	const struct blind_known *left = a, *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

static int by_id_and_time(const void *a, const void *b)
{
	const struct blind_known *left = a, *right = b;
	const int order = by_id(a, b);

	return order ? order : (left->place > right->place) - (left->place < right->place);
}

/* Of each delivery the latest, sorted by id. */
static void sort_known(struct blind_look *look)
{
	size_t kept = 0;

	for (size_t i = 0; i < look->known_count; i++) {
		look->known[i].place = i;
	}
	if (look->known_count > 0) {
		qsort(look->known, look->known_count, sizeof(*look->known), by_id_and_time);
	}
	for (size_t i = 0; i < look->known_count; i++) {
		if (i + 1 == look->known_count || look->known[i].id != look->known[i + 1].id) {
			look->known[kept++] = look->known[i];
		}
	}
	look->known_count = kept;
}

static const struct blind_known *find_known(const struct blind_look *look, int64_t id)
{
	const struct blind_known wanted = {.id = id};

	return look->known_count > 0 ? bsearch(&wanted, look->known, look->known_count,
					       sizeof(*look->known), by_id)
				     : NULL;
}

/* --- What can be sent --- */

/* Nothing would have to be decided and written down about it first. */
static bool is_certain(const struct outbox_delivery *delivery)
{
	return delivery->silence_id == 0 && delivery->inhibitor_id == 0 &&
	       delivery->purpose != NOTIFICATION_REMINDER &&
	       delivery->purpose != NOTIFICATION_RESEND;
}

/* 1: everything before it of its alert is over; 0: not; -1: *err is set. */
static int is_its_turn(struct store_tx *tx, struct blind_look *look,
	const struct outbox_delivery *delivery, struct err *err)
{
	size_t count = 0;
	int64_t *ids;

	if (delivery->alert_id == 0) {
		return 1;
	}
	if (outbox_open_before(tx, delivery, look->arena, &ids, &count, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		const struct blind_known *known = find_known(look, ids[i]);

		if (!known || !known->is_over) {
			return 0;
		}
	}
	return 1;
}

static int take(struct store_tx *tx, struct blind_look *look, size_t lane,
	const struct outbox_delivery *delivery, struct err *err)
{
	struct lane *own = &look->lanes->items[lane];
	const struct blind_known *known = find_known(look, delivery->id);
	_cleanup_(message_freep) struct message *message = NULL;
	const struct message_spec spec = {.settings = look->settings,
		.delivery = delivery,
		.receiver = own->receiver,
		.now_ms = look->now_ms};
	struct err why = {0};
	bool is_doubtful = false;

	if (message_load(tx, &spec, &message, &why) < 0) {
		if (why.code == ERR_NOT_FOUND || why.code == ERR_INPUT) {
			return 0; /* for when it can be written down */
		}
		*err = why;
		return -1;
	}
	if (outbox_is_doubtful(tx, delivery->id, &is_doubtful, err) < 0) {
		return -1;
	}
	message->notification.may_be_repeat = is_doubtful || (known && known->may_have_arrived);
	message->lease_ms = INT64_MAX;
	lane_take(own, look->now_ms);
	look->rooms[lane]--;
	*VEC_PUSH_IN(look->arena, look, messages) = TAKE(message);
	return 0;
}

static bool is_full(const struct blind_look *look, size_t lane)
{
	return look->rooms[lane] <= 0 || lane_bears(&look->lanes->items[lane], look->now_ms) <= 0;
}

static int look_at(struct store_tx *tx, struct blind_look *look, size_t lane,
	const struct outbox_delivery *delivery, struct err *err)
{
	const struct blind_known *known = find_known(look, delivery->id);
	int is_turn;

	if ((known && (known->next_ms == 0 || known->next_ms > look->now_ms)) ||
		delivery->expires_ms <= look->now_ms || !is_certain(delivery)) {
		return 0;
	}
	is_turn = is_its_turn(tx, look, delivery, err);
	return is_turn > 0 ? take(tx, look, lane, delivery, err) : is_turn;
}

static int look_at_severity(struct store_tx *tx, struct blind_look *look, size_t lane,
	enum severity severity, struct err *err)
{
	struct outbox_due due = {.receiver = look->lanes->items[lane].receiver->name,
		.severity = severity,
		.alert_id = look->only_alert_id,
		.now_ms = look->now_ms,
		.limit = BATCH};
	bool is_last = false;

	while (!is_last && !is_full(look, lane)) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct outbox_list list;

		if (outbox_due(tx, &due, arena, &list, err) < 0) {
			return -1;
		}
		for (size_t i = 0; i < list.items_count && !is_full(look, lane); i++) {
			if (look_at(tx, look, lane, &list.items[i], err) < 0) {
				return -1;
			}
			due.after_due_ms = list.items[i].due_ms;
			due.after_id = list.items[i].id;
		}
		is_last = list.items_count < BATCH;
	}
	return 0;
}

int blind_look_run(struct store_tx *tx, struct blind_look *look, struct err *err)
{
	look->arena = arena_new();
	sort_known(look);
	if (read_lanes(tx, look, err) < 0) {
		return -1;
	}
	for (size_t lane = 0; lane < look->lanes->count; lane++) {
		for (int severity = SEVERITY_COUNT - 1; severity >= 0; severity--) {
			if (look_at_severity(tx, look, lane, (enum severity)severity, err) < 0) {
				return -1;
			}
		}
	}
	return 0;
}

void blind_look_release(struct blind_look *look)
{
	for (size_t i = 0; i < look->messages_count; i++) {
		message_free(look->messages[i]);
	}
	look->messages_count = 0;
	arena_free(look->arena);
	look->arena = NULL;
}

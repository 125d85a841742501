/*
 * A queue and some slots for each receiver.  See sender.h.
 */
#include "alert/sender.h"

#include <sys/random.h>

#include <assert.h>
#include <stdlib.h>

#include "alert/lane.h"
#include "base/alloc.h"
#include "base/time.h"
#include "base/vec.h"

enum {
	UNDER_WAY_MAX = 64, /* of all receivers */
	IN_HAND_MAX = 128,
};

/* A message, until something has come of it. */
struct carriage {
	struct sender *sender;
	struct carriage *next;
	struct queue *queue;
	struct message *message;
	struct notify_run *run;
	int64_t started_ms;
};

struct queue {
	const struct receiver *receiver;
	int64_t slots, hand; /* its share of what may be sent, and be in hand, at a time */
	struct carriage *first, **last; /* to be sent */
	struct carriage *under_way;     /* a list */
	int64_t under_way_count;
	int64_t in_hand;
	int64_t throttled;
};

struct sender {
	struct sender_options options;
	struct queue *queues;
	size_t queues_count;
	struct sent_list ended;
};

/* --- What came of them --- */

void sent_list_init(struct sent_list *list)
{
	*list = (struct sent_list){.last = &list->first};
}

void sent_list_append(struct sent_list *list, struct sent_list *from)
{
	if (from->first) {
		*list->last = from->first;
		list->last = from->last;
		list->count += from->count;
		sent_list_init(from);
	}
}

void sent_list_clear(struct sent_list *list)
{
	while (list->first) {
		struct sent *sent = list->first;

		list->first = sent->next;
		arena_free(sent->arena);
	}
	sent_list_init(list);
}

static uint32_t random_bits(void)
{
	uint32_t bits = 0;

	/* So few cannot fail once the system is up, and if they did, a pause would be short. */
	(void)!getrandom(&bits, sizeof(bits), 0);
	return bits;
}

static struct sent *sent_new(const struct carriage *carriage)
{
	struct arena *arena = arena_new();
	struct sent *sent = arena_alloc(arena, sizeof(*sent));

	*sent = (struct sent){
		.arena = arena,
		.outcome = {.delivery = message_copy_delivery(arena, &carriage->message->delivery),
			.attempt_id = carriage->message->attempt_id,
			.owner_id = carriage->message->owner_id,
			.started_ms = carriage->started_ms,
			.random = random_bits()},
	};
	return sent;
}

static void take_result(struct sent *sent, const struct carriage *carriage)
{
	struct outcome *outcome = &sent->outcome;

	outcome->is_tried = true;
	outcome->ended_ms = time_wall_ms();
	outcome->result = carriage->run->result;
	outcome->result.text = arena_strdup(sent->arena, outcome->result.text);
	outcome->result.body = arena_strdup(sent->arena, outcome->result.body);
	outcome->next_ms = outcome_next_ms(outcome, carriage->queue->throttled);
}

/* --- Messages --- */

static void carriage_free(struct carriage *carriage)
{
	notify_run_free(&carriage->run);
	message_free(carriage->message);
	free(carriage);
}

static struct carriage *queue_pop(struct queue *queue)
{
	struct carriage *carriage = queue->first;

	if (carriage) {
		queue->first = carriage->next;
		if (!queue->first) {
			queue->last = &queue->first;
		}
	}
	return carriage;
}

static void under_way_remove(struct queue *queue, struct carriage *carriage)
{
	struct carriage **at = &queue->under_way;

	while (*at != carriage) {
		at = &(*at)->next;
	}
	*at = carriage->next;
	queue->under_way_count--;
}

static void carriage_end(struct carriage *carriage, struct sent *sent)
{
	struct sender *sender = carriage->sender;

	carriage->queue->in_hand--;
	carriage_free(carriage);
	*sender->ended.last = sent;
	sender->ended.last = &sent->next;
	sender->ended.count++;
	sender->options.ended(sender->options.ended_arg);
}

static void hand_back(struct queue *queue)
{
	for (struct carriage *carriage = queue_pop(queue); carriage; carriage = queue_pop(queue)) {
		carriage_end(carriage, sent_new(carriage));
	}
}

static void start_queued(struct queue *queue);

static void run_ended(void *arg, struct notify_run *run)
{
	struct carriage *carriage = arg;
	const struct sender_options *options = &carriage->sender->options;
	struct queue *queue = carriage->queue;
	struct sent *sent = sent_new(carriage);
	enum delivery_outcome outcome;

	assert(run == carriage->run);
	take_result(sent, carriage);
	outcome = sent->outcome.result.outcome;
	under_way_remove(queue, carriage);
	if (options->attempted) {
		options->attempted(options->attempted_arg, queue->receiver,
			&carriage->message->notification, &sent->outcome.result,
			sent->outcome.next_ms);
	}
	carriage_end(carriage, sent);
	/* Nothing more for who wants nothing more. */
	if (outcome == DELIVERY_THROTTLED || outcome == DELIVERY_REFUSED) {
		hand_back(queue);
	}
	start_queued(queue);
}

static void carriage_start(struct carriage *carriage)
{
	struct queue *queue = carriage->queue;

	carriage->started_ms = time_wall_ms();
	carriage->next = queue->under_way;
	queue->under_way = carriage;
	queue->under_way_count++;
	carriage->run = notify_start(carriage->sender->options.env, queue->receiver,
		&carriage->message->notification, run_ended, carriage);
}

static void start_queued(struct queue *queue)
{
	while (queue->first && queue->under_way_count < queue->slots) {
		struct carriage *carriage = queue_pop(queue);

		if (carriage->message->lease_ms <= time_wall_ms()) {
			/* Somebody else may have it by now: we slept for too long. */
			carriage_end(carriage, sent_new(carriage));
		} else {
			carriage_start(carriage);
		}
	}
}

void sender_send(struct sender *sender, struct message *message)
{
	struct carriage *carriage = xcalloc(1, sizeof(*carriage));

	*carriage = (struct carriage){.sender = sender, .message = message};
	for (size_t i = 0; i < sender->queues_count; i++) {
		if (sender->queues[i].receiver == message->receiver) {
			carriage->queue = &sender->queues[i];
		}
	}
	assert(carriage->queue);
	*carriage->queue->last = carriage;
	carriage->queue->last = &carriage->next;
	carriage->queue->in_hand++;
	start_queued(carriage->queue);
}

void sender_hand_back(struct sender *sender)
{
	for (size_t i = 0; i < sender->queues_count; i++) {
		hand_back(&sender->queues[i]);
	}
}

/* --- Counting --- */

void sender_take_ended(struct sender *sender, struct sent_list *list)
{
	sent_list_append(list, &sender->ended);
}

void sender_set_throttled(struct sender *sender, size_t receiver, int64_t throttled)
{
	sender->queues[receiver].throttled = throttled;
}

int64_t sender_room(const struct sender *sender, size_t receiver)
{
	const struct queue *queue = &sender->queues[receiver];

	return queue->hand > queue->in_hand ? queue->hand - queue->in_hand : 0;
}

int64_t sender_in_hand(const struct sender *sender, size_t receiver)
{
	return sender->queues[receiver].in_hand;
}

int64_t sender_in_hand_of_all(const struct sender *sender)
{
	int64_t count = 0;

	for (size_t i = 0; i < sender->queues_count; i++) {
		count += sender->queues[i].in_hand;
	}
	return count;
}

int64_t sender_under_way(const struct sender *sender)
{
	int64_t count = 0;

	for (size_t i = 0; i < sender->queues_count; i++) {
		count += sender->queues[i].under_way_count;
	}
	return count;
}

struct ids {
	int64_t *items;
	size_t items_count, items_alloc;
};

static void add_ids(struct ids *ids, const struct carriage *first)
{
	for (const struct carriage *carriage = first; carriage; carriage = carriage->next) {
		*VEC_PUSH(ids, items) = carriage->message->delivery.id;
	}
}

size_t sender_list_ids(const struct sender *sender, int64_t **ret_ids)
{
	struct ids ids = {0};

	for (size_t i = 0; i < sender->queues_count; i++) {
		add_ids(&ids, sender->queues[i].first);
		add_ids(&ids, sender->queues[i].under_way);
	}
	*ret_ids = ids.items;
	return ids.items_count;
}

/* --- Life --- */

static int64_t share(int64_t wanted, int64_t all, int64_t count)
{
	const int64_t most = all / count > 1 ? all / count : 1;

	return wanted < most ? wanted : most;
}

/* With many receivers each gets less, so that none can keep the others from their turn. */
static void queue_init(struct queue *queue, const struct receiver *receiver, int64_t count)
{
	*queue = (struct queue){.receiver = receiver,
		.slots = share(lane_slots(receiver), UNDER_WAY_MAX, count),
		.hand = share(lane_hand(receiver), IN_HAND_MAX, count),
		.last = &queue->first};
}

struct sender *sender_new(const struct sender_options *options)
{
	const struct option_items *receivers = &options->settings->receivers;
	struct sender *sender = xcalloc(1, sizeof(*sender));

	sender->options = *options;
	sender->queues = xcalloc(receivers->count + 1, sizeof(*sender->queues));
	sender->queues_count = receivers->count;
	for (size_t i = 0; i < receivers->count; i++) {
		queue_init(&sender->queues[i], receivers->items[i], (int64_t)receivers->count);
	}
	sent_list_init(&sender->ended);
	return sender;
}

static void carriages_free(struct carriage *first)
{
	while (first) {
		struct carriage *carriage = first;

		first = carriage->next;
		carriage_free(carriage);
	}
}

void sender_free(struct sender **sender_ptr)
{
	struct sender *sender = TAKE(*sender_ptr);

	if (!sender) {
		return;
	}
	for (size_t i = 0; i < sender->queues_count; i++) {
		carriages_free(sender->queues[i].first);
		carriages_free(sender->queues[i].under_way);
	}
	sent_list_clear(&sender->ended);
	free(sender->queues);
	free(sender);
}

/*
 * The loop's side of delivering: sends what a look at the outbox has claimed, and makes the next
 * one.  See deliverer.h; what is decided in a look is in look.c and what it calls.
 *
 * One look is under way at a time, on the writer's thread.  It writes down what ended since the one
 * before and claims what there is room for, so that one sync serves many messages: the slower the
 * disk, the more of them.
 */
#include "alert/deliverer.h"

#include <sys/random.h>

#include <stdlib.h>

#include "alert/lane.h"
#include "alert/look.h"
#include "base/alloc.h"
#include "base/time.h"
#include "base/vec.h"

enum {
	FLYING_MAX = 64,   /* messages being sent, of all receivers */
	IN_HAND_MAX = 128, /* claimed */
	FOLLOW_MS = 1000,  /* how long what another process puts in may go unseen */
	SWEEP_MS = 10 * 1000,
	STORE_PAUSE_MS = 1000, /* before a store that failed is tried again */
};

enum carriage_state {
	CARRIAGE_QUEUED,
	CARRIAGE_FLYING,
	CARRIAGE_ENDED, /* its outcome is to be written down */
};

/* A message that has been claimed, until what came of it is written down. */
struct carriage {
	struct deliverer *deliverer;
	struct carriage *next;
	struct route_lane *lane;
	enum carriage_state state;
	struct message *message;
	struct notify_run *run;
	struct outcome outcome;
};

struct carriages {
	struct carriage *first, **last;
};

/* A receiver, as the loop sees it. */
struct route_lane {
	const struct receiver *receiver;
	int64_t slots, hand;     /* its share of what may be sent and claimed at a time */
	struct carriages queue;  /* claimed, to be sent */
	struct carriage *flying; /* a list */
	int64_t flying_count;
	int64_t in_hand;         /* all that is claimed, and not to be written down by a look */
	struct look_lane latest; /* of the latest look */
};

/* A look that is with the writer; outlives its deliverer if it has to. */
struct look_job {
	struct deliverer *deliverer; /* NULL: freed meanwhile */
	struct look look;
	struct look_lane *lanes;
	struct carriages ended; /* that it writes down */
	struct outcome *outcomes;
};

struct deliverer {
	struct deliverer_options options;
	struct route_lane *lanes;
	size_t lanes_count;
	struct carriages ended; /* outcomes to be written down */
	int64_t ended_count;
	int64_t flying_count, in_hand;
	struct look_job *job;
	struct deferred *turn;
	struct timer *timer;
	int64_t began_ms;            /* wall clock */
	int64_t looked_ms, swept_ms; /* monotonic */
	int64_t failed_ms;     /* monotonic: since when the store cannot be written; 0: it can */
	bool has_told_failure; /* of the store */
	bool is_awake;         /* something may be in the outbox that was not looked at */
	bool has_looked;
	bool is_stopping;
	struct deliverer_counts counts;
};

static void schedule(struct deliverer *deliverer);

static uint32_t random_bits(void)
{
	uint32_t bits = 0;

	/* So few cannot fail once the system is up, and if they did, a pause would be short. */
	(void)!getrandom(&bits, sizeof(bits), 0);
	return bits;
}

/* --- Carriages --- */

static void carriages_init(struct carriages *list)
{
	*list = (struct carriages){.last = &list->first};
}

static void carriages_push(struct carriages *list, struct carriage *carriage)
{
	carriage->next = NULL;
	*list->last = carriage;
	list->last = &carriage->next;
}

static struct carriage *carriages_pop(struct carriages *list)
{
	struct carriage *carriage = list->first;

	if (carriage) {
		list->first = carriage->next;
		if (!list->first) {
			list->last = &list->first;
		}
	}
	return carriage;
}

/* `from` is empty then. */
static void carriages_append(struct carriages *list, struct carriages *from)
{
	if (from->first) {
		*list->last = from->first;
		list->last = from->last;
		carriages_init(from);
	}
}

static void carriage_free(struct carriage *carriage)
{
	notify_run_free(&carriage->run);
	message_free(carriage->message);
	free(carriage);
}

static void carriages_clear(struct carriages *list)
{
	for (struct carriage *carriage = carriages_pop(list); carriage;
		carriage = carriages_pop(list)) {
		carriage_free(carriage);
	}
}

static void flying_remove(struct route_lane *lane, struct carriage *carriage)
{
	struct carriage **at = &lane->flying;

	while (*at != carriage) {
		at = &(*at)->next;
	}
	*at = carriage->next;
	lane->flying_count--;
}

/* It is no longer under way, and what came of it waits to be written down. */
static void carriage_end(struct carriage *carriage)
{
	struct deliverer *deliverer = carriage->deliverer;

	carriage->state = CARRIAGE_ENDED;
	carriage->lane->in_hand--;
	deliverer->in_hand--;
	carriages_push(&deliverer->ended, carriage);
	deliverer->ended_count++;
	schedule(deliverer);
}

/* --- Sending --- */

static void outcome_begin(struct carriage *carriage)
{
	const struct message *message = carriage->message;

	carriage->outcome = (struct outcome){
		.delivery = message->delivery,
		.attempt_id = message->attempt_id,
		.owner_id = message->owner_id,
		.started_ms = time_wall_ms(),
		.random = random_bits(),
	};
}

/* Claimed, and handed back as it was. */
static void hand_back_queue(struct route_lane *lane)
{
	for (struct carriage *carriage = carriages_pop(&lane->queue); carriage;
		carriage = carriages_pop(&lane->queue)) {
		outcome_begin(carriage);
		carriage_end(carriage);
	}
}

static void take_result(struct carriage *carriage)
{
	struct outcome *outcome = &carriage->outcome;
	const struct delivery_result *result = &carriage->run->result;
	struct arena *arena = carriage->message->arena;

	outcome->is_tried = true;
	outcome->ended_ms = time_wall_ms();
	outcome->result = *result;
	outcome->result.text = arena_strdup(arena, result->text);
	outcome->result.body = arena_strdup(arena, result->body);
	outcome->next_ms = outcome_next_ms(outcome, carriage->lane->latest.throttled);
}

static void start_queued(struct route_lane *lane);

static void run_ended(void *arg, struct notify_run *run)
{
	struct carriage *carriage = arg;
	struct deliverer *deliverer = carriage->deliverer;
	const struct deliverer_options *options = &deliverer->options;
	struct route_lane *lane = carriage->lane;

	take_result(carriage);
	notify_run_free(&run);
	carriage->run = NULL;
	flying_remove(lane, carriage);
	deliverer->flying_count--;
	carriage_end(carriage);
	if (options->attempted) {
		options->attempted(options->arg, lane->receiver, &carriage->message->notification,
			&carriage->outcome.result, carriage->outcome.next_ms);
	}
	/* Nothing more for who wants nothing more. */
	if (carriage->outcome.result.outcome == DELIVERY_THROTTLED ||
		carriage->outcome.result.outcome == DELIVERY_REFUSED) {
		hand_back_queue(lane);
	}
	start_queued(lane);
}

static void carriage_start(struct carriage *carriage)
{
	struct deliverer *deliverer = carriage->deliverer;
	struct route_lane *lane = carriage->lane;

	outcome_begin(carriage);
	carriage->state = CARRIAGE_FLYING;
	carriage->next = lane->flying;
	lane->flying = carriage;
	lane->flying_count++;
	deliverer->flying_count++;
	carriage->run = notify_start(deliverer->options.env, lane->receiver,
		&carriage->message->notification, run_ended, carriage);
}

static void start_queued(struct route_lane *lane)
{
	while (lane->queue.first && lane->flying_count < lane->slots) {
		struct carriage *carriage = lane->queue.first;

		(void)carriages_pop(&lane->queue);
		if (carriage->message->lease_ms <= time_wall_ms()) {
			/* Somebody may have it by now: we slept for too long. */
			outcome_begin(carriage);
			carriage_end(carriage);
		} else {
			carriage_start(carriage);
		}
	}
}

/* --- Looking --- */

static int64_t room_of(const struct route_lane *lane)
{
	return lane->hand > lane->in_hand ? lane->hand - lane->in_hand : 0;
}

static void job_free(struct look_job *job)
{
	look_release(&job->look);
	carriages_clear(&job->ended);
	free(job->lanes);
	free(job->outcomes);
	free(job);
}

static void take_outcomes(struct look_job *job, struct deliverer *deliverer)
{
	carriages_init(&job->ended);
	carriages_append(&job->ended, &deliverer->ended);
	job->outcomes = xcalloc((size_t)deliverer->ended_count + 1, sizeof(*job->outcomes));
	deliverer->ended_count = 0;
	for (struct carriage *carriage = job->ended.first; carriage; carriage = carriage->next) {
		job->outcomes[job->look.outcomes_count++] = carriage->outcome;
	}
	job->look.outcomes = job->outcomes;
}

static struct look_job *job_new(struct deliverer *deliverer)
{
	struct look_job *job = xcalloc(1, sizeof(*job));
	const int64_t mono_ms = time_mono_ms();

	job->deliverer = deliverer;
	job->lanes = xcalloc(deliverer->lanes_count + 1, sizeof(*job->lanes));
	for (size_t i = 0; i < deliverer->lanes_count; i++) {
		job->lanes[i].room = room_of(&deliverer->lanes[i]);
		job->lanes[i].in_hand = deliverer->lanes[i].in_hand;
	}
	job->look = (struct look){
		.settings = deliverer->options.settings,
		.now_ms = time_wall_ms(),
		.only_alert_id = deliverer->options.only_alert_id,
		.is_sweep = !deliverer->has_looked || mono_ms - deliverer->swept_ms >= SWEEP_MS,
		.is_stopping = deliverer->is_stopping,
		.lanes = job->lanes,
	};
	take_outcomes(job, deliverer);
	return job;
}

static int look_in_tx(struct store_tx *tx, void *arg, struct err *err)
{
	struct look_job *job = arg;

	return look_run(tx, &job->look, err);
}

static void look_done(void *arg, const struct err *err);

static void look_begin(struct deliverer *deliverer)
{
	deliverer->job = job_new(deliverer);
	deliverer->is_awake = false;
	deliverer->looked_ms = time_mono_ms();
	store_writer_post(deliverer->options.writer, look_in_tx, look_done, deliverer->job);
}

static void adopt(struct deliverer *deliverer, struct message *message)
{
	struct carriage *carriage = xcalloc(1, sizeof(*carriage));

	for (size_t i = 0; i < deliverer->lanes_count; i++) {
		if (deliverer->lanes[i].receiver == message->receiver) {
			carriage->lane = &deliverer->lanes[i];
		}
	}
	carriage->deliverer = deliverer;
	carriage->message = message;
	carriages_push(&carriage->lane->queue, carriage);
	carriage->lane->in_hand++;
	deliverer->in_hand++;
}

static void take_counts(struct deliverer *deliverer, const struct look *look)
{
	struct deliverer_counts *counts = &deliverer->counts;

	counts->delivered += look->delivered;
	counts->retried += look->retried;
	counts->dead += look->dead;
	counts->carried += look->carried;
	if (look->has_counted) {
		counts->waiting = look->waiting;
	}
	counts->next_due_ms = 0;
	for (size_t i = 0; i < deliverer->lanes_count; i++) {
		int64_t next_ms = look->lanes[i].next_ms;

		if (next_ms != 0 && (counts->next_due_ms == 0 || next_ms < counts->next_due_ms)) {
			counts->next_due_ms = next_ms;
		}
	}
}

static void look_succeeded(struct deliverer *deliverer, struct look *look)
{
	take_counts(deliverer, look);
	if (look->is_sweep) {
		deliverer->swept_ms = deliverer->looked_ms;
	}
	deliverer->has_looked = true;
	deliverer->failed_ms = 0;
	deliverer->has_told_failure = false;
	for (size_t i = 0; i < deliverer->lanes_count && !look->is_stopping; i++) {
		deliverer->lanes[i].latest = look->lanes[i];
	}
	for (size_t i = 0; i < look->messages_count; i++) {
		adopt(deliverer, look->messages[i]);
	}
	look->messages_count = 0;
	for (size_t i = 0; i < deliverer->lanes_count; i++) {
		if (deliverer->is_stopping) {
			hand_back_queue(&deliverer->lanes[i]);
		}
		start_queued(&deliverer->lanes[i]);
	}
}

/* What was to be written down still is, before what ended meanwhile. */
static void look_failed(struct deliverer *deliverer, struct look_job *job, const struct err *err)
{
	carriages_append(&job->ended, &deliverer->ended);
	deliverer->ended_count += (int64_t)job->look.outcomes_count;
	carriages_append(&deliverer->ended, &job->ended);
	deliverer->is_awake = true;
	deliverer->failed_ms = time_mono_ms();
	if (!deliverer->has_told_failure && deliverer->options.store_failed) {
		deliverer->has_told_failure = true;
		deliverer->options.store_failed(deliverer->options.arg, err);
	}
}

static void look_done(void *arg, const struct err *err)
{
	struct look_job *job = arg;
	struct deliverer *deliverer = job->deliverer;

	if (deliverer) {
		deliverer->job = NULL;
		if (err) {
			look_failed(deliverer, job, err);
		} else {
			look_succeeded(deliverer, &job->look);
		}
		schedule(deliverer);
	}
	job_free(job);
}

/* --- What to do next --- */

/* How long until a look is worth it, ms; -1: nothing is known that would make it so. */
static int64_t look_in_ms(const struct deliverer *deliverer)
{
	const int64_t wall_ms = time_wall_ms();
	const int64_t since_ms = time_mono_ms() - deliverer->looked_ms;
	int64_t in_ms = -1;

	if (deliverer->failed_ms != 0) {
		in_ms = STORE_PAUSE_MS - (time_mono_ms() - deliverer->failed_ms);
		return in_ms > 0 ? in_ms : 0;
	}
	if (deliverer->ended_count > 0 || (deliverer->is_awake && !deliverer->is_stopping)) {
		return 0;
	}
	if (deliverer->is_stopping) {
		return -1;
	}
	if (deliverer->options.follows) {
		in_ms = since_ms < FOLLOW_MS ? FOLLOW_MS - since_ms : 0;
	}
	for (size_t i = 0; i < deliverer->lanes_count; i++) {
		const struct route_lane *lane = &deliverer->lanes[i];
		const int64_t next_ms = lane->latest.next_ms;

		if (next_ms != 0 && room_of(lane) > 0) {
			const int64_t lane_in_ms = next_ms > wall_ms ? next_ms - wall_ms : 0;

			in_ms = in_ms < 0 || lane_in_ms < in_ms ? lane_in_ms : in_ms;
		}
	}
	return in_ms;
}

/* Nothing is due, and nothing will be that is worth waiting for. */
static bool is_idle(const struct deliverer *deliverer)
{
	const int64_t until_ms = deliverer->began_ms + deliverer->options.patience_ms;

	if (deliverer->in_hand > 0 || deliverer->ended_count > 0) {
		/* After stopping, a store that cannot be written is given one more try. */
		return deliverer->is_stopping && deliverer->flying_count == 0 &&
		       deliverer->failed_ms != 0;
	}
	if (deliverer->is_stopping) {
		return true;
	}
	if (deliverer->options.follows || deliverer->is_awake) {
		return false;
	}
	for (size_t i = 0; i < deliverer->lanes_count; i++) {
		const struct look_lane *lane = &deliverer->lanes[i].latest;

		if (lane->is_due || lane->has_more ||
			(lane->next_ms != 0 && lane->next_ms <= until_ms)) {
			return false;
		}
	}
	return true;
}

static void turn(void *arg)
{
	struct deliverer *deliverer = arg;
	int64_t in_ms;

	deliverer->turn = NULL;
	timer_stop(deliverer->timer);
	if (deliverer->job) {
		return; /* its end brings the next turn */
	}
	if (is_idle(deliverer)) {
		deliverer->options.idle(deliverer->options.arg);
		return;
	}
	in_ms = look_in_ms(deliverer);
	if (in_ms == 0) {
		look_begin(deliverer);
	} else if (in_ms > 0) {
		timer_set(deliverer->timer, in_ms);
	}
}

static void schedule(struct deliverer *deliverer)
{
	if (!deliverer->turn) {
		deliverer->turn = loop_defer(deliverer->options.env->loop, turn, deliverer);
	}
}

static void time_came(void *arg)
{
	schedule(arg);
}

/* --- Life --- */

static int64_t share(int64_t wanted, int64_t all, int64_t count)
{
	const int64_t most = all / count > 1 ? all / count : 1;

	return wanted < most ? wanted : most;
}

/* With many receivers each gets less, so that none can keep the others from their turn. */
static void lane_init(struct route_lane *lane, const struct receiver *receiver, int64_t count)
{
	lane->receiver = receiver;
	lane->slots = share(lane_slots(receiver), FLYING_MAX, count);
	lane->hand = share(lane_hand(receiver), IN_HAND_MAX, count);
	carriages_init(&lane->queue);
}

struct deliverer *deliverer_new(const struct deliverer_options *options)
{
	const struct option_items *receivers = &options->settings->receivers;
	struct deliverer *deliverer = xcalloc(1, sizeof(*deliverer));

	deliverer->options = *options;
	deliverer->lanes = xcalloc(receivers->count + 1, sizeof(*deliverer->lanes));
	deliverer->lanes_count = receivers->count;
	for (size_t i = 0; i < receivers->count; i++) {
		lane_init(&deliverer->lanes[i], receivers->items[i], (int64_t)receivers->count);
	}
	carriages_init(&deliverer->ended);
	deliverer->timer = timer_new(options->env->loop, time_came, deliverer);
	deliverer->began_ms = time_wall_ms();
	deliverer->is_awake = true;
	schedule(deliverer);
	return deliverer;
}

void deliverer_free(struct deliverer **deliverer_ptr)
{
	struct deliverer *deliverer = TAKE(*deliverer_ptr);

	if (!deliverer) {
		return;
	}
	if (deliverer->job) {
		deliverer->job->deliverer = NULL;
	}
	for (size_t i = 0; i < deliverer->lanes_count; i++) {
		struct route_lane *lane = &deliverer->lanes[i];

		while (lane->flying) {
			struct carriage *carriage = lane->flying;

			lane->flying = carriage->next;
			carriage_free(carriage);
		}
		carriages_clear(&lane->queue);
	}
	carriages_clear(&deliverer->ended);
	deferred_free(&deliverer->turn);
	timer_free(&deliverer->timer);
	free(deliverer->lanes);
	free(deliverer);
}

void deliverer_wake(struct deliverer *deliverer)
{
	deliverer->is_awake = true;
	schedule(deliverer);
}

void deliverer_finish(struct deliverer *deliverer)
{
	deliverer->options.follows = false;
	deliverer->began_ms = time_wall_ms();
	deliverer->is_awake = true;
	schedule(deliverer);
}

void deliverer_stop(struct deliverer *deliverer)
{
	deliverer->is_stopping = true;
	deliverer->failed_ms = 0; /* once more, at once */
	for (size_t i = 0; i < deliverer->lanes_count; i++) {
		hand_back_queue(&deliverer->lanes[i]);
	}
	schedule(deliverer);
}

static int64_t count_tried(const struct carriages *list)
{
	int64_t count = 0;

	for (const struct carriage *carriage = list->first; carriage; carriage = carriage->next) {
		count += carriage->outcome.is_tried;
	}
	return count;
}

void deliverer_get_counts(const struct deliverer *deliverer, struct deliverer_counts *ret_counts)
{
	*ret_counts = deliverer->counts;
	ret_counts->unwritten = count_tried(&deliverer->ended);
	if (deliverer->job) {
		ret_counts->unwritten += count_tried(&deliverer->job->ended);
	}
}

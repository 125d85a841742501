/*
 * When to look at the outbox, and what to do with what was found.  See deliverer.h; what is decided
 * in a look is in look.c and what it calls, sending is in sender.c.
 *
 * One look is under way at a time, on the writer's thread.  It writes down what ended since the one
 * before and claims what there is room for, so that one sync serves many messages: the slower the
 * disk, the more of them.
 *
 * While the store cannot be written (a full disk), looks fail, and in between blind ones are made:
 * what is due is sent without having been claimed, and what came of it waits to be written down.
 */
#include "alert/deliverer.h"

#include <stdlib.h>

#include "alert/blind_look.h"
#include "alert/delivery_lock.h"
#include "alert/look.h"
#include "alert/sender.h"
#include "base/alloc.h"
#include "base/time.h"
#include "base/vec.h"

enum {
	FOLLOW_MS = 1000, /* how long what another process puts in may go unseen */
	SWEEP_MS = 10 * 1000,
	STORE_PAUSE_MS = 1000,         /* before a store that failed is tried again */
	STORE_PATIENCE_MS = 10 * 1000, /* before one that has nothing else to do gives it up */
	UNWRITTEN_MAX = 5000,          /* results that are kept in memory */
};

/* A look that is with the writer; outlives its deliverer if it has to. */
struct look_job {
	struct deliverer *deliverer; /* NULL: freed meanwhile */
	struct look look;
	struct look_lane *lanes;
	struct sent_list written; /* what it writes down */
	struct outcome *outcomes;
};

struct blind_job {
	struct deliverer *deliverer; /* NULL: freed meanwhile */
	struct blind_look look;
	struct blind_lanes lanes; /* the deliverer's, meanwhile */
};

struct deliverer {
	struct deliverer_options options;
	struct sender *sender;
	struct delivery_lock *lock;
	struct look_lane *lanes; /* as of the latest look */
	size_t lanes_count;
	struct sent_list unwritten; /* what a look is to write down */
	struct look_job *job;
	struct blind_job *blind_job;
	struct deferred *turn;
	struct timer *timer;
	int64_t began_ms;            /* wall clock */
	int64_t looked_ms, swept_ms; /* monotonic */
	int64_t failed_ms;           /* monotonic, of the latest look; 0: it did not fail */
	int64_t failing_ms;          /* monotonic: since when they do; 0: they do not */
	struct blind_lanes blind_lanes;
	int64_t blind_count; /* messages sent without having been claimed, and not written down */
	bool is_blind;       /* what is due is sent although nothing can be written */
	bool wants_blind;    /* there may be something to send so */
	bool is_awake;       /* something may be in the outbox that was not looked at */
	bool has_looked;
	bool is_stopping;
	struct deliverer_counts counts;
};

static void schedule(struct deliverer *deliverer);

/* Not while a blind look is under way: it has the lanes. */
static void take_ended(struct deliverer *deliverer)
{
	struct sent_list ended;

	sent_list_init(&ended);
	sender_take_ended(deliverer->sender, &ended);
	for (const struct sent *sent = ended.first; sent; sent = sent->next) {
		blind_lanes_note(&deliverer->blind_lanes, &sent->outcome);
		deliverer->wants_blind = true;
	}
	sent_list_append(&deliverer->unwritten, &ended);
}

static void something_ended(void *arg)
{
	schedule(arg);
}

/* --- Looking --- */

static void job_free(struct look_job *job)
{
	look_release(&job->look);
	sent_list_clear(&job->written);
	free(job->lanes);
	free(job->outcomes);
	free(job);
}

static int64_t count_blind(const struct sent_list *list)
{
	int64_t count = 0;

	for (const struct sent *sent = list->first; sent; sent = sent->next) {
		count += sent->outcome.attempt_id == 0;
	}
	return count;
}

/* What was sent without having been claimed still waits, as far as the store knows. */
static bool may_claim(const struct deliverer *deliverer)
{
	return !deliverer->is_stopping &&
	       deliverer->blind_count == count_blind(&deliverer->unwritten) &&
	       delivery_lock_share(deliverer->lock);
}

static struct look_job *job_new(struct deliverer *deliverer)
{
	struct look_job *job = xcalloc(1, sizeof(*job));
	const int64_t mono_ms = time_mono_ms();

	job->deliverer = deliverer;
	job->lanes = xcalloc(deliverer->lanes_count + 1, sizeof(*job->lanes));
	for (size_t i = 0; i < deliverer->lanes_count; i++) {
		job->lanes[i].room = sender_room(deliverer->sender, i);
		job->lanes[i].in_hand = sender_in_hand(deliverer->sender, i);
	}
	job->look = (struct look){
		.settings = deliverer->options.settings,
		.now_ms = time_wall_ms(),
		.only_alert_id = deliverer->options.only_alert_id,
		.is_sweep = !deliverer->has_looked || mono_ms - deliverer->swept_ms >= SWEEP_MS,
		.is_stopping = !may_claim(deliverer),
		.lanes = job->lanes,
	};
	sent_list_init(&job->written);
	sent_list_append(&job->written, &deliverer->unwritten);
	job->outcomes = xcalloc(job->written.count + 1, sizeof(*job->outcomes));
	for (const struct sent *sent = job->written.first; sent; sent = sent->next) {
		job->outcomes[job->look.outcomes_count++] = sent->outcome;
	}
	job->look.outcomes = job->outcomes;
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

/* The store can be written again. */
static void end_failing(struct deliverer *deliverer, const struct look_job *job)
{
	deliverer->failed_ms = 0;
	deliverer->failing_ms = 0;
	deliverer->is_blind = false;
	deliverer->blind_count -= count_blind(&job->written);
	if (deliverer->blind_count > 0) {
		deliverer->is_awake = true; /* once those are written down, too */
		return;
	}
	blind_lanes_release(&deliverer->blind_lanes);
	delivery_lock_release(deliverer->lock);
}

static void look_succeeded(struct deliverer *deliverer, struct look_job *job)
{
	struct look *look = &job->look;

	end_failing(deliverer, job);
	take_counts(deliverer, look);
	if (look->is_sweep) {
		deliverer->swept_ms = deliverer->looked_ms;
	}
	deliverer->has_looked = true;
	for (size_t i = 0; i < deliverer->lanes_count; i++) {
		deliverer->lanes[i] = look->lanes[i];
		sender_set_throttled(deliverer->sender, i, look->lanes[i].throttled);
	}
	for (size_t i = 0; i < look->messages_count; i++) {
		sender_send(deliverer->sender, look->messages[i]);
	}
	look->messages_count = 0;
	if (deliverer->is_stopping) {
		sender_hand_back(deliverer->sender);
	}
}

/* Reading may still work where writing does not. */
static bool may_be_read(const struct err *err)
{
	return err->code == ERR_LIMIT || err->code == ERR_PERMISSION || err->code == ERR_SYSTEM;
}

/* What was to be written down still is, before what ended meanwhile. */
static void look_failed(struct deliverer *deliverer, struct look_job *job, const struct err *err)
{
	const struct deliverer_options *options = &deliverer->options;
	struct sent_list later;

	sent_list_init(&later);
	sent_list_append(&later, &deliverer->unwritten);
	sent_list_append(&deliverer->unwritten, &job->written);
	sent_list_append(&deliverer->unwritten, &later);
	deliverer->is_awake = true;
	deliverer->failed_ms = time_mono_ms();
	if (!delivery_lock_is_own(deliverer->lock)) {
		delivery_lock_release(deliverer->lock);
	}
	deliverer->is_blind = may_be_read(err);
	deliverer->wants_blind = true;
	if (deliverer->failing_ms == 0) {
		deliverer->failing_ms = deliverer->failed_ms;
		if (options->store_failed) {
			options->store_failed(options->arg, err);
		}
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
			look_succeeded(deliverer, job);
		}
		schedule(deliverer);
	}
	job_free(job);
}

/* --- Looking at what cannot be written --- */

static void blind_job_free(struct blind_job *job)
{
	blind_look_release(&job->look);
	blind_lanes_release(&job->lanes);
	free(job->look.known);
	free(job->look.rooms);
	free(job);
}

/* What of the store is not true any more. */
static void list_known(const struct deliverer *deliverer, struct blind_look *look)
{
	int64_t *in_hand = NULL;
	const size_t in_hand_count = sender_list_ids(deliverer->sender, &in_hand);

	look->known = xcalloc(deliverer->unwritten.count + in_hand_count + 1, sizeof(*look->known));
	for (const struct sent *sent = deliverer->unwritten.first; sent; sent = sent->next) {
		const struct outcome *outcome = &sent->outcome;
		const bool is_tried = outcome->is_tried;

		/* What was claimed stays claimed until it can be written. */
		look->known[look->known_count++] = (struct blind_known){.id = outcome->delivery.id,
			.is_over = is_tried && outcome->result.outcome == DELIVERY_ARRIVED,
			.may_have_arrived = is_tried && outcome->result.may_have_arrived,
			.next_ms = is_tried ? outcome->next_ms : 1};
	}
	for (size_t i = 0; i < in_hand_count; i++) {
		look->known[look->known_count++] = (struct blind_known){.id = in_hand[i]};
	}
	free(in_hand);
}

static struct blind_job *blind_job_new(struct deliverer *deliverer)
{
	struct blind_job *job = xcalloc(1, sizeof(*job));

	job->deliverer = deliverer;
	job->lanes = deliverer->blind_lanes;
	deliverer->blind_lanes = (struct blind_lanes){0};
	job->look = (struct blind_look){
		.settings = deliverer->options.settings,
		.now_ms = time_wall_ms(),
		.only_alert_id = deliverer->options.only_alert_id,
		.lanes = &job->lanes,
		.rooms = xcalloc(deliverer->lanes_count + 1, sizeof(int64_t)),
	};
	for (size_t i = 0; i < deliverer->lanes_count; i++) {
		job->look.rooms[i] = sender_room(deliverer->sender, i);
	}
	list_known(deliverer, &job->look);
	return job;
}

static int blind_in_tx(struct store_tx *tx, void *arg, struct err *err)
{
	struct blind_job *job = arg;

	return blind_look_run(tx, &job->look, err);
}

static void send_blind(struct deliverer *deliverer, struct blind_look *look)
{
	deliverer->blind_count += (int64_t)look->messages_count;
	for (size_t i = 0; i < look->messages_count; i++) {
		sender_send(deliverer->sender, look->messages[i]);
	}
	look->messages_count = 0;
}

static void blind_done(void *arg, const struct err *err)
{
	struct blind_job *job = arg;
	struct deliverer *deliverer = job->deliverer;

	if (deliverer) {
		deliverer->blind_job = NULL;
		deliverer->blind_lanes = job->lanes;
		job->lanes = (struct blind_lanes){0};
		if (!err) {
			send_blind(deliverer, &job->look);
		}
		if (deliverer->is_stopping) {
			sender_hand_back(deliverer->sender);
		}
		schedule(deliverer);
	}
	blind_job_free(job);
}

static void blind_begin(struct deliverer *deliverer)
{
	deliverer->wants_blind = false;
	if (deliverer->unwritten.count >= UNWRITTEN_MAX || deliverer->is_stopping ||
		!delivery_lock_own(deliverer->lock)) {
		schedule(deliverer);
		return;
	}
	deliverer->blind_job = blind_job_new(deliverer);
	store_writer_read(deliverer->options.writer, blind_in_tx, blind_done, deliverer->blind_job);
}

/* --- What to do next --- */

static int64_t min_ms(int64_t a_ms, int64_t b_ms)
{
	return a_ms < 0 || b_ms < a_ms ? b_ms : a_ms;
}

/* How long until a look is worth it, ms; -1: nothing is known that would make it so. */
static int64_t look_in_ms(const struct deliverer *deliverer)
{
	const int64_t wall_ms = time_wall_ms(), mono_ms = time_mono_ms();
	const int64_t since_ms = mono_ms - deliverer->looked_ms;
	int64_t in_ms = -1;

	if (deliverer->failed_ms != 0) {
		in_ms = STORE_PAUSE_MS - (mono_ms - deliverer->failed_ms);
		return in_ms > 0 ? in_ms : 0;
	}
	if (deliverer->unwritten.count > 0) {
		return 0;
	}
	if (deliverer->is_stopping || deliverer->blind_count > 0) {
		return -1; /* what is under way brings the next turn */
	}
	if (deliverer->is_awake) {
		return 0;
	}
	if (deliverer->options.follows) {
		in_ms = since_ms < FOLLOW_MS ? FOLLOW_MS - since_ms : 0;
	}
	for (size_t i = 0; i < deliverer->lanes_count; i++) {
		const int64_t next_ms = deliverer->lanes[i].next_ms;

		if (next_ms != 0 && sender_room(deliverer->sender, i) > 0) {
			in_ms = min_ms(in_ms, next_ms > wall_ms ? next_ms - wall_ms : 0);
		}
	}
	return in_ms;
}

static bool is_something_due(const struct deliverer *deliverer)
{
	const int64_t until_ms = deliverer->began_ms + deliverer->options.patience_ms;

	for (size_t i = 0; i < deliverer->lanes_count; i++) {
		const struct look_lane *lane = &deliverer->lanes[i];

		if (lane->is_due || lane->has_more ||
			(lane->next_ms != 0 && lane->next_ms <= until_ms)) {
			return true;
		}
	}
	return false;
}

/* Nothing is due, and nothing will be that is worth waiting for. */
static bool is_idle(const struct deliverer *deliverer)
{
	if (sender_in_hand_of_all(deliverer->sender) > 0) {
		return false;
	}
	if (deliverer->failed_ms != 0) {
		/* After stopping, a store that cannot be written has been given one more try. */
		return deliverer->is_stopping ||
		       (!deliverer->options.follows &&
			       time_mono_ms() - deliverer->failing_ms >= STORE_PATIENCE_MS);
	}
	if (deliverer->unwritten.count > 0) {
		return false;
	}
	if (deliverer->is_stopping) {
		return true;
	}
	return !deliverer->options.follows && !deliverer->is_awake && !is_something_due(deliverer);
}

static void turn(void *arg)
{
	struct deliverer *deliverer = arg;
	int64_t in_ms;

	deliverer->turn = NULL;
	timer_stop(deliverer->timer);
	if (deliverer->job || deliverer->blind_job) {
		return; /* its end brings the next turn */
	}
	take_ended(deliverer);
	if (is_idle(deliverer)) {
		deliverer->options.idle(deliverer->options.arg);
		return;
	}
	in_ms = look_in_ms(deliverer);
	if (in_ms == 0) {
		look_begin(deliverer);
	} else if (deliverer->is_blind && deliverer->wants_blind) {
		blind_begin(deliverer);
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

struct deliverer *deliverer_new(const struct deliverer_options *options)
{
	struct deliverer *deliverer = xcalloc(1, sizeof(*deliverer));
	const struct sender_options sender = {
		.env = options->env,
		.settings = options->settings,
		.attempted = options->attempted,
		.attempted_arg = options->arg,
		.ended = something_ended,
		.ended_arg = deliverer,
	};

	deliverer->options = *options;
	deliverer->sender = sender_new(&sender);
	deliverer->lock = delivery_lock_new(store_writer_path(options->writer));
	deliverer->lanes_count = options->settings->receivers.count;
	deliverer->lanes = xcalloc(deliverer->lanes_count + 1, sizeof(*deliverer->lanes));
	sent_list_init(&deliverer->unwritten);
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
	if (deliverer->blind_job) {
		deliverer->blind_job->deliverer = NULL;
	}
	sender_free(&deliverer->sender);
	sent_list_clear(&deliverer->unwritten);
	blind_lanes_release(&deliverer->blind_lanes);
	delivery_lock_free(&deliverer->lock);
	deferred_free(&deliverer->turn);
	timer_free(&deliverer->timer);
	free(deliverer->lanes);
	free(deliverer);
}

void deliverer_wake(struct deliverer *deliverer)
{
	deliverer->is_awake = true;
	deliverer->wants_blind = true;
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
	sender_hand_back(deliverer->sender);
	schedule(deliverer);
}

static int64_t count_tried(const struct sent_list *list)
{
	int64_t count = 0;

	for (const struct sent *sent = list->first; sent; sent = sent->next) {
		count += sent->outcome.is_tried;
	}
	return count;
}

void deliverer_get_counts(const struct deliverer *deliverer, struct deliverer_counts *ret_counts)
{
	*ret_counts = deliverer->counts;
	ret_counts->unwritten = count_tried(&deliverer->unwritten);
	if (deliverer->job) {
		ret_counts->unwritten += count_tried(&deliverer->job->written);
	}
}

/*
 * Runs many checks once.  See check_batch.h.
 *
 * Kinds that load this machine (plugins) have a limit of their own, so there is one queue for each
 * kind; a slot that comes free is offered to the queues in turn.  Starting is paced: a few checks
 * for each turn of the loop, so that the ones that run are not kept waiting.
 */
#include "check/check_batch.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/time.h"
#include "base/vec.h"

enum { STARTS_PER_TURN = 64 };

enum slot_state {
	SLOT_QUEUED,
	SLOT_RUNNING,
	SLOT_PAUSED, /* between two attempts */
	SLOT_DONE,
};

struct slot {
	struct check_batch *batch;
	enum slot_state state;
	int attempts;
	struct check_run *run;
	struct timer *pause;
	struct check_result last; /* of the attempt before a pause */
};

/* The checks of one kind that have not been started, in order. */
struct queue {
	const struct check_kind *kind;
	size_t *indexes;
	size_t indexes_count, indexes_alloc;
	size_t next;
	size_t running;
};

struct check_batch {
	struct check_batch_spec spec;
	struct slot *slots;
	struct queue *queues;
	size_t queues_count, queues_alloc;
	size_t running;
	size_t done_count;
	struct timer *starter;
	struct deferred *ending;
	const char *stop_reason; /* NULL: not stopped */
};

static void batch_ended(void *arg)
{
	struct check_batch *batch = arg;

	batch->ending = NULL;
	batch->spec.done(batch->spec.arg);
}

static struct queue *queue_find_or_add(struct check_batch *batch, const struct check_kind *kind)
{
	struct queue *queue;

	for (size_t i = 0; i < batch->queues_count; i++) {
		if (batch->queues[i].kind == kind) {
			return &batch->queues[i];
		}
	}
	queue = VEC_PUSH(batch, queues);
	queue->kind = kind;
	return queue;
}

static void slot_end(struct slot *slot, struct check_result *result)
{
	struct check_batch *batch = slot->batch;

	slot->state = SLOT_DONE;
	result->attempts = slot->attempts;
	batch->done_count++;
	batch->spec.result(batch->spec.arg, (size_t)(slot - batch->slots), result);
	if (batch->done_count == batch->spec.checks_count) {
		batch->ending = loop_defer(batch->spec.env->loop, batch_ended, batch);
	}
}

/* Another attempt can change it: not where the fault is ours, and a warning is no failure. */
static bool is_worth_another_attempt(
	const struct slot *slot, const struct check *check, const struct check_result *result)
{
	if (slot->batch->stop_reason || slot->attempts >= check->attempts) {
		return false;
	}
	if (result->code == CODE_LOCAL_ERROR || result->code == CODE_EXEC_FAILED) {
		return false;
	}
	return result->state == CHECK_CRITICAL || result->state == CHECK_UNKNOWN;
}

static void slot_run(struct slot *slot);

static void slot_pause_over(void *arg)
{
	struct slot *slot = arg;

	timer_free(&slot->pause);
	arena_free(slot->last.arena);
	slot->last = (struct check_result){0};
	slot_run(slot);
}

static void slot_run_done(void *arg, struct check_run *run)
{
	struct slot *slot = arg;
	struct check_batch *batch = slot->batch;
	const struct check *check = run->check;
	struct check_result result;

	check_run_take_result(run, &result);
	check_run_free(&slot->run);
	if (is_worth_another_attempt(slot, check, &result)) {
		/* It keeps its place among the running ones, so that it is not overtaken. */
		slot->state = SLOT_PAUSED;
		slot->last = result;
		slot->pause = timer_add(
			batch->spec.env->loop, batch->spec.attempt_pause_ms, slot_pause_over, slot);
		return;
	}
	batch->running--;
	queue_find_or_add(batch, check->kind)->running--;
	slot_end(slot, &result);
	timer_set(batch->starter, 0);
}

static void slot_run(struct slot *slot)
{
	struct check_batch *batch = slot->batch;

	slot->state = SLOT_RUNNING;
	slot->attempts++;
	slot->run = check_run_start(
		batch->spec.env, batch->spec.checks[slot - batch->slots], slot_run_done, slot);
}

static bool queue_is_ready(const struct queue *queue)
{
	size_t max = queue->kind->max_at_once;

	return queue->next < queue->indexes_count && (max == 0 || queue->running < max);
}

static bool start_one(struct check_batch *batch, struct queue *queue)
{
	if (batch->running >= batch->spec.workers || !queue_is_ready(queue)) {
		return false;
	}
	batch->running++;
	queue->running++;
	slot_run(&batch->slots[queue->indexes[queue->next++]]);
	return true;
}

static void batch_start_some(void *arg)
{
	struct check_batch *batch = arg;
	size_t started = 0;
	bool is_any = true;

	while (is_any && started < STARTS_PER_TURN && !batch->stop_reason) {
		is_any = false;
		for (size_t i = 0; i < batch->queues_count; i++) {
			if (start_one(batch, &batch->queues[i])) {
				is_any = true;
				started++;
			}
		}
	}
	if (is_any && !batch->stop_reason) {
		timer_set(batch->starter, 0);
	}
}

static void make_queues(struct check_batch *batch)
{
	for (size_t i = 0; i < batch->spec.checks_count; i++) {
		struct queue *queue = queue_find_or_add(batch, batch->spec.checks[i]->kind);

		*VEC_PUSH(queue, indexes) = i;
	}
}

struct check_batch *check_batch_start(const struct check_batch_spec *spec)
{
	struct check_batch *batch = xcalloc(1, sizeof(*batch));

	assert(spec->workers > 0);
	batch->spec = *spec;
	batch->slots = xcalloc(spec->checks_count, sizeof(*batch->slots));
	for (size_t i = 0; i < spec->checks_count; i++) {
		batch->slots[i].batch = batch;
	}
	make_queues(batch);
	batch->starter = timer_add(spec->env->loop, 0, batch_start_some, batch);
	if (spec->checks_count == 0) {
		batch->ending = loop_defer(spec->env->loop, batch_ended, batch);
	}
	return batch;
}

static void slot_not_started(struct slot *slot, const char *why)
{
	struct check_result result = {
		.arena = arena_new(),
		.state = CHECK_UNKNOWN,
		.code = CODE_NOT_STARTED,
		.started_wall_ms = time_wall_ms(),
	};

	result.message = arena_printf(result.arena, "not started: %s", why);
	slot_end(slot, &result);
}

static void slot_stop(struct slot *slot, const char *why)
{
	switch (slot->state) {
	case SLOT_QUEUED:
		slot_not_started(slot, why);
		break;
	case SLOT_RUNNING:
		check_run_interrupt(slot->run, why);
		break;
	case SLOT_PAUSED: {
		struct check_result result = slot->last;

		timer_free(&slot->pause);
		slot->last = (struct check_result){0};
		slot_end(slot, &result);
		break;
	}
	case SLOT_DONE:
		break;
	}
}

void check_batch_stop(struct check_batch *batch, const char *why)
{
	if (batch->stop_reason) {
		return;
	}
	batch->stop_reason = why;
	timer_stop(batch->starter);
	for (size_t i = 0; i < batch->spec.checks_count; i++) {
		slot_stop(&batch->slots[i], why);
	}
}

void check_batch_free(struct check_batch **batch)
{
	struct check_batch *b = *batch;

	if (!b) {
		return;
	}
	for (size_t i = 0; i < b->spec.checks_count; i++) {
		check_run_free(&b->slots[i].run);
		timer_free(&b->slots[i].pause);
		arena_free(b->slots[i].last.arena);
	}
	for (size_t i = 0; i < b->queues_count; i++) {
		free(b->queues[i].indexes);
	}
	timer_free(&b->starter);
	deferred_free(&b->ending);
	free(b->queues);
	free(b->slots);
	free(b);
	*batch = NULL;
}

/*
 * A row of hosts, and a list of those that are under way.  See host_queue.h.
 *
 * Hosts begin in the order of the selection, so the list is in that order too, and in that of age.
 * Beginning, and telling that others never will, is done a few at a time, at the end of turns.
 */
#include "fleet/host_queue.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"

enum { BEGIN_AT_ONCE = 16, TELL_AT_ONCE = 64 };

struct host_queue {
	struct loop *loop;
	struct host_queue_spec spec;
	struct host_queue_work work;
	void *arg;
	struct host_queue_item *first, *last; /* under way */
	size_t under_way, ended;
	size_t next;                /* whose turn it is */
	bool is_proving;            /* the canary has not come through yet */
	enum outcome_cause stopped; /* CAUSE_NONE: goes on */
	struct strbuf stop_text;    /* why, if the cause does not say it all */
	struct deferred *stepping;
	struct timer *deadline;
	bool is_finished;
	int calls; /* under way */
	bool is_freed;
};

static void destroy(struct host_queue *queue)
{
	strbuf_release(&queue->stop_text);
	free(queue);
}

static void enter(struct host_queue *queue)
{
	queue->calls++;
}

static void leave(struct host_queue *queue)
{
	if (--queue->calls == 0 && queue->is_freed) {
		destroy(queue);
	}
}

/* --- the list ------------------------------------------------------------------------------- */

static struct host_queue_item *item_new(struct host_queue *queue)
{
	struct host_queue_item *item = xcalloc(1, queue->work.item_size);

	*item = (struct host_queue_item){
		.queue = queue,
		.host = queue->next++,
		.begun_ms = loop_now_ms(queue->loop),
		.previous = queue->last,
	};
	*(queue->last ? &queue->last->next : &queue->first) = item;
	queue->last = item;
	queue->under_way++;
	return item;
}

static void item_free(struct host_queue_item *item)
{
	struct host_queue *queue = item->queue;

	*(item->previous ? &item->previous->next : &queue->first) = item->next;
	*(item->next ? &item->next->previous : &queue->last) = item->previous;
	queue->under_way--;
	queue->work.release(item);
	free(item);
}

struct host_queue_item *host_queue_first(const struct host_queue *queue)
{
	return queue->first;
}

/* --- steps ---------------------------------------------------------------------------------- */

static bool may_begin(const struct host_queue *queue)
{
	size_t workers = queue->spec.workers > 0 ? (size_t)queue->spec.workers : HOST_QUEUE_WORKERS;

	return !queue->is_freed && queue->stopped == CAUSE_NONE &&
	       queue->next < queue->spec.hosts_count &&
	       queue->under_way < (queue->is_proving ? 1 : workers);
}

static bool may_tell(const struct host_queue *queue)
{
	return !queue->is_freed && queue->stopped != CAUSE_NONE &&
	       queue->next < queue->spec.hosts_count;
}

static void tell_not_started(struct host_queue *queue)
{
	const struct outcome outcome = {
		.kind = OUTCOME_NOT_STARTED,
		.cause = queue->stopped,
		.message = queue->stop_text.len > 0 ? queue->stop_text.buf : NULL,
	};

	queue->ended++;
	queue->work.not_started(queue->arg, queue->next++, &outcome);
}

static void step_later(struct host_queue *queue);

static void on_step(void *arg)
{
	struct host_queue *queue = arg;

	enter(queue);
	queue->stepping = NULL;
	for (int i = 0; i < BEGIN_AT_ONCE && may_begin(queue); i++) {
		queue->work.begin(queue->arg, item_new(queue));
	}
	for (int i = 0; i < TELL_AT_ONCE && may_tell(queue); i++) {
		tell_not_started(queue);
	}
	if (may_begin(queue) || may_tell(queue)) {
		step_later(queue);
	} else if (!queue->is_freed && queue->ended == queue->spec.hosts_count &&
		   !queue->is_finished) {
		queue->is_finished = true;
		timer_stop(queue->deadline);
		queue->work.finished(queue->arg);
	}
	leave(queue);
}

static void step_later(struct host_queue *queue)
{
	if (!queue->stepping && !queue->is_freed) {
		queue->stepping = loop_defer(queue->loop, on_step, queue);
	}
}

/* --- the canary ----------------------------------------------------------------------------- */

static bool is_refusal(const struct outcome *outcome)
{
	return outcome->cause == CAUSE_AUTH_FAILED || outcome->cause == CAUSE_SUDO_FAILED;
}

static void judge_canary(
	struct host_queue *queue, size_t host, const struct outcome *outcome, bool is_proof)
{
	if (!queue->is_proving) {
		return;
	}
	if (is_refusal(outcome)) {
		strbuf_addf(&queue->stop_text, "%s on '%s', which was tried first",
			outcome->cause == CAUSE_SUDO_FAILED ? "sudo refused"
							    : "authentication failed",
			queue->spec.hosts[host].name);
		host_queue_stop(queue, CAUSE_STOPPED);
	} else if (is_proof) {
		queue->is_proving = false;
	}
}

void host_queue_prove(struct host_queue *queue)
{
	if (queue->is_proving) {
		queue->is_proving = false;
		step_later(queue);
	}
}

void host_queue_end(struct host_queue_item *item, const struct outcome *outcome, bool is_proof)
{
	struct host_queue *queue = item->queue;
	size_t host = item->host;

	item_free(item);
	queue->ended++;
	judge_canary(queue, host, outcome, is_proof);
	step_later(queue);
}

/* --- for owners ----------------------------------------------------------------------------- */

static void on_deadline(void *arg)
{
	host_queue_stop(arg, CAUSE_DEADLINE);
}

struct host_queue *host_queue_start(struct loop *loop, const struct host_queue_spec *spec,
	const struct host_queue_work *work, void *arg)
{
	struct host_queue *queue = xcalloc(1, sizeof(*queue));

	*queue = (struct host_queue){
		.loop = loop,
		.spec = *spec,
		.work = *work,
		.arg = arg,
		.is_proving = spec->has_canary,
		.stop_text = STRBUF_INIT,
		.deadline = timer_new(loop, on_deadline, queue),
	};
	if (spec->deadline_ms != 0) {
		int64_t left_ms = spec->deadline_ms - loop_now_ms(loop);

		if (left_ms > 0) {
			timer_set(queue->deadline, left_ms);
		} else {
			host_queue_stop(queue, CAUSE_DEADLINE);
		}
	}
	step_later(queue);
	return queue;
}

void host_queue_stop(struct host_queue *queue, enum outcome_cause cause)
{
	assert(cause != CAUSE_NONE);
	if (queue->is_freed || queue->stopped != CAUSE_NONE) {
		return;
	}
	queue->stopped = cause;
	for (struct host_queue_item *item = queue->first; item; item = item->next) {
		queue->work.stop(item, cause);
	}
	step_later(queue);
}

enum outcome_cause host_queue_stopped(const struct host_queue *queue)
{
	return queue->stopped;
}

void host_queue_free(struct host_queue **queue_ptr)
{
	struct host_queue *queue = TAKE(*queue_ptr);

	if (!queue) {
		return;
	}
	assert(!queue->is_freed);
	queue->is_freed = true;
	while (queue->first) {
		item_free(queue->first);
	}
	deferred_free(&queue->stepping);
	timer_free(&queue->deadline);
	if (queue->calls == 0) {
		destroy(queue);
	}
}

struct host_queue_counts host_queue_counts(const struct host_queue *queue)
{
	return (struct host_queue_counts){
		.total = queue->spec.hosts_count,
		.waiting = queue->spec.hosts_count - queue->next,
		.under_way = queue->under_way,
		.ended = queue->ended,
	};
}

void host_queue_add_phases(const struct host_queue *queue, size_t max, struct strbuf *out)
{
	int64_t now_ms = loop_now_ms(queue->loop);

	for (const struct host_queue_item *item = queue->first; item && max > 0;
		item = item->next) {
		strbuf_addf(out, "%s: ", queue->spec.hosts[item->host].name);
		queue->work.add_phase(item, out);
		strbuf_addf(out, " (%" PRId64 " s)\n", (now_ms - item->begun_ms) / 1000);
		max--;
	}
}

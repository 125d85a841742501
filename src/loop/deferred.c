/*
 * Things to do at the end of the turn, first asked first done.  See loop.h.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "loop/loop_internal.h"

struct deferred {
	struct loop *loop;
	struct deferred *prev, *next;
	uint64_t order;
	bool is_queued;
	loop_fn *fn;
	void *arg;
};

static void deferred_append(struct loop *loop, struct deferred *deferred)
{
	deferred->prev = loop->last_deferred;
	if (deferred->prev) {
		deferred->prev->next = deferred;
	} else {
		loop->first_deferred = deferred;
	}
	loop->last_deferred = deferred;
	deferred->is_queued = true;
	loop_hold(loop, false, true);
}

static void deferred_unlink(struct deferred *deferred)
{
	struct loop *loop = deferred->loop;

	if (deferred->prev) {
		deferred->prev->next = deferred->next;
	} else {
		loop->first_deferred = deferred->next;
	}
	if (deferred->next) {
		deferred->next->prev = deferred->prev;
	} else {
		loop->last_deferred = deferred->prev;
	}
	deferred->is_queued = false;
	loop_hold(loop, true, false);
}

struct deferred *loop_defer(struct loop *loop, loop_fn *fn, void *arg)
{
	struct deferred *deferred = xcalloc(1, sizeof(*deferred));

	*deferred = (struct deferred){
		.loop = loop, .order = loop->deferred_order++, .fn = fn, .arg = arg};
	deferred_append(loop, deferred);
	return deferred;
}

void deferred_free(struct deferred **deferred_ptr)
{
	struct deferred *deferred = TAKE(*deferred_ptr);

	/* One that is not queued is running, and buried already. */
	if (deferred && deferred->is_queued) {
		deferred_unlink(deferred);
		loop_bury(deferred->loop, deferred);
	}
}

void deferred_dispatch(struct loop *loop)
{
	uint64_t order_end = loop->deferred_order;

	while (loop->first_deferred && loop->first_deferred->order < order_end) {
		struct deferred *deferred = loop->first_deferred;
		int64_t begun_us;

		deferred_unlink(deferred);
		loop_bury(loop, deferred); /* it stays until the end of the turn */
		begun_us = loop_slow_begin(loop);
		deferred->fn(deferred->arg);
		loop_slow_end(loop, begun_us, (void (*)(void))deferred->fn);
	}
}

void deferred_drop_all(struct loop *loop)
{
	while (loop->first_deferred) {
		struct deferred *deferred = loop->first_deferred;

		deferred_free(&deferred);
	}
}

/*
 * Timers.  See loop.h; the heap is timer_heap.h.
 *
 * A deadline is a whole millisecond, rounded up: a timer never fires early, and what is due within
 * one millisecond fires in one turn.
 */
#include <stddef.h>

#include "base/alloc.h"
#include "base/time.h"
#include "loop/loop_internal.h"

#define DELAY_MAX_MS (INT64_C(100) * 366 * 24 * 3600 * 1000)

struct timer {
	struct timer_node node; /* first, so that a node is its timer */
	struct loop *loop;
	loop_fn *fn;
	void *arg;
	bool is_background;
};

static bool timer_holds(const struct timer *timer)
{
	return timer_is_running(timer) && !timer->is_background;
}

/* From the real time, not that of the turn's start: after a long turn a timer would be early. */
static int64_t deadline_after(int64_t delay_ms)
{
	int64_t now_us = time_mono_us();

	if (delay_ms <= 0) {
		return now_us / 1000; /* due already */
	}
	return (now_us + 999) / 1000 + (delay_ms < DELAY_MAX_MS ? delay_ms : DELAY_MAX_MS);
}

struct timer *timer_new(struct loop *loop, loop_fn *fn, void *arg)
{
	struct timer *timer = xcalloc(1, sizeof(*timer));

	*timer = (struct timer){.loop = loop, .fn = fn, .arg = arg};
	return timer;
}

struct timer *timer_add(struct loop *loop, int64_t delay_ms, loop_fn *fn, void *arg)
{
	struct timer *timer = timer_new(loop, fn, arg);

	timer_set(timer, delay_ms);
	return timer;
}

void timer_set(struct timer *timer, int64_t delay_ms)
{
	bool did_hold = timer_holds(timer);

	timer_heap_put(&timer->loop->timers, &timer->node, deadline_after(delay_ms));
	loop_hold(timer->loop, did_hold, timer_holds(timer));
}

void timer_stop(struct timer *timer)
{
	bool did_hold = timer_holds(timer);

	timer_heap_take(&timer->loop->timers, &timer->node);
	loop_hold(timer->loop, did_hold, timer_holds(timer));
}

bool timer_is_running(const struct timer *timer)
{
	return timer_node_is_in_heap(&timer->node);
}

void timer_set_background(struct timer *timer, bool is_background)
{
	bool did_hold = timer_holds(timer);

	timer->is_background = is_background;
	loop_hold(timer->loop, did_hold, timer_holds(timer));
}

void timer_free(struct timer **timer_ptr)
{
	struct timer *timer = TAKE(*timer_ptr);

	if (timer) {
		timer_stop(timer);
		loop_bury(timer->loop, timer);
	}
}

static void timer_fire(struct timer *timer)
{
	struct loop *loop = timer->loop;
	loop_fn *fn = timer->fn;
	int64_t begun_us;

	timer_stop(timer);
	begun_us = loop_slow_begin(loop);
	fn(timer->arg);
	loop_slow_end(loop, begun_us, (void (*)(void))fn);
}

void timer_dispatch(struct loop *loop)
{
	uint64_t order_end = loop->timers.order;

	for (;;) {
		const struct timer_heap_entry *first = timer_heap_first(&loop->timers);

		if (!first || first->deadline_ms * 1000 > loop->now_us) {
			return;
		}
		/* What the callbacks set is due after all that was due before, so it is last. */
		if (first->order >= order_end) {
			return;
		}
		timer_fire((struct timer *)first->node);
	}
}

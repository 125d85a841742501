/*
 * Letting a loop turn, for tests that stop the clock.
 */
#ifndef TESTS_UNIT_SUPPORT_LOOP_TURNS_H
#define TESTS_UNIT_SUPPORT_LOOP_TURNS_H

#include <stdint.h>

#include "base/time.h"
#include "cmocka_all.h"
#include "loop/loop.h"

static inline void loop_turns_stop(void *loop)
{
	loop_stop(loop);
}

/* So many turns: what is due happens, and what that sets off in the turns after it. */
static inline void loop_turns(struct loop *loop, int count)
{
	for (int i = 0; i < count; i++) {
		struct timer *timer = timer_add(loop, 0, loop_turns_stop, loop);

		assert_int_equal(loop_run(loop, NULL), 0);
		timer_free(&timer);
	}
}

/* Let that much time pass on the clock of time_fake(), and what is due happen. */
static inline void loop_turns_pass(struct loop *loop, int64_t ms)
{
	time_fake_advance(ms);
	loop_turns(loop, 4);
}

#endif

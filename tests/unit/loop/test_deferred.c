#include "cmocka_all.h"
#include "loop/loop_fixture.h"

struct step {
	struct fixture *fixture;
	char letter;
	struct deferred *handle;
	struct deferred **frees;
	struct step *asks; /* defer this one from inside */
};

static void step_run(void *arg)
{
	struct step *step = arg;

	strbuf_addc(&step->fixture->happened, step->letter);
	if (step->asks) {
		step->asks->handle = loop_defer(step->fixture->loop, step_run, step->asks);
	}
	if (step->frees) {
		deferred_free(step->frees);
	}
}

static void runs_in_the_order_asked(void **state)
{
	struct fixture *fixture = *state;
	struct step steps[26];

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		steps[i] = (struct step){.fixture = fixture, .letter = (char)('a' + i)};
		(void)loop_defer(fixture->loop, step_run, &steps[i]);
	}
	run(fixture);
	assert_string_equal(fixture->happened.buf, "abcdefghijklmnopqrstuvwxyz");
	run(fixture);
	assert_int_equal(fixture->happened.len, 26);
}

static void asked_in_a_deferred_call_is_for_the_next_turn(void **state)
{
	struct fixture *fixture = *state;
	struct step c = {.fixture = fixture, .letter = 'c'};
	struct step a = {.fixture = fixture, .letter = 'a', .asks = &c};
	struct step b = {.fixture = fixture, .letter = 'b'};
	struct step t = {.fixture = fixture, .letter = 't'};
	struct timer *timer;

	time_fake(1000, 0);
	timer = timer_new(fixture->loop, step_run, &t);
	(void)loop_defer(fixture->loop, step_run, &a);
	(void)loop_defer(fixture->loop, step_run, &b);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "abc");
	timer_free(&timer);
}

static void timer_sets_off(void *arg)
{
	struct step *step = arg;

	strbuf_addc(&step->fixture->happened, 't');
	(void)loop_defer(step->fixture->loop, step_run, step);
}

static void asked_in_a_callback_is_for_the_end_of_this_turn(void **state)
{
	struct fixture *fixture = *state;
	struct step a = {.fixture = fixture, .letter = 'a'};
	struct step b = {.fixture = fixture, .letter = 'b'};
	struct timer *timers[2];

	time_fake(1000, 0);
	timers[0] = timer_add(fixture->loop, 0, timer_sets_off, &a);
	timers[1] = timer_add(fixture->loop, 0, timer_sets_off, &b);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "ttab");
	timer_free(&timers[0]);
	timer_free(&timers[1]);
}

static void taken_back(void **state)
{
	struct fixture *fixture = *state;
	struct step steps[5];

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		steps[i] = (struct step){.fixture = fixture, .letter = (char)('a' + i)};
		steps[i].handle = loop_defer(fixture->loop, step_run, &steps[i]);
	}
	deferred_free(&steps[0].handle); /* the first, one inside, the last */
	deferred_free(&steps[2].handle);
	deferred_free(&steps[4].handle);
	assert_null(steps[4].handle);
	deferred_free(&steps[4].handle);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "bd");
}

static void taken_back_inside_of_callbacks(void **state)
{
	struct fixture *fixture = *state;
	struct step a = {.fixture = fixture, .letter = 'a'};
	struct step b = {.fixture = fixture, .letter = 'b'};
	struct step c = {.fixture = fixture, .letter = 'c'};

	a.handle = loop_defer(fixture->loop, step_run, &a);
	b.handle = loop_defer(fixture->loop, step_run, &b);
	c.handle = loop_defer(fixture->loop, step_run, &c);
	a.frees = &b.handle;
	c.frees = &c.handle;
	run(fixture);
	assert_string_equal(fixture->happened.buf, "ac");
	assert_null(b.handle);
	assert_null(c.handle);
}

static void loop_free_forgets_the_rest(void **state)
{
	struct fixture *fixture = *state;
	struct step a = {.fixture = fixture, .letter = 'a'};

	(void)loop_defer(fixture->loop, step_run, &a);
	(void)loop_defer(fixture->loop, step_run, &a);
	loop_free(&fixture->loop);
	assert_null(fixture->loop);
	assert_string_equal(fixture->happened.buf, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(runs_in_the_order_asked),
		fixture_test(asked_in_a_deferred_call_is_for_the_next_turn),
		fixture_test(asked_in_a_callback_is_for_the_end_of_this_turn),
		fixture_test(taken_back),
		fixture_test(taken_back_inside_of_callbacks),
		fixture_test(loop_free_forgets_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "cmocka_all.h"
#include "loop/loop_fixture.h"

/* Says its letter in the fixture's text; may free, set or stop another timer on the way. */
struct letter {
	struct fixture *fixture;
	char letter;
	struct timer *timer;
	struct timer **frees;
	struct timer *stops, *sets;
	int64_t set_delay_ms;
	int times;
};

static void say(void *arg)
{
	struct letter *letter = arg;

	strbuf_addc(&letter->fixture->happened, letter->letter);
	assert_false(letter->timer && timer_is_running(letter->timer));
	letter->times--;
	if (letter->frees) {
		timer_free(letter->frees);
	}
	if (letter->stops) {
		timer_stop(letter->stops);
	}
	if (letter->sets && letter->times > 0) {
		timer_set(letter->sets, letter->set_delay_ms);
	}
}

/* Moves the fake clock by 1 ms in each turn, `left` times. */
struct ticker {
	struct timer *timer;
	int left;
};

static void tick(void *arg)
{
	struct ticker *ticker = arg;

	time_fake_advance(1);
	if (--ticker->left > 0) {
		timer_set(ticker->timer, 0);
	}
}

static void run_ms(struct fixture *fixture, int ms)
{
	struct ticker ticker = {.left = ms};

	ticker.timer = timer_add(fixture->loop, 0, tick, &ticker);
	run(fixture);
	timer_free(&ticker.timer);
}

static void fires_in_order_of_deadline_then_of_setting(void **state)
{
	static const struct {
		char letter;
		int64_t delay_ms;
	} rows[] = {{'e', 20}, {'b', 5}, {'c', 5}, {'a', 1}, {'f', 20}, {'d', 6}};
	struct fixture *fixture = *state;
	struct letter letters[ARRAY_LEN(rows)] = {0};

	time_fake(1000, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		letters[i].fixture = fixture;
		letters[i].letter = rows[i].letter;
		letters[i].timer = timer_add(fixture->loop, rows[i].delay_ms, say, &letters[i]);
		assert_true(timer_is_running(letters[i].timer));
	}
	run_ms(fixture, 30);
	assert_string_equal(fixture->happened.buf, "abcdef");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_false(timer_is_running(letters[i].timer));
		timer_free(&letters[i].timer);
		assert_null(letters[i].timer);
	}
}

static void all_due_fire_in_one_turn(void **state)
{
	struct fixture *fixture = *state;
	struct letter letters[3] = {0};

	time_fake(1000, 0);
	for (size_t i = 0; i < ARRAY_LEN(letters); i++) {
		letters[i].fixture = fixture;
		letters[i].letter = (char)('c' - i);
		letters[i].timer = timer_add(fixture->loop, 3 - (int64_t)i, say, &letters[i]);
	}
	time_fake_advance(50);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "abc");
	for (size_t i = 0; i < ARRAY_LEN(letters); i++) {
		timer_free(&letters[i].timer);
	}
}

static void callback_cancels_others_due_in_the_same_turn(void **state)
{
	struct fixture *fixture = *state;
	struct letter a = {.fixture = fixture, .letter = 'a'};
	struct letter b = {.fixture = fixture, .letter = 'b'};
	struct letter c = {.fixture = fixture, .letter = 'c'};
	struct letter d = {.fixture = fixture, .letter = 'd'};

	time_fake(1000, 0);
	a.timer = timer_add(fixture->loop, 1, say, &a);
	b.timer = timer_add(fixture->loop, 1, say, &b);
	c.timer = timer_add(fixture->loop, 2, say, &c);
	d.timer = timer_add(fixture->loop, 2, say, &d);
	a.frees = &b.timer;
	a.stops = c.timer;
	time_fake_advance(10);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "ad");
	assert_null(b.timer);
	timer_free(&a.timer);
	timer_free(&c.timer);
	timer_free(&d.timer);
}

static void callback_frees_itself(void **state)
{
	struct fixture *fixture = *state;
	struct letter a = {.fixture = fixture, .letter = 'a'};

	time_fake(1000, 0);
	a.frees = &a.timer;
	a.timer = timer_add(fixture->loop, 0, say, &a);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "a");
	assert_null(a.timer);
}

static void callback_sets_itself_again(void **state)
{
	struct fixture *fixture = *state;
	struct letter a = {.fixture = fixture, .letter = 'a', .times = 3, .set_delay_ms = 5};
	struct letter b = {.fixture = fixture, .letter = 'b', .times = 1};

	time_fake(1000, 0);
	a.timer = timer_add(fixture->loop, 5, say, &a);
	a.sets = a.timer;
	b.timer = timer_add(fixture->loop, 12, say, &b);
	run_ms(fixture, 30);
	assert_string_equal(fixture->happened.buf, "aaba");
	timer_free(&a.timer);
	timer_free(&b.timer);
}

static void count_turn(void *arg)
{
	(*(int *)arg)++;
}

static void zero_delay_is_the_next_turn(void **state)
{
	struct fixture *fixture = *state;
	struct letter a = {.fixture = fixture, .letter = 'a', .times = 4};
	int turns = 0;

	time_fake(1000, 0);
	a.timer = timer_add(fixture->loop, 0, say, &a);
	a.sets = a.timer;
	/* A timer that is due all the time does not starve what is deferred. */
	(void)loop_defer(fixture->loop, count_turn, &turns);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "aaaa");
	assert_int_equal(turns, 1);
	timer_free(&a.timer);
}

struct late {
	struct timer *timer;
	int64_t fired_us;
};

static void work_for_100_ms(void *arg)
{
	struct late *late = arg;

	time_fake_advance(100);
	timer_set(late->timer, 10);
}

static void note_time(void *arg)
{
	((struct late *)arg)->fired_us = time_mono_us();
}

static void delay_begins_when_it_is_set_late_in_a_turn(void **state)
{
	struct fixture *fixture = *state;
	struct late late = {0};
	struct timer *work;

	time_fake(1000, 0);
	late.timer = timer_new(fixture->loop, note_time, &late);
	work = timer_add(fixture->loop, 0, work_for_100_ms, &late);
	run_ms(fixture, 20);
	assert_int_equal(late.fired_us, 1110000);
	timer_free(&work);
	timer_free(&late.timer);
}

static void setting_again_moves_the_deadline(void **state)
{
	struct fixture *fixture = *state;
	struct letter a = {.fixture = fixture, .letter = 'a'};
	struct letter b = {.fixture = fixture, .letter = 'b'};

	time_fake(1000, 0);
	a.timer = timer_add(fixture->loop, 1, say, &a);
	b.timer = timer_new(fixture->loop, say, &b);
	assert_false(timer_is_running(b.timer));
	timer_set(b.timer, 100);
	timer_set(a.timer, 8);
	timer_set(b.timer, 4);
	run_ms(fixture, 20);
	assert_string_equal(fixture->happened.buf, "ba");
	timer_free(&a.timer);
	timer_free(&b.timer);
}

static void background_timer_does_not_hold_the_loop(void **state)
{
	struct fixture *fixture = *state;
	struct letter a = {.fixture = fixture, .letter = 'a'};

	time_fake(1000, 0);
	a.timer = timer_add(fixture->loop, 10, say, &a);
	timer_set_background(a.timer, true);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "");
	run_ms(fixture, 15);
	assert_string_equal(fixture->happened.buf, "a");
	timer_set(a.timer, 0);
	timer_set_background(a.timer, false);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "aa");
	timer_free(&a.timer);
}

static void stop_and_free_let_the_loop_end(void **state)
{
	struct fixture *fixture = *state;
	struct letter a = {.fixture = fixture, .letter = 'a'};

	a.timer = timer_add(fixture->loop, INT64_MAX, say, &a);
	timer_stop(a.timer);
	timer_stop(a.timer);
	run(fixture);
	timer_set(a.timer, INT64_MAX);
	timer_free(&a.timer);
	timer_free(&a.timer);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "");
}

struct punctual {
	struct fixture *fixture;
	struct timer *timer;
	int64_t set_us;
	int64_t delay_ms;
};

static void check_not_early(void *arg)
{
	struct punctual *punctual = arg;

	assert_true(time_mono_us() - punctual->set_us >= punctual->delay_ms * 1000);
	assert_true(loop_now_ms(punctual->fixture->loop) * 1000 >=
		    punctual->set_us + punctual->delay_ms * 1000 - 1000);
}

static void never_fires_early_on_the_real_clock(void **state)
{
	struct fixture *fixture = *state;
	struct punctual punctuals[20];

	for (size_t i = 0; i < ARRAY_LEN(punctuals); i++) {
		punctuals[i] = (struct punctual){
			.fixture = fixture, .set_us = time_mono_us(), .delay_ms = (int64_t)i + 1};
		punctuals[i].timer = timer_add(
			fixture->loop, punctuals[i].delay_ms, check_not_early, &punctuals[i]);
	}
	run(fixture);
	for (size_t i = 0; i < ARRAY_LEN(punctuals); i++) {
		timer_free(&punctuals[i].timer);
	}
}

enum { MANY = 100000 };

struct many {
	struct timer *timers[MANY];
	int64_t due_ms[MANY];
	struct fixture *fixture;
	int fired;
	int64_t last_due_ms;
};

struct many_one {
	struct many *many;
	int index;
};

static void many_fired(void *arg)
{
	struct many_one *one = arg;
	struct many *many = one->many;

	assert_true(many->due_ms[one->index] >= many->last_due_ms);
	assert_true(many->due_ms[one->index] <= loop_now_ms(many->fixture->loop));
	many->last_due_ms = many->due_ms[one->index];
	many->fired++;
}

static void hundred_thousand_timers(void **state)
{
	struct fixture *fixture = *state;
	struct many *many = xcalloc(1, sizeof(*many));
	struct many_one *ones = xcalloc(MANY, sizeof(*ones));
	unsigned seed = 7;

	time_fake(0, 0);
	many->fixture = fixture;
	for (int i = 0; i < MANY; i++) {
		many->due_ms[i] = 1 + rand_r(&seed) % 1000;
		ones[i] = (struct many_one){.many = many, .index = i};
		many->timers[i] = timer_add(fixture->loop, many->due_ms[i], many_fired, &ones[i]);
	}
	for (int i = 0; i < MANY; i += 10) {
		timer_free(&many->timers[i]);
	}
	run_ms(fixture, 1001);
	assert_int_equal(many->fired, MANY - MANY / 10);
	for (int i = 0; i < MANY; i++) {
		timer_free(&many->timers[i]);
	}
	free(ones);
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(fires_in_order_of_deadline_then_of_setting),
		fixture_test(all_due_fire_in_one_turn),
		fixture_test(callback_cancels_others_due_in_the_same_turn),
		fixture_test(callback_frees_itself),
		fixture_test(callback_sets_itself_again),
		fixture_test(zero_delay_is_the_next_turn),
		fixture_test(delay_begins_when_it_is_set_late_in_a_turn),
		fixture_test(setting_again_moves_the_deadline),
		fixture_test(background_timer_does_not_hold_the_loop),
		fixture_test(stop_and_free_let_the_loop_end),
		fixture_test(never_fires_early_on_the_real_clock),
		fixture_test(hundred_thousand_timers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

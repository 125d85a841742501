#include "base/alloc.h"
#include "check/check_batch.h"
#include "check/fake_kind.h"
#include "cmocka_all.h"

enum { CHECKS_MAX = 200 };

struct fixture {
	struct check_env env;
	struct fake_seen seen[CHECKS_MAX];
	struct fake_opts opts[CHECKS_MAX];
	struct check checks[CHECKS_MAX];
	const struct check *list[CHECKS_MAX];
	struct check_result results[CHECKS_MAX];
	int results_count, done;
	struct check_batch *batch;
	struct timer *stopper;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err = {0};

	assert_int_equal(loop_new(&f->env.loop, &err), 0);
	for (size_t i = 0; i < CHECKS_MAX; i++) {
		f->opts[i].seen = &f->seen[i];
		f->checks[i] = (struct check){.name = "fake",
			.kind = &fake_kind,
			.opts = &f->opts[i],
			.timeout_ms = 1000,
			.attempts = 1};
		f->list[i] = &f->checks[i];
	}
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	check_batch_free(&f->batch);
	timer_free(&f->stopper);
	for (size_t i = 0; i < CHECKS_MAX; i++) {
		arena_free(f->results[i].arena);
	}
	loop_free(&f->env.loop);
	free(f);
	return 0;
}

static void result_came(void *arg, size_t index, const struct check_result *result)
{
	struct fixture *f = arg;

	assert_null(f->results[index].arena); /* once each */
	f->results[index] = *result;
	f->results_count++;
}

static void all_done(void *arg)
{
	((struct fixture *)arg)->done++;
}

static void start(struct fixture *f, size_t count, size_t workers)
{
	const struct check_batch_spec spec = {
		.env = &f->env,
		.checks = f->list,
		.checks_count = count,
		.workers = workers,
		.attempt_pause_ms = 5,
		.result = result_came,
		.done = all_done,
		.arg = f,
	};

	f->batch = check_batch_start(&spec);
}

static void run(struct fixture *f)
{
	struct err err = {0};

	assert_int_equal(loop_run(f->env.loop, &err), 0);
}

static void gives_every_result_once(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < CHECKS_MAX; i++) {
		f->opts[i].delay_ms = (int64_t)(i % 3);
	}
	start(f, CHECKS_MAX, 7);
	run(f);
	assert_int_equal(f->results_count, CHECKS_MAX);
	assert_int_equal(f->done, 1);
	for (size_t i = 0; i < CHECKS_MAX; i++) {
		assert_int_equal(f->results[i].state, CHECK_OK);
		assert_int_equal(f->results[i].attempts, 1);
		assert_int_equal(f->seen[i].released, 1);
	}
}

static void nothing_to_do_is_done(void **state)
{
	struct fixture *f = *state;

	start(f, 0, 1);
	assert_int_equal(f->done, 0);
	run(f);
	assert_int_equal(f->done, 1);
}

static void tries_again(void **state)
{
	struct fixture *f = *state;

	f->checks[0].attempts = 3;
	f->opts[0].fails = 2; /* the third time is fine */
	f->checks[1].attempts = 3;
	f->opts[1].fails = 5;
	f->opts[2].fails = 1; /* one attempt only */
	start(f, 3, 10);
	run(f);
	assert_int_equal(f->results[0].state, CHECK_OK);
	assert_int_equal(f->results[0].attempts, 3);
	assert_int_equal(f->results[1].state, CHECK_CRITICAL);
	assert_int_equal(f->results[1].attempts, 3);
	assert_int_equal(f->results[2].state, CHECK_CRITICAL);
	assert_int_equal(f->results[2].attempts, 1);
}

static void a_kinds_own_limit_holds_and_keeps_nobody_waiting(void **state)
{
	struct fixture *f = *state;
	struct fake_seen shared = {0};

	for (size_t i = 0; i < 10; i++) {
		f->checks[i].kind = &fake_kind_one_at_a_time;
		f->opts[i].seen = &shared;
		f->opts[i].delay_ms = 1;
	}
	for (size_t i = 10; i < 20; i++) {
		f->opts[i].delay_ms = 1;
	}
	start(f, 20, 100);
	run(f);
	assert_int_equal(f->results_count, 20);
	assert_int_equal(shared.running_max, 1);
}

static void workers_are_a_limit(void **state)
{
	struct fixture *f = *state;
	struct fake_seen shared = {0};

	for (size_t i = 0; i < 50; i++) {
		f->opts[i].seen = &shared;
		f->opts[i].delay_ms = 1;
	}
	start(f, 50, 4);
	run(f);
	assert_int_equal(f->results_count, 50);
	assert_int_equal(shared.running_max, 4);
}

static void stop_now(void *arg)
{
	struct fixture *f = arg;

	check_batch_stop(f->batch, "the deadline of the run passed");
	check_batch_stop(f->batch, "again");
}

static void stopping_tells_what_was_measured(void **state)
{
	struct fixture *f = *state;

	f->opts[0].delay_ms = 0;   /* over by then */
	f->opts[1].delay_ms = -1;  /* under way */
	f->checks[2].attempts = 2; /* waits for its second attempt */
	f->opts[2].fails = 9;
	f->checks[3].kind = &fake_kind_one_at_a_time;
	f->opts[3].delay_ms = -1;
	f->checks[4].kind = &fake_kind_one_at_a_time; /* its turn never came */
	start(f, 5, 10);
	f->stopper = timer_add(f->env.loop, 2, stop_now, f);
	run(f);
	assert_int_equal(f->results_count, 5);
	assert_int_equal(f->done, 1);
	assert_int_equal(f->results[0].code, CODE_OK);
	assert_int_equal(f->results[1].code, CODE_CANCELLED);
	assert_int_equal(f->results[1].state, CHECK_UNKNOWN);
	assert_string_equal(f->results[1].message, "the deadline of the run passed while dreaming");
	assert_int_equal(f->results[2].code, CODE_CONNECTION_REFUSED);
	assert_int_equal(f->results[4].code, CODE_NOT_STARTED);
	assert_int_equal(f->results[4].state, CHECK_UNKNOWN);
	assert_string_equal(f->results[4].message, "not started: the deadline of the run passed");
	assert_int_equal(f->seen[4].started, 0);
}

static void can_be_freed_at_any_time(void **state)
{
	struct fixture *f = *state;

	f->opts[0].delay_ms = -1;
	f->checks[1].attempts = 2;
	f->opts[1].fails = 9;
	start(f, 3, 2);
	check_batch_free(&f->batch);
	run(f);
	assert_int_equal(f->done, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gives_every_result_once),
		TEST(nothing_to_do_is_done),
		TEST(tries_again),
		TEST(a_kinds_own_limit_holds_and_keeps_nobody_waiting),
		TEST(workers_are_a_limit),
		TEST(stopping_tells_what_was_measured),
		TEST(can_be_freed_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

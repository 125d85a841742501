#include "base/time.h"
#include "check/check.h"
#include "check/fake_kind.h"
#include "cmocka_all.h"

struct fixture {
	struct loop *loop;
	struct check_env env;
	struct fake_seen seen;
	struct fake_opts opts;
	struct check check;
	int done;
	struct check_run *run;
	struct check_result result;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err = {0};

	assert_int_equal(loop_new(&f->loop, &err), 0);
	f->env.loop = f->loop;
	f->opts.seen = &f->seen;
	f->check = (struct check){
		.name = "fake", .kind = &fake_kind, .opts = &f->opts, .timeout_ms = 50};
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	check_run_free(&f->run);
	arena_free(f->result.arena);
	loop_free(&f->loop);
	free(f);
	return 0;
}

static void ended(void *arg, struct check_run *run)
{
	struct fixture *f = arg;

	f->done++;
	check_run_take_result(run, &f->result);
}

static void start_and_run(struct fixture *f)
{
	struct err err = {0};

	f->run = check_run_start(&f->env, &f->check, ended, f);
	assert_int_equal(f->done, 0); /* never before it returns */
	assert_int_equal(loop_run(f->loop, &err), 0);
}

static void tells_its_owner_once(void **state)
{
	struct fixture *f = *state;

	start_and_run(f);
	assert_int_equal(f->done, 1);
	assert_int_equal(f->seen.released, 1);
	assert_int_equal(f->result.state, CHECK_OK);
	assert_string_equal(f->result.message, "fine");
	assert_true(f->result.started_wall_ms > 0);
}

static void ends_at_its_deadline_with_the_phase(void **state)
{
	struct fixture *f = *state;

	f->opts.delay_ms = -1;
	start_and_run(f);
	assert_int_equal(f->done, 1);
	assert_int_equal(f->seen.released, 1);
	assert_int_equal(f->result.state, CHECK_CRITICAL);
	assert_int_equal(f->result.code, CODE_TIMEOUT);
	assert_string_equal(f->result.message, "timed out after 50ms while dreaming");
	assert_int_equal(f->result.evidence_count, 1);
	assert_string_equal(f->result.evidence[0].texts[0], "192.0.2.1:80");
	assert_true(f->result.duration_us >= 50 * 1000);
}

static void a_silent_plugin_is_unknown(void **state)
{
	struct fixture *f = *state;

	f->check.kind = &fake_kind_one_at_a_time;
	f->opts.delay_ms = -1;
	start_and_run(f);
	assert_int_equal(f->result.state, CHECK_UNKNOWN);
	assert_int_equal(f->result.code, CODE_TIMEOUT);
}

static void can_be_interrupted(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	f->opts.delay_ms = -1;
	f->run = check_run_start(&f->env, &f->check, ended, f);
	check_run_interrupt(f->run, "interrupted");
	check_run_interrupt(f->run, "interrupted again");
	assert_int_equal(loop_run(f->loop, &err), 0);
	assert_int_equal(f->done, 1);
	assert_int_equal(f->result.state, CHECK_UNKNOWN);
	assert_int_equal(f->result.code, CODE_CANCELLED);
	assert_string_equal(f->result.message, "interrupted while dreaming");
}

/* The answer comes in the same turn of the loop, too late. */
static void nothing_comes_after_the_deadline(void **state)
{
	struct fixture *f = *state;

	f->opts.delay_ms = f->check.timeout_ms;
	start_and_run(f);
	assert_int_equal(f->done, 1);
	assert_int_equal(f->seen.released, 1);
	assert_int_equal(f->result.code, CODE_TIMEOUT);
}

static void interrupt(void *arg)
{
	struct fixture *f = arg;

	check_run_interrupt(f->run, "terminated");
	assert_int_equal(f->seen.released, 1); /* its handles are gone at once */
	assert_int_equal(f->done, 0);
}

static void nothing_comes_after_the_interruption(void **state)
{
	struct fixture *f = *state;
	struct timer *timer = timer_add(f->loop, 5, interrupt, f);

	f->opts.delay_ms = 5;
	start_and_run(f);
	timer_free(&timer);
	assert_int_equal(f->done, 1);
	assert_int_equal(f->seen.released, 1);
	assert_int_equal(f->result.code, CODE_CANCELLED);
	assert_string_equal(f->result.message, "terminated while dreaming");
}

static void can_be_freed_while_it_runs(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	f->opts.delay_ms = 10;
	f->run = check_run_start(&f->env, &f->check, ended, f);
	check_run_free(&f->run);
	assert_null(f->run);
	assert_int_equal(f->seen.released, 1);
	assert_int_equal(loop_run(f->loop, &err), 0);
	assert_int_equal(f->done, 0);
}

/* Also when only a threshold makes it one; of successes if somebody wants to know. */
static void explains_failures(void **state)
{
	static const struct {
		int fails;
		const char *critical; /* of load_percent, which is 42 */
		bool wants_evidence, is_explained;
	} cases[] = {
		{0, "50", false, false},
		{1, "50", false, true},
		{0, "40", false, true},
		{0, "50", true, true},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *key = "load_percent";
		struct threshold threshold;

		assert_int_equal(threshold_parse(str_of(cases[i].critical), &threshold, NULL), 0);
		f->check.critical =
			(struct option_map){.keys = &key, .items = &threshold, .count = 1};
		f->seen.started = 0;
		f->opts.fails = cases[i].fails;
		f->env.wants_evidence = cases[i].wants_evidence;
		f->done = 0;
		start_and_run(f);
		assert_int_equal(f->result.evidence_count, cases[i].is_explained ? 1 : 0);
		check_run_free(&f->run);
		arena_free(f->result.arena);
		f->result.arena = NULL;
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_its_owner_once),
		TEST(ends_at_its_deadline_with_the_phase),
		TEST(a_silent_plugin_is_unknown),
		TEST(explains_failures),
		TEST(can_be_interrupted),
		TEST(nothing_comes_after_the_deadline),
		TEST(nothing_comes_after_the_interruption),
		TEST(can_be_freed_while_it_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

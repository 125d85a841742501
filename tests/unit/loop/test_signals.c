#include <signal.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "loop/loop_fixture.h"
#include "loop/signals.h"

struct listener {
	struct fixture *fixture;
	struct signals *signals;
	int expected; /* stops the loop after so many */
	bool frees;
};

static void heard(void *arg, int signo)
{
	struct listener *listener = arg;

	strbuf_addf(&listener->fixture->happened, "%s ", sigabbrev_np(signo));
	if (listener->frees) {
		signals_free(&listener->signals);
	}
	if (--listener->expected == 0) {
		loop_stop(listener->fixture->loop);
	}
}

static void give_up(void *arg)
{
	struct fixture *fixture = arg;

	(void)arg;
	strbuf_adds(&fixture->happened, "nothing ");
	loop_stop(fixture->loop);
}

static void listen_for(struct listener *listener, struct fixture *fixture, int expected)
{
	struct err err;

	*listener = (struct listener){.fixture = fixture, .expected = expected};
	assert_int_equal(signals_new(fixture->loop, heard, listener, &listener->signals, &err), 0);
}

/* Runs until the listener has heard what it expects; at most 10 s. */
static void run_at_most(struct fixture *fixture, int64_t ms)
{
	struct timer *timer = timer_add(fixture->loop, ms, give_up, fixture);

	run(fixture);
	timer_free(&timer);
}

static void each_signal_is_told_once(void **state)
{
	static const struct {
		int signo;
		const char *expected;
	} rows[] = {{SIGINT, "INT "}, {SIGTERM, "TERM "}, {SIGHUP, "HUP "}};
	struct fixture *fixture = *state;
	struct listener listener;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		listen_for(&listener, fixture, 1);
		strbuf_clear(&fixture->happened);
		assert_int_equal(kill(getpid(), rows[i].signo), 0);
		run_at_most(fixture, 10000);
		assert_string_equal(fixture->happened.buf, rows[i].expected);
		run_at_most(fixture, 2);
		signals_free(&listener.signals);
		assert_null(listener.signals);
	}
}

static void several_signals_each_once(void **state)
{
	struct fixture *fixture = *state;
	struct listener listener;

	listen_for(&listener, fixture, 3);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(kill(getpid(), SIGINT), 0);
	assert_int_equal(kill(getpid(), SIGHUP), 0);
	run_at_most(fixture, 10000);
	assert_non_null(strstr(fixture->happened.buf, "INT "));
	assert_non_null(strstr(fixture->happened.buf, "TERM "));
	assert_non_null(strstr(fixture->happened.buf, "HUP "));
	assert_int_equal(fixture->happened.len, strlen("INT TERM HUP "));
	signals_free(&listener.signals);
}

static void does_not_hold_the_loop(void **state)
{
	struct fixture *fixture = *state;
	struct listener listener;

	listen_for(&listener, fixture, 1);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "");
	signals_free(&listener.signals);
	signals_free(&listener.signals);
}

static void callback_may_free_it(void **state)
{
	struct fixture *fixture = *state;
	struct listener listener;

	listen_for(&listener, fixture, 0);
	listener.frees = true;
	assert_int_equal(kill(getpid(), SIGINT), 0);
	run_at_most(fixture, 5);
	assert_string_equal(fixture->happened.buf, "INT nothing ");
	assert_null(listener.signals);
}

static void a_hangup_ignored_at_start_stays_ignored(void **state)
{
	struct fixture *fixture = *state;
	struct listener listener;

	assert_ptr_equal(signal(SIGHUP, SIG_IGN), SIG_DFL);
	listen_for(&listener, fixture, 1);
	assert_int_equal(kill(getpid(), SIGHUP), 0);
	run_at_most(fixture, 5);
	assert_string_equal(fixture->happened.buf, "nothing ");
	signals_free(&listener.signals);
	assert_ptr_equal(signal(SIGHUP, SIG_DFL), SIG_IGN);
}

static void free_gives_the_mask_back(void **state)
{
	struct fixture *fixture = *state;
	struct listener listener;
	sigset_t mask;

	listen_for(&listener, fixture, 1);
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
	assert_true(sigismember(&mask, SIGTERM));
	signals_free(&listener.signals);
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
	assert_false(sigismember(&mask, SIGINT));
	assert_false(sigismember(&mask, SIGTERM));
	assert_false(sigismember(&mask, SIGHUP));
}

/* However the tests were started (nohup, in the background of a script). */
static int usual_signals(void **state)
{
	sigset_t mask;

	(void)state;
	(void)sigemptyset(&mask);
	(void)signal(SIGHUP, SIG_DFL);
	(void)signal(SIGINT, SIG_DFL);
	return sigprocmask(SIG_SETMASK, &mask, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(each_signal_is_told_once),
		fixture_test(several_signals_each_once),
		fixture_test(does_not_hold_the_loop),
		fixture_test(callback_may_free_it),
		fixture_test(a_hangup_ignored_at_start_stays_ignored),
		fixture_test(free_gives_the_mask_back),
	};

	return cmocka_run_group_tests(tests, usual_signals, NULL);
}

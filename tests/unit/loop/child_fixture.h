/*
 * Children for tests: started with usual values, their end copied, and waiting until something is
 * so.
 */
#ifndef TESTS_UNIT_LOOP_CHILD_FIXTURE_H
#define TESTS_UNIT_LOOP_CHILD_FIXTURE_H

#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "loop/child.h"
#include "loop/loop_fixture.h"

struct kid {
	struct fixture *fixture;
	struct child *child;
	struct child_exit end; /* out and err are valid until kid_free() */
	int done_count;
	bool is_started; /* child_start() has returned */
};

static const char *const usual_env[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};

/* Runs argv or function with 60 s and 1 MB, unless changed. */
static inline struct child_spec usual_spec(void)
{
	return (struct child_spec){.env = usual_env,
		.stdout_max = 1 << 20,
		.stderr_max = 1 << 20,
		.timeout_ms = 60000,
		.kill_grace_ms = 5000,
		.drain_ms = 5000};
}

static inline void kid_done(void *arg, const struct child_exit *end)
{
	struct kid *kid = arg;

	assert_true(kid->is_started);
	kid->done_count++;
	kid->end = *end;
}

static inline int kid_try(
	struct kid *kid, struct fixture *fixture, const struct child_spec *spec, struct err *err)
{
	int r;

	*kid = (struct kid){.fixture = fixture};
	r = child_start(fixture->loop, spec, kid_done, kid, &kid->child, err);
	kid->is_started = true;
	return r;
}

static inline void kid_start(
	struct kid *kid, struct fixture *fixture, const struct child_spec *spec)
{
	struct err err = {0};

	if (kid_try(kid, fixture, spec, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

static inline void kid_start_shell(
	struct kid *kid, struct fixture *fixture, struct child_spec spec, const char *script)
{
	const char *const argv[] = {"sh", "-c", script, NULL};

	spec.argv = argv;
	kid_start(kid, fixture, &spec);
}

static inline void kid_free(struct kid *kid)
{
	child_free(&kid->child);
	assert_null(kid->child);
}

/* Start it and wait for its end. */
static inline void kid_run(struct kid *kid, struct fixture *fixture, const struct child_spec *spec)
{
	kid_start(kid, fixture, spec);
	run(fixture);
	assert_int_equal(kid->done_count, 1);
}

static inline void kid_run_shell(
	struct kid *kid, struct fixture *fixture, struct child_spec spec, const char *script)
{
	kid_start_shell(kid, fixture, spec, script);
	run(fixture);
	assert_int_equal(kid->done_count, 1);
}

/* Runs the loop until `is_so`; the test fails if it is not within 30 s.  Fine with a fake clock. */
struct until {
	struct fixture *fixture;
	bool (*is_so)(const void *arg);
	const void *arg;
	struct timer *timer;
	int tries_left;
};

static inline void until_look(void *arg)
{
	struct until *until = arg;

	if (until->is_so(until->arg) || --until->tries_left == 0) {
		loop_stop(until->fixture->loop);
		return;
	}
	(void)usleep(1000);
	timer_set(until->timer, 0);
}

static inline void run_until(
	struct fixture *fixture, bool (*is_so)(const void *arg), const void *arg)
{
	struct until until = {.fixture = fixture, .is_so = is_so, .arg = arg, .tries_left = 30000};

	until.timer = timer_add(fixture->loop, 0, until_look, &until);
	run(fixture);
	timer_free(&until.timer);
	assert_true(until.tries_left > 0);
}

static inline bool is_counted_down(const void *arg)
{
	return --**(int *const *)arg <= 0;
}

static inline void run_turns(struct fixture *fixture, int turns)
{
	int *left = &turns;

	run_until(fixture, is_counted_down, &left);
}

static inline bool kid_is_done(const void *arg)
{
	const struct kid *kid = arg;

	return kid->done_count > 0;
}

/* Nothing that this process or a child of it started runs or waits to be reaped any more. */
static inline bool all_are_gone(const void *arg)
{
	siginfo_t info = {0};

	(void)arg;
	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

/* The same, where grandchildren that have become ours are reaped on the way. */
static inline bool all_are_gone_reaping(const void *arg)
{
	(void)arg;
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

/* The process, which is ours since its parent went, has been ended by SIGKILL; this reaps it. */
static inline bool grandchild_is_killed(const void *arg)
{
	int status = 0;

	return waitpid(*(const pid_t *)arg, &status, WNOHANG) > 0 && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGKILL;
}

/* Grandchildren become ours when their parent has gone, so that a test can see how they ended. */
static inline int adopt_grandchildren(void **state)
{
	(void)state;
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

#endif

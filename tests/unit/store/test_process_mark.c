/*
 * Who a process is: numbers that came again, processes that ended, and those that cannot be seen.
 */
#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/process_mark.h"

static void test_stat(void **state)
{
	(void)state;
#define REST " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21\n"
	static const struct {
		const char *text;
		int result;
		char state;
		int64_t started;
	} cases[] = {
		{"1 (init) S" REST, 0, 'S', 4711},
		{"1 (a) b (c) R)) Z" REST, 0, 'Z', 4711},
		{"1 (line\nbreak) S" REST, 0, 'S', 4711},
		{"1 () R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 0", 0, 'R', 0},
		{"1 (init) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18", -1, 0, 0},
		{"1 (init) SS" REST, -1, 0, 0},
		{"1 (init) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 -1", -1, 0, 0},
		{"1 (init) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 99999999999999999999", -1,
			0, 0},
		{"1 init S" REST, -1, 0, 0},
		{"1 (init)", -1, 0, 0},
		{"", -1, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char letter = 0;
		int64_t started = 0;

		assert_int_equal(process_stat_parse(str_of(cases[i].text), &letter, &started),
			cases[i].result);
		assert_int_equal(letter, cases[i].state);
		assert_int_equal(started, cases[i].started);
	}
}

static void test_self(void **state)
{
	(void)state;
	struct process_mark self;
	struct process_mark again;

	process_mark_self(&self);
	process_mark_self(&again);
	assert_int_equal(self.pid, getpid());
	assert_true(self.started > 0);
	assert_int_equal(self.started, again.started);
	assert_string_equal(self.boot, again.boot);
	assert_non_null(strstr(self.boot, " pid:["));
	assert_int_equal(process_mark_fate(&self, &again), PROCESS_ALIVE);
}

static void test_fates(void **state)
{
	(void)state;
	static const struct {
		const char *host, *boot;
		int64_t pid_change, started_change;
		enum process_fate fate;
	} cases[] = {
		{NULL, NULL, 0, 0, PROCESS_ALIVE},
		{NULL, NULL, 0, 1, PROCESS_GONE},       /* the number came again */
		{NULL, NULL, 1 << 29, 0, PROCESS_GONE}, /* there is no such number */
		{NULL, NULL, INT32_MIN, 0, PROCESS_GONE},
		{NULL, "another pid:[1]", 0, 0, PROCESS_GONE}, /* before the boot */
		{"other", "another pid:[1]", 0, 0, PROCESS_UNKNOWN},
		{NULL, "", 0, 0, PROCESS_UNKNOWN},
		{"other", NULL, 0, 0, PROCESS_ALIVE}, /* only its name was changed */
	};
	struct process_mark self;

	process_mark_self(&self);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct process_mark other = self;

		if (cases[i].host) {
			(void)snprintf(other.host, sizeof(other.host), "%s", cases[i].host);
		}
		if (cases[i].boot) {
			(void)snprintf(other.boot, sizeof(other.boot), "%s", cases[i].boot);
		}
		other.pid += cases[i].pid_change;
		other.started += cases[i].started_change;
		assert_int_equal(process_mark_fate(&self, &other), cases[i].fate);
	}
}

/* The same boot, another space of numbers: a container beside us. */
static void test_container(void **state)
{
	(void)state;
	struct process_mark self;
	struct process_mark other;
	char *space;

	process_mark_self(&self);
	other = self;
	space = strchr(other.boot, ' ');
	assert_non_null(space);
	(void)snprintf(space, sizeof(other.boot) - (size_t)(space - other.boot), " pid:[1]");
	assert_int_equal(process_mark_fate(&self, &other), PROCESS_UNKNOWN);
}

static void test_child(void **state)
{
	(void)state;
	struct process_mark self;
	struct process_mark other;
	siginfo_t info;
	int pipe_fds[2];
	char byte;

	process_mark_self(&self);
	other = self;
	assert_int_equal(pipe(pipe_fds), 0);
	other.pid = fork();
	if (other.pid == 0) {
		(void)close(pipe_fds[1]);
		_exit(read(pipe_fds[0], &byte, 1) < 0);
	}
	other.started = -1; /* as of a process that could not see its own */
	assert_int_equal(process_mark_fate(&self, &other), PROCESS_ALIVE);

	(void)close(pipe_fds[0]);
	(void)close(pipe_fds[1]);
	/* It has ended, and stays as a zombie until it is waited for. */
	assert_int_equal(waitid(P_PID, (id_t)other.pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(process_mark_fate(&self, &other), PROCESS_GONE);
	assert_int_equal(waitpid((pid_t)other.pid, NULL, 0), other.pid);
	assert_int_equal(process_mark_fate(&self, &other), PROCESS_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_fates),
		cmocka_unit_test(test_container),
		cmocka_unit_test(test_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

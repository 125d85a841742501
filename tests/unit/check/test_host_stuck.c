/*
 * Remembering children that hang; here they only sleep.
 */
#include <sys/wait.h>

#include <signal.h>
#include <unistd.h>

#include "check/host_stuck.h"
#include "loop/loop_fixture.h"

static pid_t start_sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;) {
			(void)pause();
		}
	}
	assert_true(pid > 0);
	return pid;
}

static void end_sleeper(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void remembers_as_long_as_they_hang(void **state)
{
	pid_t nas = start_sleeper();
	pid_t disk = start_sleeper();

	(void)state;
	assert_false(host_stuck_has("/nas"));
	host_stuck_remember("/nas", nas);
	host_stuck_remember("/disk", disk);
	assert_true(host_stuck_has("/nas"));
	assert_true(host_stuck_has("/disk"));
	assert_false(host_stuck_has("/"));
	end_sleeper(nas);
	assert_false(host_stuck_has("/nas"));
	assert_true(host_stuck_has("/disk"));
	end_sleeper(disk);
	assert_false(host_stuck_has("/disk"));
}

static void does_not_remember_what_is_gone(void **state)
{
	pid_t pid = start_sleeper();

	(void)state;
	end_sleeper(pid);
	host_stuck_remember("/nas", pid);
	assert_false(host_stuck_has("/nas"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			remembers_as_long_as_they_hang, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			does_not_remember_what_is_gone, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

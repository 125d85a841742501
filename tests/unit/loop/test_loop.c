#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "cmocka_all.h"
#include "loop/loop_fixture.h"

static void ends_when_nothing_is_left(void **state)
{
	run(*state);
	run(*state);
}

static void stop_the_loop(void *arg)
{
	struct fixture *fixture = arg;

	strbuf_adds(&fixture->happened, "stop ");
	loop_stop(fixture->loop);
}

static void say_more(void *arg)
{
	struct fixture *fixture = arg;

	strbuf_adds(&fixture->happened, "more ");
}

static void stop_finishes_the_turn(void **state)
{
	struct fixture *fixture = *state;
	struct timer *timers[3];

	time_fake(1000, 0);
	timers[0] = timer_add(fixture->loop, 0, stop_the_loop, fixture);
	timers[1] = timer_add(fixture->loop, 0, say_more, fixture);
	timers[2] = timer_add(fixture->loop, 1, say_more, fixture);
	(void)loop_defer(fixture->loop, say_more, fixture);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "stop more more ");
	time_fake_advance(1);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "stop more more more ");
	for (size_t i = 0; i < ARRAY_LEN(timers); i++) {
		timer_free(&timers[i]);
	}
}

static void stop_before_run_ends_it_at_once(void **state)
{
	struct fixture *fixture = *state;

	loop_stop(fixture->loop);
	(void)loop_defer(fixture->loop, say_more, fixture);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "");
	run(fixture);
	assert_string_equal(fixture->happened.buf, "more ");
}

static void look_at_the_clock(void *arg)
{
	struct fixture *fixture = arg;
	int64_t now_ms = loop_now_ms(fixture->loop);

	time_fake_advance(70);
	assert_int_equal(loop_now_ms(fixture->loop), now_ms);
	strbuf_addf(&fixture->happened, "%d ", (int)now_ms);
}

static void now_stands_still_within_a_turn(void **state)
{
	struct fixture *fixture = *state;
	struct timer *timers[2];

	time_fake(1000, 0);
	assert_int_equal(loop_now_ms(fixture->loop), 1000);
	time_fake_advance(5);
	assert_int_equal(loop_now_ms(fixture->loop), 1005);
	timers[0] = timer_add(fixture->loop, 0, look_at_the_clock, fixture);
	timers[1] = timer_add(fixture->loop, 0, look_at_the_clock, fixture);
	run(fixture);
	assert_string_equal(fixture->happened.buf, "1005 1005 ");
	assert_int_equal(loop_now_ms(fixture->loop), 1145);
	timer_free(&timers[0]);
	timer_free(&timers[1]);
}

static void ignores_sigpipe(void **state)
{
	struct fixture *fixture = *state;
	int fds[2];

	(void)fixture;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(write(fds[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(close(fds[1]), 0);
}

static void refuses_a_slow_limit_that_is_no_number(void **state)
{
	struct loop *loop = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(setenv("SRE_LOOP_SLOW_MS", "soon", 1), 0);
	assert_int_equal(loop_new(&loop, &err), -1);
	assert_int_equal(unsetenv("SRE_LOOP_SLOW_MS"), 0);
	assert_null(loop);
	assert_int_equal(err.code, ERR_INPUT);
	assert_non_null(strstr(err.msg, "SRE_LOOP_SLOW_MS"));
	assert_non_null(strstr(err.msg, "'soon'"));
}

static void free_of_nothing_is_fine(void **state)
{
	struct loop *loop = NULL;

	(void)state;
	loop_free(&loop);
}

/* From now on this process has no epoll_pwait2(), as before Linux 5.11. */
static int forbid_epoll_pwait2(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_pwait2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = ARRAY_LEN(filter), .filter = filter};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
			       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0
		       ? 0
		       : -1;
}

enum { NO_SECCOMP = 77 };

static void count_down(void *arg)
{
	(*(int *)arg)--;
}

static int run_on_an_old_kernel(struct loop *loop)
{
	int64_t begun_us = time_mono_us();
	struct err err;
	int left = 2;
	struct timer *timers[2];

	if (forbid_epoll_pwait2() < 0) {
		return NO_SECCOMP;
	}
	timers[0] = timer_add(loop, 3, count_down, &left);
	timers[1] = timer_add(loop, 6, count_down, &left);
	if (loop_run(loop, &err) < 0 || left != 0) {
		return 1;
	}
	timer_free(&timers[0]);
	timer_free(&timers[1]);
	return time_mono_us() - begun_us >= 6000 ? 0 : 2;
}

static void works_without_epoll_pwait2(void **state)
{
	struct fixture *fixture = *state;
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		_exit(run_on_an_old_kernel(fixture->loop));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_SECCOMP) {
		skip_because("needs seccomp");
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(ends_when_nothing_is_left),
		fixture_test(stop_finishes_the_turn),
		fixture_test(stop_before_run_ends_it_at_once),
		fixture_test(now_stands_still_within_a_turn),
		fixture_test(ignores_sigpipe),
		fixture_test(refuses_a_slow_limit_that_is_no_number),
		fixture_test(free_of_nothing_is_fine),
		fixture_test(works_without_epoll_pwait2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

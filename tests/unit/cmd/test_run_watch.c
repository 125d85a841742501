/*
 * Signals, once and twice, and the deadline; with a clock that the test moves.
 */
#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_code.h"
#include "base/file.h"
#include "base/time.h"
#include "cmd/common_options.h"
#include "cmd/run_watch.h"
#include "cmocka_all.h"
#include "fleet/host_queue.h"
#include "support/loop_turns.h"

static const struct log_context context = {.component = "test"};
static struct common_opts common;
static struct run_watch watch;
static int stops;
static enum outcome_cause cause;

static void stop(void *arg, enum outcome_cause why)
{
	assert_ptr_equal(arg, &watch);
	stops++;
	cause = why;
	loop_stop(watch.loop);
}

static void add_stopping(const void *arg, struct strbuf *out)
{
	assert_ptr_equal(arg, &watch);
	strbuf_adds(out, "ending it");
}

static void add_left(const void *arg, struct strbuf *out)
{
	assert_ptr_equal(arg, &watch);
	strbuf_adds(out, "left all of it\n");
}

static void add_phases(const void *arg, size_t max, struct strbuf *out)
{
	assert_ptr_equal(arg, &watch);
	assert_true(max > 0);
	strbuf_adds(out, "web-01: at work\n");
}

static void count(const void *arg, size_t *ret_done, size_t *ret_failed)
{
	assert_ptr_equal(arg, &watch);
	*ret_done = 1;
	*ret_failed = 0;
}

static int setup(void **state)
{
	static const struct run_watch_work work = {stop, add_stopping, add_left, add_phases, count};
	static const struct ssh_connector_options connector = {0};

	(void)state;
	time_fake(1000, 0);
	stops = 0;
	common = (struct common_opts){.is_quiet = true};
	watch = (struct run_watch){
		.work = &work, .arg = &watch, .common = &common, .log = &context};
	return run_watch_open(&watch, &connector, NULL);
}

static int teardown(void **state)
{
	(void)state;
	run_watch_close(&watch);
	time_fake_end();
	return 0;
}

static void pass(int64_t ms)
{
	loop_turns_pass(watch.loop, ms);
}

/* A signal for us, and the loop turned until it has come. */
static void be_sent(int signo)
{
	assert_int_equal(kill(getpid(), signo), 0);
	pass(0);
}

/* --- signals -------------------------------------------------------------------------------- */

static void assert_stops(int signo, enum outcome_run_end end)
{
	run_watch_start(&watch, "servers", 2);
	be_sent(signo);
	assert_int_equal(stops, 1);
	assert_int_equal(cause, CAUSE_INTERRUPTED);
	assert_int_equal(run_watch_end(&watch, CAUSE_INTERRUPTED), end);
	/* It counts more than a deadline that stopped the work before. */
	assert_int_equal(run_watch_end(&watch, CAUSE_DEADLINE), end);
	/* timeout(1) sends its signal to us, and to the group. */
	pass(199);
	be_sent(signo);
	assert_int_equal(stops, 1);
}

static void interrupted(void **state)
{
	(void)state;
	assert_stops(SIGINT, RUN_INTERRUPTED);
}

static void terminated(void **state)
{
	(void)state;
	assert_stops(SIGTERM, RUN_TERMINATED);
}

static size_t read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < size - 1) {
		n = read(fd, buf + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	buf[len] = '\0';
	return len;
}

/* It ends the process, so a child's. */
static void two_signals(void **state)
{
	char said[200];
	int fds[2], status;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)dup2(fds[1], STDERR_FILENO);
		assert_int_equal(setup(NULL), 0);
		run_watch_start(&watch, "servers", 2);
		be_sent(SIGINT);
		pass(200);
		be_sent(SIGTERM);
		_exit(99);
	}
	assert_int_equal(close(fds[1]), 0);
	assert_true(read_all(fds[0], said, sizeof(said)) > 0);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_CODE_TERMINATED);
	assert_string_equal(
		said, "interrupted: ending it; once more leaves at once\nleft all of it\n");
}

/* --- clocks --------------------------------------------------------------------------------- */

static void how_it_ended(void **state)
{
	(void)state;
	assert_int_equal(run_watch_end(&watch, CAUSE_NONE), RUN_COMPLETE);
	assert_int_equal(run_watch_end(&watch, CAUSE_DEADLINE), RUN_DEADLINE);
	assert_int_equal(run_watch_end(&watch, CAUSE_STOPPED), RUN_COMPLETE);
	/* Who reads our output has gone away. */
	assert_int_equal(run_watch_end(&watch, CAUSE_INTERRUPTED), RUN_COMPLETE);
}

static void when_to_stop(void **state)
{
	static const struct {
		int64_t deadline_ms, expected_ms;
	} cases[] = {
		{0, 0},
		{1, 1000 + 1},
		{10, 1000 + 8},
		{10000, 1000 + 8000},
		{25000, 1000 + 20000},
		{3600000, 1000 + 3595000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		common.deadline_ms = cases[i].deadline_ms;
		assert_int_equal(run_watch_deadline_ms(&watch), cases[i].expected_ms);
	}
	pass(9000);
	common.deadline_ms = INT64_MAX;
	assert_int_equal(run_watch_deadline_ms(&watch), INT64_MAX);
}

static void how_long_it_took(void **state)
{
	struct timer *timer;
	int64_t duration_ms = -1;

	(void)state;
	run_watch_start(&watch, NULL, 0);
	timer = timer_add(watch.loop, 1500, loop_turns_stop, watch.loop);
	time_fake_advance(1500);
	assert_int_equal(run_watch_run(&watch, &duration_ms, NULL), 0);
	assert_int_equal(duration_ms, 1500);
	timer_free(&timer);
}

static void how_many(void **state)
{
	(void)state;
	assert_int_equal(run_watch_workers(3, 7, 1), 3);
	assert_int_equal(run_watch_workers(0, 7, 1), 7);
	assert_int_equal(run_watch_workers(0, 0, 1), HOST_QUEUE_WORKERS);
}

/* --- what is said meanwhile ----------------------------------------------------------------- */

static void phases(void **state)
{
	char path[] = "/tmp/test_run_watch.XXXXXX";
	const struct log_options options = {.level = LOG_LEVEL_INFO, .file = path};
	struct strbuf lines = STRBUF_INIT;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(log_open(&options, NULL), 0);
	run_watch_start(&watch, NULL, 0);
	pass(9999);
	assert_int_equal(file_read(path, FILE_REGULAR, 1000, &lines, NULL), 0);
	assert_int_equal(lines.len, 0);
	pass(1);
	log_close();
	assert_int_equal(file_read(path, FILE_REGULAR, 1000, &lines, NULL), 0);
	assert_non_null(strstr(lines.buf, "web-01: at work"));
	strbuf_release(&lines);
	assert_int_equal(unlink(path), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(interrupted),
		TEST(terminated),
		cmocka_unit_test(two_signals),
		TEST(how_it_ended),
		TEST(when_to_stop),
		TEST(how_long_it_took),
		TEST(how_many),
		TEST(phases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

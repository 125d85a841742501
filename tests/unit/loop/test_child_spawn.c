#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>

#include "cmocka_all.h"
#include "loop/child_fixture.h"

/* All of it holds for those whose life is bound to ours, too. */
static bool are_bound;

static struct child_spec our_spec(void)
{
	struct child_spec spec = usual_spec();

	spec.dies_with_us = are_bound;
	return spec;
}

static void the_environment_is_exactly_what_was_given(void **state)
{
	static const char *const argv[] = {"/usr/bin/env", NULL};
	static const char *const some[] = {"A=1", "B=two words", NULL};
	static const char *const none[] = {NULL};
	static const struct {
		const char *const *env;
		const char *expected;
	} rows[] = {{some, "A=1\nB=two words\n"}, {none, ""}, {NULL, ""}};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct child_spec spec = our_spec();
		struct kid kid;

		spec.argv = argv;
		spec.env = rows[i].env;
		kid_run(&kid, fixture, &spec);
		assert_string_equal(kid.end.out->buf, rows[i].expected);
		kid_free(&kid);
	}
}

static void arguments_arrive_as_they_are(void **state)
{
	static const char *const argv[] = {"printf", "[%s]", "a b", "$HOME", "*", "", "'\"", NULL};
	struct fixture *fixture = *state;
	struct child_spec spec = our_spec();
	struct kid kid;

	spec.argv = argv;
	kid_run(&kid, fixture, &spec);
	assert_string_equal(kid.end.out->buf, "[a b][$HOME][*][]['\"]");
	kid_free(&kid);
}

static int say_cwd(const void *arg)
{
	char path[256];

	(void)arg;
	return getcwd(path, sizeof(path)) && dprintf(STDOUT_FILENO, "%s\n", path) > 0 ? 0 : 1;
}

static void starts_in_its_folder(void **state)
{
	static const char *const by_path[] = {"pwd", NULL};
	static const char *const relative[] = {"bin/pwd", NULL};
	static const struct {
		const char *const *argv; /* NULL: the function */
		const char *cwd;
		const char *expected;
	} rows[] = {{by_path, "/usr", "/usr\n"}, {relative, "/usr", "/usr\n"},
		{NULL, "/usr", "/usr\n"}};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct child_spec spec = our_spec();
		struct kid kid;

		spec.argv = rows[i].argv;
		spec.function = rows[i].argv ? NULL : say_cwd;
		spec.cwd = rows[i].cwd;
		kid_run(&kid, fixture, &spec);
		assert_string_equal(kid.end.out->buf, rows[i].expected);
		kid_free(&kid);
	}
}

static int count_fds(const void *arg)
{
	int count = 0;

	(void)arg;
	for (int fd = 0; fd < 1000; fd++) {
		count += fcntl(fd, F_GETFD) >= 0;
	}
	return count;
}

static void has_no_descriptor_of_ours(void **state)
{
	static const char *const argv[] = {"sh", "-c", "ls /proc/$$/fd", NULL};
	struct fixture *fixture = *state;
	struct child_spec spec = our_spec();
	int fds[20];
	struct kid kid;

	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = dup(STDERR_FILENO); /* inheritable */
		assert_true(fds[i] >= 0);
	}
	spec.argv = argv;
	kid_run(&kid, fixture, &spec);
	assert_string_equal(kid.end.out->buf, "0\n1\n2\n");
	kid_free(&kid);

	spec.argv = NULL;
	spec.function = count_fds;
	kid_run(&kid, fixture, &spec);
	assert_int_equal(kid.end.exit_code, 3);
	kid_free(&kid);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		assert_int_equal(close(fds[i]), 0);
	}
}

static int copy_status(const void *arg)
{
	char text[4096];
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text));

	(void)arg;
	return n > 0 && write(STDOUT_FILENO, text, (size_t)n) == n ? 0 : 1;
}

/* Signals 1 to 28 of one line of /proc/PID/status, as 7 hexadecimal digits.  The C library ignores
 * its own, 32 and 33, in what it spawns. */
static const char *signals_of(const struct strbuf *status, const char *name)
{
	const char *line = strstr(status->buf, name);

	assert_non_null(line);
	return strpbrk(line, "0123456789abcdef") + 9;
}

static void signals_are_as_at_first(void **state)
{
	static const char *const argv[] = {"cat", "/proc/self/status", NULL};
	struct fixture *fixture = *state;
	sigset_t mask, old_mask;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGUSR1);
	(void)sigaddset(&mask, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &mask, &old_mask), 0);
	(void)signal(SIGUSR2, SIG_IGN);
	for (int i = 0; i < 2; i++) {
		struct child_spec spec = our_spec();
		struct kid kid;

		spec.argv = i == 0 ? argv : NULL;
		spec.function = i == 0 ? NULL : copy_status;
		kid_run(&kid, fixture, &spec);
		assert_int_equal(kid.end.exit_code, 0);
		assert_memory_equal(signals_of(kid.end.out, "\nSigBlk:"), "0000000\n", 8);
		assert_memory_equal(signals_of(kid.end.out, "\nSigIgn:"), "0000000\n", 8);
		kid_free(&kid);
	}
	(void)signal(SIGUSR2, SIG_DFL);
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
	assert_true(sigismember(&mask, SIGUSR1)); /* ours is as it was */
	assert_false(sigismember(&mask, SIGINT));
	assert_int_equal(sigprocmask(SIG_SETMASK, &old_mask, NULL), 0);
}

static void leads_a_group_of_its_own(void **state)
{
	struct fixture *fixture = *state;
	char expected[64];
	struct kid kid;

	kid_run_shell(&kid, fixture, our_spec(),
		"read pid name state parent group rest < /proc/$$/stat; echo $pid $group $PPID");
	(void)snprintf(expected, sizeof(expected), "%d %d %d\n", (int)child_pid(kid.child),
		(int)child_pid(kid.child), (int)getpid());
	assert_string_equal(kid.end.out->buf, expected);
	kid_free(&kid);
}

static void what_cannot_be_started_is_an_error_that_names_it(void **state)
{
	static const struct {
		const char *program;
		const char *cwd;
		enum err_code code;
		const char *expected;
	} rows[] = {
		{"no-such-program", NULL, ERR_NOT_FOUND, "'no-such-program'"},
		{"/no/such/program", NULL, ERR_NOT_FOUND, "'/no/such/program'"},
		{"", NULL, ERR_NOT_FOUND, "''"},
		{"/etc/passwd", NULL, ERR_PERMISSION, "'/etc/passwd'"},
		{"/etc", NULL, ERR_PERMISSION, "'/etc': not a file"},
		{"/etc/passwd/x", NULL, ERR_NOT_FOUND, "'/etc/passwd/x'"},
		{"./sh", "/usr", ERR_NOT_FOUND, "'./sh'"},
		{"true", "/no/such/folder", ERR_NOT_FOUND, "folder '/no/such/folder'"},
		{"true", "/etc/passwd", ERR_NOT_FOUND, "folder '/etc/passwd'"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *const argv[] = {rows[i].program, NULL};
		struct child_spec spec = our_spec();
		struct err err = {0};
		struct kid kid;

		spec.argv = argv;
		spec.cwd = rows[i].cwd;
		spec.input = str_of("input");
		assert_int_equal(kid_try(&kid, fixture, &spec, &err), -1);
		assert_int_equal(err.code, rows[i].code);
		assert_non_null(strstr(err.msg, rows[i].expected));
		assert_null(kid.child);
	}
	run(fixture);
	assert_true(all_are_gone(NULL));
}

static void a_file_that_is_no_program_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	char path[] = "/tmp/test_spawn.XXXXXX";
	const char *const argv[] = {path, NULL};
	struct child_spec spec = our_spec();
	int fd = mkstemp(path);
	struct err err = {0};
	struct kid kid;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "echo hello\n", 11), 11);
	assert_int_equal(fchmod(fd, 0700), 0);
	assert_int_equal(close(fd), 0);
	spec.argv = argv;
	assert_int_equal(kid_try(&kid, fixture, &spec, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_non_null(strstr(err.msg, path));
	assert_non_null(strstr(err.msg, "#!"));
	assert_int_equal(unlink(path), 0);
	assert_true(all_are_gone(NULL));
}

/* Whichever of the descriptors that it needs is one too many: allows one more until it succeeds. */
static void running_out_of_descriptors_is_an_error_that_leaves_nothing(void **state)
{
	static const char *const argv[] = {"cat", NULL};
	struct fixture *fixture = *state;
	struct child_spec spec = our_spec();
	struct rlimit limit, low;
	int fds = fds_open();
	struct kid kid = {0};

	spec.argv = argv;
	spec.cwd = "/";
	spec.input = str_of("hello");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	for (low = limit, low.rlim_cur = 0; !kid.child; low.rlim_cur++) {
		struct err err = {0};
		int r;

		assert_in_range(low.rlim_cur, 0, limit.rlim_cur);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
		r = kid_try(&kid, fixture, &spec, &err);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		if (r < 0) {
			assert_int_equal(err.code, ERR_SYSTEM);
			assert_non_null(strstr(err.msg, "open files"));
			assert_int_equal(fds_open(), fds);
			assert_true(all_are_gone(NULL));
		}
	}
	run(fixture);
	assert_string_equal(kid.end.out->buf, "hello");
	kid_free(&kid);
	assert_in_range(low.rlim_cur, 8, 1000); /* 7 of them are needed, and one is the loop's */
}

/* In a copy of this process, whose own standard descriptors are closed. */
static int cat_without_stdio(struct fixture *fixture)
{
	static const char *const argv[] = {"sh", "-c", "cat; echo err >&2", NULL};
	struct child_spec spec = our_spec();
	struct kid kid;

	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	(void)close(STDERR_FILENO);
	spec.argv = argv;
	spec.input = str_of("hello");
	spec.cwd = "/";
	kid = (struct kid){.fixture = fixture, .is_started = true};
	if (child_start(fixture->loop, &spec, kid_done, &kid, &kid.child, NULL) < 0 ||
		loop_run(fixture->loop, NULL) < 0) {
		return 1;
	}
	return strcmp(kid.end.out->buf, "hello") == 0 && strcmp(kid.end.err->buf, "err\n") == 0 ? 0
												: 2;
}

static void our_own_standard_descriptors_may_be_closed(void **state)
{
	struct fixture *fixture = *state;
	struct err err;
	int status = 0;
	pid_t pid;

	loop_free(&fixture->loop);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		_exit(loop_new(&fixture->loop, &err) < 0 ? 3 : cat_without_stdio(fixture));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void an_ignored_sigchld_does_not_matter(void **state)
{
	struct fixture *fixture = *state;
	struct err err;
	struct kid kid;

	loop_free(&fixture->loop);
	(void)signal(SIGCHLD, SIG_IGN); /* as a careless parent leaves it to us */
	assert_int_equal(loop_new(&fixture->loop, &err), 0);
	kid_run_shell(&kid, fixture, our_spec(), "exit 3");
	assert_int_equal(kid.end.exit_code, 3);
	kid_free(&kid);
}

/* In a copy of this process: say the number of a child that is bound to it, and stay. */
static _Noreturn void start_and_stay(struct fixture *fixture, int fd)
{
	static const char *const argv[] = {"sleep", "1000", NULL};
	struct child_spec spec = usual_spec();
	struct child *child;
	pid_t pid;

	spec.argv = argv;
	spec.dies_with_us = true;
	if (child_start(fixture->loop, &spec, kid_done, NULL, &child, NULL) < 0) {
		_exit(1);
	}
	pid = child_pid(child);
	(void)!write(fd, &pid, sizeof(pid));
	(void)pause();
	_exit(2);
}

static bool was_terminated(const void *arg)
{
	int status = 0;

	return waitpid(*(const pid_t *)arg, &status, WNOHANG) > 0 && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGTERM;
}

static void dies_with_us_however(void **state)
{
	struct fixture *fixture = *state;
	struct err err;
	int fds[2];
	pid_t pid, child_pid = 0;

	assert_int_equal(adopt_grandchildren(NULL), 0);
	assert_int_equal(pipe(fds), 0);
	loop_free(&fixture->loop);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (loop_new(&fixture->loop, &err) < 0) {
			_exit(3);
		}
		start_and_stay(fixture, fds[1]);
	}
	assert_int_equal(loop_new(&fixture->loop, &err), 0);
	assert_int_equal(read(fds[0], &child_pid, sizeof(child_pid)), sizeof(child_pid));
	assert_int_equal(kill(child_pid, 0), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	run_until(fixture, was_terminated, &child_pid);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static int begin(void **state)
{
	are_bound = false;
	return fixture_setup(state);
}

static int begin_bound(void **state)
{
	are_bound = true;
	return fixture_setup(state);
}

/* Once for each kind. */
#define BOTH(test)                                                                                 \
	{#test, test, begin, fixture_teardown, NULL},                                              \
	{                                                                                          \
#test "_bound", test, begin_bound, fixture_teardown, NULL                          \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(the_environment_is_exactly_what_was_given),
		BOTH(arguments_arrive_as_they_are),
		BOTH(starts_in_its_folder),
		BOTH(has_no_descriptor_of_ours),
		BOTH(signals_are_as_at_first),
		BOTH(leads_a_group_of_its_own),
		BOTH(what_cannot_be_started_is_an_error_that_names_it),
		BOTH(a_file_that_is_no_program_is_an_error),
		BOTH(running_out_of_descriptors_is_an_error_that_leaves_nothing),
		BOTH(our_own_standard_descriptors_may_be_closed),
		BOTH(an_ignored_sigchld_does_not_matter),
		fixture_test(dies_with_us_however),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

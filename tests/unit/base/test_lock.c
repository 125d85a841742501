/*
 * Locks: one holder, who is named, and nothing else is ever touched.
 */
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "cmocka_all.h"

static char folder[64];

static int enter_folder(void **state)
{
	(void)state;
	memcpy(folder, "/tmp/test_lock.XXXXXX", sizeof("/tmp/test_lock.XXXXXX"));
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	(void)state;
	time_fake_end();
	(void)unlink("lock");
	(void)unlink("other");
	return chdir("/") == 0 ? rmdir(folder) : -1;
}

static void assert_content(const char *expected)
{
	struct strbuf content = STRBUF_INIT;

	assert_int_equal(file_read("lock", FILE_REGULAR, 10000, &content, NULL), 0);
	assert_string_equal(content.buf, expected);
	strbuf_release(&content);
}

static void assert_refused(enum err_code code, const char *expected)
{
	struct lock *lock = NULL;
	struct err err = {0};

	assert_int_equal(lock_take("lock", "second", &lock, &err), -1);
	assert_int_equal(err.code, code);
	assert_string_equal(err.msg, expected);
	assert_null(lock);
}

static void test_held_and_released(void **state)
{
	(void)state;
	struct strbuf expected = STRBUF_INIT;
	struct lock *lock = NULL;
	char host[65] = "";

	assert_int_equal(gethostname(host, 64), 0);
	time_fake(1000, 1751356800000);
	assert_int_equal(lock_take("lock", "sre-toolkit check @web", &lock, NULL), 0);
	strbuf_addf(&expected,
		"locked by pid %d on %s since 1751356800000: sre-toolkit check @web\n",
		(int)getpid(), host);
	assert_content(expected.buf);

	time_fake_advance(184000);
	strbuf_clear(&expected);
	strbuf_addf(&expected,
		"lock 'lock' is held by pid %d on %s: sre-toolkit check @web, for 3 min 4 s",
		(int)getpid(), host);
	assert_refused(ERR_BUSY, expected.buf);

	lock_free(&lock);
	assert_null(lock);
	assert_content("");
	assert_int_equal(lock_take("lock", "again", &lock, NULL), 0);
	lock_free(&lock);
	lock_free(&lock);
	strbuf_release(&expected);
}

static void test_clock_that_went_back(void **state)
{
	(void)state;
	struct lock *lock = NULL;
	struct err err = {0};

	time_fake(1000, 1751356800000);
	assert_int_equal(lock_take("lock", "x", &lock, NULL), 0);
	time_fake_advance(-5000);
	assert_int_equal(lock_take("lock", "y", &lock, &err), -1);
	assert_non_null(strstr(err.msg, ": x, for 0 ms"));
	lock_free(&lock);
}

static void test_hostile_command(void **state)
{
	(void)state;
	struct strbuf command = STRBUF_INIT;
	struct lock *lock = NULL;
	struct err err = {0};

	strbuf_adds(&command, "a\nlocked by pid 1 on x since 1: \x1b[2J");
	strbuf_addn(&command, 'x', 10000);
	assert_int_equal(lock_take("lock", command.buf, &lock, NULL), 0);
	assert_int_equal(lock_take("lock", "y", &lock, &err), -1);
	assert_non_null(strstr(err.msg, ": a\\nlocked by pid 1 on x since 1: \\x1b[2Jxxx"));
	assert_non_null(strstr(err.msg, "xxx..., for "));
	lock_free(&lock);
	strbuf_release(&command);
}

/* What a dead owner left behind neither blocks nor confuses. */
static void test_stale_content(void **state)
{
	(void)state;
	struct lock *lock = NULL;

	assert_int_equal(
		file_write("lock",
			str_of("locked by pid 7 on a-host-with-a-much-longer-name since 1: x\n"),
			0644, NULL),
		0);
	time_fake(0, 5);
	assert_int_equal(lock_take("lock", "new", &lock, NULL), 0);

	struct strbuf content = STRBUF_INIT;
	struct lock_owner owner;

	assert_int_equal(file_read("lock", FILE_REGULAR, 10000, &content, NULL), 0);
	assert_int_equal(lock_owner_parse(strbuf_str(&content), &owner), 0);
	assert_int_equal(owner.pid, getpid());
	assert_int_equal(owner.started_wall_ms, 5);
	assert_true(str_is(owner.command, "new"));
	strbuf_release(&content);
	lock_free(&lock);
}

static void test_held_by_another_program(void **state)
{
	(void)state;
	int fd = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_refused(ERR_BUSY, "lock 'lock' is held by another program");
	close(fd);
}

/* A child that outlives the owner keeps the lock, and the owner that is gone is named as such. */
static void test_held_by_what_the_owner_left(void **state)
{
	(void)state;
	struct strbuf text = STRBUF_INIT;
	char host[65] = "";
	struct err err = {0};
	struct lock *lock = NULL;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid); /* surely gone now */
	assert_int_equal(gethostname(host, 64), 0);
	strbuf_addf(&text, "locked by pid %d on %s since %lld: old\n", (int)pid, host,
		(long long)time_wall_ms());

	int fd = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	assert_int_equal(file_write_all(fd, strbuf_str(&text)), 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(lock_take("lock", "new", &lock, &err), -1);
	assert_non_null(strstr(err.msg, "held by a process left behind by pid"));
	close(fd);
	strbuf_release(&text);
}

static void test_death_releases(void **state)
{
	(void)state;
	struct lock *lock = NULL;
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (lock_take("lock", "child", &lock, NULL) == 0) {
			(void)!write(ready[1], "x", 1);
		}
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(lock_take("lock", "parent", &lock, NULL), -1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(lock_take("lock", "parent", &lock, NULL), 0);
	lock_free(&lock);
	close(ready[0]);
	close(ready[1]);
}

static void test_symbolic_link(void **state)
{
	(void)state;
	assert_int_equal(file_write("other", str_of(""), 0644, NULL), 0);
	assert_int_equal(symlink("other", "lock"), 0);
	assert_refused(ERR_INPUT, "cannot lock 'lock': it is a symbolic link");
}

static void test_hard_link(void **state)
{
	(void)state;
	assert_int_equal(file_write("other", str_of("precious"), 0644, NULL), 0);
	assert_int_equal(link("other", "lock"), 0);
	assert_refused(
		ERR_INPUT, "cannot lock 'lock': it is not a regular file with this one name");
	assert_content("precious");
}

static void test_other_content(void **state)
{
	(void)state;
	assert_int_equal(file_write("lock", str_of("precious\n"), 0644, NULL), 0);
	assert_refused(
		ERR_INPUT, "cannot lock 'lock': it is not a lock file, it has other content");
	assert_content("precious\n");
}

static void test_not_a_file(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("lock", 0600), 0);
	assert_refused(
		ERR_INPUT, "cannot lock 'lock': it is not a regular file with this one name");
	assert_int_equal(unlink("lock"), 0);
	assert_int_equal(mkdir("lock", 0700), 0);
	assert_refused(ERR_SYSTEM, "cannot lock 'lock': Is a directory");
	assert_int_equal(rmdir("lock"), 0);

	struct lock *lock = NULL;
	struct err err = {0};

	assert_int_equal(lock_take("no/lock", "x", &lock, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

enum { SOMEBODY = 65534 };

/* What another user gets who tries to take "lock". */
static enum err_code try_as_somebody(void)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct lock *lock = NULL;
		struct err err = {0};

		if (setgid(SOMEBODY) < 0 || setuid(SOMEBODY) < 0) {
			_exit(ERR_CODE_MAX);
		}
		(void)lock_take("lock", "x", &lock, &err);
		_exit((int)err.code);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return (enum err_code)WEXITSTATUS(status);
}

/* Who may not write the file may still learn who has it. */
static void test_another_user(void **state)
{
	(void)state;
	struct lock *lock = NULL;

	if (getuid() != 0) {
		skip_because("needs root");
	}
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(lock_take("lock", "root's", &lock, NULL), 0);
	assert_int_equal(try_as_somebody(), ERR_BUSY);
	lock_free(&lock);
	assert_int_equal(try_as_somebody(), ERR_PERMISSION);
	assert_int_equal(chmod("lock", 0600), 0);
	assert_int_equal(try_as_somebody(), ERR_PERMISSION);
}

static void test_owner_parse(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"\n",
		"locked by pid 1 on h since 2: c",
		"locked by pid 1 on h since 2: c\nmore",
		"locked by pid 1 on h since 2: c\n\n",
		"locked by pid 0 on h since 2: c\n",
		"locked by pid -1 on h since 2: c\n",
		"locked by pid 99999999999 on h since 2: c\n",
		"locked by pid 1 on h since x: c\n",
		"locked by pid 1 on h since -2: c\n",
		"locked by pid 1 since 2: c\n",
		"locked by pid 1 on h: c\n",
		"Locked by pid 1 on h since 2: c\n",
		" on  since : \n",
	};
	struct lock_owner owner;

	assert_int_equal(lock_owner_parse(str_of("locked by pid 1 on  since 0: \n"), &owner), 0);
	assert_int_equal(owner.pid, 1);
	assert_int_equal(owner.host.len, 0);
	assert_int_equal(owner.command.len, 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(lock_owner_parse(str_of(bad[i]), &owner), -1);
	}
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_held_and_released),
		IN_FOLDER(test_clock_that_went_back),
		IN_FOLDER(test_hostile_command),
		IN_FOLDER(test_stale_content),
		IN_FOLDER(test_held_by_another_program),
		IN_FOLDER(test_held_by_what_the_owner_left),
		IN_FOLDER(test_death_releases),
		IN_FOLDER(test_symbolic_link),
		IN_FOLDER(test_hard_link),
		IN_FOLDER(test_other_content),
		IN_FOLDER(test_not_a_file),
		IN_FOLDER(test_another_user),
		cmocka_unit_test(test_owner_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

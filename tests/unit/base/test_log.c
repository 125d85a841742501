/*
 * Where log lines go: levels, files, rotation, the journal, repeats, and writes that fail.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "cmocka_all.h"

#define STAMP "2025-07-01 08:00:00,123 "

static char folder[64];
static int real_stderr = -1;

/* In an empty folder, with stderr in the file "err" there and the clock standing. */
static int setup(void **state)
{
	(void)state;
	int fd;

	memcpy(folder, "/tmp/test_log.XXXXXX", sizeof("/tmp/test_log.XXXXXX"));
	if (!mkdtemp(folder) || chdir(folder) < 0) {
		return -1;
	}
	fd = open("err", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	if (fd < 0 || real_stderr < 0 || dup2(fd, STDERR_FILENO) < 0) {
		return -1;
	}
	close(fd);
	unsetenv("JOURNAL_STREAM");
	time_fake(1000000, 1751356800123);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	log_close();
	time_fake_end();
	if (dup2(real_stderr, STDERR_FILENO) < 0) {
		return -1;
	}
	close(real_stderr);
	(void)unlink("err");
	(void)unlink("log");
	(void)unlink("log.1");
	return chdir("/") == 0 ? rmdir(folder) : -1;
}

/* Everything in the file, which is empty then. */
static void assert_file(const char *path, const char *expected)
{
	struct strbuf content = STRBUF_INIT;

	assert_int_equal(file_read(path, FILE_REGULAR, 1000000, &content, NULL), 0);
	assert_string_equal(content.buf, expected);
	assert_int_equal(truncate(path, 0), 0);
	strbuf_release(&content);
}

static void log_all(void)
{
	log_error(NULL, "an %s", "error");
	log_warn(NULL, "a warning");
	log_info(NULL, "an info");
	log_debug(NULL, "a debug");
}

static void test_before_open(void **state)
{
	(void)state;
	log_all();
	assert_file("err", STAMP "[ERROR   ] an error\n" STAMP "[WARNING ] a warning\n");
}

static void test_levels(void **state)
{
	(void)state;
	static const struct {
		enum log_level level;
		const char *text;
	} cases[] = {
		{LOG_LEVEL_ERROR, STAMP "[ERROR   ] an error\n"},
		{LOG_LEVEL_WARN, STAMP "[ERROR   ] an error\n" STAMP "[WARNING ] a warning\n"},
		{LOG_LEVEL_INFO, STAMP "[ERROR   ] an error\n" STAMP "[WARNING ] a warning\n" STAMP
				       "[INFO    ] an info\n"},
		{LOG_LEVEL_DEBUG, STAMP "[ERROR   ] an error\n" STAMP "[WARNING ] a warning\n" STAMP
					"[INFO    ] an info\n" STAMP "[DEBUG   ] a debug\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct log_options options = {.level = cases[i].level};

		assert_int_equal(log_open(&options, NULL), 0);
		log_all();
		assert_file("err", cases[i].text);
		assert_int_equal(log_is_on(LOG_LEVEL_DEBUG), cases[i].level == LOG_LEVEL_DEBUG);
	}
}

static void test_level_of(void **state)
{
	(void)state;
	assert_int_equal(log_level_of(LOG_LEVEL_WARN, 0, false), LOG_LEVEL_WARN);
	assert_int_equal(log_level_of(LOG_LEVEL_WARN, 1, false), LOG_LEVEL_INFO);
	assert_int_equal(log_level_of(LOG_LEVEL_WARN, 9, false), LOG_LEVEL_DEBUG);
	assert_int_equal(log_level_of(LOG_LEVEL_WARN, 2, true), LOG_LEVEL_ERROR);
}

static void test_file(void **state)
{
	(void)state;
	const struct log_options options = {.level = LOG_LEVEL_INFO, .file = "log"};
	struct stat st;

	assert_int_equal(log_open(&options, NULL), 0);
	log_warn(NULL, "a");
	log_info(NULL, "b");
	assert_file("log", STAMP "[WARNING ] a\n" STAMP "[INFO    ] b\n");
	assert_file("err", STAMP "[WARNING ] a\n");
	assert_int_equal(stat("log", &st), 0);
	assert_int_equal(st.st_mode & 0137, 0);
}

static void test_file_that_cannot_be(void **state)
{
	(void)state;
	const struct log_options options = {.level = LOG_LEVEL_DEBUG, .file = "no/log"};
	const struct log_options folder_options = {.file = "."};
	struct err err = {0};

	assert_int_equal(log_open(&options, &err), -1);
	assert_string_equal(err.msg, "cannot open log file 'no/log': No such file or directory");
	log_debug(NULL, "nothing has changed");
	assert_file("err", "");
	assert_int_equal(log_open(&folder_options, &err), -1);
	assert_string_equal(err.msg, "cannot open log file '.': Is a directory");
}

static void test_rotation(void **state)
{
	(void)state;
	const struct log_options options = {.level = LOG_LEVEL_INFO, .file = "log"};
	struct err err = {0};

	assert_int_equal(log_reopen(NULL), 0); /* no file, nothing to do */
	assert_int_equal(log_open(&options, NULL), 0);
	log_info(NULL, "one");
	assert_int_equal(rename("log", "log.1"), 0);
	log_info(NULL, "two");
	assert_int_equal(log_reopen(NULL), 0);
	log_info(NULL, "three");
	assert_file("log.1", STAMP "[INFO    ] one\n" STAMP "[INFO    ] two\n");
	assert_file("log", STAMP "[INFO    ] three\n");

	/* The new one cannot be opened: the old one stays. */
	assert_int_equal(unlink("log.1"), 0);
	assert_int_equal(rename("log", "log.1"), 0);
	assert_int_equal(mkdir("log", 0700), 0);
	assert_int_equal(log_reopen(&err), -1);
	log_info(NULL, "four");
	assert_file("log.1", STAMP "[INFO    ] four\n");
	assert_int_equal(rmdir("log"), 0);
}

static void test_json(void **state)
{
	(void)state;
	const struct log_options options = {.level = LOG_LEVEL_INFO, .format = LOG_JSON};

	assert_int_equal(log_open(&options, NULL), 0);
	log_info(NULL, "say \"hi\"");
	assert_file("err", "{\"time\": \"2025-07-01T08:00:00.123Z\", \"level\": \"info\", "
			   "\"message\": \"say \\\"hi\\\"\"}\n");
}

static void test_journal(void **state)
{
	(void)state;
	const struct log_options options = {.level = LOG_LEVEL_INFO};
	struct strbuf stream = STRBUF_INIT;
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	strbuf_addf(
		&stream, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream.buf, 1);
	assert_int_equal(log_open(&options, NULL), 0);
	log_error(NULL, "an error");
	assert_file("err", "<3>an error\n");

	static const char *const others[] = {"", "1", ":", "1:2", "x:y", "1:2:3"};

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		setenv("JOURNAL_STREAM", others[i], 1);
		assert_int_equal(log_open(&options, NULL), 0);
		log_error(NULL, "an error");
		assert_file("err", STAMP "[ERROR   ] an error\n");
	}
	strbuf_release(&stream);
}

static void test_outside_text_is_escaped(void **state)
{
	(void)state;
	struct strbuf text = STRBUF_INIT;
	struct strbuf content = STRBUF_INIT;

	log_error(NULL, "got '%s'", "\x1b[2J\n2025-07-01 08:00:00,123 [INFO    ] all is well");
	assert_file("err", STAMP
		"[ERROR   ] got '\\x1b[2J\\n2025-07-01 08:00:00,123 [INFO    ] all is well'\n");

	strbuf_addn(&text, '\n', 100000);
	log_error(NULL, "%s", text.buf);
	assert_int_equal(file_read("err", FILE_REGULAR, 10000, &content, NULL), 0);
	assert_true(str_ends(strbuf_str(&content), "\\n...\n"));
	strbuf_release(&content);
	strbuf_release(&text);
}

static void test_repeats(void **state)
{
	(void)state;
	const struct log_context one = {.component = "check"};
	const struct log_field field = {"run", "2"};
	const struct log_context two = {.component = "check", .fields = &field, .fields_count = 1};
	int i;

	for (i = 0; i < 13; i++) {
		log_error(&one, "down");
	}
	log_error(&two, "down"); /* another one */
	log_error(&two, "down");
	log_warn(&two, "down"); /* not the same either */
	assert_file("err", STAMP "[ERROR   ] check: down\n" STAMP
				 "[ERROR   ] check: last message repeated 12 times\n" STAMP
				 "[ERROR   ] check: down (run=2)\n" STAMP
				 "[ERROR   ] check: last message repeated 1 time\n" STAMP
				 "[WARNING ] check: down (run=2)\n");
	log_flush();
	assert_file("err", "");
	log_warn(&two, "down");
	log_flush();
	assert_file("err", STAMP "[WARNING ] check: last message repeated 1 time\n");
	log_warn(&two, "down");
	log_close();
	assert_file("err", STAMP "[WARNING ] check: last message repeated 1 time\n");
}

/* A line that comes all the time is told of all the time. */
static void test_repeats_for_long(void **state)
{
	(void)state;
	for (int i = 0; i < 30; i++) {
		log_error(NULL, "down");
		time_fake_advance(1000);
	}
	assert_file("err", "2025-07-01 08:00:00,123 [ERROR   ] down\n"
			   "2025-07-01 08:00:10,123 [ERROR   ] last message repeated 10 times\n"
			   "2025-07-01 08:00:20,123 [ERROR   ] last message repeated 10 times\n");
}

static void test_failing_writes_are_counted(void **state)
{
	(void)state;
	const struct log_options options = {.level = LOG_LEVEL_INFO};
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);

	assert_true(full >= 0 && before >= 0);
	assert_int_equal(log_open(&options, NULL), 0);
	assert_true(dup2(full, STDERR_FILENO) >= 0);
	log_info(NULL, "one");
	log_info(NULL, "two");
	assert_true(dup2(before, STDERR_FILENO) >= 0);
	log_info(NULL, "three");
	log_info(NULL, "four");
	assert_file("err", STAMP "[WARNING ] 2 log lines could not be written\n" STAMP
				 "[INFO    ] three\n" STAMP "[INFO    ] four\n");
	close(full);
	close(before);
}

/* A reader that has gone, or does not read, neither kills nor stops us. */
static void test_pipes_that_do_not_take_it(void **state)
{
	(void)state;
	const struct log_options options = {.level = LOG_LEVEL_INFO};
	int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	char bytes[5000];
	int fds[2];

	assert_int_equal(log_open(&options, NULL), 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	memset(bytes, 'x', sizeof(bytes));
	while (write(fds[1], bytes, sizeof(bytes)) > 0) {
	}
	assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
	log_info(NULL, "nobody reads");
	close(fds[0]);
	log_info(NULL, "nobody is there");
	assert_true(dup2(before, STDERR_FILENO) >= 0);
	log_info(NULL, "back");
	assert_file("err",
		STAMP "[WARNING ] 2 log lines could not be written\n" STAMP "[INFO    ] back\n");
	close(fds[1]);
	close(before);
}

/* What comes after a line of which only a part could be written stands on a line of its own. */
static void test_broken_line(void **state)
{
	(void)state;
	enum { ROOM = 4096 };
	int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	struct strbuf text = STRBUF_INIT;
	char bytes[2 * ROOM];
	ssize_t n;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, ROOM) >= ROOM);
	strbuf_addn(&text, 'x', 2 * ROOM - 100);
	assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
	log_error(NULL, "%s", text.buf);
	assert_int_equal(read(fds[0], bytes, sizeof(bytes)), ROOM);
	log_error(NULL, "next");
	n = read(fds[0], bytes, sizeof(bytes) - 1);
	assert_true(n > 0);
	bytes[n] = '\0';
	assert_string_equal(bytes, "\n" STAMP "[WARNING ] 1 log line could not be written\n" STAMP
				   "[ERROR   ] next\n");
	assert_true(dup2(before, STDERR_FILENO) >= 0);
	strbuf_release(&text);
	close(fds[0]);
	close(fds[1]);
	close(before);
}

struct seen {
	struct strbuf texts;
	int before;
};

static void observe(void *arg, enum log_level level, struct str text)
{
	struct seen *seen = arg;

	strbuf_addf(&seen->texts, "%d %.*s\n", (int)level, STR_ARG(text));
}

static void before(void *arg)
{
	struct seen *seen = arg;

	seen->before++;
}

static void test_observers(void **state)
{
	(void)state;
	const struct log_options options = {.level = LOG_LEVEL_ERROR};
	const struct log_context context = {.component = "check"};
	struct seen seen = {.texts = STRBUF_INIT};

	assert_int_equal(log_open(&options, NULL), 0);
	log_observe(observe, &seen);
	log_before_stderr(before, &seen);
	log_warn(&context, "quiet");
	log_warn(&context, "quiet");
	log_info(&context, "not of interest");
	log_error(NULL, "loud");
	log_told_error(&context, "told already");
	assert_string_equal(
		seen.texts.buf, "1 check: quiet\n1 check: quiet\n0 loud\n0 check: told already\n");
	assert_int_equal(seen.before, 1);
	assert_file("err", STAMP "[ERROR   ] loud\n");
	strbuf_release(&seen.texts);
}

#define WITH_LOG(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOG(test_before_open),
		WITH_LOG(test_levels),
		WITH_LOG(test_level_of),
		WITH_LOG(test_file),
		WITH_LOG(test_file_that_cannot_be),
		WITH_LOG(test_rotation),
		WITH_LOG(test_json),
		WITH_LOG(test_journal),
		WITH_LOG(test_outside_text_is_escaped),
		WITH_LOG(test_repeats),
		WITH_LOG(test_repeats_for_long),
		WITH_LOG(test_failing_writes_are_counted),
		WITH_LOG(test_pipes_that_do_not_take_it),
		WITH_LOG(test_broken_line),
		WITH_LOG(test_observers),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

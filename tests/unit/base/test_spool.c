/*
 * Reading to the end: in memory, in a file, with something before it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/spool.h"
#include "base/strbuf.h"
#include "cmocka_all.h"

/* A descriptor that gives these bytes. */
static int give(struct str bytes)
{
	char path[] = "/tmp/test_spool.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, bytes), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(unlink(path), 0);
	return fd;
}

static void test_all_of_it(void **state)
{
	static const struct {
		size_t bytes, memory_max;
		const char *before;
		bool is_in_memory;
	} cases[] = {
		{0, 10, "", true},
		{0, 0, "", true},
		{5, 10, "", true},
		{5, 10, "ab", true},
		{200000, 300000, "ab", true},
		{200000, 1000, "", false},
		{200000, 1000, "ab", false},
		{1000000, 0, "ab", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf expected = STRBUF_INIT;
		size_t before = strlen(cases[i].before);
		struct spool spool;
		struct err err = {0};
		int fd;

		strbuf_adds(&expected, cases[i].before);
		for (size_t n = 0; n < cases[i].bytes; n++) {
			strbuf_addc(&expected, (char)(n * 7));
		}
		fd = give(str_sub(strbuf_str(&expected), before, cases[i].bytes));
		assert_int_equal(
			spool_read(fd, str_of(cases[i].before), cases[i].memory_max, &spool, &err),
			0);
		assert_true(str_eq(spool.bytes, strbuf_str(&expected)));
		assert_int_equal(spool.memory != NULL, cases[i].is_in_memory);
		spool_release(&spool);
		assert_int_equal(spool.bytes.len, 0);
		(void)close(fd);
	}
}

static void test_nothing_but_what_is_before(void **state)
{
	struct spool spool;
	struct err err = {0};

	(void)state;
	assert_int_equal(spool_read(-1, str_of("abc"), 0, &spool, &err), 0);
	assert_true(str_is(spool.bytes, "abc"));
	spool_release(&spool);
	spool_release(&spool);
}

static void test_what_cannot_be_read(void **state)
{
	int fd = open("/tmp", O_RDONLY | O_CLOEXEC);
	struct spool spool = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(spool_read(fd, str_of(""), 10, &spool, &err), -1);
	assert_non_null(strstr(err.msg, "standard input"));
	assert_null(spool.memory);
	(void)close(fd);
}

static void test_nowhere_to_keep_it(void **state)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct spool spool = {0};
	struct err err = {0};
	int fd;

	(void)state;
	strbuf_addn(&text, 'x', 200000);
	fd = give(strbuf_str(&text));
	assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
	assert_int_equal(spool_read(fd, str_of(""), 10, &spool, &err), -1);
	assert_int_equal(unsetenv("TMPDIR"), 0);
	assert_non_null(strstr(err.msg, "'/nonexistent'"));
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_of_it),
		cmocka_unit_test(test_nothing_but_what_is_before),
		cmocka_unit_test(test_what_cannot_be_read),
		cmocka_unit_test(test_nowhere_to_keep_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

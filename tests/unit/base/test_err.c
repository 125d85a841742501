/*
 * Errors: code, text, and what happens when the text is too long.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "cmocka_all.h"

static void test_set(void **state)
{
	(void)state;
	struct err err = {0};

	assert_int_equal(err_set(&err, ERR_INPUT, "key '%s' is unknown", "tmeout"), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_string_equal(err.msg, "key 'tmeout' is unknown");
	assert_int_equal(err_set(&err, ERR_LIMIT, "%s", "another"), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg, "another");
}

static void test_nobody_listens(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ERR_INPUT, "x"), -1);
	assert_int_equal(err_set_errno(NULL, ENOENT, "x"), -1);
	assert_int_equal(err_wrap(NULL, "x"), -1);
}

static void test_errno(void **state)
{
	(void)state;
	static const struct {
		int errnum;
		enum err_code code;
		const char *text;
	} cases[] = {
		{ENOENT, ERR_NOT_FOUND, "reading 'x': No such file or directory"},
		{ENOTDIR, ERR_NOT_FOUND, "reading 'x': Not a directory"},
		{EACCES, ERR_PERMISSION, "reading 'x': Permission denied"},
		{EPERM, ERR_PERMISSION, "reading 'x': Operation not permitted"},
		{ETIMEDOUT, ERR_TIMEOUT, "reading 'x': Connection timed out"},
		{EIO, ERR_SYSTEM, "reading 'x': Input/output error"},
		{99999, ERR_SYSTEM, "reading 'x': unknown error"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};

		assert_int_equal(err_set_errno(&err, cases[i].errnum, "reading '%s'", "x"), -1);
		assert_int_equal(err.code, cases[i].code);
		assert_string_equal(err.msg, cases[i].text);
	}
}

static void test_wrap(void **state)
{
	(void)state;
	struct err err = {0};

	err_set(&err, ERR_NOT_FOUND, "no such host");
	assert_int_equal(err_wrap(&err, "check '%s'", "web"), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "check 'web': no such host");
	err_wrap(&err, "file");
	assert_string_equal(err.msg, "file: check 'web': no such host");
}

/* An error may name its own text. */
static void test_in_terms_of_itself(void **state)
{
	(void)state;
	struct err err = {0};

	err_set(&err, ERR_INPUT, "%s", "port 0");
	err_wrap(&err, "%s", err.msg);
	assert_string_equal(err.msg, "port 0: port 0");
}

static void test_long_texts_are_cut(void **state)
{
	(void)state;
	struct err err = {0};
	char text[2000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';

	err_set(&err, ERR_INPUT, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_string_equal(err.msg + sizeof(err.msg) - 6, "xx...");
	err_wrap(&err, "file '%s'", "a");
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_string_equal(err.msg + sizeof(err.msg) - 6, "xx...");
	assert_memory_equal(err.msg, "file 'a': xxx", 13);
	err_set_errno(&err, EIO, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_string_equal(err.msg + sizeof(err.msg) - 5, "x...");

	err_set(&err, ERR_INPUT, "%.511s", text);
	assert_string_equal(err.msg + sizeof(err.msg) - 4, "xxx");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_errno),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_in_terms_of_itself),
		cmocka_unit_test(test_long_texts_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "alert/notice.h"
#include "base/alloc.h"
#include "cmocka_all.h"

static void comes_back_as_it_was(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *tried[] = {"slack", "a \"quoted\" one"};
	const struct notice notice = {.title = "receiver 'slack' is dead",
		.text = "line\nbreak",
		.tried = tried,
		.tried_count = ARRAY_LEN(tried)};
	struct notice got = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(notice_read(notice_write(&notice, arena), arena, &got, &err), 0);
	assert_string_equal(got.title, notice.title);
	assert_string_equal(got.text, notice.text);
	assert_int_equal(got.tried_count, 2);
	assert_string_equal(got.tried[0], "slack");
	assert_string_equal(got.tried[1], "a \"quoted\" one");
}

static void refuses_what_is_none(void **state)
{
	static const char *const contents[] = {
		NULL, "", "{", "[]", "{}", "{\"title\": \"a\"}", "{\"title\": 1, \"text\": \"b\"}"};
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
		struct notice got = {0};
		struct err err = {0};

		assert_int_equal(notice_read(contents[i], arena, &got, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_null(got.title);
	}
}

static void bears_names_that_are_none(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct notice got = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(
		notice_read("{\"title\": \"a\", \"text\": \"b\", \"tried\": [1, \"c\", null]}",
			arena, &got, &err),
		0);
	assert_int_equal(got.tried_count, 1);
	assert_string_equal(got.tried[0], "c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_was),
		cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(bears_names_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

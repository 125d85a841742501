/*
 * The table of output formats, and what counts as healthy.
 */
#include "base/alloc.h"
#include "check/check_format.h"
#include "cmocka_all.h"

static void names_and_formats_agree(void **state)
{
	static const char *const expected[] = {
		"text", "csv", "json", "jsonl", "junit", "nagios", "prometheus"};
	size_t count = 0;
	const struct check_format *const *formats = check_formats(&count);

	(void)state;
	assert_int_equal(count, ARRAY_LEN(expected));
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(check_format_names[i], expected[i]);
		assert_string_equal(formats[i]->name, expected[i]);
		assert_non_null(formats[i]->summary);
		assert_true(formats[i]->result || formats[i]->report);
		assert_int_equal(formats[i]->exit_code != NULL, strcmp(expected[i], "nagios") == 0);
	}
	assert_null(check_format_names[count]);
}

static void unknown_is_never_healthy(void **state)
{
	static const struct {
		enum check_state state;
		bool is_healthy, is_healthy_when_strict;
	} cases[] = {
		{CHECK_OK, true, true},
		{CHECK_WARNING, true, false},
		{CHECK_CRITICAL, false, false},
		{CHECK_UNKNOWN, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct check_result result = {.state = cases[i].state};
		const struct check_report lax = {0};
		const struct check_report strict = {.is_fail_on_warning = true};

		assert_int_equal(check_is_healthy(&lax, &result), cases[i].is_healthy);
		assert_int_equal(
			check_is_healthy(&strict, &result), cases[i].is_healthy_when_strict);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_formats_agree),
		cmocka_unit_test(unknown_is_never_healthy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The words for how bad an alert is.
 */
#include <string.h>

#include "base/severity.h"
#include "cmocka_all.h"

static void test_names_read_back(void **state)
{
	(void)state;
	for (int i = 0; i < SEVERITY_COUNT; i++) {
		enum severity severity = SEVERITY_INFO;

		assert_int_equal(
			severity_parse(str_of(severity_name((enum severity)i)), &severity, NULL),
			0);
		assert_int_equal(severity, i);
	}
	assert_null(severity_names[SEVERITY_COUNT]);
}

static void test_unknown_words(void **state)
{
	(void)state;
	static const char *const words[] = {"", "Critical", "crit", "critical ", "error"};
	enum severity severity = SEVERITY_WARNING;
	struct err err;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		assert_int_equal(severity_parse(str_of(words[i]), &severity, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.msg, "info, warning, critical"));
		assert_int_equal(severity, SEVERITY_WARNING);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_read_back),
		cmocka_unit_test(test_unknown_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Differences of texts, and where there are none to show.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/copy_diff.h"

#define STR(s)                                                                                     \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}

static void test_differences(void **state)
{
	static const struct {
		struct str there, here;
		const char *diff; /* NULL: none */
	} cases[] = {
		{STR("a\nb\nc\n"), STR("a\nB\nc\n"), "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
		{STR(""), STR("a\n"), "@@ -1,0 +1,1 @@\n+a\n"},
		{STR("a\n"), STR(""), "@@ -1,1 +1,0 @@\n-a\n"},
		{STR("a\x1b[31m\n"), STR("a\n"), "@@ -1,1 +1,1 @@\n-a\\x1b[31m\n+a\n"},
		{STR("a\n"), STR("a\n"), NULL},
		{STR("a\0b\n"), STR("a\n"), NULL},
		{STR("a\n"), STR("\xff\n"), NULL},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *diff = copy_diff(cases[i].there, cases[i].here, arena);

		if (cases[i].diff) {
			assert_non_null(diff);
			assert_string_equal(diff, cases[i].diff);
		} else {
			assert_null(diff);
		}
	}
	assert_null(copy_diff_file(str_of("a\n"), "/none", arena));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_differences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

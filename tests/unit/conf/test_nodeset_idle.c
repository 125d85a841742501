/*
 * What is said of exclusions that leave out nothing.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/nodeset.h"

static void of_expressions(void **state)
{
	static const struct {
		const char *text;
		const char *error; /* NULL: every exclusion leaves out somebody */
	} cases[] = {
		{"web-[01-03]", NULL},
		{"web-[01-03]!web-02", NULL},
		{"web-[01-03]!web-[03-09]", NULL},
		{"root@web-01,web-02!web-01", NULL},
		{"web-[01-03]!web-99",
			"'!web-99' leaves out nothing: no server of the selection is that; these "
			"are in it: web-[01-03]"},
		{"web-[01-03] !web-01 !web-[07-08]",
			"'!web-[07-08]' leaves out nothing: no server of the selection is that; "
			"these are in it: web-[02-03]"},
		{"a!b,b", "'!b' leaves out nothing: it takes from what stands before it"},
		{"web-01!root@web-01",
			"'!root@web-01' leaves out nothing: the selection has 'web-01'; write "
			"'!web-01'"},
		{"web-01:22,web-01:24!web-01:23",
			"'!web-01:23' leaves out nothing: the selection has 'web-01:22'; write "
			"'!web-01:22'"},
		{"sre@a,a!root@a",
			"'!root@a' leaves out nothing: the selection has 'a'; write '!a'"},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct nodeset set;
		struct err err = {0};

		assert_int_equal(nodeset_parse(str_of(cases[i].text), NULL, arena, &set, &err), 0);
		assert_int_equal(nodeset_check_idle(&set, arena, &err), cases[i].error ? -1 : 0);
		assert_string_equal(err.msg, cases[i].error ? cases[i].error : "");
		assert_int_equal(err.code, cases[i].error ? ERR_INPUT : ERR_NONE);
	}
	arena_free(arena);
}

static void of_a_term(void **state)
{
	struct arena *arena = arena_new();
	struct nodeset set;
	struct err err = {0};

	(void)state;
	nodeset_init(&set, arena);
	assert_true(nodeset_add(&set, str_of("web-01")));
	assert_int_equal(nodeset_fail_idle(&set, str_of("web\x1b-09"), arena, &err), -1);
	assert_null(strchr(err.msg, '\x1b'));
	assert_non_null(strstr(err.msg, "leaves out nothing"));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_expressions),
		cmocka_unit_test(of_a_term),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

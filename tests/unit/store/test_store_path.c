/*
 * Where the store is: by user and environment.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/store_path.h"

static void set(const char *name, const char *value)
{
	assert_int_equal(value ? setenv(name, value, 1) : unsetenv(name), 0);
}

static void test_places(void **state)
{
	(void)state;
	static const struct {
		uid_t user;
		const char *state_home, *home;
		const char *path; /* NULL: an error */
	} cases[] = {
		{0, NULL, NULL, "/var/lib/sre-toolkit/state.db"},
		{0, "/state", "/home/kim", "/var/lib/sre-toolkit/state.db"},
		{1000, "/state", "/home/kim", "/state/sre-toolkit/state.db"},
		{1000, "/state", NULL, "/state/sre-toolkit/state.db"},
		{1000, NULL, "/home/kim", "/home/kim/.local/state/sre-toolkit/state.db"},
		{1000, "", "/home/kim", "/home/kim/.local/state/sre-toolkit/state.db"},
		{1000, "relative", "/home/kim", "/home/kim/.local/state/sre-toolkit/state.db"},
		{1000, NULL, NULL, NULL},
		{1000, NULL, "", NULL},
		{1000, "relative", "relative", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const char *path = "untouched";
		struct err err = {0};
		int result;

		set("XDG_STATE_HOME", cases[i].state_home);
		set("HOME", cases[i].home);
		result = store_default_path(cases[i].user, arena, &path, &err);
		assert_int_equal(result, cases[i].path ? 0 : -1);
		assert_string_equal(path, cases[i].path ? cases[i].path : "untouched");
		assert_int_equal(err.code, cases[i].path ? ERR_NONE : ERR_INPUT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

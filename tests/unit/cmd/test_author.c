/*
 * Who is at work.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/author.h"
#include "cmocka_all.h"

static void names(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_int_equal(setenv("SUDO_USER", "sre", 1), 0);
	assert_string_equal(author_name(arena), "sre");
	assert_int_equal(setenv("SUDO_USER", "", 1), 0);
	assert_true(strlen(author_name(arena)) > 0);
	assert_int_equal(unsetenv("SUDO_USER"), 0);
	assert_string_not_equal(author_name(arena), "sre");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

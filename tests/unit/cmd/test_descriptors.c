/*
 * How much the limit of descriptors leaves room for.
 */
#include <sys/resource.h>

#include "base/alloc.h"
#include "cmd/descriptors.h"
#include "cmocka_all.h"

static void room(void **state)
{
	static const struct {
		rlim_t limit;
		int64_t wanted, each, expected;
	} cases[] = {
		{1000, 10, 6, 10},
		{1000, 1000, 6, 156},
		{1000, 156, 6, 156},
		{100, 50, 6, 6},
		{64, 50, 6, 1},
	};
	struct rlimit before, now;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) { /* lower and lower */
		now = (struct rlimit){cases[i].limit, cases[i].limit};
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
		assert_int_equal(
			descriptors_allow(cases[i].wanted, cases[i].each), cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Delivering ends in time.
 */
#include "cmd/alert_steps.h"

static void no_longer_than_the_timeout(void **state)
{
	static const struct alert_step steps[] = {
		{{{"-m", "x", "-l", "team=ops", "-t", "50ms"}}, 1, "next attempt in ", NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(no_longer_than_the_timeout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

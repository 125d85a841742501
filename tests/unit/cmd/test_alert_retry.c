/*
 * Trying again what was given up.
 */
#include "cmd/alert_steps.h"

static void nothing_was_given_up(void **state)
{
	static const struct alert_step steps[] = {
		{{{"-m", "x"}}, 0, NULL, NULL},
		{{{"retry", "1"}}, 2, "", "nothing of alert 1 was given up"},
		{{{"retry", "--dead"}}, 0, "0 to be sent again", NULL},
		{{{"retry"}}, 2, "", "retry ID"},
		{{{"retry", "1", "--dead"}}, 2, "", "retry ID"},
		{{{"retry", "9"}}, 2, "", "9"},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(nothing_was_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

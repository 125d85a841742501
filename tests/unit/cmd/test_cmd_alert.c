/*
 * Verbs, and which flag is for which.
 */
#include "cmd/alert_steps.h"

static void verbs(void **state)
{
	static const struct alert_step steps[] = {
		{{{"lst"}}, 2, "", "unknown verb 'lst'; did you mean 'list'?"},
		{{{"disk full"}}, 2, "", "to send an alert write --message 'disk full'"},
		{{{"list", "-m", "x"}}, 2, "", "--message"},
		{{{"-m", "x", "--dead"}}, 2, "", "--dead"},
		{{{"flush", "x"}}, 2, "", "'x'"},
		{{{"why", "1", "--queue"}}, 2, "", "--queue"},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(verbs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What people decide about an open alert.
 */
#include "cmd/alert_steps.h"

static void acknowledge_and_resolve(void **state)
{
	static const struct alert_step steps[] = {
		{{{"-m", "x", "--source", "s"}}, 0, NULL, NULL},
		{{{"ack", "1", "--author", "anna", "--reason", "on it"}}, 0,
			"alert 1: acknowledged \"x\" from s\n", NULL},
		{{{"why", "1"}}, 0, "acknowledged by anna at ", NULL},
		{{{"list"}}, 0, "acknowledged", NULL},
		{{{"resolve", "1", "--author", "anna"}}, 0, "alert 1: resolved \"x\" from s\n",
			NULL},
		{{{"list"}}, 0, "no open alerts\n", NULL},
		{{{"resolve", "1"}}, 2, "", "1"},
		{{{"ack", "7"}}, 2, "", "7"},
		{{{"ack", "-m", "x"}}, 2, "", "--message"},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(acknowledge_and_resolve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

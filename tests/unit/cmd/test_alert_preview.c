/*
 * What would be told, and to whom.
 */
#include "cmd/alert_steps.h"

static void each_receiver_with_its_route(void **state)
{
	static const struct alert_step steps[] = {
		{{{"-m", "x", "-n"}}, 0,
			"dry run: nothing is sent, nothing is written\n\nlog by routes[1]: sent",
			NULL},
		{{{"-m", "x", "-l", "team=ops", "-n"}}, 0, "ops by routes[0]: sent", NULL},
		{{{"-m", "x", "--source", "nobody", "--resolve", "-n"}}, 0,
			"nobody would be told\n", NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(each_receiver_with_its_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

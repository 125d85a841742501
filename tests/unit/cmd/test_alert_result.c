/*
 * What became of an alert, for programs.
 */
#include "cmd/alert_steps.h"

static void json(void **state)
{
	static const struct alert_step steps[] = {
		{{{"-m", "x", "--source", "s", "-f", "disk=/var", "-o", "json"}}, 0,
			"\"state\": \"delivered\"", NULL},
		{{{"-m", "x", "--source", "s", "-o", "json"}}, 0, "\"verdict\": \"suppressed\"",
			NULL},
		{{{"-m", "x", "-l", "team=ops", "-t", "100ms", "-o", "json"}}, 1,
			"\"state\": \"retrying\"", NULL},
		{{{"-m", "y", "-o", "json", "--queue"}}, 0, "\"waiting\": 1", NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

static void quiet(void **state)
{
	static const struct alert_step steps[] = {
		{{{"-m", "x", "--source", "s", "-q"}}, 0, "", NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(json),
		cmd_test(quiet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

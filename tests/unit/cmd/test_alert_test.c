/*
 * A harmless message to each receiver.
 */
#include "cmd/alert_steps.h"

static void each_says_how_it_is(void **state)
{
	static const struct alert_step steps[] = {
		{{{"test"}}, 1, "unreachable", NULL},
		{{{"test", "-o", "json"}}, 1, "\"state\": \"unreachable\"", NULL},
		{{{"test", "log"}}, 0, "reached", NULL},
		{{{"test", "ops", "-n"}}, 0, "ops:\nPOST http://127.0.0.1:1/services/T0/B0/***",
			NULL},
		{{{"test", "opps"}}, 2, "", "there is no receiver 'opps'; did you mean 'ops'?"},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(each_says_how_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

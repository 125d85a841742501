/*
 * Emptying the outbox.
 */
#include "cmd/alert_steps.h"

static void what_is_due(void **state)
{
	static const struct alert_step steps[] = {
		{{{"flush"}}, 0, "delivered 0, 0 wait in the outbox\n", NULL},
		{{{"-m", "x", "--queue"}}, 0, NULL, NULL},
		{{{"flush", "-o", "json"}}, 0, "\"delivered\": 1", NULL},
		{{{"-m", "x", "-l", "team=ops", "--queue"}}, 0, NULL, NULL},
		{{{"flush"}}, 1, "1 wait in the outbox\nnext due: ", NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(what_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The history through another configuration.
 */
#include "cmd/alert_steps.h"

static void another_routing(void **state)
{
	static const struct alert_step past[] = {
		{{{"simulate"}}, 2, "", "the store is empty"},
		{{{"-s", "critical", "-m", "x", "--source", "s"}}, 0, NULL, NULL},
		{{{"-s", "critical", "-m", "x", "--source", "s"}}, 0, NULL, NULL},
		{{{"simulate"}}, 0, "2 events of 1 alert since ", NULL},
		{{{"simulate", "--since", "1h"}}, 0, "nobody would have been told of:", NULL},
		{{{"simulate", "-o", "json"}}, 0, "\"was_told\": false", NULL},
	};
	static const struct alert_step other[] = {
		{{{"simulate", "--config", "c.yaml"}}, 0, "through c.yaml\n", NULL},
		{{{"simulate", "--config", "c.yaml"}}, 0,
			"somebody would have been told of every critical alert\n", NULL},
		{{{"list", "-a", "-o", "json"}}, 0, "\"events\": 2", NULL},
	};

	run_steps(*state, &cmd_alert, past, ARRAY_LEN(past));
	write_text("c.yaml",
		"store: state.db\n"
		"alerts: {slack_webhook: 'http://127.0.0.1:1/services/T0/B0/secret'}\n");
	run_steps(*state, &cmd_alert, other, ARRAY_LEN(other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmd_test(another_routing)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

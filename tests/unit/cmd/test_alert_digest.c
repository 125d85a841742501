/*
 * The digest by hand.
 */
#include "cmd/alert_steps.h"

static void sent_and_shown(void **state)
{
	static const struct alert_step nobody[] = {
		{{{"digest"}}, 2, "", "nobody gets a digest"},
	};
	static const struct alert_step steps[] = {
		{{{"digest", "-n", "--config", "c.yaml"}}, 2, "", "the store is empty"},
		{{{"-s", "critical", "-m", "disk full", "--source", "db-01", "--config", "c.yaml"}},
			0, NULL, NULL},
		{{{"digest", "-n", "--config", "c.yaml"}}, 0, "all:\nLOG", NULL},
		{{{"digest", "--config", "c.yaml"}}, 0, "✓ all: delivered\n", NULL},
		{{{"digest", "-o", "json", "--config", "c.yaml"}}, 0, "\"delivered\": true", NULL},
	};

	run_steps(*state, &cmd_alert, nobody, ARRAY_LEN(nobody));
	write_text("c.yaml",
		"store: state.db\n"
		"alerts: {receivers: [{name: all, log: auto}], routes: [{receivers: all}],\n"
		"  digest: '0 8 * * *', digest_to: all}\n");
	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmd_test(sent_and_shown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

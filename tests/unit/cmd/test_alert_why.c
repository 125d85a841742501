/*
 * The story of one alert.
 */
#include "cmd/alert_steps.h"

static void told_suppressed_resolved(void **state)
{
	static const struct alert_step steps[] = {
		{{{"-m", "x", "--source", "s"}}, 0, NULL, NULL},
		{{{"-m", "x", "--source", "s"}}, 0, NULL, NULL},
		{{{"--resolve", "--title", "x", "--source", "s"}}, 0, NULL, NULL},
		{{{"why", "1"}}, 0, "alert 1: warning \"x\" from s\nresolved at ", NULL},
		{{{"why", "1"}}, 0, "log          suppressed by routes[1]: told at ", NULL},
		{{{"why", "1"}}, 0, "✓ log          resolve by ", NULL},
		{{{"why", "1", "-o", "json"}}, 0, "\"verdict\": \"suppressed\"", NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

static void not_delivered_yet(void **state)
{
	static const struct alert_step steps[] = {
		{{{"-m", "x", "-l", "team=ops", "-t", "100ms"}}, 1, NULL, NULL},
		{{{"why", "1"}}, 0,
			"… ops          trigger by routes[0]: not delivered yet: ", NULL},
		{{{"why", "1"}}, 0, "next attempt", NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

static void silenced(void **state)
{
	static const struct alert_step steps[] = {
		{{{"silence", "source=s", "--until", "1h", "--reason", "new disk"}}, 0, NULL, NULL},
		{{{"-m", "x", "--source", "s"}}, 0, NULL, NULL},
		{{{"why", "1"}}, 0, "silenced by routes[1]: silence 1 by ", NULL},
		{{{"why", "1"}}, 0, "\nSilences\n  1: ", NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

static void unknown_ids(void **state)
{
	static const struct alert_step steps[] = {
		{{{"why", "7"}}, 2, "", "there is no alert 7"},
		{{{"-m", "x"}}, 0, NULL, NULL},
		{{{"why", "7"}}, 2, "", "7"},
		{{{"why", "x"}}, 2, "", "'x' is no alert's number"},
		{{{"why"}}, 2, "", "write sre-toolkit alert why ID"},
		{{{"why", "1", "2"}}, 2, "", "one argument too many: '2'"},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(told_suppressed_resolved),
		cmd_test(not_delivered_yet),
		cmd_test(silenced),
		cmd_test(unknown_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

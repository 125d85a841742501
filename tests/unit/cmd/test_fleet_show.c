/*
 * One run, host by host.
 */
#include "cmd/fleet_steps.h"

static struct fleet_past first[] = {
	{"web-01", {.kind = OUTCOME_OK}, "up 1\nsame\n"},
	{"web-02", {.kind = OUTCOME_EXIT, .exit_code = 3}, "oops\n"},
	{"web-03", {.kind = OUTCOME_TIMEOUT, .clock = CLOCK_TOTAL}, NULL},
	{0},
};

static void shows(void **state)
{
	static const struct fleet_step steps[] = {
		{{{"show"}}, 2, "", "no run was written down yet"},
	};
	static const struct fleet_step more[] = {
		{{{"show"}}, 0, "command    uptime\nselection  --hosts @web\n", NULL},
		{{{"show"}}, 0,
			"ended      after 1 min, exit code 1\n✓ web-01\n"
			"✗ web-02: exit 3\n✗ web-03: timeout (total)\n1/3 servers",
			NULL},
		{{{"show", "1", "-v"}}, 0, "✗ web-02: exit 3\n  oops\n", NULL},
		{{{"show", "--only", "timeout"}}, 0,
			"✗ web-03: timeout (total)\n1 of 3 servers ended so; 1/3 servers", NULL},
		{{{"show", "-o", "json"}}, 0, "\"excerpt\": \"oops\\n\"", NULL},
		{{{"show", "-o", "csv"}}, 2, "",
			"option '-o': 'csv' is not one of text, json (see sre-toolkit fleet show "
			"--help)"},
		{{{"show", "--only", "slow"}}, 2, "", "--only: "},
		{{{"show", "2"}}, 2, "", "there is no run 2"},
		{{{"show", "two"}}, 2, "", "'two' is no run's number"},
	};

	FLEET_STEPS(*state, steps);
	fleet_past_run(first);
	FLEET_STEPS(*state, more);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

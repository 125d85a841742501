/*
 * What differs between two runs.
 */
#include "cmd/fleet_steps.h"

static struct fleet_past first[] = {
	{"web-01", {.kind = OUTCOME_OK}, "up 1\nsame\n"},
	{"web-02", {.kind = OUTCOME_EXIT, .exit_code = 3}, "oops\n"},
	{"web-03", {.kind = OUTCOME_TIMEOUT, .clock = CLOCK_TOTAL}, NULL},
	{0},
};

static struct fleet_past second[] = {
	{"web-01", {.kind = OUTCOME_OK}, "up 2\nsame\n"},
	{"web-02", {.kind = OUTCOME_OK}, "oops\n"},
	{"web-04", {.kind = OUTCOME_OK}, NULL},
	{0},
};

static void differs(void **state)
{
	static const struct fleet_step steps[] = {
		{{{"diff", "1", "1"}}, 0, "0 of 3 servers differ between run 1 and run 1\n", NULL},
		{{{"diff", "1", "2"}}, 1,
			"web-01: other output\n    - up 1\n    + up 2\nweb-02: exit 3, then ok\n"
			"web-03: only in run 1\nweb-04: only in run 2\n4 of 4 servers differ",
			NULL},
		{{{"diff", "1", "2", "-o", "json"}}, 1, "\"second\": null", NULL},
		{{{"diff", "1", "2", "-o", "csv"}}, 2, "",
			"option '-o': 'csv' is not one of text, json (see sre-toolkit fleet diff "
			"--help)"},
		{{{"diff", "1", "9"}}, 2, "", "there is no run 9"},
	};

	fleet_past_run(first);
	fleet_past_run(second);
	FLEET_STEPS(*state, steps);
}

static void copies(void **state)
{
	static const struct fleet_step steps[] = {
		{{{"diff", "1", "2"}}, 1, "web-01: other files\n    - up 1\n    + up 2\n", NULL},
		{{{"diff", "1", "3"}}, 2, "", "run 1 was a copy, run 3 a command"},
		{{{"diff", "3", "2"}}, 2, "", "run 2 was a copy, run 3 a command"},
	};

	fleet_past_copy(first);
	fleet_past_copy(second);
	fleet_past_run(first);
	FLEET_STEPS(*state, steps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(differs),
		cmd_test(copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

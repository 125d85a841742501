/*
 * The latest runs.
 */
#include "cmd/fleet_steps.h"

static struct fleet_past first[] = {
	{"web-01", {.kind = OUTCOME_OK}, "up 1\nsame\n"},
	{"web-02", {.kind = OUTCOME_EXIT, .exit_code = 3}, "oops\n"},
	{"web-03", {.kind = OUTCOME_TIMEOUT, .clock = CLOCK_TOTAL}, NULL},
	{0},
};

static void lists(void **state)
{
	static const struct fleet_step steps[] = {
		{{{"last"}}, 0, "RUN  STARTED", NULL},
		{{{"last"}}, 0, "sre  1/3  exit 1  uptime\n", NULL},
		{{{"last", "-o", "json"}}, 0, "\"run\": 2", NULL},
		{{{"last", "-o", "csv"}}, 0,
			"1,2025-07-01T08:00:00.000Z,2025-07-01T08:01:00.000Z,sre,"
			"here,uptime,--hosts @web,3,1,1\n",
			NULL},
		{{{"last", "-o", "junit"}}, 2, "",
			"option '-o': 'junit' is not one of text, json, csv (see sre-toolkit fleet "
			"last --help)"},
		{{{"last", "--limit", "1", "-o", "csv"}}, 0, "\n2,", NULL},
	};
	struct cmd_fixture *f = *state;

	fleet_past_run(first);
	fleet_past_run(first);
	FLEET_STEPS(f, steps);
	assert_null(strstr(f->out.buf, "\n1,"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

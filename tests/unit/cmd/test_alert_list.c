/*
 * Lists of alerts, for people and programs.
 */
#include "cmd/alert_steps.h"

static void nothing_yet(void **state)
{
	static const struct alert_step steps[] = {
		{{{"list"}}, 0, "no open alerts\n", NULL},
		{{{"list", "-a"}}, 0, "no alerts\n", NULL},
		{{{"list", "--dead"}}, 0, "nothing was given up\n", NULL},
		{{{"list", "-o", "json"}}, 0, "\"total\": 0", NULL},
		{{{"list", "-o", "csv"}}, 0, "id,severity,state,source,title,message,started,",
			NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

static void filters(void **state)
{
	static const struct alert_step steps[] = {
		{{{"-s", "critical", "-m", "a", "--source", "one"}}, 0, NULL, NULL},
		{{{"-s", "info", "-m", "b", "--source", "two"}}, 0, NULL, NULL},
		{{{"--resolve", "--title", "b", "--source", "two"}}, 0, NULL, NULL},
		{{{"list"}}, 0, "critical  firing", NULL},
		{{{"list", "-s", "warning"}}, 0, "no open alerts\n", NULL},
		{{{"list", "--source", "two", "-a"}}, 0, "resolved", NULL},
		{{{"list", "--since", "1h", "-o", "csv"}}, 0, "2,info,resolved,two,b,b,", NULL},
		{{{"list", "--before", "2020-01-01", "-a"}}, 0, "no alerts\n", NULL},
		{{{"list", "-a", "--limit", "1", "-o", "json"}}, 0, "\"total\": 1", NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(nothing_yet),
		cmd_test(filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

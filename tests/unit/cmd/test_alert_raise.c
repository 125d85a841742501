/*
 * Alerts of other subcommands: `check --alert-on failure`.
 */
#include "cmd/alert_steps.h"

static void a_check_that_fails_and_recovers(void **state)
{
	static const struct alert_step failing[] = {
		{{{"--alert-on", "failure", "exec:sh -c 'exit 2'"}}, 1, "critical", NULL},
		{{{"--alert-on", "failure", "exec:sh -c 'exit 2'"}}, 1, "critical", NULL},
	};
	static const struct alert_step open[] = {
		{{{"list", "-o", "csv"}}, 0, "1,critical,firing,", NULL},
		{{{"why", "1"}}, 0, "came 2 times", NULL},
		{{{"why", "1"}}, 0, "✓ log", NULL},
	};
	static const struct alert_step never[] = {
		{{{"exec:sh -c 'exit 2'"}}, 1, "critical", NULL},
		{{{"--alert-on", "failure", "--watch", "exec:true"}}, 2, "",
			"--alert-on does not go with --watch"},
	};

	run_steps(*state, &cmd_check, failing, ARRAY_LEN(failing));
	run_steps(*state, &cmd_alert, open, ARRAY_LEN(open));
	run_steps(*state, &cmd_check, never, ARRAY_LEN(never));
	run_steps(*state, &cmd_alert, open, ARRAY_LEN(open));
}

static void its_end_is_told(void **state)
{
	static const struct alert_step check[] = {
		{{{"--alert-on", "failure", "exec:sh -c 'test -e seen || exit 2'"}}, 1, NULL, NULL},
	};
	static const struct alert_step again[] = {
		{{{"--alert-on", "failure", "exec:sh -c 'test -e seen || exit 2'"}}, 0, NULL, NULL},
		{{{"--alert-on", "failure", "exec:sh -c 'test -e seen || exit 2'"}}, 0, NULL, NULL},
	};
	static const struct alert_step over[] = {
		{{{"list"}}, 0, "no open alerts\n", NULL},
		{{{"why", "1"}}, 0, "resolve by", NULL},
		{{{"list", "-a", "-o", "json"}}, 0, "\"total\": 1", NULL},
	};

	run_steps(*state, &cmd_check, check, ARRAY_LEN(check));
	write_text("seen", "");
	run_steps(*state, &cmd_check, again, ARRAY_LEN(again));
	run_steps(*state, &cmd_alert, over, ARRAY_LEN(over));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(a_check_that_fails_and_recovers),
		cmd_test(its_end_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

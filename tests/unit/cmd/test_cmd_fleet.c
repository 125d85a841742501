/*
 * Verbs, and which flag is for which.
 */
#include "cmd/fleet_steps.h"

static void verbs(void **state)
{
	static const struct fleet_step steps[] = {
		{{{"--hosts", "a"}}, 2, "", "which command?"},
		{{{"last", "--hosts", "a"}}, 2, "", "--hosts does not go with last"},
		{{{"last", "--hosts", "a"}}, 2, "", "write 'exec last'"},
		{{{"uptime", "--hosts", "a", "--limit", "3"}}, 2, "",
			"--limit does not go with running a command"},
		{{{"lst"}}, 2, "", "unknown verb 'lst'; did you mean 'last'?"},
		{{{"uptime"}}, 2, "", "which servers?"},
		{{{"diff", "1"}}, 2, "", "write sre-toolkit fleet diff ID1 ID2"},
		{{{"last", "more"}}, 2, "", "last: one argument too many: 'more'"},
		{{{"x", "--hosts", "a", "--live"}}, 2, "", "--live goes with --fold"},
		{{{"x", "--hosts", "a", "--fold", "-o", "csv"}}, 2, "", "--fold goes with"},
		{{{"last"}}, 0, "no run was written down yet", NULL},
	};

	FLEET_STEPS(*state, steps);
}

static void a_broken_configuration(void **state)
{
	static const struct cmd_args args = {{"uptime", "--hosts", "a"}};
	struct cmd_fixture *f = *state;

	write_text("sre-toolkit.yaml", "ssh: {usrname: x}\n");
	cmd_run(f, &cmd_fleet, &args);
	assert_exit(f, 2);
	assert_said(&f->err, "did you mean 'username'?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(verbs),
		cmd_test(a_broken_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

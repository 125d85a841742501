/*
 * A run again, where it did not work.
 */
#include "cmd/fleet_steps.h"

static struct fleet_past first[] = {
	{"web-01", {.kind = OUTCOME_OK}, "up 1\nsame\n"},
	{"web-02", {.kind = OUTCOME_EXIT, .exit_code = 3}, "oops\n"},
	{"web-03", {.kind = OUTCOME_TIMEOUT, .clock = CLOCK_TOTAL}, NULL},
	{0},
};

static void which_servers(void **state)
{
	static const struct fleet_step steps[] = {
		{{{"retry", "--list"}}, 0, "web-02\nweb-03\n", NULL},
		{{{"retry", "--list", "--only", "timeout"}}, 0, "web-03\n", NULL},
		{{{"retry", "--only", "signal"}}, 2, "",
			"no server of run 1 ended in 'signal': nothing was done"},
		{{{"retry", "--only", "slow"}}, 2, "", "--only: "},
		{{{"retry", "9"}}, 2, "", "there is no run 9"},
		{{{"retry", "--directory", "/"}}, 2, "", "--directory does not go with retry"},
		{{{"retry"}}, 1, "0/2 servers responded",
			"again, as in run 1: uptime\n2 servers: web-"},
		{{{"show"}}, 0, "selection  retry 1\n", NULL},
	};

	fleet_past_run(first);
	FLEET_STEPS(*state, steps);
}

/* What is not kept must be given again; what is changed is not what was run. */
static void what_was_asked_for(void **state)
{
	static const struct fleet_step steps[] = {
		{{{"x", "--hosts", "@web", "--env", "A=secret"}}, 1, NULL, NULL},
		{{{"retry"}}, 2, "", "say --env A=VALUE again"},
		{{{"retry", "--env", "A=b"}}, 1, "0/2", NULL},
		{{{"--script", "events", "--hosts", "@web"}}, 1, NULL, NULL},
		{{{"retry"}}, 1, "0/2", "again, as in run 3: "},
	};
	static const struct cmd_args again = {{"retry"}};
	struct cmd_fixture *f = *state;

	write_text("events", "echo one\n");
	FLEET_STEPS(f, steps);
	assert_said(&f->err, "events\n");
	write_text("events", "echo two\n");
	cmd_run(f, &cmd_fleet, &again);
	assert_exit(f, 2);
	assert_said(&f->err, "is not the script any more that was run");
}

static void of_a_copy(void **state)
{
	static const struct fleet_step steps[] = {
		{{{"retry", "--list"}}, 0, "web-02\nweb-03\n", NULL},
		{{{"retry", "--list", "--only", "timeout"}}, 0, "web-03\n", NULL},
		{{{"retry", "--stdin"}}, 2, "", "run 1: --stdin does not go with 'copy'"},
		{{{"retry"}}, 2, "", "cannot read '/there/nowhere'"},
		{{{"show", "-o", "json"}}, 0, "\"copy\": \"copy nowhere @web:/x\"", NULL},
		{{{"last", "-o", "json"}}, 0, "\"remote_command\": null", NULL},
	};

	fleet_past_copy(first);
	FLEET_STEPS(*state, steps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(which_servers),
		cmd_test(what_was_asked_for),
		cmd_test(of_a_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

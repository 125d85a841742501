/*
 * Silences: made, listed, ended.
 */
#include "cmd/alert_steps.h"

static void from_beginning_to_end(void **state)
{
	static const struct alert_step steps[] = {
		{{{"silence", "list"}}, 0, "nothing is silenced\n", NULL},
		{{{"silence", "source=s", "severity!=critical", "--until", "2h", "--reason",
			 "new disk", "--author", "anna"}},
			0, "silence 1 until ", NULL},
		{{{"silence", "list"}}, 0, "anna  source=s, severity!=critical  new disk\n", NULL},
		{{{"silence", "list", "-o", "json"}}, 0, "\"is_active\": true", NULL},
		{{{"-m", "x", "--source", "s"}}, 0, "- log          silenced: ", NULL},
		{{{"silence", "expire", "1"}}, 0, "silence 1 is over; 1 message is due now", NULL},
		{{{"flush"}}, 0, "delivered 1, ", NULL},
		{{{"silence", "expire", "1"}}, 2, "", "1"},
		{{{"silence", "expire", "7"}}, 2, "", "7"},
		{{{"silence", "list"}}, 0, "nothing is silenced\n", NULL},
		{{{"silence", "list", "-a"}}, 0, "new disk", NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

static void wrong_usage(void **state)
{
	static const struct alert_step steps[] = {
		{{{"silence"}}, 2, "", "write sre-toolkit alert silence MATCHER"},
		{{{"silence", "source=s"}}, 2, "", "write its end"},
		{{{"silence", "source=s", "--until", "1h"}}, 2, "", "write --reason"},
		{{{"silence", "source=s", "--until", "2020-01-01", "--reason", "r"}}, 2, "",
			"in the past"},
		{{{"silence", "source", "--until", "1h", "--reason", "r"}}, 2, "", "source"},
		{{{"silence", "source=~(", "--until", "1h", "--reason", "r"}}, 2, "", "("},
		{{{"silence", "expire"}}, 2, "", "expire ID"},
		{{{"silence", "list", "x"}}, 2, "", "one argument too many: 'x'"},
		{{{"silence", "source=s", "--until", "1h", "--reason", "r", "-n"}}, 0,
			"dry run: nothing is silenced", NULL},
		{{{"silence", "list"}}, 0, "nothing is silenced\n", NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(from_beginning_to_end),
		cmd_test(wrong_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

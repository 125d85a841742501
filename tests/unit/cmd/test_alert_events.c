/*
 * Many events at once.
 */
#include "cmd/alert_steps.h"

static void write_events(void)
{
	write_text("events", "{\"title\": \"a\", \"source\": \"s1\", \"severity\": \"critical\"}\n"
			     "{\"titel\": \"b\"}\n\n"
			     "{\"title\": \"c\", \"source\": \"s3\"}");
}

static void lines_of_a_file(void **state)
{
	static const struct alert_step steps[] = {
		{{{"--events", "events"}}, 1, "accepted 2, refused 1, lost 0\n", "events:2: "},
		{{{"list", "-s", "critical"}}, 0, "s1", NULL},
		{{{"--events", "nowhere"}}, 2, "", "--events 'nowhere'"},
		{{{"list", "--events", "x"}}, 2, "", "--events"},
	};

	write_events();
	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(lines_of_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

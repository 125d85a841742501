#include "alert/storm.h"
#include "base/alloc.h"
#include "cmocka_all.h"

static void begins_above_what_half_a_minute_bears(void **state)
{
	static const struct {
		const char *name;
		struct notifier_limit limit;
		unsigned abilities;
		int64_t expected;
	} cases[] = {
		{"slack", {60, 3}, NOTIFIER_GROUPS, 10},
		{"slow", {6, 1}, NOTIFIER_GROUPS, 4},
		{"fast", {6000, 100}, NOTIFIER_GROUPS, 3100},
		{"no limit", {0, 0}, NOTIFIER_GROUPS, INT64_MAX},
		{"incidents", {100, 10}, NOTIFIER_INCIDENTS, INT64_MAX},
		{"forgets", {100, 10}, NOTIFIER_FORGETS, INT64_MAX},
		{"local", {100, 10}, NOTIFIER_LOCAL, INT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (storm_backlog_max(&cases[i].limit, cases[i].abilities) != cases[i].expected) {
			fail_msg("%s", cases[i].name);
		}
	}
}

static void plans(void **state)
{
	enum { NOW = 1000 * 1000 };
	static const struct {
		const char *name;
		struct storm storm;
		int64_t backlog;
		struct storm_plan expected;
	} cases[] = {
		{"calm", {0, 0}, 10, {false, false, 0}},
		{"begins, and tells at once", {0, 0}, 11, {true, true, 0}},
		{"begins soon after another", {0, NOW - 1000}, 11, {true, false, NOW + 29000}},
		{"goes on", {NOW - 5000, NOW - 5000}, 500, {true, false, NOW + 25000}},
		{"next summary", {NOW - 30000, NOW - 30000}, 500, {true, true, NOW}},
		{"nothing to tell, but too early", {NOW - 5000, NOW - 5000}, 0,
			{true, false, NOW + 25000}},
		{"still worth a summary", {NOW - 30000, NOW - 30000}, 4, {true, true, NOW}},
		{"over", {NOW - 30000, NOW - 30000}, 3, {false, false, 0}},
		{"the clock was set back", {NOW + 9000, NOW + 9000}, 50, {true, true, NOW + 39000}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct storm_plan plan = storm_plan(&cases[i].storm, cases[i].backlog, 10, NOW);

		if (plan.is_storm != cases[i].expected.is_storm ||
			plan.may_summarise != cases[i].expected.may_summarise ||
			plan.next_ms != cases[i].expected.next_ms) {
			fail_msg("%s: %d %d %lld", cases[i].name, plan.is_storm, plan.may_summarise,
				(long long)plan.next_ms);
		}
	}
}

/* A limit below what counts as calm must not begin and end storms at every look. */
static void a_slow_channel_calms_down(void **state)
{
	const struct storm storm = {.since_ms = 1, .summary_ms = 1};

	(void)state;
	assert_true(storm_plan(&(struct storm){0}, 2, 1, 100 * 1000).is_storm);
	assert_true(storm_plan(&storm, 2, 1, 100 * 1000).is_storm);
	assert_false(storm_plan(&storm, 1, 1, 100 * 1000).is_storm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_above_what_half_a_minute_bears),
		cmocka_unit_test(plans),
		cmocka_unit_test(a_slow_channel_calms_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

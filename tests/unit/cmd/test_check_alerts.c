/*
 * From a check's result to an alert's event.
 */
#include "check/check.h"
#include "check/check_kinds.h"
#include "cmd/check_alerts.h"
#include "cmocka_all.h"

static const struct check check = {
	.name = "shop",
	.target = "https://shop/",
	.kind = &check_http,
	.runbook = "https://wiki/shop",
};

static void states_and_severities(void **state)
{
	static const struct {
		enum check_state state;
		bool is_fail_on_warning;
		enum severity severity;
		bool is_resolve;
	} cases[] = {
		{CHECK_OK, false, SEVERITY_INFO, true},
		{CHECK_WARNING, false, SEVERITY_WARNING, true},
		{CHECK_WARNING, true, SEVERITY_WARNING, false},
		{CHECK_CRITICAL, false, SEVERITY_CRITICAL, false},
		{CHECK_UNKNOWN, false, SEVERITY_WARNING, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *arena = arena_new();
		const struct check_report report = {
			.is_fail_on_warning = cases[i].is_fail_on_warning};
		const struct check_outcome outcome = {
			.check = &check,
			.result = {.state = cases[i].state, .message = "status 500"},
		};
		struct alert_input input;

		check_alert_input(&report, &outcome, arena, &input);
		assert_int_equal(input.severity, cases[i].severity);
		assert_int_equal(input.is_resolve, cases[i].is_resolve);
		assert_true(str_is(input.dedup_key, "check/shop"));
		assert_true(str_is(input.source, "shop"));
		assert_true(str_is(input.title, "check shop fails"));
		assert_true(str_is(input.message, "status 500"));
		assert_true(str_is(input.runbook, "https://wiki/shop"));
		assert_string_equal(pairs_get(&input.labels, "kind"), "http");
		assert_string_equal(pairs_get(&input.fields, "target"), "https://shop/");
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(states_and_severities)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The health of the machine that the tests run on.
 */
#include <unistd.h>

#include "check/check_fixture.h"

/* Whatever state it is in, these are there. */
static void measures_this_machine(void **state)
{
	static const struct check_settings settings = {
		{"cpu_sample=50ms", "warning.memory_percent=none", "critical.memory_percent=none"}};
	static const char *const names[] = {"uptime_seconds", "load1", "memory_percent",
		"memory_available_bytes", "mounts_stuck"};
	struct checked checked;

	checked_run(&checked, *state, "local:", &settings);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_non_null(check_value_find(&checked.result, names[i], NULL));
	}
	assert_says(checked.result.message, "up ");
	assert_says(checked.result.message, "memory ");
	assert_string_equal(checked.check->target, "local:");
	checked_free(&checked);
}

static void judges_thresholds_and_explains(void **state)
{
	static const struct check_settings settings = {
		{"cpu_sample=10ms", "critical.memory_available_bytes=> 1k"}};
	struct checked checked;

	checked_run(&checked, *state, "LOCAL:", &settings);
	assert_int_equal(checked.result.state, CHECK_CRITICAL);
	assert_says(checked.result.message, "memory_available_bytes");
	assert_says(evidence_of(&checked.result, "commands"), "ps -eo");
	assert_true(*evidence_of(&checked.result, "largest_processes"));
	checked_free(&checked);
}

static void nothing_is_excluded_without_being_missed(void **state)
{
	static const struct check_settings settings = {
		{"cpu_sample=10ms", "exclude_mounts=*", "exclude_mounts=/*"}};
	struct checked checked;

	checked_run(&checked, *state, "local:", &settings);
	assert_null(check_value_find(&checked.result, "disk_used_percent", NULL));
	assert_says(checked.result.message, "no filesystem could be found");
	checked_free(&checked);
}

static void ends_at_its_deadline(void **state)
{
	static const struct check_settings settings = {{"cpu_sample=1h", "timeout=100ms"}};
	struct checked checked;

	/* Sampling takes no more than half of the time that there is. */
	checked_run(&checked, *state, "local:", &settings);
	assert_true(checked.result.duration_us >= 50000);
	assert_true(checked.result.duration_us < 30 * 1000000);
	checked_free(&checked);
}

/* The kind says which servers it is about, and makes one of many. */
static void is_about_servers(void **state)
{
	static const struct {
		const char *target, *servers;
		bool are_many;
		const char *one;
	} cases[] = {
		{"local:", NULL, false, NULL},
		{"web-01", "web-01", false, "db-1"},
		{"web-[01-02]", "web-[01-02]", true, "db-1"},
		{"ssh://sre@@web:22", "@web", true, "ssh://sre@db-1:22"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static const struct check_settings settings = {{"cpu_sample=10ms"}};
		struct arena *arena = arena_new();
		const struct check *check = checked_make(cases[i].target, &settings, arena);
		const struct check_kind *kind = check->kind;

		assert_string_equal(check->target, cases[i].target);
		assert_int_equal(kind->has_servers(check->opts), cases[i].are_many);
		if (!cases[i].servers) {
			assert_null(kind->servers(check->opts));
		} else {
			const struct check *one = check_for_server(check, "db-1", arena);

			assert_string_equal(kind->servers(check->opts), cases[i].servers);
			assert_string_equal(kind->servers(one->opts), "db-1");
			assert_string_equal(one->target, cases[i].one);
			assert_false(kind->has_servers(one->opts));
		}
		arena_free(arena);
	}
}

static void refuses(void **state)
{
	static const struct {
		const char *target;
		struct check_settings settings;
		const char *says;
	} cases[] = {
		{"local:host", {{0}}, "'local:host' is not a machine"},
		{"local://", {{0}}, "write 'local:'"},
		{"ssh:web-01", {{0}}, "write ssh://"},
		{"ssh://web-01:x", {{0}}, "port"},
		{"-oProxyCommand=x", {{0}}, "'-'"},
		{"local:", {{"cpu_sample=1ms"}}, "cpu_sample"},
		{"local:", {{"mount_timeout=0"}}, "mount_timeout"},
		{"local:", {{"warning.memory_percnt=5"}}, "did you mean 'memory_percent'"},
		{"local:", {{"warning.memory_percent=5s"}}, "not a time"},
		{"local:", {{"warning.memory_percent[/]=5"}}, "without [/]"},
		{"local:", {{"warning.hostname=5"}}, "a text"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		const struct check *check = NULL;
		struct err err = {0};

		assert_int_equal(
			checked_try(cases[i].target, &cases[i].settings, arena, &check, &err), -1);
		assert_says(err.msg, cases[i].says);
		arena_free(arena);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			measures_this_machine, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			judges_thresholds_and_explains, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			nothing_is_excluded_without_being_missed, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			ends_at_its_deadline, fixture_setup, fixture_teardown),
		cmocka_unit_test(is_about_servers),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

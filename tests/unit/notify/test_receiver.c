/*
 * What all receivers have in common.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "notify/notify_fixture.h"
#include "notify/notify_kinds.h"
#include "notify/receiver.h"

static void has_defaults(void **state)
{
	const struct receiver *receiver = notify_fixture_receiver(*state, "log: auto");

	assert_string_equal(receiver->name, "log");
	assert_ptr_equal(receiver->kind, &notify_log);
	assert_true(receiver->sends_resolved);
	assert_int_equal(receiver->timeout_ms, 15000);
	assert_int_equal(receiver->per_minute, 0);
	assert_null(receiver->proxy);
	assert_string_equal(receiver->origin, "test:1:1");
}

static void takes_what_is_given(void **state)
{
	const struct receiver *receiver =
		notify_fixture_receiver(*state, "{log: debug, name: all, send_resolved: no, "
						"timeout: 3s, per_minute: 10, burst: 2}");

	assert_string_equal(receiver->name, "all");
	assert_false(receiver->sends_resolved);
	assert_int_equal(receiver->timeout_ms, 3000);
	assert_int_equal(receiver_limit(receiver).per_minute, 10);
	assert_int_equal(receiver_limit(receiver).burst, 2);
}

static void says_what_is_wrong(void **state)
{
	static const struct {
		const char *yaml, *fault;
	} cases[] = {
		{"{name: x}", "has no kind; it needs one of the keys"},
		{"{log: auto, tmeout: 3s}", "did you mean 'timeout'"},
		{"{log: auto, timeout: 0s}", "at least"},
		{"{log: auto, per_minute: 0}", "per_minute"},
		{"{log: auto, proxy: 'http://p:3128'}", "'log' receivers use no proxy"},
		{"{log: loud}", "'loud' is not one of auto, error, warning, info, debug"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *fault = notify_fixture_fault(*state, cases[i].yaml);

		if (!strstr(fault, cases[i].fault)) {
			fail_msg("%s: %s", cases[i].yaml, fault);
		}
	}
}

/* Each of these is another receiver to the store. */
static void settings_tell_receivers_apart(void **state)
{
	static const char *const yaml[] = {
		"{log: auto}",
		"{log: info}",
		"{log: auto, name: b}",
		"{log: auto, timeout: 3s}",
		"{log: auto, send_resolved: no}",
		"{log: auto, per_minute: 10}",
		"{log: auto, burst: 10}",
		"{log: auto, ca_file: /a}",
	};
	const char *settings[ARRAY_LEN(yaml)];

	for (size_t i = 0; i < ARRAY_LEN(yaml); i++) {
		settings[i] = notify_fixture_receiver(*state, yaml[i])->settings;
		assert_int_equal(strlen(settings[i]), 64);
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(settings[i], settings[k]);
		}
	}
	assert_string_equal(notify_fixture_receiver(*state, "{timeout: 15s, log: auto}")->settings,
		settings[0]);
}

static void limit_is_its_own_or_its_kinds(void **state)
{
	static const struct notifier_kind kind = {.limit = {.per_minute = 60, .burst = 3}};
	static const struct notifier_kind unlimited = {.limit = {0}};
	static const struct {
		const struct notifier_kind *kind;
		int64_t per_minute, burst;
		struct notifier_limit expected;
	} cases[] = {
		{&kind, 0, 0, {60, 3}},
		{&kind, 10, 0, {10, 3}},
		{&kind, 0, 1, {60, 1}},
		{&unlimited, 0, 0, {0, 0}},
		{&unlimited, 10, 0, {10, 1}},
		{&unlimited, 10, 5, {10, 5}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct receiver receiver = {.kind = cases[i].kind,
			.per_minute = cases[i].per_minute,
			.burst = cases[i].burst};
		struct notifier_limit limit = receiver_limit(&receiver);

		assert_int_equal(limit.per_minute, cases[i].expected.per_minute);
		assert_int_equal(limit.burst, cases[i].expected.burst);
	}
}

static void rows_keep_their_promises(void **state)
{
	struct err err = {0};

	(void)state;
	if (option_rows_check(receiver_common_rows, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, notify_fixture_start, notify_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(has_defaults),
		TEST(takes_what_is_given),
		TEST(says_what_is_wrong),
		TEST(settings_tell_receivers_apart),
		cmocka_unit_test(limit_is_its_own_or_its_kinds),
		cmocka_unit_test(rows_keep_their_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

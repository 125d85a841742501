/*
 * What is opened, acknowledged and closed, in which order and under which keys.
 */
#include "notify/incident.h"
#include "notify/kind_fixture.h"
#include "notify/notify_text.h"

#define BIT(severity) (1U << SEVERITY_##severity)
#define ALL (BIT(INFO) | BIT(WARNING) | BIT(CRITICAL))

/* "open critical, close warning" */
static const char *steps_text(struct arena *arena, const struct incident_plan *plan)
{
	static const char *const actions[] = {"open", "acknowledge", "close"};
	const char *text = "";

	for (size_t i = 0; i < plan->steps_count; i++) {
		text = arena_printf(arena, "%s%s%s %s", text, i ? ", " : "",
			actions[plan->steps[i].action], severity_name(plan->steps[i].severity));
	}
	return text;
}

static void test_steps(void **state)
{
	static const struct {
		enum notification_purpose purpose;
		enum severity severity;
		unsigned told;
		const char *first_key;
		const char *steps;
	} cases[] = {
		{NOTIFICATION_TRIGGER, SEVERITY_WARNING, 0, NULL, "open warning"},
		{NOTIFICATION_TRIGGER, SEVERITY_CRITICAL, BIT(CRITICAL), "k", "open critical"},
		{NOTIFICATION_TRIGGER, SEVERITY_CRITICAL, BIT(WARNING), "k",
			"open critical, close warning"},
		{NOTIFICATION_TRIGGER, SEVERITY_CRITICAL, BIT(WARNING) | BIT(INFO), "k",
			"open critical, close warning, close info"},
		{NOTIFICATION_TRIGGER, SEVERITY_WARNING, ALL, "k",
			"open warning, close critical, close info"},
		/* not known: nothing may stay open */
		{NOTIFICATION_TRIGGER, SEVERITY_CRITICAL, 0, "k",
			"open critical, close warning, close info"},
		{NOTIFICATION_REMINDER, SEVERITY_CRITICAL, BIT(CRITICAL), "k", "open critical"},
		{NOTIFICATION_RESEND, SEVERITY_CRITICAL, BIT(CRITICAL), "k", "open critical"},
		{NOTIFICATION_RESOLVE, SEVERITY_WARNING, BIT(WARNING), "k", "close warning"},
		{NOTIFICATION_RESOLVE, SEVERITY_WARNING, BIT(CRITICAL), "k", "close critical"},
		{NOTIFICATION_RESOLVE, SEVERITY_CRITICAL, BIT(WARNING) | BIT(CRITICAL), "k",
			"close critical, close warning"},
		{NOTIFICATION_RESOLVE, SEVERITY_CRITICAL, 0, "k",
			"close critical, close warning, close info"},
		{NOTIFICATION_RESOLVE, SEVERITY_CRITICAL, 0, NULL, "close critical"},
		{NOTIFICATION_ACKNOWLEDGE, SEVERITY_WARNING, BIT(WARNING), "k",
			"acknowledge warning"},
		{NOTIFICATION_ACKNOWLEDGE, SEVERITY_WARNING, BIT(WARNING) | BIT(CRITICAL), "k",
			"acknowledge critical, acknowledge warning"},
		{NOTIFICATION_TEST, SEVERITY_CRITICAL, 0, NULL, "open info, close info"},
		{NOTIFICATION_NOTICE, SEVERITY_CRITICAL, 0, NULL, "open critical"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct incident_plan plan = {0};
		struct sample sample;

		sample_init(&sample, arena, cases[i].purpose);
		sample.alert.severity = cases[i].severity;
		sample.notification.severity = cases[i].severity;
		sample.notification.told = cases[i].told;
		sample.notification.first_key = cases[i].first_key;
		sample.notification.title = "receiver 'slack' is dead";
		assert_int_equal(incident_plan(&sample.notification, &plan, NULL), 0);
		assert_string_equal(steps_text(arena, &plan), cases[i].steps);
	}
}

static void test_resent_resolve(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct incident_plan plan = {0};
	struct sample sample;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_RESEND);
	sample.alert.is_resolved = true;
	assert_int_equal(incident_plan(&sample.notification, &plan, NULL), 0);
	assert_string_equal(steps_text(arena, &plan), "close critical");
}

static void test_refused(void **state)
{
	static const enum notification_purpose purposes[] = {
		NOTIFICATION_SUMMARY, NOTIFICATION_DIGEST};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(purposes); i++) {
		const struct notification notification = {.purpose = purposes[i]};
		struct incident_plan plan = {.steps_count = 77};
		struct err err = {0};

		assert_int_equal(incident_plan(&notification, &plan, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_int_equal(plan.steps_count, 77);
	}
}

/* The same whatever is said of the alert; another for another episode or severity. */
static void test_keys(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(strbuf_release) struct strbuf expected = STRBUF_INIT;
	struct incident_plan first = {0}, again = {0};
	struct sample sample;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	notify_add_dedup_key(&sample.alert, &expected);
	strbuf_adds(&expected, "-critical");
	assert_int_equal(incident_plan(&sample.notification, &first, NULL), 0);
	assert_string_equal(first.steps[0].key, expected.buf);
	assert_in_range(expected.len, 44, INCIDENT_KEY_SIZE - 1);

	sample.alert.message = "another";
	sample.alert.time_ms += 1000;
	sample.notification.key = "msg_other";
	sample.notification.purpose = NOTIFICATION_RESOLVE;
	assert_int_equal(incident_plan(&sample.notification, &again, NULL), 0);
	assert_string_equal(again.steps[0].key, first.steps[0].key);

	sample.alert.severity = SEVERITY_WARNING;
	assert_int_equal(incident_plan(&sample.notification, &again, NULL), 0);
	assert_string_not_equal(again.steps[0].key, first.steps[0].key);
	sample.alert.severity = SEVERITY_CRITICAL;
	sample.alert.episode_ms++;
	assert_int_equal(incident_plan(&sample.notification, &again, NULL), 0);
	assert_string_not_equal(again.steps[0].key, first.steps[0].key);
}

static void test_own_keys(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct incident_plan notice = {0}, plan = {0};
	struct sample sample;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_NOTICE);
	sample.notification.title = "receiver 'slack' is dead";
	assert_int_equal(incident_plan(&sample.notification, &notice, NULL), 0);
	assert_int_equal(strncmp(notice.steps[0].key, "sre:notice:", 11), 0);
	sample.notification.key = "msg_other";
	assert_int_equal(incident_plan(&sample.notification, &plan, NULL), 0);
	assert_string_equal(plan.steps[0].key, notice.steps[0].key);
	sample.notification.title = "receiver 'mail' is dead";
	assert_int_equal(incident_plan(&sample.notification, &plan, NULL), 0);
	assert_string_not_equal(plan.steps[0].key, notice.steps[0].key);

	sample.notification.purpose = NOTIFICATION_TEST;
	assert_int_equal(incident_plan(&sample.notification, &plan, NULL), 0);
	assert_int_equal(strncmp(plan.steps[0].key, "sre:test:", 9), 0);
	assert_string_equal(plan.steps[0].key, plan.steps[1].key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_resent_resolve),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_own_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

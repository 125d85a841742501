/*
 * Notifications, step by step smaller until they are as small as they get.
 */
#include "base/utf8.h"
#include "notify/kind_fixture.h"
#include "notify/shorten.h"

static void test_alerts(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct notification *shorter;
	struct sample sample;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	sample.notification.alerts_count = 3;
	sample.notification.alerts_total = 7;
	shorter = notification_shorten(&sample.notification, arena);
	assert_int_equal(shorter->alerts_count, 1);
	assert_int_equal(shorter->alerts_total, 7);
	assert_int_equal(sample.notification.alerts_count, 3);
	assert_null(notification_shorten(shorter, arena));
}

static void test_total_is_kept(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct sample sample;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	sample.notification.alerts_count = 2;
	sample.notification.alerts_total = 0;
	assert_int_equal(notification_shorten(&sample.notification, arena)->alerts_total, 2);
}

/* The longest first; what is short stays, characters stay whole, nothing goes. */
static void test_texts(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct notification *shorter;
	struct sample sample;
	size_t last = SIZE_MAX;
	int steps = 0;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	sample.alert.message = repeated(arena, "\xf0\x9f\x94\xa5", 80000);
	pairs_set(&sample.alert.fields, arena, str_of("long"),
		str_of(repeated(arena, "\xc3\xa4", 20000)));
	pairs_set(&sample.alert.labels, arena, str_of("long"), str_of(repeated(arena, "x", 5000)));
	for (shorter = &sample.notification; shorter;
		shorter = notification_shorten(shorter, arena), steps++) {
		const struct alert *alert = shorter->alerts[0];
		size_t size = strlen(alert->message) + strlen(pairs_get(&alert->fields, "long")) +
			      strlen(pairs_get(&alert->labels, "long"));

		assert_true(size < last);
		last = size;
		assert_true(utf8_is_valid(str_of(alert->message)));
		assert_true(utf8_is_valid(str_of(pairs_get(&alert->fields, "long"))));
		assert_string_equal(alert->title, "disk full");
		assert_string_equal(pairs_get(&alert->fields, "used"), "97 %");
		assert_string_equal(pairs_get(&alert->labels, "team"), "db");
	}
	assert_in_range(steps, 5, 20);
	assert_in_range(last, 600, 768);
	assert_int_equal(strlen(sample.alert.message), 80000);
}

static void test_to(void **state)
{
	static const struct {
		size_t max_bytes;
		size_t alerts, message;
	} cases[] = {
		{SIZE_MAX, 3, 10000},
		{31000, 3, 10000},
		{29000, 1, 10000},
		{10050, 1, 10000},
		{9000, 1, 5000},
		{0, 1, 256},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const struct notification *shorter;
		struct sample sample;

		sample_init(&sample, arena, NOTIFICATION_TRIGGER);
		sample.alert.message = repeated(arena, "x", 10000);
		sample.notification.alerts_count = 3;
		shorter = notification_shorten_to(&sample.notification, cases[i].max_bytes, arena);
		assert_int_equal(shorter->alerts_count, cases[i].alerts);
		assert_int_equal(strlen(shorter->alerts[0]->message), cases[i].message);
		assert_true((shorter == &sample.notification) == (cases[i].alerts == 3));
	}
}

static void test_digest(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct alert alerts[3] = {0};
	const struct notify_digest digest = {
		.open = {.total = 9, .alerts = alerts, .alerts_count = 3},
		.fired = {.total = 5, .alerts = alerts, .alerts_count = 1},
	};
	const struct notification notification = {
		.purpose = NOTIFICATION_DIGEST, .digest = &digest};
	const struct notification *shorter = notification_shorten(&notification, arena);

	(void)state;
	assert_int_equal(shorter->digest->open.alerts_count, 1);
	assert_int_equal(shorter->digest->open.total, 9);
	assert_int_equal(shorter->digest->fired.alerts_count, 0);
	shorter = notification_shorten(shorter, arena);
	assert_int_equal(shorter->digest->open.alerts_count, 0);
	assert_null(notification_shorten(shorter, arena));
	assert_int_equal(digest.open.alerts_count, 3);
}

static void test_notice(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct notification notification = {
		.purpose = NOTIFICATION_NOTICE,
		.title = "a receiver is dead",
		.text = repeated(arena, "x", 1000),
	};
	const struct notification *shorter = notification_shorten(&notification, arena);

	(void)state;
	assert_int_equal(strlen(shorter->text), 500);
	assert_string_equal(shorter->title, notification.title);
	shorter = notification_shorten(shorter, arena);
	assert_null(notification_shorten(shorter, arena));
}

static void test_summary(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct notify_summary summary = {.count = 3};
	const struct notification notification = {
		.purpose = NOTIFICATION_SUMMARY, .summary = &summary};

	(void)state;
	assert_null(notification_shorten(&notification, arena));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_total_is_kept),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_to),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_notice),
		cmocka_unit_test(test_summary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

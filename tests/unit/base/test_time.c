/*
 * Clocks that stand and clocks that run; times and durations as text.
 */
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "cmocka_all.h"

typedef void add_fn(struct strbuf *, int64_t);

static void assert_text(add_fn *add, int64_t value, const char *expected)
{
	struct strbuf sb = STRBUF_INIT;

	add(&sb, value);
	assert_string_equal(sb.buf, expected);
	strbuf_release(&sb);
}

static void test_real_clocks(void **state)
{
	(void)state;
	int64_t us = time_mono_us();

	assert_true(time_mono_us() >= us);
	assert_true(time_mono_ms() >= us / 1000);
	assert_true(time_wall_ms() > 1700000000000);
}

static void test_fake_clocks(void **state)
{
	(void)state;
	time_fake(5000, 1751356800123);
	assert_int_equal(time_mono_ms(), 5000);
	assert_int_equal(time_mono_us(), 5000000);
	assert_int_equal(time_wall_ms(), 1751356800123);

	time_fake_advance(250);
	assert_int_equal(time_mono_ms(), 5250);
	assert_int_equal(time_wall_ms(), 1751356800373);

	time_fake_end();
	assert_true(time_wall_ms() != 1751356800373);
}

static void test_rfc3339(void **state)
{
	(void)state;
	assert_text(time_add_rfc3339, 0, "1970-01-01T00:00:00.000Z");
	assert_text(time_add_rfc3339, 1751356800123, "2025-07-01T08:00:00.123Z");
	assert_text(time_add_rfc3339, 951782400000, "2000-02-29T00:00:00.000Z");
	assert_text(time_add_rfc3339, -1, "1969-12-31T23:59:59.999Z");
	assert_text(time_add_rfc3339, -1000, "1969-12-31T23:59:59.000Z");
	assert_text(time_add_day, 1751356800123, "2025-07-01");
	assert_text(time_add_day, 1751414399999, "2025-07-01");
	assert_text(time_add_day, -1, "1969-12-31");

	/* No crash where there is no sense either. */
	struct strbuf sb = STRBUF_INIT;

	time_add_rfc3339(&sb, INT64_MAX);
	time_add_rfc3339(&sb, INT64_MIN);
	time_add_log(&sb, INT64_MAX);
	time_add_log(&sb, INT64_MIN);
	strbuf_release(&sb);
}

static void test_log_time_is_local(void **state)
{
	(void)state;
	setenv("TZ", "UTC-2", 1);
	tzset();
	assert_text(time_add_log, 1751349600123, "2025-07-01 08:00:00,123");
	assert_text(time_add_local, 1751349600123, "2025-07-01 08:00:00");
	assert_text(time_add_local, 0, "-");
	setenv("TZ", "UTC", 1);
	tzset();
	assert_text(time_add_log, 1751349600123, "2025-07-01 06:00:00,123");
}

static void test_duration(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{0, "0 ms"},
		{12, "12 ms"},
		{999, "999 ms"},
		{1000, "1 s"},
		{1200, "1.2 s"},
		{1249, "1.2 s"},
		{1250, "1.3 s"},
		{10000, "10 s"},
		{59949, "59.9 s"},
		{59950, "1 min"},
		{60000, "1 min"},
		{184000, "3 min 4 s"},
		{3599499, "59 min 59 s"},
		{3599500, "1 h"},
		{3600000, "1 h"},
		{18120000, "5 h 2 min"},
		{86369999, "23 h 59 min"},
		{86370000, "1 day"},
		{86400000, "1 day"},
		{90000000, "1 day 1 h"},
		{183600000, "2 days 3 h"},
		{604799999, "7 days"},
		{604800000, "7 days"},
		{1072800000, "12 days"},
		{-1200, "-1.2 s"},
		{INT64_MIN, "-106751991167 days"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_text(time_add_duration, cases[i].ms, cases[i].text);
	}
}

static void test_duration_exact(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{0, "0s"},
		{1, "1ms"},
		{500, "500ms"},
		{10000, "10s"},
		{1500, "1s500ms"},
		{300000, "5m"},
		{5400000, "1h30m"},
		{172800000, "2d"},
		{93784005, "1d2h3m4s5ms"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_text(time_add_duration_exact, cases[i].ms, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_clocks),
		cmocka_unit_test(test_fake_clocks),
		cmocka_unit_test(test_rfc3339),
		cmocka_unit_test(test_log_time_is_local),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_duration_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

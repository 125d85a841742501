/*
 * Points in time as people type them.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/moment.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "cmocka_all.h"

#define NOW_MS 1751371200000 /* 2025-07-01T12:00:00Z, 14:00 in Berlin */

static void set_zone(const char *name)
{
	assert_int_equal(setenv("TZ", name, 1), 0);
	tzset();
}

static void test_moments(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum moment_direction direction;
		const char *utc;
	} cases[] = {
		{"now", MOMENT_PAST, "2025-07-01T12:00:00.000Z"},
		{"0", MOMENT_PAST, "2025-07-01T12:00:00.000Z"},
		{"90", MOMENT_PAST, "2025-07-01T11:58:30.000Z"},
		{"30d", MOMENT_PAST, "2025-06-01T12:00:00.000Z"},
		{"2h", MOMENT_FUTURE, "2025-07-01T14:00:00.000Z"},
		{"today", MOMENT_PAST, "2025-06-30T22:00:00.000Z"},
		{"yesterday", MOMENT_PAST, "2025-06-29T22:00:00.000Z"},
		{"tomorrow", MOMENT_FUTURE, "2025-07-01T22:00:00.000Z"},
		{"2025-07-01", MOMENT_PAST, "2025-06-30T22:00:00.000Z"},
		{"2025-07-01T08:00:00.5Z", MOMENT_PAST, "2025-07-01T08:00:00.500Z"},
		{"2025-07-01T08:00:00.123456789Z", MOMENT_PAST, "2025-07-01T08:00:00.123Z"},
		{"2025-01-01", MOMENT_PAST, "2024-12-31T23:00:00.000Z"},
		{"2025-07-01 08:00", MOMENT_PAST, "2025-07-01T06:00:00.000Z"},
		{"2025-07-01T08:00:15", MOMENT_FUTURE, "2025-07-01T06:00:15.000Z"},
		{"2025-07-01T08:00:00Z", MOMENT_PAST, "2025-07-01T08:00:00.000Z"},
		{"2025-07-01T08:00:00.123Z", MOMENT_PAST, "2025-07-01T08:00:00.123Z"},
		{"2025-07-01T08:00+02:00", MOMENT_PAST, "2025-07-01T06:00:00.000Z"},
		{"2025-07-01T08:00-0730", MOMENT_PAST, "2025-07-01T15:30:00.000Z"},
		{"2024-02-29", MOMENT_PAST, "2024-02-28T23:00:00.000Z"},
		{"08:00", MOMENT_PAST, "2025-07-01T06:00:00.000Z"},
		{"15:00", MOMENT_PAST, "2025-06-30T13:00:00.000Z"},
		{"08:00", MOMENT_FUTURE, "2025-07-02T06:00:00.000Z"},
		{"15:00:30", MOMENT_FUTURE, "2025-07-01T13:00:30.000Z"},
	};

	set_zone("Europe/Berlin");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct strbuf got = STRBUF_INIT;
		int64_t ms = -1;
		struct err err = {0};

		if (moment_parse(str_of(cases[i].text), cases[i].direction, NOW_MS, &ms, &err) <
			0) {
			fail_msg("%s", err.msg);
		}
		time_add_rfc3339(&got, ms);
		assert_string_equal(got.buf, cases[i].utc);
		strbuf_release(&got);
	}
}

static void test_what_is_no_time(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "soon", "2025-13-01", "2025-02-30", "2025-00-10",
		"2025-07-00", "1969-12-31", "2025-7-1", "2025-07-01 25:00", "2025-07-01 08:60",
		"2025-07-01 08", "2025-07-01T08:00X", "2025-07-01T08:00+2", "2025-07-01T08:00:00.Z",
		"2025-07-01 08:00 ", "25:00", "8:00", "-5m", "08:00:61"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		int64_t ms = 7;
		struct err err = {0};

		assert_int_equal(
			moment_parse(str_of(texts[i]), MOMENT_PAST, NOW_MS, &ms, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.msg, "is no time"));
		assert_int_equal(ms, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_what_is_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Zones of the system's database, at changes that are known.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/time_zone.h"
#include "cmocka_all.h"

enum { MAX_ZONES = 16 };

/* Each zone is opened once. */
static struct time_zone *zones[MAX_ZONES];

static const struct time_zone *zone_of(const char *name)
{
	struct err err = {0};

	for (size_t i = 0; i < MAX_ZONES; i++) {
		if (zones[i] && strcmp(time_zone_name(zones[i]), name) == 0) {
			return zones[i];
		}
		if (!zones[i]) {
			if (time_zone_open(str_of(name), &zones[i], &err) < 0) {
				fail_msg("%s", err.msg);
			}
			return zones[i];
		}
	}
	fail();
	return NULL;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < MAX_ZONES; i++) {
		time_zone_free(zones[i]);
	}
	return 0;
}

static void test_what_clocks_show(void **state)
{
	static const struct {
		const char *zone;
		int64_t unix_s;
		const char *text;
	} cases[] = {
		{"UTC", 0, "1970-01-01 00:00:00 UTC"},
		{"UTC", -1, "1969-12-31 23:59:59 UTC"},
		{"Europe/Berlin", 1743296399, "2025-03-30 01:59:59 CET"},
		{"Europe/Berlin", 1743296400, "2025-03-30 03:00:00 CEST"},
		{"Europe/Berlin", 1761440399, "2025-10-26 02:59:59 CEST"},
		{"Europe/Berlin", 1761440400, "2025-10-26 02:00:00 CET"},
		{"America/New_York", 1741503599, "2025-03-09 01:59:59 EST"},
		{"America/New_York", 1741503600, "2025-03-09 03:00:00 EDT"},
		{"America/New_York", 1762063199, "2025-11-02 01:59:59 EDT"},
		{"America/New_York", 1762063200, "2025-11-02 01:00:00 EST"},
		{"Australia/Lord_Howe", 1743865199, "2025-04-06 01:59:59 +11"},
		{"Australia/Lord_Howe", 1743865200, "2025-04-06 01:30:00 +1030"},
		{"Australia/Lord_Howe", 1759591799, "2025-10-05 01:59:59 +1030"},
		{"Australia/Lord_Howe", 1759591800, "2025-10-05 02:30:00 +11"},
		{"Asia/Kathmandu", 504901799, "1985-12-31 23:59:59 +0530"},
		{"Asia/Kathmandu", 504901800, "1986-01-01 00:15:00 +0545"},
		{"Asia/Kathmandu", 1751328000, "2025-07-01 05:45:00 +0545"},
		{"Pacific/Apia", 1325239199, "2011-12-29 23:59:59 -10"},
		{"Pacific/Apia", 1325239200, "2011-12-31 00:00:00 +14"},
		/* by the rule at the end of the file */
		{"Europe/Berlin", 4078429199, "2099-03-29 01:59:59 CET"},
		{"Europe/Berlin", 4078429200, "2099-03-29 03:00:00 CEST"},
		{"Europe/Berlin", 4086547200, "2099-07-01 02:00:00 CEST"},
		{"Europe/Berlin", 4096573199, "2099-10-25 02:59:59 CEST"},
		{"Europe/Berlin", 4096573200, "2099-10-25 02:00:00 CET"},
		{"America/Nuuk", 4078429199, "2099-03-28 22:59:59 -02"},
		{"America/Nuuk", 4078429200, "2099-03-29 00:00:00 -01"},
		/* before the first change of the file */
		{"Europe/Berlin", -3000000000, "1874-12-07 19:33:28 LMT"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

		time_zone_add(&text, zone_of(cases[i].zone), cases[i].unix_s * 1000 + 999);
		assert_string_equal(text.buf, cases[i].text);
	}
}

static void test_parts(void **state)
{
	const struct calendar_time t = time_zone_calendar(zone_of("Asia/Kathmandu"), 1751328000123);

	(void)state;
	assert_int_equal(t.year, 2025);
	assert_int_equal(t.month, 7);
	assert_int_equal(t.day, 1);
	assert_int_equal(t.hour, 5);
	assert_int_equal(t.minute, 45);
	assert_int_equal(t.second, 0);
	assert_int_equal(t.ms, 123);
	assert_int_equal(t.weekday, 2);
}

static void test_when_clocks_show_it(void **state)
{
	static const struct {
		const char *zone;
		struct calendar_time wall;
		enum time_zone_hits hits;
		int64_t first_ms, last_ms;
	} cases[] = {
		{"UTC", {1970, 1, 1, 0, 0, 0, 7, 0}, TIME_ZONE_ONCE, 7, 7},
		{"Europe/Berlin", {2025, 3, 30, 1, 59, 59, 999, 0}, TIME_ZONE_ONCE, 1743296399999,
			1743296399999},
		{"Europe/Berlin", {2025, 3, 30, 2, 0, 0, 0, 0}, TIME_ZONE_NEVER, 1743296400000,
			1743296400000},
		{"Europe/Berlin", {2025, 3, 30, 2, 59, 59, 999, 0}, TIME_ZONE_NEVER, 1743296400000,
			1743296400000},
		{"Europe/Berlin", {2025, 3, 30, 3, 0, 0, 0, 0}, TIME_ZONE_ONCE, 1743296400000,
			1743296400000},
		{"Europe/Berlin", {2025, 10, 26, 1, 59, 59, 0, 0}, TIME_ZONE_ONCE, 1761436799000,
			1761436799000},
		{"Europe/Berlin", {2025, 10, 26, 2, 0, 0, 0, 0}, TIME_ZONE_TWICE, 1761436800000,
			1761440400000},
		{"Europe/Berlin", {2025, 10, 26, 2, 59, 59, 5, 0}, TIME_ZONE_TWICE, 1761440399005,
			1761443999005},
		{"Europe/Berlin", {2025, 10, 26, 3, 0, 0, 0, 0}, TIME_ZONE_ONCE, 1761444000000,
			1761444000000},
		{"Australia/Lord_Howe", {2025, 4, 6, 1, 45, 0, 0, 0}, TIME_ZONE_TWICE,
			1743864300000, 1743866100000},
		{"Australia/Lord_Howe", {2025, 10, 5, 2, 15, 0, 0, 0}, TIME_ZONE_NEVER,
			1759591800000, 1759591800000},
		{"Pacific/Apia", {2011, 12, 30, 0, 0, 0, 0, 0}, TIME_ZONE_NEVER, 1325239200000,
			1325239200000},
		{"Pacific/Apia", {2011, 12, 30, 23, 59, 59, 999, 0}, TIME_ZONE_NEVER, 1325239200000,
			1325239200000},
		{"Pacific/Apia", {2011, 12, 31, 0, 0, 0, 0, 0}, TIME_ZONE_ONCE, 1325239200000,
			1325239200000},
		{"Europe/Berlin", {2099, 3, 29, 2, 30, 0, 0, 0}, TIME_ZONE_NEVER, 4078429200000,
			4078429200000},
		{"Europe/Berlin", {2099, 10, 25, 2, 30, 0, 0, 0}, TIME_ZONE_TWICE, 4096571400000,
			4096575000000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t first_ms = 0;
		int64_t last_ms = 0;

		assert_int_equal(time_zone_unix(zone_of(cases[i].zone), calendar_ms(&cases[i].wall),
					 &first_ms, &last_ms),
			cases[i].hits);
		assert_true(first_ms == cases[i].first_ms);
		assert_true(last_ms == cases[i].last_ms);
	}
}

static void test_spans(void **state)
{
	struct time_zone_span span = time_zone_span(zone_of("Europe/Berlin"), 1743296400000);

	(void)state;
	assert_true(span.start_ms == 1743296400000);
	assert_true(span.end_ms == 1761440400000);
	assert_int_equal(span.offset_s, 7200);
	assert_true(span.is_dst);
	assert_string_equal(span.abbreviation, "CEST");

	span = time_zone_span(zone_of("Europe/Berlin"), 1743296399999);
	assert_true(span.end_ms == 1743296400000);
	assert_false(span.is_dst);

	span = time_zone_span(zone_of("UTC"), 5);
	assert_true(span.start_ms == INT64_MIN);
	assert_true(span.end_ms == INT64_MAX);
	assert_int_equal(span.offset_s, 0);

	span = time_zone_span(zone_of("Europe/Berlin"), INT64_MIN);
	assert_true(span.start_ms == INT64_MIN);
	assert_string_equal(span.abbreviation, "LMT");
}

/* Where every instant leads to what clocks show, that leads back to it. */
static void test_there_and_back(void **state)
{
	static const char *const names[] = {"Europe/Berlin", "America/New_York",
		"Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Asia/Gaza",
		"America/Nuuk", "UTC"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct time_zone *zone = zone_of(names[i]);

		for (int64_t unix_ms = -5000000000000; unix_ms < 5000000000000;
			unix_ms += 12345678901) {
			int64_t first = 0;
			int64_t last = 0;
			const int64_t wall = time_zone_wall(zone, unix_ms);
			const enum time_zone_hits hits = time_zone_unix(zone, wall, &first, &last);

			assert_int_not_equal(hits, TIME_ZONE_NEVER);
			assert_true(first == unix_ms || last == unix_ms);
			assert_int_equal(first == last, hits == TIME_ZONE_ONCE);
		}
	}
}

static void test_the_ends_of_time(void **state)
{
	const struct time_zone *zone = zone_of("Europe/Berlin");
	int64_t first = 0;
	int64_t last = 0;

	(void)state;
	assert_true(time_zone_wall(zone, INT64_MAX) == INT64_MAX);
	assert_true(time_zone_wall(zone, INT64_MIN) > INT64_MIN); /* the local mean time is ahead */
	assert_int_equal(time_zone_unix(zone, INT64_MIN, &first, &last), TIME_ZONE_ONCE);
	assert_true(first == INT64_MIN);
	assert_int_equal(time_zone_unix(zone, INT64_MAX, &first, &last), TIME_ZONE_ONCE);
	assert_true(first < INT64_MAX && first == last);
}

static void test_utc_for_ever(void **state)
{
	(void)state;
	assert_string_equal(time_zone_name(time_zone_utc()), "UTC");
	assert_true(time_zone_wall(time_zone_utc(), 12345) == 12345);
	assert_string_equal(time_zone_span(time_zone_utc(), 0).abbreviation, "UTC");
	time_zone_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_clocks_show),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_when_clocks_show_it),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_the_ends_of_time),
		cmocka_unit_test(test_utc_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}

/*
 * Times as reasons tell them.
 */
#include "alert/when.h"
#include "base/alloc.h"
#include "cmocka_all.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

/* 2025-07-01 23:59:58 UTC */
static const int64_t late_ms = 1751414398000;

static void clocks(void **state)
{
	struct time_zone *zone = NULL;
	struct arena *arena = arena_new();
	struct err err = {0};

	(void)state;
	assert_int_equal(time_zone_open(str_of("Europe/Berlin"), &zone, &err), 0);
	assert_string_equal(when_clock(NULL, late_ms, late_ms, arena), "23:59:58");
	assert_string_equal(when_clock(NULL, late_ms - HOUR, late_ms, arena), "22:59:58");
	assert_string_equal(
		when_clock(NULL, late_ms + 2 * SECOND, late_ms, arena), "2025-07-02 00:00:00");
	assert_string_equal(
		when_clock(NULL, late_ms, late_ms + 2 * SECOND, arena), "2025-07-01 23:59:58");
	assert_string_equal(when_clock(zone, late_ms, late_ms + 2 * SECOND, arena), "01:59:58");
	time_zone_free(zone);
	arena_free(arena);
}

static void spans(void **state)
{
	static const struct {
		int64_t ms;
		const char *expected;
	} cases[] = {
		{0, "less than a second"},
		{-5, "less than a second"},
		{999, "less than a second"},
		{1999, "1 s"},
		{3 * MINUTE, "3 min"},
		{3 * MINUTE + 4 * SECOND, "3 min 4 s"},
		{2 * HOUR + 5 * MINUTE + SECOND, "2 h 5 min"},
		{12 * 24LL * HOUR, "12 days"},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(when_span(cases[i].ms, arena), cases[i].expected);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks),
		cmocka_unit_test(spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * When schedules are due.
 */
#include "base/alloc.h"
#include "base/cron_schedule.h"
#include "base/strbuf.h"
#include "base/time_zone.h"
#include "cmocka_all.h"

static struct time_zone *open_zone(const char *name)
{
	struct time_zone *zone = NULL;
	struct err err = {0};

	if (time_zone_open(str_of(name), &zone, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return zone;
}

static struct cron_schedule parse(const char *text)
{
	struct cron_schedule schedule = {0};
	struct err err = {0};

	if (cron_schedule_parse(str_of(text), &schedule, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return schedule;
}

/* Year, month, day, hour, minute. */
struct moment {
	int y, mo, d, h, mi;
};

static int64_t wall_of(struct moment m)
{
	return calendar_ms(&(struct calendar_time){
		.year = m.y, .month = m.mo, .day = m.d, .hour = m.h, .minute = m.mi});
}

static void add_times(
	struct strbuf *out, const char *text, const char *zone_name, struct moment from, int count)
{
	_cleanup_(time_zone_freep) struct time_zone *zone = open_zone(zone_name);
	const struct cron_schedule schedule = parse(text);
	int64_t from_ms = 0;
	int64_t last_ms = 0;

	(void)time_zone_unix(zone, wall_of(from), &from_ms, &last_ms);
	for (int i = 0; i < count; i++) {
		const int64_t due_ms = cron_schedule_next(&schedule, zone, from_ms);

		assert_true(due_ms >= from_ms);
		strbuf_adds(out, i ? ", " : "");
		time_zone_add(out, zone, due_ms);
		from_ms = due_ms + 1;
	}
}

static void test_next(void **state)
{
	static const struct {
		const char *text, *zone;
		struct moment from;
		int count;
		const char *times;
	} cases[] = {
		/* plain */
		{"0 8 * * *", "UTC", {2026, 1, 1, 8, 0}, 2,
			"2026-01-01 08:00:00 UTC, 2026-01-02 08:00:00 UTC"},
		{"0 8 * * *", "UTC", {2026, 1, 1, 8, 1}, 1, "2026-01-02 08:00:00 UTC"},
		{"*/20 23 31 12 *", "UTC", {2026, 12, 31, 23, 21}, 2,
			"2026-12-31 23:40:00 UTC, 2027-12-31 23:00:00 UTC"},
		{"0 0 29 2 *", "UTC", {2097, 1, 1, 0, 0}, 2,
			"2104-02-29 00:00:00 UTC, 2108-02-29 00:00:00 UTC"},
		{"0 9 * * mon-fri", "UTC", {2026, 1, 2, 9, 1}, 1, "2026-01-05 09:00:00 UTC"},
		/* either day field, or both */
		{"0 0 13 * fri", "UTC", {2026, 1, 1, 0, 0}, 3,
			"2026-01-02 00:00:00 UTC, 2026-01-09 00:00:00 UTC, 2026-01-13 00:00:00 "
			"UTC"},
		{"0 0 */2 * 1", "UTC", {2026, 1, 1, 0, 0}, 3,
			"2026-01-05 00:00:00 UTC, 2026-01-19 00:00:00 UTC, 2026-02-09 00:00:00 "
			"UTC"},
		{"0 0 1-31/2 * 1", "UTC", {2026, 1, 1, 0, 1}, 2,
			"2026-01-03 00:00:00 UTC, 2026-01-05 00:00:00 UTC"},
		{"0 0 */100,1-7 * 1", "UTC", {2026, 1, 1, 0, 0}, 3,
			"2026-01-05 00:00:00 UTC, 2026-02-02 00:00:00 UTC, 2026-03-02 00:00:00 "
			"UTC"},
		{"0 0 30 2 1", "UTC", {2026, 1, 1, 0, 0}, 2,
			"2026-02-02 00:00:00 UTC, 2026-02-09 00:00:00 UTC"},
		/* days by other names */
		{"0 0 L * *", "UTC", {2028, 2, 1, 0, 0}, 2,
			"2028-02-29 00:00:00 UTC, 2028-03-31 00:00:00 UTC"},
		{"0 0 LW * *", "UTC", {2026, 1, 1, 0, 0}, 2,
			"2026-01-30 00:00:00 UTC, 2026-02-27 00:00:00 UTC"},
		{"0 0 15W * *", "UTC", {2026, 1, 1, 0, 0}, 3,
			"2026-01-15 00:00:00 UTC, 2026-02-16 00:00:00 UTC, 2026-03-16 00:00:00 "
			"UTC"},
		{"0 0 1W * *", "UTC", {2026, 8, 1, 0, 0}, 1, "2026-08-03 00:00:00 UTC"},
		{"0 0 31W * *", "UTC", {2026, 1, 1, 0, 0}, 3,
			"2026-01-30 00:00:00 UTC, 2026-03-31 00:00:00 UTC, 2026-05-29 00:00:00 "
			"UTC"},
		{"0 0 * * friL", "UTC", {2026, 1, 1, 0, 0}, 2,
			"2026-01-30 00:00:00 UTC, 2026-02-27 00:00:00 UTC"},
		{"0 0 * * tue#2", "UTC", {2026, 1, 1, 0, 0}, 2,
			"2026-01-13 00:00:00 UTC, 2026-02-10 00:00:00 UTC"},
		{"0 0 * * thu#5", "UTC", {2026, 2, 1, 0, 0}, 1, "2026-04-30 00:00:00 UTC"},
		/* a skipped hour: once, at the first moment after */
		{"30 2 * * *", "Europe/Berlin", {2025, 3, 29, 0, 0}, 3,
			"2025-03-29 02:30:00 CET, 2025-03-30 03:00:00 CEST, 2025-03-31 02:30:00 "
			"CEST"},
		{"*/15 2 * * *", "Europe/Berlin", {2025, 3, 30, 0, 0}, 2,
			"2025-03-30 03:00:00 CEST, 2025-03-31 02:00:00 CEST"},
		{"30 2,3 * * *", "Europe/Berlin", {2025, 3, 30, 0, 0}, 3,
			"2025-03-30 03:00:00 CEST, 2025-03-30 03:30:00 CEST, 2025-03-31 02:30:00 "
			"CEST"},
		{"0 2,3 * * *", "Europe/Berlin", {2025, 3, 30, 0, 0}, 2,
			"2025-03-30 03:00:00 CEST, 2025-03-31 02:00:00 CEST"},
		{"15 2 * * *", "Australia/Lord_Howe", {2025, 10, 5, 0, 0}, 2,
			"2025-10-05 02:30:00 +11, 2025-10-06 02:15:00 +11"},
		/* no midnight */
		{"0 0 * * *", "America/Sao_Paulo", {2018, 11, 3, 12, 0}, 2,
			"2018-11-04 01:00:00 -02, 2018-11-05 00:00:00 -02"},
		/* no such day at all */
		{"0 8 * * *", "Pacific/Apia", {2011, 12, 29, 0, 0}, 3,
			"2011-12-29 08:00:00 -10, 2011-12-31 00:00:00 +14, 2011-12-31 08:00:00 "
			"+14"},
		/* an hour that comes again: once */
		{"30 2 * * *", "Europe/Berlin", {2025, 10, 25, 12, 0}, 2,
			"2025-10-26 02:30:00 CEST, 2025-10-27 02:30:00 CET"},
		{"30 1-5 * * *", "Europe/Berlin", {2025, 10, 26, 0, 0}, 3,
			"2025-10-26 01:30:00 CEST, 2025-10-26 02:30:00 CEST, 2025-10-26 03:30:00 "
			"CET"},
		{"45 1 * * *", "Australia/Lord_Howe", {2025, 4, 6, 0, 0}, 2,
			"2025-04-06 01:45:00 +11, 2025-04-07 01:45:00 +1030"},
		/* all hours: whenever the clocks show the minute */
		{"30 * * * *", "Europe/Berlin", {2025, 3, 30, 1, 0}, 2,
			"2025-03-30 01:30:00 CET, 2025-03-30 03:30:00 CEST"},
		{"30 * * * *", "Europe/Berlin", {2025, 10, 26, 2, 0}, 3,
			"2025-10-26 02:30:00 CEST, 2025-10-26 02:30:00 CET, 2025-10-26 03:30:00 "
			"CET"},
		{"*/30 0-23 * * *", "Europe/Berlin", {2025, 10, 26, 2, 0}, 4,
			"2025-10-26 02:00:00 CEST, 2025-10-26 02:30:00 CEST, 2025-10-26 02:00:00 "
			"CET, 2025-10-26 02:30:00 CET"},
		/* by the rule at the end of the zone's file */
		{"30 2 * * *", "Europe/Berlin", {2099, 3, 28, 12, 0}, 2,
			"2099-03-29 03:00:00 CEST, 2099-03-30 02:30:00 CEST"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

		add_times(&out, cases[i].text, cases[i].zone, cases[i].from, cases[i].count);
		assert_string_equal(out.buf, cases[i].times);
	}
}

/* From within the second pass of an hour, and from within ms of a minute. */
static void test_where_it_begins(void **state)
{
	const int64_t second_pass = 1761440400000; /* 2025-10-26 02:00 CET */
	_cleanup_(time_zone_freep) struct time_zone *berlin = open_zone("Europe/Berlin");
	const struct cron_schedule nightly = parse("30 2 * * *");
	const struct cron_schedule often = parse("*/10 * * * *");

	(void)state;
	assert_true(cron_schedule_next(&nightly, berlin, second_pass) ==
		    second_pass + (24 * 60 + 30) * CALENDAR_MINUTE_MS);
	assert_true(cron_schedule_next(&nightly, berlin, second_pass - 30 * CALENDAR_MINUTE_MS) ==
		    second_pass - 30 * CALENDAR_MINUTE_MS);
	assert_true(cron_schedule_next(&often, berlin, second_pass) == second_pass);
	assert_true(cron_schedule_next(&often, berlin, second_pass + 1) ==
		    second_pass + 10 * CALENDAR_MINUTE_MS);
	assert_true(cron_schedule_next(&often, time_zone_utc(), -1) == 0);
	assert_true(cron_schedule_next(&often, time_zone_utc(), 0) == 0);
	assert_true(cron_schedule_next(&often, time_zone_utc(), -600000) == -600000);
	assert_true(cron_schedule_next(&often, time_zone_utc(), -599999) == 0);
}

static void test_the_ends_of_time(void **state)
{
	static const char *const texts[] = {"* * * * *", "0 8 * * *", "0 0 29 2 *"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct cron_schedule s = parse(texts[i]);

		assert_true(cron_schedule_next(&s, time_zone_utc(), INT64_MAX) == INT64_MAX);
		assert_true(cron_schedule_next(&s, time_zone_utc(), INT64_MIN) < 0);
	}
}

/* Minute by minute through a year with both changes: what is due is what the clocks say. */
static void test_minute_by_minute(void **state)
{
	_cleanup_(time_zone_freep) struct time_zone *zone = open_zone("America/New_York");
	const struct cron_schedule s = parse("7,40 * 3-9 * tue,sat");
	int64_t due_ms = cron_schedule_next(&s, zone, 1735689600000);

	(void)state;
	for (int64_t ms = 1735689600000; ms < 1767225600000; ms += CALENDAR_MINUTE_MS) {
		const struct calendar_time t = time_zone_calendar(zone, ms);
		const bool is_due =
			(t.minute == 7 || t.minute == 40) &&
			((t.day >= 3 && t.day <= 9) || t.weekday == 2 || t.weekday == 6);

		assert_int_equal(is_due, ms == due_ms);
		if (ms == due_ms) {
			due_ms = cron_schedule_next(&s, zone, ms + 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_where_it_begins),
		cmocka_unit_test(test_the_ends_of_time),
		cmocka_unit_test(test_minute_by_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

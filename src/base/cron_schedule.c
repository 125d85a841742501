/*
 * When a schedule is due.  What it says is read in cron_schedule_parse.c.
 *
 * The search is for a time that clocks show, field by field; when they show it is the zone's
 * business.
 */
#include "base/cron_schedule.h"

#include "base/cron_schedule_internal.h"
#include "base/time_zone.h"

enum {
	SUNDAY = 0,
	SATURDAY = 6,
	WEEK = 7,
	CYCLE_YEARS = 400, /* after which the calendar repeats, weekdays too */
	ALL_HOURS = (1 << 24) - 1,
};

/* Later than this there is no room to search in. */
#define HORIZON_MS (INT64_MAX - 2LL * CYCLE_YEARS * 366 * CALENDAR_DAY_MS)

static bool has(uint64_t set, int number)
{
	return set >> number & 1;
}

/* The Monday to Friday nearest to a day of the month, without leaving the month. */
static int nearest_workday(int day, int weekday, int month_length)
{
	if (weekday == SATURDAY) {
		return day > 1 ? day - 1 : day + 2;
	}
	if (weekday == SUNDAY) {
		return day < month_length ? day + 1 : day - 2;
	}
	return day;
}

static int weekday_of(const struct calendar_time *date, int day)
{
	return (int)calendar_floor_mod(date->weekday + day - date->day, WEEK);
}

static bool is_near_day(const struct cron_schedule *s, const struct calendar_time *date, int length)
{
	for (int day = 1; day <= length; day++) {
		if (has(s->of_month.near_days, day) &&
			nearest_workday(day, weekday_of(date, day), length) == date->day) {
			return true;
		}
	}
	return false;
}

static bool is_day_of_month(
	const struct cron_schedule *s, const struct calendar_time *date, int length)
{
	if (has(s->of_month.days, date->day) || (s->of_month.has_last && date->day == length)) {
		return true;
	}
	if (s->of_month.has_last_workday &&
		nearest_workday(length, weekday_of(date, length), length) == date->day) {
		return true;
	}
	return s->of_month.near_days && is_near_day(s, date, length);
}

static bool is_day_of_week(
	const struct cron_schedule *s, const struct calendar_time *date, int length)
{
	return has(s->of_week.days, date->weekday) ||
	       has(s->of_week.which[date->weekday], (date->day - 1) / WEEK + 1) ||
	       (has(s->of_week.last_days, date->weekday) && date->day + WEEK > length);
}

static bool is_day(const struct cron_schedule *s, const struct calendar_time *date)
{
	const int length = calendar_month_length(date->year, date->month);
	const bool in_month = is_day_of_month(s, date, length);
	const bool in_week = is_day_of_week(s, date, length);

	if (s->of_month.is_restricted && s->of_week.is_restricted) {
		return in_month || in_week;
	}
	return in_month && in_week;
}

/* The first day that matches, from `days` on; INT64_MAX: none does. */
static int64_t next_day(const struct cron_schedule *s, int64_t days)
{
	const int last_year = calendar_date(days).year + CYCLE_YEARS;

	for (;;) {
		const struct calendar_time date = calendar_date(days);

		if (date.year > last_year) {
			return INT64_MAX;
		}
		if (!has(s->months, date.month)) {
			days = calendar_days(date.year, date.month + 1, 1);
		} else if (is_day(s, &date)) {
			return days;
		} else {
			days++;
		}
	}
}

bool cron_schedule_is_ever(const struct cron_schedule *s)
{
	return next_day(s, 0) < INT64_MAX;
}

/* The first minute of a day that matches, from `minute` on; -1: none does. */
static int next_minute(const struct cron_schedule *s, int minute)
{
	for (; minute < 24 * 60; minute++) {
		if (!has(s->hours, minute / 60)) {
			minute += 59 - minute % 60;
		} else if (has(s->minutes, minute % 60)) {
			return minute;
		}
	}
	return -1;
}

/* The first time on the clock that matches, at or after `wall_ms`; INT64_MAX: none. */
static int64_t next_wall(const struct cron_schedule *s, int64_t wall_ms)
{
	const int64_t minutes = calendar_floor_div(wall_ms - 1, CALENDAR_MINUTE_MS) + 1;
	const int64_t today = calendar_floor_div(minutes, 24 * 60);
	int64_t day = next_day(s, today);
	int minute = -1;

	if (day == today) {
		minute = next_minute(s, (int)calendar_floor_mod(minutes, 24 * 60));
		day = minute < 0 ? next_day(s, today + 1) : day;
	}
	if (day == INT64_MAX) {
		return INT64_MAX;
	}
	if (minute < 0) {
		minute = next_minute(s, 0);
	}
	return day * CALENDAR_DAY_MS + minute * (int64_t)CALENDAR_MINUTE_MS;
}

/* Whenever the clocks show one of its minutes: stretch by stretch. */
static int64_t next_of_minutes(
	const struct cron_schedule *s, const struct time_zone *zone, int64_t from_ms)
{
	while (from_ms < HORIZON_MS) {
		const struct time_zone_span span = time_zone_span(zone, from_ms);
		const int64_t offset_ms = (int64_t)span.offset_s * CALENDAR_SECOND_MS;
		const int64_t wall_ms = next_wall(s, from_ms + offset_ms);

		if (wall_ms == INT64_MAX) {
			break;
		}
		if (wall_ms - offset_ms < span.end_ms) {
			return wall_ms - offset_ms;
		}
		from_ms = span.end_ms;
	}
	return INT64_MAX;
}

/* Where to begin: at the end of a gap with what was skipped in it. */
static int64_t first_wall(const struct time_zone *zone, int64_t from_ms)
{
	const int64_t wall_ms = time_zone_wall(zone, from_ms);
	int64_t before_ms;

	if (time_zone_span(zone, from_ms).start_ms != from_ms) {
		return wall_ms;
	}
	before_ms = time_zone_wall(zone, from_ms - 1) + 1;
	return before_ms < wall_ms ? before_ms : wall_ms;
}

/* Each time on the clock once. */
static int64_t next_of_times(
	const struct cron_schedule *s, const struct time_zone *zone, int64_t from_ms)
{
	int64_t wall_ms = first_wall(zone, from_ms);

	while (wall_ms < HORIZON_MS) {
		int64_t first_ms = 0;
		int64_t last_ms = 0;

		wall_ms = next_wall(s, wall_ms);
		if (wall_ms == INT64_MAX) {
			break;
		}
		(void)time_zone_unix(zone, wall_ms, &first_ms, &last_ms);
		if (first_ms >= from_ms) {
			return first_ms;
		}
		wall_ms++;
	}
	return INT64_MAX;
}

int64_t cron_schedule_next(
	const struct cron_schedule *s, const struct time_zone *zone, int64_t from_ms)
{
	if (from_ms < -HORIZON_MS) {
		from_ms = -HORIZON_MS;
	}
	return s->hours == ALL_HOURS ? next_of_minutes(s, zone, from_ms)
				     : next_of_times(s, zone, from_ms);
}

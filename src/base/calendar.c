/*
 * Dates as numbers and back.  See calendar.h.
 */
#include "base/calendar.h"

#include <limits.h>

#include "base/alloc.h"

enum {
	MONTHS = 12,
	WEEKDAYS = 7,
	EPOCH_WEEKDAY = 4, /* 1970-01-01 was a Thursday */
	DAYS_OF_400_YEARS = 146097,
	DAYS_BEFORE_1970 = 719162, /* from 0001-01-01 on */
	SHORT_NAME_LEN = 3,
};

static const int days_before_month[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

int64_t calendar_floor_mod(int64_t a, int64_t b)
{
	const int64_t rest = a % b;

	return rest < 0 ? rest + b : rest;
}

int64_t calendar_floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t calendar_add(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum)) {
		return b < 0 ? INT64_MIN : INT64_MAX;
	}
	return sum;
}

int64_t calendar_mul(int64_t a, int64_t b)
{
	int64_t product;

	if (__builtin_mul_overflow(a, b, &product)) {
		return (a < 0) == (b < 0) ? INT64_MAX : INT64_MIN;
	}
	return product;
}

bool calendar_is_leap_year(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int calendar_month_length(int64_t year, int month)
{
	return days_before_month[month] - days_before_month[month - 1] +
	       (month == 2 && calendar_is_leap_year(year));
}

int calendar_weekday(int64_t days)
{
	return (int)((calendar_floor_mod(days, WEEKDAYS) + EPOCH_WEEKDAY) % WEEKDAYS);
}

/* From 1970-01-01 to the first of January. */
static int64_t days_before_year(int64_t year)
{
	const int64_t years = year - 1; /* that are over since the beginning of year 1 */

	return 365 * years + calendar_floor_div(years, 4) - calendar_floor_div(years, 100) +
	       calendar_floor_div(years, 400) - DAYS_BEFORE_1970;
}

static int days_into_year(int64_t year, int month)
{
	return days_before_month[month - 1] + (month > 2 && calendar_is_leap_year(year));
}

int64_t calendar_days(int year, int month, int day)
{
	const int64_t months = (int64_t)month - 1;
	const int64_t whole_year = year + calendar_floor_div(months, MONTHS);
	const int whole_month = (int)calendar_floor_mod(months, MONTHS) + 1;

	return days_before_year(whole_year) + days_into_year(whole_year, whole_month) +
	       ((int64_t)day - 1);
}

static int64_t year_of(int64_t days)
{
	/* Off by one at most; splitting off whole 400 years first keeps the product small. */
	const int64_t cycles = calendar_floor_div(days, DAYS_OF_400_YEARS);
	const int64_t rest = calendar_floor_mod(days, DAYS_OF_400_YEARS);
	int64_t year = 1970 + 400 * cycles + rest * 400 / DAYS_OF_400_YEARS;

	while (days_before_year(year) > days) {
		year--;
	}
	while (days_before_year(year + 1) <= days) {
		year++;
	}
	return year;
}

static int64_t cut(int64_t days)
{
	const int64_t first = days_before_year(INT_MIN);
	const int64_t last = days_before_year((int64_t)INT_MAX + 1) - 1;

	if (days > last) {
		return last;
	}
	return days < first ? first : days;
}

struct calendar_time calendar_date(int64_t days)
{
	days = cut(days);

	const int64_t year = year_of(days);
	const int day_of_year = (int)(days - days_before_year(year));
	int month = MONTHS;

	while (days_into_year(year, month) > day_of_year) {
		month--;
	}
	return (struct calendar_time){
		.year = (int)year,
		.month = month,
		.day = day_of_year - days_into_year(year, month) + 1,
		.weekday = calendar_weekday(days),
	};
}

struct calendar_time calendar_time(int64_t ms)
{
	struct calendar_time time = calendar_date(calendar_floor_div(ms, CALENDAR_DAY_MS));
	const int rest = (int)calendar_floor_mod(ms, CALENDAR_DAY_MS);

	time.hour = rest / CALENDAR_HOUR_MS;
	time.minute = rest / CALENDAR_MINUTE_MS % 60;
	time.second = rest / CALENDAR_SECOND_MS % 60;
	time.ms = rest % CALENDAR_SECOND_MS;
	return time;
}

int64_t calendar_ms(const struct calendar_time *time)
{
	const int64_t days = calendar_days(time->year, time->month, time->day);
	const int64_t rest = (int64_t)time->hour * CALENDAR_HOUR_MS +
			     (int64_t)time->minute * CALENDAR_MINUTE_MS +
			     (int64_t)time->second * CALENDAR_SECOND_MS + time->ms;

	/* A day before the first that fits may be brought back by its time of day. */
	if (days < 0) {
		return calendar_add(
			calendar_mul(days + 1, CALENDAR_DAY_MS), rest - CALENDAR_DAY_MS);
	}
	return calendar_add(calendar_mul(days, CALENDAR_DAY_MS), rest);
}

static int find_name(struct str name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct str whole = str_of(names[i]);

		if (str_case_eq(name, whole) ||
			str_case_eq(name, str_sub(whole, 0, SHORT_NAME_LEN))) {
			return (int)i;
		}
	}
	return -1;
}

int calendar_find_month(struct str name)
{
	static const char *const names[] = {"january", "february", "march", "april", "may", "june",
		"july", "august", "september", "october", "november", "december"};
	const int found = find_name(name, names, ARRAY_LEN(names));

	return found < 0 ? -1 : found + 1;
}

int calendar_find_weekday(struct str name)
{
	static const char *const names[] = {
		"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};

	return find_name(name, names, ARRAY_LEN(names));
}

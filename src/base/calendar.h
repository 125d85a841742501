/*
 * Dates and times of day as numbers, in the Gregorian calendar extended both ways.
 *
 * Knows nothing of zones: a calendar time is what a clock on a wall shows, and as a number the
 * milliseconds since the wall showed 1970-01-01 00:00 (in UTC that is Unix time).
 */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum {
	CALENDAR_SECOND_MS = 1000,
	CALENDAR_MINUTE_MS = 60 * CALENDAR_SECOND_MS,
	CALENDAR_HOUR_MS = 60 * CALENDAR_MINUTE_MS,
	CALENDAR_DAY_MS = 24 * CALENDAR_HOUR_MS,
	CALENDAR_DAY_S = 24 * 3600,
};

struct calendar_time {
	int year;
	int month; /* 1 to 12 */
	int day;   /* from 1 */
	int hour, minute, second, ms;
	int weekday; /* 0 is Sunday; calendar_ms() does not look at it */
};

/* Days from 1970-01-01 to a date; a month or day beyond the end (or before the beginning) counts
 * on into the next: month 13 is January, day 0 the last of the month before. */
int64_t calendar_days(int year, int month, int day);

/* The date that is so many days from 1970-01-01, as year, month, day and weekday; the time of day
 * is midnight.  What is beyond the years that an int can hold is cut. */
struct calendar_time calendar_date(int64_t days);

/* Every int64_t is a time, and calendar_ms() gives it back. */
struct calendar_time calendar_time(int64_t ms);

/* The parts may be out of their ranges and count on, as in calendar_days().  What an int64_t cannot
 * hold is cut. */
int64_t calendar_ms(const struct calendar_time *);

int calendar_weekday(int64_t days); /* 0 is Sunday */
bool calendar_is_leap_year(int64_t year);
int calendar_month_length(int64_t year, int month); /* month 1 to 12 */

/* English names, whole or their first 3 letters, in any letter case: the month from 1, the weekday
 * from 0 (Sunday); -1 for others. */
int calendar_find_month(struct str name);
int calendar_find_weekday(struct str name);

/* a / b and its rest, rounded down also below 0; b > 0. */
int64_t calendar_floor_div(int64_t a, int64_t b);
int64_t calendar_floor_mod(int64_t a, int64_t b);

/* a + b and a * b, cut where they overflow. */
int64_t calendar_add(int64_t a, int64_t b);
int64_t calendar_mul(int64_t a, int64_t b);

#endif

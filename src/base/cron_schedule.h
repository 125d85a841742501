/*
 * Times that come again, as cron(5) writes them: "0 8 * * mon-fri".
 *
 * Five fields: minute, hour, day of the month, month, weekday.  Each is "*" or a list of numbers,
 * names ("jan", "mon", in any letter case, 3 letters or all) and ranges, "/N" after "*" or a range
 * takes every N-th.  Sunday is 0 and 7.  Also L (the last day of the month), LW (its last Monday to
 * Friday), 15W (the Monday to Friday nearest to the 15th, in the same month), friL (the last
 * Friday), fri#2 (the second).  And @hourly, @daily, @midnight, @weekly, @monthly, @yearly,
 * @annually.
 *
 * Where both day fields are restricted, a day that matches either is one; else it must match both.
 * A field that begins with "*" is not restricted, even if it has a step.
 *
 * When the clocks change: a time that is skipped is due once, at the first moment after; one that
 * comes twice is due the first time.  A schedule with all 24 hours speaks of minutes instead: it is
 * due whenever the clocks show one of them, so also in an hour that comes again, and nothing is
 * made up for one that is skipped.
 */
#ifndef BASE_CRON_SCHEDULE_H
#define BASE_CRON_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct time_zone;

/* Sets of numbers as bits. */
struct cron_schedule {
	uint64_t minutes;
	uint32_t hours;
	uint32_t months; /* 1 to 12 */
	struct {
		uint32_t days;      /* 1 to 31 */
		uint32_t near_days; /* 1 to 31: the Monday to Friday nearest to them */
		bool has_last, has_last_workday;
		bool is_restricted;
	} of_month;
	struct {
		uint32_t days;      /* 0 to 6 */
		uint8_t which[7];   /* of each: bit 1 the first of the month, to 5 the fifth */
		uint32_t last_days; /* 0 to 6: the last of the month */
		bool is_restricted;
	} of_week;
};

/* ERR_INPUT names the field and the column; also for what never comes, as "0 0 30 feb *". */
int cron_schedule_parse(struct str, struct cron_schedule *ret_schedule, struct err *);

/* The first instant at or after `from_ms` (Unix time) at which it is due; INT64_MAX if that is so
 * far away that no int64_t holds it. */
int64_t cron_schedule_next(const struct cron_schedule *, const struct time_zone *, int64_t from_ms);

#endif

/*
 * Time zones: what the clocks of a place show at an instant, and when they show a time.
 *
 * A zone is read once from the system's time zone database and never changes after that, so that
 * any number of zones and threads can use them side by side; the process's own zone (TZ, tzset())
 * is never touched.  Instants are Unix time in ms, what clocks show is the number of
 * base/calendar.h.
 */
#ifndef BASE_TIME_ZONE_H
#define BASE_TIME_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/err.h"
#include "base/str.h"

struct strbuf;
struct time_zone;

enum {
	TIME_ZONE_FILE_MAX = 256 * 1024, /* bytes of one file; real ones have less than 4 KiB */
	TIME_ZONE_NAME_MAX = 64,
};

/*
 * A zone by its name: "Europe/Berlin", "UTC" (which needs no database), or "local", the zone of
 * this machine: what $TZ says, else /etc/localtime, else UTC.  New; free with time_zone_free().
 *
 * The database is $TZDIR, or else /usr/share/zoneinfo.  A name is only that: no "..", no absolute
 * path; $TZ alone may hold an absolute path or a rule ("CET-1CEST,M3.5.0,M10.5.0/3").  An unknown
 * name is ERR_NOT_FOUND with the nearest known one, a file that is no zone ERR_INPUT.
 */
int time_zone_open(struct str name, struct time_zone **ret_zone, struct err *);

/* The same from a file's content (TZif, RFC 9636); `name` is copied.  Files with leap seconds are
 * refused, as Unix time has none. */
int time_zone_parse(
	struct str content, const char *name, struct time_zone **ret_zone, struct err *);

void time_zone_free(struct time_zone *); /* NULL is fine */
void time_zone_freep(struct time_zone **);

/* UTC, for as long as the process runs; not to be freed. */
const struct time_zone *time_zone_utc(void);

/* As it was asked for: "Europe/Berlin", "local". */
const char *time_zone_name(const struct time_zone *);

/* A stretch of time without a change of the clocks. */
struct time_zone_span {
	int64_t start_ms;         /* the first instant of it; INT64_MIN: always */
	int64_t end_ms;           /* the first after it; INT64_MAX: never ends */
	int32_t offset_s;         /* east of UTC */
	bool is_dst;              /* daylight saving time, as the database calls it */
	const char *abbreviation; /* "CEST", "+0545"; lives as long as the zone */
};

/* The stretch that an instant lies in.  Two that follow each other may have the same offset. */
struct time_zone_span time_zone_span(const struct time_zone *, int64_t unix_ms);

/* What the clocks show. */
int64_t time_zone_wall(const struct time_zone *, int64_t unix_ms);
struct calendar_time time_zone_calendar(const struct time_zone *, int64_t unix_ms);

enum time_zone_hits {
	TIME_ZONE_NEVER, /* the clocks skip the time */
	TIME_ZONE_ONCE,
	TIME_ZONE_TWICE, /* or more often: the clocks went back */
};

/*
 * When do the clocks show a time?  *ret_first and *ret_last are the first and the last instant; a
 * time that is skipped has as both the first instant after the gap.  What an int64_t cannot hold is
 * cut.
 */
enum time_zone_hits time_zone_unix(
	const struct time_zone *, int64_t wall_ms, int64_t *ret_first_ms, int64_t *ret_last_ms);

/* "2025-07-01 08:00:00 CEST" */
void time_zone_add(struct strbuf *, const struct time_zone *, int64_t unix_ms);

#endif

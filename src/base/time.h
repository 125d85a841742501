/*
 * Clocks.  The only place that asks the system what time it is.
 *
 * Durations and deadlines are int64_t milliseconds on the monotonic clock; wall time is for people
 * and for storage only.  Tests may stop both clocks and move them by hand.
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdint.h>

struct strbuf;

int64_t time_mono_ms(void); /* never goes back; starts anywhere */
int64_t time_mono_us(void);
int64_t time_wall_ms(void); /* since 1970-01-01T00:00:00Z */

/* Tests: from now on both clocks stand at these values. */
void time_fake(int64_t mono_ms, int64_t wall_ms);
void time_fake_advance(int64_t ms);
void time_fake_end(void);

/* "2025-07-01T08:00:00.123Z" (RFC 3339, UTC). */
void time_add_rfc3339(struct strbuf *, int64_t wall_ms);

/* "2025-07-01", the day in UTC. */
void time_add_day(struct strbuf *, int64_t wall_ms);

/* "2025-07-01 08:00:00,123" in local time, as log lines have it. */
void time_add_log(struct strbuf *, int64_t wall_ms);

/* Local time for tables: "2025-07-01 08:00:00"; "-" for 0, which is no time. */
void time_add_local(struct strbuf *, int64_t wall_ms);

/* For people: "0 ms", "12 ms", "1.2 s", "3 min 4 s", "5 h 2 min", "12 days". */
void time_add_duration(struct strbuf *, int64_t duration_ms);

/* A configuration value that parse_duration() reads back: "500ms", "10s", "5m", "1h30m", "2d". */
void time_add_duration_exact(struct strbuf *, int64_t duration_ms);

#endif

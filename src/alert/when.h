/*
 * Times in the reasons that people read.
 */
#ifndef ALERT_WHEN_H
#define ALERT_WHEN_H

#include <stdint.h>

#include "base/arena.h"
#include "base/time_zone.h"

/* "03:10:05", with the date in front if it is another day than now's.  In the zone (NULL: UTC); in
 * the arena. */
const char *when_clock(const struct time_zone *, int64_t wall_ms, int64_t now_ms, struct arena *);

/* "3 min", "2 h 5 min", "12 days"; "less than a second". */
const char *when_span(int64_t duration_ms, struct arena *);

#endif

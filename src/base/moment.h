/*
 * Points in time as people type them: "30d" ago, "today", "08:00", "2025-07-01 08:00",
 * "2025-07-01T08:00:00Z".
 */
#ifndef BASE_MOMENT_H
#define BASE_MOMENT_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Which way a duration, or a time of day without its date, is meant from now. */
enum moment_direction {
	MOMENT_PAST,   /* "30d" is thirty days ago, "08:00" the latest eight o'clock */
	MOMENT_FUTURE, /* "2h" is in two hours, "08:00" the next one */
};

/*
 * *ret_wall_ms is milliseconds since 1970.  Dates without an offset are local time; a date alone is
 * its midnight; "now", "today", "yesterday", "tomorrow" (midnight, but for now) are known.  Years
 * 1970 to 9999.  ERR_INPUT says what is wrong, quoting the text.
 */
int moment_parse(
	struct str, enum moment_direction, int64_t now_ms, int64_t *ret_wall_ms, struct err *);

#endif

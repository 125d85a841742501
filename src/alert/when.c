/*
 * Times in texts.  See when.h.
 */
#include "alert/when.h"

#include "base/strbuf.h"
#include "base/time.h"

const char *when_clock(
	const struct time_zone *zone, int64_t wall_ms, int64_t now_ms, struct arena *arena)
{
	const struct time_zone *used = zone ? zone : time_zone_utc();
	struct calendar_time at = time_zone_calendar(used, wall_ms);
	struct calendar_time now = time_zone_calendar(used, now_ms);

	if (at.year == now.year && at.month == now.month && at.day == now.day) {
		return arena_printf(arena, "%02d:%02d:%02d", at.hour, at.minute, at.second);
	}
	return arena_printf(arena, "%04d-%02d-%02d %02d:%02d:%02d", at.year, at.month, at.day,
		at.hour, at.minute, at.second);
}

const char *when_span(int64_t duration_ms, struct arena *arena)
{
	struct strbuf out = STRBUF_INIT;
	const char *text;

	if (duration_ms < CALENDAR_SECOND_MS) {
		return "less than a second";
	}
	/* Seconds of an hour, and tenths of a second, are of no interest. */
	time_add_duration(&out, duration_ms - duration_ms % CALENDAR_SECOND_MS);
	text = str_dup(strbuf_str(&out), arena);
	strbuf_release(&out);
	return text;
}

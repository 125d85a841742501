/*
 * Cron expressions.  Whatever is accepted is due again and again, each time later than before, and
 * the answer does not depend on when before that it is asked.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/cron_schedule.h"
#include "base/time_zone_internal.h"
#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS = 6 };

/* A zone whose clocks change, that needs no file. */
static struct time_zone *open_zone(void)
{
	struct time_zone_rule rule;

	claim(time_zone_rule_parse(str_of("CET-1CEST,M3.5.0,M10.5.0/3"), &rule, NULL) == 0);
	return time_zone_of_rule("fuzz", &rule);
}

static void step(const struct cron_schedule *s, const struct time_zone *zone, int64_t from_ms)
{
	for (int i = 0; i < STEPS; i++) {
		const int64_t due_ms = cron_schedule_next(s, zone, from_ms);

		claim(due_ms >= from_ms && due_ms < INT64_MAX);
		claim(due_ms % CALENDAR_MINUTE_MS == 0);
		claim(cron_schedule_next(s, zone, due_ms) == due_ms);
		claim(cron_schedule_next(s, zone, from_ms + (due_ms - from_ms) / 2) == due_ms);
		from_ms = due_ms + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str text = str_n(size > 0 ? (const char *)data : "", size);
	struct cron_schedule schedule;
	struct time_zone *zone;
	struct err err = {0};

	if (cron_schedule_parse(text, &schedule, &err) < 0) {
		claim_refused(&err);
		return 0;
	}
	zone = open_zone();
	step(&schedule, zone, 1743296400000 - CALENDAR_DAY_MS);
	step(&schedule, zone, 1761440400000 - 1);
	step(&schedule, zone, -1);
	time_zone_free(zone);
	return 0;
}

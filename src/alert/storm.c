/*
 * Begins above a backlog, ends below a smaller one.  See storm.h.
 */
#include "alert/storm.h"

enum {
	NEVER_SUMMARISED = NOTIFIER_INCIDENTS | NOTIFIER_FORGETS | NOTIFIER_LOCAL,
	READABLE_PER_MINUTE = 600, /* below that, people are meant to read it */
};

int64_t storm_backlog_max(const struct notifier_limit *limit, unsigned abilities)
{
	if (limit->per_minute <= 0 || (abilities & NEVER_SUMMARISED)) {
		return INT64_MAX;
	}
	int64_t half_minute = limit->burst + limit->per_minute / 2;
	if (limit->per_minute < READABLE_PER_MINUTE && half_minute > STORM_READABLE_MAX) {
		return STORM_READABLE_MAX;
	}
	return half_minute;
}

struct storm_plan storm_plan(
	const struct storm *storm, int64_t backlog, int64_t backlog_max, int64_t now_ms)
{
	int64_t next_ms = storm->summary_ms > 0 ? storm->summary_ms + SUMMARY_PERIOD_MS : 0;
	int64_t calm = STORM_CALM < backlog_max ? STORM_CALM : backlog_max;
	struct storm_plan plan = {.is_storm = storm->since_ms > 0 || backlog > backlog_max};

	/* A summary from the future is a clock that was set back. */
	plan.may_summarise = next_ms <= now_ms || storm->summary_ms > now_ms;
	if (plan.is_storm && plan.may_summarise && backlog <= calm) {
		plan.is_storm = false;
	}
	plan.next_ms = plan.is_storm ? next_ms : 0;
	plan.may_summarise = plan.is_storm && plan.may_summarise;
	return plan;
}

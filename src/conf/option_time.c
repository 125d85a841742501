/*
 * Zones, schedules and times of the week as values of options.
 */
#include "conf/option_time.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/cron_schedule.h"
#include "base/json_writer.h"
#include "base/time_window.h"
#include "base/time_zone.h"

/* A JSON Schema of texts that match. */
static void add_pattern(struct strbuf *out, const char *pattern)
{
	struct json_writer json;

	strbuf_adds(out, "\"type\": \"string\", \"pattern\": ");
	json_writer_init(&json, out, false);
	json_write_string(&json, pattern);
}

/* time_zone */

static void zone_free(void *zone)
{
	time_zone_free(zone);
}

static int zone_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	struct time_zone **zone = field;

	(void)row;
	if (time_zone_open(str_trim(text), zone, err) < 0) {
		return -1;
	}
	arena_on_free(context->arena, zone_free, *zone);
	return 0;
}

static void zone_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	add_pattern(out, "^\\s*[A-Za-z][A-Za-z0-9_+/-]*\\s*$|\\$\\{");
}

static void zone_add(const void *field, struct strbuf *out)
{
	const struct time_zone *const *zone = field;

	if (*zone) {
		strbuf_adds(out, time_zone_name(*zone));
	}
}

const struct option_type option_time_zone = {
	.name = "time zone",
	.placeholder = "ZONE",
	.size = sizeof(struct time_zone *),
	.parse = zone_parse,
	.schema = zone_schema,
	.syntax =
		"a name of the time zone database, such as Europe/Berlin; UTC; or local, which is "
		"what TZ or /etc/localtime says",
	.add = zone_add,
};

/* cron */

static int cron_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	struct cron_schedule **schedule = field;
	struct cron_schedule parsed;

	(void)row;
	if (cron_schedule_parse(text, &parsed, err) < 0) {
		return -1;
	}
	*schedule = arena_alloc(context->arena, sizeof(**schedule));
	**schedule = parsed;
	return 0;
}

static void cron_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	add_pattern(out, "^\\s*(@[A-Za-z]+|\\S+([ \\t]+\\S+){4})\\s*$|\\$\\{");
}

static void cron_add(const void *field, struct strbuf *out)
{
	const struct cron_schedule *const *schedule = field;
	const struct cron_schedule *s = *schedule;

	if (!s) {
		return;
	}
	strbuf_addf(out, "%" PRIx64 " %x %x %x %x %d%d%d %x %x %d", s->minutes, s->hours, s->months,
		s->of_month.days, s->of_month.near_days, s->of_month.has_last,
		s->of_month.has_last_workday, s->of_month.is_restricted, s->of_week.days,
		s->of_week.last_days, s->of_week.is_restricted);
	for (size_t i = 0; i < ARRAY_LEN(s->of_week.which); i++) {
		strbuf_addf(out, " %x", s->of_week.which[i]);
	}
}

const struct option_type option_cron = {
	.name = "cron",
	.placeholder = "CRON",
	.size = sizeof(struct cron_schedule *),
	.parse = cron_parse,
	.schema = cron_schema,
	.syntax =
		"minute, hour, day of the month, month and weekday as crontab has them, such as "
		"\"0 8 * * mon-fri\", or @hourly, @daily, @weekly, @monthly, @yearly; also L, LW, "
		"15W for days of the month, friL and fri#2 for weekdays",
	.add = cron_add,
};

/* time_window */

static int window_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	(void)row;
	return time_window_parse(text, context->arena, field, err);
}

static void window_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	add_pattern(out, "^\\s*[A-Za-z0-9][A-Za-z0-9:,-]*([ \\t]+[0-9:,-]+)?\\s*$|\\$\\{");
}

static void window_add(const void *field, struct strbuf *out)
{
	const struct time_window *const *window = field;

	if (*window) {
		time_window_add_times(*window, out);
	}
}

const struct option_type option_time_window = {
	.name = "time window",
	.placeholder = "TIMES",
	.size = sizeof(struct time_window *),
	.parse = window_parse,
	.schema = window_schema,
	.syntax = "days, times of day, or both: \"mon-fri 09:00-17:00\", \"sat,sun\", "
		  "\"22:00-06:00\", which belongs to the day on which it begins, \"daily\"",
	.add = window_add,
};

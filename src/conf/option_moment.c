/*
 * Option types for points in time, read against the clock at the moment of reading.
 */
#include "base/moment.h"
#include "base/time.h"
#include "conf/option.h"

static int past_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	(void)row;
	(void)context;
	return moment_parse(text, MOMENT_PAST, time_wall_ms(), field, err);
}

static int future_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	(void)row;
	(void)context;
	return moment_parse(text, MOMENT_FUTURE, time_wall_ms(), field, err);
}

static void moment_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	strbuf_adds(out, "\"type\": \"string\"");
}

const struct option_type option_moment_past = {
	.name = "past moment",
	.placeholder = "TIME",
	.size = sizeof(int64_t),
	.parse = past_parse,
	.schema = moment_schema,
	.syntax =
		"how long ago, as in 30m or 7d, or a time, as in 2025-07-01, \"2025-07-01 08:00\", "
		"2025-07-01T08:00:00Z, 08:00, today or yesterday",
};

const struct option_type option_moment_future = {
	.name = "future moment",
	.placeholder = "TIME",
	.size = sizeof(int64_t),
	.parse = future_parse,
	.schema = moment_schema,
	.syntax = "how long from now, as in 30m or 7d, or a time, as in 2025-07-01, \"2025-07-01 "
		  "08:00\", 2025-07-01T08:00:00Z, 08:00 or tomorrow",
};

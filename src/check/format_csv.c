/*
 * CSV: a row for each result.
 */
#include "base/alloc.h"
#include "base/csv_writer.h"
#include "check/check_format.h"
#include "check/format_kinds.h"

static void add_row(struct csv_writer *csv, const struct check_report *report,
	const struct check_outcome *outcome)
{
	const struct check_result *result = &outcome->result;

	csv_write_string(csv, outcome->check->name);
	csv_write_string(csv, outcome->check->target);
	csv_write_string(csv, outcome->check->kind->variant.name);
	csv_write_string(csv, check_state_name(result->state));
	csv_write_bool(csv, check_is_healthy(report, result));
	csv_write_string(csv, check_code_name(result->code));
	csv_write_string(csv, result->message);
	csv_write_double(csv, (double)result->duration_us / 1e6);
	csv_write_int(csv, result->attempts);
	csv_write_time(csv, result->started_wall_ms);
	csv_end_row(csv);
}

static void csv_report(const struct check_report *report, struct strbuf *out)
{
	static const char *const heading[] = {"name", "target", "kind", "state", "healthy", "code",
		"message", "duration_seconds", "attempts", "timestamp"};
	struct csv_writer csv;

	csv_writer_init(&csv, out);
	for (size_t i = 0; i < ARRAY_LEN(heading); i++) {
		csv_write_string(&csv, heading[i]);
	}
	csv_end_row(&csv);
	for (size_t i = 0; i < report->outcomes_count; i++) {
		add_row(&csv, report, &report->outcomes[i]);
	}
}

const struct check_format format_csv = {
	.name = "csv",
	.summary = "a row for each result, with a heading",
	.report = csv_report,
};

/*
 * A table for people: what is not healthy stands out, and says why.
 */
#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/table.h"
#include "base/terminal.h"
#include "check/check_format.h"
#include "check/format_kinds.h"

enum { NOTE_INDENT = 4, MESSAGE_MIN = 20 };

static const struct {
	const char *mark;
	enum color color;
} looks[] = {
	[CHECK_OK] = {"✓", COLOR_GREEN},
	[CHECK_WARNING] = {"!", COLOR_YELLOW},
	[CHECK_CRITICAL] = {"✗", COLOR_RED},
	[CHECK_UNKNOWN] = {"?", COLOR_YELLOW},
};

static const struct table_column columns[] = {
	{.kind = TABLE_LEFT},                           /* mark */
	{.kind = TABLE_LEFT},                           /* name */
	{.kind = TABLE_LEFT},                           /* state */
	{.kind = TABLE_WRAP, .min_width = MESSAGE_MIN}, /* message */
};

static void add_evidence(struct table *table, const struct check_result *result)
{
	struct strbuf line = STRBUF_INIT;

	for (size_t i = 0; i < result->evidence_count; i++) {
		const struct check_evidence *evidence = &result->evidence[i];

		for (size_t t = 0; t < evidence->texts_count; t++) {
			strbuf_clear(&line);
			strbuf_addf(&line, "%s: %s", evidence->name, evidence->texts[t]);
			table_note(table, NOTE_INDENT, COLOR_DIM, strbuf_str(&line));
		}
	}
	strbuf_release(&line);
}

static void add_detail(struct table *table, const struct check_result *result)
{
	struct str rest = str_of(result->detail ? result->detail : "");
	struct str line;

	while (str_line(&rest, &line)) {
		table_note(table, NOTE_INDENT, COLOR_DIM, line);
	}
}

static void add_values(struct table *table, const struct check_result *result)
{
	struct strbuf line = STRBUF_INIT;

	for (size_t i = 0; i < result->values_count; i++) {
		const struct check_value *value = &result->values[i];

		strbuf_clear(&line);
		check_value_add_key(value, &line);
		strbuf_adds(&line, " = ");
		if (value->text) {
			strbuf_adds(&line, value->text);
		} else {
			check_number_add_text(value->number, value->unit, &line);
		}
		table_note(table, NOTE_INDENT, COLOR_DIM, strbuf_str(&line));
	}
	strbuf_release(&line);
}

static void add_message_cell(struct table *table, const struct check_result *result)
{
	if (result->attempts > 1) {
		table_cellf(
			table, COLOR_NONE, "%s (attempt %d)", result->message, result->attempts);
	} else {
		table_cell(table, COLOR_NONE, str_of(result->message));
	}
}

static void add_outcome(
	struct table *table, const struct check_report *report, const struct check_outcome *outcome)
{
	const struct check_result *result = &outcome->result;
	enum color color = looks[result->state].color;

	table_row(table);
	table_cell(table, color, str_of(looks[result->state].mark));
	table_cell(table, COLOR_BOLD, str_of(outcome->check->name));
	table_cell(table, color, str_of(check_state_name(result->state)));
	add_message_cell(table, result);
	if (report->verbose > 1 || (report->verbose > 0 && result->state != CHECK_OK)) {
		add_detail(table, result);
		add_evidence(table, result);
	}
	if (report->verbose > 1) {
		add_values(table, result);
	}
	if (report->verbose > 0 && result->state != CHECK_OK && outcome->check->runbook) {
		struct strbuf line = STRBUF_INIT;

		strbuf_addf(&line, "runbook: %s", outcome->check->runbook);
		table_note(table, NOTE_INDENT, COLOR_NONE, strbuf_str(&line));
		strbuf_release(&line);
	}
}

/* "8 of 10 healthy in 1.2 s: 8 ok, 2 critical". */
static void add_summary(const struct check_report *report, struct strbuf *out)
{
	struct strbuf text = STRBUF_INIT;
	size_t healthy = report->count[CHECK_OK];
	const char *separator = ": ";
	bool is_all_ok = healthy == report->outcomes_count;

	if (!report->is_fail_on_warning) {
		healthy += report->count[CHECK_WARNING];
	}
	strbuf_addf(&text, "%zu of %zu healthy in ", healthy, report->outcomes_count);
	check_number_add_text((double)report->duration_us / 1e6, UNIT_SECONDS, &text);
	for (size_t i = 0; i < CHECK_STATE_MAX && !is_all_ok; i++) {
		if (report->count[i] > 0) {
			strbuf_addf(&text, "%s%zu %s", separator, report->count[i],
				check_state_name((enum check_state)i));
			separator = ", ";
		}
	}
	color_add(out, report->has_color,
		healthy == report->outcomes_count ? COLOR_GREEN : COLOR_RED, strbuf_str(&text));
	strbuf_addc(out, '\n');
	strbuf_release(&text);
}

static void text_report(const struct check_report *report, struct strbuf *out)
{
	struct table *table = table_new(columns, ARRAY_LEN(columns));

	for (size_t i = 0; i < report->outcomes_count; i++) {
		add_outcome(table, report, &report->outcomes[i]);
	}
	table_write(table, report->width, report->has_color, out);
	table_free(table);
	if (report->outcomes_count > 1) {
		add_summary(report, out);
	}
}

const struct check_format format_text = {
	.name = "text",
	.summary = "a table for people",
	.report = text_report,
};

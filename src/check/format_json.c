/*
 * JSON, the documented envelope in one document, and JSON-lines, a result a line as each comes.
 */
#include <math.h>

#include "base/json_writer.h"
#include "base/strbuf.h"
#include "check/check_format.h"
#include "check/format_kinds.h"

/* Counts and sizes are whole numbers; of a percentage, more than two decimals say nothing. */
static void add_number(struct json_writer *json, const struct check_value *value)
{
	bool is_measure = value->unit == UNIT_PERCENT || value->unit == UNIT_SECONDS ||
			  value->unit == UNIT_DAYS;

	if (value->unit == UNIT_PERCENT) {
		json_write_double(json, round(value->number * 100) / 100);
	} else if (!is_measure && fabs(value->number) < 1e15 &&
		   value->number == trunc(value->number)) {
		json_write_int(json, (int64_t)value->number);
	} else {
		json_write_double(json, value->number);
	}
}

static void add_values(struct json_writer *json, const struct check_result *result)
{
	struct strbuf key = STRBUF_INIT;

	json_write_key(json, "values");
	json_write_object_begin(json);
	for (size_t i = 0; i < result->values_count; i++) {
		const struct check_value *value = &result->values[i];

		strbuf_clear(&key);
		check_value_add_key(value, &key);
		json_write_key(json, key.buf);
		if (value->text) {
			json_write_string(json, value->text);
		} else if (value->unit == UNIT_BOOL) {
			json_write_bool(json, value->number != 0);
		} else {
			add_number(json, value);
		}
	}
	json_write_object_end(json);
	strbuf_release(&key);
}

static void add_evidence(struct json_writer *json, const struct check_result *result)
{
	if (result->evidence_count == 0) {
		return;
	}
	json_write_key(json, "evidence");
	json_write_object_begin(json);
	for (size_t i = 0; i < result->evidence_count; i++) {
		const struct check_evidence *evidence = &result->evidence[i];

		json_write_key(json, evidence->name);
		if (!evidence->is_list) {
			json_write_string(json, evidence->texts[0]);
			continue;
		}
		json_write_array_begin(json);
		for (size_t t = 0; t < evidence->texts_count; t++) {
			json_write_string(json, evidence->texts[t]);
		}
		json_write_array_end(json);
	}
	json_write_object_end(json);
}

static void add_strings(struct json_writer *json, const char *key, const struct option_list *list)
{
	if (list->count == 0) {
		return;
	}
	json_write_key(json, key);
	json_write_array_begin(json);
	for (size_t i = 0; i < list->count; i++) {
		json_write_string(json, OPTION_AT(list, const char *, i));
	}
	json_write_array_end(json);
}

static void add_labels(struct json_writer *json, const struct option_map *labels)
{
	if (labels->count == 0) {
		return;
	}
	json_write_key(json, "labels");
	json_write_object_begin(json);
	for (size_t i = 0; i < labels->count; i++) {
		json_field_string(json, labels->keys[i], OPTION_AT(labels, const char *, i));
	}
	json_write_object_end(json);
}

static void add_outcome(struct json_writer *json, const struct check_report *report,
	const struct check_outcome *outcome)
{
	const struct check *check = outcome->check;
	const struct check_result *result = &outcome->result;

	json_write_object_begin(json);
	json_field_string(json, "name", check->name);
	json_field_string(json, "target", check->target);
	json_field_string(json, "kind", check->kind->variant.name);
	json_field_string(json, "state", check_state_name(result->state));
	json_field_bool(json, "healthy", check_is_healthy(report, result));
	json_field_string(json, "code", check_code_name(result->code));
	json_field_string(json, "message", result->message);
	if (result->detail) {
		json_field_string(json, "detail", result->detail);
	}
	json_field_double(json, "duration_seconds", (double)result->duration_us / 1e6);
	json_field_int(json, "attempts", result->attempts);
	json_field_time(json, "timestamp", result->started_wall_ms);
	add_values(json, result);
	add_evidence(json, result);
	add_strings(json, "tags", &check->tags);
	add_labels(json, &check->labels);
	if (check->runbook) {
		json_field_string(json, "runbook", check->runbook);
	}
	json_write_object_end(json);
}

static void add_summary(struct json_writer *json, const struct check_report *report)
{
	json_write_key(json, "summary");
	json_write_object_begin(json);
	json_field_int(json, "total", (int64_t)report->outcomes_count);
	for (size_t i = 0; i < CHECK_STATE_MAX; i++) {
		json_field_int(
			json, check_state_name((enum check_state)i), (int64_t)report->count[i]);
	}
	json_write_object_end(json);
}

static void json_report(const struct check_report *report, struct strbuf *out)
{
	struct json_writer json;

	json_document_begin(&json, out, report->command);
	json_field_time(&json, "started", report->started_wall_ms);
	json_field_double(&json, "duration_seconds", (double)report->duration_us / 1e6);
	add_summary(&json, report);
	json_write_key(&json, "results");
	json_write_array_begin(&json);
	for (size_t i = 0; i < report->outcomes_count; i++) {
		add_outcome(&json, report, &report->outcomes[i]);
	}
	json_write_array_end(&json);
	json_document_end(&json);
}

static void jsonl_result(
	const struct check_report *report, const struct check_outcome *outcome, struct strbuf *out)
{
	struct json_writer json;

	json_writer_init(&json, out, false);
	add_outcome(&json, report, outcome);
	strbuf_addc(out, '\n');
}

const struct check_format format_json = {
	.name = "json",
	.summary = "one JSON document",
	.report = json_report,
};

const struct check_format format_jsonl = {
	.name = "jsonl",
	.summary = "a JSON object a line, as each result comes",
	.result = jsonl_result,
};

/*
 * Results for programs: JSON, JSON-lines, CSV, JUnit.  See run_results.h.
 */
#include "fleet/run_results.h"

#include "base/alloc.h"
#include "base/csv_writer.h"
#include "base/json_writer.h"
#include "base/time.h"
#include "base/xml_writer.h"

enum { PIECE_BYTES = 64 * 1024 };

/* Hand on what is there, if it is enough; and forget what the result kept. */
static void written(
	const struct run_sink *sink, const struct run_result *result, struct strbuf *text)
{
	if (result->output) {
		host_output_forget(result->output);
	}
	if (text->len >= PIECE_BYTES) {
		sink->write(sink->arg, strbuf_str(text));
		strbuf_clear(text);
	}
}

static void add_stream(
	const struct run_result *result, enum ssh_stream stream, struct strbuf *ret_text)
{
	strbuf_clear(ret_text);
	if (result->output) {
		host_output_add_text(result->output, stream, ret_text);
	}
}

static uint64_t left_out(const struct run_result *result)
{
	return result->output ? host_output_left_out(result->output) : 0;
}

static double seconds(int64_t ms)
{
	return (double)ms / 1000;
}

static void write_streams(struct json_writer *json, const struct run_result *result)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	add_stream(result, SSH_STREAM_STDOUT, &text);
	json_field_str(json, "stdout", strbuf_str(&text));
	add_stream(result, SSH_STREAM_STDERR, &text);
	json_field_str(json, "stderr", strbuf_str(&text));
	json_field_int(json, "truncated_bytes", (int64_t)left_out(result));
}

static void write_result(struct json_writer *json, const struct run_result *result)
{
	json_write_object_begin(json);
	json_field_string(json, "name", result->name);
	json_field_string(json, "target", result->name);
	outcome_write_json(json, &result->outcome);
	write_streams(json, result);
	json_field_double(json, "duration_seconds", seconds(result->duration_ms));
	if (result->connect_ms >= 0) {
		json_field_double(json, "connect_seconds", seconds(result->connect_ms));
	} else {
		json_field_string(json, "connect_seconds", NULL);
	}
	if (result->started_wall_ms > 0) {
		json_field_time(json, "timestamp", result->started_wall_ms);
	} else {
		json_field_string(json, "timestamp", NULL);
	}
	json_write_key(json, "pid");
	result->pid > 0 ? json_write_int(json, result->pid) : json_write_null(json);
	json_field_bool(json, "left_open", result->was_left_open);
	json_field_bool(json, "may_be_running", result->may_be_running);
	json_field_string(json, "transport",
		result->transport == SSH_TRANSPORT_AUTO ? NULL
							: ssh_transport_name(result->transport));
	json_write_object_end(json);
}

void run_results_write_json(const struct run_results *results, const struct run_sink *sink)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct json_writer json;

	json_document_begin(&json, &out, "fleet");
	json_field_string(&json, "remote_command", results->command);
	json_write_key(&json, "run");
	results->run_id > 0 ? json_write_int(&json, results->run_id) : json_write_null(&json);
	json_field_bool(&json, "dry_run", results->is_rehearsal);
	json_field_time(&json, "started", results->started_wall_ms);
	json_field_double(&json, "duration_seconds", seconds(results->duration_ms));
	json_write_key(&json, "summary");
	outcome_write_counts(&json, &results->counts);
	json_write_key(&json, "results");
	json_write_array_begin(&json);
	for (size_t i = 0; i < results->items_count; i++) {
		write_result(&json, &results->items[i]);
		written(sink, &results->items[i], &out);
	}
	json_write_array_end(&json);
	json_document_end(&json);
	sink->write(sink->arg, strbuf_str(&out));
}

void run_result_add_jsonl(const struct run_result *result, struct strbuf *out)
{
	struct json_writer json;

	json_writer_init(&json, out, false);
	write_result(&json, result);
	strbuf_addc(out, '\n');
}

/* --- CSV --- */

static bool has_exit_code(const struct outcome *outcome)
{
	return outcome->kind == OUTCOME_OK || outcome->kind == OUTCOME_EXIT;
}

static void csv_result(struct csv_writer *csv, const struct run_result *result)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	const struct outcome *outcome = &result->outcome;

	outcome_add_text(&text, outcome);
	csv_write_string(csv, result->name);
	csv_write_string(csv, outcome_kind_name(outcome->kind));
	csv_write_bool(csv, outcome->kind == OUTCOME_OK);
	csv_write_string(csv, outcome_code(outcome));
	if (has_exit_code(outcome)) {
		csv_write_int(csv, outcome->exit_code);
	} else {
		csv_write_string(csv, NULL);
	}
	csv_write_string(csv, outcome->kind == OUTCOME_SIGNAL ? outcome->signal : NULL);
	csv_write_str(csv, strbuf_str(&text));
	csv_write_double(csv, seconds(result->duration_ms));
	add_stream(result, SSH_STREAM_STDOUT, &text);
	csv_write_str(csv, strbuf_str(&text));
	add_stream(result, SSH_STREAM_STDERR, &text);
	csv_write_str(csv, strbuf_str(&text));
	csv_write_int(csv, (int64_t)left_out(result));
	csv_end_row(csv);
}

void run_results_write_csv(const struct run_results *results, const struct run_sink *sink)
{
	static const char *const names[] = {"name", "outcome", "success", "code", "exit_code",
		"signal", "message", "duration_seconds", "stdout", "stderr", "truncated_bytes"};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct csv_writer csv;

	csv_writer_init(&csv, &out);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		csv_write_string(&csv, names[i]);
	}
	csv_end_row(&csv);
	for (size_t i = 0; i < results->items_count; i++) {
		csv_result(&csv, &results->items[i]);
		written(sink, &results->items[i], &out);
	}
	sink->write(sink->arg, strbuf_str(&out));
}

/* --- JUnit --- */

static void junit_seconds(struct xml_writer *xml, int64_t ms)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "%.3f", seconds(ms));
	xml_write_attribute(xml, "time", strbuf_str(&text));
}

static void junit_stream(struct xml_writer *xml, const char *element,
	const struct run_result *result, enum ssh_stream stream)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	add_stream(result, stream, &text);
	if (text.len > 0) {
		xml_write_begin(xml, element);
		xml_write_text(xml, strbuf_str(&text));
		xml_write_end(xml);
	}
}

/* What ran and did not end well is a failure; of the others it is not known how they would have
 * ended. */
static bool is_failure(const struct outcome *outcome)
{
	return outcome->kind == OUTCOME_EXIT || outcome->kind == OUTCOME_SIGNAL;
}

static void junit_case(struct xml_writer *xml, const struct run_result *result)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	const struct outcome *outcome = &result->outcome;

	xml_write_begin(xml, "testcase");
	xml_write_attribute_string(xml, "name", result->name);
	xml_write_attribute_string(xml, "classname", "sre-toolkit.fleet");
	junit_seconds(xml, result->duration_ms);
	if (outcome->kind != OUTCOME_OK) {
		outcome_add_text(&text, outcome);
		xml_write_begin(xml, is_failure(outcome) ? "failure" : "error");
		xml_write_attribute(xml, "message", strbuf_str(&text));
		xml_write_attribute_string(xml, "type", outcome_code(outcome));
		xml_write_text(xml, strbuf_str(&text));
		xml_write_end(xml);
	}
	junit_stream(xml, "system-out", result, SSH_STREAM_STDOUT);
	junit_stream(xml, "system-err", result, SSH_STREAM_STDERR);
	xml_write_end(xml);
}

void run_results_write_junit(const struct run_results *results, const struct run_sink *sink)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf started = STRBUF_INIT;
	const struct outcome_counts *counts = &results->counts;
	size_t failures = counts->of[OUTCOME_EXIT] + counts->of[OUTCOME_SIGNAL];
	struct xml_writer xml;

	time_add_rfc3339(&started, results->started_wall_ms);
	strbuf_truncate(&started, strlen("2025-07-01T08:00:00"));
	xml_writer_init(&xml, &out);
	xml_write_begin(&xml, "testsuites");
	xml_write_begin(&xml, "testsuite");
	xml_write_attribute_string(&xml, "name", "sre-toolkit fleet");
	xml_write_attribute_int(&xml, "tests", (int64_t)counts->total);
	xml_write_attribute_int(&xml, "failures", (int64_t)failures);
	xml_write_attribute_int(
		&xml, "errors", (int64_t)(counts->total - counts->of[OUTCOME_OK] - failures));
	xml_write_attribute_int(&xml, "skipped", 0);
	junit_seconds(&xml, results->duration_ms);
	xml_write_attribute(&xml, "timestamp", strbuf_str(&started));
	for (size_t i = 0; i < results->items_count; i++) {
		junit_case(&xml, &results->items[i]);
		written(sink, &results->items[i], &out);
	}
	xml_write_end(&xml);
	xml_write_end(&xml);
	sink->write(sink->arg, strbuf_str(&out));
}

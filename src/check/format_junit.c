/*
 * JUnit XML, for CI systems: a test case for each check.  Unhealthy is a failure; what was not
 * measured is an error.
 */
#include "base/strbuf.h"
#include "base/time.h"
#include "base/xml_writer.h"
#include "check/check_format.h"
#include "check/format_kinds.h"

static void add_seconds_attribute(struct xml_writer *xml, int64_t us)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "%.6f", (double)us / 1e6);
	xml_write_attribute(xml, "time", strbuf_str(&text));
	strbuf_release(&text);
}

static void add_evidence(struct xml_writer *xml, const struct check_result *result)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, result->message);
	for (size_t i = 0; i < result->evidence_count; i++) {
		for (size_t t = 0; t < result->evidence[i].texts_count; t++) {
			strbuf_addf(&text, "\n%s: %s", result->evidence[i].name,
				result->evidence[i].texts[t]);
		}
	}
	if (result->detail) {
		strbuf_addf(&text, "\n%s", result->detail);
	}
	xml_write_text(xml, strbuf_str(&text));
	strbuf_release(&text);
}

static void add_case(struct xml_writer *xml, const struct check_report *report,
	const struct check_outcome *outcome)
{
	const struct check_result *result = &outcome->result;
	struct strbuf class_name = STRBUF_INIT;

	strbuf_addf(&class_name, "sre-toolkit.%s", outcome->check->kind->variant.name);
	xml_write_begin(xml, "testcase");
	xml_write_attribute_string(xml, "name", outcome->check->name);
	xml_write_attribute(xml, "classname", strbuf_str(&class_name));
	add_seconds_attribute(xml, result->duration_us);
	if (!check_is_healthy(report, result)) {
		xml_write_begin(xml, result->state == CHECK_UNKNOWN ? "error" : "failure");
		xml_write_attribute_string(xml, "message", result->message);
		xml_write_attribute_string(xml, "type", check_code_name(result->code));
		add_evidence(xml, result);
		xml_write_end(xml);
	} else {
		xml_write_begin(xml, "system-out");
		xml_write_text(xml, str_of(result->message));
		xml_write_end(xml);
	}
	xml_write_end(xml);
	strbuf_release(&class_name);
}

static void junit_report(const struct check_report *report, struct strbuf *out)
{
	struct xml_writer xml;
	struct strbuf started = STRBUF_INIT;
	size_t failures = report->count[CHECK_CRITICAL];

	if (report->is_fail_on_warning) {
		failures += report->count[CHECK_WARNING];
	}
	time_add_rfc3339(&started, report->started_wall_ms);
	strbuf_truncate(&started, strlen("2025-07-01T08:00:00"));
	xml_writer_init(&xml, out);
	xml_write_begin(&xml, "testsuites");
	xml_write_begin(&xml, "testsuite");
	xml_write_attribute_string(&xml, "name", "sre-toolkit check");
	xml_write_attribute_int(&xml, "tests", (int64_t)report->outcomes_count);
	xml_write_attribute_int(&xml, "failures", (int64_t)failures);
	xml_write_attribute_int(&xml, "errors", (int64_t)report->count[CHECK_UNKNOWN]);
	xml_write_attribute_int(&xml, "skipped", 0);
	add_seconds_attribute(&xml, report->duration_us);
	xml_write_attribute(&xml, "timestamp", strbuf_str(&started));
	for (size_t i = 0; i < report->outcomes_count; i++) {
		add_case(&xml, report, &report->outcomes[i]);
	}
	xml_write_end(&xml);
	xml_write_end(&xml);
	strbuf_release(&started);
}

const struct check_format format_junit = {
	.name = "junit",
	.summary = "JUnit XML, for CI systems",
	.report = junit_report,
};

/*
 * The Prometheus text format, for node_exporter's textfile collector or a push gateway.
 */
#include <math.h>

#include "base/alloc.h"
#include "base/prometheus_writer.h"
#include "base/strbuf.h"
#include "check/check_format.h"
#include "check/format_kinds.h"

static void add_sample(struct prometheus_writer *writer, const char *family, const char *help,
	const struct prometheus_label *labels, size_t labels_count, double value)
{
	const struct prometheus_sample sample = {
		.family = family,
		.help = help,
		.type = PROMETHEUS_GAUGE,
		.labels = labels,
		.labels_count = labels_count,
		.value = value,
	};

	prometheus_add(writer, &sample);
}

static void add_values(struct prometheus_writer *writer, const struct check_outcome *outcome)
{
	for (size_t i = 0; i < outcome->result.values_count; i++) {
		const struct check_value *value = &outcome->result.values[i];
		const struct prometheus_label labels[] = {
			{"name", outcome->check->name},
			{"kind", outcome->check->kind->variant.name},
			{"value", value->name},
			{"instance_name", value->instance},
		};

		if (value->unit != UNIT_TEXT) {
			add_sample(writer, "sre_toolkit_check_value", "What the check measured.",
				labels, ARRAY_LEN(labels), value->number);
		}
	}
}

static void add_outcome(struct prometheus_writer *writer, const struct check_report *report,
	const struct check_outcome *outcome)
{
	const struct check_result *result = &outcome->result;
	const struct prometheus_label labels[] = {
		{"name", outcome->check->name},
		{"target", outcome->check->target},
		{"kind", outcome->check->kind->variant.name},
	};

	add_sample(writer, "sre_toolkit_check_healthy",
		"Whether the check is healthy (1) or not (0).", labels, ARRAY_LEN(labels),
		check_is_healthy(report, result) ? 1 : 0);
	for (size_t i = 0; i < CHECK_STATE_MAX; i++) {
		const struct prometheus_label state_labels[] = {
			{"name", outcome->check->name},
			{"kind", outcome->check->kind->variant.name},
			{"state", check_state_name((enum check_state)i)},
		};

		add_sample(writer, "sre_toolkit_check_state",
			"1 for the state the check is in, 0 for the others.", state_labels,
			ARRAY_LEN(state_labels), result->state == i ? 1 : 0);
	}
	add_sample(writer, "sre_toolkit_check_duration_seconds", "How long the check took.", labels,
		ARRAY_LEN(labels), (double)result->duration_us / 1e6);
	add_sample(writer, "sre_toolkit_check_timestamp_seconds",
		"When the check began, Unix time.", labels, ARRAY_LEN(labels),
		(double)result->started_wall_ms / 1e3);
	add_values(writer, outcome);
}

static void prometheus_report(const struct check_report *report, struct strbuf *out)
{
	struct prometheus_writer *writer = prometheus_writer_new();

	for (size_t i = 0; i < report->outcomes_count; i++) {
		add_outcome(writer, report, &report->outcomes[i]);
	}
	prometheus_write(writer, out);
	prometheus_writer_free(writer);
}

const struct check_format format_prometheus = {
	.name = "prometheus",
	.summary = "Prometheus text format",
	.report = prometheus_report,
};

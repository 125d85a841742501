/*
 * `alert simulate`: the stored history through the configuration that is given: what would have
 * been sent, what hidden, and which critical alert nobody would have heard of.
 */
#include "alert/simulate.h"
#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/table.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cmd/alert_cmd.h"

enum { DEFAULT_DAYS = 30 };

static int64_t hidden_of(const struct simulated_counts *counts)
{
	return counts->verdicts[VERDICT_SUPPRESSED] + counts->verdicts[VERDICT_ACKNOWLEDGED];
}

static int64_t held_of(const struct simulated_counts *counts)
{
	return counts->verdicts[VERDICT_SILENCED] + counts->verdicts[VERDICT_INHIBITED];
}

static void add_receivers(
	const struct alert_cmd *alert, const struct simulation *simulation, struct strbuf *out)
{
	static const struct table_column columns[] = {
		{"RECEIVER", TABLE_LEFT, 0},
		{"MESSAGES THEN", TABLE_RIGHT, 0},
		{"NOW", TABLE_RIGHT, 0},
		{"SUPPRESSED", TABLE_RIGHT, 0},
		{"SILENCED", TABLE_RIGHT, 0},
		{"GROUPED", TABLE_RIGHT, 0},
	};
	const struct common_opts *common = alert->run->common;
	struct table *table = table_new(columns, ARRAY_LEN(columns));

	for (size_t i = 0; i < simulation->receivers_count; i++) {
		const struct simulated_receiver *receiver = &simulation->receivers[i];

		table_row(table);
		table_cell(
			table, COLOR_NONE, str_of(*receiver->name ? receiver->name : "(nobody)"));
		table_cellf(table, COLOR_NONE, "%lld", (long long)receiver->then.messages);
		table_cellf(table,
			receiver->now.messages > receiver->then.messages ? COLOR_YELLOW
									 : COLOR_NONE,
			"%lld", (long long)receiver->now.messages);
		table_cellf(table, COLOR_NONE, "%lld", (long long)hidden_of(&receiver->now));
		table_cellf(table, COLOR_NONE, "%lld", (long long)held_of(&receiver->now));
		table_cellf(table, COLOR_NONE, "%lld",
			(long long)receiver->now.verdicts[VERDICT_GROUPED]);
	}
	table_write(table, common_width(common), common_has_color(common), out);
	table_free(table);
}

static void add_missed(const struct simulation *simulation, struct strbuf *out)
{
	struct strbuf line = STRBUF_INIT;

	if (simulation->missed_count == 0) {
		strbuf_adds(out, "somebody would have been told of every critical alert\n");
		return;
	}
	strbuf_addf(out, "%zu critical alert%s that nobody would have been told of:\n",
		simulation->missed_count, simulation->missed_count == 1 ? "" : "s");
	for (size_t i = 0; i < simulation->missed_count; i++) {
		const struct simulated_missed *missed = &simulation->missed[i];

		strbuf_clear(&line);
		time_add_local(&line, missed->started_ms);
		strbuf_addf(&line, "  alert %lld, \"%s\" from %s: %s; %s",
			(long long)missed->alert_id, missed->title, missed->source, missed->reason,
			missed->was_told ? "somebody was" : "nobody was then, either");
		strbuf_adds(out, "  ");
		utf8_add_escaped(out, strbuf_str(&line), 0);
		strbuf_addc(out, '\n');
	}
	strbuf_release(&line);
}

static void add_text(
	const struct alert_cmd *alert, const struct simulation *simulation, struct strbuf *out)
{
	strbuf_addf(out, "%lld event%s of %lld alert%s since ", (long long)simulation->events,
		simulation->events == 1 ? "" : "s", (long long)simulation->alerts,
		simulation->alerts == 1 ? "" : "s");
	time_add_local(out, simulation->since_ms);
	strbuf_addf(out, ", through %s\n",
		alert->config.conf.file ? alert->config.conf.file : "the default routing");
	add_receivers(alert, simulation, out);
	add_missed(simulation, out);
}

static void write_counts(
	const char *key, const struct simulated_counts *counts, struct json_writer *json)
{
	json_write_key(json, key);
	json_write_object_begin(json);
	json_field_int(json, "messages", counts->messages);
	json_field_int(json, "dead", counts->dead);
	for (int i = 0; i < VERDICTS; i++) {
		json_field_int(json, verdict_name((enum verdict)i), counts->verdicts[i]);
	}
	json_write_object_end(json);
}

static void add_json(const struct simulation *simulation, struct strbuf *out)
{
	struct json_writer json;

	json_document_begin(&json, out, "alert simulate");
	json_field_time(&json, "since", simulation->since_ms);
	json_field_time(&json, "until", simulation->until_ms);
	json_field_int(&json, "events", simulation->events);
	json_field_int(&json, "alerts", simulation->alerts);
	json_write_key(&json, "results");
	json_write_array_begin(&json);
	for (size_t i = 0; i < simulation->receivers_count; i++) {
		json_write_object_begin(&json);
		json_field_string(&json, "receiver", simulation->receivers[i].name);
		write_counts("then", &simulation->receivers[i].then, &json);
		write_counts("now", &simulation->receivers[i].now, &json);
		json_write_object_end(&json);
	}
	json_write_array_end(&json);
	json_write_key(&json, "missed");
	json_write_array_begin(&json);
	for (size_t i = 0; i < simulation->missed_count; i++) {
		const struct simulated_missed *missed = &simulation->missed[i];

		json_write_object_begin(&json);
		json_field_int(&json, "alert", missed->alert_id);
		json_field_string(&json, "title", missed->title);
		json_field_string(&json, "source", missed->source);
		json_field_time(&json, "started", missed->started_ms);
		json_field_bool(&json, "was_told", missed->was_told);
		json_field_string(&json, "verdict", verdict_name(missed->verdict));
		json_field_string(&json, "reason", missed->reason);
		json_write_object_end(&json);
	}
	json_write_array_end(&json);
	json_document_end(&json);
}

static enum exit_code alert_simulate(void *cmd)
{
	struct alert_cmd *alert = cmd;
	const int64_t now_ms = time_wall_ms();
	const struct simulate_options options = {
		.settings = &alert->config.alerts,
		.since_ms = alert->opts->since_ms
				    ? alert->opts->since_ms
				    : now_ms - DEFAULT_DAYS * (int64_t)24 * 3600 * 1000,
		.until_ms = now_ms,
	};
	struct simulation simulation = {0};
	struct store *store = NULL;
	struct strbuf out = STRBUF_INIT;
	struct err err = {0};
	int status = alert_open_store(alert, true, &store, &err);

	if (status == 0 && !store) {
		return cmd_run_usage(alert->run, "simulate: the store is empty: nothing to replay");
	}
	if (status == 0) {
		status = simulate_alerts(store, &options, alert->run->arena, &simulation, &err);
	}
	store_close(&store);
	if (status < 0) {
		return cmd_run_fail(alert->run, &err);
	}
	if (alert->opts->output == ALERT_JSON) {
		add_json(&simulation, &out);
	} else {
		add_text(alert, &simulation, &out);
	}
	return cmd_run_write(alert->run, &out, EXIT_CODE_OK);
}

static const struct doc_verb_row own_rows[] = {
	{.name = "output", .choices = alert_formats},
	{.name = "since", .help = "replay what came from then on, as 7d or 2025-07-01; else 30d"},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit alert simulate --config new.yaml --since 30d",
		"before it becomes the configuration"},
	{0},
};

const struct verb alert_verb_simulate = {
	.doc =
		{
			.name = "simulate",
			.summary = "replay the stored history through --config",
			.description = "Which messages would have been sent, which held back, and "
				       "of which critical alerts nobody would have heard, had the "
				       "configuration been this one. Nothing is sent, and nothing "
				       "changed.",
			.flags = "since store output",
			.own = own_rows,
			.examples = examples,
		},
	.run = alert_simulate,
};

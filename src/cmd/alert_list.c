/*
 * `alert list`: which alerts are open, were, or could not be told to somebody.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/csv_writer.h"
#include "base/json_writer.h"
#include "base/table.h"
#include "base/time.h"
#include "cmd/alert_cmd.h"
#include "cmd/alert_session.h"
#include "notify/notification.h"
#include "store/store_history.h"

struct list {
	struct alert_cmd *alert;
	struct history_filter filter;
	struct history_alerts alerts;
	struct history_deads deads;
	struct strbuf out;
};

static enum color color_of(enum severity severity)
{
	switch (severity) {
	case SEVERITY_INFO:
		return COLOR_NONE;
	case SEVERITY_WARNING:
		return COLOR_YELLOW;
	case SEVERITY_CRITICAL:
		return COLOR_RED;
	}
	return COLOR_NONE;
}

static const char *state_of(const struct stored_alert *alert)
{
	if (alert->resolved_ms > 0) {
		return "resolved";
	}
	return alert->acked_ms > 0 ? "acknowledged" : "firing";
}

static void add_age(struct table *table, int64_t since_ms)
{
	struct strbuf age = STRBUF_INIT;
	int64_t age_ms = time_wall_ms() - since_ms;

	time_add_duration(&age, age_ms > 0 ? age_ms : 0);
	table_cell(table, COLOR_NONE, strbuf_str(&age));
	strbuf_release(&age);
}

static void finish_table(struct list *list, struct table *table)
{
	const struct common_opts *common = list->alert->run->common;

	table_write(table, common_width(common), common_has_color(common), &list->out);
	table_free(table);
}

/* "told 2, 1 waits, 1 failed" in as few letters as say it. */
static void add_deliveries(struct table *table, const struct history_alert *item)
{
	if (item->dead > 0) {
		table_cellf(table, COLOR_RED, "%lld failed", (long long)item->dead);
	} else if (item->waiting > 0) {
		table_cellf(table, COLOR_YELLOW, "%lld waiting", (long long)item->waiting);
	} else if (item->delivered > 0) {
		table_cellf(table, COLOR_NONE, "%lld told", (long long)item->delivered);
	} else {
		table_cell(table, COLOR_DIM, str_of("none"));
	}
}

static void alerts_text(struct list *list)
{
	static const struct table_column columns[] = {
		{"ID", TABLE_RIGHT, 0},
		{"SEVERITY", TABLE_LEFT, 0},
		{"STATE", TABLE_LEFT, 0},
		{"SINCE", TABLE_RIGHT, 0},
		{"EVENTS", TABLE_RIGHT, 0},
		{"MESSAGES", TABLE_LEFT, 0},
		{"SOURCE", TABLE_LEFT, 0},
		{"TITLE", TABLE_CUT, 12},
	};
	struct table *table;

	if (list->alerts.items_count == 0) {
		strbuf_adds(
			&list->out, list->filter.only_open ? "no open alerts\n" : "no alerts\n");
		return;
	}
	table = table_new(columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < list->alerts.items_count; i++) {
		const struct history_alert *item = &list->alerts.items[i];
		const struct stored_alert *alert = item->alert;

		table_row(table);
		table_cellf(table, COLOR_NONE, "%lld", (long long)alert->id);
		table_cell(table, alert->resolved_ms > 0 ? COLOR_DIM : color_of(alert->severity),
			str_of(severity_name(alert->severity)));
		table_cell(table, COLOR_NONE, str_of(state_of(alert)));
		add_age(table, alert->started_ms);
		table_cellf(table, COLOR_NONE, "%lld", (long long)alert->events);
		add_deliveries(table, item);
		table_cell(table, COLOR_NONE, str_of(alert->source));
		table_cell(table, COLOR_NONE, str_of(alert->title));
	}
	finish_table(list, table);
}

static void json_begin(struct json_writer *json, struct list *list, size_t count)
{
	json_document_begin(json, &list->out, "alert list");
	json_write_key(json, "summary");
	json_write_object_begin(json);
	json_field_int(json, "total", (int64_t)count);
	json_write_object_end(json);
	json_write_key(json, "results");
	json_write_array_begin(json);
}

static void json_end(struct json_writer *json)
{
	json_write_array_end(json);
	json_document_end(json);
}

void stored_alert_write_json(const struct stored_alert *alert, struct json_writer *json)
{
	json_field_int(json, "id", alert->id);
	json_field_string(json, "title", alert->title);
	json_field_string(json, "severity", severity_name(alert->severity));
	json_field_string(json, "source", alert->source);
	json_field_string(json, "message", alert->message);
	json_field_string(json, "state", state_of(alert));
	json_field_string(json, "fingerprint", alert->fingerprint);
	json_field_string(json, "dedup_key", alert->dedup_key);
	json_field_string(json, "runbook", alert->runbook);
	json_field_time(json, "started", alert->started_ms);
	json_field_time(json, "updated", alert->updated_ms);
	if (alert->resolved_ms > 0) {
		json_field_time(json, "resolved", alert->resolved_ms);
	}
	if (alert->acked_ms > 0) {
		json_field_time(json, "acknowledged", alert->acked_ms);
		json_field_string(json, "acknowledged_by", alert->acked_by);
	}
	json_field_int(json, "events", alert->events);
	json_write_key(json, "fields"); /* they are JSON already */
	json_write_raw(json, str_of(alert->fields));
	json_write_key(json, "labels");
	json_write_raw(json, str_of(alert->labels));
}

static void alerts_json(struct list *list)
{
	struct json_writer json;

	json_begin(&json, list, list->alerts.items_count);
	for (size_t i = 0; i < list->alerts.items_count; i++) {
		const struct history_alert *item = &list->alerts.items[i];

		json_write_object_begin(&json);
		stored_alert_write_json(item->alert, &json);
		json_field_int(&json, "waiting", item->waiting);
		json_field_int(&json, "delivered", item->delivered);
		json_field_int(&json, "dead", item->dead);
		json_write_object_end(&json);
	}
	json_end(&json);
}

static void csv_heading(struct csv_writer *csv, const char *const *names)
{
	for (size_t i = 0; names[i]; i++) {
		csv_write_string(csv, names[i]);
	}
	csv_end_row(csv);
}

static void csv_time_or_empty(struct csv_writer *csv, int64_t wall_ms)
{
	if (wall_ms > 0) {
		csv_write_time(csv, wall_ms);
	} else {
		csv_write_string(csv, NULL);
	}
}

static void alerts_csv(struct list *list)
{
	static const char *const names[] = {"id", "severity", "state", "source", "title", "message",
		"started", "updated", "resolved", "events", "delivered", "waiting", "dead", NULL};
	struct csv_writer csv;

	csv_writer_init(&csv, &list->out);
	csv_heading(&csv, names);
	for (size_t i = 0; i < list->alerts.items_count; i++) {
		const struct history_alert *item = &list->alerts.items[i];
		const struct stored_alert *alert = item->alert;

		csv_write_int(&csv, alert->id);
		csv_write_string(&csv, severity_name(alert->severity));
		csv_write_string(&csv, state_of(alert));
		csv_write_string(&csv, alert->source);
		csv_write_string(&csv, alert->title);
		csv_write_string(&csv, alert->message);
		csv_write_time(&csv, alert->started_ms);
		csv_write_time(&csv, alert->updated_ms);
		csv_time_or_empty(&csv, alert->resolved_ms);
		csv_write_int(&csv, alert->events);
		csv_write_int(&csv, item->delivered);
		csv_write_int(&csv, item->waiting);
		csv_write_int(&csv, item->dead);
		csv_end_row(&csv);
	}
}

/* Deliveries that are dead. */

static const char *purpose_of(const struct history_dead *dead)
{
	return notification_purpose_name((enum notification_purpose)dead->delivery.purpose);
}

static void deads_text(struct list *list)
{
	static const struct table_column columns[] = {
		{"ALERT", TABLE_RIGHT, 0},
		{"SEVERITY", TABLE_LEFT, 0},
		{"RECEIVER", TABLE_LEFT, 0},
		{"SINCE", TABLE_RIGHT, 0},
		{"TRIES", TABLE_RIGHT, 0},
		{"WHY", TABLE_WRAP, 20},
	};
	struct table *table;

	if (list->deads.items_count == 0) {
		strbuf_adds(&list->out, "nothing was given up\n");
		return;
	}
	table = table_new(columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < list->deads.items_count; i++) {
		const struct history_dead *dead = &list->deads.items[i];

		table_row(table);
		if (dead->delivery.alert_id > 0) {
			table_cellf(table, COLOR_NONE, "%lld", (long long)dead->delivery.alert_id);
		} else {
			table_cell(table, COLOR_NONE, str_of(purpose_of(dead)));
		}
		table_cell(table, color_of(dead->delivery.severity),
			str_of(severity_name(dead->delivery.severity)));
		table_cell(table, COLOR_NONE, str_of(dead->delivery.receiver));
		add_age(table, dead->delivery.ended_ms);
		table_cellf(table, COLOR_NONE, "%lld", (long long)dead->delivery.attempts);
		table_cell(table, COLOR_NONE,
			str_of(dead->delivery.result ? dead->delivery.result : ""));
	}
	finish_table(list, table);
}

static void deads_json(struct list *list)
{
	struct json_writer json;

	json_begin(&json, list, list->deads.items_count);
	for (size_t i = 0; i < list->deads.items_count; i++) {
		const struct history_dead *dead = &list->deads.items[i];

		json_write_object_begin(&json);
		json_field_int(&json, "alert", dead->delivery.alert_id);
		json_field_string(&json, "purpose", purpose_of(dead));
		json_field_string(&json, "title", dead->title);
		json_field_string(&json, "source", dead->source);
		json_field_string(&json, "severity", severity_name(dead->delivery.severity));
		json_field_string(&json, "receiver", dead->delivery.receiver);
		json_field_int(&json, "attempts", dead->delivery.attempts);
		json_field_time(&json, "created", dead->delivery.created_ms);
		json_field_time(&json, "given_up", dead->delivery.ended_ms);
		json_field_string(&json, "reason", dead->delivery.result);
		json_write_object_end(&json);
	}
	json_end(&json);
}

static void deads_csv(struct list *list)
{
	static const char *const names[] = {"alert", "severity", "receiver", "source", "title",
		"created", "given_up", "attempts", "reason", NULL};
	struct csv_writer csv;

	csv_writer_init(&csv, &list->out);
	csv_heading(&csv, names);
	for (size_t i = 0; i < list->deads.items_count; i++) {
		const struct history_dead *dead = &list->deads.items[i];

		csv_write_int(&csv, dead->delivery.alert_id);
		csv_write_string(&csv, severity_name(dead->delivery.severity));
		csv_write_string(&csv, dead->delivery.receiver);
		csv_write_string(&csv, dead->source);
		csv_write_string(&csv, dead->title);
		csv_write_time(&csv, dead->delivery.created_ms);
		csv_time_or_empty(&csv, dead->delivery.ended_ms);
		csv_write_int(&csv, dead->delivery.attempts);
		csv_write_string(&csv, dead->delivery.result);
		csv_end_row(&csv);
	}
}

static int read_list(struct store_tx *tx, void *arg, struct err *err)
{
	struct list *list = arg;
	struct arena *arena = list->alert->run->arena;

	return list->alert->opts->is_dead
		       ? history_dead(tx, &list->filter, arena, &list->deads, err)
		       : history_alerts(tx, &list->filter, arena, &list->alerts, err);
}

static void add_list(struct list *list)
{
	bool is_dead = list->alert->opts->is_dead;

	switch ((enum alert_output)list->alert->opts->output) {
	case ALERT_TEXT:
		is_dead ? deads_text(list) : alerts_text(list);
		return;
	case ALERT_JSON:
		is_dead ? deads_json(list) : alerts_json(list);
		return;
	case ALERT_CSV:
		is_dead ? deads_csv(list) : alerts_csv(list);
		return;
	}
}

static enum exit_code alert_list(void *cmd)
{
	struct alert_cmd *alert = cmd;
	const struct alert_opts *opts = alert->opts;
	struct list list = {
		.alert = alert,
		.filter =
			{
				.only_open = !opts->is_all && !opts->is_dead && opts->since_ms == 0,
				.severities = cmd_run_has(alert->run, "severity")
						      ? 1U << opts->severity
						      : 0,
				.source = opts->source,
				.since_ms = opts->since_ms,
				.until_ms = opts->before_ms,
				.limit = opts->limit,
			},
		.out = STRBUF_INIT,
	};
	struct store *store = NULL;
	struct err err = {0};
	int status = alert_open_store(alert, true, &store, &err);

	if (status == 0 && store) {
		status = store_read(store, read_list, &list, &err);
		alert_warn_of_strangers(store, &alert->config.alerts);
	}
	store_close(&store);
	if (status < 0) {
		return cmd_run_fail(alert->run, &err);
	}
	add_list(&list);
	return cmd_run_write(alert->run, &list.out, EXIT_CODE_OK);
}

static const struct doc_verb_row own_rows[] = {
	{.name = "severity", .help = "only this severity", .is_nothing_by_default = true},
	{.name = "source", .help = "only of this source"},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit alert list --severity critical", "what cannot wait"},
	{"sre-toolkit alert list --all --since 7d --output csv", "a week, for a spreadsheet"},
	{0},
};

const struct verb alert_verb_list = {
	.doc =
		{
			.name = "list",
			.summary = "what is open; --all: and what is over; --dead: given up",
			.flags = "severity source all dead since before limit store output",
			.own = own_rows,
			.examples = examples,
		},
	.run = alert_list,
};

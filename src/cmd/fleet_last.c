/*
 * `fleet last`: the latest runs that were written down.
 */
#include "base/alloc.h"
#include "base/csv_writer.h"
#include "base/json_writer.h"
#include "base/table.h"
#include "base/time.h"
#include "cmd/fleet_cmd.h"

struct listing {
	struct fleet_cmd *fleet;
	struct stored_run_filter filter;
	struct stored_runs runs;
	struct strbuf out;
};

static int read_runs(struct store_tx *tx, void *arg, struct err *err)
{
	struct listing *listing = arg;

	return store_run_list(
		tx, &listing->filter, listing->fleet->run->arena, &listing->runs, err);
}

static void add_end(struct table *table, const struct stored_run *run)
{
	if (run->ended_ms == 0) {
		table_cell(table, COLOR_YELLOW, str_of("no end"));
	} else {
		table_cellf(table, run->exit_code == 0 ? COLOR_GREEN : COLOR_RED, "exit %d",
			run->exit_code);
	}
}

static void list_text(struct listing *listing)
{
	static const struct table_column columns[] = {
		{"RUN", TABLE_RIGHT, 0},
		{"STARTED", TABLE_LEFT, 0},
		{"BY", TABLE_LEFT, 0},
		{"OK", TABLE_RIGHT, 0},
		{"ENDED", TABLE_LEFT, 0},
		{"COMMAND", TABLE_CUT, 10},
	};
	const struct common_opts *common = listing->fleet->run->common;
	_cleanup_(table_freep) struct table *table = table_new(columns, ARRAY_LEN(columns));
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < listing->runs.items_count; i++) {
		const struct stored_run *run = &listing->runs.items[i];

		strbuf_clear(&text);
		time_add_local(&text, run->started_ms);
		table_row(table);
		table_cellf(table, COLOR_NONE, "%lld", (long long)run->id);
		table_cell(table, COLOR_NONE, strbuf_str(&text));
		table_cell(table, COLOR_NONE, str_of(run->author));
		table_cellf(table, COLOR_NONE, "%lld/%lld", (long long)run->hosts_ok,
			(long long)run->hosts);
		add_end(table, run);
		table_cell(table, COLOR_NONE, str_of(run->command));
	}
	if (listing->runs.items_count == 0) {
		strbuf_adds(&listing->out, "no run was written down yet\n");
	} else {
		table_write(table, common_width(common), common_has_color(common), &listing->out);
	}
}

static void list_json(struct listing *listing)
{
	struct json_writer json;

	json_document_begin(&json, &listing->out, "fleet last");
	json_write_key(&json, "runs");
	json_write_array_begin(&json);
	for (size_t i = 0; i < listing->runs.items_count; i++) {
		json_write_object_begin(&json);
		fleet_write_run_json(listing->fleet, &listing->runs.items[i], &json);
		json_write_object_end(&json);
	}
	json_write_array_end(&json);
	json_document_end(&json);
}

static void list_csv(struct listing *listing)
{
	static const char *const names[] = {"run", "started", "ended", "author", "host", "command",
		"selection", "servers", "ok", "exit_code"};
	struct csv_writer csv;

	csv_writer_init(&csv, &listing->out);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		csv_write_string(&csv, names[i]);
	}
	csv_end_row(&csv);
	for (size_t i = 0; i < listing->runs.items_count; i++) {
		const struct stored_run *run = &listing->runs.items[i];

		csv_write_int(&csv, run->id);
		csv_write_time(&csv, run->started_ms);
		run->ended_ms > 0 ? csv_write_time(&csv, run->ended_ms)
				  : csv_write_string(&csv, NULL);
		csv_write_string(&csv, run->author);
		csv_write_string(&csv, run->host);
		csv_write_string(&csv, run->command);
		csv_write_string(&csv, run->selection);
		csv_write_int(&csv, run->hosts);
		csv_write_int(&csv, run->hosts_ok);
		run->ended_ms > 0 ? csv_write_int(&csv, run->exit_code)
				  : csv_write_string(&csv, NULL);
		csv_end_row(&csv);
	}
}

static enum exit_code fleet_last(void *cmd)
{
	struct fleet_cmd *fleet = cmd;
	struct listing listing = {
		.fleet = fleet, .filter = {.limit = fleet->opts->limit}, .out = STRBUF_INIT};
	struct store *store = NULL;
	struct err err = {0};
	int status = fleet_open_store(fleet, &store, &err);

	if (status < 0 && err.code == ERR_NOT_FOUND) {
		status = 0; /* nothing was written down yet */
	} else if (status == 0) {
		status = store_read(store, read_runs, &listing, &err);
	}
	store_close(&store);
	if (status < 0) {
		return fleet_failed(fleet, &err);
	}
	switch ((enum fleet_output)fleet->opts->output) {
	case FLEET_JSON:
		list_json(&listing);
		break;
	case FLEET_CSV:
		list_csv(&listing);
		break;
	case FLEET_TEXT:
		list_text(&listing);
		break;
	case FLEET_JSONL: /* refused before */
	case FLEET_JUNIT:
		break;
	}
	return cmd_run_write(fleet->run, &listing.out, EXIT_CODE_OK);
}

static const char *const formats[] = {"text", "json", "csv", NULL};

static const struct doc_verb_row own_rows[] = {
	{.name = "output", .choices = formats},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit fleet last --limit 5", "and their numbers, for show, retry and diff"},
	{0},
};

const struct verb fleet_verb_last = {
	.doc =
		{
			.name = "last",
			.summary = "the latest runs that were written down",
			.description = "The latest one comes first. OK says on how many of its "
				       "servers a run ended well. Copies are runs, too.",
			.flags = "limit output store",
			.own = own_rows,
			.examples = examples,
		},
	.run = fleet_last,
};

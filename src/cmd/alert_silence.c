/*
 * `alert silence`: hold back what matches until a stated time, list what is silenced, end it early.
 */
#include <string.h>

#include "alert/silence.h"
#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "base/table.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cmd/alert_cmd.h"
#include "cmd/alert_take_in.h"
#include "store/store_silences.h"

struct silencing {
	struct alert_cmd *alert;
	int64_t now_ms;
	int64_t id;
	struct stored_silence *found;
	struct stored_silences list;
	int64_t released;
	struct strbuf out;
};

static bool is_json(const struct silencing *silencing)
{
	return silencing->alert->opts->output == ALERT_JSON;
}

/* --- Adding --- */

static int add_silence(struct store_tx *tx, void *arg, struct err *err)
{
	struct silencing *silencing = arg;
	const struct alert_cmd *alert = silencing->alert;
	const struct silence_input input = {
		.matchers = alert->args,
		.matchers_count = alert->args_count,
		.ends_ms = alert->opts->until_ms,
		.author = str_of(alert_author(alert)),
		.reason = str_of(alert->opts->reason),
	};

	if (silence_add(tx, &input, silencing->now_ms, alert->run->arena, &silencing->id, err) <
		0) {
		return -1;
	}
	return store_silence_get(tx, silencing->id, alert->run->arena, &silencing->found, err);
}

/* What only a person at the command line can forget. */
static int check_flags(const struct alert_cmd *alert, struct err *err)
{
	if (!cmd_run_has(alert->run, "until")) {
		return err_set(err, ERR_INPUT,
			"silence: write its end, as in --until 2h or --until 18:00");
	}
	if (!alert->opts->reason || str_trim(str_of(alert->opts->reason)).len == 0) {
		return err_set(err, ERR_INPUT,
			"silence: write --reason TEXT, for whoever wonders at night");
	}
	return 0;
}

static void write_silence(const struct silencing *silencing, const struct stored_silence *silence,
	struct json_writer *json)
{
	json_write_object_begin(json);
	json_field_int(json, "id", silence->id);
	json_write_key(json, "matchers");
	json_write_raw(json, str_of(silence->matchers));
	json_field_time(json, "starts", silence->starts_ms);
	json_field_time(json, "ends", silence->ends_ms);
	json_field_bool(json, "is_active",
		silence->expired_ms == 0 && silence->starts_ms <= silencing->now_ms &&
			silencing->now_ms < silence->ends_ms);
	json_field_string(json, "author", silence->author);
	json_field_string(json, "reason", silence->reason);
	json_write_object_end(json);
}

static void add_json(
	struct silencing *silencing, const struct stored_silence *silences, size_t count)
{
	struct json_writer json;

	json_document_begin(&json, &silencing->out, "alert silence");
	json_write_key(&json, "results");
	json_write_array_begin(&json);
	for (size_t i = 0; i < count; i++) {
		write_silence(silencing, &silences[i], &json);
	}
	json_write_array_end(&json);
	json_document_end(&json);
}

static int open_target(struct alert_cmd *alert, struct store **ret_store, struct err *err)
{
	return alert->opts->is_dry_run ? alert_open_memory(ret_store, err)
				       : alert_open_store(alert, false, ret_store, err);
}

static void add_text(struct silencing *silencing)
{
	struct strbuf *out = &silencing->out;

	if (silencing->alert->opts->is_dry_run) {
		strbuf_adds(out, "dry run: nothing is silenced; it would be until ");
		time_add_local(out, silencing->found->ends_ms);
		strbuf_addc(out, '\n');
		return;
	}
	strbuf_addf(out, "silence %lld until ", (long long)silencing->id);
	time_add_local(out, silencing->found->ends_ms);
	strbuf_addf(out, " (sre-toolkit alert silence expire %lld ends it)\n",
		(long long)silencing->id);
}

static enum exit_code store_silence(struct silencing *silencing)
{
	struct alert_cmd *alert = silencing->alert;
	struct store *store = NULL;
	struct err err = {0};
	int status;

	if (check_flags(alert, &err) < 0) {
		return cmd_run_usage(alert->run, "%s", err.msg);
	}
	status = open_target(alert, &store, &err);
	if (status < 0) {
		return cmd_run_fail(alert->run, &err);
	}
	status = store_write(store, add_silence, silencing, &err);
	store_close(&store);
	if (status < 0) {
		return err.code == ERR_INPUT ? cmd_run_usage(alert->run, "silence: %s", err.msg)
					     : cmd_run_fail(alert->run, &err);
	}
	if (is_json(silencing)) {
		add_json(silencing, silencing->found, 1);
	} else {
		add_text(silencing);
	}
	return cmd_run_write(alert->run, &silencing->out, EXIT_CODE_OK);
}

/* --- Listing --- */

static int read_silences(struct store_tx *tx, void *arg, struct err *err)
{
	struct silencing *silencing = arg;
	int64_t since_ms = silencing->alert->opts->is_all ? 0 : silencing->now_ms;

	return store_silence_list(
		tx, since_ms, silencing->alert->run->arena, &silencing->list, err);
}

void alert_add_matchers(
	const struct stored_silence *silence, struct arena *arena, struct strbuf *out)
{
	const char *const *texts;
	size_t count = 0;

	if (silence_matcher_texts(silence, arena, &texts, &count, NULL) < 0) {
		utf8_add_escaped(out, str_of(silence->matchers), 0); /* as it stands in the store */
	}
	for (size_t i = 0; i < count; i++) {
		strbuf_adds(out, i > 0 ? ", " : "");
		utf8_add_escaped(out, str_of(texts[i]), 0);
	}
}

static void add_matchers(const struct silencing *silencing, struct table *table,
	const struct stored_silence *silence)
{
	struct strbuf joined = STRBUF_INIT;

	alert_add_matchers(silence, silencing->alert->run->arena, &joined);
	table_cell(table, COLOR_NONE, strbuf_str(&joined));
	strbuf_release(&joined);
}

static void list_text(struct silencing *silencing)
{
	static const struct table_column columns[] = {
		{"ID", TABLE_RIGHT, 0},
		{"UNTIL", TABLE_LEFT, 0},
		{"BY", TABLE_LEFT, 0},
		{"MATCHES", TABLE_LEFT, 0},
		{"WHY", TABLE_WRAP, 16},
	};
	const struct common_opts *common = silencing->alert->run->common;
	struct table *table;

	if (silencing->list.items_count == 0) {
		strbuf_adds(&silencing->out, "nothing is silenced\n");
		return;
	}
	table = table_new(columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < silencing->list.items_count; i++) {
		const struct stored_silence *silence = &silencing->list.items[i];
		struct strbuf time = STRBUF_INIT;

		table_row(table);
		table_cellf(table, COLOR_NONE, "%lld", (long long)silence->id);
		time_add_local(
			&time, silence->expired_ms > 0 ? silence->expired_ms : silence->ends_ms);
		table_cell(table, COLOR_NONE, strbuf_str(&time));
		table_cell(table, COLOR_NONE, str_of(silence->author));
		add_matchers(silencing, table, silence);
		table_cell(table, COLOR_NONE, str_of(silence->reason));
		strbuf_release(&time);
	}
	table_write(table, common_width(common), common_has_color(common), &silencing->out);
	table_free(table);
}

static enum exit_code list_silences(struct silencing *silencing)
{
	struct alert_cmd *alert = silencing->alert;
	struct store *store = NULL;
	struct err err = {0};
	int status = alert_open_store(alert, true, &store, &err);

	if (status == 0 && store) {
		status = store_read(store, read_silences, silencing, &err);
	}
	store_close(&store);
	if (status < 0) {
		return cmd_run_fail(alert->run, &err);
	}
	if (is_json(silencing)) {
		add_json(silencing, silencing->list.items, silencing->list.items_count);
	} else {
		list_text(silencing);
	}
	return cmd_run_write(alert->run, &silencing->out, EXIT_CODE_OK);
}

/* --- Ending one --- */

static int end_silence(struct store_tx *tx, void *arg, struct err *err)
{
	struct silencing *silencing = arg;
	struct arena *arena = silencing->alert->run->arena;

	if (silence_expire(tx, silencing->id, silencing->now_ms, arena, &silencing->released, err) <
		0) {
		return -1;
	}
	return store_silence_get(tx, silencing->id, arena, &silencing->found, err);
}

static enum exit_code expire_silence(struct silencing *silencing)
{
	struct alert_cmd *alert = silencing->alert;
	struct store *store = NULL;
	struct err err = {0};
	int status;

	if (alert->args_count != 2 ||
		parse_int(str_of(alert->args[1]), 1, INT64_MAX, &silencing->id, NULL) < 0) {
		return cmd_run_usage(alert->run,
			"write sre-toolkit alert silence expire ID (silence list shows the ids)");
	}
	status = alert_open_store(alert, false, &store, &err);
	if (status == 0) {
		status = store_write(store, end_silence, silencing, &err);
	}
	store_close(&store);
	if (status < 0) {
		return alert_refused(alert, &err);
	}
	if (is_json(silencing)) {
		add_json(silencing, silencing->found, 1);
	} else {
		strbuf_addf(&silencing->out, "silence %lld is over; %lld message%s due now",
			(long long)silencing->id, (long long)silencing->released,
			silencing->released == 1 ? " is" : "s are");
		strbuf_adds(&silencing->out,
			silencing->released > 0 ? " (sre-toolkit alert flush sends them)\n" : "\n");
	}
	return cmd_run_write(alert->run, &silencing->out, EXIT_CODE_OK);
}

static enum exit_code alert_silence(void *cmd)
{
	struct alert_cmd *alert = cmd;
	struct silencing silencing = {.alert = alert, .now_ms = time_wall_ms(), .out = STRBUF_INIT};

	if (strcmp(alert->args[0], "list") == 0) {
		if (alert->args_count > 1) {
			return cmd_run_usage(alert->run,
				"silence list: one argument too many: '%s'",
				utf8_quote(str_of(alert->args[1])).text);
		}
		return list_silences(&silencing);
	}
	return strcmp(alert->args[0], "expire") == 0 ? expire_silence(&silencing)
						     : store_silence(&silencing);
}

static const struct doc_verb_row own_rows[] = {
	{.name = "output", .choices = alert_formats},
	{.name = "all", .help = "with list: those that are over, too"},
	{.name = "dry_run", .help = "say until when it would be, and change nothing"},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit alert silence source=db-01 --until 2h --reason \"new disk\"",
		"tell nobody until then"},
	{"sre-toolkit alert silence expire 3", "the disk was in sooner"},
	{0},
};

const struct verb alert_verb_silence = {
	.doc =
		{
			.name = "silence",
			.arguments = "MATCHER... --until TIME, or list, or expire ID",
			.summary = "hold back what matches, until then",
			.description = "An alert is held back if all matchers fit it:\n\n"
				       "  source=db-01         its source, title, severity, or a "
				       "label of it is so\n"
				       "  severity!=critical   it is not so\n"
				       "  team=~web|db         the whole of it matches the regular "
				       "expression; !~: not\n\n"
				       "What still fires when the silence ends is told then. "
				       "`silence list` shows those that there are (--all: were), "
				       "`silence expire ID` ends one now.",
			.flags = "until reason author all store output dry_run",
			.own = own_rows,
			.examples = examples,
		},
	.args_min = 1,
	.args_max = VERB_ARGS_ANY,
	.run = alert_silence,
};

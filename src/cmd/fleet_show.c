/*
 * `fleet show`: one run that was written down, host by host.
 */
#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/terminal.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cmd/fleet_cmd.h"
#include "fleet/outcome.h"

void fleet_write_run_json(
	const struct fleet_cmd *fleet, const struct stored_run *run, struct json_writer *json)
{
	bool is_copy = fleet_is_copy(fleet, run);

	json_field_int(json, "run", run->id);
	json_field_time(json, "started", run->started_ms);
	json_field_time_or_null(json, "ended", run->ended_ms);
	json_write_key(json, "exit_code");
	run->ended_ms > 0 ? json_write_int(json, run->exit_code) : json_write_null(json);
	json_field_string(json, "author", run->author);
	json_field_string(json, "host", run->host);
	json_field_int(json, "pid", run->pid);
	json_field_string(json, "remote_command", is_copy ? NULL : run->command);
	json_field_string(json, "copy", is_copy ? run->command : NULL);
	json_field_string(json, "selection", run->selection);
	json_field_int(json, "servers", run->hosts);
	json_field_int(json, "ok", run->hosts_ok);
}

static void count_hosts(const struct stored_run_hosts *hosts, struct outcome_counts *ret_counts)
{
	*ret_counts = (struct outcome_counts){0};
	for (size_t i = 0; i < hosts->items_count; i++) {
		const struct outcome outcome = outcome_stored(&hosts->items[i]);

		outcome_count(ret_counts, &outcome);
	}
}

static void add_field(struct strbuf *out, const char *name, const char *value)
{
	strbuf_addf(out, "%-10s ", name);
	utf8_add_escaped(out, str_of(value), 0);
	strbuf_addc(out, '\n');
}

static void add_head(const struct stored_run *run, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "%lld", (long long)run->id);
	add_field(out, "run", text.buf);
	add_field(out, "command", run->command);
	add_field(out, "selection", run->selection);
	strbuf_clear(&text);
	time_add_local(&text, run->started_ms);
	strbuf_addf(&text, " by %s on %s", run->author, run->host);
	add_field(out, "started", text.buf);
	strbuf_clear(&text);
	if (run->ended_ms > 0) {
		strbuf_adds(&text, "after ");
		time_add_duration(&text, run->ended_ms - run->started_ms);
		strbuf_addf(&text, ", exit code %d", run->exit_code);
	} else {
		strbuf_addf(&text, "not written down: pid %lld is at work, or died",
			(long long)run->pid);
	}
	add_field(out, "ended", text.buf);
}

/* The beginning of what it wrote, two columns in. */
static void add_excerpt(const struct stored_run_host *host, bool has_color, struct strbuf *out)
{
	struct str rest = str_of(host->excerpt ? host->excerpt : ""), line;

	while (str_line(&rest, &line)) {
		strbuf_adds(out, "  ");
		utf8_add_escaped(out, line, 0);
		strbuf_addc(out, '\n');
	}
	if (host->excerpt && host->output_bytes > (int64_t)strlen(host->excerpt)) {
		strbuf_adds(out, "  ");
		color_add(out, has_color, COLOR_DIM, str_of("... of "));
		strbuf_addf(out, "%lld bytes\n", (long long)host->output_bytes);
	}
}

static void show_text(
	const struct fleet_cmd *fleet, const struct fleet_stored *stored, struct strbuf *out)
{
	bool has_color = common_has_color(fleet->run->common);
	struct outcome_counts counts;

	add_head(&stored->run, out);
	for (size_t i = 0; i < stored->hosts.items_count; i++) {
		const struct stored_run_host *host = &stored->hosts.items[i];
		const struct outcome outcome = outcome_stored(host);

		outcome_add_line(out, has_color, str_of(host->name), &outcome);
		strbuf_addc(out, '\n');
		if (fleet->run->common->verbose > 0) {
			add_excerpt(host, has_color, out);
		}
	}
	if (fleet->opts->only) {
		strbuf_addf(out, "%zu of %lld servers ended so; ", stored->hosts.items_count,
			(long long)stored->run.hosts);
		counts = (struct outcome_counts){.total = (size_t)stored->run.hosts};
		counts.of[OUTCOME_OK] = (size_t)stored->run.hosts_ok;
	} else {
		count_hosts(&stored->hosts, &counts);
	}
	outcome_add_summary(out, &counts);
	strbuf_addc(out, '\n');
}

static void write_host(const struct stored_run_host *host, struct json_writer *json)
{
	const struct outcome outcome = outcome_stored(host);

	json_write_object_begin(json);
	json_field_string(json, "name", host->name);
	outcome_write_json(json, &outcome);
	json_field_double(json, "duration_seconds", (double)host->duration_ms / 1000);
	json_field_string(json, "output_sha256", host->output_hash);
	json_field_int(json, "output_bytes", host->output_bytes);
	json_field_string(json, "excerpt", host->excerpt);
	json_write_object_end(json);
}

static void show_json(
	const struct fleet_cmd *fleet, const struct fleet_stored *stored, struct strbuf *out)
{
	struct outcome_counts counts;
	struct json_writer json;

	count_hosts(&stored->hosts, &counts);
	json_document_begin(&json, out, "fleet show");
	fleet_write_run_json(fleet, &stored->run, &json);
	json_write_key(&json, "summary");
	outcome_write_counts(&json, &counts);
	json_write_key(&json, "results");
	json_write_array_begin(&json);
	for (size_t i = 0; i < stored->hosts.items_count; i++) {
		write_host(&stored->hosts.items[i], &json);
	}
	json_write_array_end(&json);
	json_document_end(&json);
}

static enum exit_code fleet_show(void *cmd)
{
	struct fleet_cmd *fleet = cmd;
	struct fleet_stored stored = {0};
	struct strbuf out = STRBUF_INIT;
	unsigned kinds = 0;
	struct err err = {0};
	int64_t id = 0;

	if (fleet->opts->only && outcome_kinds_parse(str_of(fleet->opts->only), &kinds, &err) < 0) {
		return cmd_run_usage(fleet->run, "--only: %s", err.msg);
	}
	if (fleet_id_argument(fleet, 0, &id, &err) < 0 ||
		fleet_read_run(fleet, id, kinds, &stored, &err) < 0) {
		return fleet_failed(fleet, &err);
	}
	if (fleet->opts->output == FLEET_JSON) {
		show_json(fleet, &stored, &out);
	} else {
		show_text(fleet, &stored, &out);
	}
	return cmd_run_write(fleet->run, &out, EXIT_CODE_OK);
}

static const char *const formats[] = {"text", "json", NULL};

static const struct doc_verb_row own_rows[] = {
	{.name = "output", .choices = formats},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit fleet show", "how did it end?"},
	{"sre-toolkit fleet show 41 --only failed -v",
		"where it did not end well, and what was written there"},
	{0},
};

const struct verb fleet_verb_show = {
	.doc =
		{
			.name = "show",
			.arguments = "[ID]",
			.summary = "one run, server by server; -v: what they wrote",
			.description = "Without ID the latest run. With -v the beginning of what "
				       "each server wrote, of a copy what became of its files.",
			.flags = "only output store",
			.own = own_rows,
			.examples = examples,
		},
	.args_max = 1,
	.run = fleet_show,
};

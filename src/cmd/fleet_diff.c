/*
 * `fleet diff`: what differs between two runs that were written down, host by host.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/map.h"
#include "base/terminal.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "cmd/fleet_cmd.h"
#include "fleet/line_diff.h"
#include "fleet/outcome.h"

/* One server in both runs; NULL: it is not in this one. */
struct host_pair {
	const struct stored_run_host *first, *second;
};

struct comparison {
	struct fleet_stored first, second;
	struct host_pair *pairs; /* those that differ */
	size_t pairs_count, pairs_alloc;
	size_t same;
	bool is_of_copies;
};

static void add_outcome(struct strbuf *out, const struct stored_run_host *host)
{
	const struct outcome outcome = outcome_stored(host);

	outcome_add_text(out, &outcome);
}

static bool is_same_end(const struct stored_run_host *first, const struct stored_run_host *second)
{
	_cleanup_(strbuf_release) struct strbuf one = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf two = STRBUF_INIT;

	add_outcome(&one, first);
	add_outcome(&two, second);
	return strcmp(one.buf, two.buf) == 0;
}

static bool is_same_output(
	const struct stored_run_host *first, const struct stored_run_host *second)
{
	const char *one = first->output_hash ? first->output_hash : "";
	const char *two = second->output_hash ? second->output_hash : "";

	return strcmp(one, two) == 0;
}

static void compare(struct comparison *comparison, struct arena *arena)
{
	const struct stored_run_hosts *first = &comparison->first.hosts;
	const struct stored_run_hosts *second = &comparison->second.hosts;
	struct map *others = map_new(MAP_KEYS_BORROWED);

	for (size_t i = 0; i < second->items_count; i++) {
		map_set(others, str_of(second->items[i].name), &second->items[i]);
	}
	for (size_t i = 0; i < first->items_count; i++) {
		const struct stored_run_host *host = &first->items[i];
		const struct stored_run_host *other = map_get(others, str_of(host->name));

		if (other && is_same_end(host, other) && is_same_output(host, other)) {
			comparison->same++;
		} else {
			*VEC_PUSH_IN(arena, comparison, pairs) = (struct host_pair){host, other};
		}
		if (other) {
			(void)map_remove(others, str_of(host->name)); /* it is there */
		}
	}
	for (size_t i = 0; i < second->items_count; i++) {
		if (map_has(others, str_of(second->items[i].name))) {
			*VEC_PUSH_IN(arena, comparison, pairs) =
				(struct host_pair){NULL, &second->items[i]};
		}
	}
	map_free(others);
}

/* --- Text --- */

struct lines {
	struct str *items;
	size_t items_count, items_alloc;
};

static struct line_diff_text lines_of(const struct stored_run_host *host, struct arena *arena)
{
	struct str rest = str_of(host->excerpt ? host->excerpt : ""), line;
	struct lines lines = {0};

	while (str_line(&rest, &line)) {
		*VEC_PUSH_IN(arena, &lines, items) = line;
	}
	return (struct line_diff_text){lines.items, lines.items, lines.items_count};
}

struct writer {
	struct strbuf *out;
	bool has_color;
	size_t lines;
};

static void add_change(void *arg, enum line_change change, struct str line)
{
	struct writer *writer = arg;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (change != LINE_REMOVED && change != LINE_ADDED) {
		return;
	}
	strbuf_adds(&text, change == LINE_REMOVED ? "- " : "+ ");
	utf8_add_escaped(&text, line, 0);
	strbuf_adds(writer->out, "    ");
	color_add(writer->out, writer->has_color, change == LINE_REMOVED ? COLOR_RED : COLOR_GREEN,
		strbuf_str(&text));
	strbuf_addc(writer->out, '\n');
	writer->lines++;
}

/* Of the output only the beginning is kept. */
static void add_output_change(
	const struct host_pair *pair, struct writer *writer, struct arena *arena)
{
	const struct line_diff_text first = lines_of(pair->first, arena);
	const struct line_diff_text second = lines_of(pair->second, arena);

	writer->lines = 0;
	if (!line_diff(&first, &second, 0, add_change, writer) || writer->lines == 0) {
		strbuf_addf(writer->out,
			"    (not in the beginning, which is kept; %lld and %lld bytes)\n",
			(long long)pair->first->output_bytes,
			(long long)pair->second->output_bytes);
	}
}

static void add_pair(const struct comparison *comparison, const struct host_pair *pair,
	struct writer *writer, struct arena *arena)
{
	struct strbuf *out = writer->out;
	const char *name = pair->first ? pair->first->name : pair->second->name;

	color_add(out, writer->has_color, COLOR_BOLD, str_of(name));
	if (!pair->first || !pair->second) {
		strbuf_addf(out, ": only in run %lld\n",
			(long long)(pair->first ? comparison->first.run.id
						: comparison->second.run.id));
		return;
	}
	if (is_same_end(pair->first, pair->second)) {
		strbuf_adds(out, comparison->is_of_copies ? ": other files\n" : ": other output\n");
	} else {
		strbuf_adds(out, ": ");
		add_outcome(out, pair->first);
		strbuf_adds(out, ", then ");
		add_outcome(out, pair->second);
		strbuf_addc(out, '\n');
	}
	if (!is_same_output(pair->first, pair->second)) {
		add_output_change(pair, writer, arena);
	}
}

static void diff_text(
	const struct fleet_cmd *fleet, const struct comparison *comparison, struct strbuf *out)
{
	struct writer writer = {.out = out, .has_color = common_has_color(fleet->run->common)};
	size_t total = comparison->same + comparison->pairs_count;

	for (size_t i = 0; i < comparison->pairs_count; i++) {
		add_pair(comparison, &comparison->pairs[i], &writer, fleet->run->arena);
	}
	strbuf_addf(out, "%zu of %zu servers differ between run %lld and run %lld\n",
		comparison->pairs_count, total, (long long)comparison->first.run.id,
		(long long)comparison->second.run.id);
}

/* --- JSON --- */

static void write_side(
	struct json_writer *json, const char *key, const struct stored_run_host *host)
{
	json_write_key(json, key);
	if (!host) {
		json_write_null(json);
		return;
	}
	const struct outcome outcome = outcome_stored(host);

	json_write_object_begin(json);
	outcome_write_json(json, &outcome);
	json_field_string(json, "output_sha256", host->output_hash);
	json_field_int(json, "output_bytes", host->output_bytes);
	json_field_string(json, "excerpt", host->excerpt);
	json_write_object_end(json);
}

static void diff_json(const struct comparison *comparison, struct strbuf *out)
{
	struct json_writer json;

	json_document_begin(&json, out, "fleet diff");
	json_field_int(&json, "first", comparison->first.run.id);
	json_field_int(&json, "second", comparison->second.run.id);
	json_field_int(&json, "same", (int64_t)comparison->same);
	json_write_key(&json, "differences");
	json_write_array_begin(&json);
	for (size_t i = 0; i < comparison->pairs_count; i++) {
		const struct host_pair *pair = &comparison->pairs[i];

		json_write_object_begin(&json);
		json_field_string(
			&json, "name", pair->first ? pair->first->name : pair->second->name);
		write_side(&json, "first", pair->first);
		write_side(&json, "second", pair->second);
		json_write_object_end(&json);
	}
	json_write_array_end(&json);
	json_document_end(&json);
}

/* What a command wrote and what became of files have nothing in common. */
static int check_kinds(
	const struct fleet_cmd *fleet, struct comparison *comparison, struct err *err)
{
	bool is_copy = fleet_is_copy(fleet, &comparison->first.run);

	comparison->is_of_copies = is_copy;
	if (is_copy == fleet_is_copy(fleet, &comparison->second.run)) {
		return 0;
	}
	return err_set(err, ERR_INPUT, "run %lld was a copy, run %lld a command",
		(long long)(is_copy ? comparison->first : comparison->second).run.id,
		(long long)(is_copy ? comparison->second : comparison->first).run.id);
}

static enum exit_code fleet_diff(void *cmd)
{
	struct fleet_cmd *fleet = cmd;
	struct comparison comparison = {0};
	struct strbuf out = STRBUF_INIT;
	int64_t first = 0, second = 0;
	struct err err = {0};

	if (fleet_id_argument(fleet, 0, &first, &err) < 0 ||
		fleet_id_argument(fleet, 1, &second, &err) < 0 ||
		fleet_read_run(fleet, first, 0, &comparison.first, &err) < 0 ||
		fleet_read_run(fleet, second, 0, &comparison.second, &err) < 0 ||
		check_kinds(fleet, &comparison, &err) < 0) {
		return fleet_failed(fleet, &err);
	}
	compare(&comparison, fleet->run->arena);
	if (fleet->opts->output == FLEET_JSON) {
		diff_json(&comparison, &out);
	} else {
		diff_text(fleet, &comparison, &out);
	}
	return cmd_run_write(
		fleet->run, &out, comparison.pairs_count > 0 ? EXIT_CODE_FAILED : EXIT_CODE_OK);
}

static const char *const formats[] = {"text", "json", NULL};

static const struct doc_verb_row own_rows[] = {
	{.name = "output", .choices = formats},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit fleet diff 41 42", "what is not as it was"},
	{0},
};

const struct verb fleet_verb_diff = {
	.doc =
		{
			.name = "diff",
			.arguments = "ID1 ID2",
			.summary = "what differs between two runs",
			.description = "Server by server: how it ended then and how after that, "
				       "and which lines of what it wrote are others. Of an output "
				       "the beginning is kept, and a digest of all of it: what "
				       "differs further down is said, and not shown. Of two "
				       "copies, what became of their files.\n\n"
				       "Exit codes: 0 nothing differs; "
				       "1 something does.",
			.flags = "output store",
			.own = own_rows,
			.examples = examples,
		},
	.args_min = 2,
	.args_max = 2,
	.run = fleet_diff,
};

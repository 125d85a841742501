/*
 * Results of a copy, for people and programs.  See copy_results.h.
 */
#include "fleet/copy_results.h"

#include "base/alloc.h"
#include "base/csv_writer.h"
#include "base/json_writer.h"
#include "base/number.h"
#include "base/terminal.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "fleet/fold.h"
#include "fleet/fold_digest.h"

enum { FAILURES_SHOWN = 20 };

/* --- keeping -------------------------------------------------------------------------------- */

static const char *keep(struct copy_results *results, const char *text)
{
	return text ? arena_strdup(results->arena, text) : NULL;
}

/* What a person has to know of a file that they did not ask about. */
static bool is_remarkable(const struct copy_result *result)
{
	return result->verdict == COPY_FAILED || result->verdict == COPY_SKIPPED ||
	       result->backup || result->note;
}

void copy_results_add(struct copy_results *results, size_t host, const struct copy_result *result)
{
	struct copy_host_result *item = &results->items[host];

	item->of[result->verdict]++;
	item->bytes += result->bytes;
	if (!results->keeps_all && (!is_remarkable(result) || item->files_count > FAILURES_SHOWN)) {
		return;
	}
	*VEC_PUSH_IN(results->arena, item, files) = (struct copy_file_result){
		.verdict = result->verdict,
		.path = keep(results, result->path),
		.code = copy_result_code(result),
		.message = result->verdict == COPY_FAILED ? keep(results, result->err.msg) : NULL,
		.note = keep(results, result->note),
		.backup = keep(results, result->backup),
		.diff = keep(results, result->diff),
		.bytes = result->bytes,
	};
}

void copy_results_end(struct copy_results *results, size_t host, const struct copy_host_end *end)
{
	struct copy_host_result *item = &results->items[host];

	item->has_ended = true;
	item->outcome = end->outcome;
	item->outcome.message = keep(results, end->outcome.message);
	item->duration_ms = end->duration_ms;
	item->connect_ms = end->connect_ms;
	item->transport = end->transport;
	item->left = keep(results, end->left);
	outcome_count(&results->counts, &item->outcome);
}

/* --- text ----------------------------------------------------------------------------------- */

static const char *verdict_text(enum copy_verdict verdict, bool is_dry_run)
{
	static const char *const dry[COPY_VERDICT_MAX] = {
		[COPY_UNCHANGED] = "unchanged",
		[COPY_CREATED] = "would be created",
		[COPY_UPDATED] = "would be updated",
		[COPY_MODE] = "would get its mode",
		[COPY_SKIPPED] = "would be skipped",
		[COPY_FAILED] = "failed",
	};
	static const char *const wet[COPY_VERDICT_MAX] = {
		[COPY_UNCHANGED] = "unchanged",
		[COPY_CREATED] = "created",
		[COPY_UPDATED] = "updated",
		[COPY_MODE] = "got its mode",
		[COPY_SKIPPED] = "skipped",
		[COPY_FAILED] = "failed",
	};

	return is_dry_run ? dry[verdict] : wet[verdict];
}

/* "2 created, 3 unchanged (1.5 MiB)" */
static void add_counts(
	const struct copy_results *results, const struct copy_host_result *item, struct strbuf *out)
{
	const char *comma = "";

	for (int i = 0; i < COPY_VERDICT_MAX; i++) {
		/* What changed first, what did not change after it. */
		enum copy_verdict verdict = (enum copy_verdict)((i + 1) % COPY_VERDICT_MAX);

		if (item->of[verdict] > 0) {
			strbuf_addf(out, "%s%zu %s", comma, item->of[verdict],
				verdict_text(verdict, results->is_dry_run));
			comma = ", ";
		}
	}
	if (item->bytes > 0) {
		strbuf_adds(out, " (");
		number_add_bytes(out, item->bytes);
		strbuf_addc(out, ')');
	}
}

static enum color color_of(enum copy_verdict verdict)
{
	switch (verdict) {
	case COPY_UNCHANGED:
		return COLOR_DIM;
	case COPY_CREATED:
	case COPY_UPDATED:
	case COPY_MODE:
		return COLOR_GREEN;
	case COPY_SKIPPED:
		return COLOR_YELLOW;
	case COPY_FAILED:
		return COLOR_RED;
	case COPY_VERDICT_MAX:
		break;
	}
	return COLOR_NONE;
}

static void add_diff(const char *diff, bool has_color, struct strbuf *out)
{
	struct str rest = str_of(diff), line;

	while (rest.len > 0 && str_line(&rest, &line)) {
		enum color color = str_starts(line, "+")   ? COLOR_GREEN
				   : str_starts(line, "-") ? COLOR_RED
				   : str_starts(line, "@") ? COLOR_CYAN
							   : COLOR_NONE;

		strbuf_adds(out, "    ");
		color_add(out, has_color, color, line);
		strbuf_addc(out, '\n');
	}
}

/* "  updated  /etc/app.conf, before: /etc/app.conf~" */
static void add_file(const struct copy_results *results, const struct copy_file_result *file,
	bool has_color, struct strbuf *out)
{
	strbuf_adds(out, "  ");
	color_add(out, has_color, color_of(file->verdict),
		str_of(verdict_text(file->verdict, results->is_dry_run)));
	strbuf_adds(out, "  ");
	utf8_add_escaped(out, str_of(file->path), 0);
	if (file->backup) {
		strbuf_adds(out, ", before: ");
		utf8_add_escaped(out, str_of(file->backup), 0);
	}
	if (file->message || file->note) {
		strbuf_adds(out, ": ");
		utf8_add_escaped(out, str_of(file->message ? file->message : file->note), 0);
	}
	strbuf_addc(out, '\n');
	if (file->diff) {
		add_diff(file->diff, has_color, out);
	}
}

static bool is_worth_a_line(const struct copy_file_result *file, bool is_verbose)
{
	return is_verbose || file->verdict == COPY_FAILED || file->verdict == COPY_SKIPPED ||
	       file->backup || file->note;
}

static void add_files(const struct copy_results *results, const struct copy_host_result *item,
	bool has_color, bool is_verbose, struct strbuf *out)
{
	size_t shown = 0;

	for (size_t i = 0; i < item->files_count; i++) {
		if (!is_worth_a_line(&item->files[i], is_verbose)) {
			continue;
		}
		if (!is_verbose && shown++ == FAILURES_SHOWN) {
			strbuf_adds(out, "  and more; -v shows all of them\n");
			break;
		}
		add_file(results, &item->files[i], has_color, out);
	}
}

static size_t count_of(const struct copy_host_result *item)
{
	size_t count = 0;

	for (int i = 0; i < COPY_VERDICT_MAX; i++) {
		count += item->of[i];
	}
	return count;
}

/* A single file that failed is told by the line of the host. */
static bool is_told(const struct copy_host_result *item)
{
	return item->outcome.kind == OUTCOME_EXIT && count_of(item) == 1;
}

static void add_host_line(const struct copy_results *results, const struct copy_host_result *item,
	bool has_color, struct strbuf *out)
{
	const struct outcome *outcome = &item->outcome;
	bool is_ok = outcome->kind == OUTCOME_OK;

	outcome_add_line(out, has_color, str_of(item->name), outcome);
	if (is_ok) {
		strbuf_adds(out, count_of(item) > 0 ? ": " : ": nothing to copy");
	}
	if (count_of(item) > 0 && !is_told(item)) {
		strbuf_adds(out, is_ok ? "" : "; ");
		add_counts(results, item, out);
	}
	strbuf_addc(out, '\n');
}

static void add_left(
	const struct copy_results *results, const struct copy_host_result *item, struct strbuf *out)
{
	if (item->left) {
		strbuf_addf(out, "  left behind %s%s: %s\n", results->is_pull ? "here" : "on ",
			results->is_pull ? "" : item->name, item->left);
	}
}

void copy_result_add_text(const struct copy_results *results, const struct copy_host_result *item,
	bool has_color, bool is_verbose, struct strbuf *out)
{
	add_host_line(results, item, has_color, out);
	if (!is_told(item) || is_verbose) {
		add_files(results, item, has_color, is_verbose, out);
	}
	add_left(results, item, out);
}

void copy_result_add_story(
	const struct copy_results *results, const struct copy_host_result *item, struct strbuf *out)
{
	if (count_of(item) > 0) {
		add_counts(results, item, out);
		strbuf_addc(out, '\n');
	}
	add_files(results, item, false, false, out);
	add_left(results, item, out);
}

/* Text for people, so that colours are not escaped again: groups are shown here, not by fold.h. */
void copy_results_add_folded(const struct copy_results *results, bool has_color, struct strbuf *out)
{
	struct fold_item *items =
		arena_calloc(results->arena, results->items_count + 1, sizeof(*items));
	struct fold_groups groups = {0};
	size_t count = 0;

	for (size_t i = 0; i < results->items_count; i++) {
		const struct copy_host_result *item = &results->items[i];
		struct strbuf text = STRBUF_INIT;

		add_files(results, item, has_color, true, &text);
		if (text.len > 0) {
			items[count++] = (struct fold_item){
				.name = str_of(item->name),
				.key = fold_digest_text(strbuf_str(&text)),
				.text = str_of(str_dup(strbuf_str(&text), results->arena)),
			};
		}
		strbuf_release(&text);
	}
	fold_items(items, count, results->arena, &groups);
	for (size_t i = 0; i < groups.items_count; i++) {
		color_add(out, has_color, COLOR_BOLD, str_of(groups.items[i].names));
		strbuf_addf(out, " (%zu)\n", groups.items[i].count);
		strbuf_addstr(out, groups.items[i].item->text);
	}
}

void copy_results_add_summary(const struct copy_results *results, struct strbuf *out)
{
	const struct outcome_counts *counts = &results->counts;
	size_t failed = counts->of[OUTCOME_EXIT];
	const char *comma = ": ";

	strbuf_addf(out, "%zu/%zu %s %s", counts->of[OUTCOME_OK], counts->total,
		counts->total == 1 ? "server" : "servers",
		results->is_dry_run ? "looked at, nothing changed" : "copied successfully");
	for (int kind = 0; kind < OUTCOME_KIND_MAX; kind++) {
		if (kind != OUTCOME_OK && kind != OUTCOME_EXIT && counts->of[kind] > 0) {
			strbuf_addf(out, "%s%zu %s", comma, counts->of[kind],
				outcome_kind_words((enum outcome_kind)kind));
			comma = ", ";
		}
	}
	if (failed > 0) {
		strbuf_addf(out, "%s%zu failed", comma, failed);
	}
	strbuf_addc(out, '\n');
}

/* --- programs ------------------------------------------------------------------------------- */

static double seconds(int64_t ms)
{
	return (double)ms / 1000;
}

static const char *outcome_name(const struct outcome *outcome)
{
	return outcome->kind == OUTCOME_EXIT ? "failed" : outcome_kind_name(outcome->kind);
}

/* The cause; of a failure without one that of the first file. */
static const char *code_of(const struct copy_host_result *item)
{
	bool has_failed = item->outcome.kind == OUTCOME_EXIT;

	for (size_t i = 0; has_failed && i < item->files_count; i++) {
		if (item->outcome.cause == CAUSE_NONE && item->files[i].verdict == COPY_FAILED) {
			return item->files[i].code;
		}
	}
	return has_failed && item->outcome.cause == CAUSE_NONE ? outcome_name(&item->outcome)
							       : outcome_code(&item->outcome);
}

/* In words, as for any run; NULL: all is well. */
static const char *message_of(const struct copy_host_result *item, struct strbuf *text)
{
	if (item->outcome.kind == OUTCOME_OK) {
		return NULL;
	}
	outcome_add_text(text, &item->outcome);
	return text->buf;
}

static void write_file(struct json_writer *json, const struct copy_file_result *file)
{
	json_write_object_begin(json);
	json_field_string(json, "path", file->path);
	json_field_string(json, "verdict", copy_verdict_name(file->verdict));
	json_field_string(json, "code", file->code);
	json_field_string(json, "message", file->message ? file->message : file->note);
	json_field_int(json, "bytes", (int64_t)file->bytes);
	json_field_string(json, "backup", file->backup);
	if (file->diff) {
		json_field_string(json, "diff", file->diff);
	}
	json_write_object_end(json);
}

static void write_result(struct json_writer *json, const struct copy_host_result *item)
{
	_cleanup_(strbuf_release) struct strbuf message = STRBUF_INIT;

	json_write_object_begin(json);
	json_field_string(json, "name", item->name);
	json_field_string(json, "outcome", outcome_name(&item->outcome));
	json_field_bool(json, "success", item->outcome.kind == OUTCOME_OK);
	json_field_string(json, "code", code_of(item));
	json_field_string(json, "clock",
		item->outcome.kind == OUTCOME_TIMEOUT ? outcome_clock_name(item->outcome.clock)
						      : NULL);
	json_field_string(json, "message", message_of(item, &message));
	json_field_double(json, "duration_seconds", seconds(item->duration_ms));
	json_field_int(json, "bytes", (int64_t)item->bytes);
	json_write_key(json, "counts");
	json_write_object_begin(json);
	for (int i = 0; i < COPY_VERDICT_MAX; i++) {
		json_field_int(json, copy_verdict_name((enum copy_verdict)i), (int64_t)item->of[i]);
	}
	json_write_object_end(json);
	json_field_string(json, "left_behind", item->left);
	json_field_string(json, "transport",
		item->transport == SSH_TRANSPORT_AUTO ? NULL : ssh_transport_name(item->transport));
	json_write_key(json, "files");
	json_write_array_begin(json);
	for (size_t i = 0; i < item->files_count; i++) {
		write_file(json, &item->files[i]);
	}
	json_write_array_end(json);
	json_write_object_end(json);
}

static void write_counts(struct json_writer *json, const struct outcome_counts *counts)
{
	json_write_object_begin(json);
	json_field_int(json, "total", (int64_t)counts->total);
	for (int kind = 0; kind < OUTCOME_KIND_MAX; kind++) {
		const struct outcome outcome = {.kind = (enum outcome_kind)kind};

		if (kind != OUTCOME_SIGNAL) {
			json_field_int(json, outcome_name(&outcome), (int64_t)counts->of[kind]);
		}
	}
	json_write_object_end(json);
}

void copy_results_write_json(const struct copy_results *results, struct strbuf *out)
{
	struct json_writer json;

	json_writer_init(&json, out, true);
	json_write_object_begin(&json);
	json_field_int(&json, "schema", 1);
	json_field_string(&json, "command", "copy");
	json_field_string(&json, "direction", results->is_pull ? "pull" : "push");
	json_write_key(&json, "sources");
	json_write_array_begin(&json);
	for (size_t i = 0; i < results->sources_count; i++) {
		json_write_string(&json, results->sources[i]);
	}
	json_write_array_end(&json);
	json_field_string(&json, "destination", results->destination);
	json_field_bool(&json, "dry_run", results->is_dry_run);
	json_field_time(&json, "started", results->started_wall_ms);
	json_field_double(&json, "duration_seconds", seconds(results->duration_ms));
	json_write_key(&json, "summary");
	write_counts(&json, &results->counts);
	json_write_key(&json, "results");
	json_write_array_begin(&json);
	for (size_t i = 0; i < results->items_count; i++) {
		write_result(&json, &results->items[i]);
	}
	json_write_array_end(&json);
	json_write_object_end(&json);
	strbuf_addc(out, '\n');
}

void copy_result_add_jsonl(
	const struct copy_results *results, const struct copy_host_result *item, struct strbuf *out)
{
	struct json_writer json;

	(void)results;
	json_writer_init(&json, out, false);
	write_result(&json, item);
	strbuf_addc(out, '\n');
}

void copy_results_write_csv(const struct copy_results *results, struct strbuf *out)
{
	static const char *const names[] = {
		"name", "outcome", "success", "code", "message", "duration_seconds", "bytes"};
	struct csv_writer csv;

	csv_writer_init(&csv, out);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		csv_write_string(&csv, names[i]);
	}
	for (int i = 0; i < COPY_VERDICT_MAX; i++) {
		csv_write_string(&csv, copy_verdict_name((enum copy_verdict)i));
	}
	csv_end_row(&csv);
	for (size_t i = 0; i < results->items_count; i++) {
		const struct copy_host_result *item = &results->items[i];
		_cleanup_(strbuf_release) struct strbuf message = STRBUF_INIT;

		csv_write_string(&csv, item->name);
		csv_write_string(&csv, outcome_name(&item->outcome));
		csv_write_bool(&csv, item->outcome.kind == OUTCOME_OK);
		csv_write_string(&csv, code_of(item));
		csv_write_string(&csv, message_of(item, &message));
		csv_write_double(&csv, seconds(item->duration_ms));
		csv_write_int(&csv, (int64_t)item->bytes);
		for (int verdict = 0; verdict < COPY_VERDICT_MAX; verdict++) {
			csv_write_int(&csv, (int64_t)item->of[verdict]);
		}
		csv_end_row(&csv);
	}
}

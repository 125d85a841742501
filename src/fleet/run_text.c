/*
 * Results for people.  See run_results.h.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/terminal.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "conf/nodeset.h"
#include "fleet/fold.h"
#include "fleet/run_results.h"

/* Neighbours in a selection are told apart. */
static const enum color host_colors[] = {
	COLOR_CYAN, COLOR_YELLOW, COLOR_GREEN, COLOR_MAGENTA, COLOR_BLUE};

void run_add_live_line(struct strbuf *out, bool has_color, size_t host, const char *name,
	enum ssh_stream stream, struct str line, enum line_end end)
{
	color_add(out, has_color, host_colors[host % ARRAY_LEN(host_colors)], str_of(name));
	if (stream == SSH_STREAM_STDERR) {
		strbuf_addc(out, ' ');
		color_add(out, has_color, COLOR_RED, str_of("(stderr)"));
	}
	strbuf_adds(out, line.len > 0 ? ": " : ":");
	utf8_add_escaped(out, line, 0);
	if (end == LINE_SPLIT) {
		color_add(out, has_color, COLOR_DIM, str_of("..."));
	}
	strbuf_addc(out, '\n');
}

/* --- The end of each --- */

/* What is to be known of one that ended, besides how. */
static void add_remark(const struct run_result *result, struct strbuf *out)
{
	if (result->was_left_open) {
		strbuf_adds(out, " (a child goes on)");
	}
}

static void add_line(
	struct strbuf *out, bool has_color, struct str name, const struct run_result *result)
{
	outcome_add_line(out, has_color, name, &result->outcome);
	add_remark(result, out);
	strbuf_addc(out, '\n');
}

static void add_lines(const struct run_results *results, bool has_color, struct strbuf *out)
{
	for (size_t i = 0; i < results->items_count; i++) {
		const struct run_result *result = &results->items[i];

		add_line(out, has_color, str_of(result->name), result);
	}
}

/* Hosts that ended alike. */
struct alike {
	const struct run_result *first;
	struct nodeset names;
};

struct groups {
	struct alike **items;
	size_t items_count, items_alloc;
};

static void add_folded_lines(const struct run_results *results, bool has_color, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct arena *arena = arena_new();
	struct map *by_text = map_new(MAP_KEYS_COPIED);
	struct groups groups = {0};

	for (size_t i = 0; i < results->items_count; i++) {
		const struct run_result *result = &results->items[i];
		struct alike *alike;

		strbuf_clear(&text);
		outcome_add_text(&text, &result->outcome);
		add_remark(result, &text);
		alike = map_get(by_text, strbuf_str(&text));
		if (!alike) {
			alike = arena_alloc(arena, sizeof(*alike));
			alike->first = result;
			nodeset_init(&alike->names, arena);
			map_set(by_text, strbuf_str(&text), alike);
			*VEC_PUSH_IN(arena, &groups, items) = alike;
		}
		(void)nodeset_add(&alike->names, str_of(result->name)); /* each is new */
	}
	for (size_t i = 0; i < groups.items_count; i++) {
		const struct alike *alike = groups.items[i];

		add_line(out, has_color, str_of(nodeset_fold(&alike->names, arena)), alike->first);
	}
	map_free(by_text);
	arena_free(arena);
}

static void add_proven(const struct run_results *results, struct strbuf *out)
{
	const struct outcome_counts *counts = &results->counts;

	strbuf_addf(out, "%zu/%zu servers: logged in%s%s; nothing was run", counts->of[OUTCOME_OK],
		counts->total, results->has_sudo ? ", sudo proven" : "",
		results->has_directory ? ", directory entered" : "");
}

void run_results_add_text(
	const struct run_results *results, const struct run_style *style, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf others = STRBUF_INIT;

	(style->is_folded ? add_folded_lines : add_lines)(results, style->has_color, out);
	if (results->is_rehearsal) {
		add_proven(results, out);
	} else {
		outcome_add_summary(out, &results->counts);
	}
	outcome_add_others(&others, &results->counts);
	if (others.len > 0) {
		strbuf_addf(out, " (%s)", others.buf);
	}
	strbuf_addc(out, '\n');
}

/* --- Folded outputs --- */

struct folding {
	struct fold_item *items;
	const struct run_result **results; /* of each item */
	struct strbuf *labels;             /* how it ended, unless well */
	size_t count;
};

static void add_item(struct folding *folding, const struct run_result *result, bool is_masked)
{
	struct strbuf *label = &folding->labels[folding->count];

	strbuf_init(label, 0);
	if (result->outcome.kind != OUTCOME_OK) {
		outcome_add_text(label, &result->outcome);
	}
	folding->results[folding->count] = result;
	folding->items[folding->count++] = (struct fold_item){
		.name = str_of(result->name),
		.key = is_masked ? *host_output_masked_key(result->output)
				 : *host_output_key(result->output),
		.label = label->len > 0 ? label->buf : NULL,
		.text = str_of(""),
		.is_cut = host_output_left_out(result->output) > 0,
	};
}

static void folding_release(struct folding *folding)
{
	for (size_t i = 0; i < folding->count; i++) {
		strbuf_release(&folding->labels[i]);
	}
	free(folding->items);
	free(folding->results);
	free(folding->labels);
}

/* Only the output that stands for its group is needed as a text. */
static void set_texts(
	struct folding *folding, const struct fold_groups *groups, struct strbuf *texts)
{
	for (size_t i = 0; i < groups->items_count; i++) {
		size_t at = (size_t)(groups->items[i].item - folding->items);

		strbuf_init(&texts[i], 0);
		host_output_add_both(folding->results[at]->output, &texts[i]);
		folding->items[at].text = strbuf_str(&texts[i]);
	}
}

void run_results_add_folded(
	const struct run_results *results, bool has_color, bool is_masked, struct strbuf *out)
{
	const struct fold_style style = {
		.has_color = has_color, .is_smart = is_masked, .context = 1};
	struct folding folding = {
		.items = xcalloc(results->items_count, sizeof(*folding.items)),
		.results = xcalloc(results->items_count, sizeof(*folding.results)),
		.labels = xcalloc(results->items_count, sizeof(*folding.labels)),
	};
	struct arena *arena = arena_new();
	struct fold_groups groups = {0};
	struct strbuf *texts;

	for (size_t i = 0; i < results->items_count; i++) {
		if (results->items[i].output) {
			add_item(&folding, &results->items[i], is_masked);
		}
	}
	fold_items(folding.items, folding.count, arena, &groups);
	texts = xcalloc(groups.items_count, sizeof(*texts));
	set_texts(&folding, &groups, texts);
	fold_add_text(out, &groups, &style);
	for (size_t i = 0; i < groups.items_count; i++) {
		strbuf_release(&texts[i]);
	}
	free(texts);
	arena_free(arena);
	folding_release(&folding);
}

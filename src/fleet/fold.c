/*
 * Grouping by key, and groups as text.  See fold.h.
 */
#include "fleet/fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "base/terminal.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "conf/nodeset.h"
#include "fleet/line_assembler.h"
#include "fleet/line_diff.h"

/* --- Grouping --- */

struct gathering {
	struct nodeset names;
	struct strbuf others; /* names that no node set can hold */
	size_t count;
	const struct fold_item *item;
};

static struct str group_key(const struct fold_item *item, struct arena *arena)
{
	return str_of(arena_printf(arena, "%s %s", item->key.text, item->label ? item->label : ""));
}

static void add_name(struct gathering *gathering, struct str name)
{
	if (nodeset_check_server(name, NULL) == 0) {
		(void)nodeset_add(&gathering->names, name);
	} else {
		if (gathering->others.len > 0) {
			strbuf_addc(&gathering->others, ',');
		}
		utf8_add_escaped(&gathering->others, name, 0);
	}
	gathering->count++;
}

static struct map *gather(const struct fold_item *items, size_t count, struct arena *arena)
{
	struct map *gatherings = map_new(MAP_KEYS_BORROWED);

	for (size_t i = 0; i < count; i++) {
		struct str key = group_key(&items[i], arena);
		struct gathering *gathering = map_get(gatherings, key);

		if (!gathering) {
			gathering = arena_alloc(arena, sizeof(*gathering));
			nodeset_init(&gathering->names, arena);
			strbuf_init(&gathering->others, 0);
			gathering->item = &items[i];
			(void)map_set(gatherings, key, gathering);
		}
		add_name(gathering, items[i].name);
	}
	return gatherings;
}

static const char *fold_names(const struct gathering *gathering, struct arena *arena)
{
	const char *folded = nodeset_fold(&gathering->names, arena);
	const char *between = *folded && gathering->others.len > 0 ? "," : "";

	return arena_printf(arena, "%s%s%s", folded, between, gathering->others.buf);
}

static int compare_groups(const void *first, const void *second)
{
	const struct fold_group *a = first;
	const struct fold_group *b = second;

	if (a->count != b->count) {
		return a->count > b->count ? -1 : 1;
	}
	return a->item < b->item ? -1 : 1;
}

void fold_items(const struct fold_item *items, size_t count, struct arena *arena,
	struct fold_groups *ret_groups)
{
	struct map *gatherings = gather(items, count, arena);
	struct fold_groups groups = {.total = count};
	void *value;

	for (size_t pos = 0; map_next(gatherings, &pos, NULL, &value);) {
		struct gathering *gathering = value;

		*VEC_PUSH_IN(arena, &groups, items) =
			(struct fold_group){.names = fold_names(gathering, arena),
				.count = gathering->count,
				.item = gathering->item};
		strbuf_release(&gathering->others);
	}
	map_free(gatherings);
	if (groups.items_count > 1) {
		qsort(groups.items, groups.items_count, sizeof(struct fold_group), compare_groups);
	}
	*ret_groups = groups;
}

/* --- Lines --- */

struct lines {
	struct arena *arena;
	const struct fold_mask *mask; /* NULL: none */
	struct str *keys;
	size_t keys_count, keys_alloc;
	struct str *shown;
	size_t shown_count, shown_alloc;
	bool is_masked; /* some of what is shown is */
};

static void add_line(void *arg, struct str line, enum line_end end)
{
	struct lines *lines = arg;
	struct strbuf masked = STRBUF_INIT;
	struct str copy = str_n(arena_strndup(lines->arena, line.ptr, line.len), line.len);

	(void)end;
	*VEC_PUSH_IN(lines->arena, lines, shown) = copy;
	if (lines->mask) {
		fold_mask_add(lines->mask, line, &masked);
		lines->is_masked |= !str_eq(line, strbuf_str(&masked));
		copy = str_n(arena_strndup(lines->arena, masked.buf, masked.len), masked.len);
	}
	*VEC_PUSH_IN(lines->arena, lines, keys) = copy;
	strbuf_release(&masked);
}

static struct lines lines_of(const struct fold_item *item, bool is_smart, struct arena *arena)
{
	const struct fold_mask mask = fold_mask_of(item->name);
	struct lines lines = {.arena = arena, .mask = is_smart ? &mask : NULL};
	struct line_assembler assembler;

	line_assembler_init(&assembler, 0, add_line, &lines);
	line_assembler_add(&assembler, item->text);
	line_assembler_flush(&assembler);
	line_assembler_release(&assembler);
	lines.mask = NULL;
	return lines;
}

/* --- Text --- */

struct writer {
	struct strbuf *out;
	const struct fold_style *style;
	size_t lines; /* of a difference */
};

static void write_line(
	const struct writer *writer, enum color color, const char *before, struct str line)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, before);
	utf8_add_escaped(&text, line, 0);
	if (text.len > 0) {
		strbuf_adds(writer->out, "  ");
		color_add(writer->out, writer->style->has_color, color, strbuf_str(&text));
	}
	strbuf_addc(writer->out, '\n');
	strbuf_release(&text);
}

static void write_difference(void *arg, enum line_change change, struct str line)
{
	static const struct {
		const char *before;
		enum color color;
	} looks[] = {
		[LINE_SAME] = {" ", COLOR_NONE},
		[LINE_REMOVED] = {"-", COLOR_RED},
		[LINE_ADDED] = {"+", COLOR_GREEN},
		[LINE_HEADER] = {"", COLOR_CYAN},
	};
	struct writer *writer = arg;

	writer->lines++;
	write_line(writer, looks[change].color, looks[change].before, line);
}

/* `is_sample`: what is shown is so on the first of them, and need not be on the others. */
static void write_header(const struct writer *writer, const struct fold_group *group,
	const char *majority, bool is_sample)
{
	struct strbuf text = STRBUF_INIT;

	color_add(writer->out, writer->style->has_color, COLOR_BOLD, str_of(group->names));
	strbuf_addf(
		writer->out, " (%zu %s)", group->count, group->count == 1 ? "server" : "servers");
	if (group->item->label) {
		strbuf_adds(writer->out, ", ");
		utf8_add_escaped(&text, str_of(group->item->label), 0);
		color_add(writer->out, writer->style->has_color, COLOR_RED, strbuf_str(&text));
	}
	if (majority) {
		strbuf_addf(writer->out, ", differs from %s", majority);
	}
	if (is_sample && group->count > 1) {
		strbuf_adds(writer->out, ", as on ");
		utf8_add_escaped(writer->out, group->item->name, 0);
		strbuf_adds(writer->out, " (own names, addresses, pids, times may differ)");
	}
	strbuf_adds(writer->out, ":\n");
	strbuf_release(&text);
}

static void write_whole(
	const struct writer *writer, const struct fold_group *group, const struct lines *lines)
{
	write_header(writer, group, NULL, lines->is_masked);
	if (lines->shown_count == 0) {
		write_line(writer, COLOR_DIM, "", str_of("(no output)"));
	}
	for (size_t i = 0; i < lines->shown_count; i++) {
		write_line(writer, COLOR_NONE, "", lines->shown[i]);
	}
}

static const char *why_no_lines(const struct fold_group *group, const struct fold_group *majority)
{
	if (strcmp(group->item->key.text, majority->item->key.text) == 0) {
		return "(the same output, but it ended otherwise)";
	}
	return group->item->is_cut || majority->item->is_cut
		       ? "(only in what was left out)"
		       : "(the same lines, but for the end of the last one)";
}

/* False when the whole is no longer than the difference, or there is too much of that. */
static bool write_odd(const struct writer *writer, const struct fold_group *majority,
	const struct fold_group *group, const struct lines *usual, const struct lines *odd)
{
	const struct line_diff_text first = {usual->keys, usual->shown, usual->keys_count};
	const struct line_diff_text second = {odd->keys, odd->shown, odd->keys_count};
	struct strbuf text = STRBUF_INIT;
	struct writer differences = {.out = &text, .style = writer->style};
	bool is_shorter = line_diff(&first, &second, writer->style->context, write_difference,
				  &differences) &&
			  differences.lines <= odd->shown_count;

	if (is_shorter) {
		write_header(writer, group, majority->names, odd->is_masked);
		strbuf_addstr(writer->out, strbuf_str(&text));
	}
	if (is_shorter && differences.lines == 0) {
		write_line(writer, COLOR_DIM, "", str_of(why_no_lines(group, majority)));
	}
	strbuf_release(&text);
	return is_shorter;
}

void fold_add_text(
	struct strbuf *out, const struct fold_groups *groups, const struct fold_style *style)
{
	const struct writer writer = {.out = out, .style = style};
	struct arena *usual_arena = arena_new();
	struct lines usual = {0};
	bool has_majority = style->is_smart && groups->items_count > 0 &&
			    groups->items[0].count * 2 > groups->total;

	for (size_t i = 0; i < groups->items_count; i++) {
		const struct fold_group *group = &groups->items[i];
		struct arena *arena = arena_new();
		struct lines lines =
			lines_of(group->item, style->is_smart, i == 0 ? usual_arena : arena);

		if (i == 0) {
			usual = lines;
		}
		if (i == 0 || !has_majority ||
			!write_odd(&writer, &groups->items[0], group, &usual, &lines)) {
			write_whole(&writer, group, &lines);
		}
		arena_free(arena);
	}
	arena_free(usual_arena);
}

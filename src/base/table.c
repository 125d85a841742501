/*
 * Laying out a table: the natural width of each column first; if the terminal is too narrow, the
 * flexible column gives way down to its share of it, and then always the widest of all that can.
 * See table.h.
 */
#include "base/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/vec.h"

enum {
	GAP = 2,
	FLEX_MIN_WIDTH = 20, /* of the flexible column, in the end */
	LEFT_MIN_WIDTH = 8,  /* of a column that is cut */
};

static const char ellipsis[] = "\xe2\x80\xa6";

struct cell {
	struct str text; /* escaped; in the arena */
	enum color color;
	int width;
};

struct line {
	struct cell *cells; /* a row's, as many as there are columns; NULL: a note */
	struct cell note;
	int indent;
};

struct table {
	struct arena *arena;
	const struct table_column *columns;
	size_t columns_count;
	struct line *lines;
	size_t lines_count, lines_alloc;
	size_t cells_count; /* of the last row */
};

struct table *table_new(const struct table_column *columns, size_t count)
{
	struct table *table = xcalloc(1, sizeof(*table));
	size_t flexible = 0;

	for (size_t i = 0; i < count; i++) {
		flexible += columns[i].kind == TABLE_CUT || columns[i].kind == TABLE_WRAP;
	}
	assert(count > 0 && flexible <= 1);
	table->arena = arena_new();
	table->columns = columns;
	table->columns_count = count;
	return table;
}

void table_free(struct table *table)
{
	if (table) {
		arena_free(table->arena);
		free(table->lines);
		free(table);
	}
}

void table_freep(struct table **table)
{
	table_free(*table);
}

static struct cell cell_of(struct table *table, enum color color, struct str text)
{
	_cleanup_(strbuf_release) struct strbuf safe = STRBUF_INIT;

	utf8_add_escaped(&safe, text, 0);
	return (struct cell){
		.text = str_n(arena_strndup(table->arena, safe.buf, safe.len), safe.len),
		.color = color,
		.width = utf8_str_width(strbuf_str(&safe)),
	};
}

void table_row(struct table *table)
{
	struct line *line = VEC_PUSH(table, lines);

	line->cells = arena_calloc(table->arena, table->columns_count, sizeof(*line->cells));
	for (size_t i = 0; i < table->columns_count; i++) {
		line->cells[i].text = str_n("", 0);
	}
	table->cells_count = 0;
}

void table_cell(struct table *table, enum color color, struct str text)
{
	assert(table->lines_count > 0 && table->cells_count < table->columns_count);

	struct line *line = &table->lines[table->lines_count - 1];

	assert(line->cells);
	line->cells[table->cells_count++] = cell_of(table, color, text);
}

void table_cellf(struct table *table, enum color color, const char *fmt, ...)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	table_cell(table, color, strbuf_str(&text));
}

void table_note(struct table *table, int indent, enum color color, struct str text)
{
	struct line *line = VEC_PUSH(table, lines);

	line->note = cell_of(table, color, text);
	line->indent = indent;
}

/* A table while it is being written. */
struct layout {
	const struct table *table;
	struct strbuf *out;
	bool has_color;
	int width;   /* 0: any */
	int *widths; /* of the columns */
};

static int max(int a, int b)
{
	return a > b ? a : b;
}

static int min(int a, int b)
{
	return a < b ? a : b;
}

static int heading_width(const struct table_column *column)
{
	return column->heading ? utf8_str_width(str_of(column->heading)) : 0;
}

static void measure(struct layout *layout)
{
	const struct table *table = layout->table;

	for (size_t i = 0; i < table->columns_count; i++) {
		const struct table_column *column = &table->columns[i];

		layout->widths[i] = max(column->min_width, heading_width(column));
	}
	for (size_t i = 0; i < table->lines_count; i++) {
		const struct cell *cells = table->lines[i].cells;

		for (size_t j = 0; cells && j < table->columns_count; j++) {
			layout->widths[j] = max(layout->widths[j], cells[j].width);
		}
	}
}

/* By how many columns the table is too wide; not positive: it fits. */
static int excess(const struct layout *layout)
{
	int total = GAP * ((int)layout->table->columns_count - 1);

	for (size_t i = 0; i < layout->table->columns_count; i++) {
		total += layout->widths[i];
	}
	return total - layout->width;
}

/* How narrow a column may become in the end; as wide as it is, if it gives nothing. */
static int narrowest(const struct layout *layout, size_t index)
{
	const struct table_column *column = &layout->table->columns[index];
	int least = column->kind == TABLE_LEFT ? LEFT_MIN_WIDTH : FLEX_MIN_WIDTH;

	least = max(least, max(column->min_width, heading_width(column)));
	if (column->kind == TABLE_RIGHT || least > layout->widths[index]) {
		return layout->widths[index];
	}
	return least;
}

static void narrow(struct layout *layout, size_t index, int by)
{
	layout->widths[index] = max(layout->widths[index] - by, narrowest(layout, index));
}

/* What the flexible column keeps of the terminal, before others have to give way too. */
static int fair_share(const struct layout *layout)
{
	return layout->width * 2 / 5;
}

/* The widest column that can still give something; the number of columns if there is none. */
static size_t widest(const struct layout *layout)
{
	size_t found = layout->table->columns_count;

	for (size_t i = 0; i < layout->table->columns_count; i++) {
		bool gives = layout->widths[i] > narrowest(layout, i);

		if (gives && (found == layout->table->columns_count ||
				     layout->widths[i] > layout->widths[found])) {
			found = i;
		}
	}
	return found;
}

static void fit(struct layout *layout)
{
	const struct table *table = layout->table;

	for (size_t i = 0; i < table->columns_count; i++) {
		bool is_flexible =
			table->columns[i].kind == TABLE_CUT || table->columns[i].kind == TABLE_WRAP;

		if (is_flexible && excess(layout) > 0) {
			int spare = layout->widths[i] - fair_share(layout);

			narrow(layout, i, min(excess(layout), max(spare, 0)));
		}
	}
	while (excess(layout) > 0) {
		size_t index = widest(layout);

		if (index == table->columns_count) {
			return; /* as narrow as it gets; the terminal breaks the lines */
		}
		narrow(layout, index, 1);
	}
}

static void add_cut(struct layout *layout, const struct cell *cell, int width)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_addstr(&text, utf8_cut(cell->text, width - 1));
	strbuf_rtrim(&text);
	strbuf_adds(&text, ellipsis);
	color_add(layout->out, layout->has_color, cell->color, strbuf_str(&text));
	strbuf_addn(layout->out, ' ', (size_t)max(0, width - utf8_str_width(strbuf_str(&text))));
	strbuf_release(&text);
}

static void add_padded(struct layout *layout, const struct cell *cell, int width, bool is_right)
{
	size_t padding = (size_t)max(0, width - cell->width);

	strbuf_addn(layout->out, ' ', is_right ? padding : 0);
	color_add(layout->out, layout->has_color, cell->color, cell->text);
	strbuf_addn(layout->out, ' ', is_right ? 0 : padding);
}

/* Cells that are left of the wrapping one leave the same room in each of its lines. */
static int indent_of(const struct layout *layout, size_t index)
{
	int indent = 0;

	for (size_t i = 0; i < index; i++) {
		indent += layout->widths[i] + GAP;
	}
	return indent;
}

static void end_line(struct layout *layout)
{
	struct strbuf *out = layout->out;

	while (out->len > 0 && out->buf[out->len - 1] == ' ') {
		strbuf_truncate(out, out->len - 1);
	}
	strbuf_addc(out, '\n');
}

static void add_wrapped(
	struct layout *layout, int indent, int width, enum color color, struct str text)
{
	struct str line;

	while (utf8_wrap(&text, width, &line)) {
		strbuf_addn(layout->out, ' ', (size_t)indent);
		color_add(layout->out, layout->has_color, color, line);
		end_line(layout);
	}
}

static void write_row(struct layout *layout, const struct cell *cells)
{
	const struct table *table = layout->table;
	struct str rest = str_n("", 0); /* of the wrapping cell */
	size_t wrapped = 0;

	for (size_t i = 0; i < table->columns_count; i++) {
		enum table_column_kind kind = table->columns[i].kind;
		struct cell cell = cells[i];
		int width = layout->widths[i];

		if (kind == TABLE_WRAP && cell.width > width) {
			rest = cell.text;
			wrapped = i;
			(void)utf8_wrap(&rest, width, &cell.text); /* there is something */
			cell.width = utf8_str_width(cell.text);
		}
		strbuf_addn(layout->out, ' ', i > 0 ? GAP : 0);
		if (cell.width > width) {
			add_cut(layout, &cell, width);
		} else {
			add_padded(layout, &cell, width, kind == TABLE_RIGHT);
		}
	}
	end_line(layout);
	add_wrapped(layout, indent_of(layout, wrapped), layout->widths[wrapped],
		cells[wrapped].color, rest);
}

static void write_note(struct layout *layout, const struct line *line)
{
	int width = max(layout->width - line->indent, FLEX_MIN_WIDTH);

	if (layout->width == 0) {
		width = max(line->note.width, 1);
	}
	add_wrapped(layout, line->indent, width, line->note.color, line->note.text);
}

static void write_heading(struct layout *layout)
{
	const struct table *table = layout->table;
	struct cell *cells = xcalloc(table->columns_count, sizeof(*cells));
	bool has_any = false;

	for (size_t i = 0; i < table->columns_count; i++) {
		const char *heading = table->columns[i].heading;

		has_any |= heading != NULL;
		cells[i] = (struct cell){
			.text = str_of(heading ? heading : ""),
			.color = COLOR_BOLD,
			.width = heading_width(&table->columns[i]),
		};
	}
	if (has_any) {
		write_row(layout, cells);
	}
	free(cells);
}

void table_write(const struct table *table, int width, bool has_color, struct strbuf *out)
{
	struct layout layout = {.table = table, .out = out, .has_color = has_color, .width = width};

	layout.widths = xcalloc(table->columns_count, sizeof(*layout.widths));
	measure(&layout);
	if (width > 0) {
		fit(&layout);
	}
	write_heading(&layout);
	for (size_t i = 0; i < table->lines_count; i++) {
		const struct line *line = &table->lines[i];

		if (line->cells) {
			write_row(&layout, line->cells);
		} else {
			write_note(&layout, line);
		}
	}
	free(layout.widths);
}

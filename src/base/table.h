/*
 * Tables for people: columns as wide as they need to be, and together no wider than the terminal.
 *
 * Collects cells, then writes all at once.  Texts may come from outside: whatever a terminal would
 * obey is escaped.  Widths are columns on the terminal, not bytes.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/terminal.h"

struct strbuf;
struct table;

enum table_column_kind {
	TABLE_LEFT,  /* cut with an ellipsis only when nothing else helps */
	TABLE_RIGHT, /* numbers: never cut */
	TABLE_CUT,   /* gives way first: cut with an ellipsis */
	TABLE_WRAP,  /* gives way first: goes on in the next line */
};

/* At most one column of a table is TABLE_CUT or TABLE_WRAP. */
struct table_column {
	const char *heading; /* NULL: none; when no column has one, there is no heading line */
	enum table_column_kind kind;
	int min_width;
};

/* `columns` is borrowed.  New; free with table_free(). */
struct table *table_new(const struct table_column *columns, size_t count);
void table_free(struct table *);
void table_freep(struct table **);

/* Begin the next row; then add its cells from left to right.  Cells that are not added are empty.
 */
void table_row(struct table *);
void table_cell(struct table *, enum color, struct str text); /* copied */
void table_cellf(struct table *, enum color, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A line below the row that goes over all columns, `indent` spaces in, and wraps. */
void table_note(struct table *, int indent, enum color, struct str text); /* copied */

/* `width` as terminal_width() says: 0 means that nothing is cut or wrapped. */
void table_write(const struct table *, int width, bool has_color, struct strbuf *out);

#endif

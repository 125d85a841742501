/*
 * Is a table of rows what option.h says it must be?  The test of every table asks.
 */
#include <string.h>

#include "base/alloc.h"
#include "conf/option.h"

enum { NESTING_MAX = 8 }; /* tables within tables; more would be a table that holds itself */

static int rows_check(const struct option_row *rows, int depth, struct err *err);

static int row_fault(const struct option_row *row, const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT, "option '%s': %s", row->name, what);
}

static bool is_name(const char *name)
{
	const struct str s = str_of(name);

	for (size_t i = 0; i < s.len; i++) {
		const char c = s.ptr[i];

		if (!char_is_alnum(c) && c != '_') {
			return false;
		}
		if (c != char_lower(c)) {
			return false;
		}
	}
	return s.len > 0 && char_is_alpha(s.ptr[0]) && s.ptr[s.len - 1] != '_';
}

static int check_words(const struct option_row *row, struct err *err)
{
	const struct str help = row->help ? str_of(row->help) : str_n("", 0);

	if (!is_name(row->name)) {
		return row_fault(row, "a name is made of lower case letters, digits and '_'", err);
	}
	if (help.len == 0) {
		return row_fault(row, "has no help", err);
	}
	if (str_ends(help, ".") || str_find(help, '\n', 0) < help.len) {
		return row_fault(row, "help is one line without a full stop", err);
	}
	if (row->letter && !char_is_alnum(row->letter)) {
		return row_fault(row, "a letter is a letter or a digit", err);
	}
	return 0;
}

static int check_unique(
	const struct option_row *rows, const struct option_row *row, struct err *err)
{
	for (const struct option_row *other = rows; other < row; other++) {
		if (strcmp(other->name, row->name) == 0) {
			return row_fault(row, "stands in the table twice", err);
		}
		if (row->letter && other->letter == row->letter) {
			return row_fault(row, "its letter is another option's too", err);
		}
	}
	return 0;
}

static int check_deprecated(
	const struct option_row *rows, const struct option_row *row, struct err *err)
{
	const struct option_row *current = option_current(rows, row);

	if (!(row->flags & OPTION_DEPRECATED)) {
		return row->instead ? row_fault(row, "names another, but is not deprecated", err)
				    : 0;
	}
	if (row->def || (row->flags & OPTION_REQUIRED)) {
		return row_fault(row, "is deprecated, so it has no default and is optional", err);
	}
	if (!row->instead) {
		return 0;
	}
	if (current == row || current->offset != row->offset || current->shape != row->shape ||
		current->type != row->type) {
		return row_fault(row, "does not share the field of the one it names", err);
	}
	return 0;
}

static int check_default(const struct option_row *row, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct option_context context = {.arena = arena};
	/* A table of this row alone, whose field is all there is. */
	struct option_row alone[2] = {*row};
	struct option_map field_of_any_size[8] = {{0}};
	struct str rest = str_of(row->def ? row->def : "");
	struct str piece = rest;

	alone[0].offset = 0;
	if (!row->def) {
		return 0;
	}
	if (row->flags & OPTION_REQUIRED) {
		return row_fault(row, "is required, so a default is never used", err);
	}
	if (row->type->size > sizeof(field_of_any_size)) {
		return row_fault(row, "its type is larger than this check provides for", err);
	}
	while (str_split(&rest, row->shape == OPTION_ONE ? '\0' : ',', &piece)) {
		if (row->shape != OPTION_ONE) {
			piece = str_trim(piece);
		}
		if (option_parse(alone, &context, piece, field_of_any_size, err) < 0) {
			return err_wrap(err, "option '%s': the default", row->name);
		}
	}
	return 0;
}

static int check_type(const struct option_row *row, struct err *err)
{
	if (!row->type) {
		return row_fault(row, "has no type", err);
	}
	if ((row->type == &option_choice) != (row->choices != NULL)) {
		return row_fault(row, "choices go with the type choice", err);
	}
	if (row->rows || row->variants || row->list) {
		return row_fault(row, "holds rows, but its shape is of values", err);
	}
	return check_default(row, err);
}

static int check_kind(const struct option_variant *kind, const struct option_row *common, int depth,
	struct err *err)
{
	const struct option_row *key = option_find(kind->rows, str_of(kind->name));

	if (!key || !(key->flags & OPTION_VARIANT_KEY)) {
		return err_set(err, ERR_INPUT, "kind '%s': has no key row of its name", kind->name);
	}
	for (const struct option_row *row = kind->rows; row->name; row++) {
		if (option_find(common, str_of(row->name))) {
			return err_set(err, ERR_INPUT,
				"kind '%s': option '%s' is common to all kinds already", kind->name,
				row->name);
		}
	}
	if (rows_check(kind->rows, depth + 1, err) < 0) {
		return err_wrap(err, "kind '%s'", kind->name);
	}
	return 0;
}

static int check_variants(const struct option_variants *variants, int depth, struct err *err)
{
	size_t count = 0;
	const struct option_variant *const *kinds = variants->kinds(&count);

	for (size_t i = 0; i < count; i++) {
		if (i > 0 && strcmp(kinds[i - 1]->name, kinds[i]->name) >= 0) {
			return err_set(
				err, ERR_INPUT, "kind '%s': kinds must be sorted", kinds[i]->name);
		}
		if (check_kind(kinds[i], variants->common, depth, err) < 0) {
			return -1;
		}
	}
	return rows_check(variants->common, depth + 1, err);
}

static int check_section_list(const struct option_row *row, int depth, struct err *err)
{
	const struct option_section_list *list = row->list;

	if (!list) {
		return row_fault(row, "is a list of sections without any", err);
	}
	if (!list->what || !list->rows) {
		return row_fault(row, "its list has no name or no rows", err);
	}
	if (list->origin_offset + sizeof(const char *) > list->item_size) {
		return row_fault(row, "its items have no room for the origin", err);
	}
	return rows_check(list->rows, depth + 1, err);
}

static int check_shape(const struct option_row *row, int depth, struct err *err)
{
	if (row->def && option_holds_rows(row)) {
		return row_fault(row, "holds rows, so it has no default", err);
	}
	switch (row->shape) {
	case OPTION_ONE:
	case OPTION_LIST:
	case OPTION_MAP:
	case OPTION_MAP_LIST:
		return check_type(row, err);
	case OPTION_SECTION:
		if (!row->rows) {
			return row_fault(row, "is a section without rows", err);
		}
		return rows_check(row->rows, depth + 1, err);
	case OPTION_VARIANTS:
		if (!row->variants) {
			return row_fault(row, "is a list of variants without any", err);
		}
		return check_variants(row->variants, depth, err);
	case OPTION_SECTION_LIST:
		return check_section_list(row, depth, err);
	}
	return row_fault(row, "has no shape", err);
}

static int rows_check(const struct option_row *rows, int depth, struct err *err)
{
	if (depth > NESTING_MAX) {
		return err_set(err, ERR_LIMIT, "tables are nested more than %d deep", NESTING_MAX);
	}
	for (const struct option_row *row = rows; row->name; row++) {
		if (check_words(row, err) < 0 || check_unique(rows, row, err) < 0 ||
			check_deprecated(rows, row, err) < 0 || check_shape(row, depth, err) < 0) {
			return -1;
		}
	}
	return 0;
}

int option_rows_check(const struct option_row *rows, struct err *err)
{
	return rows_check(rows, 0, err);
}

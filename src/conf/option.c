/*
 * Rows put to work: finding them, defaults, parsing text into the fields they describe.
 *
 * The types of values live in option_types.c; who asks for a value, where it stands and what may be
 * shown of it is the caller's business.
 */
#include "conf/option.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf/shown.h"

size_t option_rows_count(const struct option_row *rows)
{
	size_t count = 0;

	while (rows[count].name) {
		count++;
	}
	return count;
}

const struct option_row *option_find(const struct option_row *rows, struct str name)
{
	for (; rows->name; rows++) {
		if (str_is(name, rows->name)) {
			return rows;
		}
	}
	return NULL;
}

const struct option_row *option_current(const struct option_row *rows, const struct option_row *row)
{
	if (!(row->flags & OPTION_DEPRECATED) || !row->instead) {
		return row;
	}

	const struct option_row *current = option_find(rows, str_of(row->instead));

	return current ? current : row;
}

static void *option_field(const struct option_row *row, void *base)
{
	return (char *)base + row->offset;
}

void option_clear(const struct option_row *row, void *base)
{
	void *field = option_field(row, base);

	switch (row->shape) {
	case OPTION_ONE:
		memset(field, 0, row->type->size);
		break;
	case OPTION_LIST:
		memset(field, 0, sizeof(struct option_list));
		break;
	case OPTION_MAP:
	case OPTION_MAP_LIST:
		memset(field, 0, sizeof(struct option_map));
		break;
	case OPTION_VARIANTS:
	case OPTION_SECTION_LIST:
		memset(field, 0, sizeof(struct option_items));
		break;
	case OPTION_SECTION:
		for (const struct option_row *inner = row->rows; inner->name; inner++) {
			option_clear(inner, field);
		}
		break;
	}
}

/* A default that does not parse is a slip in a table, and every run meets it. */
static void option_parse_default(const struct option_row *row, const struct option_context *context,
	struct str text, void *base)
{
	struct err err = {0};

	if (option_parse(row, context, text, base, &err) < 0) {
		fprintf(stderr, "the default of option '%s' is wrong: %s\n", row->name, err.msg);
		abort();
	}
}

static void option_set_default(
	const struct option_row *row, const struct option_context *context, void *base)
{
	struct str rest = str_of(row->def);
	struct str piece;

	if (row->shape == OPTION_ONE) {
		option_parse_default(row, context, rest, base);
		return;
	}
	while (str_split(&rest, ',', &piece)) {
		option_parse_default(row, context, str_trim(piece), base);
	}
}

void option_set_defaults(
	const struct option_row *rows, const struct option_context *context, void *base)
{
	for (const struct option_row *row = rows; row->name; row++) {
		if (row->flags & OPTION_DEPRECATED) {
			continue;
		}
		option_clear(row, base);
		if (row->shape == OPTION_SECTION) {
			option_set_defaults(row->rows, context, option_field(row, base));
		} else if (row->def) {
			option_set_default(row, context, base);
		}
	}
}

/* Lists double when their count is a power of two, so that they need no field for their room. */
static bool is_full(size_t count)
{
	return (count & (count - 1)) == 0;
}

static void *grow(struct arena *arena, void *items, size_t count, size_t size)
{
	if (!is_full(count)) {
		return items;
	}
	return arena_grow(arena, items, count, count ? 2 * count : 1, size);
}

void option_items_add(const struct option_context *context, void *item, struct option_items *items)
{
	items->items = grow(context->arena, items->items, items->count, sizeof(*items->items));
	items->items[items->count++] = item;
}

/* A new last value of a list. */
static void list_append(
	struct arena *arena, const void *value, size_t size, struct option_list *list)
{
	list->items = grow(arena, list->items, list->count, size);
	memcpy((char *)list->items + list->count * size, value, size);
	list->count++;
}

/* A new last key of a map, and its value. */
static void *map_append(
	struct arena *arena, struct str key, const void *value, size_t size, struct option_map *map)
{
	void *item;

	map->keys = grow(arena, map->keys, map->count, sizeof(*map->keys));
	map->items = grow(arena, map->items, map->count, size);
	map->keys[map->count] = str_dup(key, arena);
	item = (char *)map->items + map->count * size;
	memcpy(item, value, size);
	map->count++;
	return item;
}

int option_map_find(const struct option_map *map, struct str key)
{
	for (size_t i = 0; i < map->count; i++) {
		if (str_is(key, map->keys[i])) {
			return (int)i;
		}
	}
	return -1;
}

struct option_list *option_map_add_list(
	const struct option_context *context, struct str key, struct option_map *map)
{
	const struct option_list empty = {0};

	return map_append(context->arena, key, &empty, sizeof(empty), map);
}

int option_list_add(const struct option_row *row, const struct option_context *context,
	struct str text, struct option_list *list, struct err *err)
{
	void *value = arena_alloc(context->arena, row->type->size);

	if (row->type->parse(row, context, text, value, err) < 0) {
		return -1;
	}
	list_append(context->arena, value, row->type->size, list);
	return 0;
}

int option_map_add(const struct option_row *row, const struct option_context *context,
	struct str key, struct str text, struct option_map *map, struct err *err)
{
	void *value = arena_alloc(context->arena, row->type->size);

	if (row->type->parse(row, context, text, value, err) < 0) {
		return -1;
	}
	(void)map_append(context->arena, key, value, row->type->size, map);
	return 0;
}

/* One more value for a key that may be there already. */
static int option_map_list_add(const struct option_row *row, const struct option_context *context,
	struct str key, struct str text, struct option_map *map, struct err *err)
{
	void *value = arena_alloc(context->arena, row->type->size);
	struct option_list *list;
	int at;

	if (row->type->parse(row, context, text, value, err) < 0) {
		return -1;
	}

	at = option_map_find(map, key);
	list = at < 0 ? option_map_add_list(context, key, map)
		      : &OPTION_AT(map, struct option_list, at);
	list_append(context->arena, value, row->type->size, list);
	return 0;
}

/* "key=value", as flags and defaults have it. */
static int option_parse_pair(const struct option_row *row, const struct option_context *context,
	struct str text, struct option_map *map, struct err *err)
{
	size_t equals = str_find(text, '=', 0);
	struct str key = str_trim(str_sub(text, 0, equals));

	if (equals == text.len || key.len == 0) {
		return err_set(err, ERR_INPUT, "'%s' is not KEY=VALUE", shown(text).text);
	}
	if (row->check_key && row->check_key(key, err) < 0) {
		return -1;
	}
	text = str_sub(text, equals + 1, text.len);
	if (row->shape == OPTION_MAP_LIST) {
		return option_map_list_add(row, context, key, text, map, err);
	}
	if (option_map_find(map, key) >= 0) {
		return err_set(err, ERR_INPUT, "'%s' is given twice", shown(key).text);
	}
	return option_map_add(row, context, key, text, map, err);
}

int option_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *base, struct err *err)
{
	void *field = option_field(row, base);

	switch (row->shape) {
	case OPTION_ONE:
		return row->type->parse(row, context, text, field, err);
	case OPTION_LIST:
		return option_list_add(row, context, text, field, err);
	case OPTION_MAP:
	case OPTION_MAP_LIST:
		return option_parse_pair(row, context, text, field, err);
	case OPTION_SECTION:
	case OPTION_VARIANTS:
	case OPTION_SECTION_LIST:
		break;
	}
	assert(!"a row that holds rows has no text");
	return -1;
}

bool option_holds_rows(const struct option_row *row)
{
	switch (row->shape) {
	case OPTION_ONE:
	case OPTION_LIST:
	case OPTION_MAP:
	case OPTION_MAP_LIST:
		return false;
	case OPTION_SECTION:
	case OPTION_VARIANTS:
	case OPTION_SECTION_LIST:
		return true;
	}
	return false;
}

bool option_is_switch(const struct option_row *row)
{
	return row->shape == OPTION_ONE &&
	       (row->type == &option_bool || row->type == &option_count || row->bare);
}

void option_add_placeholder(const struct option_row *row, struct strbuf *out)
{
	if (row->placeholder) {
		strbuf_adds(out, row->placeholder);
		return;
	}
	if (row->shape == OPTION_MAP || row->shape == OPTION_MAP_LIST) {
		strbuf_adds(out, "KEY=");
	}
	strbuf_adds(out, row->type->placeholder);
}

void option_add_flag_name(const struct option_row *row, struct strbuf *out)
{
	strbuf_adds(out, "--");
	for (const char *c = row->name; *c; c++) {
		strbuf_addc(out, *c == '_' ? '-' : *c);
	}
}

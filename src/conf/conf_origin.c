/*
 * Where values came from: a map from paths ("checks[2].timeout") to places, and the list of all
 * values that `config show` prints.
 */
#include "base/alloc.h"
#include "base/map.h"
#include "base/vec.h"
#include "conf/conf_internal.h"

struct conf_origins {
	struct arena *arena;
	struct map *by_path; /* to struct conf_given */
};

struct conf_origins *conf_origins_new(void)
{
	struct conf_origins *origins = xcalloc(1, sizeof(*origins));

	origins->arena = arena_new();
	origins->by_path = map_new(MAP_KEYS_BORROWED);
	return origins;
}

void conf_origins_free(struct conf_origins *origins)
{
	if (!origins) {
		return;
	}
	map_free(origins->by_path);
	arena_free(origins->arena);
	free(origins);
}

struct conf_given *conf_origins_find(const struct conf_origins *origins, struct str path)
{
	return map_get(origins->by_path, path);
}

struct conf_given *conf_origins_add(
	struct conf_origins *origins, struct str path, const struct conf_given *given)
{
	struct conf_given *copy = arena_alloc(origins->arena, sizeof(*copy));
	const char *key = str_dup(path, origins->arena);

	*copy = *given;
	if (given->text) {
		copy->text = arena_strdup(origins->arena, given->text);
	}
	(void)map_set(origins->by_path, str_n(key, path.len), copy);
	return copy;
}

static struct conf_given *find(const struct conf *conf, const char *path)
{
	return conf->origins ? conf_origins_find(conf->origins, str_of(path)) : NULL;
}

static const char *where_of(struct arena *arena, const struct conf_given *given)
{
	if (given->flag) {
		return given->flag;
	}
	return arena_printf(arena, "%s:%u:%u", given->file, given->place.line, given->place.column);
}

const char *conf_where(const struct conf *conf, const char *path)
{
	const struct conf_given *given = find(conf, path);

	return given ? where_of(conf->arena, given) : NULL;
}

const char *conf_where_key(const struct conf *conf, const char *path, const char *key, size_t index)
{
	_cleanup_(strbuf_release) struct strbuf full = STRBUF_INIT;
	const char *where;
	size_t end;

	strbuf_adds(&full, path);
	(void)conf_path_key(&full, str_of(key));
	end = conf_path_index(&full, index);
	where = conf_where(conf, full.buf);
	strbuf_truncate(&full, end);
	return where ? where : conf_where(conf, full.buf);
}

void conf_note_flag(struct conf *conf, const char *path, const char *text, const char *flag)
{
	struct conf_given given = {.text = text};

	if (!conf->origins) {
		conf->origins = conf_origins_new();
	}
	given.flag = arena_strdup(conf->arena, flag);
	(void)conf_origins_add(conf->origins, str_of(path), &given);
}

void conf_forget_origins(struct conf *conf)
{
	conf_origins_free(conf->origins);
	conf->origins = NULL;
}

/* conf_list_values() */

struct lister {
	struct conf *conf;
	struct strbuf path;
};

static void list_rows(struct lister *l, const struct option_row *rows, const void *base);

static void add_value(struct lister *l, const struct option_row *row, const char *text,
	const struct conf_given *given)
{
	struct arena *arena = l->conf->arena;
	struct conf_value *value = VEC_PUSH_IN(arena, l->conf, values);

	value->path = arena_strdup(arena, l->path.buf);
	value->text = row->flags & OPTION_SECRET ? "***" : arena_strdup(arena, text);
	value->origin = CONF_DEFAULT;
	if (given) {
		value->origin = given->flag ? CONF_FLAG : CONF_FILE;
		value->where = where_of(arena, given);
	}
}

/* The value at the path, if it was given. */
static void list_given(struct lister *l, const struct option_row *row)
{
	const struct conf_given *given = find(l->conf, l->path.buf);

	if (given && given->text) {
		add_value(l, row, given->text, given);
	}
}

static void list_list(
	struct lister *l, const struct option_row *row, const struct option_list *list)
{
	if (list->count == 0) {
		add_value(l, row, "[]", find(l->conf, l->path.buf));
	}
	for (size_t i = 0; i < list->count; i++) {
		const size_t end = conf_path_index(&l->path, i);

		list_given(l, row);
		strbuf_truncate(&l->path, end);
	}
}

static void list_map(struct lister *l, const struct option_row *row, const struct option_map *map)
{
	if (map->count == 0) {
		add_value(l, row, "{}", find(l->conf, l->path.buf));
	}
	for (size_t i = 0; i < map->count; i++) {
		const size_t end = conf_path_key(&l->path, str_of(map->keys[i]));

		if (row->shape == OPTION_MAP_LIST) {
			list_list(l, row, &OPTION_AT(map, struct option_list, i));
		} else {
			list_given(l, row);
		}
		strbuf_truncate(&l->path, end);
	}
}

static void list_items(
	struct lister *l, const struct option_row *row, const struct option_items *items)
{
	const struct option_variants *variants = row->variants;

	if (items->count == 0) {
		add_value(l, row, "[]", find(l->conf, l->path.buf));
	}
	for (size_t i = 0; i < items->count; i++) {
		const char *item = items->items[i];
		const struct option_variant *const *kind =
			(const void *)(item + variants->variant_offset);
		void *const *opts = (const void *)(item + variants->opts_offset);
		const size_t end = conf_path_index(&l->path, i);

		list_rows(l, variants->common, item);
		if (*opts) { /* an item with a fault may have none */
			list_rows(l, (*kind)->rows, *opts);
		}
		strbuf_truncate(&l->path, end);
	}
}

static void list_sections(
	struct lister *l, const struct option_row *row, const struct option_items *items)
{
	if (items->count == 0) {
		add_value(l, row, "[]", find(l->conf, l->path.buf));
	}
	for (size_t i = 0; i < items->count; i++) {
		const size_t end = conf_path_index(&l->path, i);

		list_rows(l, row->list->rows, items->items[i]);
		strbuf_truncate(&l->path, end);
	}
}

static void list_row(struct lister *l, const struct option_row *row, const void *field)
{
	const struct conf_given *given = find(l->conf, l->path.buf);

	if (row->shape == OPTION_SECTION) {
		list_rows(l, row->rows, field);
		return;
	}
	if (!given) {
		if (row->def) {
			add_value(l, row, row->def, NULL);
		}
		return;
	}
	if (given->text) {
		add_value(l, row, given->text, given);
		return;
	}
	switch (row->shape) {
	case OPTION_LIST:
		list_list(l, row, field);
		break;
	case OPTION_MAP:
	case OPTION_MAP_LIST:
		list_map(l, row, field);
		break;
	case OPTION_VARIANTS:
		list_items(l, row, field);
		break;
	case OPTION_SECTION_LIST:
		list_sections(l, row, field);
		break;
	case OPTION_ONE:
	case OPTION_SECTION:
		break;
	}
}

static void list_rows(struct lister *l, const struct option_row *rows, const void *base)
{
	for (const struct option_row *row = rows; row->name; row++) {
		const size_t end = conf_path_key(&l->path, str_of(row->name));

		if (!(row->flags & (OPTION_DEPRECATED | OPTION_FLAG_ONLY))) {
			list_row(l, row, (const char *)base + row->offset);
		}
		strbuf_truncate(&l->path, end);
	}
}

void conf_list_values(struct conf *conf, const struct option_row *rows, const void *base)
{
	struct lister l = {.conf = conf, .path = STRBUF_INIT};

	conf->values_count = 0;
	list_rows(&l, rows, base);
	strbuf_release(&l.path);
}

/*
 * The values of a struct as one text.  See option_values.h.
 *
 * Each value has its length in front, so that no value can look like two.
 */
#include "conf/option_values.h"

#include <assert.h>

#include "base/alloc.h"

static void add_framed(struct strbuf *out, struct str text)
{
	strbuf_addf(out, "%zu:", text.len);
	strbuf_addstr(out, text);
	strbuf_addc(out, '\n');
}

static void add_value(const struct option_row *row, const void *field, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	assert(row->type->add);
	row->type->add(field, &text);
	add_framed(out, strbuf_str(&text));
}

static void add_list(
	const struct option_row *row, const struct option_list *list, struct strbuf *out)
{
	strbuf_addf(out, "%zu values\n", list->count);
	for (size_t i = 0; i < list->count; i++) {
		add_value(row, (const char *)list->items + i * row->type->size, out);
	}
}

static void add_map(const struct option_row *row, const struct option_map *map, struct strbuf *out)
{
	strbuf_addf(out, "%zu keys\n", map->count);
	for (size_t i = 0; i < map->count; i++) {
		add_framed(out, str_of(map->keys[i]));
		if (row->shape == OPTION_MAP) {
			add_value(row, (const char *)map->items + i * row->type->size, out);
		} else {
			add_list(row, &OPTION_AT(map, const struct option_list, i), out);
		}
	}
}

void option_add_values(const struct option_row *rows, const void *base, struct strbuf *out)
{
	for (const struct option_row *row = rows; row->name; row++) {
		const void *field = (const char *)base + row->offset;

		strbuf_addf(out, "%s ", row->name);
		switch (row->shape) {
		case OPTION_ONE:
			add_value(row, field, out);
			break;
		case OPTION_LIST:
			add_list(row, field, out);
			break;
		case OPTION_MAP:
		case OPTION_MAP_LIST:
			add_map(row, field, out);
			break;
		case OPTION_SECTION:
			option_add_values(row->rows, field, out);
			break;
		case OPTION_VARIANTS:
		case OPTION_SECTION_LIST:
			assert(!"lists of objects are not looked into");
			break;
		}
	}
}

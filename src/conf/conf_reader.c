/*
 * A tree of YAML into structs, through the rows: the walk that everything else hangs on.
 */
#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/suggest.h"
#include "base/vec.h"
#include "conf/conf_internal.h"
#include "conf/shown.h"

/* The path of a value */

static bool is_plain_key(struct str key)
{
	for (size_t i = 0; i < key.len; i++) {
		if (!char_is_alnum(key.ptr[i]) && key.ptr[i] != '_' && key.ptr[i] != '-') {
			return false;
		}
	}
	return key.len > 0;
}

size_t conf_path_key(struct strbuf *path, struct str key)
{
	const size_t end = path->len;
	struct json_writer json;

	if (is_plain_key(key)) {
		strbuf_adds(path, end > 0 ? "." : "");
		strbuf_addstr(path, key);
		return end;
	}
	strbuf_addc(path, '[');
	json_writer_init(&json, path, false);
	json_write_str(&json, key);
	strbuf_addc(path, ']');
	return end;
}

size_t conf_path_index(struct strbuf *path, size_t index)
{
	const size_t end = path->len;

	strbuf_addf(path, "[%zu]", index);
	return end;
}

/* Where values were given */

struct conf_given *conf_reader_note(struct conf_reader *r, const struct yaml_node *value)
{
	const struct conf_given given = {
		.text = value->shape == YAML_TEXT && !value->is_bad && !yaml_is_null(value)
				? value->bytes
				: NULL,
		.file = r->file->name,
		.file_number = r->file->number,
		.place = value->place,
	};

	return conf_origins_add(r->origins, strbuf_str(&r->path), &given);
}

/* Remember the value, unless there is one already, which is told. */
static bool claim(struct conf_reader *r, const char *name, const struct yaml_pair *pair)
{
	const struct conf_given *given = conf_origins_find(r->origins, strbuf_str(&r->path));

	if (given) {
		conf_fault(r, pair->key->place, "%s: given already at %s:%u:%u", name, given->file,
			given->place.line, given->place.column);
		return false;
	}
	(void)conf_reader_note(r, pair->value);
	return true;
}

/* What several files may add to.  The first one replaces the default. */
static void claim_many(struct conf_reader *r, const struct option_row *row, void *base,
	const struct yaml_pair *pair)
{
	if (conf_origins_find(r->origins, strbuf_str(&r->path))) {
		return;
	}
	if (row->shape != OPTION_SECTION) {
		const struct yaml_node many = {.shape = YAML_LIST, .place = pair->value->place};

		option_clear(row, base);
		(void)conf_reader_note(r, &many);
	} else if (pair->value->shape == YAML_MAP && !pair->value->is_bad) {
		(void)conf_reader_note(r, pair->value);
	}
}

/* One value */

bool conf_text(struct conf_reader *r, const char *name, const struct yaml_node *value,
	struct str *ret_text)
{
	struct err err = {0};

	if (interpolate(&r->interpolation, yaml_text(value), ret_text, &err) < 0) {
		conf_fault(r, value->place, "%s: %s", name, err.msg);
		return false;
	}
	return true;
}

/* What is secret, or came from a file and so may be, is not repeated. */
static void value_fault(struct conf_reader *r, const struct option_row *row, const char *name,
	const struct yaml_node *value, const struct err *err)
{
	if ((row->flags & OPTION_SECRET) || interpolate_has_file(yaml_text(value))) {
		conf_fault(r, value->place, "%s: the value (not shown) is not a valid %s", name,
			row->type->name);
		return;
	}
	conf_fault(r, value->place, "%s: %s", name, err->msg);
}

static bool is_one_value(struct conf_reader *r, const struct option_row *row, const char *name,
	const struct yaml_node *value)
{
	if (value->is_bad) {
		return false;
	}
	if (value->shape != YAML_TEXT) {
		conf_fault(r, value->place, "%s: expected one value (%s), not %s", name,
			row->type->name, yaml_shape_name(value));
		return false;
	}
	if (yaml_is_null(value)) {
		conf_fault(r, value->place, "%s: no value is given (%s)", name, row->type->name);
		return false;
	}
	return true;
}

static void read_one(struct conf_reader *r, const struct option_row *row, const char *name,
	void *base, const struct yaml_node *value)
{
	struct err err = {0};
	struct str text;

	if (!is_one_value(r, row, name, value) || !conf_text(r, name, value, &text)) {
		return;
	}
	if (option_parse(row, &r->context, text, base, &err) < 0) {
		value_fault(r, row, name, value, &err);
	}
}

static void read_list_value(struct conf_reader *r, const struct option_row *row, const char *name,
	struct option_list *list, const struct yaml_node *value)
{
	const size_t end = conf_path_index(&r->path, list->count);
	struct err err = {0};
	struct str text;

	if (is_one_value(r, row, name, value) && conf_text(r, name, value, &text)) {
		(void)conf_reader_note(r, value);
		if (option_list_add(row, &r->context, text, list, &err) < 0) {
			value_fault(r, row, name, value, &err);
		}
	}
	strbuf_truncate(&r->path, end);
}

/* Lists and mappings of values */

static void shape_fault(struct conf_reader *r, const char *name, const char *expected,
	const struct yaml_node *value)
{
	conf_fault(
		r, value->place, "%s: expected %s, not %s", name, expected, yaml_shape_name(value));
}

/* A list of values; nothing is an empty list, one value a list of it. */
static void read_list(struct conf_reader *r, const struct option_row *row, const char *name,
	struct option_list *list, const struct yaml_node *value)
{
	if (value->is_bad || yaml_is_null(value)) {
		return;
	}
	switch (value->shape) {
	case YAML_TEXT:
		read_list_value(r, row, name, list, value);
		break;
	case YAML_LIST:
		for (uint32_t i = 0; i < value->count; i++) {
			read_list_value(r, row, name, list, value->items[i]);
		}
		break;
	case YAML_MAP:
		shape_fault(r, name, "a list of values", value);
		break;
	}
}

static void read_map_value(struct conf_reader *r, const struct option_row *row, const char *name,
	struct option_map *map, const struct yaml_pair *pair)
{
	struct err err = {0};
	struct str text;

	if (!claim(r, name, pair) || !is_one_value(r, row, name, pair->value) ||
		!conf_text(r, name, pair->value, &text)) {
		return;
	}
	if (option_map_add(row, &r->context, yaml_text(pair->key), text, map, &err) < 0) {
		value_fault(r, row, name, pair->value, &err);
	}
}

static void read_map_list(struct conf_reader *r, const struct option_row *row, const char *name,
	struct option_map *map, const struct yaml_pair *pair)
{
	struct conf_given *given = conf_origins_find(r->origins, strbuf_str(&r->path));

	if (!given) {
		const struct yaml_node many = {.shape = YAML_LIST, .place = pair->value->place};

		given = conf_reader_note(r, &many);
		given->index = map->count;
		(void)option_map_add_list(&r->context, yaml_text(pair->key), map);
	}
	read_list(r, row, name, &OPTION_AT(map, struct option_list, given->index), pair->value);
}

static void read_map_pair(struct conf_reader *r, const struct option_row *row, const char *name,
	struct option_map *map, const struct yaml_pair *pair)
{
	const size_t end = conf_path_key(&r->path, yaml_text(pair->key));
	_cleanup_(strbuf_release) struct strbuf full_name = STRBUF_INIT;
	struct err err = {0};

	if (row->check_key && row->check_key(yaml_text(pair->key), &err) < 0) {
		conf_fault(r, pair->key->place, "%s: %s", name, err.msg);
	}
	strbuf_addf(&full_name, "%s.%s", name, shown(yaml_text(pair->key)).text);
	if (row->shape == OPTION_MAP_LIST) {
		read_map_list(r, row, full_name.buf, map, pair);
	} else {
		read_map_value(r, row, full_name.buf, map, pair);
	}
	strbuf_truncate(&r->path, end);
}

static void read_map(struct conf_reader *r, const struct option_row *row, const char *name,
	struct option_map *map, const struct yaml_node *value)
{
	if (value->is_bad || yaml_is_null(value)) {
		return;
	}
	if (value->shape != YAML_MAP) {
		shape_fault(r, name, "a mapping ('key: value')", value);
		return;
	}
	for (uint32_t i = 0; i < value->count; i++) {
		read_map_pair(r, row, name, map, &value->pairs[i]);
	}
}

/* What holds rows */

/* In a section every key has a row, or is wrong. */
static bool section_key(void *arg, struct conf_reader *r, const struct yaml_pair *pair,
	const struct option_row *row)
{
	const struct option_row *section = arg;
	_cleanup_(strbuf_release) struct strbuf owner = STRBUF_INIT;
	struct conf_names names = {0};

	if (row) {
		return false;
	}
	strbuf_addf(&owner, "'%s'", section->name);
	if (!conf_faults_are_full(r)) {
		conf_names_add(&names, r->conf->arena, section->rows);
	}
	conf_unknown_key(r, pair->key, owner.buf, &names);
	return true;
}

static void read_section(struct conf_reader *r, const struct option_row *row, const char *name,
	void *field, const struct yaml_node *value)
{
	const struct conf_table tables[] = {{row->rows, field}, {0}};
	struct option_row section = *row;

	if (value->is_bad || yaml_is_null(value)) {
		return;
	}
	if (value->shape != YAML_MAP) {
		shape_fault(r, name, "a mapping ('key: value')", value);
		return;
	}
	section.name = name;
	conf_read_map(r, tables, value, section_key, &section);
}

static void read_items(struct conf_reader *r, const struct option_row *row, const char *name,
	struct option_items *items, const struct yaml_node *value)
{
	if (value->is_bad || yaml_is_null(value)) {
		return;
	}
	if (value->shape != YAML_LIST) {
		shape_fault(r, name, "a list ('- ')", value);
		return;
	}
	for (uint32_t i = 0; i < value->count; i++) {
		const size_t end = conf_path_index(&r->path, items->count);
		void *item = conf_read_variant(r, row->variants, value->items[i]);

		option_items_add(&r->context, item, items);
		strbuf_truncate(&r->path, end);
	}
}

static void read_section_item(struct conf_reader *r, const struct option_section_list *list,
	struct option_items *items, const struct yaml_node *node)
{
	const size_t end = conf_path_index(&r->path, items->count);

	option_items_add(&r->context, conf_read_section_item(r, list, node), items);
	strbuf_truncate(&r->path, end);
}

/* A list of mappings; nothing is an empty list, one mapping a list of it. */
static void read_section_list(struct conf_reader *r, const struct option_row *row, const char *name,
	struct option_items *items, const struct yaml_node *value)
{
	if (value->is_bad || yaml_is_null(value)) {
		return;
	}
	switch (value->shape) {
	case YAML_TEXT:
		shape_fault(r, name, "a list of mappings ('- key: value')", value);
		break;
	case YAML_LIST:
		for (uint32_t i = 0; i < value->count; i++) {
			read_section_item(r, row->list, items, value->items[i]);
		}
		break;
	case YAML_MAP:
		read_section_item(r, row->list, items, value);
		break;
	}
}

static void read_value(struct conf_reader *r, const struct option_row *row, const char *name,
	void *base, const struct yaml_pair *pair)
{
	void *field = (char *)base + row->offset;

	if (row->shape == OPTION_ONE) {
		if (claim(r, name, pair)) {
			read_one(r, row, name, base, pair->value);
		}
		return;
	}
	claim_many(r, row, base, pair);
	switch (row->shape) {
	case OPTION_LIST:
		read_list(r, row, name, field, pair->value);
		break;
	case OPTION_MAP:
	case OPTION_MAP_LIST:
		read_map(r, row, name, field, pair->value);
		break;
	case OPTION_SECTION:
		read_section(r, row, name, field, pair->value);
		break;
	case OPTION_VARIANTS:
		read_items(r, row, name, field, pair->value);
		break;
	case OPTION_SECTION_LIST:
		read_section_list(r, row, name, field, pair->value);
		break;
	case OPTION_ONE:
		break;
	}
}

/* The row of a key, and its table; flags are no keys. */
static const struct option_row *find_row(
	const struct conf_table *tables, struct str key, const struct conf_table **ret_table)
{
	for (const struct conf_table *table = tables; table->rows; table++) {
		const struct option_row *row = option_find(table->rows, key);

		if (row && !(row->flags & OPTION_FLAG_ONLY)) {
			*ret_table = table;
			return row;
		}
	}
	return NULL;
}

static void warn_if_deprecated(struct conf_reader *r, const struct yaml_node *key,
	const struct option_row *row, const struct option_row *current)
{
	if (!(row->flags & OPTION_DEPRECATED)) {
		return;
	}
	if (current == row) {
		conf_warn(r, key->place, "key '%s' is deprecated", row->name);
	} else {
		conf_warn(r, key->place, "key '%s' is deprecated; use '%s'", row->name,
			current->name);
	}
}

void conf_read_map(struct conf_reader *r, const struct conf_table *tables,
	const struct yaml_node *map, conf_key_fn *on_key, void *arg)
{
	for (uint32_t i = 0; i < map->count; i++) {
		const struct yaml_pair *pair = &map->pairs[i];
		const struct conf_table *table = NULL;
		const struct option_row *row = find_row(tables, yaml_text(pair->key), &table);
		const struct option_row *current;
		size_t end;

		if (on_key(arg, r, pair, row)) {
			continue;
		}
		/* What is written under an old name is remembered under the new one. */
		current = option_current(table->rows, row);
		warn_if_deprecated(r, pair->key, row, current);
		end = conf_path_key(&r->path, str_of(current->name));
		read_value(r, row, row->name, table->base, pair);
		strbuf_truncate(&r->path, end);
	}
}

/* What is missing or unknown */

static void check_required_row(struct conf_reader *r, const struct option_row *row,
	const char *owner, uint32_t file_number, const char *file, struct yaml_place place)
{
	const struct conf_given *given = conf_origins_find(r->origins, strbuf_str(&r->path));
	_cleanup_(strbuf_release) struct strbuf section = STRBUF_INIT;

	if (!given && (row->flags & OPTION_REQUIRED)) {
		conf_fault_in(r, file_number, file, place, "key '%s' is missing%s%s", row->name,
			owner[0] ? " in " : "", owner);
	}
	if (given && row->shape == OPTION_SECTION) {
		strbuf_addf(&section, "'%s'", row->name);
		conf_check_required(
			r, row->rows, section.buf, given->file_number, given->file, given->place);
	}
}

void conf_check_required(struct conf_reader *r, const struct option_row *rows, const char *owner,
	uint32_t file_number, const char *file, struct yaml_place place)
{
	for (const struct option_row *row = rows; row->name; row++) {
		const size_t end = conf_path_key(&r->path, str_of(row->name));

		check_required_row(r, row, owner, file_number, file, place);
		strbuf_truncate(&r->path, end);
	}
}

void conf_names_add(struct conf_names *names, struct arena *arena, const struct option_row *rows)
{
	for (const struct option_row *row = rows; row->name; row++) {
		if (!(row->flags & (OPTION_DEPRECATED | OPTION_FLAG_ONLY))) {
			*VEC_PUSH_IN(arena, names, names) = row->name;
		}
	}
}

void conf_unknown_key(struct conf_reader *r, const struct yaml_node *key, const char *owner,
	const struct conf_names *names)
{
	const char *near = conf_faults_are_full(r)
				   ? NULL
				   : suggest(yaml_text(key), names->names, names->names_count);

	conf_fault(r, key->place, "unknown key '%s'%s%s%s%s%s", shown(yaml_text(key)).text,
		owner[0] ? " in " : "", owner, near ? "; did you mean '" : "", near ? near : "",
		near ? "'?" : "");
}

/*
 * "KEY=VALUE" into structs, through the rows.  See option_settings.h.
 */
#include "conf/option_settings.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/suggest.h"
#include "base/vec.h"
#include "conf/shown.h"

/* What a key leads to. */
struct place {
	const struct option_row *row;
	void *base;
	struct str key; /* for a map */
};

struct names {
	const char **names;
	size_t names_count, names_alloc;
};

static bool is_settable(const struct option_row *row)
{
	return !(row->flags & (OPTION_FLAG_ONLY | OPTION_VARIANT_KEY));
}

static int unknown_setting(const struct option_set *sets, struct str key, const char *within,
	struct arena *arena, struct err *err)
{
	struct names names = {0};
	const char *near;

	for (const struct option_set *set = sets; set->rows; set++) {
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (is_settable(row) && !(row->flags & OPTION_DEPRECATED)) {
				*VEC_PUSH_IN(arena, &names, names) = row->name;
			}
		}
	}
	near = suggest(key, names.names, names.names_count);
	return err_set(err, ERR_INPUT, "no setting '%s'%s%s%s%s%s%s", shown(key).text,
		within ? " in '" : "", within ? within : "", within ? "'" : "",
		near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static const struct option_row *find_row(
	const struct option_set *sets, struct str key, void **ret_base)
{
	for (const struct option_set *set = sets; set->rows; set++) {
		const struct option_row *row = option_find(set->rows, key);

		if (row && is_settable(row)) {
			*ret_base = set->base;
			return row;
		}
	}
	return NULL;
}

static int check_end(const struct option_row *row, struct str rest, struct err *err)
{
	switch (row->shape) {
	case OPTION_ONE:
	case OPTION_LIST:
		if (rest.len > 0) {
			return err_set(err, ERR_INPUT, "'%s' has no keys of its own", row->name);
		}
		return 0;
	case OPTION_MAP:
	case OPTION_MAP_LIST:
		if (rest.len == 0) {
			return err_set(err, ERR_INPUT, "'%s' needs a key: %s.KEY=%s", row->name,
				row->name, row->type->placeholder);
		}
		return 0;
	case OPTION_SECTION:
		return err_set(
			err, ERR_INPUT, "'%s' needs a key: %s.KEY=VALUE", row->name, row->name);
	case OPTION_VARIANTS:
	case OPTION_SECTION_LIST:
		break;
	}
	return err_set(err, ERR_INPUT, "'%s' can be set only in a configuration file", row->name);
}

/* Follow "expect.status" from one table to the next. */
static int find_place(const struct option_settings *s, const struct option_set *sets,
	struct str path, struct place *ret_place, struct err *err)
{
	struct option_set inner[2] = {{0}};
	const char *within = NULL;

	for (;;) {
		const size_t dot = str_find(path, '.', 0);
		const struct str key = str_sub(path, 0, dot);
		const struct str rest = str_sub(path, dot + 1, path.len);
		void *base = NULL;
		const struct option_row *row = find_row(sets, key, &base);

		if (!row) {
			return unknown_setting(sets, key, within, s->context.arena, err);
		}
		if (row->shape != OPTION_SECTION || rest.len == 0) {
			*ret_place = (struct place){row, base, rest};
			return check_end(row, rest, err);
		}
		within = row->name;
		inner[0].rows = row->rows;
		inner[0].base = (char *)base + row->offset;
		sets = inner;
		path = rest;
	}
}

/* What is there gives way to the first setting. */
static void clear_once(struct option_settings *s, const struct place *place)
{
	void *field = (char *)place->base + place->row->offset;

	if (place->row->shape == OPTION_ONE) {
		return;
	}
	for (size_t i = 0; i < s->cleared_count; i++) {
		if (s->cleared[i] == field) {
			return;
		}
	}
	option_clear(place->row, place->base);
	*VEC_PUSH_IN(s->context.arena, s, cleared) = field;
}

/* option_parse() wants "key=value" for maps. */
static int set_value(const struct option_settings *s, const struct place *place, struct str text,
	struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf pair = STRBUF_INIT;

	if (place->key.len > 0) {
		strbuf_addstr(&pair, place->key);
		strbuf_addc(&pair, '=');
		strbuf_addstr(&pair, text);
		text = strbuf_str(&pair);
	}
	if (option_parse(place->row, &s->context, text, place->base, err) == 0) {
		return 0;
	}
	if (place->row->flags & OPTION_SECRET) {
		return err_set(err, ERR_INPUT, "the value (not shown) is not a valid %s",
			place->row->type->name);
	}
	return -1;
}

void option_settings_init(struct option_settings *s, const struct option_set *sets,
	const struct option_context *context)
{
	*s = (struct option_settings){.sets = sets, .context = *context};
}

/* "expect.status" of "expect.status=200". */
static struct str path_of(struct str setting)
{
	return str_trim(str_sub(setting, 0, str_find(setting, '=', 0)));
}

bool option_settings_know(const struct option_settings *s, struct str setting)
{
	const struct str path = path_of(setting);
	void *base = NULL;

	return find_row(s->sets, str_sub(path, 0, str_find(path, '.', 0)), &base) != NULL;
}

int option_settings_apply(struct option_settings *s, struct str setting, struct err *err)
{
	const size_t equals = str_find(setting, '=', 0);
	const struct str path = path_of(setting);
	struct place place = {0};

	if (path.len == 0) {
		return err_set(
			err, ERR_INPUT, "setting '%s' is not KEY=VALUE", shown(setting).text);
	}
	if (!option_settings_know(s, setting)) {
		return find_place(s, s->sets, path, &place, err);
	}
	if (equals == setting.len) {
		return err_set(err, ERR_INPUT, "setting '%s' has no value; write %s=VALUE",
			shown(path).text, shown(path).text);
	}
	if (find_place(s, s->sets, path, &place, err) < 0) {
		return err_wrap(err, "setting '%s'", shown(path).text);
	}
	assert(place.row);
	clear_once(s, &place);
	if (set_value(s, &place, str_sub(setting, equals + 1, setting.len), err) < 0) {
		return err_wrap(err, "setting '%s'", shown(path).text);
	}
	return 0;
}

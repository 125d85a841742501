/*
 * Lists of names with values, searched from the front: they are short.
 */
#include "base/pairs.h"

#include "base/json_writer.h"
#include "base/vec.h"

static struct pair *find(const struct pairs *pairs, struct str name)
{
	for (size_t i = 0; i < pairs->items_count; i++) {
		if (str_is(name, pairs->items[i].name)) {
			return &pairs->items[i];
		}
	}
	return NULL;
}

const char *pairs_get(const struct pairs *pairs, const char *name)
{
	const struct pair *pair = find(pairs, str_of(name));

	return pair ? pair->value : NULL;
}

void pairs_set(struct pairs *pairs, struct arena *arena, struct str name, struct str value)
{
	struct pair *pair = find(pairs, name);

	if (!pair) {
		pair = VEC_PUSH_IN(arena, pairs, items);
		pair->name = str_dup(name, arena);
	}
	pair->value = str_dup(value, arena);
}

void pairs_copy(struct pairs *pairs, struct arena *arena, const struct pairs *from)
{
	for (size_t i = 0; i < from->items_count; i++) {
		pairs_set(pairs, arena, str_of(from->items[i].name), str_of(from->items[i].value));
	}
}

void pairs_write_json(const struct pairs *pairs, struct json_writer *json)
{
	json_write_object_begin(json);
	for (size_t i = 0; i < pairs->items_count; i++) {
		json_field_string(json, pairs->items[i].name, pairs->items[i].value);
	}
	json_write_object_end(json);
}

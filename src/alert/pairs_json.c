/*
 * Labels and fields to and from the store.  See pairs_json.h.
 */
#include "alert/pairs_json.h"

#include <jansson.h>

#include "base/json_writer.h"
#include "base/strbuf.h"

const char *pairs_to_json(const struct pairs *pairs, struct arena *arena)
{
	struct strbuf out = STRBUF_INIT;
	struct json_writer json;
	const char *text;

	if (pairs->items_count == 0) {
		return "{}";
	}
	json_writer_init(&json, &out, false);
	pairs_write_json(pairs, &json);
	text = str_dup(strbuf_str(&out), arena);
	strbuf_release(&out);
	return text;
}

static int read_object(
	json_t *object, struct arena *arena, struct pairs *ret_pairs, struct err *err)
{
	struct pairs pairs = {0};
	const char *name;
	json_t *value;

	if (!json_is_object(object)) {
		return err_set(err, ERR_INPUT, "labels or fields in the store are no JSON object");
	}
	json_object_foreach(object, name, value)
	{
		if (!json_is_string(value)) {
			return err_set(err, ERR_INPUT,
				"labels or fields in the store have a value that is no text");
		}
		pairs_set(&pairs, arena, str_of(name), str_of(json_string_value(value)));
	}
	*ret_pairs = pairs;
	return 0;
}

int pairs_from_json(const char *text, struct arena *arena, struct pairs *ret_pairs, struct err *err)
{
	json_t *object;
	int result;

	if (strcmp(text, "{}") == 0) {
		*ret_pairs = (struct pairs){0};
		return 0;
	}
	object = json_loads(text, 0, NULL);
	result = read_object(object, arena, ret_pairs, err);
	json_decref(object);
	return result;
}

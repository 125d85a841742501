/*
 * Notices as JSON.  See notice.h.
 */
#include "alert/notice.h"

#include <jansson.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/vec.h"

const char *notice_write(const struct notice *notice, struct arena *arena)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct json_writer json;

	json_writer_init(&json, &out, false);
	json_write_object_begin(&json);
	json_field_string(&json, "title", notice->title);
	json_field_string(&json, "text", notice->text);
	json_write_key(&json, "tried");
	json_write_array_begin(&json);
	for (size_t i = 0; i < notice->tried_count; i++) {
		json_write_string(&json, notice->tried[i]);
	}
	json_write_array_end(&json);
	json_write_object_end(&json);
	return arena_strndup(arena, out.buf, out.len);
}

static const char *copy(const json_t *value, struct arena *arena)
{
	return json_is_string(value) ? arena_strdup(arena, json_string_value(value)) : NULL;
}

static void release(json_t **root)
{
	json_decref(*root);
}

int notice_read(
	const char *content, struct arena *arena, struct notice *ret_notice, struct err *err)
{
	_cleanup_(release) json_t *root = json_loads(content ? content : "", 0, NULL);
	const json_t *tried = json_object_get(root, "tried");
	struct notice notice = {.title = copy(json_object_get(root, "title"), arena),
		.text = copy(json_object_get(root, "text"), arena)};

	if (!notice.title || !notice.text) {
		return err_set(err, ERR_INPUT, "the content of a notice has no title or no text");
	}
	for (size_t i = 0; i < json_array_size(tried); i++) {
		const char *name = copy(json_array_get(tried, i), arena);

		if (name) {
			*VEC_PUSH_IN(arena, &notice, tried) = name;
		}
	}
	*ret_notice = notice;
	return 0;
}

/*
 * Looking into composed JSON.
 */
#ifndef TESTS_UNIT_NOTIFY_JSON_AT_H
#define TESTS_UNIT_NOTIFY_JSON_AT_H

#include <jansson.h>

#include "cmocka_all.h"
#include "notify/notifier.h"

/* New; free with json_decref(). */
static inline json_t *body_of(const struct notify_message *message)
{
	json_error_t error;
	json_t *root = json_loadb(message->body.ptr, message->body.len, JSON_DECODE_ANY, &error);

	if (!root) {
		fail_msg("%s", error.text);
	}
	return root;
}

/* "payload.severity", "alerts.0.title"; NULL: it is not there. */
static inline json_t *json_at(json_t *node, const char *path)
{
	struct str rest = str_of(path);
	struct str name;

	while (node && str_split(&rest, '.', &name)) {
		node = json_is_array(node) ? json_array_get(node, (size_t)(name.ptr[0] - '0'))
					   : json_object_getn(node, name.ptr, name.len);
	}
	return node;
}

static inline const char *text_at(json_t *root, const char *path)
{
	const char *text = json_string_value(json_at(root, path));

	if (!text) {
		fail_msg("no text at '%s'", path);
	}
	return text;
}

#endif

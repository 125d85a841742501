/*
 * A line with a JSON Pointer, then a document: what is no pointer is refused with a reason, what is
 * one finds a value or none.  And every value of the document is found by the pointer that leads to
 * it.
 */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "claim.h"
#include "scan/json_pointer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Enough to find every mistake, and small, so that many inputs are tried in a second. */
enum { VALUES_MAX = 500, DEPTH_MAX = 50 };

struct walk {
	const json_t *document;
	struct strbuf pointer;
	size_t values, depth;
};

static void add_token(struct strbuf *pointer, const char *key, size_t len)
{
	strbuf_addc(pointer, '/');
	for (size_t i = 0; i < len; i++) {
		if (key[i] == '~' || key[i] == '/') {
			strbuf_adds(pointer, key[i] == '~' ? "~0" : "~1");
		} else {
			strbuf_addc(pointer, key[i]);
		}
	}
}

static void walk_value(struct walk *walk, json_t *value);

static void walk_object(struct walk *walk, json_t *object)
{
	size_t len = walk->pointer.len;

	for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
		add_token(&walk->pointer, json_object_iter_key(at), json_object_iter_key_len(at));
		walk_value(walk, json_object_iter_value(at));
		strbuf_truncate(&walk->pointer, len);
	}
}

static void walk_array(struct walk *walk, json_t *array)
{
	size_t len = walk->pointer.len;

	for (size_t i = 0; i < json_array_size(array); i++) {
		strbuf_addf(&walk->pointer, "/%zu", i);
		walk_value(walk, json_array_get(array, i));
		strbuf_truncate(&walk->pointer, len);
	}
	strbuf_adds(&walk->pointer, "/-");
	claim(!json_pointer_get(walk->document, strbuf_str(&walk->pointer)));
	strbuf_truncate(&walk->pointer, len);
}

static void walk_value(struct walk *walk, json_t *value)
{
	struct str pointer = strbuf_str(&walk->pointer);

	if (walk->values == VALUES_MAX || walk->depth == DEPTH_MAX) {
		return;
	}
	walk->values++;
	claim(json_pointer_check(pointer, NULL) == 0);
	claim(json_pointer_get(walk->document, pointer) == value);
	walk->depth++;
	if (json_is_object(value)) {
		walk_object(walk, value);
	} else if (json_is_array(value)) {
		walk_array(walk, value);
	}
	walk->depth--;
}

/* The text as json_pointer_get() may be given it by a configuration: with a NUL behind it. */
static void find(const json_t *document, struct str pointer)
{
	struct err err = {0};

	if (json_pointer_check(pointer, &err) == 0) {
		(void)json_pointer_get(document, pointer);
	} else {
		claim(err.code == ERR_INPUT && err.msg[0] != '\0');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_n((const char *)data, size);
	struct str pointer = str_sub(text, 0, str_find(text, '\n', 0));
	struct str rest = str_sub(text, pointer.len + 1, size);
	json_t *document = json_loadb(rest.ptr, rest.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	struct walk walk = {.document = document};

	strbuf_init(&walk.pointer, 0);
	if (document) {
		find(document, pointer);
		walk_value(&walk, document);
	} else {
		(void)json_pointer_check(pointer, NULL);
	}
	strbuf_release(&walk.pointer);
	json_decref(document);
	return 0;
}

/*
 * RFC 6901 over jansson values.  See json_pointer.h.
 */
#include "scan/json_pointer.h"

#include "base/parse.h"
#include "base/strbuf.h"

int json_pointer_check(struct str pointer, struct err *err)
{
	if (pointer.len > 0 && pointer.ptr[0] != '/') {
		return err_set(err, ERR_INPUT,
			"JSON Pointer '%.*s': must be empty or begin with '/' (RFC 6901); did you "
			"mean '/%.*s'?",
			STR_ARG(pointer), STR_ARG(pointer));
	}
	for (size_t i = 0; i < pointer.len; i++) {
		char next = i + 1 < pointer.len ? pointer.ptr[i + 1] : '\0';

		if (pointer.ptr[i] == '~' && next != '0' && next != '1') {
			return err_set(err, ERR_INPUT,
				"JSON Pointer '%.*s': '~' at column %zu must be written '~0' (RFC "
				"6901)",
				STR_ARG(pointer), i + 1);
		}
	}
	return 0;
}

static void token_decode(struct str token, struct strbuf *out)
{
	for (size_t i = 0; i < token.len; i++) {
		if (token.ptr[i] == '~' && i + 1 < token.len) {
			i++;
			strbuf_addc(out, token.ptr[i] == '0' ? '~' : '/');
		} else {
			strbuf_addc(out, token.ptr[i]);
		}
	}
}

/* "0" or digits without a leading zero; anything else names no element. */
static const json_t *array_at(const json_t *array, struct str token)
{
	int64_t index = 0;

	if (token.len > 1 && token.ptr[0] == '0') {
		return NULL;
	}
	for (size_t i = 0; i < token.len; i++) {
		if (!char_is_digit(token.ptr[i])) {
			return NULL;
		}
	}
	if (parse_int(token, 0, INT32_MAX, &index, NULL) < 0) {
		return NULL;
	}
	return json_array_get(array, (size_t)index);
}

const json_t *json_pointer_get(const json_t *document, struct str pointer)
{
	const json_t *value = document;
	struct str rest = str_sub(pointer, 1, pointer.len);
	struct str token;
	struct strbuf key = STRBUF_INIT;

	if (pointer.len == 0) {
		return document;
	}
	while (value && str_split(&rest, '/', &token)) {
		strbuf_clear(&key);
		token_decode(token, &key);
		if (json_is_array(value)) {
			value = array_at(value, strbuf_str(&key));
		} else if (json_is_object(value)) {
			value = json_object_getn(value, key.buf, key.len);
		} else {
			value = NULL;
		}
	}
	strbuf_release(&key);
	return value;
}

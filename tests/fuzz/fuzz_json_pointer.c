/*
 * JSON Pointer over any document: the first line is the pointer, the rest the document.
 */
#include <assert.h>

#include "scan/json_pointer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_n((const char *)data, size);
	struct str pointer = {0};
	json_t *document;

	(void)str_split(&rest, '\n', &pointer);
	if (json_pointer_check(pointer, NULL) < 0) {
		struct err err = {0};

		assert(json_pointer_check(pointer, &err) < 0 && err.code == ERR_INPUT);
		return 0;
	}
	document = rest.ptr ? json_loadb(rest.ptr, rest.len, JSON_DECODE_ANY, NULL) : json_null();
	if (document) {
		const json_t *value = json_pointer_get(document, pointer);

		assert(pointer.len > 0 || value == document);
		assert(!value || json_typeof(value) <= JSON_NULL);
		json_decref(document);
	}
	return 0;
}

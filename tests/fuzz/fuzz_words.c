/*
 * Command lines: what was split, quoted, and split again is the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct strbuf quoted = STRBUF_INIT;
	const char *const *words;
	const char *const *again;

	if (words_split(str_n((const char *)data, size), arena, &words, NULL) == 0) {
		size_t i = 0;

		words_add_all_quoted(words, &quoted);
		if (words_split(strbuf_str(&quoted), arena, &again, NULL) < 0) {
			abort();
		}
		for (; words[i]; i++) {
			assert(again[i] && strcmp(words[i], again[i]) == 0);
		}
		assert(!again[i]);
	}
	strbuf_release(&quoted);
	arena_free(arena);
	return 0;
}

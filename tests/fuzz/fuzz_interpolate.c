/*
 * Any text can be interpolated, or the error can be printed; what was escaped comes back as it was.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "base/utf8.h"
#include "conf/interpolate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition) {
		abort();
	}
}

static bool is_printable(struct str text)
{
	while (text.len > 0) {
		uint32_t c = 0;
		const size_t len = utf8_decode(text, &c);

		if (len == 0 || utf8_is_unsafe(c)) {
			return false;
		}
		text = str_sub(text, len, text.len);
	}
	return true;
}

static void try_text(struct arena *arena, struct str text)
{
	struct interpolation in = {.arena = arena, .no_files = true};
	struct str result = str_n("", 0);
	struct err err = {0};

	if (interpolate(&in, text, &result, &err) < 0) {
		must(err.code == ERR_INPUT && err.msg[0] != '\0');
		must(is_printable(str_of(err.msg)));
	} else {
		must(result.len <= text.len + in.put_in_bytes);
	}
}

static void try_escaped(struct arena *arena, struct str text)
{
	struct interpolation in = {.arena = arena, .no_files = true};
	struct strbuf escaped = STRBUF_INIT;
	struct str result = str_n("", 0);

	interpolate_add_escaped(text, &escaped);
	must(interpolate(&in, strbuf_str(&escaped), &result, NULL) == 0);
	must(str_eq(result, text) && in.put_in_bytes == 0);
	strbuf_release(&escaped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str text = str_n(size > 0 ? (const char *)data : "", size);
	struct arena *arena = arena_new();

	(void)setenv("NAME", "value", 1);
	(void)setenv("EMPTY", "", 1);
	try_text(arena, text);
	try_escaped(arena, text);
	arena_free(arena);
	return 0;
}

/*
 * Any text can be interpolated, or the error can be printed; what was escaped comes back as it was.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "claim.h"
#include "conf/interpolate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_text(struct arena *arena, struct str text)
{
	struct interpolation in = {.arena = arena, .no_files = true};
	struct str result = str_n("", 0);
	struct err err = {0};

	if (interpolate(&in, text, &result, &err) < 0) {
		claim_refused(&err);
	} else {
		claim(result.len <= text.len + in.put_in_bytes);
	}
}

static void try_escaped(struct arena *arena, struct str text)
{
	struct interpolation in = {.arena = arena, .no_files = true};
	struct strbuf escaped = STRBUF_INIT;
	struct str result = str_n("", 0);

	interpolate_add_escaped(text, &escaped);
	claim(interpolate(&in, strbuf_str(&escaped), &result, NULL) == 0);
	claim(str_eq(result, text) && in.put_in_bytes == 0);
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

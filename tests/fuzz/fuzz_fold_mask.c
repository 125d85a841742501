/*
 * Masking: any line of any host; nothing is read past its end, and what comes out is made of what
 * went in and of the masks.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "fleet/fold_mask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A mask is at most this much longer than what it hides. */
enum { LONGER_MAX = 10 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = str_n((const char *)data, size);
	struct str name = str_sub(input, 0, str_find(input, '\n', 0));
	struct str line = str_sub(input, name.len + 1, input.len);
	const struct fold_mask mask = fold_mask_of(name);
	struct strbuf once = STRBUF_INIT;
	struct strbuf twice = STRBUF_INIT;

	fold_mask_add(&mask, line, &once);
	fold_mask_add(&mask, line, &twice);
	assert(str_eq(strbuf_str(&once), strbuf_str(&twice)));
	assert(once.len <= line.len * LONGER_MAX);
	strbuf_release(&once);
	strbuf_release(&twice);
	return 0;
}

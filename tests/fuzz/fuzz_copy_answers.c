/*
 * What the programs say that `copy` runs on a host: sums, what is there, what is in it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/copy_hasher.h"
#include "fleet/copy_sudo_script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { QUESTIONS = 4 };

static void on_send(void *arg, struct str bytes)
{
	*(size_t *)arg += bytes.len;
}

static void on_sum(void *arg, const struct copy_sum *sum)
{
	if (sum && !copy_sum_is(str_of(sum->hex))) {
		abort();
	}
	++*(int *)arg;
}

/* All at once, or byte by byte: the same number of answers, and none twice. */
static int ask(struct str input, size_t piece)
{
	static const struct copy_hasher_events events = {on_send};
	size_t sent = 0;
	int answers = 0;
	int so_far;
	struct copy_hasher *hasher = copy_hasher_new(&events, &sent);

	for (int i = 0; i < QUESTIONS; i++) {
		copy_hasher_ask(hasher, "/a", (uint64_t)i, on_sum, &answers);
	}
	for (size_t at = 0; at < input.len; at += piece) {
		copy_hasher_receive(hasher, str_sub(input, at, piece));
	}
	so_far = answers;
	copy_hasher_end(hasher);
	if (answers != QUESTIONS || copy_hasher_pending(hasher) != 0) {
		abort();
	}
	copy_hasher_free(&hasher);
	return so_far;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = str_n((const char *)data, size);
	struct copy_sudo_seen seen;
	struct strbuf content = STRBUF_INIT;

	if (ask(input, size + 1) != ask(input, 1)) {
		abort();
	}
	if (copy_sudo_parse_content(input, &content) != (content.len * 2 == size)) {
		abort();
	}
	strbuf_release(&content);
	if (copy_sudo_parse_seen(input, &seen) &&
		(seen.mode > 077777 || seen.target.len > size ||
			(seen.sum.hex[0] != '\0' && !copy_sum_is(str_of(seen.sum.hex))))) {
		abort();
	}
	return 0;
}

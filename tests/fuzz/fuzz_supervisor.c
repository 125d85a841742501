/*
 * Standard error of a supervised command: whole and byte by byte it says the same, no byte is made
 * up, and the end comes once.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "fleet/supervisor_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct supervisor_key key = {
	"\x1e"
	"0123456789abcdef0123456789abcdef ",
	"\x1e"
	"0123456789abcdeffedcba9876543210 ",
};

struct seen {
	struct strbuf text, events;
	int ends;
};

static void add_event(void *arg, const struct supervisor_event *event)
{
	struct seen *seen = arg;

	seen->ends += event->word == SUPERVISOR_ENDED;
	assert(event->exit_code >= 0 && event->exit_code <= 255 && event->pid >= 0);
	strbuf_addf(&seen->events, "%d %lld %d %s\n", (int)event->word, (long long)event->pid,
		event->exit_code, event->signal ? event->signal : "");
}

static void add_text(void *arg, struct str bytes)
{
	strbuf_addstr(&((struct seen *)arg)->text, bytes);
}

static void read_in_pieces(struct str input, size_t piece, struct seen *seen)
{
	const struct supervisor_listener listener = {add_event, add_text, seen};
	struct supervisor_reader reader;

	supervisor_reader_init(&reader, &key);
	for (size_t pos = 0; pos < input.len; pos += piece) {
		supervisor_read(&reader, str_sub(input, pos, piece), &listener);
	}
	supervisor_read_end(&reader, &listener);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole = {STRBUF_INIT, STRBUF_INIT, 0};
	struct seen bytes = {STRBUF_INIT, STRBUF_INIT, 0};
	struct str input = str_n((const char *)data, size);

	read_in_pieces(input, size + 1, &whole);
	read_in_pieces(input, 1, &bytes);
	assert(whole.ends <= 1);
	assert(whole.text.len <= size);
	assert(str_eq(strbuf_str(&whole.text), strbuf_str(&bytes.text)));
	assert(str_eq(strbuf_str(&whole.events), strbuf_str(&bytes.events)));
	strbuf_release(&whole.text);
	strbuf_release(&whole.events);
	strbuf_release(&bytes.text);
	strbuf_release(&bytes.events);
	return 0;
}

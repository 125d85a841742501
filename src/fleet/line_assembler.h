/*
 * Lines out of pieces: what a stream sends, in any pieces, becomes whole lines.
 *
 * "\r\n" ends a line as "\n" does.  A "\r" inside is what a progress bar does to draw over itself:
 * what is left of the line is what stood there last.  Lines over the maximum come in parts, and a
 * last line may have no end; each is marked.  Bytes are handed on as they are: whoever prints them
 * escapes them (base/utf8.h).
 */
#ifndef FLEET_LINE_ASSEMBLER_H
#define FLEET_LINE_ASSEMBLER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/strbuf.h"

enum line_end {
	LINE_END,   /* whole, or the rest of one that came in parts */
	LINE_SPLIT, /* longer than the maximum: goes on in the next */
	LINE_OPEN,  /* the stream ended, or was cut, without a newline */
};

/* `line` is without its end, and borrowed for the call. */
typedef void line_fn(void *arg, struct str line, enum line_end end);

enum { LINE_BYTES_MAX = 65536 };

struct line_assembler {
	struct strbuf held; /* the beginning of a line */
	size_t max_bytes;
	bool is_return; /* a "\r" was seen, and nothing after it yet */
	line_fn *fn;
	void *arg;
};

/* `max_bytes` of one line, 0: LINE_BYTES_MAX.  Memory is taken only while a line is incomplete. */
void line_assembler_init(struct line_assembler *, size_t max_bytes, line_fn *, void *arg);
void line_assembler_release(struct line_assembler *);

void line_assembler_add(struct line_assembler *, struct str bytes);

/* The stream has ended, or what there is is to be seen now (a prompt): an incomplete line is handed
 * on, if it has any bytes. */
void line_assembler_flush(struct line_assembler *);

#endif

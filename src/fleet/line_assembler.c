/*
 * Whole lines that come in one piece, as most do, are handed on from where they are.
 */
#include "fleet/line_assembler.h"

#include <string.h>

void line_assembler_init(struct line_assembler *lines, size_t max_bytes, line_fn *fn, void *arg)
{
	*lines = (struct line_assembler){
		.max_bytes = max_bytes ? max_bytes : LINE_BYTES_MAX, .fn = fn, .arg = arg};
	strbuf_init(&lines->held, 0);
}

void line_assembler_release(struct line_assembler *lines)
{
	strbuf_release(&lines->held);
}

/* Part of a line, with neither "\n" nor "\r" in it. */
static void hold(struct line_assembler *lines, struct str part)
{
	if (part.len == 0) {
		return;
	}
	if (lines->is_return) {
		strbuf_clear(&lines->held);
		lines->is_return = false;
	}
	while (lines->held.len + part.len > lines->max_bytes) {
		size_t room = lines->max_bytes - lines->held.len;

		strbuf_addstr(&lines->held, str_sub(part, 0, room));
		lines->fn(lines->arg, strbuf_str(&lines->held), LINE_SPLIT);
		strbuf_clear(&lines->held);
		part = str_sub(part, room, part.len);
	}
	strbuf_addstr(&lines->held, part);
}

static void end_line(struct line_assembler *lines, struct str part)
{
	if (lines->held.len == 0 && part.len <= lines->max_bytes) {
		lines->fn(lines->arg, part, LINE_END);
	} else {
		hold(lines, part);
		lines->fn(lines->arg, strbuf_str(&lines->held), LINE_END);
	}
	strbuf_clear(&lines->held);
	lines->is_return = false;
}

/* Up to a "\r" or the end of what there is. */
static void hold_parts(struct line_assembler *lines, struct str part)
{
	size_t begin = 0;

	while (begin < part.len) {
		size_t end = str_find(part, '\r', begin);

		hold(lines, str_sub(part, begin, end - begin));
		lines->is_return = lines->is_return || end < part.len;
		begin = end + 1;
	}
}

void line_assembler_add(struct line_assembler *lines, struct str bytes)
{
	size_t begin = 0;

	while (begin < bytes.len) {
		size_t end = str_find(bytes, '\n', begin);
		struct str part = str_sub(bytes, begin, end - begin);

		if (end == bytes.len) {
			hold_parts(lines, part);
			return;
		}
		if (memchr(part.ptr, '\r', part.len)) {
			hold_parts(lines, part);
			part.len = 0;
		}
		end_line(lines, part);
		begin = end + 1;
	}
	if (lines->held.len == 0) {
		strbuf_release(&lines->held);
	}
}

void line_assembler_flush(struct line_assembler *lines)
{
	if (lines->held.len > 0) {
		lines->fn(lines->arg, strbuf_str(&lines->held), LINE_OPEN);
	}
	strbuf_release(&lines->held);
	lines->is_return = false;
}

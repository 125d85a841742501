/*
 * Two contents as lines.  See copy_diff.h.
 */
#include "fleet/copy_diff.h"

#include "base/file.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "fleet/copy_put.h"
#include "fleet/line_diff.h"

enum { CONTEXT = 3 };

struct lines {
	struct str *lines;
	size_t lines_count, lines_alloc;
};

static void split(struct str text, struct lines *lines, struct arena *arena)
{
	while (text.len > 0) {
		size_t end = str_find(text, '\n', 0);

		*VEC_PUSH_IN(arena, lines, lines) = str_sub(text, 0, end);
		text = str_sub(text, end + 1, text.len);
	}
}

static void add_line(void *arg, enum line_change change, struct str line)
{
	static const char marks[] = {[LINE_SAME] = ' ', [LINE_REMOVED] = '-', [LINE_ADDED] = '+'};
	struct strbuf *out = arg;

	if (change != LINE_HEADER) {
		strbuf_addc(out, marks[change]);
	}
	utf8_add_escaped(out, line, 0);
	strbuf_addc(out, '\n');
}

static bool is_text(struct str content)
{
	return utf8_is_valid(content) && memchr(content.ptr, '\0', content.len) == NULL;
}

const char *copy_diff(struct str there, struct str here, struct arena *arena)
{
	struct lines first = {0};
	struct lines second = {0};
	struct strbuf out = STRBUF_INIT;
	const char *text = NULL;

	if (!is_text(there) || !is_text(here)) {
		return NULL;
	}
	split(there, &first, arena);
	split(here, &second, arena);
	if (line_diff(&(struct line_diff_text){first.lines, first.lines, first.lines_count},
		    &(struct line_diff_text){second.lines, second.lines, second.lines_count},
		    CONTEXT, add_line, &out) &&
		out.len > 0) {
		text = str_dup(strbuf_str(&out), arena);
	}
	strbuf_release(&out);
	return text;
}

const char *copy_diff_file(struct str there, const char *path, struct arena *arena)
{
	struct strbuf here = STRBUF_INIT;
	const char *text = NULL;

	if (file_read(path, FILE_REGULAR, COPY_DIFF_MAX, &here, NULL) == 0) {
		text = copy_diff(there, strbuf_str(&here), arena);
	}
	strbuf_release(&here);
	return text;
}

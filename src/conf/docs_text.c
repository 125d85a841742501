/*
 * Prose on its way into documentation: paragraphs, sentences, names.
 */
#include <string.h>

#include "conf/docs_internal.h"

const char docs_config_intro[] =
	"The configuration is YAML in UTF-8. Every key is known beforehand: one that is not, or a "
	"value of the wrong type or out of range, is an error with file, line and column, and "
	"nothing is started. Where a list is asked for, a single value will do.\n"
	"\n"
	"In any value ${NAME} stands for the environment variable NAME, which must be set; "
	"${NAME:-text} for the text, if the variable is not set or empty; and ${file:PATH} for "
	"what is in a file, without the newlines at its end. $${ is a plain ${.\n"
	"\n"
	"At the top level, include names more files to read, or patterns such as conf.d/*.yaml: "
	"their lists are appended and their mappings merged, but one value given twice is an "
	"error. Keys that begin with x- are ignored there, and so can hold what YAML anchors are "
	"for.";

static bool is_blank(struct str line)
{
	return str_trim(line).len == 0;
}

bool docs_next_paragraph(struct str *rest, struct str *ret_paragraph, bool *ret_is_preformatted)
{
	struct str line;
	struct str ahead = *rest;
	const char *start;
	const char *end;

	while (str_line(&ahead, &line) && is_blank(line)) {
		*rest = ahead;
	}
	if (is_blank(*rest)) {
		return false;
	}

	start = rest->ptr;
	end = start;
	while (str_line(rest, &line) && !is_blank(line)) {
		end = line.ptr + line.len;
	}
	*ret_paragraph = str_n(start, (size_t)(end - start));
	*ret_is_preformatted = char_is_space(*start);
	return true;
}

void docs_add_sentence(struct str text, struct strbuf *out)
{
	size_t start = out->len;

	strbuf_addstr(out, text);
	if (out->len == start) {
		return;
	}
	if (out->buf[start] >= 'a' && out->buf[start] <= 'z') {
		out->buf[start] = (char)(out->buf[start] - 'a' + 'A');
	}
	if (!memchr(".?!:", out->buf[out->len - 1], 4)) {
		strbuf_addc(out, '.');
	}
}

void docs_add_identifier(const char *name, struct strbuf *out)
{
	for (; *name; name++) {
		strbuf_addc(out, char_is_alnum(*name) ? *name : '_');
	}
}

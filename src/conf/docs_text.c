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

/* "http://..." and "auto: ..." are to be typed as they are. */
static bool begins_with_a_word(struct str text)
{
	size_t end = 0;

	while (end < text.len && text.ptr[end] >= 'a' && text.ptr[end] <= 'z') {
		end++;
	}
	return end > 0 && (end == text.len || strchr(" ,;'.?!", text.ptr[end]));
}

void docs_add_sentence(struct str text, struct strbuf *out)
{
	size_t start = out->len;

	if (text.len == 0) {
		return;
	}
	strbuf_addstr(out, text);
	if (begins_with_a_word(text)) {
		out->buf[start] = (char)(text.ptr[0] - 'a' + 'A');
	}
	if (!strchr(".?!:", text.ptr[text.len - 1])) {
		strbuf_addc(out, '.');
	}
}

void docs_add_identifier(const char *name, struct strbuf *out)
{
	for (; *name; name++) {
		strbuf_addc(out, char_is_alnum(*name) ? *name : '_');
	}
}

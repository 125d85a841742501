/*
 * Taking a plugin's output apart.  See plugin_output.h.
 */
#include "check/plugin_output.h"

#include "base/strbuf.h"
#include "base/utf8.h"

static char *take_text(struct strbuf *text, struct arena *arena)
{
	char *copy = arena_strndup(arena, text->buf, text->len);

	strbuf_release(text);
	return copy;
}

/* The first line with anything in it but white space; plugins may print empty ones before. */
static struct str first_line(struct str *rest)
{
	struct str line;

	while (str_line(rest, &line)) {
		if (str_trim(line).len > 0) {
			return line;
		}
	}
	return str_of("");
}

void plugin_output_read(struct str text, struct arena *arena, struct plugin_output *ret_output)
{
	struct plugin_output output = {0};
	struct strbuf message = STRBUF_INIT;
	struct strbuf detail = STRBUF_INIT;
	struct str line = first_line(&text);
	size_t bar = str_find(line, '|', 0);

	utf8_add_escaped(&message, str_trim(str_sub(line, 0, bar)), PLUGIN_MESSAGE_MAX);
	output.message = take_text(&message, arena);
	perfdata_read(str_sub(line, bar + 1, line.len), arena, &output.perfdata);

	for (bool has_bar = false; !has_bar && str_line(&text, &line);) {
		bar = str_find(line, '|', 0);
		has_bar = bar < line.len;
		utf8_add_escaped(&detail, str_rtrim(str_sub(line, 0, bar)), 0);
		strbuf_addc(&detail, '\n');
		if (has_bar) {
			perfdata_read(str_sub(line, bar + 1, line.len), arena, &output.perfdata);
			perfdata_read(text, arena, &output.perfdata);
		}
	}
	strbuf_rtrim(&detail);
	output.detail = detail.len > 0 ? take_text(&detail, arena) : NULL;
	strbuf_release(&detail);
	*ret_output = output;
}

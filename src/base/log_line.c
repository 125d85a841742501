/*
 * A line of the log as text, as JSON and for the journal.  See log.h.
 */
#include "base/log_line.h"

#include "base/json_writer.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "base/utf8.h"

static const struct {
	const char *padded; /* in text */
	const char *name;   /* in JSON */
	int priority;       /* syslog(3) */
} levels[] = {
	[LOG_LEVEL_ERROR] = {"ERROR   ", "error", 3},
	[LOG_LEVEL_WARN] = {"WARNING ", "warning", 4},
	[LOG_LEVEL_INFO] = {"INFO    ", "info", 6},
	[LOG_LEVEL_DEBUG] = {"DEBUG   ", "debug", 7},
};

const char *log_component(const struct log_context *context)
{
	while (context && !context->component) {
		context = context->parent;
	}
	return context ? context->component : NULL;
}

static bool needs_quotes(const char *value)
{
	for (const char *c = value; *c != '\0'; c++) {
		if (char_is_space(*c) || *c == '"' || *c == '=' || *c == ')') {
			return true;
		}
	}
	return value[0] == '\0';
}

static void add_value(struct strbuf *sb, const char *value)
{
	if (!needs_quotes(value)) {
		utf8_add_escaped(sb, str_of(value), LOG_VALUE_MAX);
		return;
	}
	strbuf_addc(sb, '"');
	for (struct str rest = str_of(value), piece; str_split(&rest, '"', &piece);) {
		utf8_add_escaped(sb, piece, LOG_VALUE_MAX);
		strbuf_adds(sb, rest.ptr ? "\\\"" : "");
	}
	strbuf_addc(sb, '"');
}

/* The outermost object first. */
static void add_fields(struct strbuf *sb, const struct log_context *context, size_t start)
{
	if (!context) {
		return;
	}
	add_fields(sb, context->parent, start);
	for (size_t i = 0; i < context->fields_count; i++) {
		strbuf_adds(sb, sb->len == start ? " (" : " ");
		strbuf_adds(sb, context->fields[i].key);
		strbuf_addc(sb, '=');
		add_value(sb, context->fields[i].value);
	}
}

void log_line_add_body(struct strbuf *sb, const struct log_line *line)
{
	const char *component = log_component(line->context);
	size_t start;

	if (component) {
		strbuf_adds(sb, component);
		strbuf_adds(sb, ": ");
	}
	strbuf_addstr(sb, line->message);
	start = sb->len;
	add_fields(sb, line->context, start);
	strbuf_adds(sb, sb->len > start ? ")" : "");
}

void log_line_add_text(struct strbuf *sb, const struct log_line *line)
{
	time_add_log(sb, line->wall_ms);
	strbuf_addf(sb, " [%s] ", levels[line->level].padded);
	log_line_add_body(sb, line);
	strbuf_addc(sb, '\n');
}

static void add_json_fields(struct json_writer *w, const struct log_context *context)
{
	if (!context) {
		return;
	}
	add_json_fields(w, context->parent);
	for (size_t i = 0; i < context->fields_count; i++) {
		json_field_string(w, context->fields[i].key, context->fields[i].value);
	}
}

void log_line_add_json(struct strbuf *sb, const struct log_line *line)
{
	const char *component = log_component(line->context);
	struct json_writer w;

	json_writer_init(&w, sb, false);
	json_write_object_begin(&w);
	json_field_time(&w, "time", line->wall_ms);
	json_field_string(&w, "level", levels[line->level].name);
	if (component) {
		json_field_string(&w, "component", component);
	}
	json_field_str(&w, "message", line->message);
	if (line->repeated > 0) {
		json_field_int(&w, "repeated", (int64_t)line->repeated);
	}
	add_json_fields(&w, line->context);
	json_write_object_end(&w);
	strbuf_addc(sb, '\n');
}

void log_line_add_journal(struct strbuf *sb, const struct log_line *line, enum log_format format)
{
	strbuf_addf(sb, "<%d>", levels[line->level].priority);
	switch (format) {
	case LOG_TEXT:
		log_line_add_body(sb, line);
		strbuf_addc(sb, '\n');
		break;
	case LOG_JSON:
		log_line_add_json(sb, line);
		break;
	}
}

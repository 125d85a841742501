/*
 * XML as text.  See xml_writer.h.
 */
#include "base/xml_writer.h"

#include <assert.h>

#include "base/strbuf.h"
#include "base/utf8.h"

void xml_writer_init(struct xml_writer *w, struct strbuf *out)
{
	*w = (struct xml_writer){.out = out};
	strbuf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
}

static void xml_newline(struct xml_writer *w)
{
	strbuf_addc(w->out, '\n');
	strbuf_addn(w->out, ' ', 2 * (size_t)w->depth);
}

static void xml_close_tag(struct xml_writer *w)
{
	if (w->is_tag_open) {
		strbuf_addc(w->out, '>');
		w->is_tag_open = false;
	}
}

void xml_write_begin(struct xml_writer *w, const char *name)
{
	assert(w->depth < XML_DEPTH_MAX);
	xml_close_tag(w);
	if (w->depth > 0) {
		struct xml_level *parent = &w->levels[w->depth - 1];

		parent->has_child = true;
		if (!parent->has_text) {
			xml_newline(w);
		}
	}
	w->levels[w->depth++] = (struct xml_level){.name = name};
	strbuf_addc(w->out, '<');
	strbuf_adds(w->out, name);
	w->is_tag_open = true;
}

void xml_write_end(struct xml_writer *w)
{
	assert(w->depth > 0);

	const struct xml_level *level = &w->levels[--w->depth];

	if (w->is_tag_open) {
		strbuf_adds(w->out, "/>");
		w->is_tag_open = false;
	} else {
		if (level->has_child && !level->has_text) {
			xml_newline(w);
		}
		strbuf_addf(w->out, "</%s>", level->name);
	}
	if (w->depth == 0) {
		strbuf_addc(w->out, '\n');
	}
}

static bool is_forbidden(uint32_t c)
{
	return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0xfffe || c == 0xffff;
}

static void xml_add_char(struct strbuf *out, uint32_t c, bool is_attribute)
{
	if (is_forbidden(c)) {
		utf8_add_char(out, UTF8_REPLACEMENT);
	} else if (c == '&') {
		strbuf_adds(out, "&amp;");
	} else if (c == '<') {
		strbuf_adds(out, "&lt;");
	} else if (c == '>') {
		strbuf_adds(out, "&gt;");
	} else if (c == '"' && is_attribute) {
		strbuf_adds(out, "&quot;");
	} else if (utf8_is_unsafe(c) && (is_attribute || (c != '\n' && c != '\t'))) {
		strbuf_addf(out, "&#x%x;", c);
	} else {
		utf8_add_char(out, c);
	}
}

static void xml_add_text(struct strbuf *out, struct str s, bool is_attribute)
{
	while (s.len > 0) {
		uint32_t c = UTF8_REPLACEMENT;
		size_t len = utf8_decode(s, &c);

		xml_add_char(out, c, is_attribute);
		s = str_sub(s, len > 0 ? len : 1, s.len);
	}
}

void xml_write_attribute(struct xml_writer *w, const char *name, struct str value)
{
	assert(w->is_tag_open);
	strbuf_addf(w->out, " %s=\"", name);
	xml_add_text(w->out, value, true);
	strbuf_addc(w->out, '"');
}

void xml_write_attribute_string(struct xml_writer *w, const char *name, const char *value)
{
	xml_write_attribute(w, name, str_of(value));
}

void xml_write_attribute_int(struct xml_writer *w, const char *name, int64_t value)
{
	assert(w->is_tag_open);
	strbuf_addf(w->out, " %s=\"%lld\"", name, (long long)value);
}

void xml_write_text(struct xml_writer *w, struct str text)
{
	assert(w->depth > 0);
	xml_close_tag(w);
	w->levels[w->depth - 1].has_text = true;
	xml_add_text(w->out, text, false);
}

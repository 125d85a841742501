/*
 * Bytes from outside on their way to a terminal, a log, JSON and XML: what comes out is valid and
 * can be printed, keeps its limits, and loses nothing that was fine.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/xml_writer.h"
#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_escape(struct str text)
{
	struct strbuf once = STRBUF_INIT;
	struct strbuf twice = STRBUF_INIT;

	utf8_add_escaped(&once, text, 0);
	claim(is_printable(strbuf_str(&once)));
	claim(!is_printable(text) || str_eq(text, strbuf_str(&once)));
	utf8_add_escaped(&twice, strbuf_str(&once), 0);
	claim(str_eq(strbuf_str(&once), strbuf_str(&twice)));

	for (size_t max = 1; max < 12; max++) {
		strbuf_clear(&twice);
		utf8_add_escaped(&twice, text, max);
		claim(twice.len <= max && is_printable(strbuf_str(&twice)));
		claim(once.len > max || str_eq(strbuf_str(&once), strbuf_str(&twice)));
		claim(once.len <= max || twice.buf[twice.len - 1] == '.');
	}
	strbuf_release(&once);
	strbuf_release(&twice);
}

static void try_wrap(struct str text)
{
	int width = utf8_str_width(text);

	claim(utf8_cut(text, width).len == text.len);
	for (int i = 1; i < 12; i++) {
		struct str rest = text;
		struct str line;

		while (utf8_wrap(&rest, i, &line)) {
			claim(utf8_str_width(line) <= (i < 2 ? 2 : i));
		}
	}
}

static void try_writers(struct str text)
{
	struct strbuf out = STRBUF_INIT;
	struct json_writer json;
	struct xml_writer xml;

	json_writer_init(&json, &out, false);
	json_write_str(&json, text);
	claim(is_printable(strbuf_str(&out)));

	strbuf_clear(&out);
	xml_writer_init(&xml, &out);
	xml_write_begin(&xml, "e");
	xml_write_attribute(&xml, "a", text);
	xml_write_text(&xml, text);
	xml_write_end(&xml);
	claim(utf8_is_valid(strbuf_str(&out)) && !memchr(out.buf, '\0', out.len));
	claim(!memchr(out.buf, '\x1b', out.len));
	strbuf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_n((const char *)data, size);

	try_escape(text);
	try_wrap(text);
	try_writers(text);
	return 0;
}

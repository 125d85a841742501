/*
 * JSON as text.  See json_writer.h.
 */
#include "base/json_writer.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/time.h"
#include "base/utf8.h"

enum { LINE_WIDTH = 96 };

void json_writer_init(struct json_writer *w, struct strbuf *out, bool is_pretty)
{
	*w = (struct json_writer){.out = out, .is_pretty = is_pretty};
}

static void json_newline(struct json_writer *w)
{
	strbuf_addc(w->out, '\n');
	strbuf_addn(w->out, ' ', 2 * (size_t)w->depth);
}

/* There is no newline within a string, so looking back finds the begin of the line. */
static bool json_line_is_full(const struct json_writer *w)
{
	const struct strbuf *out = w->out;

	return out->len >= LINE_WIDTH &&
	       !memrchr(out->buf + out->len - LINE_WIDTH, '\n', LINE_WIDTH);
}

/* What stands between the element before, or the opening bracket, and the one that comes now. */
static void json_separate(struct json_writer *w, bool is_scalar)
{
	struct json_level *level = &w->levels[w->depth - 1];
	bool shares_line =
		level->is_array && is_scalar &&
		(!level->has_element || (level->is_last_scalar && !json_line_is_full(w)));

	if (level->has_element) {
		strbuf_addc(w->out, ',');
	}
	if (w->is_pretty && !shares_line) {
		json_newline(w);
	} else if (level->has_element) {
		strbuf_addc(w->out, ' ');
	}
	level->has_element = true;
	level->is_last_scalar = is_scalar;
}

static void json_begin_value(struct json_writer *w, bool is_scalar)
{
	if (w->is_after_key) {
		w->is_after_key = false;
	} else if (w->depth > 0) {
		assert(w->levels[w->depth - 1].is_array);
		json_separate(w, is_scalar);
	}
}

static void json_open(struct json_writer *w, bool is_array)
{
	json_begin_value(w, false);
	assert(w->depth < JSON_DEPTH_MAX);
	w->levels[w->depth++] = (struct json_level){.is_array = is_array};
	strbuf_addc(w->out, is_array ? '[' : '{');
}

static void json_close(struct json_writer *w, bool is_array)
{
	assert(w->depth > 0 && !w->is_after_key);

	const struct json_level *level = &w->levels[--w->depth];

	assert(level->is_array == is_array);
	if (w->is_pretty && level->has_element && !(is_array && level->is_last_scalar)) {
		json_newline(w);
	}
	strbuf_addc(w->out, is_array ? ']' : '}');
}

void json_write_object_begin(struct json_writer *w)
{
	json_open(w, false);
}

void json_write_object_end(struct json_writer *w)
{
	json_close(w, false);
}

void json_write_array_begin(struct json_writer *w)
{
	json_open(w, true);
}

void json_write_array_end(struct json_writer *w)
{
	json_close(w, true);
}

static void json_add_escape(struct strbuf *out, uint32_t c)
{
	static const char letters[] = "\b\t\n\f\r\"\\";
	static const char names[] = "btnfr\"\\";
	const char *hit = c > 0 && c < 0x80 ? strchr(letters, (int)c) : NULL;

	if (hit) {
		strbuf_addc(out, '\\');
		strbuf_addc(out, names[hit - letters]);
	} else if (c < 0x10000) {
		strbuf_addf(out, "\\u%04x", c);
	} else {
		strbuf_addf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
			0xdc00 + ((c - 0x10000) & 0x3ff));
	}
}

static bool is_plain(char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void json_add_quoted(struct strbuf *out, struct str s)
{
	size_t at = 0;

	strbuf_addc(out, '"');
	while (at < s.len) {
		size_t start = at;
		uint32_t c = UTF8_REPLACEMENT;
		size_t len;

		while (at < s.len && is_plain(s.ptr[at])) {
			at++;
		}
		strbuf_add(out, s.ptr + start, at - start);
		if (at == s.len) {
			break;
		}
		len = utf8_decode(str_sub(s, at, s.len), &c);
		if (c == '"' || c == '\\' || utf8_is_unsafe(c)) {
			json_add_escape(out, c);
		} else {
			utf8_add_char(out, c);
		}
		at += len > 0 ? len : 1;
	}
	strbuf_addc(out, '"');
}

void json_write_key(struct json_writer *w, const char *key)
{
	assert(w->depth > 0 && !w->levels[w->depth - 1].is_array && !w->is_after_key);
	json_separate(w, false);
	json_add_quoted(w->out, str_of(key));
	strbuf_adds(w->out, ": ");
	w->is_after_key = true;
}

void json_write_raw(struct json_writer *w, struct str value)
{
	json_begin_value(w, false);
	strbuf_addstr(w->out, value);
}

void json_write_members(struct json_writer *w, struct str members)
{
	assert(w->depth > 0 && !w->levels[w->depth - 1].is_array && !w->is_after_key);
	json_separate(w, false);
	strbuf_addstr(w->out, members);
}

void json_write_str(struct json_writer *w, struct str s)
{
	json_begin_value(w, true);
	json_add_quoted(w->out, s);
}

void json_write_string(struct json_writer *w, const char *s)
{
	if (s) {
		json_write_str(w, str_of(s));
	} else {
		json_write_null(w);
	}
}

static void json_write_literal(struct json_writer *w, const char *text)
{
	json_begin_value(w, true);
	strbuf_adds(w->out, text);
}

void json_write_int(struct json_writer *w, int64_t value)
{
	json_begin_value(w, true);
	strbuf_addf(w->out, "%lld", (long long)value);
}

void json_write_double(struct json_writer *w, double value)
{
	size_t start;

	if (!isfinite(value)) {
		json_write_null(w);
		return;
	}
	json_begin_value(w, true);
	start = w->out->len;
	number_add_double(w->out, value);
	if (!strpbrk(w->out->buf + start, ".e")) {
		strbuf_adds(w->out, ".0");
	}
}

void json_write_bool(struct json_writer *w, bool value)
{
	json_write_literal(w, value ? "true" : "false");
}

void json_write_null(struct json_writer *w)
{
	json_write_literal(w, "null");
}

void json_field_string(struct json_writer *w, const char *key, const char *s)
{
	json_write_key(w, key);
	json_write_string(w, s);
}

void json_field_str(struct json_writer *w, const char *key, struct str s)
{
	json_write_key(w, key);
	json_write_str(w, s);
}

void json_field_int(struct json_writer *w, const char *key, int64_t value)
{
	json_write_key(w, key);
	json_write_int(w, value);
}

void json_field_double(struct json_writer *w, const char *key, double value)
{
	json_write_key(w, key);
	json_write_double(w, value);
}

void json_field_bool(struct json_writer *w, const char *key, bool value)
{
	json_write_key(w, key);
	json_write_bool(w, value);
}

void json_field_time(struct json_writer *w, const char *key, int64_t wall_ms)
{
	json_write_key(w, key);
	json_begin_value(w, true);
	strbuf_addc(w->out, '"');
	time_add_rfc3339(w->out, wall_ms);
	strbuf_addc(w->out, '"');
}

void json_field_time_or_null(struct json_writer *w, const char *key, int64_t wall_ms)
{
	if (wall_ms != 0) {
		json_field_time(w, key, wall_ms);
	} else {
		json_field_string(w, key, NULL);
	}
}

void json_document_begin(struct json_writer *w, struct strbuf *out, const char *command)
{
	json_writer_init(w, out, true);
	json_write_object_begin(w);
	json_field_int(w, "schema", 1);
	json_field_string(w, "command", command);
}

void json_document_end(struct json_writer *w)
{
	json_write_object_end(w);
	strbuf_addc(w->out, '\n');
}

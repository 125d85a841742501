/*
 * One pass over the characters.  See alert_text.h.
 */
#include "alert/alert_text.h"

#include <stdint.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/utf8.h"

static const char ellipsis[] = "\xe2\x80\xa6";

enum { ELLIPSIS_LEN = sizeof(ellipsis) - 1, NEXT_LINE = 0x85 };

static bool is_break(uint32_t c)
{
	return (c >= '\n' && c <= '\r') || c == NEXT_LINE || c == 0x2028 || c == 0x2029;
}

static bool is_dropped(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

static bool is_noncharacter(uint32_t c)
{
	return (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

static void add_space(struct strbuf *out)
{
	if (out->len > 0 && out->buf[out->len - 1] != ' ') {
		strbuf_addc(out, ' ');
	}
}

static void add_clean(struct strbuf *out, uint32_t c, enum alert_text_shape shape)
{
	if (is_break(c) || c == '\t') {
		if (shape == ALERT_TEXT_LINE) {
			add_space(out);
		} else {
			strbuf_addc(out, c == '\t' ? '\t' : '\n');
		}
		return;
	}
	if (!is_dropped(c)) {
		utf8_add_char(out, is_noncharacter(c) ? UTF8_REPLACEMENT : c);
	}
}

struct str alert_text_clean(
	struct str s, enum alert_text_shape shape, size_t max_bytes, struct arena *arena)
{
	struct strbuf out = STRBUF_INIT;
	size_t end = 0; /* of what is no white space: more of that may follow and does not count */
	struct str clean;

	while (s.len > 0 && end <= max_bytes) {
		uint32_t c = UTF8_REPLACEMENT;
		size_t len = utf8_decode(s, &c);

		len = len > 0 ? len : 1;
		if (str_starts(s, "\r\n")) {
			len = 2;
		}
		add_clean(&out, c, shape);
		s = str_n(s.ptr + len, s.len - len);
		if (out.len > 0 && !char_is_space(out.buf[out.len - 1])) {
			end = out.len;
		} else if (end == 0) {
			strbuf_clear(&out);
		}
	}
	clean = alert_text_cut(str_n(out.buf, end), max_bytes, arena);
	clean = str_n(str_dup(clean, arena), clean.len);
	strbuf_release(&out);
	return clean;
}

struct str alert_text_cut(struct str s, size_t max_bytes, struct arena *arena)
{
	size_t len = max_bytes - ELLIPSIS_LEN;

	if (s.len <= max_bytes) {
		return s;
	}
	while (len > 0 && ((unsigned char)s.ptr[len] & 0xc0) == 0x80) {
		len--;
	}
	return str_of(arena_printf(arena, "%.*s%s", (int)len, s.ptr, ellipsis));
}

bool alert_text_is_url(struct str s)
{
	struct str scheme = str_sub(s, 0, str_find(s, ':', 0));
	struct str rest = str_sub(s, scheme.len, s.len);

	if (!str_starts(rest, "://") || rest.len < 4 ||
		!(str_case_eq(scheme, str_of("http")) || str_case_eq(scheme, str_of("https")))) {
		return false;
	}
	if (strchr("/?#", rest.ptr[3])) {
		return false;
	}
	while (s.len > 0) {
		uint32_t c = 0;
		size_t len = utf8_decode(s, &c);

		if (len == 0 || utf8_is_unsafe(c) || (c < 0x80 && strchr(" \"<>\\^`{|}", (int)c))) {
			return false;
		}
		s = str_n(s.ptr + len, s.len - len);
	}
	return true;
}

/*
 * Keeping texts within what a receiver takes.  See notify_text.h.
 */
#include "base/utf8.h"
#include "notify/notify_text.h"

static const char ellipsis[] = "…";
static const char replacement[] = "\xef\xbf\xbd";

/* Cut the character off the front; U+FFFD stands for a byte that is none.  Returns its size. */
static size_t next_char(struct str *s, enum notify_unit unit, struct str *ret_char)
{
	uint32_t c = 0;
	size_t len = utf8_decode(*s, &c);

	*ret_char = len > 0 ? str_sub(*s, 0, len) : str_of(replacement);
	*s = str_sub(*s, len > 0 ? len : 1, s->len);
	switch (unit) {
	case NOTIFY_BYTES:
		return ret_char->len;
	case NOTIFY_CHARS:
		return 1;
	case NOTIFY_UTF16:
		break;
	}
	return c >= 0x10000 ? 2 : 1;
}

size_t notify_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

bool notify_is_at_line_start(const struct strbuf *out)
{
	size_t at = out->len;

	while (at > 0 && out->buf[at - 1] == ' ') {
		at--;
	}
	return at == 0 || out->buf[at - 1] == '\n';
}

size_t notify_size(struct str s, enum notify_unit unit)
{
	size_t total = 0;

	while (s.len > 0) {
		struct str c;

		total += next_char(&s, unit, &c);
	}
	return total;
}

size_t notify_add_limited(struct str s, const struct notify_limit *limit, struct strbuf *out)
{
	const size_t mark = notify_size(str_of(ellipsis), limit->unit);
	const size_t start = out->len;
	size_t cut_len = start; /* where the text ends if it has to be cut */
	size_t cut_size = 0;
	size_t size = 0;

	while (s.len > 0) {
		const size_t before = out->len;
		struct str c;
		size_t char_size = next_char(&s, limit->unit, &c);

		if (limit->escape) {
			limit->escape(c, out);
			char_size = notify_size(
				str_n(out->buf + before, out->len - before), limit->unit);
		} else {
			strbuf_addstr(out, c);
		}
		if (size + char_size > limit->max) {
			strbuf_truncate(out, cut_len);
			if (limit->max < mark) {
				return cut_size;
			}
			strbuf_adds(out, ellipsis);
			return cut_size + mark;
		}
		size += char_size;
		if (size + mark <= limit->max) {
			cut_len = out->len;
			cut_size = size;
		}
	}
	return size;
}

static void add_cut(struct str s, size_t max, enum notify_unit unit, struct strbuf *out)
{
	const struct notify_limit limit = {.max = max, .unit = unit};

	(void)notify_add_limited(s, &limit, out);
}

void notify_add_cut(struct str s, size_t max_bytes, struct strbuf *out)
{
	add_cut(s, max_bytes, NOTIFY_BYTES, out);
}

void notify_add_cut_chars(struct str s, size_t max_chars, struct strbuf *out)
{
	add_cut(s, max_chars, NOTIFY_CHARS, out);
}

void notify_add_cut_utf16(struct str s, size_t max_units, struct strbuf *out)
{
	add_cut(s, max_units, NOTIFY_UTF16, out);
}

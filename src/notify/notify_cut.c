/*
 * Keeping texts within what a receiver takes.  See notify_text.h.
 */
#include "base/utf8.h"
#include "notify/notify_text.h"

static const char ellipsis[] = "…";

/* The character that the text begins with; a byte that is none counts as one. */
static struct str next_char(struct str s, enum notify_unit unit, size_t *ret_size)
{
	uint32_t c = 0;
	size_t len = utf8_decode(s, &c);

	if (len == 0) {
		len = 1;
	}
	switch (unit) {
	case NOTIFY_BYTES:
		*ret_size = len;
		break;
	case NOTIFY_CHARS:
		*ret_size = 1;
		break;
	case NOTIFY_UTF16:
		*ret_size = c >= 0x10000 ? 2 : 1;
		break;
	}
	return str_sub(s, 0, len);
}

size_t notify_size(struct str s, enum notify_unit unit)
{
	size_t total = 0;

	if (unit == NOTIFY_BYTES) {
		return s.len;
	}
	while (s.len > 0) {
		size_t size = 0;
		struct str c = next_char(s, unit, &size);

		total += size;
		s = str_sub(s, c.len, s.len);
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
		size_t char_size = 0;
		struct str c = next_char(s, limit->unit, &char_size);

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
		s = str_sub(s, c.len, s.len);
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

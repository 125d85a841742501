/*
 * Decoding UTF-8 and escaping what must not reach a terminal.  See utf8.h.
 */
#include "base/utf8.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t utf8_decode(struct str s, uint32_t *ret_char)
{
	static const uint32_t smallest[UTF8_LEN_MAX + 1] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first;
	uint32_t c;
	size_t len;

	if (s.len == 0) {
		return 0;
	}
	first = (unsigned char)s.ptr[0];
	if (first < 0x80) {
		*ret_char = first;
		return 1;
	}
	len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	if (first < 0xc2 || first > 0xf4 || s.len < len) {
		return 0;
	}

	c = first & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if (!is_continuation(s.ptr[i])) {
			return 0;
		}
		c = c << 6 | ((unsigned char)s.ptr[i] & 0x3fU);
	}
	if (c < smallest[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
		return 0;
	}
	*ret_char = c;
	return len;
}

void utf8_add_char(struct strbuf *sb, uint32_t c)
{
	static const unsigned char mark[UTF8_LEN_MAX + 1] = {0, 0, 0xc0, 0xe0, 0xf0};
	char bytes[UTF8_LEN_MAX];
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	assert(c <= 0x10ffff && (c < 0xd800 || c > 0xdfff));
	for (size_t i = len; i-- > 1; c >>= 6) {
		bytes[i] = (char)(0x80 | (c & 0x3f));
	}
	bytes[0] = (char)(mark[len] | c);
	strbuf_add(sb, bytes, len);
}

bool utf8_is_valid(struct str s)
{
	while (s.len > 0) {
		uint32_t c;
		size_t len = utf8_decode(s, &c);

		if (len == 0) {
			return false;
		}
		s = str_n(s.ptr + len, s.len - len);
	}
	return true;
}

bool utf8_is_unsafe(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x0000, 0x001f},   /* C0 */
		{0x007f, 0x009f},   /* DEL and C1 */
		{0x061c, 0x061c},   /* Arabic letter mark */
		{0x200b, 0x200b},   /* zero width space */
		{0x200e, 0x200f},   /* left-to-right and right-to-left marks */
		{0x2028, 0x202e},   /* separators, embeddings and overrides */
		{0x2060, 0x206f},   /* invisible operators, isolates, deprecated controls */
		{0xfdd0, 0xfdef},   /* noncharacters */
		{0xfeff, 0xfeff},   /* byte order mark */
		{0xfff9, 0xfffb},   /* interlinear annotation */
		{0xe0000, 0xe007f}, /* tags: invisible text */
	};

	if (c >= 0x20 && c < 0x7f) {
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
		if (c >= ranges[i].first && c <= ranges[i].last) {
			return true;
		}
	}
	return (c & 0xfffe) == 0xfffe;
}

static void add_escape(struct strbuf *sb, uint32_t c)
{
	switch (c) {
	case '\t':
		strbuf_adds(sb, "\\t");
		break;
	case '\n':
		strbuf_adds(sb, "\\n");
		break;
	case '\r':
		strbuf_adds(sb, "\\r");
		break;
	default:
		strbuf_addf(sb, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
	}
}

/* How much of it, from the front, is ASCII that can be printed: nearly all of most texts. */
static size_t plain_len(struct str s)
{
	size_t len = 0;

	while (len < s.len && s.ptr[len] >= ' ' && s.ptr[len] <= '~') {
		len++;
	}
	return len;
}

void utf8_add_escaped(struct strbuf *sb, struct str s, size_t max_bytes)
{
	static const char ellipsis[] = "...";
	const size_t mark = sizeof(ellipsis) - 1;
	const size_t start = sb->len;
	size_t cut = start; /* where the text ends if it has to be cut */

	while (s.len > 0) {
		size_t plain = max_bytes == 0 ? plain_len(s) : 0;
		uint32_t c = (unsigned char)s.ptr[0];
		size_t len = plain > 0 ? plain : utf8_decode(s, &c);

		if (len > 0 && (plain > 0 || !utf8_is_unsafe(c))) {
			strbuf_add(sb, s.ptr, len);
		} else {
			add_escape(sb, c);
		}
		if (max_bytes > 0 && sb->len - start > max_bytes) {
			strbuf_truncate(sb, cut);
			strbuf_add(sb, ellipsis, max_bytes < mark ? max_bytes : mark);
			return;
		}
		if (max_bytes == 0 || sb->len - start + mark <= max_bytes) {
			cut = sb->len;
		}
		len = len > 0 ? len : 1;
		s = str_n(s.ptr + len, s.len - len);
	}
}

struct utf8_quoted utf8_quote(struct str s)
{
	struct utf8_quoted quoted;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	utf8_add_escaped(&sb, s, sizeof(quoted.text) - 1);
	memcpy(quoted.text, sb.buf, sb.len + 1);
	return quoted;
}

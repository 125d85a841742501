/*
 * A growing string with a maximum.  See strbuf.h.
 */
#include "base/strbuf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

char strbuf_empty[1];

void strbuf_init(struct strbuf *sb, size_t max_bytes)
{
	*sb = (struct strbuf)STRBUF_INIT_MAX(max_bytes);
}

void strbuf_release(struct strbuf *sb)
{
	size_t max = sb->max;

	if (sb->alloc) {
		free(sb->buf);
	}
	strbuf_init(sb, max);
}

void strbuf_clear(struct strbuf *sb)
{
	sb->dropped_bytes = 0;
	if (sb->alloc) {
		sb->len = 0;
		sb->buf[0] = '\0';
	}
}

char *strbuf_detach(struct strbuf *sb)
{
	char *text = sb->alloc ? sb->buf : xstrdup("");
	size_t max = sb->max;

	strbuf_init(sb, max);
	return text;
}

size_t strbuf_reserve(struct strbuf *sb, size_t len)
{
	size_t need;

	if (sb->max && len > sb->max - sb->len) {
		len = sb->max - sb->len;
	}
	if (len == 0) {
		return 0;
	}
	if (__builtin_add_overflow(sb->len, len + 1, &need)) {
		abort();
	}
	if (need > sb->alloc) {
		size_t alloc = sb->alloc + sb->alloc / 2;

		if (alloc < need) {
			alloc = need < 64 ? 64 : need;
		}
		if (sb->max && alloc > sb->max + 1) {
			alloc = sb->max + 1;
		}
		sb->buf = xrealloc(sb->alloc ? sb->buf : NULL, alloc);
		sb->alloc = alloc;
		sb->buf[sb->len] = '\0';
	}
	return len;
}

void strbuf_commit(struct strbuf *sb, size_t len)
{
	assert(len == 0 || sb->len + len < sb->alloc);
	if (len > 0) {
		sb->len += len;
		sb->buf[sb->len] = '\0';
	}
}

void strbuf_add(struct strbuf *sb, const char *bytes, size_t len)
{
	size_t room = strbuf_reserve(sb, len);

	if (room > 0) {
		memcpy(sb->buf + sb->len, bytes, room);
		strbuf_commit(sb, room);
	}
	sb->dropped_bytes += len - room;
}

void strbuf_adds(struct strbuf *sb, const char *s)
{
	strbuf_add(sb, s, strlen(s));
}

void strbuf_addstr(struct strbuf *sb, struct str s)
{
	strbuf_add(sb, s.ptr, s.len);
}

void strbuf_addc(struct strbuf *sb, char c)
{
	strbuf_add(sb, &c, 1);
}

void strbuf_addn(struct strbuf *sb, char c, size_t count)
{
	size_t room = strbuf_reserve(sb, count);

	if (room > 0) {
		memset(sb->buf + sb->len, c, room);
		strbuf_commit(sb, room);
	}
	sb->dropped_bytes += count - room;
}

void strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(sb, fmt, ap);
	va_end(ap);
}

void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
{
	char small[256];
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n < 0) {
		abort(); /* a broken format string: our bug */
	}
	if ((size_t)n < sizeof(small)) {
		strbuf_add(sb, small, (size_t)n);
	} else {
		char *big = xmalloc((size_t)n + 1);

		(void)vsnprintf(big, (size_t)n + 1, fmt, again);
		strbuf_add(sb, big, (size_t)n);
		free(big);
	}
	va_end(again);
}

void strbuf_remove(struct strbuf *sb, size_t pos, size_t len)
{
	assert(pos <= sb->len && len <= sb->len - pos);
	if (len > 0) {
		memmove(sb->buf + pos, sb->buf + pos + len, sb->len - pos - len + 1);
		sb->len -= len;
	}
}

void strbuf_truncate(struct strbuf *sb, size_t len)
{
	strbuf_remove(sb, len, sb->len - len);
}

void strbuf_rtrim(struct strbuf *sb)
{
	strbuf_truncate(sb, str_rtrim(strbuf_str(sb)).len);
}

struct str strbuf_str(const struct strbuf *sb)
{
	return str_n(sb->buf, sb->len);
}

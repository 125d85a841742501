/*
 * A string that grows, up to a maximum.
 *
 * Low-level: knows nothing of what it holds.  `buf` is always a string (NUL after `len`), also when
 * nothing was ever added; it may hold NULs of its own, so pointer and length travel together.
 *
 * A buffer that is fed from outside is created with a maximum.  What does not fit is counted in
 * `dropped_bytes` and lost; adding never fails and never aborts for size.
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct strbuf {
	char *buf;              /* never NULL; owned by the strbuf */
	size_t len;             /* bytes in use, without the final NUL */
	size_t alloc;           /* bytes allocated, 0 while nothing was added */
	size_t max;             /* most bytes it may hold; 0: no limit */
	uint64_t dropped_bytes; /* what did not fit */
};

extern char strbuf_empty[1];

#define STRBUF_INIT                                                                                \
	{                                                                                          \
		.buf = strbuf_empty                                                                \
	}
#define STRBUF_INIT_MAX(max_bytes)                                                                 \
	{                                                                                          \
		.buf = strbuf_empty, .max = (max_bytes)                                            \
	}

void strbuf_init(struct strbuf *, size_t max_bytes); /* max_bytes 0: no limit */
void strbuf_release(struct strbuf *); /* frees the content; the strbuf is usable again */
void strbuf_clear(struct strbuf *);   /* empties, keeps the memory */

/* The content as a string of its own: new; free with free().  The strbuf is empty then. */
char *strbuf_detach(struct strbuf *);

void strbuf_add(struct strbuf *, const char *bytes, size_t len);
void strbuf_adds(struct strbuf *, const char *s);
void strbuf_addstr(struct strbuf *, struct str s);
void strbuf_addc(struct strbuf *, char c);
void strbuf_addn(struct strbuf *, char c, size_t count); /* `c`, count times */
void strbuf_addf(struct strbuf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* Remove `len` bytes at `pos` (both must be inside). */
void strbuf_remove(struct strbuf *, size_t pos, size_t len);
void strbuf_truncate(struct strbuf *, size_t len); /* len must be at most the length it has */
void strbuf_rtrim(struct strbuf *);                /* white space at the end */

/*
 * Room for at least `len` more bytes at buf + strbuf.len, for read() and the like; returns how many
 * there really are (less than len, even 0, where the maximum is near).  Then say what was written
 * with strbuf_commit().
 */
size_t strbuf_reserve(struct strbuf *, size_t len);
void strbuf_commit(struct strbuf *, size_t len);

/* The content as a view, valid until the next change. */
struct str strbuf_str(const struct strbuf *);

#endif

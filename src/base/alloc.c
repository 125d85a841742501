/*
 * malloc and friends that abort, and the cleanup helpers of owning locals.  See alloc.h.
 */
#include "base/alloc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *must(void *ptr)
{
	if (!ptr) {
		static const char text[] = "sre-toolkit: out of memory\n";
		ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);

		(void)n; /* nothing is left to do about it */
		abort();
	}
	return ptr;
}

void *xmalloc(size_t size)
{
	return must(malloc(size ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
	return must(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *ptr, size_t size)
{
	return must(realloc(ptr, size ? size : 1));
}

void *xreallocarray(void *ptr, size_t count, size_t size)
{
	return must(reallocarray(ptr, count ? count : 1, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return must(strdup(s));
}

char *xstrndup(const char *s, size_t len)
{
	size_t copied = strnlen(s, len); /* not strndup(): s needs no NUL */
	char *copy = xmalloc(copied + 1);

	memcpy(copy, s, copied);
	copy[copied] = '\0';
	return copy;
}

char *xasprintf(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return must(n < 0 ? NULL : text);
}

void freep(void *ptr_to_ptr)
{
	free(*(void **)ptr_to_ptr);
}

void closep(const int *fd)
{
	int saved = errno;

	if (*fd >= 0) {
		(void)close(*fd); /* nobody is left to tell */
	}
	errno = saved;
}

void fclosep(void *ptr_to_fp)
{
	FILE *fp = *(FILE **)ptr_to_fp;

	if (fp) {
		(void)fclose(fp); /* writers that care close it themselves */
	}
}

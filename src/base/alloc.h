/*
 * Heap memory that is there or the process is not.
 *
 * Running out of memory aborts: under a supervisor that is the honest end, and it halves the error
 * paths.  In return every buffer that is fed from outside has a maximum (see strbuf.h), so that no
 * peer can make us run out.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>

/* New memory, never NULL; free with free().  The count * size forms abort on overflow. */
void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *ptr, size_t size) __attribute__((returns_nonnull));
void *xreallocarray(void *ptr, size_t count, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *s, size_t len) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...)
	__attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

/*
 * A local that owns: `_cleanup_(freep) char *name = NULL;`.  The function gets the address of the
 * local when its scope ends.  Hand ownership over with TAKE().
 */
#define _cleanup_(fn) __attribute__((cleanup(fn)))
#define _cleanup_close_ _cleanup_(closep)

/* The value of `ptr`, which becomes NULL. */
#define TAKE(ptr)                                                                                  \
	({                                                                                         \
		__typeof__(ptr) *take_ptr_ = &(ptr);                                               \
		__typeof__(ptr) take_value_ = *take_ptr_;                                          \
		*take_ptr_ = NULL;                                                                 \
		take_value_;                                                                       \
	})

/* The same for a descriptor, which becomes -1. */
#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int *take_fd_ = &(fd);                                                             \
		int take_value_ = *take_fd_;                                                       \
		*take_fd_ = -1;                                                                    \
		take_value_;                                                                       \
	})

void freep(void *ptr_to_ptr);  /* free(*p) */
void closep(const int *fd);    /* close(*fd) if it is one; errno is kept */
void fclosep(void *ptr_to_fp); /* fclose(*p) if it is not NULL */

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif

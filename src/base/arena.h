/*
 * Memory of one lifetime: the process, a generation of the configuration, one run, one call.
 *
 * Allocations are never freed one by one; arena_free() ends them together.  Pointers stay valid
 * until then.  The first block is small, so that ten thousand arenas at once cost little.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);   /* new; free with arena_free() */
void arena_free(struct arena *); /* NULL is fine */
void arena_freep(struct arena **);

/* Zeroed memory, aligned for any type; never NULL. */
void *arena_alloc(struct arena *, size_t size) __attribute__((returns_nonnull));
void *arena_calloc(struct arena *, size_t count, size_t size) __attribute__((returns_nonnull));

/*
 * Room for `count` items where `old_count` were: a copy in new memory (the old stays in the arena,
 * so grow by doubling).
 */
void *arena_grow(struct arena *, void *old, size_t old_count, size_t count, size_t size)
	__attribute__((returns_nonnull));

char *arena_strdup(struct arena *, const char *s) __attribute__((returns_nonnull));
char *arena_strndup(struct arena *, const char *s, size_t len) __attribute__((returns_nonnull));
char *arena_printf(struct arena *, const char *fmt, ...)
	__attribute__((returns_nonnull, format(printf, 2, 3)));

/* Call fn(object) when the arena is freed, before its memory goes; the last one asked for first. */
void arena_on_free(struct arena *, void (*fn)(void *object), void *object);

/* Bytes taken from the heap so far, blocks included. */
size_t arena_size(const struct arena *);

#endif

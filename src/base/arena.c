/*
 * A bump allocator over a list of blocks.  Each block is twice the one before, up to a maximum;
 * what is larger than that gets a block of its own.  See arena.h.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { BLOCK_FIRST = 1024, BLOCK_MAX = 256 * 1024 };

struct block {
	struct block *next;
	size_t size; /* of data */
	size_t used;
	alignas(max_align_t) char data[];
};

struct ending {
	struct ending *next;
	void (*fn)(void *object);
	void *object;
};

struct arena {
	struct block *head;     /* the one allocations come from */
	struct ending *endings; /* the last one asked for first */
	size_t total;
	size_t next_size;
};

struct arena *arena_new(void)
{
	struct arena *arena = xcalloc(1, sizeof(*arena));

	arena->next_size = BLOCK_FIRST - sizeof(struct block);
	return arena;
}

void arena_free(struct arena *arena)
{
	if (!arena) {
		return;
	}
	for (struct ending *ending = arena->endings; ending; ending = ending->next) {
		ending->fn(ending->object);
	}
	for (struct block *block = arena->head; block;) {
		struct block *next = block->next;

		free(block);
		block = next;
	}
	free(arena);
}

void arena_freep(struct arena **arena)
{
	arena_free(*arena);
}

static struct block *block_new(struct arena *arena, size_t size)
{
	struct block *block = xmalloc(sizeof(*block) + size);

	block->next = NULL;
	block->size = size;
	block->used = 0;
	arena->total += sizeof(*block) + size;
	return block;
}

static struct block *arena_block_for(struct arena *arena, size_t size)
{
	if (arena->head && arena->head->size - arena->head->used >= size) {
		return arena->head;
	}
	if (size > arena->next_size / 2 && arena->head) {
		/* A block of its own, behind the head, which may still have room. */
		struct block *own = block_new(arena, size);

		own->next = arena->head->next;
		arena->head->next = own;
		return own;
	}

	struct block *block = block_new(arena, size > arena->next_size ? size : arena->next_size);

	block->next = arena->head;
	arena->head = block;
	if (arena->next_size < BLOCK_MAX) {
		arena->next_size *= 2;
	}
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);

	assert(size <= SIZE_MAX / 2);
	size = (size + align - 1) & ~(align - 1);
	if (size == 0) {
		size = align;
	}

	struct block *block = arena_block_for(arena, size);
	void *ptr = block->data + block->used;

	block->used += size;
	return memset(ptr, 0, size);
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
	size_t bytes = 0;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		abort();
	}
	return arena_alloc(arena, bytes);
}

void *arena_grow(struct arena *arena, void *old, size_t old_count, size_t count, size_t size)
{
	void *grown = arena_calloc(arena, count, size);

	assert(old_count <= count);
	if (old_count > 0) {
		memcpy(grown, old, old_count * size);
	}
	return grown;
}

char *arena_strndup(struct arena *arena, const char *s, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	memcpy(copy, s, len);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *s)
{
	return arena_strndup(arena, s, strlen(s));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		abort(); /* a broken format string, or no memory */
	}

	char *copy = arena_strndup(arena, text, (size_t)n);

	free(text);
	return copy;
}

void arena_on_free(struct arena *arena, void (*fn)(void *object), void *object)
{
	struct ending *ending = arena_alloc(arena, sizeof(*ending));

	*ending = (struct ending){.next = arena->endings, .fn = fn, .object = object};
	arena->endings = ending;
}

size_t arena_size(const struct arena *arena)
{
	return sizeof(*arena) + arena->total;
}

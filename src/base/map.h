/*
 * A map from strings to pointers.  Iteration is in the order in which keys were first set, so that
 * output does not depend on hashing.
 *
 * The hash is keyed with random bytes of this process: whoever chooses the keys cannot make them
 * collide.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct map;

enum map_keys {
	MAP_KEYS_COPIED,   /* the map keeps copies, NUL-terminated */
	MAP_KEYS_BORROWED, /* key bytes stay valid and unchanged as long as they are in the map */
};

struct map *map_new(enum map_keys); /* new; free with map_free() */
void map_free(struct map *);        /* NULL is fine; values are the caller's */
void map_freep(struct map **);

size_t map_count(const struct map *);

/* The value of `key`; NULL if it is not there (or was set to NULL: ask map_has()). */
void *map_get(const struct map *, struct str key);
bool map_has(const struct map *, struct str key);

/* Set or replace; returns the value it had, NULL if it was not there.  A replaced key keeps its
 * place in the order and, if borrowed, the bytes it was first set with. */
void *map_set(struct map *, struct str key, void *value);

/* Take out; returns the value, NULL if it was not there. */
void *map_remove(struct map *, struct str key);

/*
 * The next entry, in insertion order; *pos starts at 0.  False at the end.  Between two calls
 *entries may be removed or replaced, but no new key set.
 *
 *	for (size_t pos = 0; map_next(map, &pos, &key, &value);) {
 *
 * `ret_key` and `ret_value` may be NULL.
 */
bool map_next(const struct map *, size_t *pos, struct str *ret_key, void **ret_value);

#endif

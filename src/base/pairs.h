/*
 * An ordered list of names with values, each name once: the labels and fields of an alert.
 */
#ifndef BASE_PAIRS_H
#define BASE_PAIRS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

struct json_writer;

struct pair {
	const char *name;
	const char *value;
};

/* Zero is empty.  Names, values and items belong to whoever's arena they were put in. */
struct pairs {
	struct pair *items;
	size_t items_count, items_alloc;
};

/* The value of `name`; NULL if it is not there. */
const char *pairs_get(const struct pairs *, const char *name);

/* Copy both into the arena; a name that is there already keeps its place and gets the new value. */
void pairs_set(struct pairs *, struct arena *, struct str name, struct str value);

/* All of `from`, copied. */
void pairs_copy(struct pairs *, struct arena *, const struct pairs *from);

/* As a JSON object of strings; the key before it is the caller's. */
void pairs_write_json(const struct pairs *, struct json_writer *);

#endif

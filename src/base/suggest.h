/*
 * "Did you mean ...": the nearest known name, by edit distance with transpositions.
 */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stddef.h>

#include "base/str.h"

/* The nearest of `names` (may hold NULLs), or NULL if none is near enough to be what was meant. */
const char *suggest(struct str wrong, const char *const *names, size_t count);

#endif

/*
 * How a text on a host differs from the file that would replace it.
 */
#ifndef FLEET_COPY_DIFF_H
#define FLEET_COPY_DIFF_H

#include "base/arena.h"
#include "base/str.h"

/*
 * As `diff -u` writes it, escaped, a line each.  NULL if there is none to show: one of them is no
 * text, or they have little in common.  In the arena.
 */
const char *copy_diff(struct str there, struct str here, struct arena *);

/* The same with a file of ours; NULL also if it cannot be read. */
const char *copy_diff_file(struct str there, const char *path, struct arena *);

#endif

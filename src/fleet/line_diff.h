/*
 * What differs between two texts, line by line, as few lines as there can be.
 *
 * Written as `diff -u` does: a header for each place, lines that are only in the first with "-",
 * only in the second with "+", and some of what is around.  It gives up where two texts have little
 * in common: then showing both is shorter anyway.
 */
#ifndef FLEET_LINE_DIFF_H
#define FLEET_LINE_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct strbuf;

enum {
	LINE_DIFF_CHANGES_MAX = 500,  /* lines removed and added, in all */
	LINE_DIFF_LINES_MAX = 200000, /* of each text, without what they begin and end with alike */
};

struct line_diff_text {
	const struct str *keys;  /* lines are equal when these are */
	const struct str *lines; /* what is shown; as many */
	size_t count;
};

/* What a change is. */
enum line_change {
	LINE_SAME,    /* shown as it is in the second */
	LINE_REMOVED, /* only in the first */
	LINE_ADDED,   /* only in the second */
	LINE_HEADER,  /* "@@ -3,4 +3,5 @@" */
};

typedef void line_diff_fn(void *arg, enum line_change, struct str line);

/* Tell the lines of the difference, `context` of them around each change; false if there are too
 * many, and nothing is told.  Equal texts tell nothing. */
bool line_diff(const struct line_diff_text *first, const struct line_diff_text *second,
	size_t context, line_diff_fn *fn, void *arg);

#endif

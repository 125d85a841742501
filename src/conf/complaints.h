/*
 * Errors of one go through files, each with its place, gathered into the text of one error: the
 * first in full, others as far as they fit, and how many more there are.
 */
#ifndef CONF_COMPLAINTS_H
#define CONF_COMPLAINTS_H

#include <stddef.h>

#include "base/err.h"
#include "base/strbuf.h"

/* Where something is written. */
struct place {
	const char *where; /* a file; if line is 0, some text of the caller's, or NULL */
	size_t line, column;
};

struct complaints {
	struct strbuf text;
	size_t count;
	size_t told_count;  /* of them in the text */
	enum err_code code; /* of the first */
};

#define COMPLAINTS_INIT                                                                            \
	{                                                                                          \
		.text = STRBUF_INIT                                                                \
	}

void complaints_release(struct complaints *); /* empties it; it is usable again */

/* "file:line:column: what *err says" */
void complaints_add(struct complaints *, struct place, const struct err *);

/* 0 if there are none, else -1 with *err set. */
int complaints_result(const struct complaints *, struct err *);

#endif

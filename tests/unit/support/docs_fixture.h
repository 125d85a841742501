/*
 * A small program whose rows have everything that documentation can trip over: each shape and type,
 * hidden and deprecated rows, one flag in two sets, and texts full of what shells, roff, Markdown
 * and JSON take for their own.
 */
#ifndef TESTS_UNIT_SUPPORT_DOCS_FIXTURE_H
#define TESTS_UNIT_SUPPORT_DOCS_FIXTURE_H

#include <stdbool.h>

#include "conf/docs.h"

extern const struct doc_program docs_fixture_program;

extern const struct option_row docs_fixture_flags[];
extern const struct option_row docs_fixture_config[];

/* Does the text have the piece?  Prints the text if not. */
bool docs_fixture_has(const struct strbuf *text, const char *piece);

/* The row of docs_fixture_flags that is called `name`; it must be there. */
const struct option_row *docs_fixture_flag(const char *name);

#endif

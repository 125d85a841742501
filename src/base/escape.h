/*
 * C escapes in text that people write: what they mean, byte by byte.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"

/* Replace \r \n \t \0 \\ \" \' \e and \xHH; any other escape is an error (ERR_INPUT) with its
 * column. */
int escape_decode(struct str text, struct strbuf *out, struct err *);

/* One argument for a POSIX shell: as it is where it is harmless, else in single quotes. */
void escape_add_shell_word(struct strbuf *out, struct str word);

#endif

/*
 * A command line as words, without a shell: what quotes mean, and nothing else.
 *
 * Words are separated by white space.  '...' keeps everything as it is; in "..." a backslash
 * escapes `"` and `\`; outside of quotes it escapes any character.  Nothing is expanded.  Text that
 * only a shell could do something with (a pipe, a redirection, `$(...)`) is refused rather than
 * handed on as an argument, because that is never what was meant; in quotes it is ordinary text.
 */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"

/*
 * Split; the words and their array (which a NULL ends) are in the arena.  ERR_INPUT: a quote that
 * is not closed, a character that wants a shell, a NUL, or nothing at all.
 */
int words_split(struct str text, struct arena *, const char *const **ret_words, struct err *);

/* Append a word so that a shell and words_split() read it back: as it is where that is safe, else
 * in single quotes. */
void words_add_quoted(const char *word, struct strbuf *out);

/* All words of a NULL-terminated array, quoted, with spaces in between. */
void words_add_all_quoted(const char *const *words, struct strbuf *out);

#endif

/*
 * UTF-8 from outside: decoding that accepts only what is valid, how wide it is on a terminal, and
 * text made safe for a terminal or a log.
 *
 * Invalid is what RFC 3629 says: wrong or missing continuation bytes, overlong forms, surrogates,
 * anything above U+10FFFF.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct strbuf;

enum { UTF8_REPLACEMENT = 0xfffd, UTF8_LEN_MAX = 4 };

/*
 * Decode the character that `s` begins with; returns its length in bytes, or 0 if it is not a valid
 * one or `s` is empty (*ret_char is untouched then; skip one byte and go on).
 */
size_t utf8_decode(struct str s, uint32_t *ret_char);

/* Append one character, which must not be a surrogate or above U+10FFFF. */
void utf8_add_char(struct strbuf *, uint32_t c);

bool utf8_is_valid(struct str);

/* Characters that would act on a terminal or reorder the text around them instead of being seen:
 * controls, line and paragraph separators, bidirectional overrides, noncharacters. */
bool utf8_is_unsafe(uint32_t c);

/* Columns on a terminal: 2 for East Asian wide characters and emoji, 0 for combining marks and for
 * what is not seen at all, else 1. */
int utf8_width(uint32_t c);
int utf8_str_width(struct str); /* a byte that is not UTF-8 counts 1 */

/* As much from the front as fits in `width` columns. */
struct str utf8_cut(struct str, int width);

/*
 * Cut the next line of at most `width` (> 0) columns off *rest, at a space where there is one.  The
 * spaces around lines are dropped.  False when nothing is left.
 */
bool utf8_wrap(struct str *rest, int width, struct str *ret_line);

/*
 * Append `s` so that it can be printed: one line, valid UTF-8, nothing that a terminal obeys.
 * Unsafe characters become \t \n \r \x1b \u202e; a byte that is not UTF-8 becomes \xff.  A
 * backslash stays as it is, so that paths and regexes can be read and doing it twice changes
 * nothing.  At most `max_bytes` are appended (0: no limit); what is cut ends in "...".
 */
void utf8_add_escaped(struct strbuf *, struct str s, size_t max_bytes);

/* For error texts: `"unknown key '%s'", utf8_quote(key).text` is escaped and not too long. */
struct utf8_quoted {
	char text[96];
};

struct utf8_quoted utf8_quote(struct str);

#endif

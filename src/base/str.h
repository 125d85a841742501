/*
 * A view of bytes that somebody else owns: pointer and length, no NUL needed.
 *
 * ASCII only where letters matter; the locale is never asked.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct arena;

struct str {
	const char *ptr; /* not NULL */
	size_t len;
};

/* For printf: printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).len, (s).ptr

static inline struct str str_n(const char *ptr, size_t len)
{
	return (struct str){ptr, len};
}

static inline struct str str_of(const char *s)
{
	return str_n(s, strlen(s));
}

bool str_eq(struct str, struct str);
bool str_is(struct str, const char *s); /* equal to a C string */
bool str_starts(struct str, const char *prefix);
bool str_ends(struct str, const char *suffix);
bool str_contains(struct str, const char *needle);
bool str_is_digits(struct str);      /* one or more, and nothing else */
int str_cmp(struct str, struct str); /* as memcmp(), a prefix is smaller */

/* Position of the first `c` at or after `from`; the length if there is none. */
size_t str_find(struct str, char c, size_t from);

/* From `pos` on, at most `len` bytes; positions past the end give an empty view. */
struct str str_sub(struct str, size_t pos, size_t len);
struct str str_trim(struct str);
struct str str_ltrim(struct str);
struct str str_rtrim(struct str);

/*
 * Cut the next piece off the front of *rest, up to `sep` (which is dropped) or the end.  False when
 * nothing is left.  "a,,b" gives "a", "", "b"; "a," gives "a", ""; an empty *rest gives one empty
 * piece (rest->ptr becomes NULL after the last piece).
 */
bool str_split(struct str *rest, char sep, struct str *ret_piece);

/* The next line without its "\n" or "\r\n"; false at the end.  A last line needs no newline. */
bool str_line(struct str *rest, struct str *ret_line);

/* The next word, words being separated by spaces and tabs; false when none is left. */
bool str_word(struct str *rest, struct str *ret_word);

char *str_dup(struct str, struct arena *); /* a NUL-terminated copy in the arena */

/* Character classes that do not depend on the locale. */
bool char_is_space(char c); /* space, \t \n \v \f \r */
bool char_is_digit(char c);
bool char_is_alpha(char c);
bool char_is_alnum(char c);
char char_lower(char c);
int char_hex_value(char c); /* 0 to 15, of either case; -1: it is no hexadecimal digit */
bool str_case_eq(struct str, struct str);

#endif

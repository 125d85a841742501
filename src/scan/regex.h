/*
 * Regular expressions for expectations: PCRE2, compiled once, with limits on the work of a match.
 */
#ifndef SCAN_REGEX_H
#define SCAN_REGEX_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/option.h"

struct regex;

enum regex_flags {
	REGEX_PLAIN = 0,
	REGEX_LINES =
		1 << 0, /* "^" and "$" match at every line, not only at the ends of the text */
	REGEX_WHOLE = 1 << 1, /* a match is one of all of the text, or none; "." is any character */
};

enum regex_match {
	REGEX_MATCHES,
	REGEX_NO_MATCH,
	REGEX_GAVE_UP, /* the match needed more work than the limit allows */
};

/* Perl syntax; "(?i)" and the like inside.  Errors say what and at which column.  New; free with
 * regex_free(). */
int regex_new(struct str pattern, enum regex_flags, struct regex **ret_regex, struct err *);
void regex_free(struct regex *);
const char *regex_pattern(const struct regex *);

/* Anywhere in the text, which may be any bytes. */
enum regex_match regex_match(const struct regex *, struct str text);

/* As regex_match(); also where: *ret_start and *ret_end are offsets of the whole match. */
enum regex_match regex_find(
	const struct regex *, struct str text, size_t *ret_start, size_t *ret_end);

/* struct regex *; freed with the context's arena. */
extern const struct option_type option_regex;
extern const struct option_type option_regex_lines; /* the same, with REGEX_LINES */

#endif

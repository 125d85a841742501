/*
 * One term of a node set expression, "rack[1-3]-node[01-04]": reading it and spelling it out.  For
 * nodeset*.c only.
 */
#ifndef CONF_NODESET_INTERNAL_H
#define CONF_NODESET_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/nodeset.h"

/* A place in an expression, and where it went wrong. */
struct scan {
	struct str text;
	size_t pos;
	size_t error_pos; /* set with *err */
	struct err *err;
};

/* The character at the place; '\0' at the end (a NUL in the text reads the same, see scan_is_end).
 */
char scan_peek(const struct scan *);
bool scan_is_end(const struct scan *);

/* Note where the error is; returns `failure`, which is what err_set() returned. */
int scan_fail(struct scan *, size_t error_pos, int failure);

/* The error for a character that cannot stand at `pos`, with what may help. */
int scan_fail_char(struct scan *, size_t pos);

/* [start-end/step]; numbers, or letters as their codes. */
struct term_range {
	int64_t start, end, step;
	int width; /* padded with zeros to this many digits; 0: as it comes */
	bool is_letter;
};

/* A literal, or if ranges_count > 0 what stands in a pair of brackets. */
struct term_piece {
	struct str literal;
	size_t ranges_first, ranges_count; /* in the term */
};

/* Brackets with literals between, "@" and an address in brackets. */
enum { TERM_PIECES_MAX = 2 * NODESET_DIMENSIONS_MAX + 4 };

struct term {
	struct term_piece pieces[TERM_PIECES_MAX];
	size_t pieces_count;
	struct term_range *ranges; /* heap; kept from one term to the next */
	size_t ranges_count, ranges_alloc;
	int64_t names_count; /* that it stands for, at most NODESET_MAX */
};

void term_release(struct term *);

/* What a term may stand for. */
enum term_kind {
	TERM_NAMES,  /* of groups */
	TERM_LOGINS, /* of servers, with users and ports: "root@web-[01-03]:2222", "[::1]:22" */
};

/* Read the term at the place, which moves behind it; `term` was zeroed once and may be used again.
 * Whether a user or a port makes sense is for login_name_parse() to say of each name.  Errors:
 * ERR_INPUT, ERR_LIMIT. */
int term_parse(struct scan *, enum term_kind, struct term *);

typedef int term_name_fn(void *arg, struct str name);

/* Call fn for every name, the last brackets changing fastest, until one call returns -1. */
int term_each(const struct term *, term_name_fn *fn, void *arg);

#endif

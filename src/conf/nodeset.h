/*
 * Node sets: names of hosts in folded form, as ClusterShell, pdsh and Ansible users write them.
 *
 *   web-[01-20,30]         numbers, padding kept         web-[1-9/2]     a step
 *   rack[1-3]-node[01-04]  several dimensions            db-[a-f]        letters
 *   a,b  or  a b           union                         @web            a group
 *   a!b  or  a,!b          exclusion                     @web&@dc1       intersection
 *
 * Ansible's "web[01:20]" and "web[1:9:2]" mean "web[01-20]" and "web[1-9/2]".  Operators work left
 * to right.  An expansion keeps the order in which names were written, each name once.
 *
 * A range is padded as its first number is: [01-20], and [08-110] goes on to 100 without zeros.
 * [1-010] and [001-20] could mean two things and are errors.
 *
 * A name is letters, digits, "." "-" "_" ":", at most NODESET_NAME_MAX bytes; it begins with
 * neither "-" nor "." and does not end with ":".  So it is never an option, a path or shell syntax.
 *
 * Names of servers may say whom and where to log in to, "root@web-[01-03]:2222" and "[::1]:22" (see
 * login_name.h), and are kept as they are written.  In an exclusion or intersection, a host without
 * that stands for every login there.
 */
#ifndef CONF_NODESET_H
#define CONF_NODESET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct map;

enum {
	/* Most names one expression may spell out; those it excludes or repeats count too. */
	NODESET_MAX = 1000000,
	NODESET_BYTES_MAX = 64 * 1024 * 1024, /* of these names together */
	NODESET_NAME_MAX = 253,               /* the longest DNS name */
	NODESET_DIMENSIONS_MAX = 8,           /* [...] in one name */
	NODESET_DIGITS_MAX = 15,              /* in one number of a range */
};

struct nodeset {
	const char **names; /* unique, in written order */
	size_t names_count, names_alloc;
	struct arena *arena;  /* names live here; borrowed */
	struct map *index;    /* for nodeset_contains(); NULL while the set is empty */
	size_t repeats;       /* names that were added although they were there */
	const char *repeated; /* the first of them; NULL: none */
	const char *idle;     /* of an expression, the first name or range behind "!" that took
				 nothing away; NULL: none */
};

/*
 * Looks up "@group": *ret_members are borrowed and stay as they are until nodeset_parse() returns.
 * Or fails, naming the nearest known group.
 */
typedef int nodeset_group_fn(
	void *arg, struct str group, const struct nodeset **ret_members, struct err *err);

/* What expressions may still spell out, for a caller who has many of them; each takes from it. */
struct nodeset_budget {
	size_t names, bytes;
};

/* What an expression may refer to. */
struct nodeset_scope {
	nodeset_group_fn *lookup; /* NULL: there are no groups */
	void *arg;
	struct nodeset_budget *budget; /* NULL: NODESET_MAX and NODESET_BYTES_MAX alone count */
};

/* An empty set in memory of the caller; it ends with the arena. */
void nodeset_init(struct nodeset *, struct arena *);

/*
 * Expand `text`; `scope` may be NULL: no groups.  *ret_set needs no nodeset_init().  Errors
 * (ERR_INPUT, ERR_LIMIT, and what the group lookup returns) name the text and the column where it
 * goes wrong.  An empty expression is an error, an empty result (everything excluded) is not.
 */
int nodeset_parse(struct str text, const struct nodeset_scope *scope, struct arena *,
	struct nodeset *ret_set, struct err *);

/*
 * The same for a text that is part of a file: the error leaves out text and column, and on -1
 * *ret_column is set instead, counted in bytes from 1.
 */
int nodeset_parse_part(struct str text, const struct nodeset_scope *scope, struct arena *,
	struct nodeset *ret_set, size_t *ret_column, struct err *);

/*
 * Only whether `text` is a node set; groups are not looked up and nothing is spelled out.  Errors
 * as of nodeset_parse_part().
 */
int nodeset_check(struct str text, size_t *ret_column, struct err *);

/* Whether it is a name as described above, and no more than that; if not, the error says why. */
int nodeset_check_name(struct str, struct err *);

/* The same of the name of a server, which may say how to log in there. */
int nodeset_check_server(struct str, struct err *);

/* Add what nodeset_check_server() accepts; false if it was there. */
bool nodeset_add(struct nodeset *, struct str name);

bool nodeset_contains(const struct nodeset *, struct str name);

/* The same, or the name says how to log in to a host that is in it. */
bool nodeset_covers(const struct nodeset *, struct str name);

/*
 * A name or range behind "!" that takes nothing away is a mistake of who asks for servers: what was
 * to be left out is elsewhere, or written in another way.  -1 and ERR_INPUT if the expression that
 * the set is of has one; the error says what is there instead.  The arena is for its words.
 */
int nodeset_check_idle(const struct nodeset *, struct arena *, struct err *);

/* The same of `term`, of which the caller knows that it takes nothing from the set.  Always -1. */
int nodeset_fail_idle(const struct nodeset *, struct str term, struct arena *, struct err *);

/*
 * The shortest folded form, for people: "web-[01-07,09],db-01".  New, in the arena; empty for an
 * empty set.  It reads back as the same set, though sorted: names that differ only in numbers stand
 * where the first of them stood, by number.
 */
char *nodeset_fold(const struct nodeset *, struct arena *);

#endif

/*
 * Node sets: names of hosts in folded form, as ClusterShell and pdsh users write them.
 *
 *   web-[01-20,30]        numbers, padding kept         web-[1-9/2]     a step
 *   rack[1-3]-node[01-04] several dimensions            @web            a group
 *   a,b  or  a b          union                          web-[1-9],!web-5  (or "a!b")  exclusion
 *   @web&@dc1             intersection                   operators work left to right
 *
 * An expansion keeps the order in which names were written, each name once.
 */
#ifndef CONF_NODESET_H
#define CONF_NODESET_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { NODESET_MAX = 1000000 }; /* most names one expression may stand for */

struct nodeset {
	char **names; /* NUL-terminated, unique, in written order */
	size_t names_count, names_alloc;
	struct arena *arena; /* names live here; borrowed */
};

/* Looks up "@name": add its members by nodeset_add(), or fail (naming the nearest known group). */
typedef int nodeset_group_fn(void *arg, const char *group, struct nodeset *add_to, struct err *);

struct nodeset_groups {
	nodeset_group_fn *lookup; /* NULL: there are no groups */
	void *arg;
};

/*
 * Expand `text`.  Errors (ERR_INPUT, ERR_LIMIT) name the text and the column where it goes wrong.
 * A name is letters, digits, "." "-" "_" ":" and must not begin with "-"; an empty expression is an
 * error, an empty result (everything excluded) is not.
 */
int nodeset_parse(struct str text, const struct nodeset_groups *, struct arena *,
	struct nodeset *ret_set, struct err *);

void nodeset_add(struct nodeset *, struct str name); /* a no-op if it is there */
int nodeset_contains(const struct nodeset *, struct str name);

/* The shortest folded form, for people: "web-[01-07,09],db-01".  In the arena. */
char *nodeset_fold(const struct nodeset *, struct arena *);

#endif

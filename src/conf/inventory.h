/*
 * The servers we can log in to, and their groups: from the configuration, from files with one host
 * (or node set) a line, and from Ansible INI inventories.
 */
#ifndef CONF_INVENTORY_H
#define CONF_INVENTORY_H

#include "base/arena.h"
#include "base/err.h"
#include "conf/nodeset.h"

struct inventory;

/* Of one host, where a file says it (Ansible's ansible_host, ansible_user, ansible_port). */
struct inventory_host {
	const char *name;
	const char *address;  /* NULL: the name */
	const char *username; /* NULL: not said */
	int port;             /* 0: not said */
};

struct inventory *inventory_new(struct arena *); /* lives as long as the arena */

/* A group and its members as a node set expression; `where` ("file:3:5") is for error texts of
 * later resolution.  A group may name other groups; a cycle is an error at inventory_check(). */
int inventory_add_group(
	struct inventory *, const char *name, const char *members, const char *where, struct err *);

/*
 * Read a file: Ansible INI if it has a [section] line, else one host or node set a line.  "#" (and
 * ";" in INI) comments, CRLF and a byte order mark are fine.  Errors are "file:line:column: ...",
 * at most all of the file's errors in one text that fits *err, the first of them in full.
 */
int inventory_read_file(struct inventory *, const char *path, struct err *);

/* Every group resolves, no cycle. */
int inventory_check(struct inventory *, struct err *);

/* Expand a selection with this inventory's groups; "@all" is everything.  A selection that matches
 * nothing is an error (ERR_INPUT). */
int inventory_select(struct inventory *, struct str selection, struct arena *,
	struct nodeset *ret_set, struct err *);

/* NULL if the inventory says nothing of it. */
const struct inventory_host *inventory_find(const struct inventory *, const char *name);

/* All group names, sorted; for "did you mean". */
const char *const *inventory_groups(const struct inventory *, size_t *ret_count);

#endif

/*
 * The servers we can log in to, and their groups: from the configuration, from files with one host
 * (or node set) a line, and from Ansible INI inventories.
 *
 * First everything is added, then inventory_check() resolves what refers to what, in whatever order
 * it was written.  A group that several files define has the members of all of them.  "@all" is
 * every server of every file and group.
 */
#ifndef CONF_INVENTORY_H
#define CONF_INVENTORY_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "conf/nodeset.h"

enum {
	INVENTORY_FILE_MAX = 32 * 1024 * 1024,         /* bytes of one file */
	INVENTORY_NAMES_MAX = 4 * 1000 * 1000,         /* members of all groups and files, counted
							  in each */
	INVENTORY_NAMES_BYTES_MAX = 256 * 1024 * 1024, /* of these together */
	INVENTORY_DEPTH_MAX = 64,                      /* groups within groups */
};

struct inventory;

/* Of one host, what a file says (Ansible's ansible_host, ansible_user, ansible_port), for itself or
 * through its groups. */
struct inventory_host {
	const char *name;
	const char *address;  /* NULL: the name */
	const char *username; /* NULL: not said */
	int port;             /* 0: not said */
};

struct inventory *inventory_new(struct arena *); /* lives as long as the arena */

/*
 * Add the node set expression `members` to a group, which need not be there yet.  It may name other
 * groups, also ones that are added later.  `where` ("file:3:5") stands in front of errors, now and
 * at inventory_check(); NULL: nothing does.
 */
int inventory_add_group(
	struct inventory *, const char *name, const char *members, const char *where, struct err *);

/*
 * Read a file: Ansible INI if it has a [section] line or a "key=value" word, else a node set a
 * line.
 * "#" (and in INI ";") comments, CRLF and a byte order mark are fine.  Errors of the content are
 * "file:line:column: ...": the first in full, the others as far as they fit, then how many more.
 * After an error the inventory holds a part of the file.
 */
int inventory_read_file(struct inventory *, const char *path, struct err *);

/* The same from memory; `name` stands for the file. */
int inventory_read_text(struct inventory *, const char *name, struct str text, struct err *);

/* Resolve every group: none unknown, none that contains itself.  Errors as of
 * inventory_read_file(). Does nothing if nothing was added since. */
int inventory_check(struct inventory *, struct err *);

/*
 * Expand a selection with this inventory's groups, after inventory_check().  Names that are in no
 * file or group are fine.  A selection that matches nothing is an error (ERR_INPUT).
 */
int inventory_select(struct inventory *, struct str selection, struct arena *,
	struct nodeset *ret_set, struct err *);

/*
 * Read a file, which may also be a FIFO, and select its hosts, and no others, in the order of the
 * file (`--servers FILE`).  A file without any is an error (ERR_INPUT).  What the set says of
 * repeats is of a file with a host a line; in an inventory with groups they are no slip.
 */
int inventory_select_file(struct inventory *, const char *path, struct arena *,
	struct nodeset *ret_set, struct err *);

/* As of the last good inventory_check(); NULL if the inventory says nothing of it but its name. */
const struct inventory_host *inventory_find(const struct inventory *, const char *name);

/* All group names, "all" too, sorted; for "did you mean".  Borrowed until something is added. */
const char *const *inventory_groups(struct inventory *, size_t *ret_count);

#endif

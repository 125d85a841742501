/*
 * What the readers of inventory files and the inventory share.  For inventory*.c only.
 */
#ifndef CONF_INVENTORY_INTERNAL_H
#define CONF_INVENTORY_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "conf/complaints.h"
#include "conf/inventory.h"

struct map;

/* What Ansible's variables say of a host. */
struct host_vars {
	const char *address;  /* NULL: not said */
	const char *username; /* NULL: not said */
	int port;             /* 0: not said */
};

/* A node set expression that contributes to a group. */
struct part {
	struct str text;
	struct place place;     /* of the text's first byte */
	size_t prefix_len;      /* bytes of text that are not in the file */
	struct host_vars *vars; /* of these hosts; NULL: none */
};

enum group_state {
	GROUP_NEW,
	GROUP_RESOLVING,
	GROUP_RESOLVED,
	GROUP_BROKEN, /* and the reason has been told */
};

/* A group, or the content of a file. */
struct group {
	const char *name;
	struct part *parts;
	size_t parts_count, parts_alloc;
	struct group **children; /* [name:children] */
	size_t children_count, children_alloc;
	struct host_vars *vars; /* [name:vars]; NULL: none */
	struct place vars_place;
	bool is_defined; /* not only named by its variables or as a child */
	bool is_list;    /* a file with a host a line, where no name needs to come twice */

	enum group_state state; /* the rest is what inventory_check() finds */
	struct nodeset members;
	size_t height; /* groups within it, 0 if none */
	size_t level;  /* as Ansible counts: below how many groups by [:children] */
};

struct inventory {
	struct arena *arena;
	struct map *groups; /* name -> struct group */
	struct group all;   /* only its vars are written; members when asked for */
	struct group **files;
	size_t files_count, files_alloc;

	bool is_checked;
	struct nodeset_budget limit;  /* of what a check spells out */
	struct nodeset_budget budget; /* what is left of it */
	struct complaints complaints;
	struct group *resolving[INVENTORY_DEPTH_MAX]; /* one within the other */
	size_t resolving_count;
	bool has_told;            /* the error a lookup returns is among the complaints */
	struct map *hosts;        /* name -> struct inventory_host */
	const char **group_names; /* sorted; NULL: to be made */
	size_t group_names_count;
};

/* The group of that name, new if need be and then not defined yet; not to be called for "all". */
struct group *inventory_group(struct inventory *, struct str name);

/* A new "group" for the content of a file. */
struct group *inventory_file_group(struct inventory *, const char *name);

/* Look at the syntax of a part of `group`; what is wrong goes to the complaints. */
bool part_is_sound(const struct part *, const struct group *, struct complaints *);

/* Add a sound part, whose text lives as long as the inventory. */
void group_add_part(struct inventory *, struct group *, struct part);

/* Read an INI file (inventory_ini.c). */
void inventory_read_ini(
	struct inventory *, struct group *file, struct str text, struct complaints *);

/* Whether a line, trimmed, begins a section: "[web]", "[web:vars]  # comment". */
bool ini_is_section(struct str line);

#endif

/*
 * What is copied from here: files with their checksums, folders and links, in an order in which
 * each folder comes before what is in it.
 *
 * Read once, before any host is asked for anything.
 */
#ifndef FLEET_COPY_TREE_H
#define FLEET_COPY_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "fleet/copy_sum.h"

enum {
	COPY_ITEMS_MAX = 1000000,
	COPY_DEPTH_MAX = 100, /* folders within folders */
};

enum copy_type {
	COPY_FILE,
	COPY_FOLDER,
	COPY_LINK,
};

struct copy_item {
	enum copy_type type;
	const char *path;    /* here */
	const char *name;    /* there, below the destination: "conf/app.ini" */
	const char *target;  /* of a link */
	uint32_t mode;       /* permissions */
	uint64_t size;       /* of a file */
	struct copy_sum sum; /* of a file */
	size_t parent;       /* its folder in the list, + 1; 0: the destination */
};

struct copy_tree {
	struct arena *arena; /* borrowed */
	struct copy_item *items;
	size_t items_count, items_alloc;
	size_t files, folders, links;
	uint64_t bytes; /* of the files */
};

void copy_tree_init(struct copy_tree *, struct arena *);

/*
 * Add what is at `path`, which is followed if it is a link; within a folder links are kept.  `name`
 * is what it is called there ("": the destination's own name).  Waits for the disk.  What is
 * neither file, folder nor link is an error, as is what cannot be read.
 */
int copy_tree_add(struct copy_tree *, const char *path, const char *name, struct err *);

#endif

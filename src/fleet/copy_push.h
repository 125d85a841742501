/*
 * Everything of a tree onto one host: folders, files a few at a time, links.
 *
 * What fails is told and does not hold up the rest; what would be in a folder that failed is left
 * out.  A folder that is there already stays as it is; those that are made get their modes at the
 * end.
 */
#ifndef FLEET_COPY_PUSH_H
#define FLEET_COPY_PUSH_H

#include <stdbool.h>

#include "fleet/copy_put.h"
#include "fleet/copy_session.h"
#include "fleet/copy_tree.h"

struct copy_push;

/* Everything is borrowed. */
struct copy_push_spec {
	const struct copy_tree *tree;
	/* A single file or folder whose name in the tree is "" goes by the destination's name; a
	 * file into it if it is a folder.  All else goes into the destination, which must be one.
	 */
	const char *destination;
	struct copy_put_options options;
	bool keeps_nothing; /* of a part that is interrupted, however large it is */
};

struct copy_push_events {
	void (*moved)(void *arg, uint64_t bytes);                           /* that many more */
	void (*result)(void *arg, size_t item, const struct copy_result *); /* valid inside */
	/* Once; it is gone after it.  `err`: nothing could be begun at all; NULL: see the results.
	 */
	void (*done)(void *arg, const struct err *err);
};

/* New; free with copy_push_free().  Nothing is called before this returns. */
struct copy_push *copy_push_start(struct copy_session *, const struct copy_push_spec *,
	const struct copy_push_events *, void *arg);
void copy_push_stop(struct copy_push *); /* see copy_put_stop(); `done` comes soon */

/* The names of what may be left behind if it is freed now, ", " between them. */
void copy_push_add_left(const struct copy_push *, struct strbuf *out);
void copy_push_free(struct copy_push **); /* at once; nothing is called */

#endif

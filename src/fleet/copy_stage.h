/*
 * What waits to be put in place as root: files, each by its number, in a private folder where the
 * login begins.  Uploaded; removed again, and with it what earlier copies left of that kind.
 *
 * Nothing of it is gone on with by another copy: what is half done goes, however large it is.
 */
#ifndef FLEET_COPY_STAGE_H
#define FLEET_COPY_STAGE_H

#include "fleet/copy_session.h"
#include "fleet/copy_tree.h"

struct copy_stage;

struct copy_stage_events {
	void (*moved)(void *arg, uint64_t bytes);
	void (*failed)(void *arg, size_t item, const struct err *); /* valid inside */
	/* Once; `err`: nothing could be begun at all, nothing is there. */
	void (*uploaded)(void *arg, const struct err *err);
	/* Once, after copy_stage_remove(); it is gone after it.  `left`: the folder, which is still
	 * there; NULL: it is not. */
	void (*removed)(void *arg, const char *left);
};

/* Of a tree, both borrowed. */
struct copy_stage_spec {
	struct copy_session *session;
	const struct copy_tree *tree;
	const size_t *items; /* files of it */
	size_t items_count;
};

/* New; free with copy_stage_free().  Nothing is called before this returns. */
struct copy_stage *copy_stage_start(
	const struct copy_stage_spec *, const struct copy_stage_events *, void *arg);
const char *copy_stage_folder(const struct copy_stage *);

/* Whether it was uploaded or not, as soon as that has been told. */
void copy_stage_remove(struct copy_stage *);

/* Come to an end soon: what is told is told all the same. */
void copy_stage_stop(struct copy_stage *);
/* What may be left behind if it is freed now. */
void copy_stage_add_left(const struct copy_stage *, struct strbuf *out);
void copy_stage_free(struct copy_stage **); /* at once; nothing is called */

#endif

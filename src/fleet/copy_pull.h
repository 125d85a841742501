/*
 * Files and folders from one host, into a folder of ours.
 *
 * What a server says is not believed: names must be plain, types are looked at again here, trees
 * end somewhere.
 */
#ifndef FLEET_COPY_PULL_H
#define FLEET_COPY_PULL_H

#include <stdbool.h>
#include <stddef.h>

#include "fleet/copy_session.h"

struct copy_pull;

/* Everything is borrowed. */
struct copy_pull_spec {
	const char *const *sources; /* paths there; links are followed, but not those within */
	const char *const *names;   /* what each is called below `folder`: one plain name, or ""
				     * for a folder that is to become `folder` itself */
	size_t sources_count;
	const char *parent; /* of `folder`, made if it is not there; NULL: it is there */
	const char *folder; /* made if it is not there */
	bool must_be;       /* `folder` is never made */
	bool is_dry_run;
};

struct copy_pull_events {
	void (*moved)(void *arg, uint64_t bytes);
	void (*result)(void *arg, size_t item, const struct copy_result *); /* valid inside */
	/* Once; it is gone after it.  `err`: nothing could be begun at all. */
	void (*done)(void *arg, const struct err *err);
};

/* New; free with copy_pull_free().  Nothing is called before this returns. */
struct copy_pull *copy_pull_start(struct copy_session *, const struct copy_pull_spec *,
	const struct copy_pull_events *, void *arg);
/* Nothing new is begun, what is half done is given up; `done` comes soon. */
void copy_pull_stop(struct copy_pull *);
/* Bytes of the files that are under way. */
uint64_t copy_pull_bytes(const struct copy_pull *);

/* The names of the parts that stay here, ", " between them: the large ones, for the next time, if
 * it is freed now; or, with `is_leaving`, all, if the process ends without that. */
void copy_pull_add_left(const struct copy_pull *, bool is_leaving, struct strbuf *out);
void copy_pull_free(struct copy_pull **); /* at once; nothing is called */

#endif

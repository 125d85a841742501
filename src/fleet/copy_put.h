/*
 * One file onto a host: compared, written beside its place under another name, made sure of, and
 * put in place in one step.
 *
 * Until the last step what is there stays as it is; when anything goes wrong, nothing of ours is
 * left there but what the result names.  A large file that was interrupted is gone on with next
 * time.
 */
#ifndef FLEET_COPY_PUT_H
#define FLEET_COPY_PUT_H

#include <stdbool.h>
#include <stdint.h>

#include "fleet/copy_session.h"
#include "fleet/copy_tree.h"

struct copy_put;

enum {
	COPY_KEEP_MIN = 8 * 1024 * 1024, /* bytes that are worth going on with next time */
	COPY_DIFF_MAX = 256 * 1024,      /* bytes of a text that is compared line by line */
};

enum copy_backup {
	COPY_BACKUP_NONE,
	COPY_BACKUP_SIMPLE, /* NAME~, the former one of which goes */
	COPY_BACKUP_TIME,   /* NAME.20250701-080000~, or NAME.20250701-080000.1~: a new one */
};

/* How files are put; strings are borrowed. */
struct copy_put_options {
	bool has_mode;
	uint32_t mode; /* instead of the file's own */
	enum copy_backup backup;
	const char *time_suffix; /* ".20250701-080000~", of the first one of a second */
	bool is_dry_run;         /* look, change nothing */
	bool wants_diff;         /* with is_dry_run */
};

/* Everything is borrowed. */
struct copy_put_spec {
	struct copy_session *session;
	const struct copy_item *item; /* a file */
	const char *path;             /* there; a link is followed */
	bool is_shared;               /* anyone may write in its folder */
	const struct copy_put_options *options;
};

struct copy_put_events {
	void (*moved)(void *arg, uint64_t bytes); /* that many more of it are there */
	/* Once; it is gone after it.  The result is valid inside. */
	void (*done)(void *arg, const struct copy_result *);
};

/* New; free with copy_put_free().  Nothing is called before this returns. */
struct copy_put *copy_put_start(
	const struct copy_put_spec *, const struct copy_put_events *, void *arg);

/* Come to an end soon: what is nearly in place is put in place, all else is taken away again.
 * `done` comes later. */
void copy_put_stop(struct copy_put *);

/* At once; nothing is called.  What it may have left behind; NULL: nothing. */
const char *copy_put_left(const struct copy_put *);
void copy_put_free(struct copy_put **);

#endif

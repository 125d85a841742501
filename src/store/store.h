/*
 * The store: one SQLite database in which everything stands that must outlive the process.
 *
 * Several processes may have it open.  All writing is done in transactions that begin IMMEDIATE, so
 * that what a transaction has read cannot change under it, and that are synced to the disk before
 * they are reported as done.  SQL stays in this folder: each other store_*.h has the rows of one
 * subject and functions over them, to be called inside a transaction.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct store;
struct store_tx; /* a transaction; valid only inside the function that was handed it */

struct store_options {
	const char *path;    /* ":memory:" is one of its own, gone when closed */
	bool is_read_only;   /* never creates, never migrates; a missing file is ERR_NOT_FOUND */
	int64_t busy_ms;     /* how long to wait for other processes' transactions; 0: 10 s */
	const char *command; /* what this process does, for others to read ("sre-toolkit alert
			      * flush"), no secrets; NULL: "sre-toolkit" */
};

/*
 * Open, create (mode 0600; its folder too, 0700) or migrate forward.  New; close with
 * store_close().
 *
 * After a crash of a process that had something in hand (it left its mark, see store_owner.h) the
 * database is checked before it is used, and what was in its hands waits again.  Reading only works
 * in a folder that cannot be written, too, as long as nobody writes.  Errors tell the path, the
 * cause and what to do: ERR_BUSY (locked by others all the time), ERR_PERMISSION (unreadable, or
 * read-only where writing was asked for), ERR_INPUT (not a database, corrupt, or from a newer
 * version), ERR_LIMIT (the disk is full), ERR_SYSTEM.
 */
int store_open(const struct store_options *, struct store **ret_store, struct err *);

/* What this process has in hand is released.  NULL is fine. */
void store_close(struct store **);

const char *store_path(const struct store *);

/* What is done in a transaction: 0 to keep it, -1 to undo all of it. */
typedef int store_fn(struct store_tx *, void *arg, struct err *);

/*
 * Run `fn` in one transaction now, on this thread.  0: committed, and synced if it wrote.  -1:
 * nothing of it is there; *err is fn's own, or of the commit with the codes of store_open().
 * Outputs of `fn` count only when this returns 0.
 */
int store_write(struct store *, store_fn *fn, void *arg, struct err *);

/* The same without writing: a consistent view, which waits for nobody. */
int store_read(struct store *, store_fn *fn, void *arg, struct err *);

/* Inside a transaction: run `fn` and undo all that it has written, whatever it returns. */
int store_try(struct store_tx *, store_fn *fn, void *arg, struct err *);

/* Changes with every commit that another connection makes; for "has somebody written?". */
int store_data_version(struct store *, int64_t *ret_version, struct err *);

#endif

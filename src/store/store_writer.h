/*
 * Transactions of a process with a loop, on a thread of their own.
 *
 * Jobs that wait together are committed together: each in a savepoint, so that one that fails
 * undoes only itself, and one sync for all of them.
 */
#ifndef STORE_STORE_WRITER_H
#define STORE_STORE_WRITER_H

#include "loop/loop.h"
#include "store/store.h"

struct store_writer;

/* `err` is NULL when the job was committed and synced.  On the loop's thread. */
typedef void store_done_fn(void *arg, const struct err *err);

/* The store is used by the writer's thread alone from here on, until store_writer_free().  New. */
int store_writer_new(struct loop *, struct store *, struct store_writer **ret_writer, struct err *);

/* Waits for the jobs that were posted; their `done` is not called any more. */
void store_writer_free(struct store_writer **);

/* `fn` runs on the writer's thread, in the order of posting; `done` is never called before this
 * returns.  `arg` is the writer's until `done`. */
void store_writer_post(struct store_writer *, store_fn *fn, store_done_fn *done, void *arg);

/* The same without writing, in its turn: works where the store cannot be written. */
void store_writer_read(struct store_writer *, store_fn *fn, store_done_fn *done, void *arg);

const char *store_writer_path(const struct store_writer *);

#endif

/*
 * A few threads for what has no non-blocking form: `work` runs on one of them, then `done` on the
 * loop.  The two sides share nothing but `arg`, which belongs to the worker until `done`.
 *
 * Jobs begin in the order in which they were given, and are done in the order in which they end.
 * The loop keeps running while one is not done.
 */
#ifndef LOOP_WORKER_H
#define LOOP_WORKER_H

#include "loop/loop.h"

struct workers;

typedef void worker_fn(void *arg);

/*
 * Threads start when jobs need them, at most `threads_max` (> 0), with all signals blocked.  New;
 * free with workers_free(), which waits for running jobs and forgets queued ones (`done` is called
 * for neither, and `arg` stays with the caller).  It may be called from a `done`, but not from
 * `work`.
 */
int workers_new(struct loop *, int threads_max, struct workers **ret_workers, struct err *);
void workers_free(struct workers **);

/* From the loop's thread only.  `done` is never called before this returns.  That not even one
 * thread can be started aborts. */
void workers_run(struct workers *, worker_fn *work, worker_fn *done, void *arg);

#endif

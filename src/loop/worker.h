/*
 * A few threads for what has no non-blocking form: `work` runs on one of them, then `done` on the
 * loop.  The two sides share nothing but `arg`, which belongs to the worker until `done`.
 */
#ifndef LOOP_WORKER_H
#define LOOP_WORKER_H

#include "loop/loop.h"

struct workers;

typedef void worker_fn(void *arg);

/* Threads start with the first job.  New; free with workers_free(), which waits for running jobs
 * and forgets queued ones (`done` is called for neither). */
int workers_new(struct loop *, int threads_max, struct workers **ret_workers, struct err *);
void workers_free(struct workers **);
void workers_run(struct workers *, worker_fn *work, worker_fn *done, void *arg);

#endif

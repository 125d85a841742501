/*
 * Writing a run down while it goes on: before anything is done, as each host begins and ends, and
 * at the end.
 *
 * A host on which the work has begun and that was not heard of again stands there as lost, never as
 * "not started": whoever repeats what was not started must not do it twice.  A store that cannot
 * be written stops nothing: it is told once, and the run goes on without.
 */
#ifndef FLEET_LEDGER_H
#define FLEET_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"
#include "store/store_runs.h"

enum { LEDGER_DAYS = 90 }; /* older runs are forgotten */

struct ledger;

/* Something could not be written; told once. */
typedef void ledger_failed_fn(void *arg, const struct err *);

struct ledger_spec {
	const char *path;             /* of the store */
	const char *command;          /* what this process does, for who waits for the store */
	const struct stored_run *run; /* what store_run_begin() wants */
	const char *const *names;     /* of the hosts; borrowed until the ledger is closed */
	size_t count;
	/* In words, of a host that has begun and was not heard to end. */
	const char *lost;
	ledger_failed_fn *failed;
	void *arg;
};

/* Write the run down, now, on this thread; waits a moment for other processes.  New; end with
 * ledger_close().  -1: the store cannot be used. */
int ledger_open(const struct ledger_spec *, struct ledger **ret_ledger, struct err *);

int64_t ledger_id(const struct ledger *);

/* From now on the rest is written from a thread of its own. */
int ledger_attach(struct ledger *, struct loop *, struct err *);

void ledger_started(struct ledger *, size_t host);
void ledger_ended(struct ledger *, const struct stored_run_host *); /* copied */

/* Waits until all is written.  `exit_code` below 0: the run did not end.  NULL is fine. */
void ledger_close(struct ledger **, int exit_code);

#endif

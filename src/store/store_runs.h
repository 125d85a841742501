/*
 * The ledger: which commands were run on which hosts, by whom, and how each host ended.
 *
 * A run is written down with all of its hosts before anything is done, each as "not started", so
 * that a process that dies leaves what is still to be done.  Called inside a transaction; 0, or -1
 * with *err set.  Texts that are read are in the arena.
 */
#ifndef STORE_STORE_RUNS_H
#define STORE_STORE_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/store.h"

enum { STORED_EXCERPT_MAX = 512 }; /* bytes of the output that are kept */

struct stored_run {
	int64_t id;
	int64_t started_ms;
	int64_t ended_ms;   /* 0: under way, or its process died */
	const char *author; /* who asked for it: "sre" */
	const char *host;   /* where it was asked for, and by which process */
	int64_t pid;
	const char *command;
	const char *selection; /* of hosts, as it was written */
	const char *options;   /* JSON object */
	int exit_code;         /* -1: it has not ended */
	int64_t hosts;         /* how many; only read */
	int64_t hosts_ok;      /* outcome 0; only read */
};

struct stored_runs {
	struct stored_run *items;
	size_t items_count, items_alloc;
};

/* How one host ended.  outcome, detail and text are a struct outcome (fleet/outcome.h). */
struct stored_run_host {
	const char *name;
	int outcome; /* 0: ok */
	int detail;
	const char *text; /* NULL: none */
	int64_t duration_ms;
	const char *output_hash; /* NULL: nothing is known of its output */
	int64_t output_bytes;
	const char *excerpt; /* NULL: none; text.  What is over STORED_EXCERPT_MAX is cut */
};

struct stored_run_hosts {
	struct stored_run_host *items;
	size_t items_count, items_alloc;
};

/* Every column but the id, the end and the exit code.  `hosts` are as they are until
 * store_run_host_set(); a name that is there twice is ERR_SYSTEM. */
int store_run_begin(struct store_tx *, const struct stored_run *,
	const struct stored_run_hosts *hosts, int64_t *ret_id, struct err *);

/* ERR_NOT_FOUND: the run has no host of that name. */
int store_run_host_set(
	struct store_tx *, int64_t run_id, const struct stored_run_host *, struct err *);

struct stored_run_end {
	int64_t ended_ms;
	int exit_code;
};

/* ERR_NOT_FOUND names the id. */
int store_run_end(struct store_tx *, int64_t run_id, const struct stored_run_end *, struct err *);

/* One run; the latest if `id` is 0.  ERR_NOT_FOUND: there is none. */
int store_run_get(
	struct store_tx *, int64_t id, struct arena *, struct stored_run *ret_run, struct err *);

/* Forget runs that ended before, at most about `limit` rows of them.  store_prune() does it too. */
int store_runs_prune(struct store_tx *, int64_t before_ms, int64_t limit, struct err *);

struct stored_run_filter {
	int64_t before_id; /* the last one of the page before; 0: the first page */
	int64_t since_ms;  /* begun then or later; 0: any time */
	int64_t limit;     /* 0 finds nothing */
};

/* The latest first. */
int store_run_list(struct store_tx *, const struct stored_run_filter *, struct arena *,
	struct stored_runs *ret_runs, struct err *);

/* Hosts of a run in the order of its selection; `outcomes` is 1 << outcome of each that is wanted,
 * 0 for all. */
int store_run_hosts(struct store_tx *, int64_t run_id, unsigned outcomes, struct arena *,
	struct stored_run_hosts *ret_hosts, struct err *);

#endif

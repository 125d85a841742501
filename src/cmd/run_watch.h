/*
 * A run over many servers, watched while it is under way: its loop and what connections need,
 * Ctrl-C once and twice, the deadline, how far it is, and why it takes so long.
 *
 * What runs is its owner's business (fleet_run.c, copy_drive.c).
 */
#ifndef CMD_RUN_WATCH_H
#define CMD_RUN_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "cmd/cmd.h"
#include "fleet/outcome.h"
#include "loop/loop.h"
#include "net/ssh_login.h"

struct progress;
struct resolver;
struct signals;

/* What is watched; `arg` is its owner's.  All but the last MUST be there. */
struct run_watch_work {
	void (*stop)(void *arg, enum outcome_cause cause); /* come to an end soon */
	/* "ending what runs on 3 of 10 servers": what comes of the first signal. */
	void (*add_stopping)(const void *arg, struct strbuf *out);
	/* What a second signal leaves behind: whole lines. */
	void (*add_left)(const void *arg, struct strbuf *out);
	void (*add_phases)(const void *arg, size_t max, struct strbuf *out);
	void (*count)(const void *arg, size_t *ret_done, size_t *ret_failed);
	/* MAY.  A second signal came, all was said, and when this returns the process ends with
	 * `exit_code`: write down how it was left.  After half a second it ends in the middle. */
	void (*leave)(void *arg, int exit_code);
};

struct run_watch {
	const struct run_watch_work *work;
	void *arg;
	const struct common_opts *common;
	const struct log_context *log;
	struct loop *loop;
	struct resolver *resolver;
	struct ssh_connector *connector;
	struct signals *signals;
	struct timer *ticker, *phases;
	struct progress *progress; /* NULL: not shown */
	int64_t started_ms;        /* on the loop's clock */
	int64_t signal_ms;         /* the first signal came */
	int signal;                /* 0: none came */
};

/* With `work`, `arg`, `common` and `log` set, all else 0: open the loop and the connector.  Also on
 * failure to be closed. */
int run_watch_open(struct run_watch *, const struct ssh_connector_options *, struct err *);

/* How many of `wanted` servers there may be at the same time, as each takes so many descriptors;
 * the first that is not 0: as given, as configured, as usual. */
int run_watch_workers(int64_t given, int64_t configured, int64_t descriptors);

/* When to stop, on the loop's clock, if it begins now: the deadline covers ending what is under way
 * too.  0: there is none. */
int64_t run_watch_deadline_ms(const struct run_watch *);

/* Begin: `counted` things ("servers"; NULL: bytes), `total` of them (0: not known). */
void run_watch_start(struct run_watch *, const char *counted, size_t total);

/* Turn the loop until the owner stops it; then nothing more is shown.  The time that it took. */
int run_watch_run(struct run_watch *, int64_t *ret_duration_ms, struct err *);

/* Take the line that says how far it is away, before something else is printed. */
void run_watch_erase(struct run_watch *);

/* How a run came to its end whose work was stopped for that cause (CAUSE_NONE: it was not). */
enum outcome_run_end run_watch_end(const struct run_watch *, enum outcome_cause stopped);

/* Show nothing any more; then, when the owner has freed what stands on it, close all. */
void run_watch_hush(struct run_watch *);
void run_watch_close(struct run_watch *);

#endif

/*
 * A copy to or from many hosts, in the order and under the rules of host_queue.h.
 */
#ifndef FLEET_COPY_RUN_H
#define FLEET_COPY_RUN_H

#include "fleet/copy_host.h"
#include "fleet/host_queue.h"

struct copy_run;

/* Everything is borrowed until it is freed. */
struct copy_run_spec {
	struct host_queue_spec queue;
	/* What is done; each host may have its own. */
	const struct copy_job *(*job)(void *arg, size_t host);
};

struct copy_run_events {
	void (*moved)(void *arg, size_t host, uint64_t bytes);
	void (*result)(void *arg, size_t host, size_t item, const struct copy_result *);
	void (*ended)(void *arg, size_t host, const struct copy_host_end *); /* once for each */
	void (*finished)(void *arg); /* once, after all of them; free it here or later */
};

/* New; free with copy_run_free().  Nothing is called before this returns. */
struct copy_run *copy_run_start(struct loop *, struct ssh_connector *, const struct copy_run_spec *,
	const struct copy_run_events *, void *arg);

/* Nothing new is started, what is under way is undone, what waits is "not started" because of
 * `cause` (CAUSE_INTERRUPTED, CAUSE_DEADLINE, CAUSE_STOPPED). */
void copy_run_stop(struct copy_run *, enum outcome_cause cause);
enum outcome_cause copy_run_stopped(const struct copy_run *); /* CAUSE_NONE: it was not */
void copy_run_free(struct copy_run **); /* at once; nothing is called any more */

/* See host_queue_add_phases(). */
void copy_run_add_phases(const struct copy_run *, size_t max, struct strbuf *out);

/* What may be left behind on those under way if the process ends right now, without
 * copy_run_free(): a line for each host. */
void copy_run_add_left(const struct copy_run *, struct strbuf *out);

#endif

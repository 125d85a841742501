/*
 * A copy to or from many hosts: so many at a time, in the order of the selection, none waiting for
 * another.
 */
#ifndef FLEET_COPY_RUN_H
#define FLEET_COPY_RUN_H

#include "fleet/copy_host.h"

struct copy_run;

/* Everything is borrowed until it is freed. */
struct copy_run_spec {
	const struct fan_out_host *hosts;
	size_t hosts_count;
	int workers; /* 0: FAN_OUT_WORKERS */
	/* The first host goes alone, and if one cannot log in there no other is started: a wrong
	 * password must not lock an account everywhere. */
	bool has_canary;
	int64_t deadline_ms; /* of all, on the loop's clock; 0: none */
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
void copy_run_free(struct copy_run **); /* at once; nothing is called any more */

/* Hosts under way, with what they do and what may be left behind there if it is freed now: a line
 * each, at most `max`. */
void copy_run_add_phases(const struct copy_run *, size_t max, struct strbuf *out);
void copy_run_add_left(const struct copy_run *, struct strbuf *out);

#endif

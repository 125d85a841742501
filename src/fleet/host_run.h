/*
 * One host of a fan-out: logged in to, its command run, its outcome told; the login is given back
 * as soon as the command has ended.
 *
 * Callbacks come from the loop, never before the call that asked for something has returned.  In
 * each of them everything may be freed.
 */
#ifndef FLEET_HOST_RUN_H
#define FLEET_HOST_RUN_H

#include "fleet/fan_out.h"

struct host_run;

struct host_run_events {
	void (*logged_in)(void *arg, const struct fan_out_login *);
	void (*started)(void *arg, int64_t pid);
	void (*output)(void *arg, enum ssh_stream, struct str bytes);
	void (*ended)(void *arg, const struct fan_out_end *); /* once; it is gone after it */
};

/* New; the spec (of which hosts, workers, canary and deadline do not matter here) and the host are
 * borrowed until it has ended. */
struct host_run *host_run_start(struct loop *, struct ssh_connector *, const struct fan_out_spec *,
	const struct fleet_host *, const struct host_run_events *, void *arg);

/* See fan_out_stop(). */
void host_run_stop(struct host_run *, enum outcome_cause cause);
void host_run_pause(struct host_run *, bool is_paused);
void host_run_free(struct host_run **);

/* "waiting for the greeting of web-07:22" */
void host_run_add_phase(const struct host_run *, struct strbuf *out);

/* What the end of a login means for its host.  The message goes to `message`, which the outcome
 * borrows. */
struct outcome host_run_login_outcome(const struct ssh_login_end *, struct strbuf *message);

#endif

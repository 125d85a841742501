/*
 * Collecting the facts of another machine over SSH: one login, one command, a conversation with it
 * (host_sections.h).  What comes out is what host_local.h gives for this machine.
 *
 * A host that cannot be logged in to because it does not answer, or answers that nobody is there,
 * is down as far as can be seen from here.  One that answers and does not let us in, one behind a
 * bastion that fails, and one that is lost while it is measured, is unknown: it was not measured.
 */
#ifndef CHECK_HOST_REMOTE_H
#define CHECK_HOST_REMOTE_H

#include <stdint.h>

#include "check/check_code.h"
#include "check/host_facts.h"
#include "conf/option.h"
#include "loop/loop.h"
#include "net/ssh_login.h"

struct host_remote;

/* Everything is borrowed until it is freed. */
struct host_remote_spec {
	struct loop *loop;
	struct arena *arena;
	struct ssh_connector *connector;
	struct ssh_login_spec
		login; /* its connect_timeout_ms is cut to what there is; 0: all of it */
	const struct option_list *include_mounts, *exclude_mounts; /* see host_mounts_choose() */
	int64_t cpu_sample_ms;
	int64_t mount_timeout_ms; /* for all filesystems together; cut so that it ends in time */
	int64_t timeout_ms; /* in which all should have been told; it is the caller who stops it */
};

struct host_remote_failure {
	enum check_state state;
	enum check_code code;
	const char *text; /* in the arena, safe to print */
};

struct host_remote_events {
	void (*measured)(void *arg, const struct host_machine *);
	void (*failed)(void *arg, const struct host_remote_failure *);
};

/* One of the events comes, once, never before this returns.  New; free with host_remote_free(), at
 * any time. */
struct host_remote *host_remote_start(
	const struct host_remote_spec *, const struct host_remote_events *, void *arg);
void host_remote_free(struct host_remote **);

/* What it is doing, in the arena: "waiting for the greeting of web-01:22". */
const char *host_remote_phase(const struct host_remote *);

#endif

/*
 * A host for tests: what an SSH server does with a command, with pipes and no network.
 */
#ifndef TESTS_UNIT_FLEET_HOST_FIXTURE_H
#define TESTS_UNIT_FLEET_HOST_FIXTURE_H

#include <sys/types.h>

#include <stdbool.h>

#include "base/strbuf.h"
#include "fleet/supervisor.h"
#include "fleet/supervisor_reader.h"

struct host {
	struct supervisor_spec spec;
	struct supervisor_key key;
	struct supervisor_reader reader;
	struct strbuf out;    /* its standard output, unless is_counting */
	struct strbuf err;    /* its standard error, without what the supervisor says */
	struct strbuf events; /* "started, taken, exit 3, " */
	bool is_counting;
	bool no_session;   /* the server begins none */
	const char *login; /* the user's shell; NULL: /bin/sh */
	uint64_t out_bytes;
	int taken;
	pid_t pid;                 /* of what the server started: the session */
	pid_t group;               /* as the supervisor says */
	int in_fd, out_fd, err_fd; /* -1: closed */
};

/* spec.command ... are set by the caller; `shell` is run as the login shell. */
void host_start(struct host *, const struct supervisor_spec *);
void host_stop(struct host *); /* kills what is left; all is freed */

void host_send(struct host *, const struct strbuf *bytes); /* waits until it is taken */
void host_beat(struct host *);
void host_hang_up(struct host *);

/* Read until `word` is among the events (or in `err`), all is closed, or the time is over: then the
 * test fails. */
void host_until(struct host *, const char *word);
void host_until_closed(struct host *);
bool host_has(const struct host *, const char *word);

/* What the server sees: exit code, or 1000 + signal. */
int host_status(struct host *);

/* Processes of the session or group that are not dead. */
int host_left(const struct host *);
/* Wait until none is, and fail after that many ms. */
void host_gone(const struct host *, int within_ms);

#endif

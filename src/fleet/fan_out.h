/*
 * One command on many hosts, in the order and under the rules of host_queue.h.
 *
 * A host that hangs takes the place of one worker until its clock runs out.  Each host ends in
 * exactly one outcome, also those that were never started.
 */
#ifndef FLEET_FAN_OUT_H
#define FLEET_FAN_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "fleet/host_queue.h"
#include "fleet/outcome.h"
#include "fleet/remote_command.h"
#include "loop/loop.h"
#include "net/ssh_login.h"

struct fan_out;

/* Everything is borrowed until it is freed. */
struct fan_out_spec {
	struct host_queue_spec queue;
	const char *password;       /* to log in with; NULL: none */
	int64_t connect_timeout_ms; /* 0: as configured, or 10 s */
	struct remote_command_spec command;
};

struct fan_out_end {
	struct outcome outcome;             /* its message is valid inside */
	int64_t duration_ms;                /* since it was this host's turn; 0: it never was */
	int64_t connect_ms;                 /* of that, until one was logged in; -1: never */
	int64_t pid;                        /* the process group there; 0: not known */
	bool was_left_open, may_be_running; /* see struct remote_command_end */
	enum ssh_transport transport;       /* AUTO: not known */
};

struct fan_out_login {
	const char *way; /* "web-01.example.com:22 as root"; valid inside */
	enum ssh_transport transport;
	int64_t connect_ms; /* since it was this host's turn */
};

struct fan_out_events {
	void (*started)(void *arg, size_t host, int64_t pid); /* the command runs there */
	void (*output)(void *arg, size_t host, enum ssh_stream, struct str bytes);
	void (*ended)(void *arg, size_t host, const struct fan_out_end *); /* once for each host */
	void (*finished)(void *arg); /* once, after all of them; free it here or later */
	void (*logged_in)(void *arg, size_t host, const struct fan_out_login *); /* MAY */
};

/* New; free with fan_out_free(), in any of the callbacks too.  Nothing is called before this
 * returns. */
struct fan_out *fan_out_start(struct loop *, struct ssh_connector *, const struct fan_out_spec *,
	const struct fan_out_events *, void *arg);

/*
 * Nothing new is started, what waits is "not started" because of `cause` (CAUSE_INTERRUPTED,
 * CAUSE_DEADLINE, CAUSE_STOPPED), connections that are being made are given up for the same
 * cause, and what runs is stopped there: its outcome is how it ended then, or with CAUSE_DEADLINE a
 * timeout.  `finished` comes within the grace of the supervisor and a little more.  A second time
 * changes nothing.
 */
void fan_out_stop(struct fan_out *, enum outcome_cause cause);
enum outcome_cause fan_out_stopped(const struct fan_out *); /* CAUSE_NONE: it was not */

/* Take no output of any host for a while, because there is nowhere to put it. */
void fan_out_pause(struct fan_out *, bool is_paused);

/* Closes everything at once; nothing is called any more. */
void fan_out_free(struct fan_out **);

/* Hosts whose command runs now, with their process groups there; in the order of the selection.
 * Returns how many there are, which may be more than `max`. */
struct fan_out_running {
	size_t host;
	int64_t pid; /* 0: with a tty */
};
size_t fan_out_running(const struct fan_out *, struct fan_out_running *ret_items, size_t max);

struct fan_out_counts {
	size_t total, waiting, connecting, running, ended;
};
struct fan_out_counts fan_out_counts(const struct fan_out *);

/* See host_queue_add_phases(). */
void fan_out_add_phases(const struct fan_out *, size_t max, struct strbuf *out);

#endif

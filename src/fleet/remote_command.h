/*
 * One command on one host that is logged in to: started under the supervisor, watched by its
 * clocks, stopped when asked to, and brought to one of the six outcomes.
 *
 * A host that was reached but would not start the command is "not started", with the cause
 * (CAUSE_SUDO_FAILED, CAUSE_EXEC_REFUSED, CAUSE_DIRECTORY_MISSING) and what it said in the message;
 * so is one that was stopped before it could (CAUSE_INTERRUPTED).
 *
 * Where a signal took the supervisor too (SIGKILL for the whole group, which we did not send) or
 * there is a tty, the server tells which; the program ssh does not hand it on, and the outcome is
 * CAUSE_CONNECTION_LOST then, with what is known in the message.
 *
 * Callbacks come from the loop, never before the call that asked for something has returned.  In
 * each of them everything may be freed.
 */
#ifndef FLEET_REMOTE_COMMAND_H
#define FLEET_REMOTE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "fleet/outcome.h"
#include "fleet/supervisor.h"
#include "loop/loop.h"
#include "net/ssh_login.h"

struct remote_command;

enum {
	REMOTE_START_MS = 30000, /* from the login until the command has started */
	REMOTE_DRAIN_MS = 500,
};

/* The strings are borrowed until the command has ended. */
struct remote_command_spec {
	/* Has been through supervisor_check().  has_input is set if `input` is to be sent, also an
	 * empty one. */
	struct supervisor_spec supervised;
	struct str input;
	const char *sudo_password; /* for SUPERVISOR_SUDO_PASSWORD; one line */
	bool wants_tty;            /* without the supervisor: the terminal's hang-up ends it */
	int columns, rows;
	int64_t start_ms;   /* until it has started: the host's shell, sudo; 0: REMOTE_START_MS */
	int64_t silence_ms; /* without a byte of output; 0: any time */
	int64_t total_ms;   /* from when it was asked for until it has ended; 0: any time */
	/* After its end no output has come for this long: something that it left behind holds it
	 * open.  At most 20 times that in all.  0: REMOTE_DRAIN_MS */
	int64_t drain_ms;
	bool is_rehearsal; /* everything but the command: login, shell, directory, sudo */
};

struct remote_command_end {
	struct outcome outcome; /* its message is valid inside */
	int64_t pid;            /* the process group there, with a tty the process; 0: not known */
	bool was_left_open;     /* it ended, but something that it started holds its output open */
	bool may_be_running;    /* it was not heard to end: it is ended by the supervisor, or by the
				 * hang-up of its terminal, but we have not seen it */
};

struct remote_command_events {
	void (*started)(void *arg, int64_t pid); /* 0: not known, as with a tty */
	void (*output)(void *arg, enum ssh_stream, struct str bytes); /* valid inside */
	void (*ended)(void *arg, const struct remote_command_end *); /* once; it is gone after it */
};

/* New; the login must be open, and stay until it has ended. */
struct remote_command *remote_command_start(struct loop *, struct ssh_login *,
	const struct remote_command_spec *, const struct remote_command_events *, void *arg);

/* Take no output for a while; the clock for silence stands meanwhile.  One that is being stopped is
 * listened to all the same: then of its output 256 KiB still come, and the rest is dropped. */
void remote_command_pause(struct remote_command *, bool is_paused);

/* SIGTERM to the process group there, SIGKILL after the grace; with a tty its hang-up, and a look
 * at what is left (see remote_look.h).  `ended` comes when it has ended, or when it was not heard
 * of within the grace and two seconds more.  The outcome is how it ended.  A second time changes
 * nothing. */
void remote_command_stop(struct remote_command *);

/* What it does right now: "waiting for sudo". */
void remote_command_add_phase(const struct remote_command *, struct strbuf *out);

void remote_command_free(struct remote_command **); /* closes it: the supervisor ends it there */

#endif

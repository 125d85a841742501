/*
 * One command on one host that is logged in to: started under the supervisor, watched by its
 * clocks, stopped when asked to, and brought to one of the six outcomes.
 *
 * Callbacks come from the loop, never before the call that asked for something has returned.
 */
#ifndef FLEET_REMOTE_COMMAND_H
#define FLEET_REMOTE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "fleet/outcome.h"
#include "fleet/supervisor.h"
#include "loop/loop.h"
#include "net/ssh_login.h"

struct remote_command;

/* Everything is borrowed until the command has ended. */
struct remote_command_spec {
	/* Has been through supervisor_check().  has_input is set if `input` is to be sent, also an
	 * empty one. */
	struct supervisor_spec supervised;
	struct str input;
	const char *sudo_password; /* for SUPERVISOR_SUDO_PASSWORD */
	bool wants_tty;            /* without the supervisor: the terminal's hang-up ends it */
	int columns, rows;
	int64_t silence_ms; /* without a byte of output; 0: any time */
	int64_t total_ms;   /* from when it was asked for until it has ended; 0: any time */
	int64_t drain_ms;   /* how long output may come after the end; 0: 500 */
	bool is_rehearsal;  /* everything but the command: login, shell, directory, sudo */
};

struct remote_command_end {
	struct outcome outcome; /* its message is valid inside */
	int64_t pid;            /* the process group there; 0: not known */
	bool was_left_open;     /* it ended, but something that it started holds its output open */
	bool may_be_running;    /* it was not heard to end: it is ended by the supervisor, but we
				 * have not seen it */
};

struct remote_command_events {
	void (*started)(void *arg, int64_t pid);                      /* 0 with a tty */
	void (*output)(void *arg, enum ssh_stream, struct str bytes); /* valid inside */
	void (*ended)(void *arg, const struct remote_command_end *); /* once; it is gone after it */
};

struct remote_command *remote_command_start(struct loop *, struct ssh_login *,
	const struct remote_command_spec *, const struct remote_command_events *, void *arg);

/* Take no output for a while. */
void remote_command_pause(struct remote_command *, bool is_paused);

/* SIGTERM to the process group there, SIGKILL after the grace; `ended` comes when it has ended, or
 * when it was not heard of within the grace and a little more. */
void remote_command_stop(struct remote_command *);

void remote_command_free(struct remote_command **); /* closes it: the supervisor ends it there */

#endif

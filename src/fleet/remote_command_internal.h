/*
 * What remote_command.c and remote_command_terminal.c (how a terminal's command is stopped) share.
 */
#ifndef FLEET_REMOTE_COMMAND_INTERNAL_H
#define FLEET_REMOTE_COMMAND_INTERNAL_H

#include "fleet/remote_command.h"
#include "fleet/remote_input.h"
#include "fleet/remote_judge.h"
#include "fleet/remote_look.h"
#include "fleet/supervisor_reader.h"

enum { REMOTE_SLACK_MS = 2000 }; /* for a stop, beyond the grace */

enum remote_state {
	REMOTE_STARTING,
	REMOTE_RUNNING,
	REMOTE_STOPPING, /* SIGTERM is on its way, or will be as soon as it has started */
	REMOTE_LOOKING,  /* its terminal was hung up: is anything left of it? */
	REMOTE_DRAINING, /* it has ended; the rest of its output */
};

struct remote_command {
	struct loop *loop;
	struct ssh_login *login;
	struct remote_command_spec spec;
	struct remote_command_events events;
	void *arg;
	enum remote_state state;
	struct ssh_command *channel; /* NULL: over */
	struct remote_look *look;    /* NULL: not looking */
	struct strbuf line;          /* what the host is asked to execute */
	struct supervisor_key key;
	struct supervisor_reader reader;
	struct remote_input input;
	struct remote_facts facts;
	bool has_asked_password, is_nowhere;
	int64_t pid;
	bool is_paused;
	bool is_cut;        /* instead, while it is stopped: so much of its output and no more */
	size_t cut_bytes;   /* that came meanwhile */
	int64_t drained_ms; /* when draining is over, whatever still comes */
	struct outcome outcome; /* as the supervisor says */
	struct strbuf message;  /* of the outcome */
	struct timer *step;     /* of the state */
	struct timer *total;    /* of all */
	struct timer *beat;     /* running: it has started */
	int calls;              /* under way */
	bool is_freed;
};

/* Around what users may be called in, as they may free it: it goes with the last that leaves. */
void remote_command_enter(struct remote_command *);
void remote_command_leave(struct remote_command *);

/* The only writer of the state; sets its clock. */
void remote_command_to(struct remote_command *, enum remote_state);

/* Until SIGKILL follows SIGTERM there. */
int remote_command_grace_s(const struct remote_command *);

/* It is over, as judged; the user is told. */
void remote_command_finish(struct remote_command *, struct remote_judgement, bool was_left_open);

/* The same: it was told to end, and was not heard to. */
void remote_command_finish_deaf(struct remote_command *);

/* One with a tty is to end: how long until its terminal is hung up, 0 at once.  That is when its
 * process is known, which is told before it begins, or must be soon. */
int64_t remote_terminal_hang_up_ms(const struct remote_command *);

/* Hang up its terminal, and look at what is left of it. */
void remote_terminal_hang_up(struct remote_command *);

#endif

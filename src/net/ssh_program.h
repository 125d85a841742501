/*
 * Logins through the program ssh, for hosts that need what our own sessions cannot do: host
 * certificates, keys on tokens, GSSAPI, ProxyCommand ...
 *
 * One ssh holds the connection, with a control socket in a folder of ours that nobody else may
 * enter.  Commands are sessions that are asked for through that socket, without another process;
 * eight of them at once, the others wait for their turn, for a server takes ten as a rule.
 *
 * It never asks anybody anything.  Host keys are checked whatever the user's settings say, those of
 * bastions (ProxyJump) too.  ssh is gone with the login, and with us, however we end.  What it says
 * on its standard error is understood as far as it has a meaning for us.
 *
 * Same promises as net/ssh_login.h, which is who uses this.
 */
#ifndef NET_SSH_PROGRAM_H
#define NET_SSH_PROGRAM_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"
#include "net/ssh_session.h"

struct ssh_program;
struct ssh_program_login;
struct ssh_program_command;

/* Strings are borrowed until it is freed. */
struct ssh_program_options {
	const char *program;        /* NULL: ssh, where PATH has it */
	const char *config_file;    /* ssh -F; NULL: as usual */
	bool accepts_new_host_keys; /* of hosts and bastions that are not known; recorded */
};

/*
 * New; free with ssh_program_free() when there are no logins.  Makes the folder of the control
 * sockets, and removes those of processes that are no more.  ERR_NOT_FOUND without ssh.
 */
int ssh_program_new(struct loop *, const struct ssh_program_options *,
	struct ssh_program **ret_program, struct err *);
void ssh_program_free(struct ssh_program **);

/* Strings are borrowed until it is open or has ended. */
struct ssh_program_spec {
	const char *name;     /* a name or an address: as the user wrote it */
	const char *address;  /* -o HostName=; NULL: not */
	const char *username; /* -l; NULL: as configured */
	uint16_t port;        /* -p; 0: as configured */
	const char *password; /* of the host, given when its ssh asks, through a pipe, never in
			       * arguments, the environment or a file; NULL: none */
	/* Of this host, beside the option: because its settings say so (accept-new). */
	bool accepts_new_host_keys;
	int64_t connect_timeout_ms; /* of all until it is open, > 0 */
	int64_t alive_interval_ms;  /* 0: 5 s */
	int alive_count_max;        /* 0: 3 */
};

/* As ssh_session_start().  Its last act when it ends is to call `ended`. */
struct ssh_program_login *ssh_program_login_open(struct ssh_program *,
	const struct ssh_program_spec *, const struct ssh_session_events *, void *arg);
void ssh_program_login_free(struct ssh_program_login **);

bool ssh_program_login_is_open(const struct ssh_program_login *);

/* What it is doing right now: "waiting for the greeting of web-01". */
void ssh_program_login_add_phase(const struct ssh_program_login *, struct strbuf *out);
pid_t ssh_program_login_pid(const struct ssh_program_login *); /* of its ssh; 0: none runs */

/* --- commands: as ssh_exec_*() of ssh_session.h --------------------------------------------- */

/*
 * The login must be open.  The signal that ended a command is not known (OpenSSH does not hand it
 * on): SSH_EXEC_NO_STATUS.  The tty has the size that is asked for.
 */

struct ssh_program_command *ssh_program_command_start(struct ssh_program_login *,
	const struct ssh_exec_spec *, const struct ssh_exec_events *, void *arg);
void ssh_program_command_send(struct ssh_program_command *, struct str bytes);
void ssh_program_command_end_input(struct ssh_program_command *);
size_t ssh_program_command_unsent(const struct ssh_program_command *);
void ssh_program_command_pause(struct ssh_program_command *, bool is_paused);
void ssh_program_command_free(struct ssh_program_command **);

#endif

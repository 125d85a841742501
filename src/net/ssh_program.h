/*
 * Logins through the program ssh, for hosts that need what our own sessions cannot do: host
 * certificates, keys on tokens, GSSAPI, ProxyCommand ...
 *
 * One ssh holds the connection, with a control socket in a folder of ours that nobody else may
 * enter; each command is another that goes through it.  It never asks anybody anything, checks host
 * keys as the user's settings say, strictly at the least, and is gone with the login.  What it says
 * on its standard error is understood as far as it has a meaning for us.
 *
 * Same promises as net/ssh_login.h, which is who uses this.
 */
#ifndef NET_SSH_PROGRAM_H
#define NET_SSH_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"
#include "net/ssh_session.h"

struct ssh_program;
struct ssh_program_login;
struct ssh_program_command;

struct ssh_program_options {
	const char *program;     /* NULL: ssh, where PATH has it */
	const char *config_file; /* ssh -F; NULL: as usual */
	bool accepts_new_host_keys;
};

/* The folder of the control sockets; removed when it is freed.  ERR_NOT_FOUND without ssh. */
int ssh_program_new(struct loop *, const struct ssh_program_options *,
	struct ssh_program **ret_program, struct err *);
void ssh_program_free(struct ssh_program **);

/* Strings are borrowed until it is open or has ended. */
struct ssh_program_spec {
	const char *name;
	const char *address;        /* -o HostName=; NULL: not */
	const char *username;       /* -l; NULL: as configured */
	uint16_t port;              /* -p; 0: as configured */
	const char *password;       /* by SSH_ASKPASS through a pipe of ours, never argv, never the
				     * environment; NULL: none */
	int64_t connect_timeout_ms; /* of all until it is open, > 0 */
	int64_t alive_interval_ms;  /* 0: 5 s */
	int alive_count_max;        /* 0: 3 */
};

struct ssh_program_login *ssh_program_login_open(struct ssh_program *,
	const struct ssh_program_spec *, const struct ssh_session_events *, void *arg);
void ssh_program_login_free(struct ssh_program_login **);

struct ssh_program_command *ssh_program_command_start(struct ssh_program_login *,
	const struct ssh_exec_spec *, const struct ssh_exec_events *, void *arg);
void ssh_program_command_send(struct ssh_program_command *, struct str bytes);
void ssh_program_command_end_input(struct ssh_program_command *);
size_t ssh_program_command_unsent(const struct ssh_program_command *);
void ssh_program_command_pause(struct ssh_program_command *, bool is_paused);
void ssh_program_command_free(struct ssh_program_command **);

#endif

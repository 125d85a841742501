/*
 * A host that one is logged in to, by whichever way leads there.
 *
 * What ssh_config says of the host is asked for; its bastions are passed, and shared by all who go
 * through them; no more handshakes are under way with a next hop than it bears, and one that it
 * drops is tried again later.  The connection is one of ours (net/ssh_session.h), or the program
 * ssh's where the host needs what ours cannot do, or where that is asked for.  Which of them it is
 * makes no difference to those who use it.
 *
 * Callbacks come from the loop, never before the call that asked for something has returned.  In
 * each of them everything may be freed.
 */
#ifndef NET_SSH_LOGIN_H
#define NET_SSH_LOGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "loop/loop.h"
#include "net/resolver.h"
#include "net/ssh_limiter.h"
#include "net/ssh_session.h"

struct ssh_connector;
struct ssh_login;
struct ssh_command;

enum ssh_transport {
	SSH_TRANSPORT_AUTO, /* our own, unless the host needs the other */
	SSH_TRANSPORT_NATIVE,
	SSH_TRANSPORT_OPENSSH,
};

const char *ssh_transport_name(enum ssh_transport); /* "native" */

/* Strings are borrowed until the connector is freed. */
struct ssh_connector_options {
	enum ssh_transport transport;
	const char *config_file; /* instead of the user's and the machine's (ssh -F); NULL: those */
	const char *program;     /* NULL: ssh, where PATH has it */
	bool accepts_new_host_keys; /* of hosts that are not known; recorded */
	int attempts;    /* how often in all, if the server drops it before authentication; 0: 5 */
	int64_t keep_ms; /* how long a login that was given back stays open for who asks for the
			  * same one; 0: it is closed */
	struct ssh_limiter_options limiter;
};

/*
 * What logins share.  New; free with ssh_connector_free() when there are no logins.  Bastions that
 * nobody uses any more, and logins that are kept, stay open for their time and keep the loop
 * running; freeing the connector closes them.
 */
struct ssh_connector *ssh_connector_new(
	struct loop *, struct resolver *, const struct ssh_connector_options *);
void ssh_connector_free(struct ssh_connector **);

/* The keys of hosts that are known; borrowed. */
struct ssh_hosts *ssh_connector_hosts(struct ssh_connector *);

/* Strings are borrowed until it is open or has ended. */
struct ssh_login_spec {
	const char *name; /* as ssh takes it: an alias of ssh_config, a name, an address */
	/* Connect to this instead of what the name means, as `ssh -o HostName=` does: with the
	 * settings of the name, checking the key of the address (or HostKeyAlias).  NULL: not. */
	const char *address;
	const char *username; /* NULL: as configured */
	uint16_t port;        /* 0: as configured */
	const char *password; /* NULL: none.  Is given to the host only, to no bastion */
	/* For lookup, TCP, exchange of keys and authentication, bastions included; the clock stands
	 * while it waits for its turn, and for ssh to say what is configured.  0: as configured,
	 * or 10 s */
	int64_t connect_timeout_ms;
};

struct ssh_login_end {
	enum ssh_end_cause cause;
	enum ssh_phase phase; /* as far as it is known */
	const char *hop;      /* the bastion that it ended at; NULL: the host itself */
	const char *text;     /* what happened, for people; can be printed; no secrets */
	bool lacks_host_key;  /* as of struct ssh_end */
};

struct ssh_login_events {
	void (*opened)(void *arg);
	/* Once; the login is gone after it.  Its commands were told before. */
	void (*ended)(void *arg, const struct ssh_login_end *);
};

struct ssh_login *ssh_login_open(struct ssh_connector *, const struct ssh_login_spec *,
	const struct ssh_login_events *, void *arg);

/* Give it back; nothing is called any more.  Commands on it are closed. */
void ssh_login_free(struct ssh_login **);

bool ssh_login_is_open(const struct ssh_login *);
enum ssh_transport ssh_login_transport(const struct ssh_login *); /* never AUTO once it is open */

/* Of one that is open, where it leads and as whom: "web-01.example.com:22 as root through bastion".
 */
void ssh_login_add_way(const struct ssh_login *, struct strbuf *out);

/* What it is doing right now: "waiting for its turn at bastion:22". */
void ssh_login_add_phase(const struct ssh_login *, struct strbuf *out);

/* --- commands ------------------------------------------------------------------------------- */

/* As ssh_exec_*() of ssh_session.h, for either transport.  The login must have been open; if it has
 * ended since, and that was not told yet, the command is lost too. */
struct ssh_command *ssh_command_start(struct ssh_login *, const struct ssh_exec_spec *,
	const struct ssh_exec_events *, void *arg);
void ssh_command_send(struct ssh_command *, struct str bytes); /* a copy */
void ssh_command_end_input(struct ssh_command *);
size_t ssh_command_unsent(const struct ssh_command *);
void ssh_command_pause(struct ssh_command *, bool is_paused);
void ssh_command_free(struct ssh_command **); /* closes it; `ended` is not called */

#endif

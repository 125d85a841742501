/*
 * SSH sessions on the loop: many at once, kept open, with any number of commands on each.
 *
 * A session is one connection that is logged in, to a host directly or through another session (a
 * bastion).  Nothing here waits: a peer that is silent in any phase costs its own session the time
 * it was given, and nobody else anything.  Host keys are always checked; nobody is ever asked.
 *
 * Callbacks come from the loop, never before the call that asked for something has returned.  In
 * each of them everything may be freed.
 */
#ifndef NET_SSH_SESSION_H
#define NET_SSH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "loop/loop.h"
#include "net/resolver.h"
#include "net/ssh_hosts.h"
#include "net/ssh_settings.h"

struct ssh_client;
struct ssh_session;
struct ssh_exec;

/* What sessions share: keys and known hosts that were read, threads for the agent.  New; free with
 * ssh_client_free() when there are no sessions. */
struct ssh_client *ssh_client_new(struct loop *, struct resolver *);
void ssh_client_free(struct ssh_client **);

/* How many there are, open or not. */
size_t ssh_client_sessions(const struct ssh_client *);

/* The keys of hosts that this client knows; borrowed. */
struct ssh_hosts *ssh_client_hosts(struct ssh_client *);

/* The user's keys that were read; borrowed. */
struct ssh_identities *ssh_client_identities(struct ssh_client *);

/* How far a session came. */
enum ssh_phase {
	SSH_PHASE_LOOKUP,
	SSH_PHASE_CONNECT,
	SSH_PHASE_GREETING, /* the line with which a server says that it speaks SSH */
	SSH_PHASE_KEX,      /* exchange of keys, of which the host's is checked */
	SSH_PHASE_AUTH,
	SSH_PHASE_OPEN,
};

/* Why a session is over, or never came to be. */
enum ssh_end_cause {
	SSH_END_DNS,
	SSH_END_REFUSED,
	SSH_END_UNREACHABLE,
	SSH_END_TIMEOUT, /* of all that it takes to be logged in; the phase says of what */
	SSH_END_DROPPED, /* closed before authentication: the server has too many of them */
	SSH_END_NOT_SSH, /* what it says is not SSH */
	SSH_END_KEX,     /* no algorithm in common, or nonsense */
	SSH_END_HOST_KEY_UNKNOWN,
	SSH_END_HOST_KEY_CHANGED,
	SSH_END_HOST_KEY_REVOKED,
	SSH_END_AUTH,   /* permission denied */
	SSH_END_CLOSED, /* by the server, later than that */
	SSH_END_SILENT, /* no sign of life */
	SSH_END_LOCAL,  /* our side: settings, files, descriptors */
};

struct ssh_end {
	enum ssh_end_cause cause;
	enum ssh_phase phase;
	const char *text; /* what happened, for people; can be printed; no secrets */
	bool is_by_via; /* by the session that it went through, which is over or lets nobody pass */
	bool lacks_host_key; /* SSH_END_KEX: it has no host key of a type that was asked for */
};

/* Everything is borrowed until the session has ended, but the password until it is open. */
struct ssh_session_spec {
	const struct ssh_settings *settings;
	struct ssh_session *via;    /* an open session to go through; NULL: connect directly */
	const char *password;       /* NULL: none; also answers a keyboard-interactive question */
	bool accepts_new_host_keys; /* of hosts that are not known; recorded */
	int64_t connect_timeout_ms; /* for all until it is open; 0: the settings', or 10 s */
	int64_t alive_interval_ms;  /* ask after that much silence; 0: the settings', or 5 s */
	int alive_count_max;        /* questions without an answer; 0: the settings' */
	/* Algorithms of host keys to ask for, best first, with commas between; NULL: the settings'
	 * and ours, those of known keys first. */
	const char *host_keys;
};

struct ssh_session_events {
	void (*opened)(void *arg);
	/* Once; the session is gone after it.  Its commands were told before, their sessions
	 * through it will notice. */
	void (*ended)(void *arg, const struct ssh_end *);
	/* MAY.  The session is for the host's key alone: it is told as soon as it is shown, not
	 * judged, and nobody logs in; then the session ends (SSH_END_CLOSED).  `algorithms` are
	 * those of host keys that the server knows, with commas between; empty if that was not
	 * seen.  Both are valid inside. */
	void (*showed_key)(void *arg, struct str blob, struct str algorithms);
};

struct ssh_session *ssh_session_start(struct ssh_client *, const struct ssh_session_spec *,
	const struct ssh_session_events *, void *arg);
void ssh_session_free(struct ssh_session **); /* closes it at once; nothing is called any more */

bool ssh_session_is_open(const struct ssh_session *);
enum ssh_phase ssh_session_phase(const struct ssh_session *);

/* What it is doing right now: "waiting for the greeting of web-01:22". */
void ssh_session_add_phase(const struct ssh_session *, struct strbuf *out);

/* "curve25519-sha256, aes256-gcm@openssh.com"; "" before there is any. */
void ssh_session_add_algorithms(const struct ssh_session *, struct strbuf *out);

/* --- commands ------------------------------------------------------------------------------- */

enum ssh_stream {
	SSH_STREAM_STDOUT,
	SSH_STREAM_STDERR,
};

struct ssh_exec_spec {
	const char *command;            /* for the user's shell on the host */
	bool is_subsystem;              /* it is the name of a subsystem: "sftp" */
	const char *const *environment; /* "NAME=value", NULL-terminated; NULL: none.  What the
					 * server does not want it leaves out */
	bool wants_tty;                 /* stderr is not told apart then */
	int columns, rows;              /* of the tty; 0: 80, 24 */
	int64_t drain_ms; /* how long output may come after the command has ended: something that
			   * it started may hold it open for ever */
};

enum ssh_exec_outcome {
	SSH_EXEC_EXITED,    /* exit_code */
	SSH_EXEC_SIGNALED,  /* signal_name */
	SSH_EXEC_NO_STATUS, /* the server closed it without a word */
	SSH_EXEC_REFUSED,   /* the server would not run it */
	SSH_EXEC_LOST,      /* the session ended first */
};

struct ssh_exec_end {
	enum ssh_exec_outcome outcome;
	uint32_t exit_code;
	const char *signal_name; /* "TERM"; "" if there was none */
	bool was_left_open;      /* output was still open `drain_ms` after the end */
	const char *text;        /* of REFUSED and LOST; else "" */
};

struct ssh_exec_events {
	void (*output)(void *arg, enum ssh_stream, struct str bytes); /* valid inside */
	void (*wants_input)(void *arg); /* all that was sent is on its way; NULL: not told */
	void (*ended)(void *arg, const struct ssh_exec_end *); /* once; the exec is gone after it */
};

/* The session must be open.  Strings are borrowed until it has ended. */
struct ssh_exec *ssh_exec_start(struct ssh_session *, const struct ssh_exec_spec *,
	const struct ssh_exec_events *, void *arg);

/* Queue a copy for its standard input; then no more of it. */
void ssh_exec_send(struct ssh_exec *, struct str bytes);
void ssh_exec_end_input(struct ssh_exec *);
size_t ssh_exec_unsent(const struct ssh_exec *);

/* Take no output for a while: the server is held back after a megabyte or so, by the window. */
void ssh_exec_pause(struct ssh_exec *, bool is_paused);

/* "TERM", "INT", "KILL" ...: sent to the command; servers older than OpenSSH 7.9 ignore it. */
void ssh_exec_signal(struct ssh_exec *, const char *name);

void ssh_exec_free(struct ssh_exec **); /* closes it; `ended` is not called */

#endif

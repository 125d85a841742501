/*
 * What is sent to a host so that a command there never outlives us, and tells how it ended.
 *
 * A host runs the command that we ask for and no more: when our process is killed, or the network
 * goes away, it would run on.  So what we ask for is a small program for its shell, which needs
 * only what POSIX has (and setsid where the server does not begin a session), and stays nowhere.
 * It starts the command with its own standard output and error, untouched; listens to us on
 * standard input; and ends the whole process group, SIGTERM first, when the connection closes, when
 * it has heard nothing for two times `quiet_s`, or when we ask for it.  What the command left
 * behind when it ended by itself is left alone.
 *
 * It speaks to us on standard error, in lines that begin with a secret of this one command, which
 * the command cannot know (see supervisor_reader.h).  Everything of the user's travels as data on
 * standard input: nothing of it is ever part of the program, or to be seen in a list of processes
 * before the command itself is.
 *
 * It is for commands without a terminal: with one, the terminal's hang-up ends them, and the
 * command travels in what the host is asked to execute.
 *
 * An exit code above 128 and a signal look alike to a shell.  They are told apart but for 130 and
 * 141, which count as signals (SIGINT, SIGPIPE) unless the shell is bash.
 */
#ifndef FLEET_SUPERVISOR_H
#define FLEET_SUPERVISOR_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct strbuf;

enum {
	SUPERVISOR_KEY_LEN = 34,       /* 0x1e, 32 hexadecimal digits, a space */
	SUPERVISOR_BEAT_MS = 3000,     /* how often it must hear of us, by supervisor_add_beat() */
	SUPERVISOR_CHUNK_MAX = 16384,  /* bytes of input at once */
	SUPERVISOR_CHUNKS_MAX = 2,     /* that may be under way: then wait for SUPERVISOR_TAKEN */
	SUPERVISOR_TEXT_MAX = 1 << 20, /* of a command line, a variable, an argument */
	SUPERVISOR_GRACE_S = 3,        /* unless the spec has another */
};

/* What begins the lines that are the supervisor's; of one command on one host. */
struct supervisor_key {
	char secret[SUPERVISOR_KEY_LEN + 1];
	char greeting[SUPERVISOR_KEY_LEN + 1]; /* before it has the secret; others on the host may
						* see this one */
};

enum supervisor_sudo {
	SUPERVISOR_SUDO_NONE,
	SUPERVISOR_SUDO_QUIET,    /* sudo -n: fails where it would ask */
	SUPERVISOR_SUDO_PASSWORD, /* sudo -S: SUPERVISOR_PASSWORD comes when it asks */
};

struct supervisor_spec {
	const char *command;     /* a line for the shell; or: */
	const char *const *argv; /* NULL-terminated; a program and its arguments, no shell */
	const char *directory;   /* NULL: where the login begins */
	const char *const *env;  /* "NAME=value"..., added to what is there; NULL: nothing */
	bool has_nice;
	int nice;       /* what `nice -n` is given */
	bool has_input; /* what supervisor_add_input() sends; otherwise it is empty */
	enum supervisor_sudo sudo;
	const char *sudo_user; /* NULL: root */
	const char *shell;     /* path of a POSIX shell; NULL: /bin/sh */
	int quiet_s;           /* two times this without a beat, and we are gone; 0: 8 */
	int grace_s;           /* between SIGTERM and SIGKILL; 0: SUPERVISOR_GRACE_S */
};

/* Random.  ERR_SYSTEM. */
int supervisor_key_init(struct supervisor_key *, struct err *);

/* ERR_INPUT: a NUL byte cannot be here, so what is wrong is a name of a variable, a program's name
 * that is empty or begins with "-", a shell or user that is no plain word; ERR_LIMIT: too long. */
int supervisor_check(const struct supervisor_spec *, struct err *);

/* What the host is asked to execute; any login shell understands it.  The spec has been checked. */
void supervisor_add_exec(
	struct strbuf *out, const struct supervisor_spec *, const struct supervisor_key *);

/* The same for a command with a terminal, which is not supervised: all of it is in what the host
 * executes.  Of a key's words there are, on the terminal, SUPERVISOR_STARTED, and before it
 * SUPERVISOR_PASSWORD and SUPERVISOR_READY where sudo has a password; has_input, quiet_s and
 * grace_s mean nothing. */
void supervisor_add_tty_exec(
	struct strbuf *out, const struct supervisor_spec *, const struct supervisor_key *);

/* What is written to its standard input first; after SUPERVISOR_READY when there is a password to
 * be asked for. */
void supervisor_add_settings(
	struct strbuf *out, const struct supervisor_spec *, const struct supervisor_key *);

/* What may follow, once SUPERVISOR_STARTED has come. */
void supervisor_add_beat(struct strbuf *out);
void supervisor_add_input(struct strbuf *out, struct str chunk); /* 1 to SUPERVISOR_CHUNK_MAX */
void supervisor_add_input_end(struct strbuf *out);
void supervisor_add_stop(struct strbuf *out); /* SIGTERM now, SIGKILL after the grace */

#endif

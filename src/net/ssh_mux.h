/*
 * What is said through the control socket of an ssh that holds a connection, as its PROTOCOL.mux
 * has it (version 4): sessions are asked for, their status is told.
 *
 * Pure: bytes in, bytes out.  The three descriptors that go along with a session are the caller's.
 */
#ifndef NET_SSH_MUX_H
#define NET_SSH_MUX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"

/* Largest message that is taken. */
enum { SSH_MUX_MAX = 256 * 1024 };

struct ssh_mux_session {
	const char *command; /* or the name of a subsystem */
	bool is_subsystem;
	bool wants_tty;
	const char *terminal;           /* of the tty: "xterm" */
	const char *const *environment; /* "NAME=value", NULL-terminated; NULL: none */
};

/* Append what both sides say first. */
void ssh_mux_add_hello(struct strbuf *out);

/* Append a request for a session; three descriptors belong behind it. */
void ssh_mux_add_session(struct strbuf *out, const struct ssh_mux_session *);

/* Append the question whether it still serves. */
void ssh_mux_add_alive_check(struct strbuf *out);

enum ssh_mux_type {
	SSH_MUX_HELLO,
	SSH_MUX_ALIVE,
	SSH_MUX_OPENED,     /* the session */
	SSH_MUX_FAILED,     /* `text` says why */
	SSH_MUX_NO_TTY,     /* the server has none for it */
	SSH_MUX_EXIT,       /* `code`: the status of what ran */
	SSH_MUX_UNEXPECTED, /* whatever else */
};

struct ssh_mux_message {
	enum ssh_mux_type type;
	uint32_t code;   /* of EXIT: the status; of OPENED: the channel */
	struct str text; /* points into the input */
	size_t size;     /* of the whole message */
};

enum ssh_mux_found {
	SSH_MUX_WHOLE,
	SSH_MUX_PARTIAL, /* there must be more */
	SSH_MUX_WRONG,   /* no such protocol, or another version of it */
};

/* The message that the bytes begin with. */
enum ssh_mux_found ssh_mux_find(struct str bytes, struct ssh_mux_message *ret_message);

#endif

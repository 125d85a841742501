/*
 * Reads the standard error of a command that is supervised (see supervisor.h): what is the
 * command's and what is the supervisor's.
 *
 * Takes any pieces, down to single bytes.  Everything that does not begin with the secret is the
 * command's and is handed on, byte for byte and as it comes; nothing that the command can write is
 * taken for the supervisor's.
 *
 * The end comes when the command has ended, not when its output has: what it wrote before may still
 * be on its way in the other stream, and a process that it left behind may hold both open for ever.
 * So read on until both are closed, but not for long.  Where SIGKILL was needed the end does not
 * come, and the connection only closes.
 */
#ifndef FLEET_SUPERVISOR_READER_H
#define FLEET_SUPERVISOR_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "fleet/supervisor.h"

enum supervisor_word {
	SUPERVISOR_PASSWORD, /* sudo asks: send the password and a newline.  A second time: it was
			      * wrong, end the connection */
	SUPERVISOR_READY,    /* send the settings */
	SUPERVISOR_STARTED,  /* `pid` is the process group */
	SUPERVISOR_TAKEN,    /* one chunk of input has been read */
	SUPERVISOR_INPUT_CLOSED, /* the command takes no more input: send none */
	SUPERVISOR_NOWHERE,      /* the directory is not there; the command was not started */
	SUPERVISOR_ENDED,        /* once: `exit_code`, or `signal` */
};

struct supervisor_event {
	enum supervisor_word word;
	int64_t pid;
	int exit_code;
	const char *signal; /* without "SIG": "TERM"; valid for the call.  NULL: it exited */
};

struct supervisor_listener {
	void (*event)(void *arg, const struct supervisor_event *);
	void (*text)(void *arg, struct str bytes);
	void *arg;
};

enum { SUPERVISOR_LINE_MAX = 64 };

struct supervisor_reader {
	struct supervisor_key key;
	bool has_started;
	bool has_ended;
	bool is_in_line; /* held: a line of the supervisor's */
	bool is_in_greeting;
	size_t held_count;
	char held[SUPERVISOR_LINE_MAX];
};

void supervisor_reader_init(struct supervisor_reader *, const struct supervisor_key *);
void supervisor_read(
	struct supervisor_reader *, struct str bytes, const struct supervisor_listener *);

/* There will be no more: what was held back because it could have been the secret is handed on. */
void supervisor_read_end(struct supervisor_reader *, const struct supervisor_listener *);

#endif

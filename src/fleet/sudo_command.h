/*
 * A program that sudo runs on a host as root, whose input and output belong to whoever talks to it:
 * sudo is given its password, and what is said before the program begins is kept apart from what it
 * says itself.
 *
 * Nobody watches it there: it must end when its input does.  Clocks are left to the owner.
 */
#ifndef FLEET_SUDO_COMMAND_H
#define FLEET_SUDO_COMMAND_H

#include "base/str.h"
#include "fleet/outcome.h"
#include "net/ssh_login.h"

struct sudo_command;

struct sudo_command_events {
	void (*started)(void *arg); /* the program begins; it must not be freed inside */
	void (*output)(void *arg, enum ssh_stream, struct str bytes); /* of the program */
	/* One of these, once; it is gone after it.  `refused`: the program was not started;
	 * `ended`: it was.  Everything is valid inside. */
	void (*refused)(void *arg, const struct outcome *);
	void (*ended)(void *arg, const struct ssh_exec_end *);
};

/*
 * `program` is for /bin/sh, and has neither "'" nor "!" nor a line's end in it: login shells of all
 * kinds pass it on.  `password` (NULL: sudo must not ask) is borrowed until it has started. Nothing
 * is called before this returns.  New; free with sudo_command_free().
 */
struct sudo_command *sudo_command_start(struct ssh_login *, const char *program,
	const char *password, const struct sudo_command_events *, void *arg);
void sudo_command_send(struct sudo_command *, struct str bytes); /* after `started`; a copy */
void sudo_command_free(struct sudo_command **);                  /* closes it; nothing is called */

#endif

/*
 * The program that a host's shell runs around a command.  For supervisor.c only; see supervisor.h.
 *
 * Four processes: the first runs the command in the foreground of its group and tells how it ended;
 * `watch` sleeps, and ends the group when it was not woken; `hear` reads what we send; `pump`, if
 * there is input, hands it on, so that a command which does not read never keeps `hear` from
 * hearing.  $$ is the process group.  Descriptors: 3 what we send, 4 and 5 the command's output and
 * error, 6 its input.
 *
 * Tested with dash, bash and busybox.  Only `read` touches what we send: it takes byte by byte, and
 * leaves the rest to others.
 */
#ifndef FLEET_SUPERVISOR_SCRIPT_H
#define FLEET_SUPERVISOR_SCRIPT_H

/* Takes the program from its standard input, up to a line with a dot, so that it need not go
 * through the login shell, which may be any.  Without quotes, newlines and exclamation marks for
 * its sake. */
#define SUPERVISOR_BOOT                                                                            \
	"s=\"$(while IFS= read -r l; do [ \"$l\" = . ] && break; printf \"%s\\n\" \"$l\"; "        \
	"done)\"; "                                                                                \
	"eval \"$s\""

extern const char supervisor_script[];

#endif

/*
 * The program that a host's shell runs to tell how it is.  For host_sections.c; see there for what
 * is said in either direction.
 *
 * It needs a POSIX shell, /proc, and the usual small tools; tested with dash, bash and busybox.  It
 * is read from standard input, so that the login shell, which may be any, has nothing to quote.
 *
 * A mount that does not answer hangs whoever asks, so each is asked by a process of its own
 * (`chain`, and its child), whose answers come through a pipe to one that stops at a deadline. None
 * of them holds the session open.  What still hangs then is killed.  What not even that ends, is in
 * state D with the mount point among its arguments: as long as it is there, no other is sent after
 * it.  `dog` ends the program if nobody speaks to it any more.
 */
#ifndef CHECK_HOST_SCRIPT_H
#define CHECK_HOST_SCRIPT_H

/* As every login shell understands it. */
#define HOST_SCRIPT_COMMAND "exec sh"

/* The variables that it expects are set by lines in front of it: see host_sections_add_program().
 */
extern const char host_script[];

#endif

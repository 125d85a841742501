/*
 * Contents of files on one host that only root reads, one after the other: for a rehearsal, to be
 * compared line by line.
 */
#ifndef FLEET_COPY_SUDO_SHOW_H
#define FLEET_COPY_SUDO_SHOW_H

#include <stddef.h>

#include "base/str.h"
#include "loop/loop.h"
#include "net/ssh_login.h"

struct copy_sudo_show;

/* Everything is borrowed. */
struct copy_sudo_show_spec {
	struct loop *loop;
	struct ssh_login *login;  /* open */
	const char *password;     /* for sudo; NULL: it must not ask */
	const char *const *paths; /* that copy_sudo_can_say() */
	size_t count;
};

struct copy_sudo_show_events {
	/* In order; of what cannot be read, or is not below COPY_DIFF_MAX, nothing is told.  Valid
	 * inside; the object must not be freed there. */
	void (*content)(void *arg, size_t path, struct str bytes);
	void (*done)(void *arg); /* once; it is gone after it, whether all was told or not */
};

/* New; free with copy_sudo_show_free().  Nothing is called before this returns. */
struct copy_sudo_show *copy_sudo_show_start(
	const struct copy_sudo_show_spec *, const struct copy_sudo_show_events *, void *arg);
void copy_sudo_show_stop(struct copy_sudo_show *); /* `done` comes soon */
void copy_sudo_show_free(struct copy_sudo_show **);

#endif

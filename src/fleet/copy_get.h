/*
 * One file from a host: compared, written beside its place here, made sure of, and put in place in
 * one step.
 *
 * A large part that was interrupted stays, and is gone on with the next time: if its checksum is
 * that of as many bytes there.
 */
#ifndef FLEET_COPY_GET_H
#define FLEET_COPY_GET_H

#include <stdbool.h>
#include <stdint.h>

#include "fleet/copy_here.h"
#include "fleet/copy_session.h"

struct copy_get;

/* Everything is borrowed. */
struct copy_get_spec {
	struct copy_session *session;
	const struct copy_here *here;
	const char *path; /* there */
	const char *name; /* here */
	uint64_t size;    /* there, as far as it is known */
	uint32_t mode;    /* permissions that it gets */
	bool is_named;    /* by the user: see copy_here_look_place() */
	bool is_dry_run;  /* look, and write nothing */
};

struct copy_get_events {
	void (*moved)(void *arg, uint64_t bytes);
	/* Once; it is gone after it.  The result is valid inside; its path is that here. */
	void (*done)(void *arg, const struct copy_result *);
};

/* New; free with copy_get_free().  Nothing is called before this returns. */
struct copy_get *copy_get_start(
	const struct copy_get_spec *, const struct copy_get_events *, void *arg);
/* What copy_get_free() will leave here, for the next time; or, with `is_leaving`, what the process
 * leaves that ends right now, without it; NULL: nothing.  New, free with free(). */
char *copy_get_left(const struct copy_get *, bool is_leaving);
void copy_get_free(struct copy_get **); /* at once; nothing is called */

#endif

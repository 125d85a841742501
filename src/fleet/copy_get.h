/*
 * One file from a host: compared, written beside its place here, made sure of, and put in place in
 * one step.
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
void copy_get_free(struct copy_get **); /* at once; nothing is called, and nothing is left */

#endif

/*
 * A private folder that files waited in until they were put in place as root: removed with all that
 * is in it, once it is certain that everything there is a copy's.
 *
 * Links are not followed, and a folder that holds anything else stays as it is.
 */
#ifndef FLEET_COPY_UNSTAGE_H
#define FLEET_COPY_UNSTAGE_H

#include <stdbool.h>

#include "net/sftp_client.h"

struct copy_unstage;

/* There is no such folder any more?  Once; it is gone after it. */
typedef void copy_unstage_fn(void *arg, bool is_gone);

/*
 * Of the login's own folder; both are borrowed.  `now` is somebody's who made something on that
 * host just now: what was written by others, or not long enough before, stays; NULL: all goes.
 * New; free with copy_unstage_free().  Nothing is called before this returns.
 */
struct copy_unstage *copy_unstage_start(struct sftp_client *, const char *folder,
	const struct sftp_attributes *now, copy_unstage_fn *, void *arg);
void copy_unstage_free(struct copy_unstage **); /* nobody is told */

/* Written by who made `now`, and longer before than writing and verifying so many bytes takes? */
bool copy_unstage_is_old(
	const struct sftp_attributes *, uint64_t bytes, const struct sftp_attributes *now);

#endif

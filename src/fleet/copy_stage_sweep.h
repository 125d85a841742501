/*
 * Private folders that earlier copies as root left where the login begins, when their connection
 * was lost: removed, once they are old enough that nobody can be using them any more.
 *
 * Only what is certainly ours goes: a folder of whoever is logged in that nobody else may look
 * into, whose name is to the letter what copy_stage_name() makes, with nothing but what
 * copy_unstage.h removes in it.  Where anyone may write, none goes.
 */
#ifndef FLEET_COPY_STAGE_SWEEP_H
#define FLEET_COPY_STAGE_SWEEP_H

#include "net/sftp_client.h"

struct copy_stage_sweep;

typedef void copy_stage_sweep_fn(void *arg); /* once; it is gone after it */

/* `now`: of something that was made on that host just now; a copy is taken.  New; free with
 * copy_stage_sweep_free().  Nothing is called before this returns. */
struct copy_stage_sweep *copy_stage_sweep_start(
	struct sftp_client *, const struct sftp_attributes *now, copy_stage_sweep_fn *, void *arg);
void copy_stage_sweep_stop(struct copy_stage_sweep *);  /* no further folder; it is told soon */
void copy_stage_sweep_free(struct copy_stage_sweep **); /* nobody is told */

#endif

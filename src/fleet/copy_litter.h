/*
 * Parts of files that earlier copies left in a folder on a host, when their connection was lost:
 * removed, once they are old enough that nobody can be writing them any more.
 *
 * Only what is certainly ours goes: a private file of whoever is logged in, whose name is to the
 * letter what copy_temporary() makes of the name of a file that is copied there now.
 */
#ifndef FLEET_COPY_LITTER_H
#define FLEET_COPY_LITTER_H

#include <stdbool.h>

#include "net/sftp_client.h"

struct copy_litter;

enum { COPY_LITTER_STILL_S = 600 }; /* a part that grows is younger than that */

struct copy_litter_events {
	bool (*is_part)(void *arg, struct str name); /* of a file that is copied there? */
	void (*done)(void *arg);                     /* once; it is gone after it */
};

/* `folder` is borrowed.  New; free with copy_litter_free().  Nothing is called before this returns.
 */
struct copy_litter *copy_litter_start(
	struct sftp_client *, const char *folder, const struct copy_litter_events *, void *arg);
void copy_litter_free(struct copy_litter **); /* nobody is told */

#endif

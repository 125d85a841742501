/*
 * The beginning of a file that an earlier upload left on a host: looked for in its folder, by name.
 *
 * It must be a file of one's own making, as far as that can be seen: private, no longer than the
 * whole.  Whether it really is a beginning shows when the whole is verified.
 */
#ifndef FLEET_COPY_BEGUN_H
#define FLEET_COPY_BEGUN_H

#include "fleet/copy_tree.h"
#include "net/sftp_client.h"

struct copy_begun;

enum { COPY_BEGUN_MIN = 64 * 1024 }; /* bytes; less is not worth it */

/* The longest one that was found; NULL: none.  Once; it is gone after it, and both are valid
 * inside. */
typedef void copy_begun_fn(void *arg, const char *path, const struct sftp_attributes *attributes);

/* Of an item that is to be at `path`; both are borrowed.  New; free with copy_begun_free(). Nothing
 * is called before this returns. */
struct copy_begun *copy_begun_start(struct sftp_client *, const char *path,
	const struct copy_item *, copy_begun_fn *, void *arg);
void copy_begun_free(struct copy_begun **); /* nobody is told */

#endif

/*
 * Asking mounted filesystems how full they are, although some may never answer.
 *
 * statfs(2) on a dead network mount hangs and cannot be interrupted, so it is called in children
 * with a deadline: one child for all local filesystems, one for each remote one, side by side.  A
 * mount that does not answer is "stuck"; the others are not held up by it.
 *
 * A stuck child stays with the kernel until the mount comes back.  It is remembered for the whole
 * process, and while it is there nobody else is sent after it.
 */
#ifndef CHECK_HOST_SPACES_H
#define CHECK_HOST_SPACES_H

#include <sys/statfs.h>

#include <stdint.h>

#include "base/arena.h"
#include "check/host_mounts.h"
#include "loop/loop.h"

struct host_spaces;

struct host_spaces_spec {
	struct loop *loop;
	struct arena *arena;
	const struct host_filesystems *filesystems; /* borrowed until done */
	struct host_mounts *mounts;                 /* gets the answers */
	int64_t timeout_ms; /* for a child; half a second more to see it stuck */
	int (*statfs)(const char *, struct statfs *); /* NULL: the system's */
};

typedef void host_spaces_done_fn(void *arg);

/* `done` is called once, never before this returns; every filesystem has an answer then.  New; free
 * with host_spaces_free(), at any time. */
struct host_spaces *host_spaces_start(
	const struct host_spaces_spec *, host_spaces_done_fn *done, void *arg);
void host_spaces_free(struct host_spaces **);

/* A mount point that is still being waited for; NULL: none. */
const char *host_spaces_waits_for(const struct host_spaces *);

#endif

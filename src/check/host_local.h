/*
 * Collecting the facts of this machine: files under /proc, a few system calls, children for its
 * filesystems.  Never blocks: long lists are read in slices, and waiting is done by the loop.
 */
#ifndef CHECK_HOST_LOCAL_H
#define CHECK_HOST_LOCAL_H

#include <sys/statfs.h>

#include <stdint.h>

#include "check/host_facts.h"
#include "conf/option.h"
#include "loop/loop.h"

struct host_local;

struct host_local_spec {
	struct loop *loop;
	struct arena *arena;
	const struct option_list *include_mounts, *exclude_mounts; /* see host_mounts_choose() */
	int64_t cpu_sample_ms;    /* between the two looks at CPU time */
	int64_t mount_timeout_ms; /* for one filesystem */
	/* For tests: put in front of every path that is read, and asked instead of statfs(2). */
	const char *root;
	int (*statfs)(const char *, struct statfs *);
};

typedef void host_local_done_fn(void *arg, const struct host_machine *);

/* `done` is called once, never before this returns; what it gets is in the arena.  New; free with
 * host_local_free(), at any time. */
struct host_local *host_local_start(
	const struct host_local_spec *, host_local_done_fn *done, void *arg);
void host_local_free(struct host_local **);

/* What it is doing, in the arena: "waiting for '/mnt/nas'". */
const char *host_local_phase(const struct host_local *);

#endif

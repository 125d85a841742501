/*
 * Makes the process of a child and the pipes to it; child.c does the rest.
 */
#ifndef LOOP_CHILD_SPAWN_H
#define LOOP_CHILD_SPAWN_H

#include <sys/types.h>

#include "base/err.h"
#include "loop/child.h"

/* Our ends, non-blocking; -1 where there is none. */
struct child_process {
	pid_t pid; /* also of its process group */
	int pid_fd;
	int in_fd; /* -1 if there is nothing to feed */
	int out_fd;
	int err_fd;
};

int child_spawn(const struct child_spec *, struct child_process *ret_process, struct err *);

#endif

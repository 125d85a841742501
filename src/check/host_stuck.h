/*
 * Children that hang in the kernel, each after asking a mount that does not answer: SIGKILL does
 * not end them before the mount comes back.
 *
 * There is one list for the process, because whoever started them is long gone: while one hangs,
 * nobody else is to be sent after it.
 */
#ifndef CHECK_HOST_STUCK_H
#define CHECK_HOST_STUCK_H

#include <sys/types.h>

#include <stdbool.h>

/* `pid` is a child of ours that has not been reaped. */
void host_stuck_remember(const char *point, pid_t pid);

/* Is a child that was sent to `point` still hanging? */
bool host_stuck_has(const char *point);

#endif

/*
 * Processes that nobody waits for any more, but that we started: buried when they go, however late,
 * without holding the loop.
 */
#ifndef LOOP_CHILD_REAPER_H
#define LOOP_CHILD_REAPER_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"

/* Sends `signo` to the group of `pid` (a child not yet reaped), and to itself wherever it went. */
void child_kill_group(pid_t pid, int signo);

/* Takes a process that was sent SIGKILL, and its descriptor. */
void reaper_adopt_killed(struct loop *, pid_t, int pid_fd);

/* Takes a process that was sent SIGTERM, and its descriptor; SIGKILL after `grace_ms`. */
void reaper_adopt_dismissed(struct loop *, pid_t, int pid_fd, int64_t grace_ms);

/* Takes a process that has ended but is not reaped; its group gets SIGKILL after `grace_ms`. */
void reaper_adopt_group(struct loop *, pid_t, int64_t grace_ms);

/* Does all that is left to do at once; called by loop_free(). */
struct reaper;
void reaper_free(struct reaper **);

#endif

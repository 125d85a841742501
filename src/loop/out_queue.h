/*
 * Writing to a descriptor that may have a slow reader, without ever waiting for it.
 *
 * What cannot be written now is kept and written as the reader takes it; whoever adds is told when
 * it is enough, and when there is room again.  The descriptor's flags are left alone, because
 * others (the shell, a pager) share them: nothing is written that would wait.
 */
#ifndef LOOP_OUT_QUEUE_H
#define LOOP_OUT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "loop/loop.h"

struct out_queue;

enum out_queue_news {
	OUT_QUEUE_ROOM, /* less than half of `full_bytes` wait again */
	OUT_QUEUE_FULL, /* more than `full_bytes` wait */
	OUT_QUEUE_GONE, /* the reader of a pipe or a socket is; told once */
};

typedef void out_queue_fn(void *arg, enum out_queue_news);

/* `fd` is borrowed.  New; free with out_queue_free(), which forgets what waits. */
struct out_queue *out_queue_new(
	struct loop *, int fd, size_t full_bytes, out_queue_fn *, void *arg);
void out_queue_free(struct out_queue **);

/* A copy; `fn` may be called before this returns.  After an error, or when the reader is gone,
 * nothing is kept any more. */
void out_queue_add(struct out_queue *, struct str bytes);

/* What still waits; taken from the queue by the next call that changes it. */
struct str out_queue_rest(const struct out_queue *);

/* -1: writing failed, and why.  A reader who has seen enough is no error. */
int out_queue_check(const struct out_queue *, struct err *);

#endif

/*
 * The event loop: one thread, one epoll, timers in a heap, and things to do at the end of the turn.
 *
 * Level-triggered.  A callback does one step and never blocks.  A handle may be freed at any time,
 * from inside its own callback too: it is only marked, and the loop sweeps after dispatch.  Handles
 * are freed by `x_free(&handle)`: NULL is fine, and the caller's pointer becomes NULL.  Free the
 * handle of a descriptor before closing it.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct loop;
struct io;
struct timer;
struct deferred;

/* What a descriptor is watched for and what happened to it; errors and hang-ups are always told. */
enum io_events {
	IO_READ = 1 << 0,
	IO_WRITE = 1 << 1,
	IO_ERROR = 1 << 2, /* EPOLLERR or EPOLLHUP; told, never asked for */
};

typedef void io_fn(void *arg, unsigned events);
typedef void loop_fn(void *arg);

/*
 * New; free with loop_free() after everything that stands on it.  Ignores SIGPIPE from now on, so
 * that writers see EPIPE, and gives SIGCHLD its default.  With SRE_LOOP_SLOW_MS=N in the
 * environment, callbacks that run for N ms or longer are told on stderr; an error if it is not a
 * number.
 */
int loop_new(struct loop **ret_loop, struct err *);
void loop_free(struct loop **);

/*
 * Runs until loop_stop(), or until nothing is left that could ever happen.  Returns 0, or -1 when
 * epoll itself fails.
 */
int loop_run(struct loop *, struct err *);

/*
 * Ends loop_run() after the current turn, or at once if it has yet to begin.  Not for other threads
 * and signal handlers.
 */
void loop_stop(struct loop *);

/*
 * The monotonic time at the start of this turn (outside of dispatch: the real one), in ms.  Do not
 * store it.
 */
int64_t loop_now_ms(const struct loop *);

/*
 * Watch `fd` (borrowed; non-blocking; not a file of a disk) for `events`, IO_READ or IO_WRITE or
 * both.  One io per descriptor.  Never fails but for the kernel's limits, which abort.
 *
 * The callback is called in every turn while there is something to tell.  On IO_ERROR alone, read
 * or write: the call says what it is.
 */
struct io *io_add(struct loop *, int fd, unsigned events, io_fn *, void *arg);
void io_set(struct io *, unsigned events); /* from now on; 0: nothing is told, not even errors */
void io_free(struct io **);

/*
 * Call once, `delay_ms` from now (0: in the next turn), never earlier and as a rule
 * less than 2 ms later; equal deadlines in the order in which they were set.  A timer may be set
 * again, also from its own callback.
 */
struct timer *timer_add(struct loop *, int64_t delay_ms, loop_fn *, void *arg);
struct timer *timer_new(struct loop *, loop_fn *, void *arg); /* not running yet */
void timer_set(struct timer *, int64_t delay_ms);
void timer_stop(struct timer *);
bool timer_is_running(const struct timer *);
void timer_free(struct timer **);

/*
 * Call once at the end of this turn (of the next, if asked outside of dispatch or by a deferred
 * call), in the order asked.  The handle may be ignored.
 */
struct deferred *loop_defer(struct loop *, loop_fn *, void *arg);
void deferred_free(struct deferred **); /* take it back; before or inside its callback only */

/*
 * The loop runs while something can happen: an io that watches for something, a running timer, a
 * deferred call.  A handle that must not keep it running by itself (a signal descriptor, the
 * resolver's wake-up) is marked so.
 */
void io_set_background(struct io *, bool is_background);
void timer_set_background(struct timer *, bool is_background);

#endif

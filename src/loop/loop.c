/*
 * The turns of the loop: wait, sockets, timers, what was deferred, sweep.  See loop.h.
 *
 * Sockets come before timers, so that an answer which is there when its deadline is noticed counts.
 */
#include "loop/loop.h"

#include <sys/epoll.h>

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/parse.h"
#include "base/time.h"
#include "base/vec.h"
#include "loop/child_reaper.h"
#include "loop/loop_internal.h"

/* Taken from epoll at once; more of them wait for the next turn, and timers are looked at between.
 */
enum { EVENTS_MAX = 256 };

static int slow_us_from_env(int64_t *ret_us, struct err *err)
{
	const char *text = getenv("SRE_LOOP_SLOW_MS"); /* NOLINT(concurrency-mt-unsafe) */
	int64_t slow_ms = 0;

	if (text && parse_int(str_of(text), 0, INT32_MAX, &slow_ms, err) < 0) {
		return err_wrap(err, "environment variable 'SRE_LOOP_SLOW_MS'");
	}
	*ret_us = slow_ms * 1000;
	return 0;
}

int loop_new(struct loop **ret_loop, struct err *err)
{
	int64_t slow_us = 0;
	struct loop *loop;
	int fd;

	if (slow_us_from_env(&slow_us, err) < 0) {
		return -1;
	}
	fd = epoll_create1(EPOLL_CLOEXEC);
	if (fd < 0) {
		return err_set_errno(err, errno, "cannot create the event loop");
	}

	/* Neither can fail.  A SIGCHLD that our parent ignored would let children go unseen. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	loop = xcalloc(1, sizeof(*loop));
	loop->epoll_fd = fd;
	loop->has_fine_wait = true;
	loop->slow_us = slow_us;
	loop->first_free_slot = IO_SLOT_NONE;
	timer_heap_init(&loop->timers);
	*ret_loop = loop;
	return 0;
}

static void loop_sweep(struct loop *loop)
{
	for (size_t i = 0; i < loop->dead_count; i++) {
		free(loop->dead[i]);
	}
	loop->dead_count = 0;
}

void loop_free(struct loop **loop_ptr)
{
	struct loop *loop = TAKE(*loop_ptr);

	if (!loop) {
		return;
	}

	assert(!loop->is_running);
	reaper_free(&loop->reaper);
	deferred_drop_all(loop);
	loop_sweep(loop);
	timer_heap_release(&loop->timers);
	free(loop->dead);
	free(loop->slots);
	(void)close(loop->epoll_fd); /* nothing was written that could be lost */
	free(loop);
}

void loop_hold(struct loop *loop, bool did_hold, bool does_hold)
{
	if (does_hold && !did_hold) {
		loop->holds++;
	} else if (did_hold && !does_hold) {
		assert(loop->holds > 0);
		loop->holds--;
	}
}

void loop_bury(struct loop *loop, void *handle)
{
	if (loop->is_dispatching) {
		*VEC_PUSH(loop, dead) = handle;
	} else {
		free(handle);
	}
}

int64_t loop_now_us(const struct loop *loop)
{
	return loop->is_dispatching ? loop->now_us : time_mono_us();
}

int64_t loop_now_ms(const struct loop *loop)
{
	return loop_now_us(loop) / 1000;
}

/* How long epoll may sleep; -1: until something happens. */
static int64_t wait_us(const struct loop *loop)
{
	const struct timer_heap_entry *first = timer_heap_first(&loop->timers);
	int64_t left_us;

	if (loop->first_deferred) {
		return 0;
	}
	if (!first) {
		return -1;
	}
	left_us = first->deadline_ms * 1000 - time_mono_us();
	return left_us > 0 ? left_us : 0;
}

/* For kernels before 5.11: whole milliseconds, rounded up. */
static int coarse_wait(const struct loop *loop, struct epoll_event *events, int64_t timeout_us)
{
	int64_t timeout_ms = timeout_us < 0 ? -1 : (timeout_us + 999) / 1000;

	return epoll_wait(loop->epoll_fd, events, EVENTS_MAX,
		timeout_ms < INT32_MAX ? (int)timeout_ms : INT32_MAX);
}

static int fine_wait(struct loop *loop, struct epoll_event *events, int64_t timeout_us)
{
	struct timespec timeout = {
		.tv_sec = timeout_us / 1000000, .tv_nsec = timeout_us % 1000000 * 1000};
	int n = epoll_pwait2(
		loop->epoll_fd, events, EVENTS_MAX, timeout_us < 0 ? NULL : &timeout, NULL);

	if (n < 0 && errno == ENOSYS) {
		loop->has_fine_wait = false;
		return coarse_wait(loop, events, timeout_us);
	}
	return n;
}

static int loop_wait(struct loop *loop, struct epoll_event *events, struct err *err)
{
	int64_t timeout_us = wait_us(loop);
	int n = loop->has_fine_wait ? fine_wait(loop, events, timeout_us)
				    : coarse_wait(loop, events, timeout_us);

	if (n < 0 && errno == EINTR) {
		return 0;
	}
	if (n < 0) {
		return err_set_errno(err, errno, "cannot wait for events");
	}
	return n;
}

static int loop_turn(struct loop *loop, struct err *err)
{
	struct epoll_event events[EVENTS_MAX];
	int n = loop_wait(loop, events, err);

	if (n < 0) {
		return -1;
	}

	loop->now_us = time_mono_us();
	loop->is_dispatching = true;
	for (int i = 0; i < n; i++) {
		io_dispatch(loop, &events[i]);
	}
	timer_dispatch(loop);
	deferred_dispatch(loop);
	loop->is_dispatching = false;
	loop_sweep(loop);
	return 0;
}

int loop_run(struct loop *loop, struct err *err)
{
	int r = 0;

	assert(!loop->is_running);
	loop->is_running = true;
	while (r == 0 && loop->holds > 0 && !loop->is_stopping) {
		r = loop_turn(loop, err);
	}
	loop->is_running = false;
	loop->is_stopping = false;
	return r;
}

void loop_stop(struct loop *loop)
{
	loop->is_stopping = true;
}

/*
 * Descriptors on the loop's epoll.  See loop.h and struct io_slot.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/vec.h"
#include "loop/loop_internal.h"

struct io {
	struct loop *loop;
	int fd;
	uint32_t slot;
	unsigned events;
	bool is_background;
	io_fn *fn;
	void *arg;
};

static uint32_t slot_new(struct loop *loop, struct io *io)
{
	uint32_t slot = loop->first_free_slot;

	if (slot != IO_SLOT_NONE) {
		loop->first_free_slot = loop->slots[slot].next_free;
	} else {
		slot = (uint32_t)loop->slots_count;
		(void)VEC_PUSH(loop, slots);
	}
	loop->slots[slot].io = io;
	return slot;
}

static void slot_free(struct loop *loop, uint32_t slot)
{
	loop->slots[slot].io = NULL;
	loop->slots[slot].generation++;
	loop->slots[slot].next_free = loop->first_free_slot;
	loop->first_free_slot = slot;
}

static struct io *slot_io(const struct loop *loop, uint64_t data)
{
	uint32_t slot = (uint32_t)data;
	uint32_t generation = (uint32_t)(data >> 32);

	if (slot >= loop->slots_count || loop->slots[slot].generation != generation) {
		return NULL;
	}
	return loop->slots[slot].io;
}

static int io_control(const struct io *io, int operation)
{
	struct epoll_event event = {0};

	if (io->events & IO_READ) {
		event.events |= EPOLLIN;
	}
	if (io->events & IO_WRITE) {
		event.events |= EPOLLOUT;
	}
	event.data.u64 = (uint64_t)io->loop->slots[io->slot].generation << 32 | (uint64_t)io->slot;
	return epoll_ctl(io->loop->epoll_fd, operation, io->fd, &event);
}

/* Tell epoll of io->events, where `had_events` is what it knows. */
static void io_tell(struct io *io, unsigned had_events)
{
	int r;

	if (io->events == 0) {
		/* Whoever closed the descriptor first has taken it out already. */
		(void)io_control(io, EPOLL_CTL_DEL);
		return;
	}

	r = io_control(io, had_events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD);
	if (r < 0 && errno == ENOENT) {
		/* Closed and opened again as the same number, behind our back. */
		r = io_control(io, EPOLL_CTL_ADD);
	}
	if (r < 0) {
		(void)fprintf(stderr, "sre-toolkit: cannot watch descriptor %d: %s\n", io->fd,
			errno_text(errno));
		abort();
	}
}

static bool io_holds(const struct io *io)
{
	return io->events != 0 && !io->is_background;
}

struct io *io_add(struct loop *loop, int fd, unsigned events, io_fn *fn, void *arg)
{
	struct io *io = xcalloc(1, sizeof(*io));

	*io = (struct io){.loop = loop, .fd = fd, .fn = fn, .arg = arg};
	io->slot = slot_new(loop, io);
	io_set(io, events);
	return io;
}

void io_set(struct io *io, unsigned events)
{
	unsigned had_events = io->events;
	bool did_hold = io_holds(io);

	assert((events & ~(unsigned)(IO_READ | IO_WRITE)) == 0);
	if (events == had_events) {
		return;
	}

	io->events = events;
	loop_hold(io->loop, did_hold, io_holds(io));
	io_tell(io, had_events);
}

void io_set_background(struct io *io, bool is_background)
{
	bool did_hold = io_holds(io);

	io->is_background = is_background;
	loop_hold(io->loop, did_hold, io_holds(io));
}

void io_free(struct io **io_ptr)
{
	struct io *io = TAKE(*io_ptr);

	if (io) {
		io_set(io, 0);
		slot_free(io->loop, io->slot);
		loop_bury(io->loop, io);
	}
}

static unsigned io_events_told(uint32_t epoll_events)
{
	unsigned told = 0;

	if (epoll_events & EPOLLIN) {
		told |= IO_READ;
	}
	if (epoll_events & EPOLLOUT) {
		told |= IO_WRITE;
	}
	if (epoll_events & (EPOLLERR | EPOLLHUP)) {
		told |= IO_ERROR;
	}
	return told;
}

void io_dispatch(struct loop *loop, const struct epoll_event *event)
{
	struct io *io = slot_io(loop, event->data.u64);
	unsigned told;

	if (!io || io->events == 0) {
		return; /* freed or silenced by an earlier callback of this turn */
	}

	told = io_events_told(event->events) & (io->events | IO_ERROR);
	if (told) {
		io_fn *fn = io->fn;
		int64_t begun_us = loop_slow_begin(loop);

		fn(io->arg, told);
		loop_slow_end(loop, begun_us, (void (*)(void))fn);
	}
}

/*
 * What the files of the loop share: loop.c turns; io.c, timer.c and deferred.c each have one kind
 * of handle.
 */
#ifndef LOOP_LOOP_INTERNAL_H
#define LOOP_LOOP_INTERNAL_H

#include <sys/epoll.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "loop/timer_heap.h"

/*
 * What epoll hands back is a slot's number and generation, never a pointer: an event of an io that
 * is gone, or of a descriptor that was closed and came back as another, finds a newer generation.
 */
struct io_slot {
	struct io *io;       /* NULL: free */
	uint32_t generation; /* counts the ios that have been in this slot */
	uint32_t next_free;  /* of a free slot; IO_SLOT_NONE ends the list */
};

#define IO_SLOT_NONE UINT32_MAX

struct reaper;

struct loop {
	int epoll_fd;
	bool has_fine_wait; /* epoll_pwait2() exists: waits to the microsecond */
	bool is_running;
	bool is_stopping;
	bool is_dispatching; /* from the first callback of a turn to the last */
	int64_t now_us;      /* at the start of the turn */
	int64_t slow_us;     /* callbacks that take longer are told; 0: none is */
	size_t holds;        /* things that can still happen and keep the loop running */

	struct io_slot *slots;
	size_t slots_count, slots_alloc;
	uint32_t first_free_slot;

	struct timer_heap timers;

	struct deferred *first_deferred, *last_deferred;
	uint64_t deferred_order;

	void **dead; /* handles freed in this turn */
	size_t dead_count, dead_alloc;

	struct reaper *reaper; /* see child_reaper.h; NULL until a child was left behind */
};

/* Something that held the loop (or not) now does (or does not). */
void loop_hold(struct loop *, bool did_hold, bool does_hold);

/* Frees the memory of a handle, at the end of the turn if there is one. */
void loop_bury(struct loop *, void *handle);

/* The now that delays count from: of the turn, or the real one outside of dispatch. */
int64_t loop_now_us(const struct loop *);

/* Around every callback: what loop_slow_begin() returned goes to loop_slow_end(). */
int64_t loop_slow_begin(const struct loop *);
void loop_slow_end(const struct loop *, int64_t begun_us, void (*callback)(void));

void io_dispatch(struct loop *, const struct epoll_event *);

/* Runs what is due now, but not what is only set meanwhile. */
void timer_dispatch(struct loop *);

void deferred_dispatch(struct loop *);
void deferred_drop_all(struct loop *);

#endif

/*
 * A binary heap of deadlines: the first is found at once, any other is moved or taken out in
 * logarithmic time, because each node knows where it stands.
 *
 * Equal deadlines come out in the order in which they were put in.
 */
#ifndef LOOP_TIMER_HEAP_H
#define LOOP_TIMER_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Embedded in what has the deadline; borrowed while it is in a heap. */
struct timer_node {
	size_t place; /* place in the heap, counted from 1; 0: in none */
};

struct timer_heap_entry {
	int64_t deadline_ms;
	uint64_t order;
	struct timer_node *node;
};

struct timer_heap {
	struct timer_heap_entry *entries;
	size_t entries_count, entries_alloc;
	uint64_t order; /* that the next node put in will get */
};

void timer_heap_init(struct timer_heap *);
void timer_heap_release(struct timer_heap *);

/* Put the node in, or move it to another deadline; it then stands behind all equal ones. */
void timer_heap_put(struct timer_heap *, struct timer_node *, int64_t deadline_ms);
void timer_heap_take(struct timer_heap *, struct timer_node *); /* fine if it is in none */
bool timer_node_is_in_heap(const struct timer_node *);

/* The earliest, valid until the next change; NULL if the heap is empty. */
const struct timer_heap_entry *timer_heap_first(const struct timer_heap *);

#endif

/*
 * The heap of deadlines.  See timer_heap.h.
 *
 * The keys stand in the array itself, so that sifting does not touch the nodes it only passes.
 */
#include "loop/timer_heap.h"

#include <stdlib.h>

#include "base/vec.h"

void timer_heap_init(struct timer_heap *heap)
{
	*heap = (struct timer_heap){0};
}

void timer_heap_release(struct timer_heap *heap)
{
	for (size_t i = 0; i < heap->entries_count; i++) {
		heap->entries[i].node->place = 0;
	}
	free(heap->entries);
	timer_heap_init(heap);
}

static bool is_before(const struct timer_heap_entry *a, const struct timer_heap_entry *b)
{
	if (a->deadline_ms != b->deadline_ms) {
		return a->deadline_ms < b->deadline_ms;
	}
	return a->order < b->order;
}

/* Write `entry` at a place counted from 1, where the parent of n is n / 2. */
static void heap_store(struct timer_heap *heap, size_t place, struct timer_heap_entry entry)
{
	heap->entries[place - 1] = entry;
	entry.node->place = place;
}

static void sift_up(struct timer_heap *heap, size_t place, struct timer_heap_entry entry)
{
	while (place > 1 && is_before(&entry, &heap->entries[place / 2 - 1])) {
		heap_store(heap, place, heap->entries[place / 2 - 1]);
		place /= 2;
	}
	heap_store(heap, place, entry);
}

static void sift_down(struct timer_heap *heap, size_t place, struct timer_heap_entry entry)
{
	size_t count = heap->entries_count;

	for (;;) {
		size_t child = 2 * place;

		if (child < count && is_before(&heap->entries[child], &heap->entries[child - 1])) {
			child++;
		}
		if (child > count || !is_before(&heap->entries[child - 1], &entry)) {
			break;
		}
		heap_store(heap, place, heap->entries[child - 1]);
		place = child;
	}
	heap_store(heap, place, entry);
}

/* `entry` belongs somewhere near `place`, whose content has been moved away. */
static void sift(struct timer_heap *heap, size_t place, struct timer_heap_entry entry)
{
	if (place > 1 && is_before(&entry, &heap->entries[place / 2 - 1])) {
		sift_up(heap, place, entry);
	} else {
		sift_down(heap, place, entry);
	}
}

void timer_heap_put(struct timer_heap *heap, struct timer_node *node, int64_t deadline_ms)
{
	struct timer_heap_entry entry = {
		.deadline_ms = deadline_ms, .order = heap->order++, .node = node};

	if (!timer_node_is_in_heap(node)) {
		(void)VEC_PUSH(heap, entries);
		node->place = heap->entries_count;
	}
	sift(heap, node->place, entry);
}

void timer_heap_take(struct timer_heap *heap, struct timer_node *node)
{
	size_t place = node->place;
	struct timer_heap_entry last;

	if (!timer_node_is_in_heap(node)) {
		return;
	}

	node->place = 0;
	last = heap->entries[--heap->entries_count];
	if (place <= heap->entries_count) {
		sift(heap, place, last);
	}
}

bool timer_node_is_in_heap(const struct timer_node *node)
{
	return node->place != 0;
}

const struct timer_heap_entry *timer_heap_first(const struct timer_heap *heap)
{
	return heap->entries_count > 0 ? &heap->entries[0] : NULL;
}

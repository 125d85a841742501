#include <stdlib.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "loop/timer_heap.h"

enum { NODES = 500 };

static struct timer_node nodes[NODES];

/* Takes the first out; -1 if the heap is empty. */
static int take_first(struct timer_heap *heap)
{
	const struct timer_heap_entry *first = timer_heap_first(heap);
	struct timer_node *node;

	if (!first) {
		return -1;
	}
	node = first->node;
	timer_heap_take(heap, node);
	assert_false(timer_node_is_in_heap(node));
	return (int)(node - nodes);
}

static void comes_out_in_order_of_deadline_then_of_putting(void **state)
{
	static const int64_t deadlines[] = {5, 1, 5, 3, 1, 9, 5, -2, 1};
	static const int expected[] = {7, 1, 4, 8, 3, 0, 2, 6, 5, -1, -1};
	struct timer_heap heap;

	(void)state;
	timer_heap_init(&heap);
	for (size_t i = 0; i < ARRAY_LEN(deadlines); i++) {
		assert_false(timer_node_is_in_heap(&nodes[i]));
		timer_heap_put(&heap, &nodes[i], deadlines[i]);
		assert_true(timer_node_is_in_heap(&nodes[i]));
	}
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_int_equal(take_first(&heap), expected[i]);
	}
	timer_heap_release(&heap);
}

static void moves_behind_its_equals(void **state)
{
	struct timer_heap heap;

	(void)state;
	timer_heap_init(&heap);
	for (size_t i = 0; i < 4; i++) {
		timer_heap_put(&heap, &nodes[i], (int64_t)i);
	}
	timer_heap_put(&heap, &nodes[0], 3);
	timer_heap_put(&heap, &nodes[2], 1);
	timer_heap_put(&heap, &nodes[3], 3);
	assert_int_equal(take_first(&heap), 1);
	assert_int_equal(take_first(&heap), 2);
	assert_int_equal(take_first(&heap), 0);
	assert_int_equal(take_first(&heap), 3);
	timer_heap_release(&heap);
}

static void takes_what_is_not_in(void **state)
{
	struct timer_heap heap;

	(void)state;
	timer_heap_init(&heap);
	timer_heap_take(&heap, &nodes[0]);
	timer_heap_put(&heap, &nodes[1], 1);
	timer_heap_take(&heap, &nodes[0]);
	assert_int_equal(take_first(&heap), 1);
	assert_null(timer_heap_first(&heap));
	timer_heap_release(&heap);
}

static void release_lets_go_of_nodes(void **state)
{
	struct timer_heap heap;

	(void)state;
	timer_heap_init(&heap);
	timer_heap_put(&heap, &nodes[0], 1);
	timer_heap_put(&heap, &nodes[1], 1);
	timer_heap_release(&heap);
	assert_false(timer_node_is_in_heap(&nodes[0]));
	assert_false(timer_node_is_in_heap(&nodes[1]));
	timer_heap_put(&heap, &nodes[1], 1);
	assert_int_equal(take_first(&heap), 1);
	timer_heap_release(&heap);
}

struct model {
	int64_t deadlines[NODES];
	int64_t orders[NODES]; /* -1: not in */
	int64_t order;
};

static int model_first(const struct model *model)
{
	int first = -1;

	for (int i = 0; i < NODES; i++) {
		if (model->orders[i] < 0) {
			continue;
		}
		if (first < 0 || model->deadlines[i] < model->deadlines[first] ||
			(model->deadlines[i] == model->deadlines[first] &&
				model->orders[i] < model->orders[first])) {
			first = i;
		}
	}
	return first;
}

static void agrees_with_a_list_on_random_changes(void **state)
{
	struct model model = {0};
	struct timer_heap heap;
	unsigned seed = 1;

	(void)state;
	timer_heap_init(&heap);
	for (int i = 0; i < NODES; i++) {
		model.orders[i] = -1;
	}
	for (int step = 0; step < 20000; step++) {
		int i = rand_r(&seed) % NODES;
		const struct timer_heap_entry *first;

		if (rand_r(&seed) % 3 > 0) {
			model.deadlines[i] = rand_r(&seed) % 200;
			model.orders[i] = model.order++;
			timer_heap_put(&heap, &nodes[i], model.deadlines[i]);
		} else {
			model.orders[i] = -1;
			timer_heap_take(&heap, &nodes[i]);
		}
		first = timer_heap_first(&heap);
		assert_int_equal(first ? first->node - nodes : -1, model_first(&model));
	}
	for (int i = model_first(&model); i >= 0; i = model_first(&model)) {
		assert_int_equal(take_first(&heap), i);
		model.orders[i] = -1;
	}
	assert_null(timer_heap_first(&heap));
	timer_heap_release(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_out_in_order_of_deadline_then_of_putting),
		cmocka_unit_test(moves_behind_its_equals),
		cmocka_unit_test(takes_what_is_not_in),
		cmocka_unit_test(release_lets_go_of_nodes),
		cmocka_unit_test(agrees_with_a_list_on_random_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

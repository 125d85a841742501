/*
 * Memory of one lifetime: aligned, zeroed, and gone together.
 */
#include <stdalign.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "cmocka_all.h"

static void test_aligned_and_zeroed(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	static const char zeros[5000];

	for (size_t size = 0; size < sizeof(zeros); size += 7) {
		char *block = arena_alloc(arena, size);

		assert_int_equal((uintptr_t)block % alignof(max_align_t), 0);
		assert_memory_equal(block, zeros, size);
		memset(block, 0xff, size);
	}
}

/* Blocks of all sizes in any order keep out of each other's way. */
static void test_blocks_do_not_overlap(void **state)
{
	(void)state;
	static const size_t sizes[] = {1, 900, 16, 5000, 300000, 3, 1000000, 40, 2000, 64};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char *blocks[200];

	for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
		size_t size = sizes[i % ARRAY_LEN(sizes)];

		blocks[i] = arena_alloc(arena, size);
		memset(blocks[i], (int)i, size);
	}
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
		size_t size = sizes[i % ARRAY_LEN(sizes)];

		assert_int_equal((unsigned char)blocks[i][0], i);
		assert_int_equal((unsigned char)blocks[i][size - 1], i);
	}
	assert_true(arena_size(arena) > 20 * 1300000);
}

static void test_small_arenas_are_small(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	assert_true(arena_size(arena) < 100);
	arena_alloc(arena, 100);
	assert_true(arena_size(arena) < 1200);
}

static void test_distinct_empty_allocations(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	assert_ptr_not_equal(arena_alloc(arena, 0), arena_alloc(arena, 0));
}

static void test_grow(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	int *numbers = arena_grow(arena, NULL, 0, 2, sizeof(*numbers));

	numbers[0] = 1;
	numbers[1] = 2;
	numbers = arena_grow(arena, numbers, 2, 4, sizeof(*numbers));
	assert_int_equal(numbers[0], 1);
	assert_int_equal(numbers[1], 2);
	assert_int_equal(numbers[2], 0);
	assert_int_equal(numbers[3], 0);
}

static void test_strings(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char large[3000];

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	assert_string_equal(arena_strdup(arena, ""), "");
	assert_string_equal(arena_strdup(arena, "abc"), "abc");
	assert_string_equal(arena_strndup(arena, "abcdef", 3), "abc");
	assert_memory_equal(arena_strndup(arena, "a\0b", 3), "a\0b", 4);
	assert_string_equal(arena_printf(arena, "%s:%d", "web", 80), "web:80");
	assert_string_equal(arena_printf(arena, "%s", large), large);
}

static char order[8];

static void note(void *object)
{
	size_t len = strlen(order);

	order[len] = *(const char *)object;
}

static void test_on_free(void **state)
{
	(void)state;
	struct arena *arena = arena_new();

	memset(order, 0, sizeof(order));
	arena_on_free(arena, note, arena_strdup(arena, "a"));
	arena_on_free(arena, note, arena_strdup(arena, "b"));
	arena_on_free(arena, note, arena_strdup(arena, "c"));
	assert_string_equal(order, "");
	arena_free(arena);
	assert_string_equal(order, "cba");
	arena_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aligned_and_zeroed),
		cmocka_unit_test(test_blocks_do_not_overlap),
		cmocka_unit_test(test_small_arenas_are_small),
		cmocka_unit_test(test_distinct_empty_allocations),
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_on_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A map keeps what is set, in the order in which it was set.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "cmocka_all.h"

static int values[4];

static void test_set_get_remove(void **state)
{
	(void)state;
	struct map *map = map_new(MAP_KEYS_COPIED);

	assert_int_equal(map_count(map), 0);
	assert_null(map_get(map, str_of("a")));
	assert_false(map_has(map, str_of("a")));
	assert_null(map_remove(map, str_of("a")));

	assert_null(map_set(map, str_of("a"), &values[0]));
	assert_null(map_set(map, str_of(""), &values[1]));
	assert_null(map_set(map, str_n("a\0b", 3), &values[2]));
	assert_null(map_set(map, str_of("null"), NULL));
	assert_int_equal(map_count(map), 4);
	assert_ptr_equal(map_get(map, str_of("a")), &values[0]);
	assert_ptr_equal(map_get(map, str_of("")), &values[1]);
	assert_ptr_equal(map_get(map, str_n("a\0b", 3)), &values[2]);
	assert_null(map_get(map, str_of("null")));
	assert_true(map_has(map, str_of("null")));

	assert_ptr_equal(map_set(map, str_of("a"), &values[3]), &values[0]);
	assert_ptr_equal(map_get(map, str_of("a")), &values[3]);
	assert_int_equal(map_count(map), 4);
	assert_ptr_equal(map_remove(map, str_of("a")), &values[3]);
	assert_null(map_get(map, str_of("a")));
	assert_int_equal(map_count(map), 3);
	map_free(map);
	map_free(NULL);
}

static void test_copied_keys_outlive_theirs(void **state)
{
	(void)state;
	_cleanup_(map_freep) struct map *map = map_new(MAP_KEYS_COPIED);
	char key[] = "key";
	struct str got = {0};
	size_t pos = 0;

	map_set(map, str_of(key), &values[0]);
	memset(key, 'x', 3);
	assert_ptr_equal(map_get(map, str_of("key")), &values[0]);
	assert_true(map_next(map, &pos, &got, NULL));
	assert_string_equal(got.ptr, "key");
}

static void test_borrowed_keys_are_not_copied(void **state)
{
	(void)state;
	_cleanup_(map_freep) struct map *map = map_new(MAP_KEYS_BORROWED);
	const char *key = "key";
	struct str got = {0};
	size_t pos = 0;

	map_set(map, str_of(key), &values[0]);
	assert_true(map_next(map, &pos, &got, NULL));
	assert_ptr_equal(got.ptr, key);
}

static void test_order(void **state)
{
	(void)state;
	_cleanup_(map_freep) struct map *map = map_new(MAP_KEYS_COPIED);
	static const char *const keys[] = {"zebra", "ant", "mole", "bee"};
	static const char *const left[] = {"zebra", "mole", "bee", "ant"};
	struct str key = {0};
	void *value = NULL;
	size_t seen = 0;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		map_set(map, str_of(keys[i]), &values[i]);
	}
	map_set(map, str_of("zebra"), &values[3]); /* keeps its place */
	map_remove(map, str_of("ant"));
	map_set(map, str_of("ant"), &values[1]); /* a new one */
	for (size_t pos = 0; map_next(map, &pos, &key, &value); seen++) {
		assert_true(str_is(key, left[seen]));
	}
	assert_int_equal(seen, 4);
	assert_ptr_equal(value, &values[1]);
}

static void test_removing_while_walking(void **state)
{
	(void)state;
	_cleanup_(map_freep) struct map *map = map_new(MAP_KEYS_COPIED);
	struct str key = {0};
	char name[16];
	size_t seen = 0;

	for (int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		map_set(map, str_of(name), &values[0]);
	}
	for (size_t pos = 0; map_next(map, &pos, &key, NULL); seen++) {
		map_remove(map, key);
	}
	assert_int_equal(seen, 100);
	assert_int_equal(map_count(map), 0);
}

/* Grows, shrinks, and stays right through many removals, as a long-lived map does. */
static void test_many(void **state)
{
	(void)state;
	_cleanup_(map_freep) struct map *map = map_new(MAP_KEYS_COPIED);
	static char marks[20000];
	char name[16];

	for (int i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "key-%d", i);
		assert_null(map_set(map, str_of(name), &marks[i]));
		if (i >= 500) {
			(void)snprintf(name, sizeof(name), "key-%d", i - 500);
			assert_ptr_equal(map_remove(map, str_of(name)), &marks[i - 500]);
		}
	}
	assert_int_equal(map_count(map), 500);
	for (int i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "key-%d", i);
		assert_ptr_equal(map_get(map, str_of(name)), i >= 19500 ? &marks[i] : NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_get_remove),
		cmocka_unit_test(test_copied_keys_outlive_theirs),
		cmocka_unit_test(test_borrowed_keys_are_not_copied),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_removing_while_walking),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

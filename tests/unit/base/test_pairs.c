/*
 * Ordered names with values.
 */
#include <string.h>

#include "base/json_writer.h"
#include "base/pairs.h"
#include "cmocka_all.h"

static void test_set_and_get(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct pairs pairs = {0};

	assert_null(pairs_get(&pairs, "a"));
	pairs_set(&pairs, arena, str_of("a"), str_of("1"));
	pairs_set(&pairs, arena, str_of("b"), str_of(""));
	pairs_set(&pairs, arena, str_of("a"), str_of("2"));
	assert_int_equal(pairs.items_count, 2);
	assert_string_equal(pairs.items[0].name, "a");
	assert_string_equal(pairs_get(&pairs, "a"), "2");
	assert_string_equal(pairs_get(&pairs, "b"), "");
	assert_null(pairs_get(&pairs, "c"));
	arena_free(arena);
}

static void test_copies_outlive_their_source(void **state)
{
	(void)state;
	struct arena *arena = arena_new(), *other = arena_new();
	struct pairs from = {0}, to = {0};

	pairs_set(&from, other, str_of("team"), str_of("web"));
	pairs_set(&to, arena, str_of("team"), str_of("db"));
	pairs_set(&to, arena, str_of("zone"), str_of("a"));
	pairs_copy(&to, arena, &from);
	arena_free(other);
	assert_int_equal(to.items_count, 2);
	assert_string_equal(pairs_get(&to, "team"), "web");
	arena_free(arena);
}

static void test_json(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct strbuf out = STRBUF_INIT;
	struct json_writer json;
	struct pairs pairs = {0};

	json_writer_init(&json, &out, false);
	pairs_set(&pairs, arena, str_of("z"), str_of("a \"b\""));
	pairs_set(&pairs, arena, str_of("a"), str_of("1"));
	pairs_write_json(&pairs, &json);
	assert_string_equal(out.buf, "{\"z\": \"a \\\"b\\\"\", \"a\": \"1\"}");
	strbuf_release(&out);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_and_get),
		cmocka_unit_test(test_copies_outlive_their_source),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

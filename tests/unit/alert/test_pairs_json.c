/*
 * Labels and fields to the store and back.
 */
#include "alert/pairs_json.h"
#include "base/alloc.h"
#include "cmocka_all.h"

static void there_and_back(void **state)
{
	struct arena *arena = arena_new();
	struct pairs pairs = {0};
	struct pairs again = {0};
	const char *text;
	struct err err = {0};

	(void)state;
	assert_string_equal(pairs_to_json(&pairs, arena), "{}");
	assert_int_equal(pairs_from_json("{}", arena, &again, &err), 0);
	assert_int_equal(again.items_count, 0);
	pairs_set(&pairs, arena, str_of("z"), str_of("1\n\t\"2\""));
	pairs_set(&pairs, arena, str_of("a \\"), str_of("caf\xc3\xa9"));
	text = pairs_to_json(&pairs, arena);
	assert_int_equal(pairs_from_json(text, arena, &again, &err), 0);
	assert_int_equal(again.items_count, 2);
	assert_string_equal(again.items[0].name, "z");
	assert_string_equal(again.items[0].value, "1\n\t\"2\"");
	assert_string_equal(again.items[1].name, "a \\");
	assert_string_equal(again.items[1].value, "caf\xc3\xa9");
	arena_free(arena);
}

static void what_is_no_pairs(void **state)
{
	static const char *const texts[] = {"", "[]", "{", "{\"a\": 1}", "{\"a\": null}", "\"a\""};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct pairs pairs = {.items_count = 42};
		struct err err = {0};

		assert_int_equal(pairs_from_json(texts[i], arena, &pairs, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_int_equal(pairs.items_count, 42);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(what_is_no_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

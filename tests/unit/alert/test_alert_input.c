/*
 * What is made of events before anything is decided about them.
 */
#include "alert/alert_input.h"
#include "base/alloc.h"
#include "cmocka_all.h"

#define S(text)                                                                                    \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}

static void fills_in(void **state)
{
	static const struct {
		struct alert_input input;
		const char *title, *source, *message;
	} cases[] = {
		{{.title = S("disk full"), .source = S("db-01"), .message = S("93 %\n")},
			"disk full", "db-01", "93 %"},
		{{.message = S("\nfirst line \nsecond")}, "first line", "unknown",
			"first line \nsecond"},
		{{.title = S(" \r\n"), .dedup_key = S("backup/db-01")}, "backup/db-01", "unknown",
			""},
		{{.title = S("a\nb"), .source = S("\tdb\t01")}, "a b", "db 01", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct alert_input input = cases[i].input;
		struct err err = {0};

		assert_int_equal(alert_input_clean(&input, arena, &err), 0);
		assert_string_equal(input.title.ptr, cases[i].title);
		assert_string_equal(input.source.ptr, cases[i].source);
		assert_string_equal(input.message.ptr, cases[i].message);
		assert_string_equal(input.runbook.ptr, "");
		arena_free(arena);
	}
}

static void refuses(void **state)
{
	static const struct {
		struct alert_input input;
		const char *error;
	} cases[] = {
		{{.severity = SEVERITY_INFO}, "an alert needs a title or a message"},
		{{.title = S("\0\x01"), .source = S("x")}, "an alert needs a title or a message"},
		{{.title = S("x"), .runbook = S("wiki")},
			"runbook 'wiki' is no http:// or https:// URL"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct alert_input input = cases[i].input;
		struct err err = {0};

		assert_int_equal(alert_input_clean(&input, arena, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_string_equal(err.msg, cases[i].error);
		assert_memory_equal(&input, &cases[i].input, sizeof(input));
		arena_free(arena);
	}
}

static struct alert_input with_labels(struct arena *arena, size_t count)
{
	struct alert_input input = {.title = S("x")};

	for (size_t i = 0; i < count; i++) {
		pairs_set(
			&input.labels, arena, str_of(arena_printf(arena, "l%zu", i)), str_of("v"));
	}
	return input;
}

static void limits_labels_and_fields(void **state)
{
	struct arena *arena = arena_new();
	struct alert_input input = with_labels(arena, ALERT_PAIRS_MAX);
	struct err err = {0};

	(void)state;
	assert_int_equal(alert_input_clean(&input, arena, &err), 0);
	assert_int_equal(input.labels.items_count, ALERT_PAIRS_MAX);
	input = with_labels(arena, ALERT_PAIRS_MAX + 1);
	assert_int_equal(alert_input_clean(&input, arena, &err), -1);
	assert_string_equal(err.msg, "65 labels, at most 64 can be kept");

	input = (struct alert_input){.title = S("x")};
	pairs_set(&input.fields, arena, str_of(" \n"), str_of("93 %"));
	assert_int_equal(alert_input_clean(&input, arena, &err), -1);
	assert_string_equal(err.msg, "field '93 %' has no name");

	input = (struct alert_input){.title = S("x")};
	pairs_set(&input.fields, arena, str_of("a\nb"), str_of("c\r\nd\x1b"));
	pairs_set(&input.fields, arena, str_of("a b"), str_of("later wins"));
	pairs_set(&input.fields, arena, str_of("c"), str_of("c\r\nd\x1b"));
	assert_int_equal(alert_input_clean(&input, arena, &err), 0);
	assert_int_equal(input.fields.items_count, 2);
	assert_string_equal(pairs_get(&input.fields, "a b"), "later wins");
	assert_string_equal(pairs_get(&input.fields, "c"), "c\nd");
	arena_free(arena);
}

static void a_long_title_is_in_the_message(void **state)
{
	enum { SIZE = 2 * 1024 * 1024 };
	struct arena *arena = arena_new();
	char *text = xmalloc(SIZE);
	struct alert_input input = {.message = S("why")};
	struct err err = {0};

	(void)state;
	memset(text, 'x', SIZE);
	input.title = str_n(text, 2000);
	assert_int_equal(alert_input_clean(&input, arena, &err), 0);
	assert_int_equal(input.title.len, ALERT_TITLE_MAX);
	assert_int_equal(input.message.len, 2000 + 2 + 3);
	assert_true(str_ends(input.message, "xx\n\nwhy"));

	input = (struct alert_input){.title = str_n(text, SIZE), .message = S("why")};
	assert_int_equal(alert_input_clean(&input, arena, &err), 0);
	assert_int_equal(input.title.len, ALERT_TITLE_MAX);
	assert_int_equal(input.message.len, ALERT_MESSAGE_MAX);

	input = (struct alert_input){.message = str_n(text, SIZE)};
	assert_int_equal(alert_input_clean(&input, arena, &err), 0);
	assert_int_equal(input.title.len, ALERT_TITLE_MAX);
	assert_int_equal(input.message.len, ALERT_MESSAGE_MAX);

	input = (struct alert_input){.title = S("x"), .runbook = str_n(text, ALERT_URL_MAX + 1)};
	assert_int_equal(alert_input_clean(&input, arena, &err), -1);
	free(text);
	arena_free(arena);
}

static void long_keys_stay_different(void **state)
{
	struct arena *arena = arena_new();
	char text[400];
	struct alert_input one = {.title = S("x"), .dedup_key = {text, sizeof(text)}};
	struct alert_input other = one;
	struct alert_input again;
	struct err err = {0};

	(void)state;
	memset(text, 'k', sizeof(text));
	assert_int_equal(alert_input_clean(&one, arena, &err), 0);
	text[sizeof(text) - 1] = 'l';
	assert_int_equal(alert_input_clean(&other, arena, &err), 0);
	assert_int_equal(one.dedup_key.len, ALERT_KEY_MAX);
	assert_int_equal(other.dedup_key.len, ALERT_KEY_MAX);
	assert_false(str_eq(one.dedup_key, other.dedup_key));
	again = one;
	assert_int_equal(alert_input_clean(&again, arena, &err), 0);
	assert_true(str_eq(one.dedup_key, again.dedup_key));

	text[255] = '\0';
	one = (struct alert_input){.title = S("x"), .dedup_key = str_of(text)};
	assert_int_equal(alert_input_clean(&one, arena, &err), 0);
	assert_string_equal(one.dedup_key.ptr, text);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_in),
		cmocka_unit_test(refuses),
		cmocka_unit_test(limits_labels_and_fields),
		cmocka_unit_test(a_long_title_is_in_the_message),
		cmocka_unit_test(long_keys_stay_different),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

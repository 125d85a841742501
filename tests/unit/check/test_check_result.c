/*
 * Values and evidence of a result: added, found, kept apart, safe to print.
 */
#include <math.h>
#include <stdio.h>

#include "base/strbuf.h"
#include "check/check_result.h"
#include "cmocka_all.h"

static int set_up(void **state)
{
	struct arena *arena = arena_new();
	struct check_result *result = arena_alloc(arena, sizeof(*result));

	result->arena = arena;
	*state = result;
	return 0;
}

static int tear_down(void **state)
{
	arena_free(((struct check_result *)*state)->arena);
	return 0;
}

static void assert_key(const struct check_value *value, const char *expected)
{
	struct strbuf key = STRBUF_INIT;

	check_value_add_key(value, &key);
	assert_string_equal(key.buf, expected);
	strbuf_release(&key);
}

static void values_are_found_by_name_and_instance(void **state)
{
	struct check_result *result = *state;
	struct check_value *value;

	check_value_add_instance(result, "disk", "/", UNIT_PERCENT, 1);
	check_value_add_instance(result, "disk", "/var", UNIT_PERCENT, 2);
	check_value_add(result, "disk", UNIT_PERCENT, 3);
	check_value_add_text(result, "protocol", "HTTP/2");

	value = check_value_find(result, "disk", "/var");
	assert_true(value->number == 2);
	assert_int_equal(value->unit, UNIT_PERCENT);
	assert_null(value->text);
	assert_true(isnan(value->min) && isnan(value->max));
	assert_false(value->warning.is_set || value->critical.is_set);
	assert_int_equal(value->state, CHECK_OK);
	assert_key(value, "disk[/var]");

	value = check_value_find(result, "disk", NULL);
	assert_true(value->number == 3);
	assert_key(value, "disk");

	value = check_value_find(result, "protocol", NULL);
	assert_string_equal(value->text, "HTTP/2");
	assert_int_equal(value->unit, UNIT_TEXT);
	assert_true(isnan(value->number));

	assert_null(check_value_find(result, "disk", "/tmp"));
	assert_null(check_value_find(result, "protocol", "/"));
	assert_null(check_value_find(result, "dis", NULL));
}

static void many_values_keep_their_order(void **state)
{
	struct check_result *result = *state;

	for (int i = 0; i < 1000; i++) {
		check_value_add_instance(
			result, "v", arena_printf(result->arena, "%d", i), UNIT_NONE, i);
	}
	assert_int_equal(result->values_count, 1000);
	for (int i = 0; i < 1000; i++) {
		char instance[16];

		(void)snprintf(instance, sizeof(instance), "%d", i);
		assert_string_equal(result->values[i].instance, instance);
		assert_true(result->values[i].number == i);
	}
}

static void evidence_is_one_text_or_a_list(void **state)
{
	struct check_result *result = *state;

	check_evidence_add(result, "address", str_of("192.0.2.1:80"));
	check_evidence_append(result, "certificates", str_of("CN=a"));
	check_evidence_append(result, "certificates", str_of("CN=b"));
	check_evidence_addf(result, "command", "nc %s %d", "host", 25);
	check_evidence_add(result, "address", str_of("192.0.2.2:80")); /* instead */
	check_evidence_append(result, "steps", str_of("only"));

	assert_int_equal(result->evidence_count, 4);
	assert_string_equal(result->evidence[0].name, "address");
	assert_int_equal(result->evidence[0].texts_count, 1);
	assert_string_equal(result->evidence[0].texts[0], "192.0.2.2:80");
	assert_false(result->evidence[0].is_list);
	assert_int_equal(result->evidence[1].texts_count, 2);
	assert_string_equal(result->evidence[1].texts[0], "CN=a");
	assert_string_equal(result->evidence[1].texts[1], "CN=b");
	assert_true(result->evidence[1].is_list);
	assert_string_equal(result->evidence[2].texts[0], "nc host 25");
	assert_true(result->evidence[3].is_list);
}

static void evidence_is_safe_and_not_too_long(void **state)
{
	struct check_result *result = *state;
	struct strbuf text = STRBUF_INIT;
	const char *kept;

	check_evidence_add(result, "body", str_n("a\r\n\x1b[2J\0\xff\xe2\x80\xae", 12));
	assert_string_equal(result->evidence[0].texts[0], "a\\r\\n\\x1b[2J\\x00\\xff\\u202e");

	strbuf_addn(&text, 'x', 10000);
	check_evidence_add(result, "long", strbuf_str(&text));
	kept = result->evidence[1].texts[0];
	assert_int_equal(strlen(kept), EVIDENCE_TEXT_MAX);
	assert_string_equal(kept + EVIDENCE_TEXT_MAX - 4, "x...");
	strbuf_release(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(values_are_found_by_name_and_instance),
		TEST(many_values_keep_their_order),
		TEST(evidence_is_one_text_or_a_list),
		TEST(evidence_is_safe_and_not_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

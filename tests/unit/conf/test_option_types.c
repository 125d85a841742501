#include <jansson.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/option.h"

static const char *const choices[] = {"a\"b", "c", NULL};

static json_t *schema_of(const struct option_row *row)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	json_error_t error;
	json_t *schema;

	strbuf_addc(&sb, '{');
	row->type->schema(row, &sb);
	strbuf_addc(&sb, '}');
	schema = json_loads(sb.buf, JSON_REJECT_DUPLICATES, &error);
	if (!schema) {
		fail_msg("%s: %s: %s", row->type->name, sb.buf, error.text);
	}
	return schema;
}

static void test_schemas_are_json(void **state)
{
	static const struct option_type *const types[] = {&option_bool, &option_int, &option_count,
		&option_double, &option_duration, &option_size, &option_string, &option_path};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		const struct option_row rows[] = {{.type = types[i]},
			{.type = types[i], .min = 1, .max = 5}, {.type = types[i], .min = 1},
			{.type = types[i], .max = 5}};

		assert_non_null(types[i]->name);
		assert_non_null(types[i]->placeholder);
		for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
			json_t *schema = schema_of(&rows[k]);

			assert_non_null(json_object_get(schema, "type"));
			json_decref(schema);
		}
	}
}

static void test_schema_of_range(void **state)
{
	const struct option_row row = {.type = &option_int, .min = 1, .max = 5};
	const struct option_row open = {.type = &option_int, .min = 1};
	json_t *schema = schema_of(&row);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(schema, "minimum")), 1);
	assert_int_equal(json_integer_value(json_object_get(schema, "maximum")), 5);
	json_decref(schema);
	schema = schema_of(&open);
	assert_int_equal(json_integer_value(json_object_get(schema, "minimum")), 1);
	assert_null(json_object_get(schema, "maximum"));
	json_decref(schema);
}

static void test_schema_of_choice(void **state)
{
	const struct option_row row = {.type = &option_choice, .choices = choices};
	json_t *schema = schema_of(&row);
	json_t *any = json_object_get(schema, "anyOf");
	json_t *names = json_object_get(json_array_get(any, 0), "enum");

	(void)state;
	assert_int_equal(json_array_size(names), 2);
	assert_string_equal(json_string_value(json_array_get(names, 0)), "a\"b");
	json_decref(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schemas_are_json),
		cmocka_unit_test(test_schema_of_range),
		cmocka_unit_test(test_schema_of_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

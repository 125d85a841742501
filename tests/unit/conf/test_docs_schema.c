/*
 * The JSON Schema, as another reader takes it.  What it accepts and refuses is tested with a real
 * validator, by tests/docs.
 */
#include <jansson.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/docs_internal.h"
#include "support/docs_fixture.h"

static json_t *schema;

static json_t *schema_of(const struct doc_program *program)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	docs_add_schema(program, &out);
	assert_true(str_ends(strbuf_str(&out), "}\n"));
	return json_loads(out.buf, JSON_REJECT_DUPLICATES, NULL);
}

static int setup(void **state)
{
	(void)state;
	schema = schema_of(&docs_fixture_program);
	return schema ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	json_decref(schema);
	return 0;
}

/* What "a/0/b" leads to. */
static json_t *at(json_t *value, const char *path)
{
	struct str rest = str_of(path);
	struct str part;

	while (str_split(&rest, '/', &part)) {
		value = json_is_array(value) ? json_array_get(value, (size_t)(part.ptr[0] - '0'))
					     : json_object_getn(value, part.ptr, part.len);
	}
	return value;
}

static void test_values(void **state)
{
	static const struct {
		const char *path;
		const char *expected; /* compact JSON; NULL: nothing is there */
	} cases[] = {
		{"$schema", "\"http://json-schema.org/draft-07/schema#\""},
		{"definitions/reference/pattern", "\"\\\\$\\\\{\""},
		{"additionalProperties", "false"},
		{"required", NULL},
		{"properties/interval/default", "\"30s\""},
		{"properties/interval/description",
			"\"time between two checks (default 30s; at least 1s)\""},
		{"properties/token/default", NULL},
		{"properties/only_flag", NULL},
		{"type", "[\"object\",\"null\"]"},
		{"patternProperties/^x-/description", "\"ignored\""},
		{"properties/include/anyOf/1/type", "\"array\""},
		{"properties/groups/type", "[\"object\",\"null\"]"},
		{"properties/groups/additionalProperties/anyOf/1/type", "\"array\""},
		{"properties/ssh/additionalProperties", "false"},
		{"properties/ssh/properties/workers/default", "20"},
		{"properties/ssh/properties/jump/required", "[\"host\"]"},
		{"properties/checks/type", "[\"array\",\"null\"]"},
		{"properties/ssh/properties/include", NULL},
		{"properties/ssh/patternProperties", NULL},
		{"properties/checks/items/anyOf/0/type", "\"object\""},
		{"properties/checks/items/anyOf/2/properties/dialogue/items/anyOf/1/required",
			"[\"send\"]"},
		{"properties/alerts/properties/receivers/items/anyOf/1/required", "[\"send\"]"},
		{"properties/alerts/properties/routes/anyOf/0/type", "[\"array\",\"null\"]"},
		{"properties/alerts/properties/routes/anyOf/0/items/required", "[\"receiver\"]"},
		{"properties/alerts/properties/routes/anyOf/0/items/additionalProperties", "false"},
		{"properties/alerts/properties/routes/anyOf/1/required", "[\"receiver\"]"},
		{"properties/alerts/properties/routes/anyOf/1/type", "\"object\""},
		{"properties/alerts/properties/routes/description", "\"who is told of what\""},
		{"properties/checks/items/anyOf/0/title", "\"exec\""},
		{"properties/checks/items/anyOf/1/required", "[\"http\"]"},
		{"properties/checks/items/anyOf/1/additionalProperties", "false"},
		{"properties/checks/items/anyOf/1/properties/name/description",
			"\"what it is called\""},
		{"properties/checks/items/anyOf/0/properties/method", NULL},
		{"properties/checks/items/anyOf/1/properties/expect/properties/status/default",
			"[200,204]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *value = at(schema, cases[i].path);
		_cleanup_(freep) char *text =
			value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

		if (!text != !cases[i].expected || (text && strcmp(text, cases[i].expected) != 0)) {
			fail_msg("%s: %s", cases[i].path, text ? text : "nothing");
		}
	}
}

static void plain_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	strbuf_adds(out, "\"type\": \"integer\", \"minimum\": 7");
}

static void test_a_type_that_knows_no_references_gets_them(void **state)
{
	static const struct option_type type = {.name = "seven", .schema = plain_schema};
	static const struct option_row rows[] = {
		{.name = "one", .type = &type, .help = "h"},
		{.name = "list", .shape = OPTION_LIST, .type = &type, .help = "h"},
		{.name = "map", .shape = OPTION_MAP, .type = &type, .help = "h"},
		{0},
	};
	// clang-format off
#define SEVEN "{\"type\":\"integer\",\"minimum\":7},{\"$ref\":\"#/definitions/reference\"}"
	static const char *const expected[][2] = {
		{"properties/one/anyOf", "[" SEVEN "]"},
		{"properties/list/anyOf", "[" SEVEN ",{\"type\":\"array\",\"items\":{\"anyOf\":[" SEVEN "]}},{\"type\":\"null\"}]"},
		{"properties/map/additionalProperties/anyOf", "[" SEVEN "]"},
	};
	// clang-format on
	const struct doc_program program = {.name = "p", .version = "1", .config = rows};
	json_t *document = schema_of(&program);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		_cleanup_(freep) char *text =
			json_dumps(at(document, expected[i][0]), JSON_COMPACT);

		assert_string_equal(text, expected[i][1]);
	}
	json_decref(document);
}

static void test_defaults_have_their_type(void **state)
{
	static const struct option_row rows[] = {
		{.name = "a", .type = &option_bool, .def = "yes", .help = "h"},
		{.name = "b", .type = &option_int, .def = "7", .help = "h"},
		{.name = "c", .type = &option_double, .def = "0.5", .help = "h"},
		{.name = "d", .type = &option_string, .def = "7", .help = "h"},
		{.name = "e", .type = &option_size, .def = "64k", .help = "h"},
		{.name = "f",
			.shape = OPTION_LIST,
			.type = &option_string,
			.def = "x, y",
			.help = "h"},
		{.name = "g",
			.shape = OPTION_MAP,
			.type = &option_string,
			.def = "x=y",
			.help = "h"},
		{0},
	};
	static const char *const expected[] = {
		"true", "7", "0.5", "\"7\"", "\"64k\"", "[\"x\",\"y\"]", NULL};
	const struct doc_program program = {.name = "p", .version = "1", .config = rows};
	json_t *document = schema_of(&program);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		char path[] = "properties/?/default";
		json_t *value;

		path[strlen("properties/")] = rows[i].name[0];
		value = at(document, path);
		assert_int_equal(value != NULL, expected[i] != NULL);
		if (value) {
			_cleanup_(freep) char *text =
				json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

			assert_string_equal(text, expected[i]);
		}
	}
	json_decref(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_a_type_that_knows_no_references_gets_them),
		cmocka_unit_test(test_defaults_have_their_type),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/*
 * Events as JSON: everything that can be said, and every way of saying it wrong.
 */
#include "alert/alert_input.h"
#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"

static int parse(
	const char *text, struct arena *arena, struct alert_input *ret_input, struct err *err)
{
	return alert_input_parse_json(str_of(text), arena, ret_input, err);
}

static void reads_everything(void **state)
{
	static const char text[] =
		"{\"title\": \"disk full\", \"severity\": \"critical\", \"source\": \"db-01\","
		" \"message\": \"93 %\", \"fields\": {\"disk\": \"/var\", \"used\": 93,"
		" \"free\": 0.5, \"ro\": false, \"none\": null},"
		" \"labels\": {\"team\": \"db\"}, \"dedup_key\": \"k\","
		" \"runbook\": \"https://wiki/\", \"status\": \"resolved\", \"resolved\": true,"
		" \"time\": \"2025-07-01T08:00:00.5Z\"}";
	struct arena *arena = arena_new();
	struct alert_input input;
	struct err err = {0};

	(void)state;
	assert_int_equal(parse(text, arena, &input, &err), 0);
	assert_true(str_is(input.title, "disk full"));
	assert_int_equal(input.severity, SEVERITY_CRITICAL);
	assert_true(str_is(input.source, "db-01"));
	assert_true(str_is(input.message, "93 %"));
	assert_int_equal(input.fields.items_count, 4);
	assert_string_equal(pairs_get(&input.fields, "disk"), "/var");
	assert_string_equal(pairs_get(&input.fields, "used"), "93");
	assert_string_equal(pairs_get(&input.fields, "free"), "0.5");
	assert_string_equal(pairs_get(&input.fields, "ro"), "false");
	assert_string_equal(pairs_get(&input.labels, "team"), "db");
	assert_true(str_is(input.dedup_key, "k"));
	assert_true(str_is(input.runbook, "https://wiki/"));
	assert_true(input.is_resolve);
	assert_int_equal(input.time_ms, 1751356800500);
	arena_free(arena);
}

static void reads_variations(void **state)
{
	static const struct {
		const char *text;
		bool is_resolve;
		int64_t time_ms;
	} cases[] = {
		{"{}", false, 0},
		{"{\"resolved\": false, \"status\": \"firing\"}", false, 0},
		{"{\"resolved\": true}", true, 0},
		{"{\"status\": null, \"time\": null, \"labels\": null}", false, 0},
		{"{\"time\": 1751356800}", false, 1751356800000},
		{"{\"time\": 1751356800.25}", false, 1751356800250},
		{"{\"time\": \"2025-07-01T10:00:00+02:00\"}", false, 1751356800000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct alert_input input = {.time_ms = 42};
		struct err err = {0};

		assert_int_equal(parse(cases[i].text, arena, &input, &err), 0);
		assert_int_equal(input.is_resolve, cases[i].is_resolve);
		assert_int_equal(input.time_ms, cases[i].time_ms);
		arena_free(arena);
	}
}

static void names_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "no valid JSON at line 1, column 0: '[' or '{' expected near end of file"},
		{"{\"title\": \"a\", \"title\": \"b\"}", "no valid JSON at line 1, column 22: "
							 "duplicate object key near '\"title\"'"},
		{"[{\"title\": \"a\"}]", "an alert must be one JSON object, not an array"},
		{"{\"sverity\": 1, \"x\\u001b\": 2, \"message\": []}",
			"unknown member 'sverity' (did you mean 'severity'?); unknown member"
			" 'x\\x1b'; 'message' must be a string, not an array"},
		{"{\"severity\": \"bad\"}", "severity 'bad' is none of info, warning, critical"},
		{"{\"severity\": 3}", "'severity' must be a string, not a number"},
		{"{\"labels\": [\"a\"]}", "'labels' must be an object, not an array"},
		{"{\"labels\": {\"a\": {}}}",
			"'labels.a' must be a string, number or boolean, not an object"},
		{"{\"labels\": {\"a\\u0000b\": 1}}",
			"no valid JSON at line 1, column 22: NUL byte in object key not supported "
			"near '\"a\\u0000b\"'"},
		{"{\"resolved\": \"yes\"}", "'resolved' must be a boolean, not a string"},
		{"{\"status\": \"over\"}", "unknown status 'over': it is 'firing' or 'resolved'"},
		{"{\"status\": \"firing\", \"resolved\": true}",
			"'status' and 'resolved' contradict each other"},
		{"{\"time\": \"yesterday\"}",
			"'time' must be as 2025-07-01T08:00:00Z, not 'yesterday'"},
		{"{\"time\": -1}", "'time' is out of range"},
		{"{\"time\": 1e300}", "'time' is out of range"},
		{"{\"time\": true}", "'time' must be a string or a number, not a boolean"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct alert_input input = {.time_ms = 42};
		struct err err = {0};

		assert_int_equal(parse(cases[i].text, arena, &input, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_string_equal(err.msg, cases[i].error);
		assert_int_equal(input.time_ms, 42);
		arena_free(arena);
	}
}

static void bytes_that_are_no_text_cost_no_alert(void **state)
{
	struct arena *arena = arena_new();
	struct alert_input input;
	struct err err = {0};

	(void)state;
	assert_int_equal(
		parse("{\"title\": \"caf\xe9 a\\u0000b\", \"fields\": {\"x\": \"1\\u00002\"}}",
			arena, &input, &err),
		0);
	assert_true(str_is(input.title, "caf\xef\xbf\xbd ab"));
	assert_string_equal(pairs_get(&input.fields, "x"), "12");
	arena_free(arena);
}

static void many_problems_are_told_up_to_a_point(void **state)
{
	struct arena *arena = arena_new();
	struct strbuf text = STRBUF_INIT;
	struct alert_input input;
	struct err err = {0};

	(void)state;
	strbuf_adds(&text, "{\"labels\": {");
	for (int i = 0; i <= ALERT_PAIRS_MAX; i++) {
		strbuf_addf(&text, "%s\"l%d\": 1", i ? ", " : "", i);
	}
	strbuf_adds(&text, "}");
	for (int i = 0; i < 100; i++) {
		strbuf_addf(&text, ", \"unknown%d\": 1", i);
	}
	strbuf_adds(&text, "}");
	assert_int_equal(parse(text.buf, arena, &input, &err), -1);
	assert_int_equal(
		strncmp(err.msg, "'labels' has 65 members, at most 64 can be kept; unknown", 56),
		0);
	assert_true(str_ends(str_of(err.msg), " ..."));
	strbuf_release(&text);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_everything),
		cmocka_unit_test(reads_variations),
		cmocka_unit_test(names_what_is_wrong),
		cmocka_unit_test(bytes_that_are_no_text_cost_no_alert),
		cmocka_unit_test(many_problems_are_told_up_to_a_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * How a row reads.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/docs_internal.h"
#include "support/docs_fixture.h"

static void test_fixture_is_well_formed(void **state)
{
	struct err err = {0};

	(void)state;
	if (option_rows_check(docs_fixture_flags, &err) < 0 ||
		option_rows_check(docs_fixture_config, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

static void test_facts(void **state)
{
	static const struct {
		const char *name;
		enum docs_place place;
		const char *facts;
	} cases[] = {
		{"timeout", DOCS_FLAG, "default 10s; 1ms to 1h"},
		{"tag", DOCS_FLAG, "repeatable"},
		{"tag", DOCS_KEY, ""},
		{"label", DOCS_FLAG, "repeatable"},
		{"fail_on", DOCS_FLAG, "default critical"},
		{"fail_on", DOCS_KEY, "one of never, warning, critical; default critical"},
		{"output", DOCS_FLAG,
			"one of text, json, jsonl, csv, junit, nagios, prometheus; default text"},
		{"follow", DOCS_FLAG, "on by default"},
		{"watch", DOCS_FLAG, ""},
		{"retries", DOCS_FLAG, "default 3; at least 1"},
		{"attempts", DOCS_FLAG, "at least 1; deprecated, use --retries"},
		{"attempts", DOCS_KEY, "at least 1; deprecated, use retries"},
		{"body_max", DOCS_FLAG, "default 64k; 1000 to 4M; since 0.2"},
		{"ratio", DOCS_FLAG, "default 0.5; 0 to 1"},
		{"tricky", DOCS_FLAG, "default \"\""},
		{"token", DOCS_FLAG, "required"},
		{"token", DOCS_KEY, "required; secret, never shown"},
		{"certificate_authority", DOCS_FLAG, "repeatable"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

		docs_add_facts(docs_fixture_flag(cases[i].name), cases[i].place, &out);
		assert_string_equal(out.buf, cases[i].facts);
	}
}

static void test_ranges(void **state)
{
	static const struct {
		const struct option_type *type;
		int64_t min, max;
		const char *range; /* NULL: none */
	} cases[] = {
		{&option_int, 0, 0, NULL},
		{&option_int, 1, 65535, "1 to 65535"},
		{&option_int, 0, 10, "0 to 10"},
		{&option_int, -5, 5, "-5 to 5"},
		{&option_int, 1, 0, "at least 1"},
		{&option_int, 0, -1, "at least 0"},
		{&option_int, 1, INT64_MAX, "at least 1"},
		{&option_int, INT64_MIN, 9, "at most 9"},
		{&option_double, 0, 100, "0 to 100"},
		{&option_duration, 1, 90000, "1ms to 1m30s"},
		{&option_duration, 1, 0, NULL},
		{&option_duration, 1, INT64_MAX, NULL},
		{&option_duration, 0, 90000, "at most 1m30s"},
		{&option_duration, 100, INT64_MAX, "at least 100ms"},
		{&option_size, 0, 1024, "at most 1k"},
		{&option_size, 1, -1, NULL},
		{&option_size, 1000, 65536, "1000 to 64k"},
		{&option_size, 1536, 3LL << 40, "1536 to 3T"},
		{&option_size, 1, 1LL << 50, "1 to 1024T"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
		const struct option_row row = {
			.type = cases[i].type, .min = cases[i].min, .max = cases[i].max};

		assert_int_equal(docs_add_range(&row, &out), cases[i].range != NULL);
		assert_string_equal(out.buf, cases[i].range ? cases[i].range : "");
	}
}

static void test_values(void **state)
{
	static const struct {
		const char *name;
		const char *value;
	} cases[] = {
		{"timeout", "DURATION"},
		{"tag", "TAG"},
		{"label", "KEY=TEXT"},
		{"fail_on", "never|warning|critical"}, /* short enough */
		{"output", "FORMAT"},
		{"certificate_authority", "FILE"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

		docs_add_value(docs_fixture_flag(cases[i].name), &out);
		assert_string_equal(out.buf, cases[i].value);
	}
}

static void test_long_choices_are_not_a_value(void **state)
{
	static const char *const choices[] = {"twelve_bytes", "twelve_bytes", NULL};
	const struct option_row row = {.type = &option_choice, .choices = choices};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_value(&row, &out);
	assert_string_equal(out.buf, "CHOICE");
}

static void test_types(void **state)
{
	static const struct {
		const char *name;
		const char *type;
	} cases[] = {
		{"store", "path"},
		{"groups", "map of lists of string"},
		{"ssh", "section"},
		{"checks", "list of check"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

		docs_add_type(option_find(docs_fixture_config, str_of(cases[i].name)), &out);
		assert_string_equal(out.buf, cases[i].type);
	}
}

static void test_lists_of_sections(void **state)
{
	const struct option_row *alerts = option_find(docs_fixture_config, str_of("alerts"));
	const struct option_row *routes = option_find(alerts->rows, str_of("routes"));
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_type(routes, &out);
	assert_string_equal(out.buf, "list of route");
	strbuf_clear(&out);
	docs_add_facts(routes, DOCS_KEY, &out);
	assert_string_equal(out.buf, "");
	assert_false(docs_is_flag(routes));
	assert_true(docs_is_key(routes));
}

static void test_who_is_where(void **state)
{
	static const struct {
		const char *name;
		bool is_flag, is_key, is_advertised, is_on;
	} cases[] = {
		{"timeout", true, true, true, false},
		{"follow", true, true, true, true},
		{"watch", true, true, true, false},
		{"attempts", true, true, false, false},
		{"trace", true, true, false, false},
		{"greeting", false, true, true, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct option_row *row = docs_fixture_flag(cases[i].name);

		assert_int_equal(docs_is_flag(row), cases[i].is_flag);
		assert_int_equal(docs_is_key(row), cases[i].is_key);
		assert_int_equal(docs_is_advertised(row), cases[i].is_advertised);
		assert_int_equal(docs_is_on_by_default(row), cases[i].is_on);
	}
	assert_false(docs_is_flag(option_find(docs_fixture_config, str_of("ssh"))));
	assert_false(docs_is_flag(option_find(docs_fixture_config, str_of("checks"))));
	assert_false(docs_is_key(option_find(docs_fixture_config, str_of("only_flag"))));
}

static void test_the_first_set_has_the_flag(void **state)
{
	const struct option_set *sets = docs_fixture_program.commands[0]->sets;
	const struct option_row *own = option_find(sets[0].rows, str_of("timeout"));
	const struct option_row *common = option_find(sets[1].rows, str_of("timeout"));

	(void)state;
	assert_true(docs_is_first(sets, &sets[0], own));
	assert_false(docs_is_first(sets, &sets[1], common));
	assert_true(docs_is_first(&sets[1], &sets[1], common));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixture_is_well_formed),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_long_choices_are_not_a_value),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_lists_of_sections),
		cmocka_unit_test(test_who_is_where),
		cmocka_unit_test(test_the_first_set_has_the_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

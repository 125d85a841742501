#include "base/alloc.h"
#include "base/arena.h"
#include "cmocka_all.h"
#include "conf/option.h"

enum color { RED, GREEN, BLUE };

struct inner {
	int64_t depth;
	const char *text;
};

struct sample {
	bool is_on;
	int64_t count;
	int64_t level;
	double ratio;
	int64_t timeout_ms;
	int64_t limit_bytes;
	const char *name;
	const char *file;
	int color;
	struct option_list numbers;
	struct option_map labels;
	struct option_map groups;
	struct inner inner;
	struct option_items items;
	struct option_items sections;
};

static const char *const colors[] = {"red", "green", "blue", NULL};

static const struct option_variant *const *no_kinds(size_t *ret_count)
{
	*ret_count = 0;
	return NULL;
}

// clang-format off
static const struct option_row inner_rows[] = {
	{.name = "depth", .type = &option_int, .offset = offsetof(struct inner, depth), .def = "3", .help = "how deep"},
	{.name = "text", .type = &option_string, .offset = offsetof(struct inner, text), .help = "what"},
	{0},
};

static const struct option_row common_rows[] = {
	{.name = "name", .type = &option_string, .help = "name"},
	{0},
};

static const struct option_variants variants = {
	.what = "check", .common = common_rows, .item_size = 64, .kinds = no_kinds,
};

static const struct option_section_list sections = {
	.what = "route", .rows = inner_rows, .item_size = 64,
};

static const struct option_row rows[] = {
	{.name = "is_on", .letter = 'o', .type = &option_bool, .offset = offsetof(struct sample, is_on), .def = "yes", .help = "on"},
	{.name = "count", .type = &option_int, .offset = offsetof(struct sample, count), .def = "7", .min = 1, .max = 10, .help = "how many"},
	{.name = "old_count", .type = &option_int, .offset = offsetof(struct sample, count), .min = 1, .max = 10, .help = "how many",
	 .flags = OPTION_DEPRECATED, .instead = "count"},
	{.name = "level", .letter = 'v', .type = &option_count, .offset = offsetof(struct sample, level), .help = "say more"},
	{.name = "ratio", .type = &option_double, .offset = offsetof(struct sample, ratio), .def = "0.5", .max = 1, .help = "share"},
	{.name = "connect_timeout", .type = &option_duration, .offset = offsetof(struct sample, timeout_ms), .def = "1.5s", .min = 100, .max = 60000, .help = "how long"},
	{.name = "limit", .type = &option_size, .offset = offsetof(struct sample, limit_bytes), .def = "4k", .min = 16, .max = 65536, .help = "how much"},
	{.name = "name", .type = &option_string, .offset = offsetof(struct sample, name), .help = "called"},
	{.name = "file", .type = &option_path, .offset = offsetof(struct sample, file), .help = "where"},
	{.name = "color", .type = &option_choice, .offset = offsetof(struct sample, color), .def = "green", .choices = colors, .help = "which"},
	{.name = "numbers", .shape = OPTION_LIST, .type = &option_int, .offset = offsetof(struct sample, numbers), .def = "1, 2,3", .help = "some"},
	{.name = "labels", .shape = OPTION_MAP, .type = &option_string, .offset = offsetof(struct sample, labels), .def = "a=b, c=d=e", .help = "more"},
	{.name = "groups", .shape = OPTION_MAP_LIST, .type = &option_string, .offset = offsetof(struct sample, groups), .help = "most"},
	{.name = "inner", .shape = OPTION_SECTION, .rows = inner_rows, .offset = offsetof(struct sample, inner), .help = "inside"},
	{.name = "items", .shape = OPTION_VARIANTS, .variants = &variants, .offset = offsetof(struct sample, items), .help = "things"},
	{.name = "sections", .shape = OPTION_SECTION_LIST, .list = &sections, .offset = offsetof(struct sample, sections), .help = "more things"},
	{0},
};
// clang-format on

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct option_row *row_of(const char *name)
{
	const struct option_row *row = option_find(rows, str_of(name));

	assert_non_null(row);
	return row;
}

static int parse(const char *name, const char *text, struct sample *sample, struct err *err)
{
	const struct option_context context = {.arena = arena};

	return option_parse(row_of(name), &context, str_of(text), sample, err);
}

static void test_find(void **state)
{
	(void)state;
	assert_int_equal(option_rows_count(rows), 16);
	assert_ptr_equal(row_of("is_on"), &rows[0]);
	assert_null(option_find(rows, str_of("is-on")));
	assert_null(option_find(rows, str_of("is_o")));
	assert_null(option_find(rows, str_of("")));
	assert_ptr_equal(option_current(rows, row_of("old_count")), row_of("count"));
	assert_ptr_equal(option_current(rows, row_of("count")), row_of("count"));
}

static void test_defaults(void **state)
{
	const struct option_context context = {.arena = arena};
	struct sample s;

	(void)state;
	memset(&s, 0xff, sizeof(s));
	option_set_defaults(rows, &context, &s);
	assert_true(s.is_on);
	assert_int_equal(s.count, 7);
	assert_int_equal(s.level, 0);
	assert_true(s.ratio == 0.5);
	assert_int_equal(s.timeout_ms, 1500);
	assert_int_equal(s.limit_bytes, 4096);
	assert_null(s.name);
	assert_null(s.file);
	assert_int_equal(s.color, GREEN);
	assert_int_equal(s.numbers.count, 3);
	assert_int_equal(OPTION_AT(&s.numbers, int64_t, 2), 3);
	assert_int_equal(s.labels.count, 2);
	assert_string_equal(s.labels.keys[1], "c");
	assert_string_equal(OPTION_AT(&s.labels, const char *, 1), "d=e");
	assert_int_equal(s.groups.count, 0);
	assert_null(s.groups.keys);
	assert_int_equal(s.inner.depth, 3);
	assert_null(s.inner.text);
	assert_int_equal(s.items.count, 0);
	assert_int_equal(s.sections.count, 0);
	assert_null(s.sections.items);
}

static void test_clear(void **state)
{
	const struct option_context context = {.arena = arena};
	struct sample s;

	(void)state;
	option_set_defaults(rows, &context, &s);
	for (const struct option_row *row = rows; row->name; row++) {
		option_clear(row, &s);
	}
	assert_false(s.is_on);
	assert_int_equal(s.numbers.count, 0);
	assert_int_equal(s.labels.count, 0);
	assert_int_equal(s.inner.depth, 0);
}

static void test_good_values(void **state)
{
	struct sample s = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(parse("is_on", "ON", &s, &err), 0);
	assert_true(s.is_on);
	assert_int_equal(parse("count", "10", &s, &err), 0);
	assert_int_equal(s.count, 10);
	assert_int_equal(parse("ratio", "1e-1", &s, &err), 0);
	assert_true(s.ratio == 0.1);
	assert_int_equal(parse("connect_timeout", "1m", &s, &err), 0);
	assert_int_equal(s.timeout_ms, 60000);
	assert_int_equal(parse("connect_timeout", "2", &s, &err), 0);
	assert_int_equal(s.timeout_ms, 2000);
	assert_int_equal(parse("limit", "64k", &s, &err), 0);
	assert_int_equal(s.limit_bytes, 65536);
	assert_int_equal(parse("name", "", &s, &err), 0);
	assert_string_equal(s.name, "");
	assert_int_equal(parse("color", "blue", &s, &err), 0);
	assert_int_equal(s.color, BLUE);
}

static void test_bad_values(void **state)
{
	static const struct {
		const char *row, *text, *error;
	} cases[] = {
		{"is_on", "maybe", "'maybe' is neither true nor false"},
		{"count", "0", "number '0': must be from 1 to 10"},
		{"count", "11", "number '11': must be from 1 to 10"},
		{"count", "1x", "number '1x': not a whole number"},
		{"count", "", "number '': not a whole number"},
		{"count", "99999999999999999999", "must be from 1 to 10"},
		{"ratio", "1.5", "number '1.5': must be at most 1"},
		{"ratio", "-0.5", "number '-0.5': must be at least 0"},
		{"ratio", "nan", "not a decimal number"},
		{"connect_timeout", "99ms", "duration '99ms': must be at least 100ms"},
		{"connect_timeout", "2h", "duration '2h': must be at most 1m"},
		{"connect_timeout", "-5s", "duration '-5s': must not be negative"},
		{"connect_timeout", "10 parsecs", "duration '10 parsecs': unknown unit 'parsecs'"},
		{"limit", "1", "size '1': must be at least 16 bytes"},
		{"limit", "1M", "size '1M': must be at most 64k"},
		{"file", "", "a path must not be empty"},
		{"color", "gren", "'gren' is not one of red, green, blue; did you mean 'green'?"},
		{"color", "\x1b[31m", "'\\x1b[31m' is not one of red, green, blue"},
		{"labels", "a", "'a' is not KEY=VALUE"},
		{"labels", "=a", "'=a' is not KEY=VALUE"},
		{"numbers", "x", "number 'x': not a whole number"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sample s = {0}, before = {0};
		struct err err = {0};

		assert_int_equal(parse(cases[i].row, cases[i].text, &s, &err), -1);
		if (!strstr(err.msg, cases[i].error)) {
			fail_msg("%s: %s: %s", cases[i].row, cases[i].text, err.msg);
		}
		assert_int_equal(err.code, ERR_INPUT);
		assert_memory_equal(&s, &before, sizeof(s));
	}
}

static void test_long_value_is_cut(void **state)
{
	struct sample s = {0};
	struct err err = {0};
	char text[100000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(parse("color", text, &s, &err), -1);
	assert_non_null(strstr(err.msg, "...' is not one of red, green, blue"));
}

static void test_open_range(void **state)
{
	const struct option_context context = {0};
	const struct option_row from_one = {.name = "n", .type = &option_int, .min = 1};
	const struct option_row any = {.name = "n", .type = &option_int};
	struct err err = {0};
	int64_t n = 0;

	(void)state;
	assert_int_equal(
		option_parse(&from_one, &context, str_of("9223372036854775807"), &n, &err), 0);
	assert_int_equal(option_parse(&from_one, &context, str_of("0"), &n, &err), -1);
	assert_string_equal(err.msg, "number '0': must be at least 1");
	assert_int_equal(option_parse(&any, &context, str_of("-9223372036854775808"), &n, &err), 0);
	assert_true(n == INT64_MIN);
}

static void test_list_grows(void **state)
{
	struct sample s = {0};
	struct err err = {0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		_cleanup_(freep) char *text = xasprintf("%d", i);

		assert_int_equal(parse("numbers", text, &s, &err), 0);
	}
	assert_int_equal(s.numbers.count, 1000);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(OPTION_AT(&s.numbers, int64_t, i), i);
	}
	assert_int_equal(parse("numbers", "x", &s, &err), -1);
	assert_int_equal(s.numbers.count, 1000);
}

static void test_map(void **state)
{
	struct sample s = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(parse("labels", "team=web", &s, &err), 0);
	assert_int_equal(parse("labels", "empty=", &s, &err), 0);
	assert_int_equal(parse("labels", "team=db", &s, &err), -1);
	assert_string_equal(err.msg, "'team' is given twice");
	assert_int_equal(s.labels.count, 2);
	assert_int_equal(option_map_find(&s.labels, str_of("empty")), 1);
	assert_int_equal(option_map_find(&s.labels, str_of("none")), -1);
	assert_string_equal(OPTION_AT(&s.labels, const char *, 1), "");
}

static void test_map_of_lists(void **state)
{
	struct sample s = {0};
	struct err err = {0};
	const struct option_list *web;

	(void)state;
	assert_int_equal(parse("groups", "web=a", &s, &err), 0);
	assert_int_equal(parse("groups", "db=b", &s, &err), 0);
	assert_int_equal(parse("groups", "web=c", &s, &err), 0);
	assert_int_equal(s.groups.count, 2);
	web = &OPTION_AT(&s.groups, struct option_list, 0);
	assert_int_equal(web->count, 2);
	assert_string_equal(OPTION_AT(web, const char *, 1), "c");
}

static void test_string_refuses_nul(void **state)
{
	const struct option_context context = {.arena = arena};
	struct err err = {0};
	const char *field = NULL;
	const struct option_row row = {.name = "s", .type = &option_string};

	(void)state;
	assert_int_equal(option_parse(&row, &context, str_n("a\0b", 3), &field, &err), -1);
	assert_null(field);
}

static void test_paths(void **state)
{
	static const struct {
		const char *base_dir, *text, *path;
	} cases[] = {
		{NULL, "a/b", "a/b"},
		{NULL, "~/b", "~/b"},
		{"/etc/x", "a/b", "/etc/x/a/b"},
		{"/etc/x", "/a", "/a"},
		{"/etc/x", "~/b", "/home/me/b"},
		{"/etc/x", "~you/b", "/etc/x/~you/b"},
		{"/", "a", "/a"},
		{"conf", "../a", "conf/../a"},
		{".", "a", "a"},
		{"", "a", "a"},
	};
	const char *saved = getenv("HOME");
	_cleanup_(freep) char *home = saved ? xstrdup(saved) : NULL;

	(void)state;
	(void)setenv("HOME", "/home/me", 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct option_context context = {
			.arena = arena, .base_dir = cases[i].base_dir};
		struct sample s = {0};

		assert_int_equal(
			option_parse(row_of("file"), &context, str_of(cases[i].text), &s, NULL), 0);
		assert_string_equal(s.file, cases[i].path);
	}
	if (home) {
		(void)setenv("HOME", home, 1);
	} else {
		(void)unsetenv("HOME");
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *row, *flag, *placeholder;
	} cases[] = {
		{"connect_timeout", "--connect-timeout", "DURATION"},
		{"labels", "--labels", "KEY=TEXT"},
		{"color", "--color", "CHOICE"},
		{"limit", "--limit", "SIZE"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf flag = STRBUF_INIT;
		_cleanup_(strbuf_release) struct strbuf placeholder = STRBUF_INIT;

		option_add_flag_name(row_of(cases[i].row), &flag);
		option_add_placeholder(row_of(cases[i].row), &placeholder);
		assert_string_equal(flag.buf, cases[i].flag);
		assert_string_equal(placeholder.buf, cases[i].placeholder);
	}
	assert_true(option_is_switch(row_of("is_on")));
	assert_true(option_is_switch(row_of("level")));
	assert_false(option_is_switch(row_of("count")));
	assert_false(option_holds_rows(row_of("count")));
	assert_false(option_holds_rows(row_of("groups")));
	assert_true(option_holds_rows(row_of("inner")));
	assert_true(option_holds_rows(row_of("items")));
	assert_true(option_holds_rows(row_of("sections")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_good_values),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_long_value_is_cut),
		cmocka_unit_test(test_open_range),
		cmocka_unit_test(test_list_grows),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_map_of_lists),
		cmocka_unit_test(test_string_refuses_nul),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

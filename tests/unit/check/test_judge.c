#include "base/alloc.h"
#include "check/check_kinds.h"
#include "check/fake_kind.h"
#include "check/judge.h"
#include "cmocka_all.h"

enum { THRESHOLDS_MAX = 4 };

/* Thresholds as {"key", "text"} pairs. */
struct pairs {
	const char *of[THRESHOLDS_MAX][2];
};

static struct option_map make_map(struct arena *arena, const struct pairs *pairs)
{
	struct option_map map = {
		.keys = arena_calloc(arena, THRESHOLDS_MAX, sizeof(char *)),
		.items = arena_calloc(arena, THRESHOLDS_MAX, sizeof(struct threshold)),
	};

	for (size_t i = 0; i < THRESHOLDS_MAX && pairs->of[i][0]; i++) {
		struct err err = {0};

		map.keys[i] = pairs->of[i][0];
		assert_int_equal(threshold_parse(str_of(pairs->of[i][1]),
					 &OPTION_AT(&map, struct threshold, i), &err),
			0);
		map.count++;
	}
	return map;
}

static void fill(struct check_result *result)
{
	result->message = "fine";
	check_value_add(result, "load_percent", UNIT_PERCENT, 42);
	check_value_add_instance(result, "disk_percent", "/a", UNIT_PERCENT, 50);
	check_value_add_instance(result, "disk_percent", "/b", UNIT_PERCENT, 90);
	check_value_add(result, "disk_percent", UNIT_PERCENT, 90);
	check_value_add(result, "age_days", UNIT_DAYS, 5);
}

static void raises_the_state(void **state)
{
	static const struct {
		struct pairs warning, critical;
		enum check_state state;
		enum check_code code;
		const char *message;
	} cases[] = {
		{{{{0}}}, {{{0}}}, CHECK_OK, CODE_OK, "fine"},
		{{{{"load_percent", "50"}}}, {{{0}}}, CHECK_OK, CODE_OK, "fine"},
		{{{{"load_percent", "40"}}}, {{{0}}}, CHECK_WARNING, CODE_THRESHOLD_EXCEEDED,
			"load_percent 42.0 % (warning above 40.0 %); fine"},
		{{{{"load_percent", "40"}}}, {{{"load_percent", "41"}}}, CHECK_CRITICAL,
			CODE_THRESHOLD_EXCEEDED,
			"load_percent 42.0 % (critical above 41.0 %); fine"},
		{{{{"load_percent", "40"}}}, {{{"disk_percent", "80"}}}, CHECK_CRITICAL,
			CODE_THRESHOLD_EXCEEDED,
			"disk_percent[/b] 90.0 % (critical above 80.0 %), load_percent 42.0 % "
			"(warning "
			"above "
			"40.0 %); fine"},
		/* that of an instance goes before that of the name, also where it is laxer */
		{{{{0}}}, {{{"disk_percent", "80"}, {"disk_percent[/b]", "95"}}}, CHECK_OK, CODE_OK,
			"fine"},
		{{{{0}}}, {{{"disk_percent[/a]", "40"}}}, CHECK_CRITICAL, CODE_THRESHOLD_EXCEEDED,
			"disk_percent[/a] 50.0 % (critical above 40.0 %); fine"},
		/* a duration against days */
		{{{{"age_days", "< 6d"}}}, {{{0}}}, CHECK_WARNING, CODE_THRESHOLD_EXCEEDED,
			"age_days 5 days (warning below 6 days); fine"},
		{{{{"age_days", "< 4d"}}}, {{{0}}}, CHECK_OK, CODE_OK, "fine"},
		/* what was not measured is unknown, never ok */
		{{{{"size_bytes", "1G"}}}, {{{0}}}, CHECK_UNKNOWN, CODE_VALUE_MISSING,
			"no value 'size_bytes', which a warning threshold asks for; fine"},
		{{{{"disk_percent[/c]", "1"}}}, {{{0}}}, CHECK_UNKNOWN, CODE_VALUE_MISSING,
			"no value 'disk_percent[/c]', which a warning threshold asks for; fine"},
		{{{{"size_bytes", "none"}}}, {{{0}}}, CHECK_OK, CODE_OK, "fine"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct check_result result = {.arena = arena};
		struct check check = {
			.kind = &fake_kind,
			.warning = make_map(arena, &cases[i].warning),
			.critical = make_map(arena, &cases[i].critical),
		};

		fill(&result);
		check_judge(&check, &result);
		assert_string_equal(result.message, cases[i].message);
		assert_int_equal(result.state, cases[i].state);
		assert_int_equal(result.code, cases[i].code);
		arena_free(arena);
	}
}

static void a_kinds_defaults_hold_unless_the_user_says_otherwise(void **state)
{
	static const struct pairs none = {{{0}}};
	static const struct pairs off = {{{"disk_percent", "none"}}};

	(void)state;
	for (int is_off = 0; is_off <= 1; is_off++) {
		struct arena *arena = arena_new();
		struct check_result result = {.arena = arena, .message = "full"};
		struct check check = {
			.kind = &fake_kind, .critical = make_map(arena, is_off ? &off : &none)};

		check_value_add_instance(&result, "disk_percent", "/", UNIT_PERCENT, 99);
		check_judge(&check, &result);
		assert_int_equal(result.state, is_off ? CHECK_OK : CHECK_CRITICAL);
		arena_free(arena);
	}
}

static void a_failure_keeps_its_code(void **state)
{
	static const struct pairs load = {{{"load_percent", "1"}}};
	struct arena *arena = arena_new();
	struct check_result result = {
		.arena = arena, .state = CHECK_CRITICAL, .code = CODE_TIMEOUT, .message = "slow"};
	struct check check = {.kind = &fake_kind, .warning = make_map(arena, &load)};

	(void)state;
	check_value_add(&result, "load_percent", UNIT_PERCENT, 42);
	check_judge(&check, &result);
	assert_int_equal(result.state, CHECK_CRITICAL);
	assert_int_equal(result.code, CODE_TIMEOUT);
	arena_free(arena);
}

static void checks_what_a_threshold_asks_for(void **state)
{
	static const struct {
		const char *key, *threshold;
		const char *error; /* NULL: it is right */
	} cases[] = {
		{"load_percent", "80", NULL},
		{"disk_percent[/var]", "80", NULL},
		{"age_days", "< 14d", NULL},
		{"size_bytes", "> 1G", NULL},
		{"laod_percent", "80", "did you mean 'load_percent'?"},
		{"temperature", "80", "measures no 'temperature'"},
		{"load_percent[0]", "80", "is one value"},
		{"disk_percent[/var", "80", "'disk_percent[/var' names no value"},
		{"disk_percent[]", "80", "'disk_percent[]' names no value"},
		{"disk_percent[/a]b", "80", "'disk_percent[/a]b' names no value"},
		{"[/var]", "80", "'[/var]' names no value"},
		{"", "80", "'' names no value"},
		{"load_percent", "5s", "is not a time"},
		{"load_percent", "5G", "is not a size"},
		{"version", "5", "is a text"},
		{"age_days", "5%", "is not a percentage"},
		{"load_percent", "95 %", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct threshold threshold = {0};
		struct err err = {0};
		int status;

		assert_int_equal(threshold_parse(str_of(cases[i].threshold), &threshold, &err), 0);
		status = check_threshold_check(&fake_kind, cases[i].key, &threshold, &err);
		assert_int_equal(status, cases[i].error ? -1 : 0);
		if (cases[i].error) {
			assert_int_equal(err.code, ERR_INPUT);
			assert_non_null(strstr(err.msg, cases[i].error));
		}
	}
}

/* judge.c aborts on a default that does not parse, so every kind's must. */
static void every_kinds_defaults_parse(void **state)
{
	size_t count = 0;
	const struct check_kind *const *kinds = check_kinds(&count);

	(void)state;
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		for (const struct check_value_row *row = kinds[i]->values; row && row->name;
			row++) {
			struct threshold t;

			if (row->warning) {
				assert_int_equal(
					threshold_parse(str_of(row->warning), &t, NULL), 0);
				assert_int_equal(
					check_threshold_check(kinds[i], row->name, &t, NULL), 0);
			}
			if (row->critical) {
				assert_int_equal(
					threshold_parse(str_of(row->critical), &t, NULL), 0);
				assert_int_equal(
					check_threshold_check(kinds[i], row->name, &t, NULL), 0);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raises_the_state),
		cmocka_unit_test(a_kinds_defaults_hold_unless_the_user_says_otherwise),
		cmocka_unit_test(a_failure_keeps_its_code),
		cmocka_unit_test(checks_what_a_threshold_asks_for),
		cmocka_unit_test(every_kinds_defaults_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

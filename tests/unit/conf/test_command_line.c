#include "base/alloc.h"
#include "base/arena.h"
#include "cmocka_all.h"
#include "conf/command_line.h"

struct common {
	int64_t timeout_ms;
	int64_t verbose;
	bool has_color;
	const char *token;
	int64_t pin;
};

struct own {
	bool is_dry_run;
	const char *name;
	struct option_list tags;
	struct option_map labels;
	int output;
};

static const char *const formats[] = {"text", "json", "csv", NULL};

// clang-format off
static const struct option_row own_rows[] = {
	{.name = "dry_run", .letter = 'n', .type = &option_bool, .offset = offsetof(struct own, is_dry_run), .help = "change nothing"},
	{.name = "name", .letter = 'N', .type = &option_string, .offset = offsetof(struct own, name), .help = "name", .flags = OPTION_REQUIRED},
	{.name = "tag", .letter = 't', .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct own, tags), .def = "all", .help = "tags"},
	{.name = "label", .shape = OPTION_MAP, .type = &option_string, .offset = offsetof(struct own, labels), .def = "a=b", .help = "labels"},
	{.name = "output", .letter = 'o', .type = &option_choice, .choices = formats, .offset = offsetof(struct own, output), .placeholder = "FORMAT", .def = "text", .help = "format"},
	{.name = "format", .type = &option_choice, .choices = formats, .offset = offsetof(struct own, output), .help = "format", .flags = OPTION_DEPRECATED, .instead = "output"},
	{.name = "webhook", .type = &option_string, .offset = offsetof(struct own, name), .help = "hook", .flags = OPTION_CONFIG_ONLY},
	{0},
};

static const struct option_row common_rows[] = {
	{.name = "timeout", .type = &option_duration, .offset = offsetof(struct common, timeout_ms), .def = "10s", .help = "how long"},
	{.name = "verbose", .letter = 'v', .type = &option_count, .offset = offsetof(struct common, verbose), .help = "say more"},
	{.name = "color", .letter = 'c', .type = &option_bool, .offset = offsetof(struct common, has_color), .def = "true", .help = "colors"},
	{.name = "token", .type = &option_string, .offset = offsetof(struct common, token), .help = "token", .flags = OPTION_SECRET},
	{.name = "pin", .type = &option_int, .offset = offsetof(struct common, pin), .help = "pin", .flags = OPTION_SECRET},
	{0},
};
// clang-format on

enum { ARGS_MAX = 8 };

struct fixture {
	struct arena *arena;
	struct own own;
	struct common common;
	struct option_set sets[3];
	struct command_line line;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->arena = arena_new();
	f->sets[0] = (struct option_set){"Options", own_rows, &f->own};
	f->sets[1] = (struct option_set){"Common options", common_rows, &f->common};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(f->arena);
	free(f);
	return 0;
}

static int parse_args(struct fixture *f, const char *const *args, bool stop_at_arg)
{
	const char *argv[ARGS_MAX + 2] = {"check"};
	int argc = 1;

	for (; args[argc - 1]; argc++) {
		argv[argc] = args[argc - 1];
	}
	return command_line_parse(argc, argv, f->sets, stop_at_arg, f->arena, &f->line, &f->err);
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_nothing(void **state)
{
	struct fixture *f = *state;
	const char *argv[] = {"check"};

	for (int argc = 0; argc < 2; argc++) {
		assert_int_equal(
			command_line_parse(argc, argv, f->sets, false, f->arena, &f->line, &f->err),
			0);
		assert_int_equal(f->line.args_count, 0);
		assert_int_equal(f->line.given_count, 0);
		assert_int_equal(f->common.timeout_ms, 10000);
		assert_true(f->common.has_color);
		assert_int_equal(f->own.tags.count, 1);
	}
}

static void test_forms(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *args[ARGS_MAX];
		int64_t timeout_ms;
		int64_t verbose;
		const char *name;
		bool is_dry_run;
		bool has_color;
		int output;
	} cases[] = {
		{{"--timeout", "5s"}, 5000, 0, NULL, false, true, 0},
		{{"--timeout=5s"}, 5000, 0, NULL, false, true, 0},
		{{"--timeout=5s", "--timeout", "6"}, 6000, 0, NULL, false, true, 0},
		{{"-v"}, 10000, 1, NULL, false, true, 0},
		{{"-vv", "--verbose"}, 10000, 3, NULL, false, true, 0},
		{{"--verbose=2", "-v"}, 10000, 3, NULL, false, true, 0},
		{{"-nv"}, 10000, 1, NULL, true, true, 0},
		{{"-nNx"}, 10000, 0, "x", true, true, 0},
		{{"-nN", "x"}, 10000, 0, "x", true, true, 0},
		{{"--dry-run", "--no-dry-run"}, 10000, 0, NULL, false, true, 0},
		{{"--dry-run=true", "--color=off"}, 10000, 0, NULL, true, false, 0},
		{{"--no-color", "-ojson"}, 10000, 0, NULL, false, false, 1},
		{{"--no-color", "-c"}, 10000, 0, NULL, false, true, 0},
		{{"--name="}, 10000, 0, "", false, true, 0},
		{{"--name", "-5s"}, 10000, 0, "-5s", false, true, 0},
		{{"--name=a=b"}, 10000, 0, "a=b", false, true, 0},
		{{"--name", "--"}, 10000, 0, "--", false, true, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(parse_args(f, cases[i].args, false), 0);
		assert_int_equal(f->common.timeout_ms, cases[i].timeout_ms);
		assert_int_equal(f->common.verbose, cases[i].verbose);
		assert_int_equal(f->own.is_dry_run, cases[i].is_dry_run);
		assert_int_equal(f->common.has_color, cases[i].has_color);
		assert_int_equal(f->own.output, cases[i].output);
		assert_int_equal(f->line.args_count, 0);
		if (cases[i].name) {
			assert_string_equal(f->own.name, cases[i].name);
		} else {
			assert_null(f->own.name);
		}
	}
}

static void test_lists_replace_their_default(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		parse_args(f,
			ARGS("--tag", "a", "-tb", "--tag=c,d", "--label", "x=1", "--label=y=2"),
			false),
		0);
	assert_int_equal(f->own.tags.count, 3);
	assert_string_equal(OPTION_AT(&f->own.tags, const char *, 0), "a");
	assert_string_equal(OPTION_AT(&f->own.tags, const char *, 2), "c,d");
	assert_int_equal(f->own.labels.count, 2);
	assert_string_equal(f->own.labels.keys[1], "y");
	assert_int_equal(f->line.given_count, 2);
}

static void test_arguments(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		parse_args(f, ARGS("web-01", "-v", "!web-07", "-", "--", "-x", "--"), false), 0);
	assert_int_equal(f->line.args_count, 5);
	assert_string_equal(f->line.args[0], "web-01");
	assert_string_equal(f->line.args[1], "!web-07");
	assert_string_equal(f->line.args[2], "-");
	assert_string_equal(f->line.args[3], "-x");
	assert_string_equal(f->line.args[4], "--");
	assert_int_equal(f->common.verbose, 1);
}

static void test_stop_at_argument(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse_args(f, ARGS("-v", "ls", "-v", "--", "x"), true), 0);
	assert_int_equal(f->line.args_count, 4);
	assert_string_equal(f->line.args[1], "-v");
	assert_string_equal(f->line.args[2], "--");
	assert_int_equal(f->common.verbose, 1);

	assert_int_equal(parse_args(f, ARGS("--", "-v", "ls"), true), 0);
	assert_int_equal(f->line.args_count, 2);
	assert_string_equal(f->line.args[0], "-v");
	assert_int_equal(f->common.verbose, 0);
}

static void test_errors(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *args[ARGS_MAX];
		const char *error;
	} cases[] = {
		{{"--tiemout", "5"}, "unknown option '--tiemout'; did you mean '--timeout'?"},
		{{"--tiemout=5"}, "unknown option '--tiemout'; did you mean '--timeout'?"},
		{{"--dry_run"}, "unknown option '--dry_run'; did you mean '--dry-run'?"},
		{{"--zzz"}, "unknown option '--zzz'"},
		{{"--no-colour"}, "unknown option '--no-colour'; did you mean '--no-color'?"},
		{{"--no-timeout"}, "unknown option '--no-timeout'"},
		{{"--webhook", "x"}, "unknown option '--webhook'"},
		{{"--", "x", NULL}, NULL},
		{{"--=x"}, "unknown option '--'"},
		{{"-x"}, "unknown option '-x'"},
		{{"-nx"}, "unknown option '-x' in '-nx'"},
		{{"-n\x1b"}, "unknown option '-\\x1b' in '-n\\x1b'"},
		{{"--timeout"}, "option '--timeout' needs a value (DURATION)"},
		{{"--output"}, "option '--output' needs a value (FORMAT)"},
		{{"--label"}, "option '--label' needs a value (KEY=TEXT)"},
		{{"-o"}, "option '-o' needs a value (FORMAT)"},
		{{"--timeout="}, "option '--timeout': duration '': not a duration"},
		{{"--timeout", "-5s"}, "option '--timeout': duration '-5s': must not be negative"},
		{{"--timeout", "10 parsecs"},
			"option '--timeout': duration '10 parsecs': unknown unit 'parsecs'"},
		{{"-o", "jsn"},
			"option '-o': 'jsn' is not one of text, json, csv; did you mean 'json'?"},
		{{"--no-color=yes"}, "option '--no-color' takes no value"},
		{{"--color=maybe"}, "option '--color': 'maybe' is neither true nor false"},
		{{"--label", "x"}, "option '--label': 'x' is not KEY=VALUE"},
		{{"--label", "x=1", "--label", "x=2"}, "option '--label': 'x' is given twice"},
		{{"--pin", "hunter2"},
			"option '--pin': the value (not shown) is not a valid integer"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (!cases[i].error) {
			assert_int_equal(parse_args(f, cases[i].args, false), 0);
			continue;
		}
		assert_int_equal(parse_args(f, cases[i].args, false), -1);
		assert_int_equal(f->err.code, ERR_INPUT);
		if (!strstr(f->err.msg, cases[i].error)) {
			fail_msg("'%s' is not in '%s'", cases[i].error, f->err.msg);
		}
	}
}

static void test_given(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse_args(f, ARGS("--timeout=1", "--no-color", "--timeout=2"), false), 0);
	assert_true(command_line_has(&f->line, common_rows, "timeout"));
	assert_true(command_line_has(&f->line, common_rows, "color"));
	assert_false(command_line_has(&f->line, common_rows, "verbose"));
	assert_false(command_line_has(&f->line, common_rows, "no_such"));
	assert_int_equal(f->line.given_count, 2);
	assert_int_equal(f->line.warnings_count, 0);
}

static void test_deprecated(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse_args(f, ARGS("--format", "csv"), false), 0);
	assert_int_equal(f->own.output, 2);
	assert_true(command_line_has(&f->line, own_rows, "output"));
	assert_int_equal(f->line.warnings_count, 1);
	assert_string_equal(f->line.warnings[0], "option '--format' is deprecated; use '--output'");
}

static void test_require(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse_args(f, ARGS("-v"), false), 0);
	assert_int_equal(command_line_require(&f->line, f->sets, &f->err), -1);
	assert_string_equal(f->err.msg, "option '--name TEXT' is required");
	assert_int_equal(parse_args(f, ARGS("-Nx"), false), 0);
	assert_int_equal(command_line_require(&f->line, f->sets, &f->err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forms, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lists_replace_their_default, setup, teardown),
		cmocka_unit_test_setup_teardown(test_arguments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stop_at_argument, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_given, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deprecated, setup, teardown),
		cmocka_unit_test_setup_teardown(test_require, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

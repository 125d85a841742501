/*
 * Programs as they are configured: how the command is read, and what environment it gets.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/option_command.h"

struct opts {
	int64_t before;
	struct option_command program;
};

static const struct option_row rows[] = {
	OPTION_COMMAND_ROWS("run", struct opts, program),
	{0},
};

struct given {
	const char *key, *text;
};

static struct opts opts_of(struct arena *arena, const struct given *given)
{
	const struct option_context context = {.arena = arena};
	struct opts opts = {0};
	struct err err = {0};

	option_set_defaults(rows, &context, &opts);
	for (; given->key; given++) {
		const struct option_row *row = option_find(rows, str_of(given->key));

		assert_int_equal(option_parse(row, &context, str_of(given->text), &opts, &err), 0);
	}
	return opts;
}

static void test_command(void **state)
{
	static const struct {
		struct given given[5];
		const char *words[5]; /* NULL first: refused */
	} cases[] = {
		{{{"run", "true"}}, {"true"}},
		{{{"run", "sh -c 'echo \"a  b\"'"}}, {"sh", "-c", "echo \"a  b\""}},
		{{{"run", "/bin/a b"}, {"run", "c | d"}}, {"/bin/a b", "c | d"}},
		{{{"run", "a"}, {"run", ""}}, {"a", ""}},
		{{{0}}, {NULL}},
		{{{"run", ""}}, {NULL}},
		{{{"run", ""}, {"run", "a"}}, {NULL}},
		{{{"run", "a | b"}}, {NULL}},
		{{{"run", "a 'b"}}, {NULL}},
		{{{"run", "a"}, {"inherit_env", "A=B"}}, {NULL}},
		{{{"run", "a"}, {"inherit_env", ""}}, {NULL}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct opts opts = opts_of(arena, cases[i].given);
		struct err err = {0};
		int status = option_command_finish(&opts.program, arena, &err);
		size_t count = 0;

		if (!cases[i].words[0]) {
			assert_int_equal(status, -1);
			assert_int_equal(err.code, ERR_INPUT);
			continue;
		}
		assert_int_equal(status, 0);
		for (; cases[i].words[count]; count++) {
			assert_string_equal(opts.program.argv[count], cases[i].words[count]);
		}
		assert_null(opts.program.argv[count]);
	}
}

/* Only a mapping of a file can have such a key. */
static void test_bad_variable(void **state)
{
	static const struct given given[] = {{"run", "true"}, {0}};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct option_context context = {.arena = arena};
	struct opts opts = opts_of(arena, given);
	struct err err = {0};

	(void)state;
	assert_int_equal(option_map_add(option_find(rows, str_of("env")), &context, str_of("A=B"),
				 str_of("c"), &opts.program.env, &err),
		0);
	assert_int_equal(option_command_finish(&opts.program, arena, &err), -1);
	assert_string_equal(err.msg, "env: 'A=B' is no name of an environment variable");
}

static const char *env_get(const char *const *env, const char *name)
{
	const char *value = NULL;

	for (; *env; env++) {
		size_t len = strlen(name);

		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=') {
			assert_null(value); /* once */
			value = *env + len + 1;
		}
	}
	return value;
}

static void test_environment(void **state)
{
	static const struct given given[] = {
		{"run", "true"},
		{"inherit_env", "OPTION_COMMAND_TEST"},
		{"inherit_env", "OPTION_COMMAND_NONE"},
		{"inherit_env", "OWN"},
		{"env", "LANG=de_DE.UTF-8"},
		{"env", "A=x=y"},
		{"env", "EMPTY="},
		{0},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct opts opts = opts_of(arena, given);
	struct pairs own = {0};
	const char *const *env;

	(void)state;
	assert_int_equal(setenv("OPTION_COMMAND_TEST", "handed on", 1), 0);
	assert_int_equal(setenv("OPTION_COMMAND_OTHER", "kept", 1), 0);
	assert_int_equal(unsetenv("OPTION_COMMAND_NONE"), 0);
	assert_int_equal(unsetenv("OWN"), 0);
	pairs_set(&own, arena, str_of("OWN"), str_of("ours"));
	pairs_set(&own, arena, str_of("A"), str_of("hidden by env"));
	env = option_command_env(&opts.program, "/usr/bin", &own, arena);
	assert_string_equal(env_get(env, "PATH"), "/usr/bin");
	assert_string_equal(env_get(env, "LANG"), "de_DE.UTF-8");
	assert_string_equal(env_get(env, "OPTION_COMMAND_TEST"), "handed on");
	assert_null(env_get(env, "OPTION_COMMAND_OTHER"));
	assert_null(env_get(env, "OPTION_COMMAND_NONE"));
	assert_string_equal(env_get(env, "OWN"), "ours");
	assert_string_equal(env_get(env, "A"), "x=y");
	assert_string_equal(env_get(env, "EMPTY"), "");
	assert_non_null(env_get(env, "HOME"));
	assert_null(env_get(option_command_env(&opts.program, "/bin", NULL, arena), "OWN"));
}

static void test_home(void **state)
{
	static const struct given given[] = {{"run", "true"}, {0}};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(freep) char *home = getenv("HOME") ? xstrdup(getenv("HOME")) : NULL;
	struct opts opts = opts_of(arena, given);

	(void)state;
	assert_int_equal(unsetenv("HOME"), 0);
	assert_string_equal(
		env_get(option_command_env(&opts.program, "/bin", NULL, arena), "HOME"), "/");
	if (home) {
		assert_int_equal(setenv("HOME", home, 1), 0);
	}
}

static void test_rows(void **state)
{
	struct err err = {0};

	(void)state;
	if (option_rows_check(rows, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_bad_variable),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_home),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

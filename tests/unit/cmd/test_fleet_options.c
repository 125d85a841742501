/*
 * A command line of before, under what is given now.
 */
#include "cmd/cmd_fixture.h"
#include "cmd/fleet_options.h"

struct again {
	struct arena *arena;
	struct fleet_opts opts;
	struct common_opts common;
	struct command_line line;
	struct cmd_run run;
	struct fleet_cmd fleet;
	const char *config;
	struct err err;
};

static int take(struct again *a, const char *const *now, const char *const *before)
{
	struct option_set sets[CMD_SETS_MAX + 1] = {0};
	struct run_request request;
	int now_count = 0, before_count = 0;

	*a = (struct again){.arena = arena_new()};
	for (size_t i = 0; fleet_sets[i].rows; i++) {
		sets[i].rows = fleet_sets[i].rows;
		sets[i].base = sets[i].rows == common_rows ? (void *)&a->common : (void *)&a->opts;
	}
	while (now[now_count]) {
		now_count++;
	}
	while (before[before_count]) {
		before_count++;
	}
	assert_int_equal(
		command_line_parse(now_count, now, sets, false, a->arena, &a->line, &a->err), 0);
	a->run = (struct cmd_run){.cmd = &cmd_fleet,
		.arena = a->arena,
		.common = &a->common,
		.opts = &a->opts,
		.line = &a->line};
	a->fleet = (struct fleet_cmd){.run = &a->run, .opts = &a->opts};
	run_request_init(&request, before_count, before, "/there", NULL, a->arena);
	return fleet_check_withheld(&a->fleet, &request, &a->err) < 0
		       ? -1
		       : fleet_take_request(&a->fleet, &request, &a->config, &a->err);
}

static void what_is_taken(void **state)
{
	static const char *const now[] = {"fleet", "retry", "--timeout", "7", "-o", "json", NULL};
	static const char *const before[] = {"fleet", "a b", "c", "--servers", "s.txt", "--timeout",
		"5", "--workers", "3", "--yes", "-o", "csv", "--config", "/c.yaml", "--nice", "2",
		"--ssh-config", "/abs", NULL};
	const struct fleet_opts *opts;
	struct again a;

	(void)state;
	assert_int_equal(take(&a, now, before), 0);
	opts = a.fleet.opts;
	assert_int_equal(a.fleet.args_count, 2);
	assert_string_equal(a.fleet.args[0], "a b");
	assert_string_equal(opts->servers.file, "/there/s.txt");
	assert_string_equal(opts->ssh.config_file, "/abs");
	assert_int_equal(opts->timeout_ms, 7000);
	assert_int_equal(opts->workers, 3);
	assert_int_equal(opts->output, FLEET_JSON);
	assert_false(opts->guard.is_yes); /* what was meant then need not be meant now */
	assert_true(cmd_run_has(a.fleet.run, "nice"));
	assert_true(cmd_run_has(a.fleet.run, "timeout"));
	assert_false(cmd_run_has(a.fleet.run, "yes"));
	assert_string_equal(a.config, "/c.yaml");
	arena_free(a.arena);
}

static void what_is_withheld(void **state)
{
	static const char *const without[] = {"fleet", "retry", NULL};
	static const char *const with[] = {"fleet", "retry", "--env", "A=now", NULL};
	static const char *const before[] = {"fleet", "x", "--env", "A=then", NULL};
	struct again a;

	(void)state;
	assert_int_equal(take(&a, without, before), -1);
	assert_int_equal(a.err.code, ERR_INPUT);
	arena_free(a.arena);
	assert_int_equal(take(&a, with, before), 0);
	assert_string_equal(OPTION_AT(&a.fleet.opts->env, const char *, 0), "now");
	arena_free(a.arena);
}

static void what_is_not_understood_any_more(void **state)
{
	static const char *const now[] = {"fleet", "retry", NULL};
	static const char *const before[] = {"fleet", "x", "--no-such-flag", NULL};
	struct again a;

	(void)state;
	assert_int_equal(take(&a, now, before), -1);
	assert_non_null(strstr(a.err.msg, "--no-such-flag"));
	arena_free(a.arena);
}

static void whose_rows(void **state)
{
	(void)state;
	for (size_t i = 0; fleet_sets[i].rows; i++) {
		struct err err = {0};

		assert_int_equal(option_rows_check(fleet_sets[i].rows, &err), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(what_is_taken),
		cmd_test(what_is_withheld),
		cmd_test(what_is_not_understood_any_more),
		cmd_test(whose_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A command line of before, under the flags of another subcommand that are given now.
 */
#include "cmd/cmd_fixture.h"
#include "cmd/copy_cmd.h"
#include "cmd/fleet_cmd.h"
#include "cmd/fleet_options.h"
#include "cmd/request_line.h"

struct again {
	struct arena *arena;
	struct fleet_opts opts;
	struct common_opts common;
	struct command_line line;
	struct cmd_run run;
	struct request_line taken;
	struct err err;
};

static int count_of(const char *const *words)
{
	int count = 0;

	while (words[count]) {
		count++;
	}
	return count;
}

static const char *const passed_over[] = {"only", "list", NULL};

/* `sre-toolkit fleet retry ...` of a copy. */
static int take_words(struct again *a, const char *const *now, const char *const *before, int count)
{
	struct option_set sets[CMD_SETS_MAX + 1] = {0};
	struct run_request request;
	struct request_line_spec spec = {.request = &request,
		.cmd = &cmd_copy,
		.kept = copy_kept_flags,
		.now = &a->run,
		.passed_over = passed_over};

	*a = (struct again){.arena = arena_new()};
	for (size_t i = 0; fleet_sets[i].rows; i++) {
		sets[i].rows = fleet_sets[i].rows;
		sets[i].base = sets[i].rows == common_rows ? (void *)&a->common : (void *)&a->opts;
	}
	assert_int_equal(
		command_line_parse(count_of(now), now, sets, false, a->arena, &a->line, &a->err),
		0);
	a->run = (struct cmd_run){.cmd = &cmd_fleet,
		.arena = a->arena,
		.common = &a->common,
		.opts = &a->opts,
		.line = &a->line};
	run_request_init(&request, count, before, "/there", NULL, a->arena);
	return request_line_take(&spec, &a->taken, &a->err);
}

static int take(struct again *a, const char *const *now, const char *const *before)
{
	return take_words(a, now, before, count_of(before));
}

static const struct cmd_run *run_of(struct again *a, const char *const *before)
{
	struct run_request request;
	const struct request_line_spec spec = {.request = &request,
		.cmd = &cmd_copy,
		.kept = copy_kept_flags,
		.now = &a->run,
		.passed_over = passed_over};

	run_request_init(&request, count_of(before), before, "/there", NULL, a->arena);
	return request_line_run(&spec, &a->taken);
}

static void what_is_taken(void **state)
{
	static const char *const now[] = {"fleet", "retry", "7", "--timeout", "7", "-o", "csv",
		"--only", "timeout", "--list", "--sudo-password-file", "mine", "-n", NULL};
	static const char *const before[] = {"copy", "a", "web-01:/b", "--mode", "0640",
		"--timeout", "5", "--workers", "3", "--yes", "-o", "jsonl", "--config", "c.yaml",
		"--servers", "s.txt", "--backup=time", NULL};
	const struct copy_opts *opts;
	struct again a;

	(void)state;
	assert_int_equal(take(&a, now, before), 0);
	opts = a.taken.opts;
	assert_int_equal(a.taken.line.args_count, 2);
	assert_string_equal(a.taken.line.args[1], "web-01:/b");
	assert_string_equal(opts->mode, "0640");
	assert_string_equal(opts->servers.file, "/there/s.txt");
	assert_string_equal(opts->passwords.sudo_file, "mine");
	assert_int_equal(opts->timeout_ms, 7000);
	assert_int_equal(opts->silence_ms, 60000); /* copy's default, not fleet's */
	assert_int_equal(opts->workers, 3);
	assert_int_equal(opts->backup, 2);
	assert_int_equal(opts->output, COPY_CSV);
	assert_true(opts->is_dry_run);
	assert_false(opts->guard.is_yes); /* what was meant then need not be meant now */
	assert_string_equal(a.taken.config, "/there/c.yaml");
	arena_free(a.arena);
}

static void what_does_not_go_with_it(void **state)
{
	static const struct {
		const char *now[6], *before[6];
		const char *says;
	} cases[] = {
		{{"fleet", "retry", "--env", "A=b"}, {"copy", "a", "web-01:/b"},
			"--env does not go with 'copy'"},
		{{"fleet", "retry", "-o", "junit"}, {"copy", "a", "web-01:/b"},
			"--output junit does not go with 'copy'"},
		{{"fleet", "retry"}, {"copy", "a", "web-01:/b", "--no-such-flag"},
			"--no-such-flag"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct again a;

		assert_int_equal(take(&a, cases[i].now, cases[i].before), -1);
		assert_int_equal(a.err.code, ERR_INPUT);
		assert_non_null(strstr(a.err.msg, cases[i].says));
		arena_free(a.arena);
	}
}

/* The line of before, with what is given now; it can be taken in turn. */
static void how_it_is_run(void **state)
{
	static const char *const now[] = {"fleet", "retry", "7", "--timeout", "7", "-u", "root",
		"--only", "timeout", "--list", "--sudo-password-file", "mine", "--ssh-config", "/c",
		"--yes", "--no-canary", "--transport", "openssh", "--workers", "2", NULL};
	static const char *const before[] = {
		"copy", "a", "--timeout", "5", "--canary", "-u", "me", "--", "web-01:/b", NULL};
	static const char *const no_more[] = {"fleet", "retry", NULL};
	const struct cmd_fixture *f = *state;
	struct again a, again;
	const struct copy_opts *opts;
	const struct cmd_run *run;
	const char *const *kept;

	assert_int_equal(take(&a, now, before), 0);
	run = run_of(&a, before);
	kept = run->argv;
	assert_ptr_equal(run->opts, a.taken.opts);
	assert_ptr_equal(run->line, &a.taken.line);
	assert_string_equal(kept[0], "copy");
	assert_string_equal(kept[7], "--timeout=7000ms");
	assert_string_equal(kept[8], "--username=root");
	assert_string_equal(
		kept[9], arena_printf(a.arena, "--sudo-password-file=%s/mine", f->folder));
	assert_string_equal(kept[10], "--ssh-config=/c");
	assert_string_equal(kept[11], "--no-canary");
	assert_string_equal(kept[12], "--transport=openssh");
	assert_string_equal(kept[13], "--workers=2");
	assert_string_equal(kept[14], "--");
	assert_int_equal(run->argc, 16);

	assert_int_equal(take_words(&again, no_more, kept, run->argc), 0);
	opts = again.taken.opts;
	assert_int_equal(opts->timeout_ms, 7000);
	assert_string_equal(opts->ssh.username, "root");
	assert_false(opts->is_canary);
	assert_int_equal(opts->workers, 2);
	assert_string_equal(again.taken.line.args[1], "web-01:/b");
	arena_free(again.arena);
	arena_free(a.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(what_is_taken),
		cmd_test(what_does_not_go_with_it),
		cmd_test(how_it_is_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

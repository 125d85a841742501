/*
 * What every subcommand does: flags of its own, errors and their exit codes, its data.
 */
#include <fcntl.h>

#include "cmd/cmd_fixture.h"

static const struct common_opts no_opts;
static const struct cmd_run bare = {.cmd = &cmd_config, .common = &no_opts};

static void whose_flags(void **state)
{
	const struct option_row *given[] = {&cmd_config.doc.sets[0].rows[0]};
	struct command_line line = {.given = given, .given_count = 1};
	struct cmd_run run = {.cmd = &cmd_config, .line = &line};

	(void)state;
	assert_true(cmd_run_is_own(&run, given[0]));
	assert_false(cmd_run_is_own(&run, common_rows));
	assert_false(cmd_run_is_own(&run, cmd_fleet.doc.sets[0].rows));
	assert_true(cmd_run_has(&run, given[0]->name));
	assert_false(cmd_run_has(&run, "verbose"));
	line.given_count = 0;
	assert_false(cmd_run_has(&run, given[0]->name));
}

static void errors(void **state)
{
	struct cmd_fixture *f = *state;
	struct err err = {0};
	int saved = redirect(STDERR_FILENO, "err");

	assert_int_equal(cmd_run_usage(&bare, "no '%s'", "x\ny"), 2);
	(void)err_set(&err, ERR_BUSY, "held");
	assert_int_equal(cmd_run_fail(&bare, &err), 75);
	(void)err_set(&err, ERR_INPUT, "broken");
	assert_int_equal(cmd_run_fail(&bare, &err), 1);
	restore(STDERR_FILENO, saved);
	read_text("err", &f->err);
	assert_said(&f->err, "sre-toolkit config: no 'x\\ny'\n");
	assert_said(&f->err, "config: held");
	assert_said(&f->err, "config: broken");
}

static void data(void **state)
{
	static const struct common_opts nowhere = {.output_file = "no/such/folder"};
	const struct cmd_run lost = {.cmd = &cmd_config, .common = &nowhere};
	struct cmd_fixture *f = *state;
	struct strbuf text = STRBUF_INIT;
	int out = redirect(STDOUT_FILENO, "out");
	int err = redirect(STDERR_FILENO, "err");
	enum exit_code kept, failed;

	strbuf_adds(&text, "results\n");
	kept = cmd_run_write(&bare, &text, EXIT_CODE_DEADLINE);
	strbuf_adds(&text, "results\n");
	failed = cmd_run_write(&lost, &text, EXIT_CODE_OK);
	restore(STDOUT_FILENO, out);
	restore(STDERR_FILENO, err);
	read_text("out", &f->out);
	read_text("err", &f->err);
	assert_int_equal(kept, EXIT_CODE_DEADLINE);
	assert_int_equal(failed, EXIT_CODE_FAILED);
	assert_int_equal(text.len, 0); /* it was taken */
	assert_string_equal(f->out.buf, "results\n");
	assert_said(&f->err, "no/such/folder");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(whose_flags),
		cmd_test(errors),
		cmd_test(data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

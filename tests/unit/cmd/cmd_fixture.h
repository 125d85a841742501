/*
 * A subcommand run as main.c runs it, in a folder of its own: flags in, exit code and output out.
 */
#ifndef TESTS_UNIT_CMD_CMD_FIXTURE_H
#define TESTS_UNIT_CMD_CMD_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/run_report.h"
#include "cmd/cmd.h"
#include "cmocka_all.h"

enum { CMD_ARGS_MAX = 16, CMD_OUTPUT_MAX = 4 * 1024 * 1024 };

struct cmd_args {
	const char *of[CMD_ARGS_MAX];
};

struct cmd_fixture {
	char folder[32]; /* the current one */
	enum exit_code exit_code;
	struct strbuf out, err; /* what was written to stdout, stderr */
	struct strbuf report;   /* the run report, as JSON */
};

static inline int cmd_fixture_setup(void **state)
{
	struct cmd_fixture *f = xcalloc(1, sizeof(*f));

	(void)snprintf(f->folder, sizeof(f->folder), "/tmp/test_cmd.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	assert_int_equal(chdir(f->folder), 0);
	(void)unsetenv("SRE_TOOLKIT_CONFIG");
	(void)setenv("XDG_CONFIG_HOME", f->folder, 1);
	strbuf_init(&f->out, 0);
	strbuf_init(&f->err, 0);
	strbuf_init(&f->report, 0);
	*state = f;
	return 0;
}

static inline int cmd_fixture_teardown(void **state)
{
	static const char *const names[] = {"out", "err", "c.yaml", "results", "seen",
		"sre-toolkit.yaml", "state.db", "state.db-shm", "state.db-wal", "events"};
	struct cmd_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)unlink(names[i]);
	}
	strbuf_release(&f->out);
	strbuf_release(&f->err);
	strbuf_release(&f->report);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(f->folder), 0); /* nothing else was left there */
	free(f);
	return 0;
}

static inline void write_text(const char *path, const char *text)
{
	struct err err = {0};

	if (file_write(path, str_of(text), 0600, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

static inline void read_text(const char *path, struct strbuf *ret_text)
{
	struct err err = {0};

	if (file_read(path, FILE_REGULAR, CMD_OUTPUT_MAX, ret_text, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

/* Let `fd` be the file at `path`; returns what it was. */
static inline int redirect(int fd, const char *path)
{
	int saved = dup(fd);
	FILE *file = fopen(path, "we");

	assert_true(saved >= 0 && file);
	assert_int_equal(dup2(fileno(file), fd), fd);
	(void)fclose(file);
	return saved;
}

static inline void restore(int fd, int saved)
{
	assert_int_equal(dup2(saved, fd), fd);
	(void)close(saved);
}

static inline enum exit_code cmd_run_parsed(
	struct cmd_fixture *f, const struct cmd *cmd, const struct cmd_args *args)
{
	struct arena *arena = arena_new();
	struct common_opts common = {0};
	void *opts = arena_alloc(arena, cmd->opts_size);
	struct command_line line = {0};
	struct option_set sets[CMD_SETS_MAX + 1] = {0};
	const char *argv[CMD_ARGS_MAX + 1] = {cmd->doc.name};
	struct cmd_run run = {.cmd = cmd,
		.arena = arena,
		.common = &common,
		.opts = opts,
		.line = &line,
		.argv = argv};
	enum exit_code exit_code;
	struct err err = {0};
	int argc = 1;

	for (size_t i = 0; cmd->doc.sets[i].rows; i++) {
		sets[i].rows = cmd->doc.sets[i].rows;
		sets[i].base = sets[i].rows == common_rows ? (void *)&common : opts;
	}
	for (; argc <= CMD_ARGS_MAX && args->of[argc - 1]; argc++) {
		argv[argc] = args->of[argc - 1];
	}
	if (command_line_parse(argc, argv, sets, false, arena, &line, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	run.argc = argc;
	run.report = run_report_new(cmd->doc.name);
	exit_code = cmd->run(&run);
	run_report_add_json(run.report, (int)exit_code, &f->report);
	run_report_free(run.report);
	arena_free(arena);
	return exit_code;
}

static inline void cmd_run(
	struct cmd_fixture *f, const struct cmd *cmd, const struct cmd_args *args)
{
	int out = redirect(STDOUT_FILENO, "out");
	int err = redirect(STDERR_FILENO, "err");

	strbuf_clear(&f->report);
	f->exit_code = cmd_run_parsed(f, cmd, args);
	restore(STDOUT_FILENO, out);
	restore(STDERR_FILENO, err);
	read_text("out", &f->out);
	read_text("err", &f->err);
}

static inline void assert_exit(const struct cmd_fixture *f, int exit_code)
{
	if ((int)f->exit_code != exit_code) {
		fail_msg("exit code %d, not %d: %s%s", (int)f->exit_code, exit_code, f->out.buf,
			f->err.buf);
	}
}

static inline void assert_said(const struct strbuf *text, const char *part)
{
	if (!strstr(text->buf, part)) {
		fail_msg("'%s' does not say '%s'", text->buf, part);
	}
}

#define cmd_test(fn) cmocka_unit_test_setup_teardown(fn, cmd_fixture_setup, cmd_fixture_teardown)

#endif

/*
 * The program: which subcommand, with what flags; its log, lock and report; its exit code.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/run_report.h"
#include "base/strbuf.h"
#include "base/terminal.h"
#include "base/utf8.h"
#include "cmd/cmd.h"
#include "cmd/cmd_table.h"
#include "cmd/program.h"
#include "cmd/usage.h"
#include "cmd/verbs.h"

static enum exit_code print(struct strbuf *text)
{
	static const struct common_opts to_stdout = {0};
	struct err err = {0};
	int status = common_write_output(&to_stdout, strbuf_str(text), &err);

	strbuf_release(text);
	if (status < 0) {
		usage_error(NULL, NULL, "%s", err.msg);
		return EXIT_CODE_FAILED;
	}
	return EXIT_CODE_OK;
}

static enum exit_code print_program_help(void)
{
	struct strbuf text = STRBUF_INIT;

	docs_add_program_help(&program_doc, terminal_width(STDOUT_FILENO), &text);
	return print(&text);
}

/* Of its verb, if `word` is one; of the command, unless it looks as if it were meant to be one. */
static enum exit_code print_command_help(const struct cmd *cmd, const char *word)
{
	const struct doc_verb_place place = {
		&program_doc, &cmd->doc, word ? doc_verb_find(&cmd->doc, word) : NULL};
	const char *near = word && !place.verb ? verb_suggest(cmd, word) : NULL;
	int width = terminal_width(STDOUT_FILENO);
	struct strbuf text = STRBUF_INIT;

	if (near) {
		usage_error(NULL, cmd->doc.name, "unknown verb '%s'; did you mean '%s'?",
			utf8_quote(str_of(word)).text, near);
		return EXIT_CODE_USAGE;
	}
	if (place.verb) {
		docs_add_verb_help(&place, width, &text);
	} else {
		docs_add_command_help(&program_doc, &cmd->doc, width, &text);
	}
	return print(&text);
}

static enum exit_code print_version(void)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "sre-toolkit %s\n", program_doc.version);
	return print(&text);
}

static enum exit_code unknown_command(const char *name)
{
	const char *near = cmd_suggest(str_of(name));

	if (near) {
		usage_error(NULL, NULL, "unknown command '%s'; did you mean '%s'?",
			utf8_quote(str_of(name)).text, near);
	} else {
		usage_error(NULL, NULL, "unknown command '%s' (sre-toolkit --help lists them)",
			utf8_quote(str_of(name)).text);
	}
	return EXIT_CODE_USAGE;
}

static void note_error(void *report, enum log_level level, struct str text)
{
	if (level == LOG_LEVEL_ERROR) {
		run_report_add(report, REPORT_ERRORS, text);
	} else if (level == LOG_LEVEL_WARN) {
		run_report_add(report, REPORT_WARNINGS, text);
	}
}

static int open_log(const struct common_opts *common, struct err *err)
{
	const struct log_options options = {
		.level = log_level_of(common->log_file ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
			(int)common->verbose, common->is_quiet),
		.format = (enum log_format)common->log_format,
		.file = common->log_file,
	};

	return log_open(&options, err);
}

/* Told before the work, not after it. */
static int check_files(const struct common_opts *common, struct err *err)
{
	if (common->output_file && file_check_writable(common->output_file, err) < 0) {
		return err_wrap(err, "--output-file");
	}
	if (common->report && file_check_writable(common->report, err) < 0) {
		return err_wrap(err, "--report");
	}
	return 0;
}

static enum exit_code write_report(struct cmd_run *run, enum exit_code exit_code)
{
	struct err err = {0};

	if (run->common->report &&
		run_report_write(run->report, (int)exit_code, run->common->report, &err) < 0) {
		log_error(NULL, "%s", err.msg);
		return exit_code == EXIT_CODE_OK ? EXIT_CODE_FAILED : exit_code;
	}
	return exit_code;
}

/* With its log open: lock, run, report. */
static enum exit_code run_locked(const struct cmd *cmd, struct cmd_run *run)
{
	struct lock *lock = NULL;
	enum exit_code exit_code;
	struct err err = {0};

	if (run->common->lock && lock_take(run->common->lock, cmd->doc.name, &lock, &err) < 0) {
		usage_error(run->common, cmd->doc.name, "%s", err.msg);
		return err.code == ERR_BUSY ? EXIT_CODE_LOCKED : EXIT_CODE_USAGE;
	}
	run->report = run_report_new(cmd->doc.name);
	log_observe(note_error, run->report);
	exit_code = cmd->run(run);
	log_observe(NULL, NULL);
	exit_code = write_report(run, exit_code);
	run_report_free(run->report);
	lock_free(&lock);
	return exit_code;
}

/* Of a verb, what it takes and where that is written. */
static enum exit_code refuse_line(const struct cmd_run *run, const struct err *why)
{
	const struct cmd *cmd = run->cmd;
	const struct doc_verb *verb = run->argc > 1 ? doc_verb_find(&cmd->doc, run->argv[1]) : NULL;
	bool is_unknown = str_starts(str_of(why->msg), "unknown option");
	const char *hint = is_unknown && !verb ? cmd->unknown_option_hint : NULL;
	_cleanup_(strbuf_release) struct strbuf see = STRBUF_INIT;
	struct err err = *why;

	if (verb) {
		(void)verb_read_line(run, verb, &err); /* fails no later, as it takes no more */
	}
	verb_add_see(cmd, verb, &see);
	usage_error(NULL, cmd->doc.name, "%s (%s%s%s)", err.msg, hint ? hint : "", hint ? "; " : "",
		see.buf);
	return EXIT_CODE_USAGE;
}

static enum exit_code run_command(
	const struct cmd *cmd, int argc, const char *const *argv, struct arena *arena)
{
	struct common_opts common = {0};
	void *opts = arena_alloc(arena, cmd->opts_size);
	struct command_line line = {0};
	struct option_set sets[CMD_SETS_MAX + 1] = {0};
	struct cmd_run run = {.cmd = cmd,
		.arena = arena,
		.common = &common,
		.opts = opts,
		.line = &line,
		.argv = argv,
		.argc = argc};
	struct err err = {0};
	enum exit_code exit_code;

	for (size_t i = 0; cmd->doc.sets[i].rows; i++) {
		assert(i < CMD_SETS_MAX);
		sets[i] = cmd->doc.sets[i];
		sets[i].base = sets[i].rows == common_rows ? (void *)&common : opts;
	}
	if (command_line_parse(argc, argv, sets, cmd->stops_at_argument, arena, &line, &err) < 0) {
		return refuse_line(&run, &err);
	}
	if (common.is_help) {
		return print_command_help(cmd, line.args_count > 0 ? line.args[0] : NULL);
	}
	if (common.is_version) {
		return print_version();
	}
	if (open_log(&common, &err) < 0) {
		usage_error(NULL, cmd->doc.name, "--log-file: %s", err.msg);
		return EXIT_CODE_USAGE;
	}
	if (check_files(&common, &err) < 0) {
		usage_error(&common, cmd->doc.name, "%s", err.msg);
		exit_code = EXIT_CODE_USAGE;
	} else {
		exit_code = run_locked(cmd, &run);
	}
	log_close();
	return exit_code;
}

static enum exit_code help_command(int argc, const char *const *argv)
{
	const struct cmd *cmd;

	if (argc < 3) {
		return print_program_help();
	}
	cmd = cmd_find(str_of(argv[2]));
	return cmd ? print_command_help(cmd, argc > 3 ? argv[3] : NULL) : unknown_command(argv[2]);
}

static enum exit_code dispatch(int argc, const char *const *argv, struct arena *arena)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	const struct cmd *cmd;

	if (!word) {
		struct strbuf text = STRBUF_INIT;

		docs_add_program_help(&program_doc, terminal_width(STDERR_FILENO), &text);
		(void)file_write_all(
			STDERR_FILENO, strbuf_str(&text)); /* the exit code tells too */
		strbuf_release(&text);
		return EXIT_CODE_USAGE;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		return print_program_help();
	}
	if (strcmp(word, "help") == 0) {
		return help_command(argc, argv);
	}
	if (strcmp(word, "--version") == 0 || strcmp(word, "version") == 0) {
		return print_version();
	}
	if (word[0] == '-') {
		usage_error(NULL, NULL,
			"flag '%s' before the command; write sre-toolkit COMMAND [FLAGS] (see "
			"--help)",
			utf8_quote(str_of(word)).text);
		return EXIT_CODE_USAGE;
	}
	cmd = cmd_find(str_of(word));
	return cmd ? run_command(cmd, argc - 1, argv + 1, arena) : unknown_command(word);
}

/* A descriptor that is closed here would be given to the next file we open, and what we print would
 * go into it.  Opened for reading only, so that writing results to nowhere still fails. */
static void open_standard_descriptors(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && fd <= STDERR_FILENO) {
		fd = dup(fd);
	}
	if (fd > STDERR_FILENO) {
		(void)close(fd); /* /dev/null loses nothing */
	}
}

/* A link to the program that is called so is its subcommand `fleet`. */
static bool is_fleet_run(const char *name)
{
	const char *slash = strrchr(name, '/');

	return strcmp(slash ? slash + 1 : name, "fleet-run") == 0;
}

static enum exit_code run_as(int argc, const char *const *argv, struct arena *arena)
{
	if (argc > 0 && is_fleet_run(argv[0])) {
		return run_command(cmd_find(str_of("fleet")), argc, argv, arena);
	}
	return dispatch(argc, argv, arena);
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_new();
	enum exit_code exit_code;

	open_standard_descriptors();
	(void)signal(SIGPIPE, SIG_IGN); /* cannot fail; a closed pipe is told by write(2) */
	exit_code = run_as(argc, (const char *const *)argv, arena);
	arena_free(arena);
	return (int)exit_code;
}

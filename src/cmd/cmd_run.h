/*
 * One run of a subcommand: what it was asked, and how it ends.
 */
#ifndef CMD_CMD_RUN_H
#define CMD_CMD_RUN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/exit_code.h"
#include "base/run_report.h"
#include "base/strbuf.h"
#include "cmd/common_options.h"
#include "conf/command_line.h"

struct cmd;

/* What a subcommand is run with. */
struct cmd_run {
	const struct cmd *cmd;
	struct arena *arena; /* of the process */
	const struct common_opts *common;
	const void *opts; /* the subcommand's own */
	const struct command_line *line;
	const char *const *argv; /* as it was typed, from the subcommand's name on */
	int argc;
	struct run_report *report;
};

/* Is this a flag of the subcommand's own, not one that all have? */
bool cmd_run_is_own(const struct cmd_run *, const struct option_row *);

/* Was this flag of its own given?  `name` is a row's, with "_". */
bool cmd_run_has(const struct cmd_run *, const char *name);

/* Exit code 2, the text told: the user's own mistake. */
enum exit_code cmd_run_usage(const struct cmd_run *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Exit code 75 for what others hold, 1 for all else; logged as the subcommand's error. */
enum exit_code cmd_run_fail(const struct cmd_run *, const struct err *);

/* Write the subcommand's data, and end with `exit_code`, or with 1 if it cannot be written; takes
 * the text. */
enum exit_code cmd_run_write(const struct cmd_run *, struct strbuf *text, enum exit_code);

#endif

/*
 * A subcommand: one file cmd_<name>.c, one line in cmd_table.c.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/exit_code.h"
#include "cmd/cmd_run.h"
#include "conf/docs.h"

enum { CMD_SETS_MAX = 12 };

struct cmd {
	/* Name, arguments, summary, description, examples; its sets are rows over `opts`, under as
	 * many headings as it likes, and common_rows last. */
	struct doc_command doc;
	size_t opts_size;
	bool stops_at_argument; /* what follows the first argument is left alone: `run -- COMMAND`
				 */
	/* Whose flag an unknown one may be, for who gives one; NULL: nobody else's. */
	const char *unknown_option_hint;
	/* Returns the exit code.  Logs its own errors. */
	enum exit_code (*run)(struct cmd_run *);
};

/* One for each file cmd_<name>.c; the table is cmd_table.c. */
extern const struct cmd cmd_alert;
extern const struct cmd cmd_check;
extern const struct cmd cmd_config;
extern const struct cmd cmd_copy;
extern const struct cmd cmd_fleet;

#endif

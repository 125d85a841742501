/*
 * The command line, through the rows: --long, --long=value, --no-long, -s, -svalue, bundles of
 * short flags, "--", unambiguous prefixes are NOT accepted (scripts must not break when a flag is
 * added).
 */
#ifndef CONF_COMMAND_LINE_H
#define CONF_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "conf/option.h"

/* Rows and the struct they fill.  Several sets make up a command's flags. */
struct option_set {
	const char *heading; /* for --help: "Options", "Common options" */
	const struct option_row *rows;
	void *base;
};

struct command_line {
	const char **args; /* what is not a flag, in order; borrowed from argv */
	size_t args_count, args_alloc;
	const struct option_row **given; /* the rows that were given, for "was it set?" */
	size_t given_count, given_alloc;
};

/*
 * Parse argv[1..]; sets have been given their defaults by this call.  `sets` ends with rows ==
 * NULL. When stop_at_arg, everything from the first argument on is left in args untouched (for `run
 * -- CMD`). An unknown flag is an error that names the nearest known one.
 */
int command_line_parse(int argc, const char *const *argv, const struct option_set *sets,
	bool stop_at_arg, struct arena *, struct command_line *ret_line, struct err *);

bool command_line_has(const struct command_line *, const struct option_row *rows, const char *name);

#endif

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
	const struct option_row *
		*given; /* the rows that were given, each once; for "was it set?" */
	size_t given_count, given_alloc;
	const char **warnings; /* deprecated flags: "option '--old' is deprecated; use '--new'" */
	size_t warnings_count, warnings_alloc;
};

/*
 * Parse argv[1..]; the sets are given their defaults first.  `sets` ends with rows == NULL; where
 * two have a flag of the same name, the first has it.  Rows of other shapes than ONE, LIST and
 * MAP(_LIST) and OPTION_CONFIG_ONLY rows are no flags.  A flag that is given replaces its default;
 * given again, it replaces the value, or adds to the list or map.
 *
 * When stop_at_arg, everything from the first argument on is left in args untouched (for `run --
 * CMD`).  An unknown flag is an error that names the nearest known one.  Whether OPTION_REQUIRED
 * flags are there is not asked, because of --help; see command_line_require().
 */
int command_line_parse(int argc, const char *const *argv, const struct option_set *sets,
	bool stop_at_arg, struct arena *, struct command_line *ret_line, struct err *);

/* All OPTION_REQUIRED flags were given; the error names the first that was not. */
int command_line_require(const struct command_line *, const struct option_set *sets, struct err *);

/* Was the flag of this row given?  `name` is a key of `rows`, with "_". */
bool command_line_has(const struct command_line *, const struct option_row *rows, const char *name);

#endif

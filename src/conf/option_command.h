/*
 * A program that the configuration names: the rows that say which, with which environment and
 * where, and what becomes of them.
 *
 * The command is a list of words, or one text that is split into words; no shell is involved.  The
 * environment is the same wherever we were started from.
 */
#ifndef CONF_OPTION_COMMAND_H
#define CONF_OPTION_COMMAND_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/pairs.h"
#include "conf/option.h"

struct option_command {
	struct option_list command; /* const char *: words, or one text to be split into words */
	struct option_map env;
	struct option_list inherit_env;
	const char *cwd;         /* NULL: ours */
	const char *const *argv; /* after option_command_finish(); NULL-terminated */
};

/* Rows of a kind whose options embed a struct option_command as `field`; `key` is the kind's. */
// clang-format off
#define OPTION_COMMAND_ROWS(key, opts, field) \
	{.name = (key), .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(opts, field.command), \
	 .flags = OPTION_VARIANT_KEY, .placeholder = "COMMAND", \
	 .help = "program and arguments as a list, or as one text that is split as a shell would, without a shell"}, \
	{.name = "env", .shape = OPTION_MAP, .type = &option_string, .offset = offsetof(opts, field.env), \
	 .flags = OPTION_SECRET, .help = "environment variables to set; never shown"}, \
	{.name = "inherit_env", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(opts, field.inherit_env), \
	 .placeholder = "NAME", .help = "names of our own environment variables to hand on"}, \
	{.name = "cwd", .type = &option_path, .offset = offsetof(opts, field.cwd), \
	 .help = "the folder to run in; ours if not given"}
// clang-format on

/* Standard folders: a PATH to begin with. */
#define OPTION_COMMAND_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* For a kind's validate(): makes argv, in the arena.  ERR_INPUT: no command, a quote that is not
 * closed, a character that wants a shell, something that is no name of a variable. */
int option_command_finish(struct option_command *, struct arena *, struct err *);

/*
 * The environment, NULL-terminated, in the arena: PATH as given, LANG=C.UTF-8, HOME, the caller's
 * `own` (NULL: none), then what is inherited, then `env`; of a name that comes again the last one
 * holds.
 */
const char *const *option_command_env(
	const struct option_command *, const char *path, const struct pairs *own, struct arena *);

#endif

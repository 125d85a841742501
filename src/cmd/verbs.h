/*
 * Subcommands with verbs: `sre-toolkit fleet last`.  Each verb is one const struct in its file
 * <command>_<verb>.c; the subcommand's description (doc_command.verbs) has the list of them, from
 * which follow the choice of a verb, which flags go with it, help, pages and completions.
 */
#ifndef CMD_VERBS_H
#define CMD_VERBS_H

#include <stddef.h>

#include "base/err.h"
#include "base/exit_code.h"
#include "base/strbuf.h"
#include "cmd/cmd.h"
#include "conf/docs.h"

enum { VERB_ARGS_ANY = -1 };

struct verb {
	/* Without a name: what the subcommand does without a verb; its summary says so as in "does
	 * not go with sending an alert". */
	struct doc_verb doc;
	int args_min, args_max; /* of those behind the verb; VERB_ARGS_ANY: no limit */
	/* MUST.  Returns the exit code, logs its own errors.  `cmd` is what the verbs of the
	 * subcommand have in common: struct fleet_cmd, struct alert_cmd. */
	enum exit_code (*run)(void *cmd);
};

/* The verb of that name; with NULL, what is done without one.  NULL: there is none. */
const struct verb *verb_find(const struct cmd *, const char *name);

/* The verb that was meant, or NULL. */
const char *verb_suggest(const struct cmd *, const char *name);

/* "see sre-toolkit fleet last --help"; without a verb, or a name, the command's. */
void verb_add_see(const struct cmd *, const struct doc_verb *, struct strbuf *out);

/*
 * Read the command line as it was typed once more, as far as the verb takes it: it may take fewer
 * values of a flag than the command.  -1: it does not take this; *err says it as it would be said
 * of any value that is wrong.
 */
int verb_read_line(const struct cmd_run *, const struct doc_verb *, struct err *);

/* A verb with the arguments behind it. */
struct verb_call {
	const struct verb *verb;
	const char *const *args;
	size_t args_count;
};

/*
 * Do the flags that were given, their values, and so many arguments, go with the verb?  One that
 * does not is a mistake, never to be ignored: exit code 2, told, with `hint` behind it where a flag
 * does not go with a verb (NULL: nothing).
 */
enum exit_code verb_check(const struct cmd_run *, const struct verb_call *, const char *hint);

#endif

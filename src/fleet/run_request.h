/*
 * What was asked for, as the ledger keeps it so that it can be asked for again: the command line,
 * and where it was typed.
 *
 * Values of variables (--env) may be secrets, so they are not kept: whoever repeats the run gives
 * them again.
 */
#ifndef FLEET_RUN_REQUEST_H
#define FLEET_RUN_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"

/* What becomes of a single thing that is fetched from one server. */
enum run_naming {
	RUN_NAMING_OPEN,  /* it was not written down: see what the destination is by now */
	RUN_NAMING_TAKEN, /* it is called as the destination says */
	RUN_NAMING_OWN,   /* it keeps its name, in the folder that is the destination */
};

struct run_request {
	const char **arguments; /* from the subcommand's name on; of --env only "NAME=" */
	size_t arguments_count, arguments_alloc;
	const char **withheld; /* names of --env */
	size_t withheld_count, withheld_alloc;
	const char *directory; /* relative paths start here */
	const char *script;    /* digest of the script; NULL: there was none */
	/* How many servers it was first typed for, where that says what is done: what is fetched
	 * from several goes into a folder for each, also when it is repeated for one.  0: it does
	 * not matter. */
	size_t first_count;
	/* As it was decided when it was first typed: what was begun then may be there by now. */
	enum run_naming naming;
	/* The configuration that was loaded, absolute; NULL: there was none.  Older records do not
	 * know it. */
	const char *config;
	bool knows_config;
};

/* Of a command line; `script` may be NULL.  Strings are borrowed or in the arena. */
void run_request_init(struct run_request *, int argc, const char *const *argv,
	const char *directory, const char *script, struct arena *);

/* Is it a line of this subcommand? */
bool run_request_is_of(const struct run_request *, const char *name);

/* As a JSON object, and back.  ERR_INPUT: it is none of ours. */
void run_request_add_json(const struct run_request *, struct strbuf *out);
int run_request_read(
	const char *json, struct arena *, struct run_request *ret_request, struct err *);

#endif

/*
 * How a subcommand that works on many servers begins to write its run down.  See fleet/ledger.h.
 */
#ifndef CMD_RUN_LEDGER_H
#define CMD_RUN_LEDGER_H

#include "base/log.h"
#include "cmd/cmd_run.h"
#include "cmd/server_select.h"
#include "fleet/ledger.h"
#include "fleet/run_request.h"

/* Strings are borrowed for the call, but for names of servers, until it is closed. */
struct run_ledger_spec {
	const struct cmd_run *run; /* whose command line is kept */
	const struct log_context *log;
	const char *store;     /* NULL: the default */
	const char *shown;     /* what is done, as people know it */
	const char *selection; /* as it was written */
	const struct server_selection *servers;
	const char *directory; /* where the command line was typed; NULL: here */
	const char *config;    /* the file that was loaded; NULL: none */
	const char *script;    /* digest; NULL: there is none */
	size_t first_count;    /* see struct run_request; 0: does not matter */
	enum run_naming naming;
	const char *lost; /* see struct ledger_spec */
};

/* New, or NULL: it cannot be written down, which is told, and the run goes on all the same. */
struct ledger *run_ledger_open(const struct run_ledger_spec *);

/* Where runs are written down.  -1: there is no default. */
int run_ledger_path(const char *store, struct arena *, const char **ret_path, struct err *);

#endif

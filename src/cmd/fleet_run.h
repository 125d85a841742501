/*
 * One run of `fleet COMMAND` from the first connection to the last result: the loop, its signals
 * and clocks, and what is printed meanwhile.
 */
#ifndef CMD_FLEET_RUN_H
#define CMD_FLEET_RUN_H

#include "base/exit_code.h"
#include "cmd/fleet_cmd.h"
#include "cmd/server_select.h"
#include "fleet/fan_out.h"
#include "fleet/ledger.h"

struct fleet_run_spec {
	struct fleet_cmd *fleet;
	const struct server_selection *selection;
	const char *command;     /* as it was typed */
	struct ledger *ledger;   /* NULL: it is not written down; taken, and closed */
	struct fan_out_spec fan; /* without workers and a deadline */
};

/* Runs, prints, and tells its own errors. */
enum exit_code fleet_run(const struct fleet_run_spec *);

#endif

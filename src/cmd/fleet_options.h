/*
 * The flags of `fleet`, and the command line of a run that is repeated.
 */
#ifndef CMD_FLEET_OPTIONS_H
#define CMD_FLEET_OPTIONS_H

#include <stdbool.h>

#include "cmd/fleet_cmd.h"
#include "conf/command_line.h"
#include "fleet/run_request.h"

extern const struct option_set fleet_sets[];

/*
 * Put the flags of a command line that was typed before under those that are given now, as far as
 * they say what is done: not what is shown, asked about or allowed.  The command becomes its
 * command.  Memory is of the process.  *ret_config: its --config, NULL if there was none.
 * ERR_INPUT: the line is not understood any more.
 */
int fleet_take_request(
	struct fleet_cmd *, const struct run_request *, const char **ret_config, struct err *);

/* Before that: values that are not kept are given again.  ERR_INPUT: which must be. */
int fleet_check_withheld(const struct fleet_cmd *, const struct run_request *, struct err *);

#endif

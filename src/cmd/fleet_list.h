/*
 * `fleet --list`: which servers a selection comes to.
 */
#ifndef CMD_FLEET_LIST_H
#define CMD_FLEET_LIST_H

#include "cmd/fleet_cmd.h"
#include "cmd/server_select.h"

/* Print them as --output says, as plain text a name a line.  Returns the exit code. */
enum exit_code fleet_list(const struct fleet_cmd *, const struct server_selection *);

#endif

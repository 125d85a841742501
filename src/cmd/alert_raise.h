/*
 * Alerts that other subcommands raise (`check --alert-on failure`): through the same store, routes
 * and outbox as those of `alert`.
 */
#ifndef CMD_ALERT_RAISE_H
#define CMD_ALERT_RAISE_H

#include <stddef.h>
#include <stdint.h>

#include "alert/alert_input.h"
#include "base/err.h"
#include "cmd/cmd.h"
#include "cmd/config_root.h"

struct alert_raise {
	struct cmd_run *run;
	const struct config *config;
	struct alert_input *inputs; /* cleaned here */
	size_t inputs_count;
	int64_t timeout_ms; /* for delivering */
};

struct alert_raised {
	int64_t fired, resolved; /* events that were accepted: of alerts, of ends of open ones */
	int64_t waiting, dead;   /* messages that could not be delivered (yet) */
	/* ERR_NONE, or why the store could not be written: they were delivered from memory, and
	 * nothing remembers them. */
	struct err store_error;
};

/* Accept all in one transaction, then deliver what is due.  -1: neither accepted nor delivered. */
int alert_raise(const struct alert_raise *, struct alert_raised *ret_raised, struct err *);

#endif

/*
 * `check --alert-on failure`: what unhealthy and healthy checks mean for alerts.
 */
#ifndef CMD_CHECK_ALERTS_H
#define CMD_CHECK_ALERTS_H

#include "alert/alert_input.h"
#include "base/arena.h"
#include "check/check_format.h"

/*
 * The event of one result, in the arena: firing where it is unhealthy, else the end of what may
 * have fired before.  The same check always is the same problem, whatever its state and message.
 */
void check_alert_input(const struct check_report *, const struct check_outcome *, struct arena *,
	struct alert_input *ret_input);

#endif

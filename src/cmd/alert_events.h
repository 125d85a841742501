/*
 * Many events at once, a JSON object a line.
 */
#ifndef CMD_ALERT_EVENTS_H
#define CMD_ALERT_EVENTS_H

#include "base/exit_code.h"

struct alert_cmd;

/* `alert --events FILE`: accepts and delivers while it reads.  A line that is no event is told with
 * its place, and the others are taken; that costs the exit code. */
enum exit_code alert_send_events(struct alert_cmd *);

#endif

/*
 * What receivers that open and close incidents are to do about a notification, whatever their
 * protocol: PagerDuty, Opsgenie.
 *
 * An incident belongs to one alert's episode and one severity.  Such receivers recognise a repeated
 * message by its key, and do no more than note it: an incident that was opened as a warning keeps
 * the urgency of a warning, and one that somebody has acknowledged stays quiet.  So when an alert
 * rises, another incident is opened for the higher severity, and then that of the lower is closed.
 * Keys follow from the alert alone, so that every replay says the same.
 */
#ifndef NOTIFY_INCIDENT_H
#define NOTIFY_INCIDENT_H

#include <stddef.h>

#include "base/err.h"
#include "base/severity.h"
#include "notify/notification.h"

enum incident_action { INCIDENT_OPEN, INCIDENT_ACKNOWLEDGE, INCIDENT_CLOSE };

enum { INCIDENT_KEY_SIZE = 64, INCIDENT_STEPS_MAX = SEVERITY_COUNT };

struct incident_step {
	enum incident_action action;
	enum severity severity;
	char key[INCIDENT_KEY_SIZE]; /* "sre:<40 hex digits>-critical"; letters, digits, ":-" */
};

/* To be done in this order.  Doing it again changes nothing. */
struct incident_plan {
	struct incident_step steps[INCIDENT_STEPS_MAX];
	size_t steps_count; /* at least one */
};

/*
 * A notice opens an incident of its own, the same one for the same title; a test opens one as info
 * and closes it.  ERR_INPUT: a summary or a digest, which are about many alerts.
 */
int incident_plan(const struct notification *, struct incident_plan *ret_plan, struct err *);

#endif

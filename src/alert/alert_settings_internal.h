/*
 * For the files alert_settings*.c: the steps of alert_settings_finish().
 */
#ifndef ALERT_ALERT_SETTINGS_INTERNAL_H
#define ALERT_ALERT_SETTINGS_INTERNAL_H

#include <stdbool.h>

#include "alert/alert_settings.h"

extern const struct option_section_list route_list, inhibition_list;

/* The receivers of short keys, the log, and what all of them lack. */
void settings_finish_receivers(struct conf *, struct alert_settings *);

/* Where none are configured. */
void settings_add_default_routes(struct conf *, struct alert_settings *);

/* Names, zones, hashes of routes and inhibitions. */
void settings_finish_routes(struct conf *, struct alert_settings *);

/* Routes that nothing reaches. */
void settings_check_routes(struct conf *, const struct alert_settings *);

/* A receiver of this name exists, or an error at `where` says that `owner` names none. */
void settings_check_receiver(struct conf *, const struct alert_settings *, const char *where,
	const char *owner, const char *name);

#endif

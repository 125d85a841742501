/*
 * Types of values that tell when: see option.h.
 */
#ifndef CONF_OPTION_TIME_H
#define CONF_OPTION_TIME_H

#include "conf/option.h"

/* struct time_zone *, NULL when not set: read from the system's database at once, and freed with
 * the context's arena.  As a default it would be read whether or not it is needed, so leave it NULL
 * and open "local" where nothing is set. */
extern const struct option_type option_time_zone;

extern const struct option_type option_cron;        /* struct cron_schedule *, NULL when not set */
extern const struct option_type option_time_window; /* struct time_window *, NULL when not set */

#endif

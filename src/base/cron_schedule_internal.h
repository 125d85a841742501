/*
 * Between cron_schedule_parse.c, which reads schedules, and cron_schedule.c, which asks them.
 */
#ifndef BASE_CRON_SCHEDULE_INTERNAL_H
#define BASE_CRON_SCHEDULE_INTERNAL_H

#include "base/cron_schedule.h"

/* Is there any day at all that matches? */
bool cron_schedule_is_ever(const struct cron_schedule *);

#endif

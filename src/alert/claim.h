/*
 * What a lane gets to send next: critical first, then by due time, one alert's messages in their
 * order; groups as one message, and in a storm a summary.
 */
#ifndef ALERT_CLAIM_H
#define ALERT_CLAIM_H

#include "alert/look.h"

/* As many as there is room for and the receiver bears; into look->messages. */
int claim_lane(struct look *, struct lane *, struct err *);

#endif

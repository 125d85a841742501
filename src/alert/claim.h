/*
 * What a lane gets to send next: critical first, then by due time, one alert's messages in their
 * order; groups as one message, and in a storm a summary.
 */
#ifndef ALERT_CLAIM_H
#define ALERT_CLAIM_H

#include "alert/look.h"

/* As many as there is room for and the receiver bears; into look->messages. */
int claim_lane(struct look *, struct lane *, struct err *);

/* Whether a delivery that is due is to be told after all; what holds it back has been written down.
 * It is read again where it may have changed. */
int claim_is_wanted(struct look *, struct outbox_delivery *, bool *ret_is_wanted, struct err *);

#endif

/*
 * Forgetting what ended long ago, a little at a time, by whoever empties the outbox.
 */
#ifndef ALERT_UPKEEP_H
#define ALERT_UPKEEP_H

#include <stdint.h>

#include "alert/alert_settings.h"
#include "base/err.h"
#include "store/store.h"

/*
 * Once an hour, among all processes: forget what ended longer ago than alerts.keep.  Each call
 * takes a piece, until nothing is left for this hour; cheap otherwise.  Inside store_write().
 */
int upkeep_run(struct store_tx *, const struct alert_settings *, int64_t now_ms, struct err *);

#endif

/*
 * The digest: what was open, fired, was resolved, was not told or could not be delivered between
 * two instants; for people who look once a day.
 *
 * It is queued like any other message, with the two instants as its content; what it says is looked
 * up when it is sent.  The latest one is remembered in the store, so that of all processes one
 * queues it, and nothing falls between two.
 */
#ifndef ALERT_DIGEST_H
#define ALERT_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "alert/alert_settings.h"
#include "base/arena.h"
#include "base/err.h"
#include "notify/notification.h"
#include "store/store.h"

/*
 * Queue the digest if its time has come since the latest one.  The first time this only remembers
 * from when on the first digest tells.  Cheap when there is nothing to do.  Inside store_write().
 */
int digest_queue_due(struct store_tx *, const struct alert_settings *, int64_t now_ms,
	struct arena *, bool *ret_is_queued, struct err *);

/* Queue it now, whatever the time: from the latest one on, at least the last 24 hours.  ERR_INPUT:
 * nobody is configured to get it.  Inside store_write(). */
int digest_queue_now(struct store_tx *, const struct alert_settings *, int64_t now_ms,
	struct arena *, struct err *);

/* What a queued one (its content) has to say.  In the arena.  ERR_INPUT: it is no digest's. */
int digest_load(struct store_tx *, const struct alert_settings *, const char *content,
	struct arena *, const struct notify_digest **ret_digest, struct err *);

/* What digest_queue_now() would send, for --dry-run. */
int digest_preview(struct store_tx *, const struct alert_settings *, int64_t now_ms, struct arena *,
	const struct notify_digest **ret_digest, struct err *);

#endif

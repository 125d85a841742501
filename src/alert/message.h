/*
 * A delivery that has been claimed, with everything its receiver is to be told.
 */
#ifndef ALERT_MESSAGE_H
#define ALERT_MESSAGE_H

#include <stdint.h>

#include "alert/alert_settings.h"
#include "base/arena.h"
#include "base/err.h"
#include "notify/notification.h"
#include "notify/notifier.h"
#include "store/store.h"
#include "store/store_outbox.h"

struct message {
	struct arena *arena;             /* its own; everything below is in it */
	struct outbox_delivery delivery; /* as it was before it was claimed */
	const struct receiver *receiver;
	struct notification notification;
	int64_t attempt_id; /* 0: it was not claimed */
	int64_t owner_id;
	int64_t lease_ms; /* until when it is ours to send */
};

/*
 * Reads what the delivery tells of: its alert as it was at the event, those that it carries (at
 * most as many as the kind shows), the sum of a storm, a notice, the digest.  New; free with
 * message_free(). The delivery's texts are copied.  ERR_NOT_FOUND, ERR_INPUT: it has nothing to
 * tell any more.
 */
struct message_spec {
	const struct alert_settings *settings;
	const struct outbox_delivery *delivery;
	const struct receiver *receiver;
	int64_t now_ms;
};
int message_load(
	struct store_tx *, const struct message_spec *, struct message **ret_message, struct err *);

void message_free(struct message *); /* NULL is fine */
void message_freep(struct message **);

/* With its texts in the arena. */
struct outbox_delivery message_copy_delivery(struct arena *, const struct outbox_delivery *);

/* The purposes that tell of a problem, as a mask of 1 << purpose. */
extern const unsigned telling_purposes;

/* It tells of alerts: the first five purposes. */
bool purpose_has_alerts(int purpose);

#endif

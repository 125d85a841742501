/*
 * Sends messages, as many at a time as each receiver bears, and keeps what came of them until
 * somebody takes it.
 */
#ifndef ALERT_SENDER_H
#define ALERT_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/alert_settings.h"
#include "alert/message.h"
#include "alert/outcome.h"
#include "base/arena.h"
#include "notify/notifier.h"

struct sender;

struct sender_options {
	const struct notify_env *env;
	const struct alert_settings *settings;
	/* MAY.  See struct deliverer_options. */
	void (*attempted)(void *arg, const struct receiver *, const struct notification *,
		const struct delivery_result *, int64_t next_ms);
	void *attempted_arg;
	/* Something has come of a message; from inside of sender_hand_back(), too. */
	void (*ended)(void *arg);
	void *ended_arg;
};

/* What came of a message; small, as there may be many. */
struct sent {
	struct sent *next;
	struct arena *arena;
	struct outcome outcome;
};

struct sent_list {
	struct sent *first, **last;
	size_t count;
};

void sent_list_init(struct sent_list *);
void sent_list_clear(struct sent_list *);
/* `from` is empty then. */
void sent_list_append(struct sent_list *, struct sent_list *from);

/* New; free with sender_free(), which breaks off what is being sent. */
struct sender *sender_new(const struct sender_options *);
void sender_free(struct sender **);

/* Takes the message, for one of the settings' receivers; sends it when it is its turn. */
void sender_send(struct sender *, struct message *);

/* What is not being sent yet ends untried. */
void sender_hand_back(struct sender *);

/* Appends everything that has ended since the last time. */
void sender_take_ended(struct sender *, struct sent_list *);

/* How often in a row a channel was throttled, as of the latest look; receivers by their place in
 * the settings. */
void sender_set_throttled(struct sender *, size_t receiver, int64_t throttled);

/* Messages that may be handed over, and that have been and did not end. */
int64_t sender_room(const struct sender *, size_t receiver);
int64_t sender_in_hand(const struct sender *, size_t receiver);
int64_t sender_in_hand_of_all(const struct sender *);
int64_t sender_under_way(const struct sender *); /* of those, the ones that are being sent */

/* The deliveries in hand: *ret_ids is new, free with free(). */
size_t sender_list_ids(const struct sender *, int64_t **ret_ids);

#endif

/*
 * Processes that have something in hand.
 *
 * Who claims deliveries writes itself down, in the same transaction; store_close() takes it away
 * again.  So a row whose process is gone is the mark of a crash: what that process had in hand goes
 * back to those that wait, and the database is checked before it is used.
 */
#ifndef STORE_STORE_OWNER_H
#define STORE_STORE_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

/*
 * The id to claim with, for delivery.owner_id.  Writes this process down if it does not stand there
 * yet.  To be asked in each transaction that claims: an earlier one may have been undone.
 */
int store_owner_id(struct store_tx *, int64_t *ret_owner_id, struct err *);

/*
 * Whether somebody has something in hand and is gone: a process of this host that has ended (or was
 * there before the last boot), one of another host or container whose lease has passed.  Only
 * reads; cheap enough to be asked every few seconds.
 */
int store_owner_find_gone(struct store_tx *, int64_t now_ms, bool *ret_is_found, struct err *);

struct store_released {
	int64_t owners;
	int64_t deliveries; /* that wait again, for a new attempt; the last one may have arrived */
};

/* Takes from those what they had in hand.  store_open() has done it once. */
int store_owner_release_gone(
	struct store_tx *, int64_t now_ms, struct store_released *ret_released, struct err *);

struct store_owner {
	int64_t id;
	const char *host;
	int64_t pid;
	const char *command;
	int64_t since_ms;
	bool is_gone;
	int64_t in_hand; /* deliveries */
};

struct store_owners {
	struct store_owner *items;
	size_t items_count, items_alloc;
};

/* All of them, in the arena, in the order in which they came. */
int store_owner_list(struct store_tx *, int64_t now_ms, struct arena *,
	struct store_owners *ret_owners, struct err *);

#endif

/*
 * Who has something in hand, and what becomes of it when he is gone.  See store_owner.h.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/time.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "store/delivery_state.h"
#include "store/process_mark.h"
#include "store/sqlite_internal.h"
#include "store/store_owner.h"

_Static_assert(DELIVERY_WAITING == 0 && DELIVERY_SENDING == 1, "the SQL has them as numbers");

/* In hand of nobody who stands in the table: nothing of ours leaves such a row. */
#define IN_HAND_OF_NOBODY                                                                          \
	"state = 1 AND (owner_id IS NULL OR owner_id NOT IN (SELECT id FROM owner))"

static int owner_is_there(struct store_tx *tx, bool *ret_is_there, struct err *err)
{
	const struct process_mark *self = tx->store->self;
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT 1 FROM owner WHERE id = ?1 AND pid = ?2 AND pid_started = ?3 "
			     "AND boot = ?4");
	int got;

	query_bind_int(&query, 1, tx->store->owner_id);
	query_bind_int(&query, 2, self->pid);
	query_bind_int(&query, 3, self->started);
	query_bind_text(&query, 4, self->boot);
	got = query_step(&query, err);
	if (got < 0) {
		return -1;
	}
	*ret_is_there = got > 0;
	return 0;
}

static int owner_add(struct store_tx *tx, struct err *err)
{
	struct store *store = tx->store;
	_cleanup_(query_end) struct query query =
		query_of(tx, "INSERT INTO owner (host, boot, pid, pid_started, command, since_ms)"
			     " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

	query_bind_text(&query, 1, store->self->host);
	query_bind_text(&query, 2, store->self->boot);
	query_bind_int(&query, 3, store->self->pid);
	query_bind_int(&query, 4, store->self->started);
	query_bind_text(&query, 5, store->command);
	query_bind_int(&query, 6, time_wall_ms());
	if (query_run(&query, err) < 0) {
		return -1;
	}
	store->owner_id = store_tx_inserted_id(tx);
	return 0;
}

static const struct process_mark *self_of(struct store *store)
{
	if (!store->self) {
		store->self = xcalloc(1, sizeof(*store->self));
		process_mark_self(store->self);
	}
	return store->self;
}

int store_owner_id(struct store_tx *tx, int64_t *ret_owner_id, struct err *err)
{
	bool is_there = false;

	(void)self_of(tx->store);
	if (tx->store->owner_id != 0 && owner_is_there(tx, &is_there, err) < 0) {
		return -1;
	}
	if (!is_there && owner_add(tx, err) < 0) {
		return -1;
	}
	*ret_owner_id = tx->store->owner_id;
	return 0;
}

/* Columns: id, host, boot, pid, pid_started, the latest lease of what it has in hand or NULL. */
static bool is_gone(struct store *store, const struct query *row, int64_t now_ms)
{
	struct process_mark other = {.pid = query_int(row, 3), .started = query_int(row, 4)};

	(void)snprintf(other.host, sizeof(other.host), "%.*s", STR_ARG(query_str(row, 1)));
	(void)snprintf(other.boot, sizeof(other.boot), "%.*s", STR_ARG(query_str(row, 2)));
	switch (process_mark_fate(self_of(store), &other)) {
	case PROCESS_ALIVE:
		return false;
	case PROCESS_GONE:
		return true;
	case PROCESS_UNKNOWN:
		break;
	}
	return query_int(row, 5) <= now_ms;
}

#define OWNER_ROWS                                                                                 \
	"SELECT id, host, boot, pid, pid_started,"                                                 \
	" (SELECT max(lease_ms) FROM delivery WHERE state = 1 AND owner_id = owner.id)"            \
	" FROM owner ORDER BY id"

int store_owner_find_gone(struct store_tx *tx, int64_t now_ms, bool *ret_is_found, struct err *err)
{
	_cleanup_(query_end) struct query rows = query_of(tx, OWNER_ROWS);
	_cleanup_(query_end) struct query lost =
		query_of(tx, "SELECT 1 FROM delivery WHERE " IN_HAND_OF_NOBODY " LIMIT 1");
	bool is_found = false;
	int got;

	do {
		got = query_step(&rows, err);
		is_found = got > 0 && is_gone(tx->store, &rows, now_ms);
	} while (got > 0 && !is_found);
	if (got == 0) {
		got = query_step(&lost, err);
		is_found = got > 0;
	}
	if (got < 0) {
		return -1;
	}
	*ret_is_found = is_found;
	return 0;
}

static int owner_remove(struct store_tx *tx, int64_t owner_id, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx, "DELETE FROM owner WHERE id = ?1");

	query_bind_int(&query, 1, owner_id);
	return query_run(&query, err);
}

static int release_lost(struct store_tx *tx, int64_t *ret_deliveries, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "UPDATE delivery SET state = 0, owner_id = NULL, lease_ms = NULL"
			     " WHERE " IN_HAND_OF_NOBODY);

	if (query_run(&query, err) < 0) {
		return -1;
	}
	*ret_deliveries = store_tx_changes(tx);
	return 0;
}

int store_owner_release_gone(
	struct store_tx *tx, int64_t now_ms, struct store_released *ret_released, struct err *err)
{
	_cleanup_(query_end) struct query rows = query_of(tx, OWNER_ROWS);
	struct store_released released = {0};
	int got;

	while ((got = query_step(&rows, err)) > 0) {
		if (is_gone(tx->store, &rows, now_ms)) {
			if (owner_remove(tx, query_int(&rows, 0), err) < 0) {
				return -1;
			}
			released.owners++;
		}
	}
	if (got < 0 || release_lost(tx, &released.deliveries, err) < 0) {
		return -1;
	}
	*ret_released = released;
	return 0;
}

/* --- What store_open() and store_close() do --- */

static int find_gone(struct store_tx *tx, void *ret_is_found, struct err *err)
{
	return store_owner_find_gone(tx, time_wall_ms(), ret_is_found, err);
}

static int release_gone(struct store_tx *tx, void *ret_released, struct err *err)
{
	return store_owner_release_gone(tx, time_wall_ms(), ret_released, err);
}

/* Structure only: what an interrupted write could have broken.  Values were checked going in. */
static int quick_check(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx, "PRAGMA quick_check(1)");
	struct utf8_quoted found;

	(void)arg;
	if (query_step(&query, err) < 0) {
		return -1;
	}
	if (str_is(query_str(&query, 0), "ok")) {
		return 0;
	}
	found = utf8_quote(query_str(&query, 0));
	return store_damaged(tx->store, found.text, err);
}

int store_recover(struct store *store, struct err *err)
{
	struct store_released released;
	struct err ignored;
	bool is_found = false;

	if (store_read(store, find_gone, &is_found, err) < 0) {
		return -1;
	}
	if (!is_found) {
		return 0;
	}
	if (store_read(store, quick_check, NULL, err) < 0) {
		return -1;
	}
	/* On a full disk, or while somebody else writes, it is left to whoever claims next: there
	 * still is much that can be read. */
	(void)store_write(store, release_gone, &released, &ignored);
	return 0;
}

static int leave(struct store_tx *tx, void *arg, struct err *err)
{
	int64_t deliveries;

	(void)arg;
	if (owner_remove(tx, tx->store->owner_id, err) < 0) {
		return -1;
	}
	return release_lost(tx, &deliveries, err);
}

void store_leave(struct store *store)
{
	struct err ignored;

	/* If it cannot be written, this process will be found gone. */
	if (store->owner_id != 0) {
		(void)store_write(store, leave, NULL, &ignored);
		store->owner_id = 0;
	}
}

int store_owner_list(struct store_tx *tx, int64_t now_ms, struct arena *arena,
	struct store_owners *ret_owners, struct err *err)
{
	_cleanup_(query_end) struct query rows = query_of(tx,
		"SELECT id, host, boot, pid, pid_started, max(lease_ms), command, since_ms,"
		" count(delivery_id)"
		" FROM owner LEFT JOIN (SELECT id AS delivery_id, owner_id, lease_ms FROM delivery"
		"  WHERE state = 1) ON owner_id = owner.id"
		" GROUP BY owner.id ORDER BY owner.id");
	struct store_owners owners = {0};
	int got;

	while ((got = query_step(&rows, err)) > 0) {
		struct store_owner *owner = VEC_PUSH_IN(arena, &owners, items);

		*owner = (struct store_owner){.id = query_int(&rows, 0),
			.host = query_text(&rows, 1, arena),
			.pid = query_int(&rows, 3),
			.command = query_text(&rows, 6, arena),
			.since_ms = query_int(&rows, 7),
			.is_gone = is_gone(tx->store, &rows, now_ms),
			.in_hand = query_int(&rows, 8)};
	}
	if (got < 0) {
		return -1;
	}
	*ret_owners = owners;
	return 0;
}

/*
 * Transactions on an open store, and how long they wait for those of others.  See store.h.
 *
 * SQLite's own waiting begins anew with each lock; here the whole of what was asked for has one
 * limit.
 */
#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/time.h"
#include "store/sqlite_internal.h"

void store_wait_begin(struct store *store)
{
	store->wait_began_ms = time_mono_ms();
	store->waited_ms = 0;
}

/* Short first, as most transactions are. */
static int64_t delay_ms(int count)
{
	static const uint8_t delays[] = {1, 1, 2, 2, 3, 5, 5, 8};

	return delays[(size_t)count < ARRAY_LEN(delays) ? (size_t)count : ARRAY_LEN(delays) - 1];
}

bool store_wait(struct store *store, int count)
{
	/* What was slept counts as well, for a clock that stands still. */
	const int64_t by_clock = time_mono_ms() - store->wait_began_ms;
	const int64_t waited = by_clock > store->waited_ms ? by_clock : store->waited_ms;
	const int64_t delay = delay_ms(count);

	if (waited >= store->busy_ms) {
		return false;
	}
	(void)nanosleep(&(struct timespec){.tv_nsec = delay * 1000 * 1000}, NULL);
	store->waited_ms += delay;
	return true;
}

int store_exec(struct store *store, const char *sql, struct err *err)
{
	const int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : store_error(store, code, err);
}

int store_exec_int(struct store *store, const char *sql, int64_t *ret_value, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL);
	int64_t value = 0;

	if (code == SQLITE_OK) {
		code = sqlite3_step(stmt);
		value = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	}
	if (code == SQLITE_ROW || code == SQLITE_DONE) {
		(void)sqlite3_finalize(stmt);
		*ret_value = value;
		return 0;
	}
	(void)store_error(store, code, err);
	(void)sqlite3_finalize(stmt);
	return -1;
}

bool store_is_in_tx(const struct store *store)
{
	return !sqlite3_get_autocommit(store->db);
}

int store_begin(struct store *store, bool is_writing, struct err *err)
{
	assert(!store->tx.is_open);
	store_wait_begin(store);
	if (is_writing && store->is_read_only) {
		return store_error(store, SQLITE_READONLY, err);
	}
	if (store_exec(store, is_writing ? "BEGIN IMMEDIATE" : "BEGIN", err) < 0) {
		return -1;
	}
	store->tx = (struct store_tx){.store = store, .is_open = true, .is_writing = is_writing};
	return 0;
}

void store_rollback(struct store *store)
{
	store->tx.is_open = false;
	if (store_is_in_tx(store)) {
		/* If it fails, what was written goes when the file is opened next. */
		(void)store_exec(store, "ROLLBACK", NULL);
	}
}

int store_commit(struct store *store, struct err *err)
{
	if (!store_is_in_tx(store)) {
		store->tx.is_open = false;
		return err_set(err, ERR_SYSTEM,
			"store '%s': an error inside the transaction has ended it", store->shown);
	}
	if (store_exec(store, "COMMIT", err) < 0) {
		store_rollback(store);
		return -1;
	}
	store->tx.is_open = false;
	return 0;
}

static int in_transaction(
	struct store *store, bool is_writing, store_fn *fn, void *arg, struct err *err)
{
	if (store_begin(store, is_writing, err) < 0) {
		return -1;
	}
	if (fn(&store->tx, arg, err) < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}

int store_write(struct store *store, store_fn *fn, void *arg, struct err *err)
{
	return in_transaction(store, true, fn, arg, err);
}

int store_read(struct store *store, store_fn *fn, void *arg, struct err *err)
{
	if (in_transaction(store, false, fn, arg, err) < 0) {
		return -1;
	}
	return store_check_unlocked(store, err);
}

int store_try(struct store_tx *tx, store_fn *fn, void *arg, struct err *err)
{
	struct store *store = tx->store;
	int result;

	if (store_exec(store, "SAVEPOINT trial", err) < 0) {
		return -1;
	}
	result = fn(tx, arg, err);
	if (!store_is_in_tx(store)) {
		return result < 0
			       ? -1
			       : err_set(err, ERR_SYSTEM,
					 "store '%s': an error inside the transaction has ended it",
					 store->shown);
	}
	if (store_exec(store, "ROLLBACK TO trial; RELEASE trial", result < 0 ? NULL : err) < 0) {
		return -1;
	}
	return result;
}

int store_data_version(struct store *store, int64_t *ret_version, struct err *err)
{
	store_wait_begin(store);
	return store_exec_int(store, "PRAGMA data_version", ret_version, err);
}

const char *store_path(const struct store *store)
{
	return store->path;
}

void store_close(struct store **store_ptr)
{
	struct store *store = TAKE(*store_ptr);

	if (!store) {
		return;
	}
	assert(!store->tx.is_open);
	store_leave(store);
	statements_free(store->statements);
	/* Brings the log into the database, if nobody else has it open; what fails here is done at
	 * the next open. */
	(void)sqlite3_close(store->db);
	free(store->unlocked);
	free(store->self);
	free(store->command);
	free(store->shown);
	free(store->path);
	free(store);
}

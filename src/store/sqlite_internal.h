/*
 * For the files of this folder: how an operation on the store is written.
 *
 * A subject has a header store_<subject>.h, with structs and functions that take a struct store_tx,
 * and a file sqlite_<subject>.c with all of its SQL.  A typical one:
 *
 *	int store_told_set(struct store_tx *tx, const struct told *told, struct err *err)
 *	{
 *		_cleanup_(query_end) struct query query = query_of(tx,
 *			"INSERT INTO told (alert_id, receiver) VALUES (?1, ?2)");
 *
 *		query_bind_int(&query, 1, told->alert_id);
 *		query_bind_text(&query, 2, told->receiver);
 *		return query_run(&query, err);
 *	}
 *
 * and one that reads:
 *
 *	query_bind_int(&query, 1, alert_id);
 *	for (;;) {
 *		int got = query_step(&query, err);
 *
 *		if (got <= 0) {
 *			return got;
 *		}
 *		row->receiver = query_text(&query, 0, arena);
 *	}
 *
 * What goes wrong while preparing and binding is told by the next query_step() or query_run(), so
 * it needs no look of its own.  Values are always bound, never written into the SQL: the texts stay
 * few, and each is prepared once for a connection.  A query may run while others do, also the same
 * one again (from a callback).  Memory of the caller that was bound (text, blob) must last until
 * query_end().
 *
 * When an operation returns -1, its caller returns -1 too, and the transaction is undone: an
 * operation need not undo anything.  It must not COMMIT, and not sleep: others are waiting.
 */
#ifndef STORE_SQLITE_INTERNAL_H
#define STORE_SQLITE_INTERNAL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "store/store.h"

struct process_mark;
struct statement;

struct store_tx {
	struct store *store;
	bool is_open;
	bool is_writing;
};

struct store {
	char *path;
	char *shown; /* the path as errors show it */
	sqlite3 *db;
	struct map *statements; /* struct statement *, by their SQL */
	bool is_memory;
	bool is_read_only;
	struct stat_mark *unlocked; /* of a file that is read without locks, see sqlite_open.c */
	int64_t busy_ms;
	int64_t wait_began_ms;     /* monotonic; of what is being done now */
	int64_t waited_ms;         /* slept meanwhile */
	char *command;             /* what this process does, for others to read */
	int64_t owner_id;          /* 0: not written down, see store_owner.h */
	struct process_mark *self; /* NULL: nobody has asked yet */
	struct store_tx tx;        /* the only one that a connection can have */
};

/* --- Queries --- */

struct query {
	struct store *store;
	struct statement *statement;
	int code; /* of SQLite; what went wrong so far */
};

/* `sql` is one statement.  In a transaction that only reads, one that writes is our bug. */
struct query query_of(struct store_tx *, const char *sql);
void query_end(struct query *);

/* By position, from 1.  NULL pointers are NULLs.  Text and blobs are borrowed until query_end(). */
void query_bind_int(struct query *, int position, int64_t value);
void query_bind_int_or_null(struct query *, int position, int64_t value, int64_t null_value);
void query_bind_text(struct query *, int position, const char *text);
void query_bind_str(struct query *, int position, struct str text);
void query_bind_blob(struct query *, int position, struct str bytes);
void query_bind_null(struct query *, int position);

/*
 *	 1: a row is there, until the next call
 *	 0: there is none any more
 *	-1: *err is set, with the codes of store_open() and ERR_SYSTEM for a constraint
 */
int query_step(struct query *, struct err *);

/* To the end; rows are passed by.  0, or -1 as above. */
int query_run(struct query *, struct err *);

/* Once more, with other values: what was bound is forgotten. */
void query_again(struct query *);

/* The current row, columns from 0. */
bool query_is_null(const struct query *, int column);
int64_t query_int(const struct query *, int column); /* NULL is 0 */
int64_t query_int_or(const struct query *, int column, int64_t if_null);
bool query_bool(const struct query *, int column);
/* An enum of `count` values from 0 on.  What somebody else has put there and is none becomes the
 * last one, so that tables of names are safe. */
int query_enum(const struct query *, int column, int count);
const char *query_text(const struct query *, int column, struct arena *); /* copied; NULL stays */
struct str query_str(const struct query *, int column);   /* until the next step; NULL is "" */
const char *query_peek(const struct query *, int column); /* until the next step; NULL stays */

/* Of the latest INSERT; of the latest INSERT, UPDATE or DELETE, without what went by cascade. */
int64_t store_tx_inserted_id(const struct store_tx *);
int64_t store_tx_changes(const struct store_tx *);

/* --- What the files of the connection share --- */

/* Sets *err to what SQLite's `code` means for this store, with what to do about it. */
int store_error(const struct store *, int code, struct err *);

/* ERR_INPUT: something in it is not as it must be. */
int store_damaged(const struct store *, const char *what, struct err *);

/* SQL that needs no values and gives no rows; several statements are fine. */
int store_exec(struct store *, const char *sql, struct err *);

/* The first column of the first row of a statement without values, as a number. */
int store_exec_int(struct store *, const char *sql, int64_t *ret_value, struct err *);

/* Statements that are prepared and not in use are dropped, or all. */
void statements_free(struct map *);

/* From here on, waiting counts towards busy_ms. */
void store_wait_begin(struct store *);

/* Sleep a little for others to finish.  False when it has been long enough. */
bool store_wait(struct store *, int count);

/* Around transactions; store_write() is made of them. */
int store_begin(struct store *, bool is_writing, struct err *);
int store_commit(struct store *, struct err *);
void store_rollback(struct store *);

/* Whether the transaction is still there: some errors (a full disk) end it as a whole. */
bool store_is_in_tx(const struct store *);

/* A file that is read without locks has not been touched since it was opened. */
int store_check_unlocked(const struct store *, struct err *);

/* After a crash of somebody who had something in hand: check the database, take that away. */
int store_recover(struct store *, struct err *);

/* This process has nothing in hand any more. */
void store_leave(struct store *);

/* --- The schema --- */

/* versions[N - 1] leads from version N - 1 to N. */
struct store_schema {
	const char *const *versions;
	size_t versions_count;
};

extern const struct store_schema store_schema;

/* Bring the database to the newest version; each step in a transaction of its own, so that of
 * several processes one does it. */
int store_migrate(struct store *, const struct store_schema *, struct err *);

enum { STORE_APPLICATION_ID = 0x53726554 }; /* "SreT" */

#endif

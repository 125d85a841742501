/*
 * Queries: prepared statements that are kept, with the first thing that went wrong kept too.
 *
 * A statement belongs to one query at a time.  Who asks for one that is in use gets another, which
 * goes when its query ends.
 */
#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "store/sqlite_internal.h"

struct statement {
	sqlite3_stmt *stmt;
	bool is_busy;
	bool is_kept; /* in store->statements */
};

static void statement_free(struct statement *statement)
{
	if (statement) {
		(void)sqlite3_finalize(statement->stmt); /* tells of its latest error again */
		free(statement);
	}
}

void statements_free(struct map *statements)
{
	void *statement;

	for (size_t pos = 0; statements && map_next(statements, &pos, NULL, &statement);) {
		statement_free(statement);
	}
	map_free(statements);
}

static int statement_new(
	struct store *store, const char *sql, bool is_kept, struct statement **ret_statement)
{
	struct statement *statement = xcalloc(1, sizeof(*statement));
	const int code = sqlite3_prepare_v3(store->db, sql, -1,
		is_kept ? SQLITE_PREPARE_PERSISTENT : 0, &statement->stmt, NULL);

	if (code != SQLITE_OK) {
		free(statement);
		return code;
	}
	statement->is_kept = is_kept;
	if (is_kept) {
		(void)map_set(store->statements, str_of(sql), statement);
	}
	*ret_statement = statement;
	return SQLITE_OK;
}

struct query query_of(struct store_tx *tx, const char *sql)
{
	struct query query = {.store = tx->store};
	struct statement *kept = map_get(tx->store->statements, str_of(sql));

	assert(tx->is_open);
	if (kept && !kept->is_busy) {
		query.statement = kept;
	} else {
		query.code = statement_new(tx->store, sql, !kept, &query.statement);
	}
	if (query.statement) {
		assert(tx->is_writing || sqlite3_stmt_readonly(query.statement->stmt));
		query.statement->is_busy = true;
	}
	return query;
}

void query_again(struct query *query)
{
	if (query->statement) {
		(void)sqlite3_reset(query->statement->stmt); /* tells of its latest error again */
		(void)sqlite3_clear_bindings(query->statement->stmt);
	}
}

void query_end(struct query *query)
{
	struct statement *statement = TAKE(query->statement);

	if (!statement) {
		return;
	}
	if (!statement->is_kept) {
		statement_free(statement);
		return;
	}
	(void)sqlite3_reset(statement->stmt);
	(void)sqlite3_clear_bindings(statement->stmt);
	statement->is_busy = false;
}

static sqlite3_stmt *binding(const struct query *query)
{
	return query->code == SQLITE_OK ? query->statement->stmt : NULL;
}

static void bound(struct query *query, int code)
{
	assert(code != SQLITE_RANGE);
	if (query->code == SQLITE_OK) {
		query->code = code;
	}
}

void query_bind_int(struct query *query, int position, int64_t value)
{
	if (binding(query)) {
		bound(query, sqlite3_bind_int64(binding(query), position, value));
	}
}

void query_bind_int_or_null(struct query *query, int position, int64_t value, int64_t null_value)
{
	if (value == null_value) {
		query_bind_null(query, position);
	} else {
		query_bind_int(query, position, value);
	}
}

void query_bind_text(struct query *query, int position, const char *text)
{
	if (text) {
		query_bind_str(query, position, str_of(text));
	} else {
		query_bind_null(query, position);
	}
}

void query_bind_str(struct query *query, int position, struct str text)
{
	if (binding(query)) {
		bound(query, sqlite3_bind_text64(binding(query), position, text.ptr, text.len,
				     SQLITE_STATIC, SQLITE_UTF8));
	}
}

void query_bind_blob(struct query *query, int position, struct str bytes)
{
	if (binding(query)) {
		bound(query, sqlite3_bind_blob64(binding(query), position, bytes.ptr, bytes.len,
				     SQLITE_STATIC));
	}
}

void query_bind_null(struct query *query, int position)
{
	if (binding(query)) {
		bound(query, sqlite3_bind_null(binding(query), position));
	}
}

int query_step(struct query *query, struct err *err)
{
	if (query->code == SQLITE_OK) {
		const int code = sqlite3_step(query->statement->stmt);

		if (code == SQLITE_ROW || code == SQLITE_DONE) {
			return code == SQLITE_ROW;
		}
		query->code = code;
	}
	return store_error(query->store, query->code, err);
}

int query_run(struct query *query, struct err *err)
{
	int got;

	do {
		got = query_step(query, err);
	} while (got > 0);
	return got;
}

bool query_is_null(const struct query *query, int column)
{
	return sqlite3_column_type(query->statement->stmt, column) == SQLITE_NULL;
}

int64_t query_int(const struct query *query, int column)
{
	return sqlite3_column_int64(query->statement->stmt, column);
}

int64_t query_int_or(const struct query *query, int column, int64_t if_null)
{
	return query_is_null(query, column) ? if_null : query_int(query, column);
}

bool query_bool(const struct query *query, int column)
{
	return query_int(query, column) != 0;
}

int query_enum(const struct query *query, int column, int count)
{
	const int64_t value = query_int(query, column);

	return value >= 0 && value < count ? (int)value : count - 1;
}

struct str query_str(const struct query *query, int column)
{
	sqlite3_stmt *stmt = query->statement->stmt;
	/* In this order: the text may have to be made first, and then has its length. */
	const char *text = sqlite3_column_blob(stmt, column);
	const int len = sqlite3_column_bytes(stmt, column);

	return text ? str_n(text, (size_t)len) : str_n("", 0);
}

const char *query_peek(const struct query *query, int column)
{
	return (const char *)sqlite3_column_text(query->statement->stmt, column);
}

const char *query_text(const struct query *query, int column, struct arena *arena)
{
	return query_is_null(query, column) ? NULL : str_dup(query_str(query, column), arena);
}

int64_t store_tx_inserted_id(const struct store_tx *tx)
{
	return sqlite3_last_insert_rowid(tx->store->db);
}

int64_t store_tx_changes(const struct store_tx *tx)
{
	return sqlite3_changes64(tx->store->db);
}

/*
 * The table silence.  See store_silences.h.
 */
#include "base/vec.h"
#include "store/sqlite_internal.h"
#include "store/store_silences.h"

// clang-format off
#define SILENCE_COLUMNS \
	"id, matchers, starts_ms, ends_ms, author, reason, created_ms, expired_ms"
// clang-format on

static struct stored_silence read_silence(const struct query *query, struct arena *arena)
{
	return (struct stored_silence){
		.id = query_int(query, 0),
		.matchers = query_text(query, 1, arena),
		.starts_ms = query_int(query, 2),
		.ends_ms = query_int(query, 3),
		.author = query_text(query, 4, arena),
		.reason = query_text(query, 5, arena),
		.created_ms = query_int(query, 6),
		.expired_ms = query_int(query, 7),
	};
}

int store_silence_add(
	struct store_tx *tx, const struct stored_silence *silence, int64_t *ret_id, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"INSERT INTO silence (matchers, starts_ms, ends_ms, author, reason, created_ms) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

	query_bind_text(&query, 1, silence->matchers);
	query_bind_int(&query, 2, silence->starts_ms);
	query_bind_int(&query, 3, silence->ends_ms);
	query_bind_text(&query, 4, silence->author);
	query_bind_text(&query, 5, silence->reason);
	query_bind_int(&query, 6, silence->created_ms);
	if (query_run(&query, err) < 0) {
		return -1;
	}
	*ret_id = store_tx_inserted_id(tx);
	return 0;
}

int store_silence_get(struct store_tx *tx, int64_t id, struct arena *arena,
	struct stored_silence **ret_silence, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT " SILENCE_COLUMNS " FROM silence WHERE id = ?1");
	int got;

	query_bind_int(&query, 1, id);
	got = query_step(&query, err);
	if (got < 0) {
		return -1;
	}
	*ret_silence = NULL;
	if (got) {
		*ret_silence = arena_alloc(arena, sizeof(**ret_silence));
		**ret_silence = read_silence(&query, arena);
	}
	return 0;
}

static int read_all(struct query *query, struct arena *arena, struct stored_silences *ret_silences,
	struct err *err)
{
	struct stored_silences silences = {0};

	for (;;) {
		int got = query_step(query, err);

		if (got < 0) {
			return -1;
		}
		if (got == 0) {
			*ret_silences = silences;
			return 0;
		}
		*VEC_PUSH_IN(arena, &silences, items) = read_silence(query, arena);
	}
}

int store_silence_active(struct store_tx *tx, int64_t now_ms, struct arena *arena,
	struct stored_silences *ret_silences, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT " SILENCE_COLUMNS " FROM silence WHERE ends_ms > ?1 AND starts_ms <= ?1 "
		"AND expired_ms IS NULL ORDER BY ends_ms DESC, id");

	query_bind_int(&query, 1, now_ms);
	return read_all(&query, arena, ret_silences, err);
}

int store_silence_list(struct store_tx *tx, int64_t since_ms, struct arena *arena,
	struct stored_silences *ret_silences, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT " SILENCE_COLUMNS " FROM silence WHERE ends_ms > ?1 "
			     "AND coalesce(expired_ms, ends_ms) > ?1 ORDER BY ends_ms, id");

	query_bind_int(&query, 1, since_ms);
	return read_all(&query, arena, ret_silences, err);
}

int store_silence_expire(struct store_tx *tx, int64_t id, int64_t now_ms, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "UPDATE silence SET expired_ms = ?2 WHERE id = ?1");

	query_bind_int(&query, 1, id);
	query_bind_int(&query, 2, now_ms);
	return query_run(&query, err);
}

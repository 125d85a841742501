/*
 * Deliveries that wait, the table inhibitor, and marks.  See store_holds.h.
 */
#include <assert.h>

#include "base/parse.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "store/delivery_state.h"
#include "store/sqlite_internal.h"
#include "store/store_holds.h"

/* As the SQL below has them; the partial indexes need constants. */
static_assert(DELIVERY_WAITING == 0 && DELIVERY_CANCELLED == 6, "stored");

// clang-format off
#define HOLD_COLUMNS \
	"id, receiver, purpose, event_id, severity, route, due_ms, expires_ms, attempts, hidden, " \
	"hidden_since_ms, hold_reason, silence_id, inhibitor_id"
// clang-format on

static struct stored_hold read_hold(const struct query *query, struct arena *arena)
{
	return (struct stored_hold){
		.delivery_id = query_int(query, 0),
		.receiver = query_text(query, 1, arena),
		.purpose = (int)query_int(query, 2),
		.event_id = query_int(query, 3),
		.severity = (enum severity)query_enum(query, 4, SEVERITY_COUNT),
		.route = query_text(query, 5, arena),
		.due_ms = query_int(query, 6),
		.expires_ms = query_int(query, 7),
		.attempts = query_int(query, 8),
		.hidden = query_int(query, 9),
		.hidden_since_ms = query_int(query, 10),
		.reason = query_text(query, 11, arena),
		.silence_id = query_int(query, 12),
		.inhibitor_id = query_int(query, 13),
	};
}

int store_waiting_list(struct store_tx *tx, int64_t alert_id, struct arena *arena,
	struct stored_holds *ret_holds, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT " HOLD_COLUMNS " FROM delivery "
			     "WHERE alert_id = ?1 AND state = 0 AND ended_ms IS NULL ORDER BY id");
	struct stored_holds holds = {0};

	query_bind_int(&query, 1, alert_id);
	for (;;) {
		int got = query_step(&query, err);

		if (got < 0) {
			return -1;
		}
		if (got == 0) {
			*ret_holds = holds;
			return 0;
		}
		*VEC_PUSH_IN(arena, &holds, items) = read_hold(&query, arena);
	}
}

int store_waiting_get(struct store_tx *tx, int64_t delivery_id, struct arena *arena,
	struct stored_hold **ret_hold, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT " HOLD_COLUMNS " FROM delivery WHERE id = ?1 AND state = 0");
	int got;

	query_bind_int(&query, 1, delivery_id);
	got = query_step(&query, err);
	if (got < 0) {
		return -1;
	}
	*ret_hold = NULL;
	if (got) {
		*ret_hold = arena_alloc(arena, sizeof(**ret_hold));
		**ret_hold = read_hold(&query, arena);
	}
	return 0;
}

int store_hold_set(struct store_tx *tx, const struct stored_hold *hold, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"UPDATE delivery SET event_id = ?2, severity = ?3, due_ms = ?4, expires_ms = ?5, "
		"hidden = ?6, hidden_since_ms = ?7, hold_reason = ?8, silence_id = ?9, "
		"inhibitor_id = ?10 WHERE id = ?1 AND state = 0");

	query_bind_int(&query, 1, hold->delivery_id);
	query_bind_int(&query, 2, hold->event_id);
	query_bind_int(&query, 3, hold->severity);
	query_bind_int(&query, 4, hold->due_ms);
	query_bind_int(&query, 5, hold->expires_ms);
	query_bind_int(&query, 6, hold->hidden);
	query_bind_int_or_null(&query, 7, hold->hidden_since_ms, 0);
	query_bind_text(&query, 8, hold->reason);
	query_bind_int_or_null(&query, 9, hold->silence_id, 0);
	query_bind_int_or_null(&query, 10, hold->inhibitor_id, 0);
	return query_run(&query, err);
}

int store_waiting_cancel(struct store_tx *tx, int64_t delivery_id, int64_t now_ms,
	const char *result, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"UPDATE delivery SET state = 6, ended_ms = ?2, result = ?3, hold_reason = NULL, "
		"silence_id = NULL, inhibitor_id = NULL WHERE id = ?1 AND state = 0");

	query_bind_int(&query, 1, delivery_id);
	query_bind_int(&query, 2, now_ms);
	query_bind_text(&query, 3, result);
	return query_run(&query, err);
}

static int release(struct store_tx *tx, struct query *query, int64_t holder_id, int64_t now_ms,
	int64_t *ret_count, struct err *err)
{
	query_bind_int(query, 1, holder_id);
	query_bind_int(query, 2, now_ms);
	if (query_run(query, err) < 0) {
		return -1;
	}
	*ret_count = store_tx_changes(tx);
	return 0;
}

int store_release_silence(struct store_tx *tx, int64_t silence_id, int64_t now_ms,
	int64_t *ret_count, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "UPDATE delivery SET due_ms = ?2 WHERE silence_id = ?1 AND state = 0 "
			     "AND due_ms > ?2");

	return release(tx, &query, silence_id, now_ms, ret_count, err);
}

int store_release_inhibitor(struct store_tx *tx, int64_t inhibitor_id, int64_t now_ms,
	int64_t *ret_count, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "UPDATE delivery SET due_ms = ?2 "
			     "WHERE inhibitor_id = ?1 AND state = 0 AND due_ms > ?2");

	return release(tx, &query, inhibitor_id, now_ms, ret_count, err);
}

int store_group_due(
	struct store_tx *tx, const struct stored_group *group, int64_t *ret_due_ms, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT due_ms FROM delivery WHERE receiver = ?1 AND group_key = ?2 "
		"AND purpose = ?3 AND state = 0 AND attempts = 0 AND silence_id IS NULL "
		"AND inhibitor_id IS NULL ORDER BY id DESC LIMIT 1");
	int got;

	query_bind_text(&query, 1, group->receiver);
	query_bind_text(&query, 2, group->key);
	query_bind_int(&query, 3, group->purpose);
	got = query_step(&query, err);
	if (got < 0) {
		return -1;
	}
	*ret_due_ms = got ? query_int(&query, 0) : 0;
	return 0;
}

int store_inhibitor_add(struct store_tx *tx, int64_t alert_id, const char *key, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "INSERT OR IGNORE INTO inhibitor (alert_id, key) VALUES (?1, ?2)");

	query_bind_int(&query, 1, alert_id);
	query_bind_text(&query, 2, key);
	return query_run(&query, err);
}

int store_inhibitor_clear(struct store_tx *tx, int64_t alert_id, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "DELETE FROM inhibitor WHERE alert_id = ?1");

	query_bind_int(&query, 1, alert_id);
	return query_run(&query, err);
}

int store_inhibitor_clear_all(struct store_tx *tx, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx, "DELETE FROM inhibitor");

	return query_run(&query, err);
}

int store_inhibitor_keys(struct store_tx *tx, int64_t alert_id, struct arena *arena,
	struct stored_keys *ret_keys, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT key FROM inhibitor WHERE alert_id = ?1 ORDER BY key");
	struct stored_keys keys = {0};

	query_bind_int(&query, 1, alert_id);
	for (;;) {
		int got = query_step(&query, err);

		if (got < 0) {
			return -1;
		}
		if (got == 0) {
			*ret_keys = keys;
			return 0;
		}
		*VEC_PUSH_IN(arena, &keys, items) = query_text(&query, 0, arena);
	}
}

static int read_ids(
	struct query *query, struct arena *arena, struct stored_ids *ret_ids, struct err *err)
{
	struct stored_ids ids = {0};

	for (;;) {
		int got = query_step(query, err);

		if (got < 0) {
			return -1;
		}
		if (got == 0) {
			*ret_ids = ids;
			return 0;
		}
		*VEC_PUSH_IN(arena, &ids, items) = query_int(query, 0);
	}
}

int store_inhibitor_alerts(struct store_tx *tx, const char *key, struct arena *arena,
	struct stored_ids *ret_ids, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(
		tx, "SELECT alert_id FROM inhibitor WHERE key = ?1 ORDER BY alert_id LIMIT 16");

	query_bind_text(&query, 1, key);
	return read_ids(&query, arena, ret_ids, err);
}

int store_inhibitor_of(
	struct store_tx *tx, int64_t alert_id, int64_t *ret_inhibitor_id, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT inhibitor_id FROM delivery WHERE alert_id = ?1 AND state = 0 "
			     "AND ended_ms IS NULL AND inhibitor_id IS NOT NULL LIMIT 1");
	int got;

	query_bind_int(&query, 1, alert_id);
	got = query_step(&query, err);
	if (got < 0) {
		return -1;
	}
	*ret_inhibitor_id = got ? query_int(&query, 0) : 0;
	return 0;
}

int store_alert_open_ids(struct store_tx *tx, int64_t after_id, int64_t limit, struct arena *arena,
	struct stored_ids *ret_ids, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT id FROM alert WHERE resolved_ms IS NULL AND id > ?1 ORDER BY id LIMIT ?2");

	query_bind_int(&query, 1, after_id);
	query_bind_int(&query, 2, limit);
	return read_ids(&query, arena, ret_ids, err);
}

int store_mark_get(struct store_tx *tx, const char *name, struct arena *arena,
	const char **ret_value, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT value FROM mark WHERE name = ?1");
	int got;

	query_bind_text(&query, 1, name);
	got = query_step(&query, err);
	if (got < 0) {
		return -1;
	}
	*ret_value = got ? query_text(&query, 0, arena) : NULL;
	return 0;
}

int store_mark_set(struct store_tx *tx, const char *name, const char *value, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "INSERT OR REPLACE INTO mark (name, value) VALUES (?1, ?2)");

	query_bind_text(&query, 1, name);
	query_bind_text(&query, 2, value);
	return query_run(&query, err);
}

int store_mark_get_ms(struct store_tx *tx, const char *name, int64_t *ret_wall_ms, struct err *err)
{
	struct arena *arena = arena_new();
	const char *value = NULL;
	int64_t wall_ms = 0;
	int status = store_mark_get(tx, name, arena, &value, err);

	if (status == 0) {
		if (value) {
			(void)parse_int(
				str_of(value), 0, INT64_MAX, &wall_ms, NULL); /* else none */
		}
		*ret_wall_ms = wall_ms;
	}
	arena_free(arena);
	return status;
}

int store_mark_set_ms(struct store_tx *tx, const char *name, int64_t wall_ms, struct err *err)
{
	struct strbuf value = STRBUF_INIT;
	int status;

	strbuf_addf(&value, "%lld", (long long)wall_ms);
	status = store_mark_set(tx, name, value.buf, err);
	strbuf_release(&value);
	return status;
}

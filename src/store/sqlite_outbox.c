/*
 * The outbox as it is looked at and claimed from.  See store_outbox.h.
 *
 * Each look is answered from one of the partial indexes over what is not over, so that what it
 * costs does not grow with what has been delivered.
 */
#include <sys/random.h>

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "store/sqlite_internal.h"
#include "store/store_outbox.h"

/* As the SQL of this folder has them. */
static_assert(DELIVERY_WAITING == 0 && DELIVERY_SENDING == 1 && DELIVERY_DELIVERED == 2 &&
		      DELIVERY_CARRIED == 3 && DELIVERY_DEAD == 4 && DELIVERY_REDIRECTED == 5,
	"stored");

#define COLUMNS                                                                                    \
	"d.id, d.key, d.receiver, d.purpose, d.alert_id, d.event_id, d.severity, d.state, "        \
	"d.route, "                                                                                \
	"d.group_key, d.created_ms, d.due_ms, d.expires_ms, d.ended_ms, d.attempts, d.owner_id, "  \
	"d.lease_ms, d.carrier_id, d.stands_for, d.hidden, d.hidden_since_ms, d.hold_reason, "     \
	"d.silence_id, d.content, d.result, d.inhibitor_id"

static void read_delivery(
	const struct query *query, struct arena *arena, struct outbox_delivery *ret_delivery)
{
	*ret_delivery = (struct outbox_delivery){
		.id = query_int(query, 0),
		.key = query_text(query, 1, arena),
		.receiver = query_text(query, 2, arena),
		.purpose = (int)query_int(query, 3),
		.alert_id = query_int(query, 4),
		.event_id = query_int(query, 5),
		.severity = (enum severity)query_enum(query, 6, SEVERITY_COUNT),
		.state = (enum delivery_state)query_enum(query, 7, DELIVERY_STATES),
		.route = query_text(query, 8, arena),
		.group_key = query_text(query, 9, arena),
		.created_ms = query_int(query, 10),
		.due_ms = query_int(query, 11),
		.expires_ms = query_int(query, 12),
		.ended_ms = query_int(query, 13),
		.attempts = query_int(query, 14),
		.owner_id = query_int(query, 15),
		.lease_ms = query_int(query, 16),
		.carrier_id = query_int(query, 17),
		.stands_for = query_int(query, 18),
		.hidden = query_int(query, 19),
		.hidden_since_ms = query_int(query, 20),
		.hold_reason = query_text(query, 21, arena),
		.silence_id = query_int(query, 22),
		.content = query_text(query, 23, arena),
		.result = query_text(query, 24, arena),
		.inhibitor_id = query_int(query, 25),
	};
}

static int read_list(
	struct query *query, struct arena *arena, struct outbox_list *ret_list, struct err *err)
{
	struct outbox_list list = {0};
	int got = query_step(query, err);

	for (; got > 0; got = query_step(query, err)) {
		read_delivery(query, arena, VEC_PUSH_IN(arena, &list, items));
	}
	if (got == 0) {
		*ret_list = list;
	}
	return got;
}

/* The one number of a query that always gives a row. */
static int read_int(struct query *query, int64_t *ret_value, struct err *err)
{
	if (query_step(query, err) < 0) {
		return -1;
	}
	*ret_value = query_int(query, 0);
	return 0;
}

static int read_bool(struct query *query, bool *ret_value, struct err *err)
{
	int64_t value = 0;

	if (read_int(query, &value, err) < 0) {
		return -1;
	}
	*ret_value = value != 0;
	return 0;
}

/* --- Adding --- */

enum { KEY_BYTES = 16, KEY_SIZE = 2 * KEY_BYTES + 1 };

static void make_key(char ret_key[KEY_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[KEY_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		abort(); /* so few cannot fail once the system is up */
	}
	for (size_t i = 0; i < sizeof(bytes); i++) {
		ret_key[2 * i] = digits[bytes[i] >> 4];
		ret_key[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret_key[KEY_SIZE - 1] = '\0';
}

int outbox_add(struct store_tx *tx, const struct outbox_delivery *delivery, int64_t *ret_id,
	struct err *err)
{
	char key[KEY_SIZE];
	_cleanup_(query_end) struct query query = query_of(tx,
		"INSERT INTO delivery (key, receiver, purpose, alert_id, event_id, severity, state,"
		" route, group_key, created_ms, due_ms, expires_ms, attempts, stands_for, hidden,"
		" hidden_since_ms, hold_reason, silence_id, content) VALUES"
		" (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, ?13, ?14, ?15, ?16, ?17, "
		"?18)");

	make_key(key);
	query_bind_text(&query, 1, key);
	query_bind_text(&query, 2, delivery->receiver);
	query_bind_int(&query, 3, delivery->purpose);
	query_bind_int_or_null(&query, 4, delivery->alert_id, 0);
	query_bind_int_or_null(&query, 5, delivery->event_id, 0);
	query_bind_int(&query, 6, delivery->severity);
	query_bind_int(&query, 7, DELIVERY_WAITING);
	query_bind_text(&query, 8, delivery->route);
	query_bind_text(&query, 9, delivery->group_key);
	query_bind_int(&query, 10, delivery->created_ms);
	query_bind_int(&query, 11, delivery->due_ms);
	query_bind_int(&query, 12, delivery->expires_ms);
	query_bind_int(&query, 13, delivery->stands_for ? delivery->stands_for : 1);
	query_bind_int(&query, 14, delivery->hidden);
	query_bind_int_or_null(&query, 15, delivery->hidden_since_ms, 0);
	query_bind_text(&query, 16, delivery->hold_reason);
	query_bind_int_or_null(&query, 17, delivery->silence_id, 0);
	query_bind_text(&query, 18, delivery->content);
	if (query_run(&query, err) < 0) {
		return -1;
	}
	*ret_id = store_tx_inserted_id(tx);
	return 0;
}

int outbox_get(struct store_tx *tx, int64_t id, struct arena *arena,
	struct outbox_delivery *ret_delivery, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT " COLUMNS " FROM delivery d WHERE d.id = ?1");
	int got;

	query_bind_int(&query, 1, id);
	got = query_step(&query, err);
	if (got == 0) {
		return err_set(err, ERR_NOT_FOUND, "there is no delivery %lld", (long long)id);
	}
	if (got > 0) {
		read_delivery(&query, arena, ret_delivery);
	}
	return got < 0 ? -1 : 0;
}

/* --- Looking --- */

static int due_of_alert(struct store_tx *tx, const struct outbox_due *due, struct arena *arena,
	struct outbox_list *ret_list, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT " COLUMNS " FROM delivery d INDEXED BY delivery_open"
		" WHERE d.alert_id = ?1 AND d.receiver = ?2 AND d.ended_ms IS NULL AND d.state = 0"
		" AND d.severity = ?3 AND d.due_ms <= ?4 AND (d.due_ms, d.id) > (?5, ?6)"
		" ORDER BY d.due_ms, d.id LIMIT ?7");

	query_bind_int(&query, 1, due->alert_id);
	query_bind_text(&query, 2, due->receiver);
	query_bind_int(&query, 3, due->severity);
	query_bind_int(&query, 4, due->now_ms);
	query_bind_int(&query, 5, due->after_due_ms);
	query_bind_int(&query, 6, due->after_id);
	query_bind_int(&query, 7, due->limit);
	return read_list(&query, arena, ret_list, err);
}

int outbox_due(struct store_tx *tx, const struct outbox_due *due, struct arena *arena,
	struct outbox_list *ret_list, struct err *err)
{
	if (due->alert_id != 0) {
		return due_of_alert(tx, due, arena, ret_list, err);
	}
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT " COLUMNS " FROM delivery d INDEXED BY delivery_waiting"
		" WHERE d.state = 0 AND d.receiver = ?1 AND d.severity = ?2 AND d.due_ms <= ?3"
		" AND (d.due_ms, d.id) > (?4, ?5) AND (NOT ?7 OR d.alert_id IS NULL)"
		" ORDER BY d.due_ms, d.id LIMIT ?6");

	query_bind_text(&query, 1, due->receiver);
	query_bind_int(&query, 2, due->severity);
	query_bind_int(&query, 3, due->now_ms);
	query_bind_int(&query, 4, due->after_due_ms);
	query_bind_int(&query, 5, due->after_id);
	query_bind_int(&query, 6, due->limit);
	query_bind_int(&query, 7, due->is_about_none);
	return read_list(&query, arena, ret_list, err);
}

int outbox_group(struct store_tx *tx, const struct outbox_delivery *like, int64_t now_ms,
	int64_t limit, struct arena *arena, struct outbox_list *ret_list, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT " COLUMNS " FROM delivery d INDEXED BY delivery_group"
		" WHERE d.state = 0 AND d.receiver = ?1 AND d.group_key = ?2 AND d.purpose = ?3"
		" AND d.due_ms <= ?4 ORDER BY d.severity DESC, d.id LIMIT ?5");

	query_bind_text(&query, 1, like->receiver);
	query_bind_text(&query, 2, like->group_key);
	query_bind_int(&query, 3, like->purpose);
	query_bind_int(&query, 4, now_ms);
	query_bind_int(&query, 5, limit);
	return read_list(&query, arena, ret_list, err);
}

int outbox_carried(struct store_tx *tx, int64_t carrier_id, int64_t limit, struct arena *arena,
	struct outbox_list *ret_list, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT " COLUMNS " FROM delivery d INDEXED BY delivery_carrier"
			     " WHERE d.carrier_id = ?1 AND d.state = 3 AND d.ended_ms IS NULL"
			     " ORDER BY d.severity DESC, d.id LIMIT ?2");

	query_bind_int(&query, 1, carrier_id);
	query_bind_int(&query, 2, limit);
	return read_list(&query, arena, ret_list, err);
}

int outbox_expired(struct store_tx *tx, int64_t now_ms, int64_t limit, struct arena *arena,
	struct outbox_list *ret_list, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT " COLUMNS " FROM delivery d INDEXED BY delivery_waiting"
			     " WHERE d.state = 0 AND d.expires_ms <= ?1 LIMIT ?2");

	query_bind_int(&query, 1, now_ms);
	query_bind_int(&query, 2, limit);
	return read_list(&query, arena, ret_list, err);
}

int outbox_first_open(struct store_tx *tx, const struct outbox_delivery *of, int64_t carrier_id,
	struct outbox_open *ret_open, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT d.id, d.state, coalesce(c.due_ms, d.due_ms), d.carrier_id,"
			     " coalesce(c.state, d.state) = 0"
			     " FROM delivery d INDEXED BY delivery_open"
			     " LEFT JOIN delivery c ON c.id = d.carrier_id"
			     " WHERE d.alert_id = ?1 AND d.receiver = ?2 AND d.ended_ms IS NULL"
			     " AND d.id <> ?3 AND d.carrier_id IS NOT ?3 ORDER BY d.id LIMIT 1");
	int got;

	query_bind_int(&query, 1, of->alert_id);
	query_bind_text(&query, 2, of->receiver);
	query_bind_int(&query, 3, carrier_id);
	got = query_step(&query, err);
	if (got < 0) {
		return -1;
	}
	*ret_open = (struct outbox_open){0};
	if (got > 0) {
		ret_open->id = query_int(&query, 0);
		ret_open->state = (enum delivery_state)query_enum(&query, 1, DELIVERY_STATES);
		ret_open->due_ms = query_int(&query, 2);
		ret_open->carrier_id = query_int(&query, 3);
		ret_open->is_waiting = query_bool(&query, 4);
	}
	return 0;
}

int outbox_open_before(struct store_tx *tx, const struct outbox_delivery *delivery,
	struct arena *arena, int64_t **ret_ids, size_t *ret_count, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT id FROM delivery INDEXED BY delivery_open"
			     " WHERE alert_id = ?1 AND receiver = ?2 AND ended_ms IS NULL"
			     " AND id < ?3 ORDER BY id");
	struct {
		int64_t *ids;
		size_t ids_count, ids_alloc;
	} list = {0};
	int got;

	query_bind_int(&query, 1, delivery->alert_id);
	query_bind_text(&query, 2, delivery->receiver);
	query_bind_int(&query, 3, delivery->id);
	for (got = query_step(&query, err); got > 0; got = query_step(&query, err)) {
		*VEC_PUSH_IN(arena, &list, ids) = query_int(&query, 0);
	}
	if (got == 0) {
		*ret_ids = list.ids;
		*ret_count = list.ids_count;
	}
	return got;
}

int outbox_is_doubtful(struct store_tx *tx, int64_t id, bool *ret_is_doubtful, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT EXISTS (SELECT 1 FROM attempt WHERE delivery_id = ?1"
			     " AND (ended_ms IS NULL OR may_have_arrived))");

	query_bind_int(&query, 1, id);
	return read_bool(&query, ret_is_doubtful, err);
}

int outbox_backlog(struct store_tx *tx, const char *receiver, int64_t now_ms, int64_t max,
	int64_t *ret_count, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT count(*) FROM (SELECT DISTINCT coalesce(group_key, id)"
		" FROM delivery INDEXED BY delivery_waiting"
		" WHERE state = 0 AND receiver = ?1 AND severity IN (0, 1, 2) AND due_ms <= ?2"
		" LIMIT ?3)");

	query_bind_text(&query, 1, receiver);
	query_bind_int(&query, 2, now_ms);
	query_bind_int(&query, 3, max);
	return read_int(&query, ret_count, err);
}

/* The index has all that it needs. */
int outbox_count_due(struct store_tx *tx, const char *receiver, int64_t now_ms, int64_t max,
	int64_t *ret_count, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT count(*) FROM (SELECT 1 FROM delivery INDEXED BY delivery_waiting"
		" WHERE state = 0 AND receiver = ?1 AND severity IN (0, 1, 2) AND due_ms <= ?2"
		" LIMIT ?3)");

	query_bind_text(&query, 1, receiver);
	query_bind_int(&query, 2, now_ms);
	query_bind_int(&query, 3, max);
	return read_int(&query, ret_count, err);
}

int outbox_next_due(struct store_tx *tx, const char *receiver, int64_t alert_id,
	int64_t *ret_due_ms, struct err *err)
{
	if (alert_id != 0) {
		_cleanup_(query_end) struct query query =
			query_of(tx, "SELECT min(due_ms) FROM delivery INDEXED BY delivery_open"
				     " WHERE alert_id = ?1 AND ended_ms IS NULL AND state = 0"
				     " AND (?2 IS NULL OR receiver = ?2)");

		query_bind_int(&query, 1, alert_id);
		query_bind_text(&query, 2, receiver);
		return read_int(&query, ret_due_ms, err);
	}
	if (!receiver) {
		_cleanup_(query_end) struct query query =
			query_of(tx, "SELECT min(due_ms) FROM delivery INDEXED BY delivery_waiting "
				     "WHERE state = 0");

		return read_int(&query, ret_due_ms, err);
	}
	/* A sub-select each, so that each is one step in the index. */
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT min(due_ms) FROM (SELECT (SELECT min(due_ms) FROM delivery"
		" WHERE state = 0 AND receiver = ?1 AND severity = s.column1) AS due_ms"
		" FROM (VALUES (0), (1), (2)) s)");

	query_bind_text(&query, 1, receiver);
	return read_int(&query, ret_due_ms, err);
}

int outbox_has_waiting(
	struct store_tx *tx, const char *receiver, int purpose, bool *ret_has, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT EXISTS (SELECT 1 FROM delivery INDEXED BY delivery_waiting"
			     " WHERE state = 0 AND receiver = ?1 AND purpose = ?2)");

	query_bind_text(&query, 1, receiver);
	query_bind_int(&query, 2, purpose);
	return read_bool(&query, ret_has, err);
}

int outbox_count_late(struct store_tx *tx, int64_t now_ms, int64_t *ret_count, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT (SELECT count(*) FROM delivery INDEXED BY delivery_waiting"
		" WHERE state = 0 AND (attempts > 0 OR due_ms <= ?1))"
		" + (SELECT count(*) FROM delivery INDEXED BY delivery_sending WHERE state = 1)");

	query_bind_int(&query, 1, now_ms);
	return read_int(&query, ret_count, err);
}

int outbox_count_waiting(struct store_tx *tx, int64_t *ret_count, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(
		tx, "SELECT count(*) FROM delivery INDEXED BY delivery_waiting WHERE state = 0");

	return read_int(&query, ret_count, err);
}

int outbox_waiting(
	struct store_tx *tx, struct arena *arena, struct outbox_waitings *ret_list, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT receiver, count(*) FROM delivery INDEXED BY delivery_waiting"
			     " WHERE state = 0 GROUP BY receiver ORDER BY receiver");
	int got;

	*ret_list = (struct outbox_waitings){0};
	while ((got = query_step(&query, err)) > 0) {
		*VEC_PUSH_IN(arena, ret_list, items) = (struct outbox_waiting){
			.receiver = query_text(&query, 0, arena),
			.count = query_int(&query, 1),
		};
	}
	return got;
}

int outbox_first_key(struct store_tx *tx, const struct outbox_delivery *delivery,
	struct arena *arena, const char **ret_key, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT coalesce(c.key, d.key) FROM delivery d INDEXED BY delivery_alert"
		" LEFT JOIN delivery c ON c.id = d.carrier_id"
		" WHERE d.alert_id = ?1 AND d.receiver = ?2 AND d.id < ?3 AND d.state IN (2, 3)"
		" ORDER BY d.id LIMIT 1");
	int got;

	query_bind_int(&query, 1, delivery->alert_id);
	query_bind_text(&query, 2, delivery->receiver);
	query_bind_int(&query, 3, delivery->id);
	got = query_step(&query, err);
	if (got >= 0) {
		*ret_key = got > 0 ? query_text(&query, 0, arena) : NULL;
	}
	return got < 0 ? -1 : 0;
}

int outbox_event_state(struct store_tx *tx, int64_t event_id, const char *receiver,
	enum outbox_event_state *ret_state, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT max(CASE WHEN state IN (2, 3) AND ended_ms IS NOT NULL THEN 2 ELSE 1 END)"
		" FROM delivery INDEXED BY delivery_event"
		" WHERE event_id = ?1 AND receiver = ?2 AND state IN (0, 1, 2, 3)");
	int64_t state = 0;

	query_bind_int(&query, 1, event_id);
	query_bind_text(&query, 2, receiver);
	if (read_int(&query, &state, err) < 0) {
		return -1;
	}
	*ret_state = (enum outbox_event_state)state;
	return 0;
}

/* --- Claiming --- */

static int begin_attempt(
	struct store_tx *tx, int64_t delivery_id, int64_t now_ms, int64_t *ret_id, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "INSERT INTO attempt (delivery_id, started_ms, may_have_arrived) "
			     "VALUES (?1, ?2, 0)");

	query_bind_int(&query, 1, delivery_id);
	query_bind_int(&query, 2, now_ms);
	if (query_run(&query, err) < 0) {
		return -1;
	}
	*ret_id = store_tx_inserted_id(tx);
	return 0;
}

int outbox_claim(struct store_tx *tx, int64_t id, const struct outbox_claim *claim,
	int64_t *ret_attempt_id, bool *ret_may_be_repeat, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"UPDATE delivery SET state = 1, owner_id = ?2, lease_ms = ?3, "
		"attempts = attempts + 1,"
		" hold_reason = NULL, silence_id = NULL, inhibitor_id = NULL WHERE id = ?1");

	if (outbox_is_doubtful(tx, id, ret_may_be_repeat, err) < 0) {
		return -1;
	}
	query_bind_int(&query, 1, id);
	query_bind_int(&query, 2, claim->owner_id);
	query_bind_int(&query, 3, claim->lease_ms);
	if (query_run(&query, err) < 0) {
		return -1;
	}
	return begin_attempt(tx, id, claim->now_ms, ret_attempt_id, err);
}

int outbox_carry(struct store_tx *tx, const struct outbox_delivery *delivery, int64_t carrier_id,
	struct err *err)
{
	_cleanup_(query_end) struct query own =
		query_of(tx, "UPDATE delivery SET state = 3, carrier_id = ?2, stands_for = 1, "
			     "hold_reason = NULL,"
			     " silence_id = NULL, inhibitor_id = NULL WHERE id = ?1");
	_cleanup_(query_end) struct query theirs =
		query_of(tx, "UPDATE delivery SET carrier_id = ?2"
			     " WHERE carrier_id = ?1 AND state = 3 AND ended_ms IS NULL");

	query_bind_int(&own, 1, delivery->id);
	query_bind_int(&own, 2, carrier_id);
	if (query_run(&own, err) < 0) {
		return -1;
	}
	if (delivery->stands_for <= 1) {
		return 0;
	}
	query_bind_int(&theirs, 1, delivery->id);
	query_bind_int(&theirs, 2, carrier_id);
	return query_run(&theirs, err);
}

int outbox_uncarry(struct store_tx *tx, int64_t carrier_id, int64_t due_ms, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "UPDATE delivery SET state = 0, carrier_id = NULL, due_ms = ?2"
			     " WHERE carrier_id = ?1 AND state = 3 AND ended_ms IS NULL");

	query_bind_int(&query, 1, carrier_id);
	query_bind_int(&query, 2, due_ms);
	return query_run(&query, err);
}

int outbox_set_carrier(struct store_tx *tx, const struct outbox_delivery *delivery, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "UPDATE delivery SET stands_for = ?2, severity = ?3 WHERE id = ?1");

	query_bind_int(&query, 1, delivery->id);
	query_bind_int(&query, 2, delivery->stands_for);
	query_bind_int(&query, 3, delivery->severity);
	return query_run(&query, err);
}

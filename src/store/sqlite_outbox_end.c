/*
 * What becomes of claimed deliveries, and who has been told.  See store_outbox.h.
 */
#include "base/alloc.h"
#include "store/sqlite_internal.h"
#include "store/store_outbox.h"

int outbox_end_attempt(struct store_tx *tx, int64_t attempt_id,
	const struct outbox_attempt *attempt, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "UPDATE attempt SET started_ms = ?2, ended_ms = ?3, outcome = ?4, "
			     "code = ?5, text = ?6,"
			     " body = ?7, next_ms = ?8, may_have_arrived = ?9 WHERE id = ?1");

	query_bind_int(&query, 1, attempt_id);
	query_bind_int(&query, 2, attempt->started_ms);
	query_bind_int(&query, 3, attempt->ended_ms);
	query_bind_int(&query, 4, attempt->outcome);
	query_bind_int(&query, 5, attempt->code);
	query_bind_text(&query, 6, attempt->text);
	query_bind_text(&query, 7, attempt->body);
	query_bind_int_or_null(&query, 8, attempt->next_ms, 0);
	query_bind_int(&query, 9, attempt->may_have_arrived);
	return query_run(&query, err);
}

static int ask(struct query *query, bool *ret_answer, struct err *err)
{
	if (query_step(query, err) < 0) {
		return -1;
	}
	*ret_answer = query_bool(query, 0);
	return 0;
}

int outbox_get_hand(struct store_tx *tx, int64_t id, struct outbox_hand *ret_hand, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT state, owner_id FROM delivery WHERE id = ?1");
	int got;

	query_bind_int(&query, 1, id);
	got = query_step(&query, err);
	if (got == 0) {
		return err_set(err, ERR_NOT_FOUND, "there is no delivery %lld", (long long)id);
	}
	if (got > 0) {
		ret_hand->state = (enum delivery_state)query_enum(&query, 0, DELIVERY_STATES);
		ret_hand->owner_id = query_int(&query, 1);
	}
	return got < 0 ? -1 : 0;
}

int outbox_unclaim(struct store_tx *tx, int64_t id, int64_t attempt_id, struct err *err)
{
	_cleanup_(query_end) struct query attempt =
		query_of(tx, "DELETE FROM attempt WHERE id = ?1");
	_cleanup_(query_end) struct query delivery =
		query_of(tx, "UPDATE delivery SET state = 0, owner_id = NULL, lease_ms = NULL,"
			     " attempts = attempts - 1 WHERE id = ?1");

	query_bind_int(&attempt, 1, attempt_id);
	if (query_run(&attempt, err) < 0) {
		return -1;
	}
	query_bind_int(&delivery, 1, id);
	return query_run(&delivery, err);
}

int outbox_wait(struct store_tx *tx, int64_t id, const struct outbox_wait *wait, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"UPDATE delivery SET state = 0, owner_id = NULL, lease_ms = NULL, due_ms = ?2,"
		" hold_reason = ?3, silence_id = ?4, inhibitor_id = NULL, result = coalesce(?5, "
		"result) WHERE id = ?1");

	query_bind_int(&query, 1, id);
	query_bind_int(&query, 2, wait->due_ms);
	query_bind_text(&query, 3, wait->hold_reason);
	query_bind_int_or_null(&query, 4, wait->silence_id, 0);
	query_bind_text(&query, 5, wait->result);
	return query_run(&query, err);
}

/* A silence or an inhibition is asked again when its delivery is due, and so must stay there. */
#define REASON_UNLESS_HELD(position)                                                               \
	"CASE WHEN silence_id IS NULL AND inhibitor_id IS NULL THEN " position                     \
	" ELSE hold_reason END"

int outbox_put_off(
	struct store_tx *tx, int64_t id, int64_t due_ms, const char *hold_reason, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "UPDATE delivery SET due_ms = ?2, hold_reason = " REASON_UNLESS_HELD(
				     "?3") " WHERE id = ?1 AND state = 0");

	query_bind_int(&query, 1, id);
	query_bind_int(&query, 2, due_ms);
	query_bind_text(&query, 3, hold_reason);
	return query_run(&query, err);
}

int outbox_wait_behind(struct store_tx *tx, const struct outbox_delivery *delivery, int64_t due_ms,
	const char *hold_reason, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"UPDATE delivery INDEXED BY delivery_open SET due_ms = ?4,"
		" hold_reason = " REASON_UNLESS_HELD("?5") " WHERE alert_id = ?1 AND receiver = ?2 "
							   "AND ended_ms IS NULL AND id > ?3"
							   " AND state = 0 AND due_ms < ?4");

	if (delivery->alert_id == 0) {
		return 0;
	}
	query_bind_int(&query, 1, delivery->alert_id);
	query_bind_text(&query, 2, delivery->receiver);
	query_bind_int(&query, 3, delivery->id);
	query_bind_int(&query, 4, due_ms);
	query_bind_text(&query, 5, hold_reason);
	return query_run(&query, err);
}

int outbox_release(struct store_tx *tx, const char *receiver, const char *hold_reason,
	int64_t due_ms, int64_t *ret_count, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"UPDATE delivery SET due_ms = ?3, hold_reason = NULL"
		" WHERE state = 0 AND receiver = ?1 AND hold_reason = ?2 AND due_ms > ?3");

	query_bind_text(&query, 1, receiver);
	query_bind_text(&query, 2, hold_reason);
	query_bind_int(&query, 3, due_ms);
	if (query_run(&query, err) < 0) {
		return -1;
	}
	*ret_count = store_tx_changes(tx);
	return 0;
}

static int end_carried(
	struct store_tx *tx, int64_t carrier_id, const struct outbox_end *end, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "UPDATE delivery SET ended_ms = ?2, result = ?3"
			     " WHERE carrier_id = ?1 AND state = 3 AND ended_ms IS NULL");

	query_bind_int(&query, 1, carrier_id);
	query_bind_int(&query, 2, end->ended_ms);
	query_bind_text(&query, 3, end->result);
	return query_run(&query, err);
}

int outbox_end(struct store_tx *tx, int64_t id, const struct outbox_end *end, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"UPDATE delivery SET state = ?2, ended_ms = ?3, carrier_id = ?4, result = ?5,"
		" owner_id = NULL, lease_ms = NULL, hold_reason = NULL, silence_id = NULL, "
		"inhibitor_id = NULL"
		" WHERE id = ?1");

	query_bind_int(&query, 1, id);
	query_bind_int(&query, 2, end->state);
	query_bind_int(&query, 3, end->ended_ms);
	query_bind_int_or_null(&query, 4, end->instead_id, 0);
	query_bind_text(&query, 5, end->result);
	if (query_run(&query, err) < 0) {
		return -1;
	}
	return end->state == DELIVERY_DELIVERED ? end_carried(tx, id, end, err) : 0;
}

int outbox_is_told(struct store_tx *tx, int64_t alert_id, const char *receiver, unsigned purposes,
	bool *ret_is_told, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT EXISTS (SELECT 1 FROM delivery INDEXED BY delivery_alert"
			     " WHERE alert_id = ?1 AND receiver = ?2 AND (1 << purpose) & ?3"
			     " AND state IN (0, 1, 2, 3))");

	query_bind_int(&query, 1, alert_id);
	query_bind_text(&query, 2, receiver);
	query_bind_int(&query, 3, purposes);
	return ask(&query, ret_is_told, err);
}

int outbox_told_severities(struct store_tx *tx, const struct outbox_delivery *delivery,
	unsigned purposes, unsigned *ret_severities, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT sum(DISTINCT 1 << d.severity) FROM delivery d INDEXED BY delivery_alert"
		" WHERE d.alert_id = ?1 AND d.receiver = ?2 AND d.id < ?3"
		" AND (1 << d.purpose) & ?4 AND (d.state IN (2, 3)"
		" OR EXISTS (SELECT 1 FROM attempt WHERE delivery_id = d.id))");

	query_bind_int(&query, 1, delivery->alert_id);
	query_bind_text(&query, 2, delivery->receiver);
	query_bind_int(&query, 3, delivery->id);
	query_bind_int(&query, 4, purposes);
	if (query_step(&query, err) < 0) {
		return -1;
	}
	*ret_severities = (unsigned)query_int(&query, 0);
	return 0;
}

int outbox_untell(struct store_tx *tx, int64_t alert_id, const char *receiver, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "DELETE FROM told WHERE alert_id = ?1 AND receiver = ?2");

	query_bind_int(&query, 1, alert_id);
	query_bind_text(&query, 2, receiver);
	return query_run(&query, err);
}

int outbox_tell(struct store_tx *tx, const struct outbox_delivery *delivery, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"INSERT OR IGNORE INTO told (alert_id, receiver, severity, queued_ms, delivery_id,"
		" hidden) SELECT id, ?2, ?3, ?4, ?5, 0 FROM alert"
		" WHERE id = ?1 AND resolved_ms IS NULL");

	query_bind_int(&query, 1, delivery->alert_id);
	query_bind_text(&query, 2, delivery->receiver);
	query_bind_int(&query, 3, delivery->severity);
	query_bind_int(&query, 4, delivery->created_ms);
	query_bind_int(&query, 5, delivery->id);
	return query_run(&query, err);
}

int outbox_revive(
	struct store_tx *tx, int64_t id, int64_t due_ms, int64_t expires_ms, struct err *err)
{
	_cleanup_(query_end) struct query found =
		query_of(tx, "SELECT state FROM delivery WHERE id = ?1");
	_cleanup_(query_end) struct query query = query_of(tx,
		"UPDATE delivery SET state = 0, due_ms = ?2, expires_ms = ?3, ended_ms = NULL,"
		" attempts = 0, carrier_id = NULL, stands_for = 1, hold_reason = NULL,"
		" silence_id = NULL, inhibitor_id = NULL WHERE id = ?1");
	_cleanup_(query_end) struct query channel = query_of(tx,
		"UPDATE channel SET held_until_ms = 0 WHERE dead_ms IS NOT NULL AND receiver ="
		" (SELECT receiver FROM delivery WHERE id = ?1)");
	int got;

	query_bind_int(&found, 1, id);
	got = query_step(&found, err);
	if (got < 0) {
		return -1;
	}
	if (got == 0) {
		return err_set(err, ERR_NOT_FOUND, "there is no delivery %lld", (long long)id);
	}
	if (query_enum(&found, 0, DELIVERY_STATES) != DELIVERY_DEAD) {
		return err_set(err, ERR_INPUT, "delivery %lld is not dead", (long long)id);
	}
	query_bind_int(&query, 1, id);
	query_bind_int(&query, 2, due_ms);
	query_bind_int(&query, 3, expires_ms);
	if (query_run(&query, err) < 0) {
		return -1;
	}
	query_bind_int(&channel, 1, id);
	return query_run(&channel, err);
}

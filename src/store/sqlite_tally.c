/*
 * Counting decisions and messages.  See store_tally.h.
 */
#include <assert.h>
#include <string.h>

#include "base/vec.h"
#include "store/delivery_state.h"
#include "store/sqlite_internal.h"
#include "store/store_alerts.h"
#include "store/store_tally.h"

/* As the SQL below has them. */
static_assert(
	DELIVERY_DELIVERED == 2 && DELIVERY_CARRIED == 3 && DELIVERY_DEAD == 4 && EVENT_FIRING == 0,
	"stored");

static struct tally *tally_of(struct tallies *tallies, struct str receiver, struct arena *arena)
{
	struct tally *tally;

	for (size_t i = 0; i < tallies->items_count; i++) {
		if (str_is(receiver, tallies->items[i].receiver)) {
			return &tallies->items[i];
		}
	}
	tally = VEC_PUSH_IN(arena, tallies, items);
	*tally = (struct tally){.receiver = str_dup(receiver, arena)};
	return tally;
}

static int count_decisions(struct store_tx *tx, const struct tally_range *range,
	struct arena *arena, struct tallies *tallies, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT d.receiver, d.verdict, count(*) FROM event e INDEXED BY event_time "
		"CROSS JOIN decision d ON d.event_id = e.id "
		"WHERE e.time_ms >= ?1 AND e.time_ms < ?2 GROUP BY d.receiver, d.verdict "
		"ORDER BY d.receiver");
	int got;

	query_bind_int(&query, 1, range->since_ms);
	query_bind_int(&query, 2, range->until_ms);
	while ((got = query_step(&query, err)) > 0) {
		struct tally *tally = tally_of(tallies, query_str(&query, 0), arena);
		int64_t verdict = query_int(&query, 1);

		if (verdict >= 0 && verdict < TALLY_VERDICTS_MAX) {
			tally->verdicts[verdict] = query_int(&query, 2);
		}
	}
	return got;
}

/* A message is a delivery that was delivered; those that it carried are carried. */
static int count_messages(struct store_tx *tx, const struct tally_range *range, struct arena *arena,
	struct tallies *tallies, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT receiver, state, count(*) FROM delivery INDEXED BY delivery_ended "
		"WHERE state IN (2, 4) AND ended_ms >= ?1 AND ended_ms < ?2 "
		"AND (?3 >> purpose) & 1 GROUP BY receiver, state ORDER BY receiver");
	int got;

	query_bind_int(&query, 1, range->since_ms);
	query_bind_int(&query, 2, range->until_ms);
	query_bind_int(&query, 3, range->purposes);
	while ((got = query_step(&query, err)) > 0) {
		struct tally *tally = tally_of(tallies, query_str(&query, 0), arena);

		if (query_int(&query, 1) == DELIVERY_DELIVERED) {
			tally->messages = query_int(&query, 2);
		} else {
			tally->dead = query_int(&query, 2);
		}
	}
	return got;
}

int store_tally(struct store_tx *tx, const struct tally_range *range, struct arena *arena,
	struct tallies *ret_tallies, struct err *err)
{
	struct tallies tallies = {0};

	if (count_decisions(tx, range, arena, &tallies, err) < 0 ||
		count_messages(tx, range, arena, &tallies, err) < 0) {
		return -1;
	}
	*ret_tallies = tallies;
	return 0;
}

int store_tally_alerts(struct store_tx *tx, const struct tally_range *range, enum severity severity,
	struct arena *arena, struct tally_alerts *ret_alerts, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT a.id, a.fingerprint, a.title, a.source, a.started_ms FROM alert a "
		"WHERE a.updated_ms >= ?1 AND a.started_ms < ?2 AND a.severity_max >= ?3 "
		"AND EXISTS (SELECT 1 FROM event e WHERE e.alert_id = a.id AND e.kind = 0 "
		"AND e.severity = ?3 AND e.time_ms >= ?1 AND e.time_ms < ?2) ORDER BY a.id");
	struct tally_alerts alerts = {0};
	int got;

	query_bind_int(&query, 1, range->since_ms);
	query_bind_int(&query, 2, range->until_ms);
	query_bind_int(&query, 3, severity);
	while ((got = query_step(&query, err)) > 0) {
		*VEC_PUSH_IN(arena, &alerts, items) = (struct tally_alert){
			.id = query_int(&query, 0),
			.fingerprint = query_text(&query, 1, arena),
			.title = query_text(&query, 2, arena),
			.source = query_text(&query, 3, arena),
			.started_ms = query_int(&query, 4),
		};
	}
	if (got == 0) {
		*ret_alerts = alerts;
	}
	return got;
}

int store_tally_told(struct store_tx *tx, int64_t alert_id, enum severity severity,
	struct arena *arena, struct tally_names *ret_names, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT DISTINCT d.receiver FROM delivery d JOIN event e ON e.id = d.event_id "
		"WHERE d.alert_id = ?1 AND d.state IN (2, 3) AND d.ended_ms IS NOT NULL "
		"AND e.kind = 0 AND d.severity >= ?2 ORDER BY d.receiver");
	struct tally_names names = {0};
	int got;

	query_bind_int(&query, 1, alert_id);
	query_bind_int(&query, 2, severity);
	while ((got = query_step(&query, err)) > 0) {
		*VEC_PUSH_IN(arena, &names, items) = query_text(&query, 0, arena);
	}
	if (got == 0) {
		*ret_names = names;
	}
	return got;
}

int store_tally_reason(struct store_tx *tx, int64_t alert_id, enum severity severity,
	struct arena *arena, int *ret_verdict, const char **ret_reason, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT d.verdict, d.reason FROM event e JOIN decision d ON d.event_id = e.id "
		"WHERE e.alert_id = ?1 AND e.kind = 0 AND e.severity = ?2 "
		"ORDER BY e.id DESC, d.rowid LIMIT 1");
	int got;

	query_bind_int(&query, 1, alert_id);
	query_bind_int(&query, 2, severity);
	got = query_step(&query, err);
	if (got < 0) {
		return -1;
	}
	*ret_verdict = got ? (int)query_int(&query, 0) : 0;
	*ret_reason = got ? query_text(&query, 1, arena) : NULL;
	return 0;
}

/*
 * Counting what happened between two instants.  See store_digest.h.
 */
#include "base/alloc.h"
#include "base/vec.h"
#include "store/delivery_state.h"
#include "store/sqlite_internal.h"
#include "store/store_digest.h"

_Static_assert(DELIVERY_DEAD == 4, "the SQL has it as a number");

static void bind_range(struct query *query, const struct digest_range *range)
{
	query_bind_int(query, 1, range->from_ms);
	query_bind_int(query, 2, range->to_ms);
}

/* The query gives ids, in order, of all there are; those beyond the limit are only counted. */
static int read_alerts(struct store_tx *tx, struct query *query, int64_t limit, struct arena *arena,
	struct digest_alerts *ret_alerts, struct err *err)
{
	struct digest_alerts alerts = {0};
	int got;

	while ((got = query_step(query, err)) > 0) {
		if (alerts.total++ < limit &&
			store_alert_get(tx, query_int(query, 0), arena,
				VEC_PUSH_IN(arena, &alerts, items), err) < 0) {
			return -1;
		}
	}
	if (got == 0) {
		*ret_alerts = alerts;
	}
	return got;
}

int digest_open(struct store_tx *tx, const struct digest_range *range, struct arena *arena,
	struct digest_alerts *ret_alerts, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT id FROM alert INDEXED BY alert_open WHERE resolved_ms IS NULL"
			     " ORDER BY severity DESC, started_ms DESC, id DESC");

	return read_alerts(tx, &query, range->limit, arena, ret_alerts, err);
}

int digest_fired(struct store_tx *tx, const struct digest_range *range, struct arena *arena,
	struct digest_alerts *ret_alerts, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT id FROM alert INDEXED BY alert_started"
			     " WHERE started_ms >= ?1 AND started_ms < ?2"
			     " ORDER BY severity_max DESC, started_ms DESC, id DESC");

	bind_range(&query, range);
	return read_alerts(tx, &query, range->limit, arena, ret_alerts, err);
}

int digest_resolved(struct store_tx *tx, const struct digest_range *range, struct arena *arena,
	struct digest_alerts *ret_alerts, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT id FROM alert INDEXED BY alert_resolved"
			     " WHERE resolved_ms >= ?1 AND resolved_ms < ?2"
			     " ORDER BY severity_max DESC, resolved_ms DESC, id DESC");

	bind_range(&query, range);
	return read_alerts(tx, &query, range->limit, arena, ret_alerts, err);
}

int digest_verdicts(struct store_tx *tx, const struct digest_range *range, size_t count,
	int64_t *ret_events, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT verdict, count(DISTINCT e.id) FROM event e INDEXED BY event_time"
		" CROSS JOIN decision d INDEXED BY decision_event ON d.event_id = e.id"
		" WHERE e.time_ms >= ?1 AND e.time_ms < ?2 GROUP BY verdict");
	_cleanup_(freep) int64_t *events = xcalloc(count, sizeof(*events));
	int got;

	bind_range(&query, range);
	while ((got = query_step(&query, err)) > 0) {
		const int64_t verdict = query_int(&query, 0);

		if (verdict >= 0 && (uint64_t)verdict < count) {
			events[verdict] = query_int(&query, 1);
		}
	}
	if (got == 0) {
		memcpy(ret_events, events, count * sizeof(*events));
	}
	return got;
}

int digest_failed(struct store_tx *tx, const struct digest_range *range, struct arena *arena,
	struct digest_faileds *ret_faileds, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT receiver, count(*) FROM delivery INDEXED BY delivery_ended"
			     " WHERE state = 4 AND ended_ms >= ?1 AND ended_ms < ?2"
			     " GROUP BY receiver ORDER BY receiver");
	struct digest_faileds faileds = {0};
	int got;

	bind_range(&query, range);
	while ((got = query_step(&query, err)) > 0) {
		*VEC_PUSH_IN(arena, &faileds, items) =
			(struct digest_failed){query_text(&query, 0, arena), query_int(&query, 1)};
	}
	if (got == 0) {
		*ret_faileds = faileds;
	}
	return got;
}

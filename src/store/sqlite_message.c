/*
 * Deliveries joined with their events and alerts.  See store_message.h.
 */
#include "base/alloc.h"
#include "store/sqlite_internal.h"
#include "store/store_alerts.h"
#include "store/store_message.h"

int message_event_get(struct store_tx *tx, int64_t event_id, struct arena *arena,
	struct message_event *ret_event, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT a.id, a.fingerprint, a.title, a.source, a.runbook, a.acked_by, "
		"a.started_ms,"
		" a.resolved_ms, a.events, e.time_ms, e.severity, e.message, e.fields, e.labels, "
		"e.kind"
		" FROM event e JOIN alert a ON a.id = e.alert_id WHERE e.id = ?1");
	int got;

	query_bind_int(&query, 1, event_id);
	got = query_step(&query, err);
	if (got == 0) {
		return err_set(err, ERR_NOT_FOUND, "there is no event %lld", (long long)event_id);
	}
	if (got < 0) {
		return -1;
	}
	*ret_event = (struct message_event){
		.alert_id = query_int(&query, 0),
		.fingerprint = query_text(&query, 1, arena),
		.title = query_text(&query, 2, arena),
		.source = query_text(&query, 3, arena),
		.runbook = query_text(&query, 4, arena),
		.acked_by = query_text(&query, 5, arena),
		.started_ms = query_int(&query, 6),
		.resolved_ms = query_int(&query, 7),
		.events = query_int(&query, 8),
		.time_ms = query_int(&query, 9),
		.severity = (enum severity)query_enum(&query, 10, SEVERITY_COUNT),
		.message = query_text(&query, 11, arena),
		.fields = query_text(&query, 12, arena),
		.labels = query_text(&query, 13, arena),
		.is_resolved = query_int(&query, 14) == EVENT_RESOLVED,
	};
	return 0;
}

static int count_events(struct store_tx *tx, int64_t carrier_id, int resolve,
	struct message_summary *summary, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT count(*), min(e.time_ms), max(e.time_ms), count(DISTINCT a.source),"
		" total(d.purpose = ?2), total(d.purpose <> ?2 AND d.severity = 0),"
		" total(d.purpose <> ?2 AND d.severity = 1),"
		" total(d.purpose <> ?2 AND d.severity = 2)"
		" FROM delivery d LEFT JOIN event e ON e.id = d.event_id"
		" LEFT JOIN alert a ON a.id = d.alert_id WHERE d.carrier_id = ?1 AND d.state = 3");

	query_bind_int(&query, 1, carrier_id);
	query_bind_int(&query, 2, resolve);
	if (query_step(&query, err) < 0) {
		return -1;
	}
	summary->count = query_int(&query, 0);
	summary->from_ms = query_int(&query, 1);
	summary->to_ms = query_int(&query, 2);
	summary->sources_total = query_int(&query, 3);
	summary->resolved = query_int(&query, 4);
	for (int severity = 0; severity < SEVERITY_COUNT; severity++) {
		summary->firing[severity] = query_int(&query, 5 + severity);
	}
	return 0;
}

static int count_sources(struct store_tx *tx, int64_t carrier_id, struct arena *arena,
	struct message_summary *summary, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT a.source, count(*) AS times FROM delivery d JOIN alert a ON "
			     "a.id = d.alert_id"
			     " WHERE d.carrier_id = ?1 AND d.state = 3"
			     " GROUP BY a.source ORDER BY times DESC, a.source LIMIT ?2");
	int got;

	query_bind_int(&query, 1, carrier_id);
	query_bind_int(&query, 2, MESSAGE_SOURCES_MAX);
	for (got = query_step(&query, err); got > 0; got = query_step(&query, err)) {
		summary->sources[summary->sources_count++] = (struct message_source){
			.name = query_text(&query, 0, arena), .count = query_int(&query, 1)};
	}
	return got;
}

int message_summary_get(struct store_tx *tx, int64_t carrier_id, int resolve, struct arena *arena,
	struct message_summary *ret_summary, struct err *err)
{
	struct message_summary summary = {0};

	if (count_events(tx, carrier_id, resolve, &summary, err) < 0 ||
		count_sources(tx, carrier_id, arena, &summary, err) < 0) {
		return -1;
	}
	*ret_summary = summary;
	return 0;
}

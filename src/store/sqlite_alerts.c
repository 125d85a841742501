/*
 * The tables alert, event, decision and told.  See store_alerts.h.
 */
#include "base/vec.h"
#include "store/sqlite_internal.h"
#include "store/store_alerts.h"

// clang-format off
#define ALERT_COLUMNS \
	"id, fingerprint, dedup_key, title, source, message, severity, severity_max, fields, " \
	"labels, runbook, started_ms, updated_ms, resolved_ms, acked_ms, acked_by, acked_note, " \
	"acked_severity, events"
// clang-format on

static struct stored_alert *read_alert(const struct query *query, struct arena *arena)
{
	struct stored_alert *alert = arena_alloc(arena, sizeof(*alert));

	*alert = (struct stored_alert){
		.id = query_int(query, 0),
		.fingerprint = query_text(query, 1, arena),
		.dedup_key = query_text(query, 2, arena),
		.title = query_text(query, 3, arena),
		.source = query_text(query, 4, arena),
		.message = query_text(query, 5, arena),
		.severity = (enum severity)query_enum(query, 6, SEVERITY_COUNT),
		.severity_max = (enum severity)query_enum(query, 7, SEVERITY_COUNT),
		.fields = query_text(query, 8, arena),
		.labels = query_text(query, 9, arena),
		.runbook = query_text(query, 10, arena),
		.started_ms = query_int(query, 11),
		.updated_ms = query_int(query, 12),
		.resolved_ms = query_int(query, 13),
		.acked_ms = query_int(query, 14),
		.acked_by = query_text(query, 15, arena),
		.acked_note = query_text(query, 16, arena),
		.acked_severity = (enum severity)query_enum(query, 17, SEVERITY_COUNT),
		.events = query_int(query, 18),
	};
	return alert;
}

static int one_alert(
	struct query *query, struct arena *arena, struct stored_alert **ret_alert, struct err *err)
{
	int got = query_step(query, err);

	if (got < 0) {
		return -1;
	}
	*ret_alert = got ? read_alert(query, arena) : NULL;
	return 0;
}

int store_alert_find_open(struct store_tx *tx, const char *fingerprint, struct arena *arena,
	struct stored_alert **ret_alert, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT " ALERT_COLUMNS
			     " FROM alert WHERE fingerprint = ?1 AND resolved_ms IS NULL");

	query_bind_text(&query, 1, fingerprint);
	return one_alert(&query, arena, ret_alert, err);
}

int store_alert_get(struct store_tx *tx, int64_t id, struct arena *arena,
	struct stored_alert **ret_alert, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT " ALERT_COLUMNS " FROM alert WHERE id = ?1");

	query_bind_int(&query, 1, id);
	return one_alert(&query, arena, ret_alert, err);
}

/* From position 2 on; the rest differs. */
static void bind_alert(struct query *query, const struct stored_alert *alert)
{
	query_bind_text(query, 2, alert->title);
	query_bind_text(query, 3, alert->source);
	query_bind_text(query, 4, alert->message);
	query_bind_int(query, 5, alert->severity);
	query_bind_int(query, 6, alert->severity_max);
	query_bind_text(query, 7, alert->fields);
	query_bind_text(query, 8, alert->labels);
	query_bind_text(query, 9, alert->runbook);
	query_bind_int(query, 10, alert->updated_ms);
	query_bind_int_or_null(query, 11, alert->resolved_ms, 0);
	query_bind_int_or_null(query, 12, alert->acked_ms, 0);
	query_bind_text(query, 13, alert->acked_by);
	query_bind_text(query, 14, alert->acked_note);
	query_bind_int(query, 15, alert->acked_severity);
	query_bind_int(query, 16, alert->events);
}

int store_alert_add(
	struct store_tx *tx, const struct stored_alert *alert, int64_t *ret_id, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"INSERT INTO alert (fingerprint, title, source, message, severity, severity_max, "
		"fields, labels, runbook, updated_ms, resolved_ms, acked_ms, acked_by, acked_note, "
		"acked_severity, events, dedup_key, started_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
		"?7, "
		"?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)");

	query_bind_text(&query, 1, alert->fingerprint);
	bind_alert(&query, alert);
	query_bind_text(&query, 17, alert->dedup_key);
	query_bind_int(&query, 18, alert->started_ms);
	if (query_run(&query, err) < 0) {
		return -1;
	}
	*ret_id = store_tx_inserted_id(tx);
	return 0;
}

int store_alert_update(struct store_tx *tx, const struct stored_alert *alert, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"UPDATE alert SET title = ?2, source = ?3, message = ?4, severity = ?5, "
		"severity_max = ?6, fields = ?7, labels = ?8, runbook = ?9, updated_ms = ?10, "
		"resolved_ms = ?11, acked_ms = ?12, acked_by = ?13, acked_note = ?14, "
		"acked_severity = ?15, events = ?16 WHERE id = ?1");

	query_bind_int(&query, 1, alert->id);
	bind_alert(&query, alert);
	return query_run(&query, err);
}

int store_event_add(
	struct store_tx *tx, const struct stored_event *event, int64_t *ret_id, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"INSERT INTO event (alert_id, time_ms, kind, severity, message, fields, labels, "
		"author) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

	query_bind_int(&query, 1, event->alert_id);
	query_bind_int(&query, 2, event->time_ms);
	query_bind_int(&query, 3, event->kind);
	query_bind_int(&query, 4, event->severity);
	query_bind_text(&query, 5, event->message);
	query_bind_text(&query, 6, event->fields);
	query_bind_text(&query, 7, event->labels);
	query_bind_text(&query, 8, event->author);
	if (query_run(&query, err) < 0) {
		return -1;
	}
	*ret_id = store_tx_inserted_id(tx);
	return 0;
}

int store_event_get(struct store_tx *tx, int64_t id, struct arena *arena,
	struct stored_event **ret_event, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT id, alert_id, time_ms, kind, severity, message, fields, labels, author "
		"FROM event WHERE id = ?1");
	int got;

	query_bind_int(&query, 1, id);
	got = query_step(&query, err);
	if (got < 0) {
		return -1;
	}
	*ret_event = NULL;
	if (got) {
		*ret_event = arena_alloc(arena, sizeof(**ret_event));
		**ret_event = (struct stored_event){
			.id = query_int(&query, 0),
			.alert_id = query_int(&query, 1),
			.time_ms = query_int(&query, 2),
			.kind = (enum event_kind)query_enum(&query, 3, EVENT_KINDS),
			.severity = (enum severity)query_enum(&query, 4, SEVERITY_COUNT),
			.message = query_text(&query, 5, arena),
			.fields = query_text(&query, 6, arena),
			.labels = query_text(&query, 7, arena),
			.author = query_text(&query, 8, arena),
		};
	}
	return 0;
}

int store_event_latest(struct store_tx *tx, int64_t alert_id, enum event_kind kind, int64_t *ret_id,
	struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT id FROM event WHERE alert_id = ?1 AND kind = ?2 ORDER BY id DESC LIMIT 1");
	int got;

	query_bind_int(&query, 1, alert_id);
	query_bind_int(&query, 2, kind);
	got = query_step(&query, err);
	if (got < 0) {
		return -1;
	}
	*ret_id = got ? query_int(&query, 0) : 0;
	return 0;
}

int store_decision_add(struct store_tx *tx, const struct stored_decision *decision, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"INSERT INTO decision (event_id, receiver, verdict, route, reason, until_ms, "
		"silence_id, delivery_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

	query_bind_int(&query, 1, decision->event_id);
	query_bind_text(&query, 2, decision->receiver);
	query_bind_int(&query, 3, decision->verdict);
	query_bind_text(&query, 4, decision->route);
	query_bind_text(&query, 5, decision->reason);
	query_bind_int_or_null(&query, 6, decision->until_ms, 0);
	query_bind_int_or_null(&query, 7, decision->silence_id, 0);
	query_bind_int_or_null(&query, 8, decision->delivery_id, 0);
	return query_run(&query, err);
}

int store_told_list(struct store_tx *tx, int64_t alert_id, struct arena *arena,
	struct stored_tolds *ret_tolds, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT receiver, severity, queued_ms, delivery_id, hidden, hidden_since_ms "
		"FROM told WHERE alert_id = ?1 ORDER BY receiver");
	struct stored_tolds tolds = {0};

	query_bind_int(&query, 1, alert_id);
	for (;;) {
		int got = query_step(&query, err);

		if (got < 0) {
			return -1;
		}
		if (got == 0) {
			*ret_tolds = tolds;
			return 0;
		}
		*VEC_PUSH_IN(arena, &tolds, items) = (struct stored_told){
			.receiver = query_text(&query, 0, arena),
			.severity = (enum severity)query_enum(&query, 1, SEVERITY_COUNT),
			.queued_ms = query_int(&query, 2),
			.delivery_id = query_int(&query, 3),
			.hidden = query_int(&query, 4),
			.hidden_since_ms = query_int(&query, 5),
		};
	}
}

int store_told_set(
	struct store_tx *tx, int64_t alert_id, const struct stored_told *told, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "INSERT OR REPLACE INTO told (alert_id, receiver, severity, "
			     "queued_ms, delivery_id, "
			     "hidden, hidden_since_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");

	query_bind_int(&query, 1, alert_id);
	query_bind_text(&query, 2, told->receiver);
	query_bind_int(&query, 3, told->severity);
	query_bind_int(&query, 4, told->queued_ms);
	query_bind_int(&query, 5, told->delivery_id);
	query_bind_int(&query, 6, told->hidden);
	query_bind_int_or_null(&query, 7, told->hidden_since_ms, 0);
	return query_run(&query, err);
}

int store_told_clear(struct store_tx *tx, int64_t alert_id, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "DELETE FROM told WHERE alert_id = ?1");

	query_bind_int(&query, 1, alert_id);
	return query_run(&query, err);
}

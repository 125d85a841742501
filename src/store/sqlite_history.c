/*
 * What was and is: lists, the story of one alert, everything again.  See store_history.h.
 *
 * Rows are found here and read by those who know their tables, one by one: a lookup by id costs
 * next to nothing.  Each list begins at an index that leads to what it wants; alerts without a
 * time are looked through from the newest on until there are enough.
 */
#include <inttypes.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "store/delivery_state.h"
#include "store/sqlite_internal.h"
#include "store/store_history.h"

_Static_assert(DELIVERY_DELIVERED == 2 && DELIVERY_CARRIED == 3 && DELIVERY_DEAD == 4,
	"the SQL has them as numbers");

/* --- Lists --- */

// clang-format off
#define FILTER \
	" AND (?1 = 0 OR 1 << severity & ?1) AND (?2 IS NULL OR source = ?2)" \
	" AND (?3 = 0 OR updated_ms >= ?3) AND (?4 = 0 OR started_ms < ?4)" \
	" AND (?5 = 0 OR id < ?5) ORDER BY id DESC LIMIT ?6"
// clang-format on

static const char *list_sql(const struct history_filter *filter)
{
	if (filter->only_open) {
		return "SELECT id FROM alert INDEXED BY alert_open WHERE resolved_ms IS "
		       "NULL" FILTER;
	}
	if (filter->since_ms > 0) {
		return "SELECT id FROM alert INDEXED BY alert_updated WHERE updated_ms >= "
		       "?3" FILTER;
	}
	return "SELECT id FROM alert WHERE true" FILTER;
}

static void bind_filter(struct query *query, const struct history_filter *filter)
{
	query_bind_int(query, 1, filter->severities);
	query_bind_text(query, 2, filter->source);
	query_bind_int(query, 3, filter->since_ms);
	query_bind_int(query, 4, filter->until_ms);
	query_bind_int(query, 5, filter->before_id);
	query_bind_int(query, 6, filter->limit);
}

static int count_deliveries(struct store_tx *tx, struct history_alert *alert, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT total(ended_ms IS NULL), total(state IN (2, 3) AND ended_ms IS NOT NULL),"
		" total(state = 4) FROM delivery WHERE alert_id = ?1");

	query_bind_int(&query, 1, alert->alert->id);
	if (query_step(&query, err) < 0) {
		return -1;
	}
	alert->waiting = query_int(&query, 0);
	alert->delivered = query_int(&query, 1);
	alert->dead = query_int(&query, 2);
	return 0;
}

int history_alerts(struct store_tx *tx, const struct history_filter *filter, struct arena *arena,
	struct history_alerts *ret_alerts, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx, list_sql(filter));
	struct history_alerts alerts = {0};
	int got;

	bind_filter(&query, filter);
	while ((got = query_step(&query, err)) > 0) {
		struct history_alert *alert = VEC_PUSH_IN(arena, &alerts, items);

		if (store_alert_get(tx, query_int(&query, 0), arena, &alert->alert, err) < 0 ||
			count_deliveries(tx, alert, err) < 0) {
			return -1;
		}
	}
	if (got == 0) {
		*ret_alerts = alerts;
	}
	return got;
}

int history_dead(struct store_tx *tx, const struct history_filter *filter, struct arena *arena,
	struct history_deads *ret_deads, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT d.id, a.title, a.source"
		" FROM delivery d INDEXED BY delivery_ended LEFT JOIN alert a ON a.id = d.alert_id"
		" WHERE d.state = 4 AND d.ended_ms >= ?3 AND (?4 = 0 OR d.created_ms < ?4)"
		" AND (?1 = 0 OR 1 << d.severity & ?1) AND (?2 IS NULL OR a.source = ?2)"
		" AND (?5 = 0 OR d.id < ?5) ORDER BY d.id DESC LIMIT ?6");
	struct history_deads deads = {0};
	int got;

	bind_filter(&query, filter);
	while ((got = query_step(&query, err)) > 0) {
		struct history_dead *dead = VEC_PUSH_IN(arena, &deads, items);

		dead->title = query_text(&query, 1, arena);
		dead->source = query_text(&query, 2, arena);
		if (outbox_get(tx, query_int(&query, 0), arena, &dead->delivery, err) < 0) {
			return -1;
		}
	}
	if (got == 0) {
		*ret_deads = deads;
	}
	return got;
}

/* --- One alert --- */

int history_decisions(struct store_tx *tx, int64_t event_id, struct arena *arena,
	struct history_decisions *ret_decisions, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT receiver, verdict, route, reason, until_ms, silence_id, delivery_id"
		" FROM decision WHERE event_id = ?1 ORDER BY rowid");
	struct history_decisions decisions = {0};
	int got;

	query_bind_int(&query, 1, event_id);
	while ((got = query_step(&query, err)) > 0) {
		*VEC_PUSH_IN(arena, &decisions, items) = (struct stored_decision){
			.event_id = event_id,
			.receiver = query_text(&query, 0, arena),
			.verdict = (int)query_int(&query, 1),
			.route = query_text(&query, 2, arena),
			.reason = query_text(&query, 3, arena),
			.until_ms = query_int(&query, 4),
			.silence_id = query_int(&query, 5),
			.delivery_id = query_int(&query, 6),
		};
	}
	if (got == 0) {
		*ret_decisions = decisions;
	}
	return got;
}

/* A number that a statement with one value gives. */
static int count_of(
	struct store_tx *tx, const char *sql, int64_t id, int64_t *ret_count, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx, sql);

	query_bind_int(&query, 1, id);
	if (query_step(&query, err) < 0) {
		return -1;
	}
	*ret_count = query_int(&query, 0);
	return 0;
}

static int add_events(struct store_tx *tx, int64_t limit, struct arena *arena,
	struct history_story *story, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT id FROM (SELECT id FROM event WHERE alert_id = ?1 ORDER BY id "
			     "DESC LIMIT ?2)"
			     " ORDER BY id");
	int got;

	query_bind_int(&query, 1, story->alert->id);
	query_bind_int(&query, 2, limit);
	while ((got = query_step(&query, err)) > 0) {
		const int64_t id = query_int(&query, 0);
		struct history_event *event = VEC_PUSH_IN(arena, story, events);

		if (store_event_get(tx, id, arena, &event->event, err) < 0 ||
			history_decisions(tx, id, arena, &event->decisions, err) < 0) {
			return -1;
		}
	}
	return got < 0 ? -1
		       : count_of(tx, "SELECT count(*) FROM event WHERE alert_id = ?1",
				 story->alert->id, &story->events_total, err);
}

static int add_attempts(struct store_tx *tx, int64_t limit, struct arena *arena,
	struct history_delivery *delivery, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT * FROM (SELECT id, started_ms, ended_ms, outcome, code, text, body,"
		"  may_have_arrived, next_ms FROM attempt WHERE delivery_id = ?1"
		"  ORDER BY id DESC LIMIT ?2)"
		" ORDER BY id");
	int got;

	query_bind_int(&query, 1, delivery->delivery.id);
	query_bind_int(&query, 2, limit);
	while ((got = query_step(&query, err)) > 0) {
		*VEC_PUSH_IN(arena, delivery, attempts) = (struct history_attempt){
			.id = query_int(&query, 0),
			.started_ms = query_int(&query, 1),
			.ended_ms = query_int(&query, 2),
			.outcome = (int)query_int_or(&query, 3, -1),
			.code = (int)query_int(&query, 4),
			.text = query_text(&query, 5, arena),
			.body = query_text(&query, 6, arena),
			.may_have_arrived = query_bool(&query, 7),
			.next_ms = query_int(&query, 8),
		};
	}
	return got < 0 ? -1
		       : count_of(tx, "SELECT count(*) FROM attempt WHERE delivery_id = ?1",
				 delivery->delivery.id, &delivery->attempts_total, err);
}

static int add_deliveries(struct store_tx *tx, int64_t limit, struct arena *arena,
	struct history_story *story, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT id FROM"
		" (SELECT id FROM delivery WHERE alert_id = ?1 ORDER BY id DESC LIMIT ?2)"
		" ORDER BY id");
	int got;

	query_bind_int(&query, 1, story->alert->id);
	query_bind_int(&query, 2, limit);
	while ((got = query_step(&query, err)) > 0) {
		struct history_delivery *delivery = VEC_PUSH_IN(arena, story, deliveries);

		if (outbox_get(tx, query_int(&query, 0), arena, &delivery->delivery, err) < 0 ||
			add_attempts(tx, limit, arena, delivery, err) < 0) {
			return -1;
		}
	}
	return got < 0 ? -1
		       : count_of(tx, "SELECT count(*) FROM delivery WHERE alert_id = ?1",
				 story->alert->id, &story->deliveries_total, err);
}

static int add_silences(
	struct store_tx *tx, struct arena *arena, struct history_story *story, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT silence_id FROM delivery WHERE alert_id = ?1 AND silence_id IS NOT NULL"
		" UNION SELECT silence_id FROM event JOIN decision ON event_id = event.id"
		" WHERE alert_id = ?1 AND silence_id IS NOT NULL ORDER BY 1");
	int got;

	query_bind_int(&query, 1, story->alert->id);
	while ((got = query_step(&query, err)) > 0) {
		struct stored_silence *silence;

		if (store_silence_get(tx, query_int(&query, 0), arena, &silence, err) < 0) {
			return -1;
		}
		if (silence) {
			*VEC_PUSH_IN(arena, &story->silences, items) = *silence;
		}
	}
	return got;
}

int history_story(struct store_tx *tx, int64_t alert_id, int64_t limit, struct arena *arena,
	struct history_story *ret_story, struct err *err)
{
	struct history_story story = {0};

	if (store_alert_get(tx, alert_id, arena, &story.alert, err) < 0) {
		return -1;
	}
	if (!story.alert) {
		return err_set(err, ERR_NOT_FOUND, "there is no alert %" PRId64, alert_id);
	}
	if (add_events(tx, limit, arena, &story, err) < 0 ||
		add_deliveries(tx, limit, arena, &story, err) < 0 ||
		add_silences(tx, arena, &story, err) < 0) {
		return -1;
	}
	*ret_story = story;
	return 0;
}

/* --- Everything again --- */

int history_replay(struct store_tx *tx, const struct history_range *range, history_input_fn *fn,
	void *arg, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT e.id, e.alert_id, e.time_ms, e.kind, e.severity, e.message, e.fields,"
		" e.labels, e.author, a.fingerprint, a.title, a.source, a.dedup_key, a.runbook"
		" FROM event e INDEXED BY event_time CROSS JOIN alert a ON a.id = e.alert_id"
		" WHERE e.time_ms >= ?1 AND e.time_ms < ?2 ORDER BY e.time_ms, e.id");
	int got;

	query_bind_int(&query, 1, range->since_ms);
	query_bind_int(&query, 2, range->until_ms > 0 ? range->until_ms : INT64_MAX);
	while ((got = query_step(&query, err)) > 0) {
		const struct history_input input = {
			.event = {.id = query_int(&query, 0),
				.alert_id = query_int(&query, 1),
				.time_ms = query_int(&query, 2),
				.kind = (enum event_kind)query_enum(&query, 3, EVENT_KINDS),
				.severity = (enum severity)query_enum(&query, 4, SEVERITY_COUNT),
				.message = query_peek(&query, 5),
				.fields = query_peek(&query, 6),
				.labels = query_peek(&query, 7),
				.author = query_peek(&query, 8)},
			.fingerprint = query_peek(&query, 9),
			.title = query_peek(&query, 10),
			.source = query_peek(&query, 11),
			.dedup_key = query_peek(&query, 12),
			.runbook = query_peek(&query, 13),
		};

		if (fn(arg, &input, err) < 0) {
			return -1;
		}
	}
	return got;
}

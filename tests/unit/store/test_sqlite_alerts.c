/*
 * Alerts, events, decisions and who was told: what is written comes back.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/store_alerts.h"
#include "support/store_fixture.h"

static void run(store_fn *fn)
{
	struct store *store = fixture_store(":memory:");
	struct err err = {0};

	if (store_write(store, fn, NULL, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	store_close(&store);
}

static const struct stored_alert sample = {
	.fingerprint = "f1",
	.dedup_key = "k",
	.title = "disk full",
	.source = "db-01",
	.message = "93 %",
	.severity = SEVERITY_WARNING,
	.severity_max = SEVERITY_CRITICAL,
	.fields = "{\"a\": \"1\"}",
	.labels = "{}",
	.runbook = "https://wiki/",
	.started_ms = 1000,
	.updated_ms = 2000,
	.events = 3,
};

static void assert_same(const struct stored_alert *a, const struct stored_alert *b)
{
	const char *const texts[][2] = {{a->fingerprint, b->fingerprint}, {a->title, b->title},
		{a->source, b->source}, {a->message, b->message}, {a->fields, b->fields},
		{a->labels, b->labels}};
	const char *const may_be_null[][2] = {{a->dedup_key, b->dedup_key},
		{a->runbook, b->runbook}, {a->acked_by, b->acked_by},
		{a->acked_note, b->acked_note}};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_string_equal(texts[i][0], texts[i][1]);
	}
	for (size_t i = 0; i < ARRAY_LEN(may_be_null); i++) {
		assert_int_equal(!may_be_null[i][0], !may_be_null[i][1]);
		if (may_be_null[i][0]) {
			assert_string_equal(may_be_null[i][0], may_be_null[i][1]);
		}
	}
	assert_int_equal(a->severity, b->severity);
	assert_int_equal(a->severity_max, b->severity_max);
	assert_int_equal(a->started_ms, b->started_ms);
	assert_int_equal(a->updated_ms, b->updated_ms);
	assert_int_equal(a->resolved_ms, b->resolved_ms);
	assert_int_equal(a->acked_ms, b->acked_ms);
	assert_int_equal(a->acked_severity, b->acked_severity);
	assert_int_equal(a->events, b->events);
}

static int alerts(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct stored_alert alert = sample;
	struct stored_alert *found = NULL;
	int64_t other_id = 0;

	(void)arg;
	assert_int_equal(store_alert_find_open(tx, "f1", arena, &found, err), 0);
	assert_null(found);
	assert_int_equal(store_alert_add(tx, &alert, &alert.id, err), 0);
	assert_int_equal(store_alert_find_open(tx, "f1", arena, &found, err), 0);
	assert_int_equal(found->id, alert.id);
	assert_same(found, &alert);

	alert.title = "other";
	alert.source = "s";
	alert.message = "m";
	alert.severity = SEVERITY_CRITICAL;
	alert.fields = "{}";
	alert.labels = "{\"b\": \"2\"}";
	alert.runbook = NULL;
	alert.updated_ms = 3000;
	alert.resolved_ms = 3000;
	alert.acked_ms = 2500;
	alert.acked_by = "me";
	alert.acked_note = "mine";
	alert.acked_severity = SEVERITY_WARNING;
	alert.events = 4;
	assert_int_equal(store_alert_update(tx, &alert, err), 0);
	assert_int_equal(store_alert_get(tx, alert.id, arena, &found, err), 0);
	assert_same(found, &alert);
	assert_int_equal(store_alert_find_open(tx, "f1", arena, &found, err), 0);
	assert_null(found);
	assert_int_equal(store_alert_get(tx, 999, arena, &found, err), 0);
	assert_null(found);

	/* The same problem again, but never twice at once. */
	assert_int_equal(store_alert_add(tx, &sample, &other_id, err), 0);
	assert_true(other_id > alert.id);
	assert_int_equal(store_alert_add(tx, &sample, &other_id, err), -1);
	assert_int_equal(err->code, ERR_SYSTEM);
	return 0;
}

static void test_alerts(void **state)
{
	(void)state;
	run(alerts);
}

static int events(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct stored_event event = {.time_ms = 5,
		.kind = EVENT_ACKNOWLEDGED,
		.severity = SEVERITY_CRITICAL,
		.message = "m",
		.fields = "{}",
		.labels = "{}",
		.author = "me"};
	struct stored_event *found = NULL;
	int64_t alert_id = 0, first_id = 0, last_id = 0, latest_id = 0;

	(void)arg;
	assert_int_equal(store_alert_add(tx, &sample, &alert_id, err), 0);
	event.alert_id = alert_id;
	assert_int_equal(store_event_add(tx, &event, &first_id, err), 0);
	event.author = NULL;
	event.kind = EVENT_FIRING;
	assert_int_equal(store_event_add(tx, &event, &last_id, err), 0);

	assert_int_equal(store_event_get(tx, first_id, arena, &found, err), 0);
	assert_int_equal(found->id, first_id);
	assert_int_equal(found->alert_id, alert_id);
	assert_int_equal(found->time_ms, 5);
	assert_int_equal(found->kind, EVENT_ACKNOWLEDGED);
	assert_int_equal(found->severity, SEVERITY_CRITICAL);
	assert_string_equal(found->author, "me");
	assert_string_equal(found->message, "m");
	assert_int_equal(store_event_get(tx, last_id, arena, &found, err), 0);
	assert_null(found->author);
	assert_int_equal(store_event_get(tx, 999, arena, &found, err), 0);
	assert_null(found);

	assert_int_equal(store_event_latest(tx, alert_id, EVENT_ACKNOWLEDGED, &latest_id, err), 0);
	assert_int_equal(latest_id, first_id);
	assert_int_equal(store_event_latest(tx, alert_id, EVENT_FIRING, &latest_id, err), 0);
	assert_int_equal(latest_id, last_id);
	assert_int_equal(store_event_latest(tx, alert_id, EVENT_RESOLVED, &latest_id, err), 0);
	assert_int_equal(latest_id, 0);

	assert_int_equal(store_decision_add(tx,
				 &(struct stored_decision){.event_id = first_id,
					 .receiver = "",
					 .verdict = 3,
					 .route = "routes[0]",
					 .reason = "why"},
				 err),
		0);
	return 0;
}

static void test_events(void **state)
{
	(void)state;
	run(events);
}

static int tolds(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct stored_told told = {.receiver = "slack",
		.severity = SEVERITY_WARNING,
		.queued_ms = 7,
		.delivery_id = 8};
	struct stored_tolds list = {0};
	int64_t alert_id = 0;

	(void)arg;
	assert_int_equal(store_alert_add(tx, &sample, &alert_id, err), 0);
	assert_int_equal(store_told_list(tx, alert_id, arena, &list, err), 0);
	assert_int_equal(list.items_count, 0);
	assert_int_equal(store_told_set(tx, alert_id, &told, err), 0);
	told.hidden = 2;
	told.hidden_since_ms = 9;
	assert_int_equal(store_told_set(tx, alert_id, &told, err), 0);
	told.receiver = "mail";
	assert_int_equal(store_told_set(tx, alert_id, &told, err), 0);
	assert_int_equal(store_told_list(tx, alert_id, arena, &list, err), 0);
	assert_int_equal(list.items_count, 2);
	assert_string_equal(list.items[0].receiver, "mail");
	assert_string_equal(list.items[1].receiver, "slack");
	assert_int_equal(list.items[1].severity, SEVERITY_WARNING);
	assert_int_equal(list.items[1].queued_ms, 7);
	assert_int_equal(list.items[1].delivery_id, 8);
	assert_int_equal(list.items[1].hidden, 2);
	assert_int_equal(list.items[1].hidden_since_ms, 9);
	assert_int_equal(store_told_clear(tx, alert_id, err), 0);
	assert_int_equal(store_told_list(tx, alert_id, arena, &list, err), 0);
	assert_int_equal(list.items_count, 0);
	return 0;
}

static void test_tolds(void **state)
{
	(void)state;
	run(tolds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_tolds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

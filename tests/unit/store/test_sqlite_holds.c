/*
 * Deliveries that wait: found, changed, released, cancelled; and the alerts that hold them.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/store_holds.h"
#include "support/store_fixture.h"

/* Two open alerts and an ended one; of the first, deliveries in every kind of state. */
static const char sample[] =
	"INSERT INTO alert (id, fingerprint, title, source, message, severity, severity_max, "
	"fields, labels, started_ms, updated_ms, resolved_ms, events) VALUES "
	"(1, 'f1', 't', 's', '', 2, 2, '{}', '{}', 1, 1, NULL, 1), "
	"(2, 'f2', 't', 's', '', 2, 2, '{}', '{}', 1, 1, 5, 1), "
	"(3, 'f3', 't', 's', '', 2, 2, '{}', '{}', 1, 1, NULL, 1);"
	"INSERT INTO event (id, alert_id, time_ms, kind, severity, message, fields, labels) VALUES "
	"(1, 1, 1, 0, 2, '', '{}', '{}'), (2, 1, 1, 0, 2, '', '{}', '{}');"
	"INSERT INTO delivery (id, key, receiver, purpose, alert_id, event_id, severity, state, "
	"route, group_key, created_ms, due_ms, expires_ms, ended_ms, attempts, stands_for, hidden, "
	"silence_id, inhibitor_id) VALUES "
	"(1, 'k1', 'slack', 0, 1, 1, 2, 0, 'r', 'g', 1, 100, 900, NULL, 0, 1, 0, NULL, NULL), "
	"(2, 'k2', 'slack', 0, 1, 1, 2, 0, 'r', 'g', 1, 50, 900, NULL, 0, 1, 0, 7, NULL), "
	"(3, 'k3', 'slack', 0, 1, 1, 2, 0, 'r', 'g', 1, 60, 900, NULL, 2, 1, 0, NULL, NULL), "
	"(4, 'k4', 'mail', 0, 1, 1, 2, 0, 'r', 'g', 1, 70, 900, NULL, 0, 1, 0, NULL, 3), "
	"(5, 'k5', 'slack', 0, 1, 1, 2, 2, 'r', 'g', 1, 10, 900, 20, 1, 1, 0, 7, 3), "
	"(6, 'k6', 'slack', 1, 1, 1, 2, 0, 'r', 'g', 1, 30, 900, NULL, 0, 1, 0, NULL, NULL);";

static void run(store_fn *fn)
{
	struct store *store = fixture_store(":memory:");
	struct err err = {0};

	fixture_exec(store, sample);
	if (store_write(store, fn, store, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	store_close(&store);
}

static int waiting(struct store_tx *tx, void *arg, struct err *err)
{
	static const int64_t expected[] = {1, 2, 3, 4, 6};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct stored_hold hold = {.delivery_id = 1,
		.event_id = 2,
		.severity = SEVERITY_INFO,
		.due_ms = 500,
		.expires_ms = 1000,
		.hidden = 3,
		.hidden_since_ms = 40,
		.reason = "silenced",
		.silence_id = 9,
		.inhibitor_id = 3};
	struct stored_hold *found = NULL;
	struct stored_holds list = {0};

	(void)arg;
	assert_int_equal(store_waiting_list(tx, 1, arena, &list, err), 0);
	assert_int_equal(list.items_count, ARRAY_LEN(expected));
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_int_equal(list.items[i].delivery_id, expected[i]);
	}
	assert_int_equal(list.items[1].silence_id, 7);
	assert_int_equal(list.items[2].attempts, 2);
	assert_int_equal(list.items[3].inhibitor_id, 3);

	assert_int_equal(store_hold_set(tx, &hold, err), 0);
	assert_int_equal(store_waiting_get(tx, 1, arena, &found, err), 0);
	assert_string_equal(found->receiver, "slack");
	assert_string_equal(found->route, "r");
	assert_int_equal(found->event_id, 2);
	assert_int_equal(found->severity, SEVERITY_INFO);
	assert_int_equal(found->due_ms, 500);
	assert_int_equal(found->expires_ms, 1000);
	assert_int_equal(found->hidden, 3);
	assert_int_equal(found->hidden_since_ms, 40);
	assert_string_equal(found->reason, "silenced");
	assert_int_equal(found->silence_id, 9);
	assert_int_equal(found->inhibitor_id, 3);

	assert_int_equal(store_waiting_get(tx, 5, arena, &found, err), 0);
	assert_null(found); /* delivered */
	hold.delivery_id = 5;
	assert_int_equal(store_hold_set(tx, &hold, err), 0);
	assert_int_equal(store_waiting_cancel(tx, 5, 44, "no", err), 0);
	assert_int_equal(store_waiting_cancel(tx, 1, 44, "resolved", err), 0);
	assert_int_equal(store_waiting_list(tx, 1, arena, &list, err), 0);
	assert_int_equal(list.items_count, ARRAY_LEN(expected) - 1);
	return 0;
}

static void test_waiting(void **state)
{
	struct store *store = fixture_store(":memory:");
	struct err err = {0};

	(void)state;
	fixture_exec(store, sample);
	if (store_write(store, waiting, NULL, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	assert_int_equal(fixture_int(store, "SELECT count(*) FROM delivery WHERE id = 1 AND "
					    "state = 6 AND ended_ms = 44 AND result = 'resolved'"),
		1);
	assert_int_equal(fixture_int(store, "SELECT count(*) FROM delivery WHERE id = 5 AND "
					    "state = 2 AND due_ms = 10 AND result IS NULL"),
		1);
	store_close(&store);
}

static int releases(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct stored_hold *found = NULL;
	int64_t count = -1;

	(void)arg;
	assert_int_equal(store_release_silence(tx, 7, 20, &count, err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(store_waiting_get(tx, 2, arena, &found, err), 0);
	assert_int_equal(found->due_ms, 20);
	assert_int_equal(store_release_silence(tx, 7, 30, &count, err), 0);
	assert_int_equal(count, 0); /* due already */
	assert_int_equal(store_release_inhibitor(tx, 3, 20, &count, err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(store_waiting_get(tx, 4, arena, &found, err), 0);
	assert_int_equal(found->due_ms, 20);
	return 0;
}

static void test_releases(void **state)
{
	(void)state;
	run(releases);
}

static int groups(struct store_tx *tx, void *arg, struct err *err)
{
	static const struct {
		struct stored_group group;
		int64_t due_ms;
	} cases[] = {
		{{"slack", "g", 0}, 100}, /* neither the held one nor the one that is tried again */
		{{"slack", "g", 1}, 30},
		{{"mail", "g", 0}, 0},
		{{"slack", "h", 0}, 0},
	};

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t due_ms = -1;

		assert_int_equal(store_group_due(tx, &cases[i].group, &due_ms, err), 0);
		assert_int_equal(due_ms, cases[i].due_ms);
	}
	return 0;
}

static void test_groups(void **state)
{
	(void)state;
	run(groups);
}

static int inhibitors(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct stored_keys keys = {0};
	struct stored_ids ids = {0};
	int64_t inhibitor_id = -1;

	(void)arg;
	assert_int_equal(store_inhibitor_add(tx, 3, "b", err), 0);
	assert_int_equal(store_inhibitor_add(tx, 3, "a", err), 0);
	assert_int_equal(store_inhibitor_add(tx, 3, "a", err), 0);
	assert_int_equal(store_inhibitor_add(tx, 1, "a", err), 0);
	assert_int_equal(store_inhibitor_keys(tx, 3, arena, &keys, err), 0);
	assert_int_equal(keys.items_count, 2);
	assert_string_equal(keys.items[0], "a");
	assert_string_equal(keys.items[1], "b");
	assert_int_equal(store_inhibitor_alerts(tx, "a", arena, &ids, err), 0);
	assert_int_equal(ids.items_count, 2);
	assert_int_equal(ids.items[0], 1);
	assert_int_equal(ids.items[1], 3);
	assert_int_equal(store_inhibitor_clear(tx, 3, err), 0);
	assert_int_equal(store_inhibitor_alerts(tx, "a", arena, &ids, err), 0);
	assert_int_equal(ids.items_count, 1);
	assert_int_equal(store_inhibitor_clear_all(tx, err), 0);
	assert_int_equal(store_inhibitor_alerts(tx, "a", arena, &ids, err), 0);
	assert_int_equal(ids.items_count, 0);

	assert_int_equal(store_inhibitor_of(tx, 1, &inhibitor_id, err), 0);
	assert_int_equal(inhibitor_id, 3);
	assert_int_equal(store_inhibitor_of(tx, 3, &inhibitor_id, err), 0);
	assert_int_equal(inhibitor_id, 0);

	assert_int_equal(store_alert_open_ids(tx, 0, 1, arena, &ids, err), 0);
	assert_int_equal(ids.items_count, 1);
	assert_int_equal(ids.items[0], 1);
	assert_int_equal(store_alert_open_ids(tx, 1, 10, arena, &ids, err), 0);
	assert_int_equal(ids.items_count, 1);
	assert_int_equal(ids.items[0], 3);
	return 0;
}

static void test_inhibitors(void **state)
{
	(void)state;
	run(inhibitors);
}

static int marks(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *value = "x";

	(void)arg;
	assert_int_equal(store_mark_get(tx, "m", arena, &value, err), 0);
	assert_null(value);
	assert_int_equal(store_mark_set(tx, "m", "1", err), 0);
	assert_int_equal(store_mark_set(tx, "m", "2", err), 0);
	assert_int_equal(store_mark_get(tx, "m", arena, &value, err), 0);
	assert_string_equal(value, "2");
	return 0;
}

static int times(struct store_tx *tx, void *arg, struct err *err)
{
	static const char *const wrong[] = {"", "x", "-1", "99999999999999999999"};
	int64_t wall_ms = 7;

	(void)arg;
	assert_int_equal(store_mark_get_ms(tx, "t", &wall_ms, err), 0);
	assert_int_equal(wall_ms, 0);
	assert_int_equal(store_mark_set_ms(tx, "t", 1751371200000, err), 0);
	assert_int_equal(store_mark_get_ms(tx, "t", &wall_ms, err), 0);
	assert_int_equal(wall_ms, 1751371200000);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_int_equal(store_mark_set(tx, "t", wrong[i], err), 0);
		assert_int_equal(store_mark_get_ms(tx, "t", &wall_ms, err), 0);
		assert_int_equal(wall_ms, 0);
	}
	return 0;
}

static void test_marks(void **state)
{
	(void)state;
	run(marks);
	run(times);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_releases),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_inhibitors),
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

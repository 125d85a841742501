/*
 * Counting what was told and what was not.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/store_tally.h"
#include "support/store_fixture.h"

/* Alert 1 was critical and told, 2 critical and suppressed, 3 a warning; 4 is too old. */
static const char sample[] =
	"INSERT INTO alert (id, fingerprint, title, source, message, severity, severity_max, "
	"fields, labels, started_ms, updated_ms, resolved_ms, events) VALUES "
	"(1, 'f1', 't1', 's1', '', 0, 2, '{}', '{}', 100, 300, NULL, 2), "
	"(2, 'f2', 't2', 's2', '', 2, 2, '{}', '{}', 150, 150, NULL, 1), "
	"(3, 'f3', 't3', 's3', '', 1, 1, '{}', '{}', 200, 200, NULL, 1), "
	"(4, 'f4', 't4', 's4', '', 2, 2, '{}', '{}', 10, 10, NULL, 1);"
	"INSERT INTO event (id, alert_id, time_ms, kind, severity, message, fields, labels) VALUES "
	"(1, 1, 100, 0, 2, '', '{}', '{}'), (2, 2, 150, 0, 2, '', '{}', '{}'), "
	"(3, 3, 200, 0, 1, '', '{}', '{}'), (4, 1, 300, 0, 0, '', '{}', '{}'), "
	"(5, 4, 10, 0, 2, '', '{}', '{}'), (6, 1, 300, 1, 2, '', '{}', '{}');"
	"INSERT INTO decision (event_id, receiver, verdict, route, reason) VALUES "
	"(1, 'chat', 0, 'r', 'new'), (1, 'page', 0, 'r', 'new'), (2, 'chat', 2, 'r', 'told'), "
	"(2, 'page', 2, 'r', 'told too'), (3, 'chat', 0, 'r', 'new'), (4, '', 6, 'r', 'mute'), "
	"(5, 'chat', 0, 'r', 'old'), (5, 'chat', 99, 'r', 'of a newer version');"
	"INSERT INTO delivery (id, key, receiver, purpose, alert_id, event_id, severity, state, "
	"route, created_ms, due_ms, expires_ms, ended_ms, attempts, stands_for, hidden) VALUES "
	"(1, 'k1', 'chat', 0, 1, 1, 2, 2, 'r', 1, 1, 1, 110, 1, 1, 0), "
	"(2, 'k2', 'page', 0, 1, 1, 2, 3, 'r', 1, 1, 1, 110, 1, 1, 0), "
	"(3, 'k3', 'chat', 0, 3, 3, 1, 2, 'r', 1, 1, 1, 210, 1, 1, 0), "
	"(4, 'k4', 'page', 0, 2, 2, 2, 4, 'r', 1, 1, 1, 220, 1, 1, 0), "
	"(5, 'k5', 'chat', 4, 1, 1, 2, 2, 'r', 1, 1, 1, 230, 1, 1, 0), "
	"(6, 'k6', 'mail', 1, 1, 6, 2, 2, 'r', 1, 1, 1, 310, 1, 1, 0), "
	"(7, 'k7', 'chat', 0, 4, 5, 2, 2, 'r', 1, 1, 1, 20, 1, 1, 0), "
	"(8, 'k8', 'late', 0, 1, 1, 2, 0, 'r', 1, 1, 1, NULL, 1, 1, 0);";

static const struct tally_range range = {.since_ms = 100, .until_ms = 301, .purposes = 3};

static int counts(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct tallies tallies = {0};

	(void)arg;
	assert_int_equal(store_tally(tx, &range, arena, &tallies, err), 0);
	assert_int_equal(tallies.items_count, 3);
	assert_string_equal(tallies.items[0].receiver, "");
	assert_int_equal(tallies.items[0].verdicts[6], 1);
	assert_string_equal(tallies.items[1].receiver, "chat");
	assert_int_equal(tallies.items[1].verdicts[0], 2);
	assert_int_equal(tallies.items[1].verdicts[2], 1);
	assert_int_equal(tallies.items[1].messages, 2); /* neither the repetition nor the old one */
	assert_string_equal(tallies.items[2].receiver, "page");
	assert_int_equal(tallies.items[2].messages, 0); /* went out in another's */
	assert_int_equal(tallies.items[2].dead, 1);
	return 0;
}

static int alerts(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct tally_alerts list = {0};
	struct tally_names names = {0};
	const char *reason = "";
	int verdict = -1;

	(void)arg;
	assert_int_equal(store_tally_alerts(tx, &range, SEVERITY_CRITICAL, arena, &list, err), 0);
	assert_int_equal(list.items_count, 2);
	assert_int_equal(list.items[0].id, 1);
	assert_string_equal(list.items[0].fingerprint, "f1");
	assert_string_equal(list.items[0].title, "t1");
	assert_string_equal(list.items[0].source, "s1");
	assert_int_equal(list.items[0].started_ms, 100);
	assert_int_equal(list.items[1].id, 2);

	assert_int_equal(store_tally_told(tx, 1, SEVERITY_CRITICAL, arena, &names, err), 0);
	assert_int_equal(names.items_count, 2);
	assert_string_equal(names.items[0], "chat");
	assert_string_equal(names.items[1], "page");
	assert_int_equal(store_tally_told(tx, 2, SEVERITY_CRITICAL, arena, &names, err), 0);
	assert_int_equal(names.items_count, 0);
	assert_int_equal(store_tally_told(tx, 3, SEVERITY_CRITICAL, arena, &names, err), 0);
	assert_int_equal(names.items_count, 0);

	assert_int_equal(
		store_tally_reason(tx, 2, SEVERITY_CRITICAL, arena, &verdict, &reason, err), 0);
	assert_int_equal(verdict, 2);
	assert_string_equal(reason, "told");
	assert_int_equal(
		store_tally_reason(tx, 3, SEVERITY_CRITICAL, arena, &verdict, &reason, err), 0);
	assert_null(reason);
	return 0;
}

static void run(store_fn *fn)
{
	struct store *store = fixture_store(":memory:");
	struct err err = {0};

	fixture_exec(store, sample);
	if (store_read(store, fn, NULL, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	store_close(&store);
}

static void test_counts(void **state)
{
	(void)state;
	run(counts);
}

static void test_alerts(void **state)
{
	(void)state;
	run(alerts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_alerts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Forgetting: what is over and old goes with all that hangs on it, and nothing that somebody still
 * has to hear of.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/delivery_state.h"
#include "store/sqlite_internal.h"
#include "store/store_upkeep.h"
#include "support/store_fixture.h"

enum { BEFORE = 1000 };

struct pruning {
	int64_t limit;
	bool is_done;
};

static int prune(struct store_tx *tx, void *arg, struct err *err)
{
	struct pruning *pruning = arg;

	return store_prune(tx, BEFORE, pruning->limit, &pruning->is_done, err);
}

/* How many transactions it took. */
static int prune_all(struct store *store, int64_t limit)
{
	struct pruning pruning = {.limit = limit};
	struct err err = {0};
	int count = 0;

	do {
		if (store_write(store, prune, &pruning, &err) < 0) {
			fail_msg("%s", err.msg);
		}
		count++;
	} while (!pruning.is_done);
	return count;
}

static struct store *world(void)
{
	static const struct past_alert alerts[] = {
		{.id = 1, .resolved = 999},  /* goes */
		{.id = 2, .resolved = 1000}, /* is young enough */
		{.id = 3},                   /* is open */
		{.id = 4, .resolved = 10},   /* has something to be delivered */
		{.id = 5, .resolved = 10},   /* goes, with nothing on it */
	};
	static const struct past_delivery deliveries[] = {
		{.id = 1, .alert_id = 1, .event_id = 1, .state = DELIVERY_DELIVERED, .ended = 5},
		{.id = 2, .alert_id = 1, .event_id = 1, .state = DELIVERY_DEAD, .ended = 2000},
		{.id = 3, .alert_id = 3, .event_id = 31, .state = DELIVERY_DELIVERED, .ended = 5},
		{.id = 4, .alert_id = 4, .event_id = 41, .state = DELIVERY_CARRIED},
		{.id = 5, .state = DELIVERY_DEAD, .ended = 999},
		{.id = 6, .state = DELIVERY_DELIVERED, .ended = 1000},
		{.id = 7, .state = DELIVERY_WAITING},
		{.id = 8, .state = DELIVERY_SENDING},
	};
	struct store *store = fixture_store(":memory:");

	for (size_t i = 0; i < ARRAY_LEN(alerts); i++) {
		past_alert(store, &alerts[i]);
	}
	past_event(store, 1, 1, 900, 0);
	past_event(store, 2, 1, 999, 1);
	past_event(store, 21, 2, 990, 0);
	past_event(store, 22, 2, 1000, 1);
	past_event(store, 31, 3, 900, 0); /* was delivered */
	past_event(store, 32, 3, 910, 0); /* suppressed: goes */
	past_event(store, 33, 3, 920, 2); /* the latest of its kind */
	past_event(store, 34, 3, 930, 0); /* the latest that fired */
	past_event(store, 41, 4, 5, 0);
	past_event(store, 42, 4, 10, 1);
	for (size_t i = 0; i < ARRAY_LEN(deliveries); i++) {
		past_delivery(store, &deliveries[i]);
	}
	fixture_exec(store,
		"INSERT INTO attempt (delivery_id, started_ms, may_have_arrived) VALUES (1, 1, 0);"
		"INSERT INTO decision VALUES (1, '', 0, '', '', NULL, NULL, NULL);"
		"INSERT INTO silence VALUES (1, '', 0, 999, '', '', 0, NULL),"
		" (2, '', 0, 1000, '', '', 0, NULL)");
	return store;
}

static void assert_ids(struct store *store, const char *table, const char *ids)
{
	_cleanup_(freep) char *sql = xasprintf("SELECT coalesce(group_concat(id, ' '), '') = '%s'"
					       " FROM (SELECT id FROM %s ORDER BY id)",
		ids, table);

	if (fixture_int(store, sql) != 1) {
		fail_msg("%s: not %s", table, ids);
	}
}

static void assert_pruned(struct store *store)
{
	assert_ids(store, "alert", "2 3 4");
	assert_ids(store, "event", "21 22 31 33 34 41 42");
	assert_ids(store, "delivery", "3 4 6 7 8");
	assert_ids(store, "attempt", "");
	assert_ids(store, "silence", "2");
	assert_int_equal(fixture_int(store, "SELECT count(*) FROM decision"), 0);
}

static void test_prune(void **state)
{
	(void)state;
	static const int64_t limits[] = {1, 2, 3, 1000};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct store *store = world();
		const int count = prune_all(store, limits[i]);

		assert_true(limits[i] == 1000 ? count == 1 : count > 1);
		assert_pruned(store);
		assert_int_equal(prune_all(store, limits[i]), 1);
		assert_pruned(store);
		assert_no_scans(store, NULL);
		store_close(&store);
	}
}

/* The file becomes smaller, a bit with each transaction. */
static void test_gives_back(void **state)
{
	(void)state;
	struct store *store = fixture_store(NULL);
	int64_t pages;
	int64_t after;

	fixture_exec(store, "INSERT INTO mark SELECT value, hex(zeroblob(4000)) FROM"
			    " (WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1"
			    "  FROM n WHERE value < 1000) SELECT value FROM n)");
	pages = fixture_int(store, "PRAGMA page_count");
	assert_true(pages > 2000);
	fixture_exec(store, "DELETE FROM mark");
	assert_int_equal(prune_all(store, 10), 1);
	after = fixture_int(store, "PRAGMA page_count");
	assert_true(after < pages && after > pages - 600);
	for (int i = 0; i < 10; i++) {
		(void)prune_all(store, 10);
	}
	assert_true(fixture_int(store, "PRAGMA freelist_count") < 1000);
	assert_int_equal(fixture_int(store, "SELECT count(*) FROM pragma_integrity_check"
					    " WHERE integrity_check = 'ok'"),
		1);
	store_close(&store);
}

static int summarize(struct store_tx *tx, void *arg, struct err *err)
{
	return store_summarize(tx, BEFORE, arg, err);
}

static void test_summary(void **state)
{
	(void)state;
	struct store_summary summary = {0};
	struct store *store = world();
	struct store *file = fixture_store(NULL);

	assert_int_equal(store_read(store, summarize, &summary, NULL), 0);
	assert_int_equal(summary.version, store_schema.versions_count);
	assert_int_equal(summary.bytes, 0);
	assert_int_equal(summary.alerts, 5);
	assert_int_equal(summary.open, 1);
	assert_int_equal(summary.events, 10);
	assert_int_equal(summary.oldest_ms, 5);
	assert_int_equal(summary.waiting, 1);
	assert_int_equal(summary.in_hand, 1);
	assert_int_equal(summary.dead, 2);
	assert_int_equal(summary.silences, 0);
	store_close(&store);

	fixture_exec(file, "INSERT INTO silence VALUES (2, '', 0, 1001, '', '', 0, NULL)");
	assert_int_equal(store_read(file, summarize, &summary, NULL), 0);
	assert_true(summary.bytes > 50000);
	assert_int_equal(summary.alerts, 0);
	assert_int_equal(summary.oldest_ms, 0);
	assert_int_equal(summary.silences, 1);
	assert_int_equal(summary.free_bytes, 0);
	store_close(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prune),
		cmocka_unit_test_setup_teardown(
			test_gives_back, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_summary, store_folder_enter, store_folder_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The schema: what hangs on an alert goes with it, and a problem has one open alert.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/sqlite_internal.h"
#include "support/store_fixture.h"

static void add_alert(struct store *store, int id, const char *resolved_ms)
{
	_cleanup_(freep) char *sql = xasprintf(
		"INSERT INTO alert (id, fingerprint, title, source, message, severity,"
		" severity_max, fields, labels, started_ms, updated_ms, resolved_ms, events)"
		" VALUES (%d, 'f', 't', 's', '', 0, 0, '{}', '{}', 0, 0, %s, 1)",
		id, resolved_ms);

	fixture_exec(store, sql);
}

static void test_holds_together(void **state)
{
	(void)state;
	struct store *store = fixture_store(":memory:");

	assert_int_equal(fixture_int(store, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	/* Whoever points to an alert or event goes with it, and is found by an index. */
	assert_int_equal(fixture_int(store, "SELECT count(*) FROM sqlite_schema AS t,"
					    " pragma_foreign_key_list(t.name) AS f"
					    " WHERE f.on_delete <> 'CASCADE'"),
		0);
	add_alert(store, 1, "NULL");
	fixture_exec(store,
		"INSERT INTO event (id, alert_id, time_ms, kind, severity, message, fields, labels)"
		" VALUES (1, 1, 0, 0, 0, '', '{}', '{}');"
		"INSERT INTO decision (event_id, receiver, verdict, route, reason)"
		" VALUES (1, '', 0, '', '');"
		"INSERT INTO told VALUES (1, 'slack', 0, 0, 1, 0, NULL);"
		"INSERT INTO inhibitor VALUES ('k', 1);"
		"INSERT INTO delivery (id, key, receiver, purpose, alert_id, event_id, severity,"
		" state, route, created_ms, due_ms, expires_ms, attempts, stands_for, hidden)"
		" VALUES (1, 'k', 'slack', 0, 1, 1, 0, 0, '', 0, 0, 0, 0, 1, 0);"
		"INSERT INTO attempt (id, delivery_id, started_ms, may_have_arrived)"
		" VALUES (1, 1, 0, 0);"
		"DELETE FROM alert");
	assert_int_equal(fixture_int(store,
				 "SELECT (SELECT count(*) FROM event) +"
				 " (SELECT count(*) FROM decision) + (SELECT count(*) FROM told) +"
				 " (SELECT count(*) FROM inhibitor) +"
				 " (SELECT count(*) FROM delivery) +"
				 " (SELECT count(*) FROM attempt)"),
		0);
	store_close(&store);
}

static void test_one_open_alert(void **state)
{
	(void)state;
	struct store *store = fixture_store(":memory:");

	add_alert(store, 1, "1");
	add_alert(store, 2, "NULL");
	assert_int_equal(
		sqlite3_exec(store->db, "UPDATE alert SET resolved_ms = NULL", NULL, NULL, NULL),
		SQLITE_CONSTRAINT_UNIQUE);
	store_close(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holds_together),
		cmocka_unit_test(test_one_open_alert),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

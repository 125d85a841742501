/*
 * The schema: it can be made, holds together, and what was released does not change.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/sqlite_internal.h"
#include "support/store_fixture.h"

/* A sum over the text of each version: a released one must stay as it is, so this list only grows.
 */
static const uint64_t sums[] = {0x12f8efd246e508f};

static uint64_t sum_of(const char *text)
{
	uint64_t sum = 14695981039346656037u; /* FNV-1a */

	for (; *text; text++) {
		sum = (sum ^ (uint8_t)*text) * 1099511628211u;
	}
	return sum;
}

static void test_versions_do_not_change(void **state)
{
	(void)state;
	assert_int_equal(store_schema.versions_count, ARRAY_LEN(sums));
	for (size_t i = 0; i < ARRAY_LEN(sums); i++) {
		if (sum_of(store_schema.versions[i]) != sums[i]) {
			fail_msg("version %zu is another one: 0x%llx", i + 1,
				(unsigned long long)sum_of(store_schema.versions[i]));
		}
	}
}

static void test_holds_together(void **state)
{
	(void)state;
	struct store *store = fixture_store(":memory:");

	assert_int_equal(fixture_int(store, "SELECT count(*) FROM sqlite_schema"
					    " WHERE type = 'table' AND name NOT LIKE 'sqlite%'"),
		10);
	assert_int_equal(fixture_int(store, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	/* Whoever points to an alert or event goes with it, and is found by an index. */
	assert_int_equal(fixture_int(store, "SELECT count(*) FROM sqlite_schema AS t,"
					    " pragma_foreign_key_list(t.name) AS f"
					    " WHERE f.on_delete <> 'CASCADE'"),
		0);
	fixture_exec(store,
		"INSERT INTO alert VALUES (1, 'f', NULL, 't', 's', '', 0, 0, '{}', '{}', NULL, 0,"
		" 0, NULL, NULL, NULL, NULL, 1);"
		"INSERT INTO event VALUES (1, 1, 0, 0, 0, '', '{}', '{}', NULL);"
		"INSERT INTO decision VALUES (1, '', 0, '', '', NULL, NULL, NULL);"
		"INSERT INTO told VALUES (1, 'slack', 0, 0, 1, 0, NULL);"
		"INSERT INTO delivery VALUES (1, 'k', 'slack', 0, 1, 1, 0, 0, '', NULL, 0, 0, 0,"
		" NULL, 0, NULL, NULL, NULL, 1, 0, NULL, NULL, NULL, NULL, NULL);"
		"INSERT INTO attempt VALUES (1, 1, 0, NULL, NULL, NULL, NULL, NULL, NULL);"
		"DELETE FROM alert");
	assert_int_equal(fixture_int(store,
				 "SELECT (SELECT count(*) FROM event) +"
				 " (SELECT count(*) FROM decision) + (SELECT count(*) FROM told) +"
				 " (SELECT count(*) FROM delivery) +"
				 " (SELECT count(*) FROM attempt)"),
		0);
	store_close(&store);
}

/* One open alert for each problem. */
static void test_one_open_alert(void **state)
{
	(void)state;
	struct store *store = fixture_store(":memory:");
	char *error = NULL;

	fixture_exec(store,
		"INSERT INTO alert VALUES (1, 'f', NULL, 't', 's', '', 0, 0, '{}', '{}', NULL, 0,"
		" 0, 1, NULL, NULL, NULL, 1), (2, 'f', NULL, 't', 's', '', 0, 0, '{}', '{}', NULL,"
		" 0, 0, NULL, NULL, NULL, NULL, 1)");
	assert_int_equal(
		sqlite3_exec(store->db,
			"INSERT INTO alert SELECT 3, fingerprint, dedup_key, title, source,"
			" message, severity, severity_max, fields, labels, runbook,"
			" started_ms, updated_ms, NULL, NULL, NULL, NULL, 1 FROM alert"
			" WHERE id = 2",
			NULL, NULL, &error),
		SQLITE_CONSTRAINT_UNIQUE);
	sqlite3_free(error);
	store_close(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions_do_not_change),
		cmocka_unit_test(test_holds_together),
		cmocka_unit_test(test_one_open_alert),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

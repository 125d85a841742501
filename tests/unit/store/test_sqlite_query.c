/*
 * Queries: values go in and come out as they were, and errors wait until somebody asks.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "cmocka_all.h"
#include "store/sqlite_internal.h"
#include "support/store_fixture.h"

static void run(store_fn *fn)
{
	struct store *store = fixture_store(":memory:");
	struct err err = {0};

	fixture_exec(store, "CREATE TABLE t (a, b, c, d, e)");
	if (store_write(store, fn, NULL, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	store_close(&store);
}

static int values(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(query_end) struct query put =
		query_of(tx, "INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5)");
	_cleanup_(query_end) struct query get = query_of(tx, "SELECT a, b, c, d, e FROM t");
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char bytes[] = "a\0b";

	(void)arg;
	query_bind_int(&put, 1, INT64_MIN);
	query_bind_text(&put, 2, "Ärger");
	query_bind_blob(&put, 3, str_n(bytes, 3));
	query_bind_text(&put, 4, NULL);
	query_bind_int_or_null(&put, 5, 0, 0);
	assert_int_equal(query_run(&put, err), 0);
	assert_int_equal(store_tx_inserted_id(tx), 1);
	assert_int_equal(store_tx_changes(tx), 1);
	query_again(&put);
	query_bind_str(&put, 2, str_n("textual", 4));
	query_bind_int_or_null(&put, 5, 7, 0);
	assert_int_equal(query_run(&put, err), 0);

	assert_int_equal(query_step(&get, err), 1);
	assert_int_equal(query_int(&get, 0), INT64_MIN);
	assert_true(query_bool(&get, 0));
	assert_string_equal(query_text(&get, 1, arena), "Ärger");
	assert_true(str_eq(query_str(&get, 2), str_n(bytes, 3)));
	assert_true(query_is_null(&get, 3));
	assert_null(query_text(&get, 3, arena));
	assert_int_equal(query_str(&get, 3).len, 0);
	assert_int_equal(query_int(&get, 4), 0);
	assert_int_equal(query_int_or(&get, 4, -1), -1);
	assert_int_equal(query_step(&get, err), 1);
	assert_true(query_is_null(&get, 0)); /* forgotten by query_again() */
	assert_string_equal(query_text(&get, 1, arena), "text");
	assert_int_equal(query_int_or(&get, 4, -1), 7);
	assert_int_equal(query_step(&get, err), 0);
	return 0;
}

static void test_values(void **state)
{
	(void)state;
	run(values);
}

static int enums(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(query_end) struct query get =
		query_of(tx, "SELECT 0, 2, 3, -1, 1 << 40, 'text', NULL");
	const int expected[] = {0, 2, 2, 2, 2, 0, 0};

	(void)arg;
	assert_int_equal(query_step(&get, err), 1);
	for (int i = 0; i < (int)ARRAY_LEN(expected); i++) {
		assert_int_equal(query_enum(&get, i, 3), expected[i]);
	}
	return 0;
}

static void test_enums(void **state)
{
	(void)state;
	run(enums);
}

static int nested(struct store_tx *tx, void *arg, struct err *err)
{
	static const char sql[] = "SELECT value FROM mark ORDER BY value";
	_cleanup_(query_end) struct query outer = query_of(tx, sql);
	int rows = 0;

	(void)arg;
	assert_int_equal(
		store_exec(tx->store, "INSERT INTO mark VALUES ('a', 1), ('b', 2)", err), 0);
	while (query_step(&outer, err) > 0) {
		_cleanup_(query_end) struct query inner = query_of(tx, sql);

		while (query_step(&inner, err) > 0) {
			rows++;
		}
	}
	assert_int_equal(rows, 4);
	return 0;
}

static void test_the_same_inside_itself(void **state)
{
	(void)state;
	run(nested);
}

static int errors(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(query_end) struct query wrong = query_of(tx, "SELECT some FROM nowhere");

	(void)arg;
	query_bind_int(&wrong, 1, 1);
	query_bind_text(&wrong, 2, "text");
	query_bind_null(&wrong, 3);
	assert_int_equal(query_step(&wrong, err), -1);
	assert_int_equal(err->code, ERR_SYSTEM);
	assert_string_equal(err->msg, "store ':memory:': no such table: nowhere");
	assert_int_equal(query_run(&wrong, err), -1);
	query_again(&wrong);
	return 0;
}

static void test_errors_wait(void **state)
{
	(void)state;
	run(errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_enums),
		cmocka_unit_test(test_the_same_inside_itself),
		cmocka_unit_test(test_errors_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

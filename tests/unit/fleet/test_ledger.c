/*
 * A run in the store while it goes on, and what is there when its process is not any more.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "fleet/ledger.h"
#include "fleet/outcome.h"
#include "support/store_fixture.h"

static const char *const names[] = {"web-01", "web-02", "web-03"};

static struct err told;

static void failed(void *arg, const struct err *err)
{
	(void)arg;
	assert_int_equal(told.code, ERR_NONE); /* once */
	told = *err;
}

static struct ledger *open_ledger(void)
{
	const struct stored_run run = {.started_ms = time_wall_ms(),
		.author = "sre",
		.host = "here",
		.pid = 7,
		.command = "uptime",
		.selection = "@web",
		.options = "{}"};
	const struct ledger_spec spec = {.path = "state.db",
		.run = &run,
		.names = names,
		.count = ARRAY_LEN(names),
		.command = "fleet",
		.lost = "it was begun, and not heard to end",
		.failed = failed};
	struct ledger *ledger = NULL;
	struct err err = {0};

	told = (struct err){0};
	assert_int_equal(ledger_open(&spec, &ledger, &err), 0);
	return ledger;
}

static int64_t number(const char *sql)
{
	struct store *store = fixture_store(NULL);
	int64_t value = fixture_int(store, sql);

	store_close(&store);
	return value;
}

static void attach(struct ledger *ledger, struct loop **ret_loop)
{
	struct err err = {0};

	assert_int_equal(loop_new(ret_loop, &err), 0);
	assert_int_equal(ledger_attach(ledger, *ret_loop, &err), 0);
}

static void test_it_is_there_before_anything_is_done(void **state)
{
	struct ledger *ledger = open_ledger();

	(void)state;
	assert_true(ledger_id(ledger) >= 1);
	assert_int_equal(number("SELECT count(*) FROM run_host WHERE outcome = 5"), 3);
	assert_int_equal(number("SELECT count(*) FROM run WHERE ended_ms IS NULL"), 1);
	ledger_close(&ledger, 130);
	assert_null(ledger);
	assert_int_equal(number("SELECT exit_code FROM run"), 130);
}

static void test_how_hosts_end(void **state)
{
	const struct outcome outcome = outcome_exit(3);
	struct stored_run_host host = {.duration_ms = 12, .output_hash = "ab", .excerpt = "hi\n"};
	struct ledger *ledger = open_ledger();
	struct loop *loop;

	(void)state;
	attach(ledger, &loop);
	outcome_store(&outcome, &host);
	host.name = "web-01";
	ledger_started(ledger, 0);
	ledger_started(ledger, 1);
	ledger_ended(ledger, &host);
	host.name = "nobody"; /* what is borrowed may change */
	ledger_close(&ledger, 1);
	loop_free(&loop);
	assert_int_equal(told.code, ERR_NONE);
	assert_int_equal(
		number("SELECT outcome * 100 + detail FROM run_host WHERE name = 'web-01'"), 103);
	assert_int_equal(number("SELECT count(*) FROM run_host WHERE excerpt = 'hi\n'"), 1);
	assert_int_equal(number("SELECT outcome FROM run_host WHERE name = 'web-02'"),
		OUTCOME_UNREACHABLE); /* lost, not undone */
	assert_int_equal(
		number("SELECT outcome FROM run_host WHERE name = 'web-03'"), OUTCOME_NOT_STARTED);
}

static void stop(void *loop)
{
	loop_stop(loop);
}

static void test_a_failure_is_told_once(void **state)
{
	struct ledger *ledger = open_ledger();
	struct stored_run_host host = {.name = "stranger"};
	struct loop *loop;
	struct err err = {0};

	(void)state;
	attach(ledger, &loop);
	ledger_ended(ledger, &host);
	ledger_ended(ledger, &host);
	while (told.code == ERR_NONE) {
		struct timer *timer = timer_add(loop, 10, stop, loop);

		assert_int_equal(loop_run(loop, &err), 0);
		timer_free(&timer);
	}
	ledger_close(&ledger, -1);
	loop_free(&loop);
	assert_int_equal(told.code, ERR_NOT_FOUND);
	assert_int_equal(number("SELECT count(*) FROM run WHERE ended_ms IS NULL"), 1);
}

static void test_old_runs_are_forgotten(void **state)
{
	struct ledger *ledger = open_ledger();
	struct store *store;

	(void)state;
	ledger_close(&ledger, 0);
	store = fixture_store(NULL);
	fixture_exec(store, "UPDATE run SET started_ms = 1, ended_ms = 2");
	store_close(&store);
	ledger = open_ledger();
	ledger_close(&ledger, 0);
	assert_int_equal(number("SELECT count(*) FROM run"), 1);
	assert_int_equal(number("SELECT count(*) FROM run_host"), 3);
}

static void test_a_store_that_cannot_be_used(void **state)
{
	const struct stored_run run = {0};
	const struct ledger_spec spec = {.path = "/dev/null/state.db", .run = &run};
	struct ledger *ledger = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(ledger_open(&spec, &ledger, &err), -1);
	assert_null(ledger);
	assert_true(err.code != ERR_NONE);
	ledger_close(&ledger, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_it_is_there_before_anything_is_done,
			store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_how_hosts_end, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_a_failure_is_told_once, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_old_runs_are_forgotten, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_a_store_that_cannot_be_used, store_folder_enter, store_folder_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The ledger: a run is there before it begins, and each host says how it ended.
 */
#include <sqlite3.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "store/sqlite_internal.h"
#include "store/store_runs.h"
#include "store/store_upkeep.h"
#include "support/store_fixture.h"

enum { NOT_STARTED = 5 };

static int64_t begin(struct store_tx *tx, int64_t started_ms, size_t count)
{
	static const char *const names[] = {"web-02", "web-01", "db-01"};
	struct stored_run_host items[3] = {0};
	const struct stored_run_hosts hosts = {.items = items, .items_count = count};
	const struct stored_run run = {.started_ms = started_ms,
		.author = "sre",
		.host = "admin",
		.pid = 42,
		.command = "uptime",
		.selection = "web-[01-02],db-01",
		.options = "{}"};
	int64_t id = 0;

	for (size_t i = 0; i < count; i++) {
		items[i] = (struct stored_run_host){.name = names[i], .outcome = NOT_STARTED};
	}
	assert_int_equal(store_run_begin(tx, &run, &hosts, &id, NULL), 0);
	return id;
}

static void assert_hosts(struct store_tx *tx, int64_t id, unsigned outcomes, const char *names)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct stored_run_hosts hosts = {0};
	struct strbuf found = STRBUF_INIT;

	assert_int_equal(store_run_hosts(tx, id, outcomes, arena, &hosts, NULL), 0);
	for (size_t i = 0; i < hosts.items_count; i++) {
		strbuf_addf(&found, "%s ", hosts.items[i].name);
	}
	assert_string_equal(found.buf, names);
	strbuf_release(&found);
}

static int keeps(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	int64_t id = begin(tx, 1000, 3);
	struct stored_run run = {0};
	struct stored_run_hosts hosts = {0};

	(void)arg;
	/* It was begun, and nothing is known yet. */
	assert_int_equal(store_run_get(tx, id, arena, &run, err), 0);
	assert_int_equal(run.id, id);
	assert_int_equal(run.started_ms, 1000);
	assert_int_equal(run.ended_ms, 0);
	assert_int_equal(run.exit_code, -1);
	assert_string_equal(run.author, "sre");
	assert_string_equal(run.host, "admin");
	assert_int_equal(run.pid, 42);
	assert_string_equal(run.command, "uptime");
	assert_string_equal(run.selection, "web-[01-02],db-01");
	assert_string_equal(run.options, "{}");
	assert_int_equal(run.hosts, 3);
	assert_int_equal(run.hosts_ok, 0);
	assert_hosts(tx, id, 0, "web-02 web-01 db-01 ");

	assert_int_equal(store_run_host_set(tx, id,
				 &(struct stored_run_host){.name = "web-01",
					 .duration_ms = 12,
					 .output_hash = "abcd",
					 .output_bytes = 5,
					 .excerpt = "hello"},
				 err),
		0);
	assert_int_equal(store_run_host_set(tx, id,
				 &(struct stored_run_host){
					 .name = "db-01", .outcome = 1, .detail = 3, .text = "why"},
				 err),
		0);
	assert_int_equal(
		store_run_host_set(tx, id, &(struct stored_run_host){.name = "db-02"}, err), -1);
	assert_int_equal(err->code, ERR_NOT_FOUND);
	assert_string_equal(err->msg, "run 1 has no host 'db-02'");
	assert_hosts(tx, id, 1U << 0, "web-01 ");
	assert_hosts(tx, id, 1U << 1 | 1U << NOT_STARTED, "web-02 db-01 ");
	assert_hosts(tx, id, 1U << 2, "");

	assert_int_equal(store_run_end(tx, id, &(struct stored_run_end){2000, 1}, err), 0);
	assert_int_equal(store_run_end(tx, 99, &(struct stored_run_end){2000, 1}, err), -1);
	assert_string_equal(err->msg, "there is no run 99");
	assert_int_equal(store_run_get(tx, 0, arena, &run, err), 0);
	assert_int_equal(run.ended_ms, 2000);
	assert_int_equal(run.exit_code, 1);
	assert_int_equal(run.hosts_ok, 1);

	assert_int_equal(store_run_hosts(tx, id, 0, arena, &hosts, err), 0);
	assert_int_equal(hosts.items[1].duration_ms, 12);
	assert_string_equal(hosts.items[1].output_hash, "abcd");
	assert_int_equal(hosts.items[1].output_bytes, 5);
	assert_string_equal(hosts.items[1].excerpt, "hello");
	assert_null(hosts.items[1].text);
	assert_int_equal(hosts.items[2].outcome, 1);
	assert_int_equal(hosts.items[2].detail, 3);
	assert_string_equal(hosts.items[2].text, "why");
	assert_null(hosts.items[2].output_hash);
	assert_null(hosts.items[2].excerpt);
	return 0;
}

static void assert_list(
	struct store_tx *tx, const struct stored_run_filter *filter, const char *ids)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct stored_runs runs = {0};
	struct strbuf found = STRBUF_INIT;

	assert_int_equal(store_run_list(tx, filter, arena, &runs, NULL), 0);
	for (size_t i = 0; i < runs.items_count; i++) {
		strbuf_addf(&found, "%d ", (int)runs.items[i].id);
	}
	assert_string_equal(found.buf, ids);
	strbuf_release(&found);
}

static int lists(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct stored_run run;

	(void)arg;
	assert_int_equal(store_run_get(tx, 0, arena, &run, err), -1);
	assert_int_equal(err->code, ERR_NOT_FOUND);
	assert_int_equal(store_run_get(tx, 7, arena, &run, err), -1);
	assert_string_equal(err->msg, "there is no run 7");
	for (int i = 1; i <= 4; i++) {
		assert_int_equal(begin(tx, i * 100, 1), i);
	}
	assert_list(tx, &(struct stored_run_filter){0}, "");
	assert_list(tx, &(struct stored_run_filter){.limit = 10}, "4 3 2 1 ");
	assert_list(tx, &(struct stored_run_filter){.limit = 2}, "4 3 ");
	assert_list(tx, &(struct stored_run_filter){.limit = 2, .before_id = 3}, "2 1 ");
	assert_list(tx, &(struct stored_run_filter){.limit = 9, .since_ms = 300}, "4 3 ");
	return 0;
}

static int refuses_twice(struct store_tx *tx, void *arg, struct err *err)
{
	struct stored_run_host items[2] = {{.name = "a"}, {.name = "a"}};
	const struct stored_run_hosts hosts = {.items = items, .items_count = 2};
	const struct stored_run run = {
		.author = "", .host = "", .command = "", .selection = "", .options = "{}"};
	int64_t id = -1;

	(void)arg;
	assert_int_equal(store_run_begin(tx, &run, &hosts, &id, err), -1);
	assert_int_equal(err->code, ERR_SYSTEM);
	assert_int_equal(id, -1);
	return -1;
}

static int cuts(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct strbuf text = STRBUF_INIT;
	struct stored_run_hosts hosts;
	int64_t id = begin(tx, 0, 1);

	(void)arg;
	strbuf_addn(&text, 'x', STORED_EXCERPT_MAX - 1);
	strbuf_adds(&text, "äb");
	assert_int_equal(
		store_run_host_set(tx, id,
			&(struct stored_run_host){.name = "web-02", .excerpt = text.buf}, err),
		0);
	assert_int_equal(store_run_hosts(tx, id, 0, arena, &hosts, err), 0);
	assert_int_equal(strlen(hosts.items[0].excerpt), STORED_EXCERPT_MAX - 1);
	strbuf_release(&text);
	return 0;
}

static int old_and_new(struct store_tx *tx, void *arg, struct err *err)
{
	(void)arg;
	(void)begin(tx, 100, 3);
	(void)begin(tx, 200, 3);
	(void)begin(tx, 300, 3);
	/* Begun long ago, and ended now. */
	return store_run_end(tx, 1, &(struct stored_run_end){900, 0}, err);
}

static int prune(struct store_tx *tx, void *arg, struct err *err)
{
	return store_prune(tx, 300, 2, arg, err);
}

static void test_runs(void **state)
{
	static store_fn *const all[] = {keeps, lists, cuts};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct store *store = fixture_store(":memory:");
		struct err err = {0};

		assert_int_equal(store_write(store, all[i], NULL, &err), 0);
		assert_no_scans(store, NULL);
		store_close(&store);
	}
}

static void test_twice(void **state)
{
	struct store *store = fixture_store(":memory:");
	struct err err = {0};

	(void)state;
	assert_int_equal(store_write(store, refuses_twice, NULL, &err), -1);
	assert_int_equal(fixture_int(store, "SELECT count(*) FROM run"), 0);
	store_close(&store);
}

/* A few rows at a time; the run itself when its hosts are gone. */
static void test_prune(void **state)
{
	struct store *store = fixture_store(":memory:");
	bool is_done = false;
	int turns = 0;

	(void)state;
	assert_int_equal(store_write(store, old_and_new, NULL, NULL), 0);
	while (!is_done) {
		assert_int_equal(store_write(store, prune, &is_done, NULL), 0);
		turns++;
	}
	assert_int_equal(turns, 3);
	assert_int_equal(fixture_int(store, "SELECT group_concat(id, '') FROM run"), 13);
	assert_int_equal(fixture_int(store, "SELECT count(*) FROM run_host"), 6);
	assert_no_scans(store, NULL);
	store_close(&store);
}

static void exec(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		fail_msg("%s", sqlite3_errmsg(db));
	}
}

/* A file from before there was a ledger keeps what it has. */
static void test_older_file(void **state)
{
	_cleanup_(freep) char *mark = xasprintf(
		"PRAGMA application_id = %d; PRAGMA user_version = 1", STORE_APPLICATION_ID);
	sqlite3 *db = NULL;
	struct store *store;
	struct err err = {0};

	(void)state;
	assert_int_equal(sqlite3_open("state.db", &db), SQLITE_OK);
	exec(db, store_schema.versions[0]);
	exec(db, "INSERT INTO silence VALUES (7, '[]', 0, 999, 'me', 'why', 0, NULL)");
	exec(db, mark);
	(void)sqlite3_close(db);

	store = fixture_store("state.db");
	assert_int_equal(
		fixture_int(store, "PRAGMA user_version"), (int64_t)store_schema.versions_count);
	assert_int_equal(fixture_int(store, "SELECT id FROM silence"), 7);
	assert_int_equal(store_write(store, lists, NULL, &err), 0);
	store_close(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_prune),
		cmocka_unit_test_setup_teardown(
			test_older_file, store_folder_enter, store_folder_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

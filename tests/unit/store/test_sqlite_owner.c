/*
 * Owners: one row while something is in hand, none after, and nothing stays with those who are
 * gone.
 */
#include <sys/wait.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "store/sqlite_internal.h"
#include "store/store_owner.h"
#include "support/store_fixture.h"

enum { NOW = 1751356800 };

static const char count_owners[] = "SELECT count(*) FROM owner";
static const char count_waiting[] = "SELECT count(*) FROM delivery WHERE state = 0"
				    " AND owner_id IS NULL AND lease_ms IS NULL";

static int get_id(struct store_tx *tx, void *arg, struct err *err)
{
	return store_owner_id(tx, arg, err);
}

static int get_id_and_fail(struct store_tx *tx, void *arg, struct err *err)
{
	return store_owner_id(tx, arg, err) < 0 ? -1 : err_set(err, ERR_INPUT, "no");
}

static int64_t owner_id(struct store *store)
{
	struct err err = {0};
	int64_t id = 0;

	if (store_write(store, get_id, &id, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return id;
}

struct found {
	bool is_found;
	struct store_released released;
};

static int find(struct store_tx *tx, void *arg, struct err *err)
{
	struct found *found = arg;

	return store_owner_find_gone(tx, NOW, &found->is_found, err);
}

static int release(struct store_tx *tx, void *arg, struct err *err)
{
	struct found *found = arg;

	return store_owner_release_gone(tx, NOW, &found->released, err);
}

static void assert_released(struct store *store, int64_t owners, int64_t deliveries)
{
	struct found found = {0};

	assert_int_equal(store_read(store, find, &found, NULL), 0);
	assert_int_equal(found.is_found, owners + deliveries > 0);
	assert_int_equal(store_write(store, release, &found, NULL), 0);
	assert_int_equal(found.released.owners, owners);
	assert_int_equal(found.released.deliveries, deliveries);
}

/* In the hands of `owner`, an SQL expression. */
static void add_claimed(struct store *store, const char *owner, int64_t lease_ms)
{
	_cleanup_(freep) char *sql = xasprintf(
		"INSERT INTO delivery (key, receiver, purpose, severity, state, route, created_ms,"
		" due_ms, expires_ms, attempts, stands_for, hidden, owner_id, lease_ms)"
		" SELECT 'key' || count(*), 'slack', 0, 0, 1, '', 0, 0, 0, 1, 1, 0, %s, %lld"
		" FROM delivery",
		owner, (long long)lease_ms);

	fixture_exec(store, sql);
}

static void test_comes_and_goes(void **state)
{
	(void)state;
	struct store *store = fixture_store(NULL);
	struct store *other = fixture_store(NULL);
	int64_t undone = 0;
	int64_t first;
	int64_t second;

	assert_int_equal(fixture_int(other, count_owners), 0);
	assert_int_equal(store_write(store, get_id_and_fail, &undone, NULL), -1);
	assert_int_equal(fixture_int(other, count_owners), 0);
	first = owner_id(store);
	assert_true(first > 0);
	assert_int_equal(owner_id(store), first);
	assert_int_equal(fixture_int(other, count_owners), 1);
	second = owner_id(other);
	assert_int_not_equal(first, second);

	add_claimed(store, "1", 0);
	add_claimed(store, "2", 0);
	assert_released(store, 0, 0); /* both live, as this process does */
	store_close(&store);
	assert_int_equal(fixture_int(other, count_owners), 1);
	assert_int_equal(fixture_int(other, count_waiting), 1);
	fixture_exec(other, "DELETE FROM owner");
	assert_int_not_equal(owner_id(other), 0);
	assert_int_equal(fixture_int(other, count_owners), 1);
	store_close(&other);
}

static void test_of_a_reader_nothing_is_written(void **state)
{
	(void)state;
	struct store *store = fixture_store(NULL);
	struct store *other = fixture_store(NULL);
	int64_t before = 0;
	int64_t after = 0;

	assert_int_equal(store_data_version(store, &before, NULL), 0);
	store_close(&other);
	other = fixture_store(NULL);
	store_close(&other);
	assert_int_equal(store_data_version(store, &after, NULL), 0);
	assert_int_equal(before, after);
	store_close(&store);
}

/* Everything a row can say about who it was. */
static void test_gone(void **state)
{
	(void)state;
	static const struct {
		const char *change; /* of our own row */
		int64_t lease_ms;
		bool is_gone;
	} cases[] = {
		{"pid = pid", 0, false},
		{"pid = 1 << 29", NOW + 1000, true},
		{"pid_started = pid_started + 1", NOW + 1000, true},
		{"boot = 'older pid:[1]'", NOW + 1000, true},
		{"boot = 'older pid:[1]', host = 'other'", NOW + 1, false},
		{"boot = 'older pid:[1]', host = 'other'", NOW, true},
		{"boot = substr(boot, 1, 36) || ' pid:[1]'", NOW + 1, false},
		{"boot = substr(boot, 1, 36) || ' pid:[1]'", NOW, true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct store *store = fixture_store(":memory:");
		_cleanup_(freep) char *change =
			xasprintf("UPDATE owner SET %s WHERE id = 1", cases[i].change);

		assert_int_equal(owner_id(store), 1);
		add_claimed(store, "1", cases[i].lease_ms);
		add_claimed(store, "1", 0);
		fixture_exec(store, change);
		assert_released(store, cases[i].is_gone, cases[i].is_gone ? 2 : 0);
		assert_int_equal(fixture_int(store, count_waiting), cases[i].is_gone ? 2 : 0);
		assert_int_equal(fixture_int(store, count_owners), !cases[i].is_gone);
		assert_released(store, 0, 0);
		assert_no_scans(store, NULL);
		store_close(&store);
	}
}

static void test_in_hand_of_nobody(void **state)
{
	(void)state;
	struct store *store = fixture_store(":memory:");

	add_claimed(store, "NULL", 0);
	add_claimed(store, "99", 0);
	assert_released(store, 0, 2);
	store_close(&store);
}

struct listed {
	struct arena *arena;
	struct store_owners owners;
};

static int list(struct store_tx *tx, void *arg, struct err *err)
{
	struct listed *listed = arg;

	return store_owner_list(tx, NOW, listed->arena, &listed->owners, err);
}

static void test_list(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct listed listed = {.arena = arena};
	struct store *store = NULL;

	assert_int_equal(store_open(&(struct store_options){.path = ":memory:",
					    .command = "sre-toolkit alert flush"},
				 &store, NULL),
		0);
	time_fake(1, NOW - 5000);
	assert_int_equal(owner_id(store), 1);
	time_fake_end();
	fixture_exec(store, "INSERT INTO owner VALUES (7, 'web-01', 'b', 3, 4, 'other', 5)");
	add_claimed(store, "1", NOW);
	add_claimed(store, "1", NOW);
	assert_int_equal(store_read(store, list, &listed, NULL), 0);
	assert_int_equal(listed.owners.items_count, 2);
	assert_int_equal(listed.owners.items[0].pid, getpid());
	assert_string_equal(listed.owners.items[0].command, "sre-toolkit alert flush");
	assert_int_equal(listed.owners.items[0].since_ms, NOW - 5000);
	assert_int_equal(listed.owners.items[0].in_hand, 2);
	assert_false(listed.owners.items[0].is_gone);
	assert_int_equal(listed.owners.items[1].id, 7);
	assert_string_equal(listed.owners.items[1].host, "web-01");
	assert_int_equal(listed.owners.items[1].in_hand, 0);
	assert_true(listed.owners.items[1].is_gone);
	store_close(&store);
}

/* Leaves a store as a process does that was killed with something in hand. */
static void crash(void)
{
	const pid_t child = fork();

	if (child == 0) {
		struct store *store = fixture_store(NULL);

		(void)owner_id(store);
		add_claimed(store, "1", 0);
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void test_open_after_a_crash(void **state)
{
	(void)state;
	struct store *store;

	crash();
	store = fixture_store(NULL);
	assert_int_equal(fixture_int(store, count_owners), 0);
	assert_int_equal(fixture_int(store, count_waiting), 1);
	store_close(&store);
}

static void overwrite(const char *path, off_t at)
{
	char junk[4096];
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	memset(junk, 0xa5, sizeof(junk));
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
	(void)close(fd);
}

/* A page that nothing reads at open is damaged: only the check finds it, and only after a crash. */
static void test_damage_is_found_after_a_crash(void **state)
{
	(void)state;
	static const char *const words[] = {"'state.db' is damaged", "move it away", NULL};
	struct store *store = fixture_store(NULL);
	const off_t page = (off_t)fixture_int(
		store, "SELECT rootpage FROM sqlite_schema WHERE name = 'silence'");

	crash();
	fixture_exec(store, "UPDATE owner SET host = 'other', boot = 'older'");
	assert_int_equal(fixture_int(store, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
	fixture_exec(store, "UPDATE delivery SET lease_ms = 9000000000000");
	assert_int_equal(fixture_int(store, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
	store_close(&store);

	overwrite("state.db", (page - 1) * 4096);
	store = fixture_store(NULL); /* that owner may be alive: nothing is checked */
	fixture_exec(store, "UPDATE delivery SET lease_ms = 1");
	store_close(&store);
	assert_open_fails(&(struct store_options){.path = "state.db"}, ERR_INPUT, words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_comes_and_goes, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(test_of_a_reader_nothing_is_written,
			store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(test_gone, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_in_hand_of_nobody, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(test_list, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_open_after_a_crash, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_damage_is_found_after_a_crash, store_folder_enter, store_folder_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Transactions: all or nothing, and the words for what went wrong.
 */
#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/sqlite_internal.h"
#include "support/store_fixture.h"

static const char insert_mark[] = "INSERT INTO mark (name, value) VALUES (?1, ?2)";
static const char count_marks[] = "SELECT count(*) FROM mark";

struct job {
	const char *name;
	bool fails;
};

static int add_mark(struct store_tx *tx, void *arg, struct err *err)
{
	const struct job *job = arg;
	_cleanup_(query_end) struct query query = query_of(tx, insert_mark);

	query_bind_text(&query, 1, job->name);
	query_bind_text(&query, 2, "1");
	if (query_run(&query, err) < 0) {
		return -1;
	}
	return job->fails ? err_set(err, ERR_NOT_FOUND, "no %s", job->name) : 0;
}

static void test_all_or_nothing(void **state)
{
	(void)state;
	struct store *store = fixture_store(":memory:");
	struct err err = {0};

	assert_int_equal(store_write(store, add_mark, &(struct job){"a", false}, &err), 0);
	assert_int_equal(fixture_int(store, count_marks), 1);
	assert_int_equal(store_write(store, add_mark, &(struct job){"b", true}, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "no b");
	assert_int_equal(fixture_int(store, count_marks), 1);

	assert_int_equal(store_write(store, add_mark, &(struct job){"a", false}, &err), -1);
	assert_int_equal(err.code, ERR_SYSTEM);
	assert_string_equal(err.msg, "store ':memory:': UNIQUE constraint failed: mark.name");
	assert_int_equal(store_write(store, add_mark, &(struct job){"b", false}, &err), 0);
	assert_int_equal(fixture_int(store, count_marks), 2);
	store_close(&store);
	assert_null(store);
	store_close(&store);
}

static int try_marks(struct store_tx *tx, void *arg, struct err *err)
{
	assert_int_equal(store_try(tx, add_mark, &(struct job){"tried", false}, err), 0);
	assert_int_equal(store_try(tx, add_mark, &(struct job){"tried", true}, err), -1);
	assert_string_equal(err->msg, "no tried");
	return add_mark(tx, arg, err);
}

static void test_tried_and_undone(void **state)
{
	(void)state;
	struct store *store = fixture_store(":memory:");
	struct err err = {0};

	assert_int_equal(store_write(store, try_marks, &(struct job){"kept", false}, &err), 0);
	assert_int_equal(fixture_int(store, count_marks), 1);
	assert_int_equal(fixture_int(store, "SELECT count(*) FROM mark WHERE name = 'kept'"), 1);
	store_close(&store);
}

static int count(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx, count_marks);

	if (query_step(&query, err) < 0) {
		return -1;
	}
	*(int64_t *)arg = query_int(&query, 0);
	return 0;
}

struct nested {
	struct store *other;
	int64_t before, after;
};

static int count_around_a_write(struct store_tx *tx, void *arg, struct err *err)
{
	struct nested *nested = arg;

	if (count(tx, &nested->before, err) < 0 ||
		store_write(nested->other, add_mark, &(struct job){"b", false}, err) < 0) {
		return -1;
	}
	return count(tx, &nested->after, err);
}

/* A reader sees one moment, and neither waits for the other. */
static void test_readers_and_a_writer(void **state)
{
	(void)state;
	struct store *first = fixture_store(NULL);
	struct nested nested = {.other = fixture_store(NULL)};
	struct err err = {0};
	int64_t marks = 0;

	assert_int_equal(store_read(first, count_around_a_write, &nested, &err), 0);
	assert_int_equal(nested.before, 0);
	assert_int_equal(nested.after, 0);
	assert_int_equal(store_read(first, count, &marks, &err), 0);
	assert_int_equal(marks, 1);
	store_close(&nested.other);
	store_close(&first);
}

static void test_data_version(void **state)
{
	(void)state;
	struct store *first = fixture_store(NULL);
	struct store *second = fixture_store(NULL);
	int64_t before = 0;
	int64_t own = 0;
	int64_t after = 0;

	assert_int_equal(store_data_version(first, &before, NULL), 0);
	fixture_exec(first, "INSERT INTO mark VALUES ('a', '')");
	assert_int_equal(store_data_version(first, &own, NULL), 0);
	assert_int_equal(own, before);
	fixture_exec(second, "INSERT INTO mark VALUES ('b', '')");
	assert_int_equal(store_data_version(first, &after, NULL), 0);
	assert_int_not_equal(after, before);
	store_close(&second);
	store_close(&first);
}

static int write_in_write(struct store_tx *tx, void *arg, struct err *err)
{
	return store_write(arg, add_mark, &(struct job){"x", false}, err) < 0
		       ? -1
		       : add_mark(tx, &(struct job){"y", false}, err);
}

/* Two who write: the second waits as long as it was told to, in all. */
static void test_waits_and_gives_up(void **state)
{
	(void)state;
	struct store *first = fixture_store(NULL);
	struct store *second = NULL;
	struct err err = {0};

	assert_int_equal(store_open(&(struct store_options){.path = "state.db", .busy_ms = 30},
				 &second, &err),
		0);
	assert_int_equal(store_write(first, write_in_write, second, &err), -1);
	assert_int_equal(err.code, ERR_BUSY);
	assert_non_null(strstr(
		err.msg, "'state.db' is locked by another process, for longer than 30 ms; "));
	assert_int_equal(fixture_int(first, count_marks), 0);
	store_close(&second);
	store_close(&first);
}

static int break_transaction(struct store_tx *tx, void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	return store_exec(tx->store, "INSERT INTO mark VALUES ('a', ''); ROLLBACK", NULL);
}

/* What SQLite has undone by itself is not called done. */
static void test_transaction_that_is_gone(void **state)
{
	(void)state;
	struct store *store = fixture_store(NULL);
	struct err err = {0};

	assert_int_equal(store_write(store, break_transaction, NULL, &err), -1);
	assert_int_equal(err.code, ERR_SYSTEM);
	assert_int_equal(fixture_int(store, count_marks), 0);
	fixture_exec(store, "INSERT INTO mark VALUES ('a', '')");
	assert_int_equal(fixture_int(store, count_marks), 1);
	store_close(&store);
}

/* --- Killed --- */

enum { KILLS = 40 };

/* Tells each transaction of its own, and only when it is done. */
static void write_until_killed(int fd)
{
	struct store *store = fixture_store(NULL);

	for (;;) {
		fixture_exec(store,
			"INSERT INTO mark SELECT 'mark' || count(*), '' FROM mark;"
			"INSERT INTO silence (matchers, starts_ms, ends_ms, author, reason,"
			" created_ms) VALUES ('[]', 0, 0, '', hex(zeroblob(3000)), 0)");
		if (write(fd, "", 1) != 1) {
			_exit(1);
		}
	}
}

/* How many were told until it was killed, which is somewhere in the one after. */
static int kill_after(int told, unsigned *seed)
{
	int fds[2];
	pid_t child;
	char byte;
	int count_told = 0;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		(void)close(fds[0]);
		write_until_killed(fds[1]);
	}
	(void)close(fds[1]);
	while (count_told < told && read(fds[0], &byte, 1) == 1) {
		count_told++;
	}
	(void)usleep((useconds_t)rand_r(seed) % 1500);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	while (read(fds[0], &byte, 1) == 1) {
		count_told++;
	}
	(void)close(fds[0]);
	return count_told;
}

/* What was told is there, all of it or nothing of what was not, and the database is whole. */
static void test_killed(void **state)
{
	(void)state;
	unsigned seed = 4;
	int64_t told = 0;

	for (int i = 0; i < KILLS; i++) {
		const int count_told = kill_after(1 + i % 7, &seed);
		struct store *store = fixture_store(NULL);
		const int64_t there = fixture_int(store, count_marks);

		if (there < told + count_told || there > told + count_told + 1) {
			fail_msg("%d told, %d there", (int)told + count_told, (int)there);
		}
		assert_int_equal(fixture_int(store, "SELECT count(*) FROM silence"), there);
		assert_int_equal(fixture_int(store, "SELECT count(*) FROM"
						    " pragma_integrity_check WHERE"
						    " integrity_check = 'ok'"),
			1);
		told = there;
		store_close(&store);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_or_nothing),
		cmocka_unit_test(test_tried_and_undone),
		cmocka_unit_test_setup_teardown(
			test_readers_and_a_writer, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_data_version, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_waits_and_gives_up, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_transaction_that_is_gone, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_killed, store_folder_enter, store_folder_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

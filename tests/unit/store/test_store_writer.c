/*
 * The writer: order, one commit for many, a failing job among good ones, and nothing that is called
 * done without being there.
 */
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "loop/loop.h"
#include "store/sqlite_internal.h"
#include "store/store_writer.h"
#include "support/store_fixture.h"

enum { MANY = 450 }; /* more than one group */

struct scene {
	struct loop *loop;
	struct store *store;
	struct store_writer *writer;
	pthread_t caller;
	int run_count, done_count;
};

struct job {
	struct scene *scene;
	const char *sql;
	bool fails;
	struct job *next;            /* posted when this one is done */
	struct store_writer **frees; /* when this one is done */
	int run_place, done_place;   /* from 1; 0: not yet */
	bool was_done_well;
	int64_t count;
	struct err err;
};

#define ADD_OWNER                                                                                  \
	"INSERT INTO owner (host, boot, pid, pid_started, command, since_ms)"                      \
	" VALUES ('h', 'b', 1, 1, 'c', 1)"

static int run_job(struct store_tx *tx, void *arg, struct err *err)
{
	struct job *job = arg;

	job->run_place = ++job->scene->run_count;
	if (job->sql && store_exec(tx->store, job->sql, err) < 0) {
		return -1;
	}
	return job->fails ? err_set(err, ERR_INPUT, "refused") : 0;
}

static void job_done(void *arg, const struct err *err)
{
	struct job *job = arg;

	assert_true(pthread_equal(job->scene->caller, pthread_self()));
	job->done_place = ++job->scene->done_count;
	job->was_done_well = !err;
	if (err) {
		job->err = *err;
	}
	if (job->next) {
		store_writer_post(job->scene->writer, run_job, job_done, job->next);
	}
	if (job->frees) {
		store_writer_free(job->frees);
	}
}

static void setup(struct scene *scene)
{
	*scene = (struct scene){.caller = pthread_self()};
	assert_int_equal(loop_new(&scene->loop, NULL), 0);
	scene->store = fixture_store(NULL);
	assert_int_equal(store_writer_new(scene->loop, scene->store, &scene->writer, NULL), 0);
}

static void teardown(struct scene *scene)
{
	store_writer_free(&scene->writer);
	assert_null(scene->writer);
	store_close(&scene->store);
	loop_free(&scene->loop);
}

static void post(struct scene *scene, struct job *job)
{
	job->scene = scene;
	store_writer_post(scene->writer, run_job, job_done, job);
	assert_int_equal(job->done_place, 0);
}

static void run_loop(struct scene *scene)
{
	struct err err = {0};

	assert_int_equal(loop_run(scene->loop, &err), 0);
}

static int64_t marks(const struct scene *scene)
{
	return fixture_int(scene->store, "SELECT count(*) FROM mark");
}

static void test_in_order(void **state)
{
	(void)state;
	static struct job jobs[MANY];
	struct scene scene;

	setup(&scene);
	for (int i = 0; i < MANY; i++) {
		jobs[i] = (struct job){
			.sql = "INSERT INTO mark SELECT 'mark' || count(*), '' FROM mark"};
		post(&scene, &jobs[i]);
	}
	run_loop(&scene);
	for (int i = 0; i < MANY; i++) {
		assert_true(jobs[i].was_done_well);
		assert_int_equal(jobs[i].run_place, i + 1);
		assert_int_equal(jobs[i].done_place, i + 1);
	}
	assert_int_equal(marks(&scene), MANY);
	teardown(&scene);
}

/* A third connection counts the commits. */
static void test_together(void **state)
{
	(void)state;
	struct job jobs[100];
	struct scene scene;
	struct store *other;
	int64_t before = 0;
	int64_t after = 0;

	setup(&scene);
	other = fixture_store(NULL);
	assert_int_equal(store_data_version(other, &before, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
		jobs[i] = (struct job){
			.sql = "INSERT INTO mark SELECT 'mark' || count(*), '' FROM mark"};
		post(&scene, &jobs[i]);
	}
	run_loop(&scene);
	assert_int_equal(store_data_version(other, &after, NULL), 0);
	assert_int_equal(after, before + 1);
	assert_int_equal(marks(&scene), ARRAY_LEN(jobs));
	store_close(&other);
	teardown(&scene);
}

static void test_one_fails(void **state)
{
	(void)state;
	struct job jobs[] = {
		{.sql = "INSERT INTO mark VALUES ('a', '')"},
		{.sql = "INSERT INTO mark VALUES ('b', '')", .fails = true},
		{.sql = "INSERT INTO mark VALUES ('c', ''), ('a', '')"},
		{.sql = "INSERT INTO mark VALUES ('d', '')"},
	};
	struct scene scene;

	setup(&scene);
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
		post(&scene, &jobs[i]);
	}
	run_loop(&scene);
	assert_true(jobs[0].was_done_well);
	assert_false(jobs[1].was_done_well);
	assert_int_equal(jobs[1].err.code, ERR_INPUT);
	assert_string_equal(jobs[1].err.msg, "refused");
	assert_false(jobs[2].was_done_well);
	assert_non_null(strstr(jobs[2].err.msg, "UNIQUE constraint failed: mark.name"));
	assert_true(jobs[3].was_done_well);
	assert_int_equal(marks(&scene), 2);
	assert_int_equal(
		fixture_int(scene.store, "SELECT count(*) FROM mark WHERE name IN ('a', 'd')"), 2);
	teardown(&scene);
}

/* What shows at the commit only, or ends the transaction, has undone all of it. */
static void test_all_fail(void **state)
{
	(void)state;
	static const struct {
		const char *sql, *word;
	} cases[] = {
		{"PRAGMA defer_foreign_keys = ON; INSERT INTO decision (event_id, receiver, "
		 "verdict, route, reason) VALUES (7, '', 0, '', '')",
			"FOREIGN KEY constraint failed"},
		{"ROLLBACK", "no such savepoint"},
		{"ROLLBACK; INSERT INTO nowhere VALUES (1)", "no such table"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct job jobs[] = {
			{.sql = "INSERT INTO mark VALUES ('a', '')"},
			{.fails = true},
			{.sql = cases[i].sql},
			{.sql = "INSERT INTO mark VALUES ('b', '')"},
		};
		struct job later = {.sql = "INSERT INTO mark VALUES ('c', '')"};
		struct scene scene;

		setup(&scene);
		for (size_t j = 0; j < ARRAY_LEN(jobs); j++) {
			post(&scene, &jobs[j]);
		}
		run_loop(&scene);
		for (size_t j = 0; j < ARRAY_LEN(jobs); j++) {
			assert_false(jobs[j].was_done_well);
			if (!strstr(jobs[j].err.msg, j == 1 ? "refused" : cases[i].word)) {
				fail_msg("no '%s' in: %s", cases[i].word, jobs[j].err.msg);
			}
		}
		assert_int_equal(marks(&scene), 0);

		post(&scene, &later);
		run_loop(&scene);
		assert_true(later.was_done_well);
		assert_int_equal(marks(&scene), 1);
		fixture_exec(scene.store, "DELETE FROM mark");
		teardown(&scene);
	}
}

static int hold(struct store_tx *tx, void *arg, struct err *err)
{
	struct scene *scene = arg;
	struct job job = {.sql = "INSERT INTO mark VALUES ('a', '')"};

	(void)tx;
	(void)err;
	post(scene, &job);
	run_loop(scene);
	assert_false(job.was_done_well);
	assert_int_equal(job.err.code, ERR_BUSY);
	return 0;
}

static void test_locked_by_another(void **state)
{
	(void)state;
	struct scene scene;
	struct store *other;

	setup(&scene);
	other = fixture_store(NULL);
	scene.store->busy_ms = 20;
	assert_int_equal(store_write(other, hold, &scene, NULL), 0);
	store_close(&other);
	teardown(&scene);
}

static void test_posted_from_done(void **state)
{
	(void)state;
	struct scene scene;
	struct job second = {.scene = &scene, .sql = "INSERT INTO mark VALUES ('b', '')"};
	struct job first = {.sql = "INSERT INTO mark VALUES ('a', '')", .next = &second};

	setup(&scene);
	post(&scene, &first);
	run_loop(&scene);
	assert_true(second.was_done_well);
	assert_int_equal(marks(&scene), 2);
	teardown(&scene);
}

/* Whenever it is freed: what was posted is written, and nobody is told. */
static void test_freed_with_jobs(void **state)
{
	(void)state;
	static struct job jobs[MANY];
	struct scene scene;

	setup(&scene);
	for (int i = 0; i < MANY; i++) {
		jobs[i] = (struct job){
			.sql = "INSERT INTO mark SELECT 'mark' || count(*), '' FROM mark"};
		post(&scene, &jobs[i]);
	}
	store_writer_free(&scene.writer);
	assert_int_equal(scene.done_count, 0);
	assert_int_equal(marks(&scene), MANY);
	teardown(&scene);
}

static void test_freed_from_done(void **state)
{
	(void)state;
	struct scene scene;
	struct job third = {.scene = &scene, .sql = "INSERT INTO mark VALUES ('c', '')"};
	struct job first = {.sql = "INSERT INTO mark VALUES ('a', '')", .next = &third};
	struct job second = {.sql = "INSERT INTO mark VALUES ('b', '')"};

	setup(&scene);
	first.frees = &scene.writer;
	post(&scene, &first);
	post(&scene, &second);
	run_loop(&scene);
	assert_true(first.was_done_well);
	assert_int_equal(second.run_place, 2);
	assert_int_equal(third.run_place, 3);
	assert_int_equal(scene.done_count, 1);
	assert_int_equal(marks(&scene), 3);
	teardown(&scene);
}

/* Under way or not yet begun: the loop stopped in between. */
static void stop(void *arg)
{
	loop_stop(arg);
}

static void test_freed_under_way(void **state)
{
	(void)state;
	struct scene scene;
	struct job job = {.sql = "INSERT INTO mark VALUES ('a', '')"};

	setup(&scene);
	post(&scene, &job);
	(void)loop_defer(scene.loop, stop, scene.loop);
	run_loop(&scene);
	store_writer_free(&scene.writer);
	assert_int_equal(scene.done_count, 0);
	assert_int_equal(marks(&scene), 1);
	teardown(&scene);
}

static int count_rows(struct store_tx *tx, void *arg, struct err *err)
{
	struct job *job = arg;

	job->run_place = ++job->scene->run_count;
	return store_exec_int(tx->store, "SELECT count(*) FROM owner", &job->count, err);
}

/* Each sees what was written before it, and nothing later. */
static void test_reading(void **state)
{
	struct scene scene;
	struct job writes = {.scene = &scene, .sql = ADD_OWNER};
	struct job first = {.scene = &scene}, second = {.scene = &scene};

	(void)state;
	setup(&scene);
	assert_string_equal(store_writer_path(scene.writer), store_path(scene.store));
	store_writer_read(scene.writer, count_rows, job_done, &first);
	store_writer_post(scene.writer, run_job, job_done, &writes);
	store_writer_read(scene.writer, count_rows, job_done, &second);
	assert_int_equal(loop_run(scene.loop, NULL), 0);
	assert_int_equal(first.count, 0);
	assert_int_equal(second.count, 1);
	assert_int_equal(first.done_place, 1);
	assert_int_equal(writes.done_place, 2);
	assert_int_equal(second.done_place, 3);
	assert_true(second.was_done_well);
	teardown(&scene);
}

static void test_reading_what_cannot_be_written(void **state)
{
	const struct store_options options = {.path = "state.db", .is_read_only = true};
	struct scene scene;
	struct job writes = {.scene = &scene, .sql = ADD_OWNER};
	struct job reads = {.scene = &scene};

	(void)state;
	setup(&scene);
	teardown(&scene);
	assert_int_equal(loop_new(&scene.loop, NULL), 0);
	assert_int_equal(store_open(&options, &scene.store, NULL), 0);
	assert_int_equal(store_writer_new(scene.loop, scene.store, &scene.writer, NULL), 0);
	store_writer_post(scene.writer, run_job, job_done, &writes);
	store_writer_read(scene.writer, count_rows, job_done, &reads);
	assert_int_equal(loop_run(scene.loop, NULL), 0);
	assert_false(writes.was_done_well);
	assert_int_equal(writes.err.code, ERR_PERMISSION);
	assert_true(reads.was_done_well);
	teardown(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_in_order, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_together, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_one_fails, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_all_fail, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_locked_by_another, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_posted_from_done, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_freed_with_jobs, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_freed_from_done, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_reading, store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(test_reading_what_cannot_be_written,
			store_folder_enter, store_folder_leave),
		cmocka_unit_test_setup_teardown(
			test_freed_under_way, store_folder_enter, store_folder_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "loop/loop_fixture.h"
#include "loop/worker.h"

struct task {
	struct fixture *fixture;
	struct workers *workers;
	struct workers **frees;
	pthread_t worked_in;
	int number;
	int result;
	int *done_count;
	struct task *next; /* given when this one is done */
	sem_t *waits_for;
	sem_t *tells;
};

static void task_work(void *arg)
{
	struct task *task = arg;

	task->worked_in = pthread_self();
	if (task->tells) {
		(void)sem_post(task->tells);
	}
	if (task->waits_for) {
		(void)sem_wait(task->waits_for);
	}
	task->result = task->number * 2;
}

static void task_done(void *arg)
{
	struct task *task = arg;

	assert_int_equal(task->result, task->number * 2);
	assert_false(pthread_equal(task->worked_in, pthread_self()));
	(*task->done_count)++;
	if (task->next) {
		workers_run(task->workers, task_work, task_done, task->next);
	}
	if (task->frees) {
		workers_free(task->frees);
	}
}

static struct workers *hire(struct fixture *fixture, int threads_max)
{
	struct workers *workers = NULL;
	struct err err;

	assert_int_equal(workers_new(fixture->loop, threads_max, &workers, &err), 0);
	return workers;
}

/* Of workers only: a sanitizer may have its own. */
static int threads_now(void)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *entry;
	int count = 0;

	assert_non_null(dir);
	for (entry = readdir(dir); entry; entry = readdir(dir)) {
		_cleanup_(freep) char *path = xasprintf("/proc/self/task/%s/comm", entry->d_name);
		_cleanup_(fclosep) FILE *fp = fopen(path, "re");
		char name[32] = "";

		count += fp && fgets(name, sizeof(name), fp) && strcmp(name, "sre-worker\n") == 0;
	}
	(void)closedir(dir);
	return count;
}

/* A thread that was joined may be listed for a moment more. */
static void wait_for_threads(int expected)
{
	for (int i = 0; i < 10000 && threads_now() != expected; i++) {
		(void)usleep(1000);
	}
	assert_int_equal(threads_now(), expected);
}

enum { TASKS = 1000 };

static void works_elsewhere_and_is_done_on_the_loop(void **state)
{
	static const int threads[] = {1, 2, 7};
	struct fixture *fixture = *state;
	struct task *tasks = xcalloc(TASKS, sizeof(*tasks));

	for (size_t t = 0; t < ARRAY_LEN(threads); t++) {
		struct workers *workers = hire(fixture, threads[t]);
		int done_count = 0;

		for (int i = 0; i < TASKS; i++) {
			tasks[i] = (struct task){.number = i, .done_count = &done_count};
			workers_run(workers, task_work, task_done, &tasks[i]);
		}
		assert_int_equal(done_count, 0);
		assert_in_range(threads_now(), 1, threads[t]);
		run(fixture); /* until all are done */
		assert_int_equal(done_count, TASKS);
		run(fixture);
		workers_free(&workers);
		assert_null(workers);
		wait_for_threads(0);
	}
	free(tasks);
}

static void starts_no_thread_before_the_first_job(void **state)
{
	struct fixture *fixture = *state;
	struct workers *workers = hire(fixture, 4);
	int done_count = 0;
	struct task a = {.done_count = &done_count}, b = a;

	wait_for_threads(0);
	run(fixture); /* idle ones do not hold the loop */
	assert_int_equal(threads_now(), 0);
	workers_run(workers, task_work, task_done, &a);
	assert_int_equal(threads_now(), 1);
	run(fixture);
	workers_run(workers, task_work, task_done, &b);
	run(fixture);
	assert_int_equal(done_count, 2);
	workers_free(&workers);
	workers_free(&workers);
}

static void done_may_give_the_next_job(void **state)
{
	struct fixture *fixture = *state;
	struct workers *workers = hire(fixture, 2);
	struct task tasks[50];
	int done_count = 0;

	for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
		tasks[i] = (struct task){
			.workers = workers, .number = (int)i, .done_count = &done_count};
		if (i > 0) {
			tasks[i - 1].next = &tasks[i];
		}
	}
	workers_run(workers, task_work, task_done, &tasks[0]);
	run(fixture);
	assert_int_equal(done_count, ARRAY_LEN(tasks));
	workers_free(&workers);
}

/* Each waits for the other to have begun, so they end only if they run at the same time. */
static void threads_work_at_the_same_time(void **state)
{
	struct fixture *fixture = *state;
	struct workers *workers = hire(fixture, 2);
	int done_count = 0;
	sem_t sems[2];
	struct task a = {.done_count = &done_count, .tells = &sems[0], .waits_for = &sems[1]};
	struct task b = {.done_count = &done_count, .tells = &sems[1], .waits_for = &sems[0]};

	assert_int_equal(sem_init(&sems[0], 0, 0), 0);
	assert_int_equal(sem_init(&sems[1], 0, 0), 0);
	workers_run(workers, task_work, task_done, &a);
	workers_run(workers, task_work, task_done, &b);
	run(fixture);
	assert_int_equal(done_count, 2);
	workers_free(&workers);
	(void)sem_destroy(&sems[0]);
	(void)sem_destroy(&sems[1]);
}

/* Lets a job go on that workers_free() waits for. */
static void *release_later(void *arg)
{
	(void)usleep(20000);
	(void)sem_post(arg);
	return NULL;
}

static void free_waits_for_the_running_job_and_forgets_the_rest(void **state)
{
	struct fixture *fixture = *state;
	struct workers *workers = hire(fixture, 1);
	int done_count = 0;
	struct task tasks[10];
	sem_t begun, go_on;
	pthread_t releaser;

	assert_int_equal(sem_init(&begun, 0, 0), 0);
	assert_int_equal(sem_init(&go_on, 0, 0), 0);
	for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
		tasks[i] = (struct task){.number = 21, .done_count = &done_count};
		tasks[i].tells = i == 0 ? &begun : NULL;
		tasks[i].waits_for = i == 0 ? &go_on : NULL;
		workers_run(workers, task_work, task_done, &tasks[i]);
	}
	assert_int_equal(sem_wait(&begun), 0);
	assert_int_equal(pthread_create(&releaser, NULL, release_later, &go_on), 0);
	workers_free(&workers);
	assert_int_equal(pthread_join(releaser, NULL), 0);
	run(fixture);
	assert_int_equal(tasks[0].result, 42);
	for (size_t i = 1; i < ARRAY_LEN(tasks); i++) {
		assert_int_equal(tasks[i].result, 0);
	}
	assert_int_equal(done_count, 0);
	(void)sem_destroy(&begun);
	(void)sem_destroy(&go_on);
}

static void free_forgets_what_has_ended_and_is_not_done(void **state)
{
	struct fixture *fixture = *state;
	struct workers *workers = hire(fixture, 1);
	int done_count = 0;
	sem_t begun;
	struct task a = {.number = 1, .done_count = &done_count};
	struct task b = {.number = 2, .done_count = &done_count, .tells = &begun};

	assert_int_equal(sem_init(&begun, 0, 0), 0);
	workers_run(workers, task_work, task_done, &a);
	workers_run(workers, task_work, task_done, &b);
	assert_int_equal(sem_wait(&begun), 0); /* so the first has ended */
	workers_free(&workers);
	run(fixture);
	assert_int_equal(done_count, 0);
	assert_int_equal(a.result, 2);
	(void)sem_destroy(&begun);
}

static void done_may_free_the_workers(void **state)
{
	struct fixture *fixture = *state;
	struct workers *workers = hire(fixture, 3);
	struct task tasks[100];
	int done_count = 0;

	for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
		tasks[i] = (struct task){
			.number = (int)i, .done_count = &done_count, .frees = &workers};
		workers_run(workers, task_work, task_done, &tasks[i]);
	}
	run(fixture);
	assert_int_equal(done_count, 1);
	assert_null(workers);
}

static void look_at_the_mask(void *arg)
{
	struct task *task = arg;
	sigset_t mask;

	task->worked_in = pthread_self();
	(void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
	task->number = 1;
	task->result = sigismember(&mask, SIGINT) + sigismember(&mask, SIGUSR1);
}

static void threads_take_no_signals(void **state)
{
	struct fixture *fixture = *state;
	struct workers *workers = hire(fixture, 1);
	int done_count = 0;
	struct task task = {.done_count = &done_count};

	workers_run(workers, look_at_the_mask, task_done, &task);
	run(fixture);
	assert_int_equal(task.result, 2);
	workers_free(&workers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(works_elsewhere_and_is_done_on_the_loop),
		fixture_test(starts_no_thread_before_the_first_job),
		fixture_test(done_may_give_the_next_job),
		fixture_test(threads_work_at_the_same_time),
		fixture_test(free_waits_for_the_running_job_and_forgets_the_rest),
		fixture_test(free_forgets_what_has_ended_and_is_not_done),
		fixture_test(done_may_free_the_workers),
		fixture_test(threads_take_no_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Jobs for the store, committed together on a thread of their own.  See store_writer.h.
 *
 * One group is on its way at a time.  It begins at the end of the turn in which its first job was
 * posted, and what is posted while it is under way makes the next: the slower the disk, the larger
 * the groups.
 */
#include "store/store_writer.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "loop/worker.h"
#include "store/sqlite_internal.h"

/* Others wait for the database while a group is written, so that it must end. */
enum { GROUP_MAX = 200 };

struct job {
	struct job *next;
	store_fn *fn;
	store_done_fn *done;
	void *arg;
	bool is_reading;
	bool has_failed;
	struct err err;
};

struct jobs {
	struct job *first, **last;
};

struct store_writer {
	struct loop *loop;
	struct store *store;
	struct workers *workers;
	struct deferred *starting; /* the next group begins at the end of this turn */
	struct jobs waiting;
	struct jobs group; /* the thread's, from workers_run() to group_done() */
	bool is_under_way;
	bool was_run;    /* the group */
	bool is_calling; /* a `done`, which may free us: */
	bool is_freed;   /* then group_done() does the rest */
};

static void jobs_init(struct jobs *jobs)
{
	*jobs = (struct jobs){.last = &jobs->first};
}

static void jobs_push(struct jobs *jobs, struct job *job)
{
	job->next = NULL;
	*jobs->last = job;
	jobs->last = &job->next;
}

static struct job *jobs_pop(struct jobs *jobs)
{
	struct job *job = jobs->first;

	if (job) {
		jobs->first = job->next;
		if (!jobs->first) {
			jobs->last = &jobs->first;
		}
	}
	return job;
}

static void jobs_clear(struct jobs *jobs)
{
	for (struct job *job = jobs_pop(jobs); job; job = jobs_pop(jobs)) {
		free(job);
	}
}

/* All but those that have failed by themselves. */
static void fail_all(struct jobs *jobs, const struct err *err)
{
	for (struct job *job = jobs->first; job; job = job->next) {
		if (!job->has_failed) {
			job->has_failed = true;
			job->err = *err;
		}
	}
}

/*
 * One job, in a savepoint.  0: it is done, or it has failed alone; -1: *err is set, and the whole
 * transaction is gone or of no use any more.
 */
static int run_job(struct store *store, struct job *job, struct err *err)
{
	if (store_exec(store, "SAVEPOINT job", err) < 0) {
		return -1;
	}
	if (job->fn(&store->tx, job->arg, &job->err) < 0) {
		job->has_failed = true;
		if (!store_is_in_tx(store)) {
			*err = job->err;
			return -1;
		}
		if (store_exec(store, "ROLLBACK TO job", err) < 0) {
			return -1;
		}
	}
	return store_exec(store, "RELEASE job", err);
}

static int run_jobs(struct store *store, struct jobs *jobs, struct err *err)
{
	for (struct job *job = jobs->first; job; job = job->next) {
		if (run_job(store, job, err) < 0) {
			store_rollback(store);
			return -1;
		}
	}
	return store_commit(store, err);
}

/* One that only reads is a group by itself: it must not wait for the writing of others. */
static void run_reading(struct store *store, struct job *job)
{
	job->has_failed = store_read(store, job->fn, job->arg, &job->err) < 0;
}

static void run_group(void *arg)
{
	struct store_writer *writer = arg;
	struct err err = {0};

	writer->was_run = true;
	if (writer->group.first->is_reading) {
		run_reading(writer->store, writer->group.first);
		return;
	}
	if (store_begin(writer->store, true, &err) < 0 ||
		run_jobs(writer->store, &writer->group, &err) < 0) {
		fail_all(&writer->group, &err);
	}
}

/* Moves what the next group is made of. */
static void next_group(struct store_writer *writer)
{
	bool is_full = false;

	for (int i = 0; i < GROUP_MAX && writer->waiting.first && !is_full; i++) {
		is_full = writer->waiting.first->is_reading;
		if (!is_full || i == 0) {
			jobs_push(&writer->group, jobs_pop(&writer->waiting));
		}
	}
}

static void group_done(void *arg);

static void start_group(void *arg)
{
	struct store_writer *writer = arg;

	writer->starting = NULL;
	next_group(writer);
	writer->is_under_way = true;
	writer->was_run = false;
	workers_run(writer->workers, run_group, group_done, writer);
}

static void start_soon(struct store_writer *writer)
{
	if (writer->waiting.first && !writer->is_under_way && !writer->starting) {
		writer->starting = loop_defer(writer->loop, start_group, writer);
	}
}

static void group_done(void *arg)
{
	struct store_writer *writer = arg;

	writer->is_under_way = false;
	writer->is_calling = true;
	while (writer->group.first) {
		_cleanup_(freep) struct job *job = jobs_pop(&writer->group);

		job->done(job->arg, job->has_failed ? &job->err : NULL);
	}
	writer->is_calling = false;
	if (writer->is_freed) {
		free(writer);
		return;
	}
	start_soon(writer);
}

static void post(struct store_writer *writer, const struct job *wanted)
{
	struct job *job = xcalloc(1, sizeof(*job));

	*job = *wanted;
	jobs_push(&writer->waiting, job);
	start_soon(writer);
}

void store_writer_post(struct store_writer *writer, store_fn *fn, store_done_fn *done, void *arg)
{
	post(writer, &(struct job){.fn = fn, .done = done, .arg = arg});
}

void store_writer_read(struct store_writer *writer, store_fn *fn, store_done_fn *done, void *arg)
{
	post(writer, &(struct job){.fn = fn, .done = done, .arg = arg, .is_reading = true});
}

const char *store_writer_path(const struct store_writer *writer)
{
	return store_path(writer->store);
}

int store_writer_new(
	struct loop *loop, struct store *store, struct store_writer **ret_writer, struct err *err)
{
	struct store_writer *writer = xcalloc(1, sizeof(*writer));

	if (workers_new(loop, 1, &writer->workers, err) < 0) {
		free(writer);
		return -1;
	}
	writer->loop = loop;
	writer->store = store;
	jobs_init(&writer->waiting);
	jobs_init(&writer->group);
	*ret_writer = writer;
	return 0;
}

/* After the thread has ended: what it did not come to is done here. */
static void run_rest(struct store_writer *writer)
{
	if (writer->is_under_way && !writer->was_run) {
		run_group(writer);
	}
	while (writer->waiting.first) {
		jobs_clear(&writer->group);
		next_group(writer);
		run_group(writer);
	}
}

void store_writer_free(struct store_writer **writer_ptr)
{
	struct store_writer *writer = TAKE(*writer_ptr);

	if (!writer) {
		return;
	}
	workers_free(&writer->workers);
	deferred_free(&writer->starting);
	run_rest(writer);
	jobs_clear(&writer->group);
	jobs_clear(&writer->waiting);
	writer->is_freed = true;
	if (!writer->is_calling) {
		free(writer);
	}
}

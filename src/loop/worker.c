/*
 * The threads, their queue, and the eventfd that tells the loop.  See worker.h.
 */
#include "loop/worker.h"

#include <sys/eventfd.h>

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"

struct job {
	struct job *next;
	worker_fn *work, *done;
	void *arg;
};

struct job_queue {
	struct job *first, *last;
	int count;
};

struct workers {
	/* The loop's thread only. */
	int event_fd;
	struct io *io;
	pthread_t *threads;
	int threads_count, threads_max;
	int unfinished;          /* jobs given and not done */
	struct job_queue ending; /* whose `done` is being called */
	bool is_calling;         /* a `done`, which may free us: */
	bool is_freed;           /* then workers_told() does the rest */

	/* Everybody, with the lock. */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job_queue waiting, ended;
	int idle; /* threads that wait for a job */
	bool is_over;
};

static void queue_push(struct job_queue *queue, struct job *job)
{
	job->next = NULL;
	if (queue->last) {
		queue->last->next = job;
	} else {
		queue->first = job;
	}
	queue->last = job;
	queue->count++;
}

static struct job *queue_pop(struct job_queue *queue)
{
	struct job *job = queue->first;

	if (job) {
		queue->first = job->next;
		if (!queue->first) {
			queue->last = NULL;
		}
		queue->count--;
	}
	return job;
}

static void queue_clear(struct job_queue *queue)
{
	for (struct job *job = queue_pop(queue); job; job = queue_pop(queue)) {
		free(job);
	}
}

/* The next job, or NULL when it is over; called with the lock. */
static struct job *next_job(struct workers *workers)
{
	while (!workers->is_over && !workers->waiting.first) {
		workers->idle++;
		(void)pthread_cond_wait(&workers->wake, &workers->lock); /* cannot fail */
		workers->idle--;
	}
	return workers->is_over ? NULL : queue_pop(&workers->waiting);
}

static void *thread_main(void *arg)
{
	struct workers *workers = arg;
	struct job *job;

	(void)pthread_mutex_lock(&workers->lock);
	for (job = next_job(workers); job; job = next_job(workers)) {
		(void)pthread_mutex_unlock(&workers->lock);
		job->work(job->arg);
		(void)pthread_mutex_lock(&workers->lock);
		queue_push(&workers->ended, job);
		if (workers->ended.count == 1) {
			(void)eventfd_write(workers->event_fd, 1); /* it is far from full */
		}
	}
	(void)pthread_mutex_unlock(&workers->lock);
	return NULL;
}

/* More than one thread is a matter of speed only, so it may fail from the second on. */
static void thread_start(struct workers *workers)
{
	pthread_attr_t attributes;
	sigset_t all;
	int errnum;

	(void)sigfillset(&all);
	if (pthread_attr_init(&attributes) != 0 ||
		pthread_attr_setsigmask_np(&attributes, &all) != 0) {
		abort(); /* out of memory */
	}
	errnum = pthread_create(
		&workers->threads[workers->threads_count], &attributes, thread_main, workers);
	(void)pthread_attr_destroy(&attributes);
	if (errnum == 0) {
		/* For top and debuggers. */
		(void)pthread_setname_np(workers->threads[workers->threads_count++], "sre-worker");
	} else if (workers->threads_count == 0) {
		(void)fprintf(
			stderr, "sre-toolkit: cannot start a thread: %s\n", errno_text(errnum));
		abort();
	}
}

static void unfinished_add(struct workers *workers, int change)
{
	workers->unfinished += change;
	io_set_background(workers->io, workers->unfinished == 0);
}

void workers_run(struct workers *workers, worker_fn *work, worker_fn *done, void *arg)
{
	struct job *job = xmalloc(sizeof(*job));
	bool needs_thread;

	*job = (struct job){.work = work, .done = done, .arg = arg};
	unfinished_add(workers, 1);

	(void)pthread_mutex_lock(&workers->lock);
	queue_push(&workers->waiting, job);
	needs_thread = workers->waiting.count > workers->idle;
	(void)pthread_cond_signal(&workers->wake);
	(void)pthread_mutex_unlock(&workers->lock);
	if (needs_thread && workers->threads_count < workers->threads_max) {
		thread_start(workers);
	}
}

static void workers_told(void *arg, unsigned events)
{
	struct workers *workers = arg;
	eventfd_t count;

	(void)events;
	(void)eventfd_read(workers->event_fd, &count);
	(void)pthread_mutex_lock(&workers->lock);
	workers->ending = workers->ended;
	workers->ended = (struct job_queue){0};
	(void)pthread_mutex_unlock(&workers->lock);

	workers->is_calling = true;
	while (workers->ending.first) {
		struct job *job = queue_pop(&workers->ending);
		worker_fn *done = job->done;
		void *job_arg = job->arg;

		free(job);
		unfinished_add(workers, -1);
		done(job_arg);
	}
	workers->is_calling = false;
	if (workers->is_freed) {
		free(workers);
	}
}

int workers_new(struct loop *loop, int threads_max, struct workers **ret_workers, struct err *err)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct workers *workers;

	assert(threads_max > 0);
	if (fd < 0) {
		return err_set_errno(err, errno, "cannot hear from worker threads");
	}

	workers = xcalloc(1, sizeof(*workers));
	*workers = (struct workers){.event_fd = fd,
		.threads = xcalloc((size_t)threads_max, sizeof(*workers->threads)),
		.threads_max = threads_max,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.wake = PTHREAD_COND_INITIALIZER};
	workers->io = io_add(loop, fd, IO_READ, workers_told, workers);
	io_set_background(workers->io, true);
	*ret_workers = workers;
	return 0;
}

void workers_free(struct workers **workers_ptr)
{
	struct workers *workers = TAKE(*workers_ptr);

	if (!workers) {
		return;
	}

	(void)pthread_mutex_lock(&workers->lock);
	workers->is_over = true;
	(void)pthread_cond_broadcast(&workers->wake);
	(void)pthread_mutex_unlock(&workers->lock);
	for (int i = 0; i < workers->threads_count; i++) {
		(void)pthread_join(workers->threads[i], NULL); /* ours, and not us */
	}

	io_free(&workers->io);
	closep(&workers->event_fd);
	queue_clear(&workers->waiting);
	queue_clear(&workers->ended);
	queue_clear(&workers->ending);
	(void)pthread_cond_destroy(&workers->wake);
	(void)pthread_mutex_destroy(&workers->lock);
	free(workers->threads);
	workers->is_freed = true;
	if (!workers->is_calling) {
		free(workers);
	}
}

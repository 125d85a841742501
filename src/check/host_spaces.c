/*
 * Measuring mount points in children.  See host_spaces.h.
 */
#include "check/host_spaces.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "check/host_stuck.h"
#include "loop/child.h"

enum { RUNNING_MAX = 64 };

/* What a child writes for each mount point, in their order. */
struct answer {
	int error; /* 0: it was measured */
	uint64_t block_size;
	uint64_t blocks, blocks_free, blocks_available;
	uint64_t files, files_free;
};

/* Mount points that are asked one after the other by one child. */
struct job {
	struct host_spaces *spaces;
	const char **points;
	size_t points_count, points_alloc;
	struct child *child;
	bool is_started;
	bool is_done;
	struct job *next;
};

struct host_spaces {
	struct host_spaces_spec spec;
	struct job *jobs, **jobs_end;
	size_t running;
	struct deferred *filling;
	host_spaces_done_fn *done;
	void *arg;
};

static void jobs_fill(void *arg);

static struct job *job_add(struct host_spaces *spaces)
{
	struct job *job = arena_alloc(spaces->spec.arena, sizeof(*job));

	job->spaces = spaces;
	*spaces->jobs_end = job;
	spaces->jobs_end = &job->next;
	return job;
}

static void job_add_point(struct job *job, const char *point)
{
	*VEC_PUSH_IN(job->spaces->spec.arena, job, points) = point;
}

static void tell(struct host_spaces *spaces, const char *point, enum host_space_state state,
	const struct answer *answer)
{
	const struct host_space space = {
		.point = point,
		.state = state,
		.error = answer->error,
		.block_size = answer->block_size,
		.blocks = answer->blocks,
		.blocks_free = answer->blocks_free,
		.blocks_available = answer->blocks_available,
		.files = answer->files,
		.files_free = answer->files_free,
	};

	host_mounts_add_space(spaces->spec.mounts, &space, spaces->spec.arena);
}

static void tell_failed(struct host_spaces *spaces, const char *point, int error)
{
	tell(spaces, point, HOST_SPACE_FAILED, &(const struct answer){.error = error});
}

static void tell_stuck(struct host_spaces *spaces, const char *point)
{
	tell(spaces, point, HOST_SPACE_STUCK, &(const struct answer){0});
}

/* In the child: only async-signal-safe calls. */
static int measure(const void *arg)
{
	const struct job *job = arg;

	for (size_t i = 0; i < job->points_count; i++) {
		struct statfs fs;
		struct answer answer;

		memset(&answer, 0, sizeof(answer));
		if (job->spaces->spec.statfs(job->points[i], &fs) < 0) {
			answer.error = errno;
		} else {
			answer.block_size = (uint64_t)(fs.f_frsize ? fs.f_frsize : fs.f_bsize);
			answer.blocks = fs.f_blocks;
			answer.blocks_free = fs.f_bfree;
			answer.blocks_available = fs.f_bavail;
			answer.files = fs.f_files;
			answer.files_free = fs.f_ffree;
		}
		if (write(STDOUT_FILENO, &answer, sizeof(answer)) != (ssize_t)sizeof(answer)) {
			return 1;
		}
	}
	return 0;
}

/* How many have answered. */
static size_t job_take_answers(struct job *job, const struct strbuf *out)
{
	size_t count = out->len / sizeof(struct answer);

	for (size_t i = 0; i < count && i < job->points_count; i++) {
		struct answer answer;

		memcpy(&answer, out->buf + i * sizeof(answer), sizeof(answer));
		if (answer.error != 0) {
			tell_failed(job->spaces, job->points[i], answer.error);
		} else {
			tell(job->spaces, job->points[i], HOST_SPACE_MEASURED, &answer);
		}
	}
	return count;
}

/* The one it did not come past; those behind it get another try, each by itself. */
static void job_tell_unanswered(struct job *job, size_t answered, const struct child_exit *end)
{
	const char *point = job->points[answered];

	switch (end->outcome) {
	case CHILD_STUCK:
		host_stuck_remember(point, child_pid(job->child));
		tell_stuck(job->spaces, point);
		break;
	case CHILD_TIMED_OUT:
		tell_stuck(job->spaces, point);
		break;
	case CHILD_EXITED:
	case CHILD_SIGNALED:
		tell_failed(job->spaces, point, 0);
		break;
	}
	for (size_t i = answered + 1; i < job->points_count; i++) {
		job_add_point(job_add(job->spaces), job->points[i]);
	}
}

static void job_end(struct job *job)
{
	job->is_done = true;
	job->spaces->running--;
	if (!job->spaces->filling) {
		job->spaces->filling = loop_defer(job->spaces->spec.loop, jobs_fill, job->spaces);
	}
}

static void job_ended(void *arg, const struct child_exit *end)
{
	struct job *job = arg;
	size_t answered = job_take_answers(job, end->out);

	if (answered < job->points_count) {
		job_tell_unanswered(job, answered, end);
	}
	child_free(&job->child);
	job_end(job);
}

static void job_start(struct job *job)
{
	const struct child_spec spec = {
		.function = measure,
		.function_arg = job,
		.stdout_max = job->points_count * sizeof(struct answer),
		.timeout_ms = job->spaces->spec.timeout_ms,
	};

	job->is_started = true;
	job->spaces->running++;
	if (child_start(job->spaces->spec.loop, &spec, job_ended, job, &job->child, NULL) < 0) {
		for (size_t i = 0; i < job->points_count; i++) {
			tell_failed(job->spaces, job->points[i], EAGAIN);
		}
		job_end(job);
	}
}

/* Start what may run, or end. */
static void jobs_fill(void *arg)
{
	struct host_spaces *spaces = arg;

	spaces->filling = NULL;
	for (struct job *job = spaces->jobs; job && spaces->running < RUNNING_MAX;
		job = job->next) {
		if (!job->is_started) {
			job_start(job);
		}
	}
	if (spaces->running == 0 && !spaces->filling) {
		spaces->done(spaces->arg);
	}
}

static void jobs_make(struct host_spaces *spaces)
{
	struct job *local = NULL;

	for (size_t i = 0; i < spaces->spec.filesystems->items_count; i++) {
		const struct host_filesystem *filesystem = &spaces->spec.filesystems->items[i];
		const char *point = filesystem->mount->point;

		if (host_stuck_has(point)) {
			tell_stuck(spaces, point);
		} else if (filesystem->is_remote) {
			job_add_point(job_add(spaces), point);
		} else {
			local = local ? local : job_add(spaces);
			job_add_point(local, point);
		}
	}
}

struct host_spaces *host_spaces_start(
	const struct host_spaces_spec *spec, host_spaces_done_fn *done, void *arg)
{
	struct host_spaces *spaces = arena_alloc(spec->arena, sizeof(*spaces));

	*spaces = (struct host_spaces){.spec = *spec, .done = done, .arg = arg};
	spaces->jobs_end = &spaces->jobs;
	if (!spaces->spec.statfs) {
		spaces->spec.statfs = statfs;
	}
	jobs_make(spaces);
	spaces->filling = loop_defer(spec->loop, jobs_fill, spaces);
	return spaces;
}

void host_spaces_free(struct host_spaces **spaces)
{
	struct host_spaces *s = TAKE(*spaces);

	if (!s) {
		return;
	}
	deferred_free(&s->filling);
	for (struct job *job = s->jobs; job; job = job->next) {
		child_free(&job->child);
	}
}

const char *host_spaces_waits_for(const struct host_spaces *spaces)
{
	if (!spaces) {
		return NULL;
	}
	for (const struct job *job = spaces->jobs; job; job = job->next) {
		if (job->is_started && !job->is_done) {
			return job->points[0];
		}
	}
	return NULL;
}

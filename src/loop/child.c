/*
 * The life of a child process.  See child.h.
 *
 *     RUNNING -> TERMINATING -> KILLING -> (stuck)
 *        `------------+------------'-----> DRAINING -> ENDED
 *
 * The ended process is not reaped before the very end: until then its number cannot belong to
 * somebody else, and killing its group is safe.
 */
#include "loop/child.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/time.h"
#include "loop/child_reaper.h"
#include "loop/child_spawn.h"
#include "loop/pipe.h"

enum {
	STUCK_MS = 500,      /* a process that SIGKILL has not ended by then will not end soon */
	CHUNK_BYTES = 65536, /* as much as a pipe holds */
	LAST_CHUNKS = 4,     /* read of each stream when no more time is given to it */
};

enum child_state {
	CHILD_RUNNING,
	CHILD_TERMINATING, /* was sent SIGTERM at the deadline */
	CHILD_KILLING,     /* was sent SIGKILL */
	CHILD_DRAINING,    /* the process has ended, its output has not */
	CHILD_ENDED,       /* `done` has been called */
};

/* One of its two outputs. */
struct stream {
	struct child *child;
	enum child_stream which;
	int fd; /* -1: at its end */
	struct io *io;
	struct strbuf buf;
	bool keeps_nothing;
};

struct child {
	struct loop *loop;
	enum child_state state;
	pid_t pid;
	int pid_fd;
	struct io *pid_io;
	struct timer *timer; /* what for depends on the state */
	int64_t kill_grace_ms, drain_ms;
	int64_t started_ms;
	int64_t grace_end_ms; /* of those whom SIGTERM was sent; 0: nobody */

	int in_fd;
	struct io *in_io;
	struct str input; /* what is left of it */
	struct stream out, err;

	struct child_streams streams; /* all zero: there are none */
	struct pipe_writer *writer;   /* of streams with input */
	bool is_held, is_freed;

	struct child_exit end;
	child_done_fn *done;
	void *arg;
};

static void input_close(struct child *child)
{
	pipe_writer_free(&child->writer);
	io_free(&child->in_io);
	closep(&child->in_fd);
	child->in_fd = -1;
}

static void stream_close(struct stream *stream)
{
	io_free(&stream->io);
	closep(&stream->fd);
	stream->fd = -1;
}

/* Its memory stays for now, though `output` may free it; to be called around reading. */
static void child_hold(struct child *child)
{
	child->is_held = true;
}

/* False: it was freed meanwhile. */
static bool child_let_go(struct child *child)
{
	child->is_held = false;
	if (child->is_freed) {
		free(child);
		return false;
	}
	return true;
}

/* One chunk; false if nothing is there to read (and the stream is closed if nothing ever will be).
 */
static bool stream_read(struct stream *stream)
{
	char chunk[CHUNK_BYTES];
	ssize_t n = read(stream->fd, chunk, sizeof(chunk));

	if (n > 0 && stream->child->streams.output) {
		stream->child->streams.output(
			stream->child->arg, stream->which, str_n(chunk, (size_t)n));
	} else if (n > 0 && stream->keeps_nothing) {
		stream->buf.dropped_bytes += (uint64_t)n;
	} else if (n > 0) {
		strbuf_add(&stream->buf, chunk, (size_t)n);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		stream_close(stream);
	}
	return n > 0;
}

/* What is there already: the process had ended, and a pipe holds no more than this. */
static void stream_read_last(struct stream *stream)
{
	for (int i = 0; i < LAST_CHUNKS && stream->fd >= 0 && stream_read(stream); i++) {
	}
	stream_close(stream);
}

static void input_write(void *arg, unsigned events)
{
	struct child *child = arg;
	ssize_t n = write(child->in_fd, child->input.ptr, child->input.len);

	(void)events;
	if (n >= 0) {
		child->input = str_sub(child->input, (size_t)n, child->input.len);
	}
	/* That it reads no further is its own affair. */
	if (child->input.len == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		input_close(child);
	}
}

/* Let go of the process: the last thing before its number may be given to another. */
static void child_reap(struct child *child)
{
	int64_t grace_left_ms = child->grace_end_ms - time_mono_ms();

	if (grace_left_ms > 0) {
		/* It went on SIGTERM; others of its group may still be about to. */
		reaper_adopt_group(child->loop, child->pid, grace_left_ms);
	} else {
		if (child->grace_end_ms) {
			child_kill_group(child->pid, SIGKILL);
		}
		(void)waitpid(child->pid, NULL, WNOHANG); /* has ended, so this reaps it */
	}
}

static void child_finish(struct child *child)
{
	child->state = CHILD_ENDED;
	child_hold(child);
	stream_read_last(&child->out);
	stream_read_last(&child->err);
	if (!child_let_go(child)) {
		return;
	}
	timer_stop(child->timer);
	child->done(child->arg, &child->end); /* may have freed the child */
}

static void child_leave_behind(struct child *child)
{
	child->end.outcome = CHILD_STUCK;
	child->end.duration_ms = time_mono_ms() - child->started_ms;
	input_close(child);
	io_free(&child->pid_io);
	reaper_adopt_killed(child->loop, child->pid, child->pid_fd);
	child->pid_fd = -1;
	child_finish(child);
}

static void child_end_drain(struct child *child)
{
	child_reap(child);
	child_finish(child);
}

static void child_drain(struct child *child)
{
	input_close(child);
	io_free(&child->pid_io);
	closep(&child->pid_fd);
	child->pid_fd = -1;
	child->state = CHILD_DRAINING;
	if (child->out.fd < 0 && child->err.fd < 0) {
		child_end_drain(child);
	} else {
		timer_set(child->timer, child->drain_ms);
	}
}

static int64_t timeval_us(struct timeval tv)
{
	return (int64_t)tv.tv_sec * 1000000 + tv.tv_usec;
}

/* Whether the process has ended; fills `end` if so, and does not reap. */
static bool child_has_ended(struct child *child)
{
	struct child_exit *end = &child->end;
	siginfo_t info = {0};
	struct rusage usage = {0};

	/* The C library's waitid() does not tell the usage. */
	if (syscall(SYS_waitid, P_PID, child->pid, &info, WEXITED | WNOHANG | WNOWAIT, &usage) <
			0 ||
		info.si_pid != child->pid) {
		return false;
	}

	if (info.si_code == CLD_EXITED) {
		end->outcome = CHILD_EXITED;
		end->exit_code = info.si_status;
	} else {
		end->outcome = CHILD_SIGNALED;
		end->term_signal = info.si_status;
	}
	if (child->state != CHILD_RUNNING) {
		end->outcome = CHILD_TIMED_OUT;
	}
	end->duration_ms = time_mono_ms() - child->started_ms;
	end->user_us = timeval_us(usage.ru_utime);
	end->system_us = timeval_us(usage.ru_stime);
	return true;
}

static void process_told(void *arg, unsigned events)
{
	struct child *child = arg;

	(void)events;
	if (child_has_ended(child)) {
		child_drain(child);
	}
}

static void stream_told(void *arg, unsigned events)
{
	struct stream *stream = arg;
	struct child *child = stream->child;

	(void)events;
	child_hold(child);
	(void)stream_read(stream);
	if (!child_let_go(child)) {
		return;
	}
	if (child->state == CHILD_DRAINING && child->out.fd < 0 && child->err.fd < 0) {
		child_end_drain(child);
	}
}

static void child_kill(struct child *child)
{
	child->state = CHILD_KILLING;
	child->grace_end_ms = 0;
	child_kill_group(child->pid, SIGKILL);
	timer_set(child->timer, STUCK_MS);
}

static void child_terminate(struct child *child)
{
	child->state = CHILD_TERMINATING;
	child->grace_end_ms = time_mono_ms() + child->kill_grace_ms;
	child_kill_group(child->pid, SIGTERM);
	child_kill_group(child->pid, SIGCONT); /* a stopped one would not hear of it */
	timer_set(child->timer, child->kill_grace_ms);
}

static void child_time_over(void *arg)
{
	struct child *child = arg;

	if (child->state != CHILD_DRAINING && child_has_ended(child)) {
		child_drain(child); /* it has, and we had yet to notice */
		return;
	}
	switch (child->state) {
	case CHILD_RUNNING:
		if (child->kill_grace_ms > 0) {
			child_terminate(child);
		} else {
			child_kill(child);
		}
		break;
	case CHILD_TERMINATING:
		child_kill(child);
		break;
	case CHILD_KILLING:
		child_leave_behind(child);
		break;
	case CHILD_DRAINING:
		child_end_drain(child);
		break;
	case CHILD_ENDED:
		break;
	}
}

static void stream_init(
	struct stream *stream, struct child *child, enum child_stream which, int fd, size_t max)
{
	stream->child = child;
	stream->which = which;
	stream->fd = fd;
	stream->keeps_nothing = max == 0;
	strbuf_init(&stream->buf, max);
	stream->io = io_add(child->loop, fd, IO_READ, stream_told, stream);
}

static void child_watch(struct child *child, const struct child_spec *spec)
{
	/* A turn that starts many children is a long one, and delays count from its beginning. */
	int64_t timeout_ms = time_mono_ms() - loop_now_ms(child->loop);

	if (__builtin_add_overflow(timeout_ms, spec->timeout_ms, &timeout_ms)) {
		timeout_ms = INT64_MAX;
	}
	child->started_ms = time_mono_ms();
	child->timer = timer_new(child->loop, child_time_over, child);
	if (spec->timeout_ms > 0) {
		timer_set(child->timer, timeout_ms);
	}
	child->pid_io = io_add(child->loop, child->pid_fd, IO_READ, process_told, child);
	if (child->in_fd >= 0 && spec->streams) {
		child->writer = pipe_writer_new(
			child->loop, TAKE_FD(child->in_fd), child->streams.wants_input, child->arg);
	} else if (child->in_fd >= 0) {
		child->in_io = io_add(child->loop, child->in_fd, IO_WRITE, input_write, child);
	}
}

int child_start(struct loop *loop, const struct child_spec *spec, child_done_fn *done, void *arg,
	struct child **ret_child, struct err *err)
{
	struct child_process process;
	struct child *child;

	assert(spec->timeout_ms > 0 || (spec->streams && spec->timeout_ms == 0));
	if (child_spawn(spec, &process, err) < 0) {
		return -1;
	}

	child = xcalloc(1, sizeof(*child));
	*child = (struct child){.loop = loop,
		.pid = process.pid,
		.pid_fd = process.pid_fd,
		.in_fd = process.in_fd,
		.input = spec->input,
		.kill_grace_ms = spec->kill_grace_ms,
		.drain_ms = spec->drain_ms,
		.done = done,
		.arg = arg};
	if (spec->streams) {
		child->streams = *spec->streams;
	}
	child->end.out = &child->out.buf;
	child->end.err = &child->err.buf;
	stream_init(&child->out, child, CHILD_STDOUT, process.out_fd, spec->stdout_max);
	stream_init(&child->err, child, CHILD_STDERR, process.err_fd, spec->stderr_max);
	child_watch(child, spec);
	*ret_child = child;
	return 0;
}

void child_send(struct child *child, struct str bytes)
{
	if (child->writer) {
		pipe_writer_send(child->writer, bytes);
	}
}

void child_end_input(struct child *child)
{
	if (child->writer) {
		pipe_writer_end(child->writer);
	}
}

pid_t child_pid(const struct child *child)
{
	return child->pid;
}

const struct strbuf *child_out(const struct child *child)
{
	return &child->out.buf;
}

const struct strbuf *child_err(const struct child *child)
{
	return &child->err.buf;
}

static void child_abandon(struct child *child, int64_t grace_ms)
{
	switch (child->state) {
	case CHILD_RUNNING:
	case CHILD_TERMINATING:
	case CHILD_KILLING:
		io_free(&child->pid_io);
		if (grace_ms > 0 && child->state == CHILD_RUNNING) {
			child_kill_group(child->pid, SIGTERM);
			child_kill_group(child->pid, SIGCONT);
			reaper_adopt_dismissed(
				child->loop, child->pid, TAKE_FD(child->pid_fd), grace_ms);
		} else {
			child_kill_group(child->pid, SIGKILL);
			reaper_adopt_killed(child->loop, child->pid, TAKE_FD(child->pid_fd));
		}
		break;
	case CHILD_DRAINING:
		child_kill_group(child->pid, SIGKILL);
		(void)waitpid(child->pid, NULL, WNOHANG); /* has ended, so this reaps it */
		break;
	case CHILD_ENDED:
		break;
	}
	child->state = CHILD_ENDED;
}

void child_dismiss(struct child **child_ptr, int64_t grace_ms)
{
	struct child *child = TAKE(*child_ptr);

	if (!child) {
		return;
	}

	child_abandon(child, grace_ms);
	input_close(child);
	stream_close(&child->out);
	stream_close(&child->err);
	strbuf_release(&child->out.buf);
	strbuf_release(&child->err.buf);
	timer_free(&child->timer);
	if (child->is_held) {
		child->is_freed = true;
	} else {
		free(child);
	}
}

void child_free(struct child **child_ptr)
{
	child_dismiss(child_ptr, 0);
}

const char *child_signal_name(int signo)
{
	static const struct {
		int signo;
		const char *name;
	} names[] = {
		{SIGABRT, "SIGABRT"},
		{SIGALRM, "SIGALRM"},
		{SIGBUS, "SIGBUS"},
		{SIGFPE, "SIGFPE"},
		{SIGHUP, "SIGHUP"},
		{SIGILL, "SIGILL"},
		{SIGINT, "SIGINT"},
		{SIGKILL, "SIGKILL"},
		{SIGPIPE, "SIGPIPE"},
		{SIGQUIT, "SIGQUIT"},
		{SIGSEGV, "SIGSEGV"},
		{SIGSYS, "SIGSYS"},
		{SIGTERM, "SIGTERM"},
		{SIGXCPU, "SIGXCPU"},
		{SIGXFSZ, "SIGXFSZ"},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (names[i].signo == signo) {
			return names[i].name;
		}
	}
	return "see signal(7)";
}

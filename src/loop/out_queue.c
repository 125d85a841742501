/*
 * A buffer in front of a descriptor.  See out_queue.h.
 */
#include "loop/out_queue.h"

#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"

enum { WRITES_A_TURN = 64 };

struct out_queue {
	struct loop *loop;
	int fd;
	bool can_wait; /* a pipe, a socket, a terminal: the loop tells when it takes more */
	struct io *io;
	struct strbuf waiting;
	size_t at; /* of it, what is written */
	size_t full_bytes;
	bool is_full, is_over, is_reader_gone;
	struct err err;
	out_queue_fn *fn;
	void *arg;
};

static bool can_wait(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 &&
	       (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(fd) == 1);
}

struct out_queue *out_queue_new(
	struct loop *loop, int fd, size_t full_bytes, out_queue_fn *fn, void *arg)
{
	struct out_queue *queue = xcalloc(1, sizeof(*queue));

	*queue = (struct out_queue){
		.loop = loop,
		.fd = fd,
		.can_wait = can_wait(fd),
		.waiting = STRBUF_INIT,
		.full_bytes = full_bytes,
		.fn = fn,
		.arg = arg,
	};
	return queue;
}

void out_queue_free(struct out_queue **queue_ptr)
{
	struct out_queue *queue = TAKE(*queue_ptr);

	if (!queue) {
		return;
	}
	io_free(&queue->io);
	strbuf_release(&queue->waiting);
	free(queue);
}

static size_t left(const struct out_queue *queue)
{
	return queue->waiting.len - queue->at;
}

static void give_up(struct out_queue *queue, int errnum)
{
	queue->is_over = true;
	queue->is_reader_gone = errnum == EPIPE;
	if (!queue->is_reader_gone) {
		(void)err_set_errno(&queue->err, errnum, "writing to standard output");
	}
	strbuf_release(&queue->waiting);
	queue->at = 0;
}

/* By pieces that a pipe takes at once if it takes any. */
static bool takes_more(const struct out_queue *queue)
{
	struct pollfd pollfd = {.fd = queue->fd, .events = POLLOUT};

	return !queue->can_wait || poll(&pollfd, 1, 0) != 0; /* write(2) tells of errors */
}

static void write_some(struct out_queue *queue)
{
	for (int i = 0; left(queue) > 0 && takes_more(queue); i++) {
		size_t len = left(queue) < PIPE_BUF || !queue->can_wait ? left(queue) : PIPE_BUF;
		ssize_t n = write(queue->fd, queue->waiting.buf + queue->at, len);

		if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
			return;
		}
		if (n < 0) {
			give_up(queue, errno);
			return;
		}
		queue->at += (size_t)n;
		if (i == WRITES_A_TURN) {
			return;
		}
	}
}

static void drop_written(struct out_queue *queue)
{
	if (queue->at == queue->waiting.len) {
		strbuf_clear(&queue->waiting);
		queue->at = 0;
	} else if (queue->at > queue->full_bytes) {
		strbuf_remove(&queue->waiting, 0, queue->at);
		queue->at = 0;
	}
}

static void tell(struct out_queue *queue)
{
	bool is_full = queue->is_full ? left(queue) > queue->full_bytes / 2
				      : left(queue) > queue->full_bytes;

	if (is_full != queue->is_full) {
		queue->is_full = is_full;
		queue->fn(queue->arg, is_full ? OUT_QUEUE_FULL : OUT_QUEUE_ROOM);
	}
	if (queue->is_reader_gone) {
		queue->is_reader_gone = false;
		queue->fn(queue->arg, OUT_QUEUE_GONE);
	}
}

static void on_io(void *arg, unsigned events);

static void work(struct out_queue *queue)
{
	write_some(queue);
	drop_written(queue);
	if (left(queue) == 0) {
		io_free(&queue->io);
	} else if (!queue->io) {
		queue->io = io_add(queue->loop, queue->fd, IO_WRITE, on_io, queue);
		io_set_background(queue->io, true);
	}
	tell(queue);
}

static void on_io(void *arg, unsigned events)
{
	(void)events;
	work(arg);
}

void out_queue_add(struct out_queue *queue, struct str bytes)
{
	if (queue->is_over) {
		return;
	}
	strbuf_addstr(&queue->waiting, bytes);
	work(queue);
}

struct str out_queue_rest(const struct out_queue *queue)
{
	return str_sub(strbuf_str(&queue->waiting), queue->at, left(queue));
}

int out_queue_check(const struct out_queue *queue, struct err *err)
{
	if (queue->err.code != ERR_NONE) {
		return err_set(err, queue->err.code, "%s", queue->err.msg);
	}
	return 0;
}

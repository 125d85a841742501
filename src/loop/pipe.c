/*
 * Ends of pipes.  See pipe.h.
 */
#include "loop/pipe.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"

enum {
	CHUNK_BYTES = 65536,         /* as much as a pipe holds */
	COMPACT_BYTES = 1024 * 1024, /* that have gone are worth moving what has not */
};

struct pipe_reader {
	int fd; /* -1: at its end */
	struct io *io;
	pipe_read_fn *fn;
	void *arg;
};

static void reader_close(struct pipe_reader *reader)
{
	io_free(&reader->io);
	closep(&reader->fd);
	reader->fd = -1;
}

static void reader_told(void *arg, unsigned events)
{
	struct pipe_reader *reader = arg;
	char chunk[CHUNK_BYTES];
	ssize_t n = read(reader->fd, chunk, sizeof(chunk));

	(void)events;
	if (n > 0) {
		reader->fn(reader->arg, str_n(chunk, (size_t)n));
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		reader_close(reader);
		reader->fn(reader->arg, str_of(""));
	}
}

struct pipe_reader *pipe_reader_new(struct loop *loop, int fd, pipe_read_fn *fn, void *arg)
{
	struct pipe_reader *reader = xcalloc(1, sizeof(*reader));

	*reader = (struct pipe_reader){.fd = fd, .fn = fn, .arg = arg};
	reader->io = io_add(loop, fd, IO_READ, reader_told, reader);
	return reader;
}

void pipe_reader_pause(struct pipe_reader *reader, bool is_paused)
{
	if (reader->io) {
		io_set(reader->io, is_paused ? 0 : IO_READ);
	}
}

bool pipe_reader_has_ended(const struct pipe_reader *reader)
{
	return reader->fd < 0;
}

void pipe_reader_free(struct pipe_reader **reader_ptr)
{
	struct pipe_reader *reader = TAKE(*reader_ptr);

	if (reader) {
		reader_close(reader);
		free(reader);
	}
}

struct pipe_writer {
	int fd; /* -1: closed */
	struct io *io;
	struct strbuf queue;
	size_t gone; /* of it */
	bool is_over;
	loop_fn *drained;
	void *arg;
};

static void writer_close(struct pipe_writer *writer)
{
	io_free(&writer->io);
	closep(&writer->fd);
	writer->fd = -1;
}

/* How much of what is left the other side has taken; all of it, if there is nobody any more. */
static size_t writer_write(struct pipe_writer *writer)
{
	size_t left = pipe_writer_unsent(writer);
	ssize_t n = left > 0 ? write(writer->fd, writer->queue.buf + writer->gone, left) : 0;

	if (n >= 0) {
		return (size_t)n;
	}
	return errno == EAGAIN || errno == EINTR ? 0 : left;
}

static void writer_told(void *arg, unsigned events)
{
	struct pipe_writer *writer = arg;
	bool had_some = pipe_writer_unsent(writer) > 0;

	(void)events;
	writer->gone += writer_write(writer);
	if (pipe_writer_unsent(writer) > 0) {
		if (writer->gone >= COMPACT_BYTES) {
			strbuf_remove(&writer->queue, 0, writer->gone);
			writer->gone = 0;
		}
		return;
	}
	strbuf_clear(&writer->queue);
	writer->gone = 0;
	if (writer->is_over) {
		writer_close(writer);
	} else {
		io_set(writer->io, 0);
	}
	if (had_some && writer->drained) {
		writer->drained(writer->arg);
	}
}

struct pipe_writer *pipe_writer_new(struct loop *loop, int fd, loop_fn *drained, void *arg)
{
	struct pipe_writer *writer = xcalloc(1, sizeof(*writer));

	*writer = (struct pipe_writer){
		.fd = fd, .queue = STRBUF_INIT, .drained = drained, .arg = arg};
	writer->io = io_add(loop, fd, 0, writer_told, writer);
	return writer;
}

void pipe_writer_send(struct pipe_writer *writer, struct str bytes)
{
	if (!writer->is_over && bytes.len > 0) {
		strbuf_addstr(&writer->queue, bytes);
		io_set(writer->io, IO_WRITE);
	}
}

void pipe_writer_end(struct pipe_writer *writer)
{
	if (writer->is_over) {
		return;
	}
	writer->is_over = true;
	if (pipe_writer_unsent(writer) == 0) {
		writer_close(writer);
	}
}

size_t pipe_writer_unsent(const struct pipe_writer *writer)
{
	return writer->queue.len - writer->gone;
}

void pipe_writer_free(struct pipe_writer **writer_ptr)
{
	struct pipe_writer *writer = TAKE(*writer_ptr);

	if (writer) {
		writer_close(writer);
		strbuf_release(&writer->queue);
		free(writer);
	}
}

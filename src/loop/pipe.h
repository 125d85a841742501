/*
 * Our end of a pipe, or of a pair of sockets, on the loop: bytes as they come, and a queue of bytes
 * to go.
 *
 * Whoever is slow holds the other side back, never us: a reader that is paused leaves what comes in
 * the pipe, and a writer keeps what the other side has yet to take.
 */
#ifndef LOOP_PIPE_H
#define LOOP_PIPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "loop/loop.h"

struct pipe_reader;
struct pipe_writer;

/* `bytes` are valid inside; none: that was the end, and is told once.  May free the reader. */
typedef void pipe_read_fn(void *arg, struct str bytes);

/* Takes `fd`, which does not block.  New; free with pipe_reader_free(), which closes it. */
struct pipe_reader *pipe_reader_new(struct loop *, int fd, pipe_read_fn *, void *arg);
void pipe_reader_pause(struct pipe_reader *, bool is_paused);
bool pipe_reader_has_ended(const struct pipe_reader *);
void pipe_reader_free(struct pipe_reader **);

/*
 * Takes `fd`, which does not block.  `drained` (NULL: not told) is called each time that all that
 * was sent has gone, never before a call has returned, and may free the writer.  What nobody reads
 * any more has gone too.  New; free with pipe_writer_free(), which closes it at once.
 */
struct pipe_writer *pipe_writer_new(struct loop *, int fd, loop_fn *drained, void *arg);
void pipe_writer_send(struct pipe_writer *, struct str bytes); /* a copy; nothing after its end */
void pipe_writer_end(struct pipe_writer *);                    /* close it behind what was sent */
size_t pipe_writer_unsent(const struct pipe_writer *); /* bytes that the kernel has yet to take */
void pipe_writer_free(struct pipe_writer **);

#endif

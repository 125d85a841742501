#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "loop/child_fixture.h"
#include "loop/pipe.h"

/* A pipe with both ends of ours. */
struct both {
	struct fixture *fixture;
	struct pipe_reader *reader;
	struct pipe_writer *writer;
	struct strbuf got;
	int ends, drained;
	bool frees; /* in the callback */
};

static void on_bytes(void *arg, struct str bytes)
{
	struct both *both = arg;

	assert_int_equal(both->ends, 0);
	strbuf_addstr(&both->got, bytes);
	both->ends += bytes.len == 0;
	if (both->frees) {
		pipe_reader_free(&both->reader);
	}
}

static void on_drained(void *arg)
{
	struct both *both = arg;

	both->drained++;
	if (both->frees) {
		pipe_writer_free(&both->writer);
	}
}

static void both_start(struct both *both, struct fixture *fixture)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	*both = (struct both){.fixture = fixture, .got = STRBUF_INIT};
	both->reader = pipe_reader_new(fixture->loop, fds[0], on_bytes, both);
	both->writer = pipe_writer_new(fixture->loop, fds[1], on_drained, both);
}

static void both_end(struct both *both)
{
	pipe_reader_free(&both->reader);
	pipe_writer_free(&both->writer);
	assert_null(both->reader);
	assert_null(both->writer);
	strbuf_release(&both->got);
}

static bool has_ended(const void *arg)
{
	const struct both *both = arg;

	return both->ends > 0;
}

static bool is_drained(const void *arg)
{
	const struct both *both = arg;

	return both->drained > 0;
}

static void hands_on_what_was_sent(void **state)
{
	struct both both;

	both_start(&both, *state);
	pipe_writer_send(both.writer, str_of("hello "));
	pipe_writer_send(both.writer, str_of(""));
	pipe_writer_send(both.writer, str_of("world"));
	assert_int_equal(pipe_writer_unsent(both.writer), 11);
	assert_int_equal(both.drained, 0);
	pipe_writer_end(both.writer);
	pipe_writer_end(both.writer);
	pipe_writer_send(both.writer, str_of("nothing of this"));
	run_until(*state, has_ended, &both);
	assert_string_equal(both.got.buf, "hello world");
	assert_int_equal(both.drained, 1);
	assert_int_equal(both.ends, 1);
	assert_true(pipe_reader_has_ended(both.reader));
	pipe_reader_pause(both.reader, true);
	both_end(&both);
}

static void ends_an_idle_pipe(void **state)
{
	struct both both;

	both_start(&both, *state);
	run_turns(*state, 3);
	assert_false(pipe_reader_has_ended(both.reader));
	pipe_writer_end(both.writer);
	run_until(*state, has_ended, &both);
	assert_int_equal(both.drained, 0);
	both_end(&both);
}

enum { MUCH = 5 * 1024 * 1024 };

static void is_held_back_by_a_pause(void **state)
{
	char *bytes = xmalloc(MUCH);
	struct both both;

	for (size_t i = 0; i < MUCH; i++) {
		bytes[i] = (char)(i * 31 + i / 4093);
	}
	both_start(&both, *state);
	pipe_reader_pause(both.reader, true);
	pipe_writer_send(both.writer, str_n(bytes, MUCH));
	run_turns(*state, 20);
	assert_int_equal(both.got.len, 0);
	assert_int_equal(both.drained, 0);
	assert_in_range(pipe_writer_unsent(both.writer), MUCH - 1024 * 1024, MUCH - 1);

	pipe_reader_pause(both.reader, false);
	run_until(*state, is_drained, &both);
	assert_int_equal(pipe_writer_unsent(both.writer), 0);
	pipe_writer_send(both.writer, str_of("!"));
	pipe_writer_end(both.writer);
	run_until(*state, has_ended, &both);
	assert_int_equal(both.got.len, MUCH + 1);
	assert_memory_equal(both.got.buf, bytes, MUCH);
	assert_int_equal(both.drained, 2);
	both_end(&both);
	free(bytes);
}

static void drops_what_nobody_reads(void **state)
{
	struct both both;

	both_start(&both, *state);
	pipe_reader_free(&both.reader);
	pipe_writer_send(both.writer, str_of("who is there"));
	run_until(*state, is_drained, &both);
	assert_int_equal(pipe_writer_unsent(both.writer), 0);
	both_end(&both);
}

static void may_be_freed_in_callbacks(void **state)
{
	struct both both;

	both_start(&both, *state);
	both.frees = true;
	pipe_writer_send(both.writer, str_of("once"));
	run_until(*state, is_drained, &both);
	run_turns(*state, 3);
	assert_null(both.writer);
	assert_null(both.reader);
	assert_string_equal(both.got.buf, "once");
	both_end(&both);
}

/* A connection that is reset is at its end. */
static void reads_errors_as_the_end(void **state)
{
	struct both both = {.fixture = *state, .got = STRBUF_INIT};
	int fds[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	both.reader = pipe_reader_new(both.fixture->loop, fds[0], on_bytes, &both);
	assert_int_equal(write(fds[0], "unread", 6), 6);
	assert_int_equal(close(fds[1]), 0); /* with bytes unread: ECONNRESET */
	run_until(*state, has_ended, &both);
	both_end(&both);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(hands_on_what_was_sent),
		fixture_test(ends_an_idle_pipe),
		fixture_test(is_held_back_by_a_pause),
		fixture_test(drops_what_nobody_reads),
		fixture_test(may_be_freed_in_callbacks),
		fixture_test(reads_errors_as_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

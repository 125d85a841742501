/*
 * A queue in front of a pipe, a file, and a reader who goes away.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "loop/out_queue.h"

enum { FULL_BYTES = 100000, MUCH = 1000000 };

struct fixture {
	struct loop *loop;
	struct out_queue *queue;
	int read_fd, write_fd;
	struct strbuf told; /* "full, room, gone, " */
	struct strbuf got;
};

static void tell(void *arg, enum out_queue_news news)
{
	static const char *const words[] = {[OUT_QUEUE_ROOM] = "room, ",
		[OUT_QUEUE_FULL] = "full, ",
		[OUT_QUEUE_GONE] = "gone, "};
	struct fixture *f = arg;

	strbuf_adds(&f->told, words[news]);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err err = {0};
	int fds[2];

	assert_int_equal(loop_new(&f->loop, &err), 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	f->read_fd = fds[0];
	f->write_fd = fds[1];
	assert_int_equal(fcntl(f->read_fd, F_SETFL, O_NONBLOCK), 0);
	strbuf_init(&f->told, 0);
	strbuf_init(&f->got, 0);
	f->queue = out_queue_new(f->loop, f->write_fd, FULL_BYTES, tell, f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	out_queue_free(&f->queue);
	loop_free(&f->loop);
	(void)close(f->read_fd);
	(void)close(f->write_fd);
	strbuf_release(&f->told);
	strbuf_release(&f->got);
	free(f);
	return 0;
}

static void take(struct fixture *f)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(f->read_fd, buf, sizeof(buf))) > 0) {
		strbuf_add(&f->got, buf, (size_t)n);
	}
}

static void add_much(struct fixture *f, struct strbuf *sent)
{
	for (int i = 0; sent->len < MUCH; i++) {
		_cleanup_(freep) char *line = xasprintf("line %d\n", i);

		strbuf_adds(sent, line);
		out_queue_add(f->queue, str_of(line));
	}
}

static void stop(void *arg)
{
	loop_stop(arg);
}

static void run_a_little(struct fixture *f)
{
	struct timer *timer = timer_add(f->loop, 1, stop, f->loop);
	struct err err = {0};

	assert_int_equal(loop_run(f->loop, &err), 0);
	timer_free(&timer);
}

static void test_what_is_taken_at_once_does_not_wait(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	out_queue_add(f->queue, str_of("hello\n"));
	assert_int_equal(out_queue_rest(f->queue).len, 0);
	take(f);
	assert_string_equal(f->got.buf, "hello\n");
	assert_string_equal(f->told.buf, "");
	assert_int_equal(out_queue_check(f->queue, &err), 0);
}

static void test_a_slow_reader(void **state)
{
	struct fixture *f = *state;
	_cleanup_(strbuf_release) struct strbuf sent = STRBUF_INIT;

	add_much(f, &sent);
	assert_string_equal(f->told.buf, "full, ");
	assert_true(out_queue_rest(f->queue).len > FULL_BYTES);
	while (f->got.len < sent.len) {
		take(f);
		run_a_little(f);
	}
	assert_string_equal(f->told.buf, "full, room, ");
	assert_int_equal(out_queue_rest(f->queue).len, 0);
	assert_true(str_eq(strbuf_str(&f->got), strbuf_str(&sent)));
}

static void test_the_rest_is_in_order(void **state)
{
	struct fixture *f = *state;
	_cleanup_(strbuf_release) struct strbuf sent = STRBUF_INIT;

	add_much(f, &sent);
	take(f);
	strbuf_addstr(&f->got, out_queue_rest(f->queue));
	assert_true(str_eq(strbuf_str(&f->got), strbuf_str(&sent)));
}

static void test_a_reader_who_has_seen_enough(void **state)
{
	struct fixture *f = *state;
	_cleanup_(strbuf_release) struct strbuf sent = STRBUF_INIT;
	struct err err = {0};

	(void)close(f->read_fd);
	f->read_fd = -1;
	add_much(f, &sent);
	assert_int_equal(out_queue_rest(f->queue).len, 0);
	assert_string_equal(f->told.buf, "gone, ");
	assert_int_equal(out_queue_check(f->queue, &err), 0);
}

static void test_a_slow_reader_who_goes_away(void **state)
{
	struct fixture *f = *state;
	_cleanup_(strbuf_release) struct strbuf sent = STRBUF_INIT;

	add_much(f, &sent);
	(void)close(f->read_fd);
	f->read_fd = -1;
	run_a_little(f);
	assert_string_equal(f->told.buf, "full, room, gone, ");
	assert_int_equal(out_queue_rest(f->queue).len, 0);
}

static void test_files_and_devices(void **state)
{
	static const struct {
		const char *path;
		bool fails;
	} cases[] = {{"/dev/null", false}, {"/dev/full", true}};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int fd = open(cases[i].path, O_WRONLY | O_CLOEXEC);
		struct out_queue *queue = out_queue_new(f->loop, fd, FULL_BYTES, tell, f);
		struct err err = {0};

		out_queue_add(queue, str_of("hello\n"));
		out_queue_add(queue, str_of("hello\n"));
		assert_int_equal(out_queue_rest(queue).len, 0);
		assert_int_equal(out_queue_check(queue, &err), cases[i].fails ? -1 : 0);
		if (cases[i].fails) {
			assert_non_null(strstr(err.msg, "No space left"));
		}
		out_queue_free(&queue);
		assert_null(queue);
		(void)close(fd);
	}
	assert_string_equal(f->told.buf, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_what_is_taken_at_once_does_not_wait, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_slow_reader, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_rest_is_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_reader_who_has_seen_enough, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_slow_reader_who_goes_away, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files_and_devices, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

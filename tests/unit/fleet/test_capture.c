/*
 * Head and tail are kept, the middle is counted, and the pool is never overdrawn.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/capture.h"

/* "line 000000\n" ..., 12 bytes each. */
static void add_numbered(struct strbuf *out, int from, int to)
{
	for (int i = from; i < to; i++) {
		strbuf_addf(out, "line %06d\n", i);
	}
}

static void keeps_what_fits(void **state)
{
	struct capture_pool pool;
	struct capture capture;
	struct strbuf text = STRBUF_INIT;

	(void)state;
	capture_pool_init(&pool, 1, 1 << 20, 1 << 20);
	capture_init(&capture, &pool);
	capture_add_text(&capture, &text);
	assert_string_equal(text.buf, "");
	capture_add(&capture, str_of("a\nb"));
	capture_add(&capture, str_n("\0c\n", 3));
	capture_add_text(&capture, &text);
	assert_int_equal(text.len, 6);
	assert_memory_equal(text.buf, "a\nb\0c\n", 6);
	assert_int_equal(capture.total_bytes, 6);
	assert_int_equal(capture.total_lines, 2);
	assert_int_equal(capture_view(&capture).left_out_bytes, 0);
	capture_release(&capture);
	strbuf_release(&text);
}

/* Whatever the pieces, and however much more than fits. */
static void keeps_head_and_tail(void **state)
{
	static const size_t pieces[] = {1, 7, 12, 4095, 4096, 4097, 100000, 10000000};
	struct strbuf input = STRBUF_INIT;

	(void)state;
	add_numbered(&input, 0, 20000);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct capture_pool pool;
		struct capture capture;
		struct capture_view view;
		struct strbuf tail = STRBUF_INIT;

		capture_pool_init(&pool, 1, 8192, 8192);
		capture_init(&capture, &pool);
		for (size_t pos = 0; pos < input.len; pos += pieces[i]) {
			capture_add(&capture, str_sub(strbuf_str(&input), pos, pieces[i]));
		}
		view = capture_view(&capture);
		strbuf_addstr(&tail, view.tail[0]);
		strbuf_addstr(&tail, view.tail[1]);
		assert_true(
			view.head.len > 4000 && view.head.len <= 4096 && view.head.len % 12 == 0);
		assert_memory_equal(view.head.ptr, input.buf, view.head.len);
		assert_true(tail.len > 4000 && tail.len <= 4096 && tail.len % 12 == 0);
		assert_memory_equal(tail.buf, input.buf + input.len - tail.len, tail.len);
		assert_int_equal(view.left_out_bytes, input.len - view.head.len - tail.len);
		assert_int_equal(view.left_out_lines, view.left_out_bytes / 12);
		capture_release(&capture);
		assert_int_equal(pool.free_bytes, 8192 - pool.share_bytes);
		strbuf_release(&tail);
	}
	strbuf_release(&input);
}

static void tells_what_is_left_out(void **state)
{
	struct capture_pool pool;
	struct capture capture;
	struct strbuf input = STRBUF_INIT;
	struct strbuf text = STRBUF_INIT;

	(void)state;
	capture_pool_init(&pool, 1, 8192, 8192);
	capture_init(&capture, &pool);
	add_numbered(&input, 0, 1000);
	capture_add(&capture, strbuf_str(&input));
	capture_add_text(&capture, &text);
	assert_non_null(strstr(text.buf, "line 000340\n... 3816 bytes (318 lines) left out ...\n"
					 "line 000659\n"));
	assert_true(str_ends(strbuf_str(&text), "line 000999\n"));
	capture_release(&capture);
	strbuf_release(&input);
	strbuf_release(&text);
}

/* One endless line is cut anywhere. */
static void without_lines(void **state)
{
	struct capture_pool pool;
	struct capture capture;
	struct strbuf input = STRBUF_INIT;
	struct strbuf text = STRBUF_INIT;

	(void)state;
	capture_pool_init(&pool, 1, 16384, 16384);
	capture_init(&capture, &pool);
	strbuf_addn(&input, 'x', 100000);
	capture_add(&capture, strbuf_str(&input));
	capture_add_text(&capture, &text);
	assert_non_null(strstr(text.buf, "x\n... 83616 bytes (0 lines) left out ...\nx"));
	assert_int_equal(text.len, 16384 + strlen("\n... 83616 bytes (0 lines) left out ...\n"));
	capture_release(&capture);
	strbuf_release(&input);
	strbuf_release(&text);
}

/* All want everything; each gets its share, and together they have what the pool has. */
static void shares_fairly(void **state)
{
	enum { HOSTS = 1000, TOTAL = 32 << 20 };
	struct capture_pool pool;
	struct capture *captures = xcalloc(HOSTS, sizeof(struct capture));
	struct strbuf input = STRBUF_INIT;
	size_t sum = 0;

	(void)state;
	add_numbered(&input, 0, 10000);
	capture_pool_init(&pool, HOSTS, TOTAL, CAPTURE_BYTES_MAX);
	for (int i = 0; i < HOSTS; i++) {
		capture_init(&captures[i], &pool);
	}
	for (int turn = 0; turn < 12; turn++) {
		for (int i = 0; i < HOSTS; i++) {
			capture_add(&captures[i], strbuf_str(&input));
		}
	}
	for (int i = 0; i < HOSTS; i++) {
		assert_true(captures[i].alloc >= TOTAL / 2 / HOSTS);
		assert_true(captures[i].alloc <= CAPTURE_BYTES_MAX);
		assert_int_equal(captures[i].total_bytes, 12 * input.len);
		sum += captures[i].alloc;
	}
	assert_true(sum <= TOTAL);
	assert_true(sum > TOTAL / 10 * 9);
	for (int i = 0; i < HOSTS; i++) {
		capture_release(&captures[i]);
	}
	assert_int_equal(pool.free_bytes, TOTAL - HOSTS * pool.share_bytes);
	free(captures);
	strbuf_release(&input);
}

/* One that is alone may have its maximum, and no more. */
static void has_a_maximum(void **state)
{
	struct capture_pool pool;
	struct capture capture;
	struct strbuf input = STRBUF_INIT;

	(void)state;
	strbuf_addn(&input, 'x', 3000000);
	capture_pool_init(&pool, 1000, CAPTURE_POOL_BYTES, CAPTURE_BYTES_MAX);
	capture_init(&capture, &pool);
	capture_add(&capture, strbuf_str(&input));
	assert_int_equal(capture.alloc, CAPTURE_BYTES_MAX);
	capture_release(&capture);
	/* More hosts than bytes: a little for each. */
	capture_pool_init(&pool, 1000000, 1, 1);
	assert_int_equal(pool.share_bytes, CAPTURE_SHARE_MIN);
	assert_int_equal(pool.free_bytes, 0);
	capture_init(&capture, &pool);
	capture_add(&capture, strbuf_str(&input));
	assert_int_equal(capture.alloc, CAPTURE_SHARE_MIN);
	capture_release(&capture);
	strbuf_release(&input);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_fits),
		cmocka_unit_test(keeps_head_and_tail),
		cmocka_unit_test(tells_what_is_left_out),
		cmocka_unit_test(without_lines),
		cmocka_unit_test(shares_fairly),
		cmocka_unit_test(has_a_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

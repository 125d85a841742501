/*
 * A string that grows, and stops growing where it was told to.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"

static void test_adding(void **state)
{
	(void)state;
	struct strbuf sb = STRBUF_INIT;

	assert_string_equal(sb.buf, "");
	strbuf_add(&sb, "ab", 2);
	strbuf_adds(&sb, "cd");
	strbuf_addstr(&sb, str_of("ef"));
	strbuf_addc(&sb, 'g');
	strbuf_addn(&sb, '-', 3);
	strbuf_addn(&sb, '-', 0);
	strbuf_addf(&sb, "%d", 42);
	assert_string_equal(sb.buf, "abcdefg---42");
	assert_int_equal(sb.len, 12);
	assert_true(str_is(strbuf_str(&sb), "abcdefg---42"));
	strbuf_release(&sb);
	assert_string_equal(sb.buf, "");
	strbuf_adds(&sb, "usable again");
	assert_string_equal(sb.buf, "usable again");
	strbuf_release(&sb);
}

static void test_adding_nothing_allocates_nothing(void **state)
{
	(void)state;
	struct strbuf sb = STRBUF_INIT;

	strbuf_adds(&sb, "");
	strbuf_add(&sb, "x", 0);
	strbuf_addf(&sb, "%s", "");
	strbuf_clear(&sb);
	strbuf_rtrim(&sb);
	strbuf_truncate(&sb, 0);
	assert_int_equal(sb.alloc, 0);
	assert_int_equal(strbuf_reserve(&sb, 0), 0);
	strbuf_commit(&sb, 0);
	assert_string_equal(sb.buf, "");
}

static void test_long_formats(void **state)
{
	(void)state;
	for (int len = 250; len < 262; len++) {
		struct strbuf sb = STRBUF_INIT;

		strbuf_addf(&sb, "%0*d.", len, 7);
		assert_int_equal(sb.len, len + 1);
		assert_string_equal(sb.buf + len - 2, "07.");
		strbuf_release(&sb);
	}
}

static void test_zero_bytes(void **state)
{
	(void)state;
	struct strbuf sb = STRBUF_INIT;

	strbuf_add(&sb, "a\0b", 3);
	strbuf_addc(&sb, '\0');
	assert_int_equal(sb.len, 4);
	assert_memory_equal(sb.buf, "a\0b\0", 5);
	strbuf_release(&sb);
}

/* Whatever way it is filled, a byte at a time or at once, the maximum holds and the rest is
 * counted. */
static void test_maximum(void **state)
{
	(void)state;
	for (size_t step = 1; step <= 30; step++) {
		struct strbuf sb = STRBUF_INIT_MAX(20);

		for (size_t i = 0; i < 60; i += step) {
			strbuf_addn(&sb, 'x', step);
			strbuf_add(&sb, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", step);
		}
		assert_int_equal(sb.len, 20);
		assert_int_equal(strlen(sb.buf), 20);
		assert_int_equal(sb.len + sb.dropped_bytes, 2 * ((60 + step - 1) / step) * step);
		assert_true(sb.alloc <= 21);
		strbuf_addf(&sb, "%s", "more");
		assert_int_equal(strlen(sb.buf), 20);
		strbuf_clear(&sb);
		assert_int_equal(sb.dropped_bytes, 0);
		strbuf_adds(&sb, "fits");
		assert_string_equal(sb.buf, "fits");
		strbuf_release(&sb);
		assert_int_equal(sb.max, 20);
	}
}

static void test_reserve_and_commit(void **state)
{
	(void)state;
	struct strbuf sb = STRBUF_INIT_MAX(10);

	assert_int_equal(strbuf_reserve(&sb, 6), 6);
	memcpy(sb.buf, "abcdef", 6);
	strbuf_commit(&sb, 6);
	assert_string_equal(sb.buf, "abcdef");
	assert_int_equal(strbuf_reserve(&sb, 6), 4);
	memcpy(sb.buf + sb.len, "gh", 2);
	strbuf_commit(&sb, 2);
	assert_string_equal(sb.buf, "abcdefgh");
	strbuf_adds(&sb, "ij");
	assert_int_equal(strbuf_reserve(&sb, 1), 0);
	assert_int_equal(sb.dropped_bytes, 0);
	strbuf_release(&sb);
}

static void test_removing(void **state)
{
	(void)state;
	static const struct {
		size_t pos, len;
		const char *left;
	} cases[] = {
		{0, 0, "abcdef"},
		{0, 2, "cdef"},
		{2, 2, "abef"},
		{4, 2, "abcd"},
		{0, 6, ""},
		{6, 0, "abcdef"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf sb = STRBUF_INIT;

		strbuf_adds(&sb, "abcdef");
		strbuf_remove(&sb, cases[i].pos, cases[i].len);
		assert_string_equal(sb.buf, cases[i].left);
		assert_int_equal(sb.len, strlen(cases[i].left));
		strbuf_release(&sb);
	}
}

static void test_trim_and_truncate(void **state)
{
	(void)state;
	struct strbuf sb = STRBUF_INIT;

	strbuf_adds(&sb, " a b \t\r\n");
	strbuf_rtrim(&sb);
	assert_string_equal(sb.buf, " a b");
	strbuf_truncate(&sb, 2);
	assert_string_equal(sb.buf, " a");
	strbuf_release(&sb);
}

static void test_detach(void **state)
{
	(void)state;
	struct strbuf sb = STRBUF_INIT_MAX(5);
	char *text = strbuf_detach(&sb);

	assert_string_equal(text, "");
	free(text);
	strbuf_adds(&sb, "abc");
	text = strbuf_detach(&sb);
	assert_string_equal(text, "abc");
	assert_int_equal(sb.len, 0);
	assert_int_equal(sb.max, 5);
	assert_string_equal(sb.buf, "");
	free(text);
	strbuf_release(&sb);
}

static void test_growing_far(void **state)
{
	(void)state;
	struct strbuf sb = STRBUF_INIT;

	for (int i = 0; i < 100000; i++) {
		strbuf_addc(&sb, (char)('a' + i % 26));
	}
	assert_int_equal(sb.len, 100000);
	assert_true(sb.alloc < 200000);
	for (int i = 0; i < 100000; i++) {
		assert_int_equal(sb.buf[i], 'a' + i % 26);
	}
	strbuf_release(&sb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adding),
		cmocka_unit_test(test_adding_nothing_allocates_nothing),
		cmocka_unit_test(test_long_formats),
		cmocka_unit_test(test_zero_bytes),
		cmocka_unit_test(test_maximum),
		cmocka_unit_test(test_reserve_and_commit),
		cmocka_unit_test(test_removing),
		cmocka_unit_test(test_trim_and_truncate),
		cmocka_unit_test(test_detach),
		cmocka_unit_test(test_growing_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

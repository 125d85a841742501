/*
 * Looking at strings: compare, search, cut to pieces.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "cmocka_all.h"

static void test_equal_and_compare(void **state)
{
	(void)state;
	static const struct {
		struct str a, b;
		int order;
	} cases[] = {
		{{"", 0}, {"", 0}, 0},
		{{"abc", 3}, {"abc", 3}, 0},
		{{"abc", 3}, {"abd", 3}, -1},
		{{"ab", 2}, {"abc", 3}, -1},
		{{"b", 1}, {"abc", 3}, 1},
		{{"", 0}, {"a", 1}, -1},
		{{"a\0b", 3}, {"a\0c", 3}, -1},
		{{"\xff", 1}, {"a", 1}, 1},
		{{"A", 1}, {"a", 1}, -1},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int order = str_cmp(cases[i].a, cases[i].b);
		int back = str_cmp(cases[i].b, cases[i].a);

		assert_int_equal((order > 0) - (order < 0), cases[i].order);
		assert_int_equal((back > 0) - (back < 0), -cases[i].order);
		assert_int_equal(str_eq(cases[i].a, cases[i].b), cases[i].order == 0);
	}
	assert_true(str_is(str_n("abc", 2), "ab"));
	assert_false(str_is(str_n("abc", 2), "abc"));
	assert_false(str_is(str_n("ab\0", 3), "ab"));
	assert_true(str_case_eq(str_of("WEB-01"), str_of("web-01")));
	assert_false(str_case_eq(str_of("web-01"), str_of("web-011")));
	assert_false(str_case_eq(str_of("\xc3\x89"), str_of("\xc3\xa9")));
	assert_false(str_case_eq(str_of("["), str_of("{")));
}

static void test_parts(void **state)
{
	(void)state;
	struct str s = str_of("web-01.example");

	assert_true(str_starts(s, "web"));
	assert_true(str_starts(s, ""));
	assert_false(str_starts(s, "web-01.example.com"));
	assert_true(str_ends(s, "example"));
	assert_true(str_ends(s, ""));
	assert_false(str_ends(s, "x.web-01.example"));
	assert_true(str_contains(s, "01.ex"));
	assert_true(str_contains(s, ""));
	assert_false(str_contains(s, "02"));
	assert_false(str_contains(str_n("web-01", 3), "-"));
	assert_true(str_contains(str_n("a\0b", 3), "b"));
}

static void test_find_and_sub(void **state)
{
	(void)state;
	struct str s = str_of("a.b.c");

	assert_int_equal(str_find(s, '.', 0), 1);
	assert_int_equal(str_find(s, '.', 1), 1);
	assert_int_equal(str_find(s, '.', 2), 3);
	assert_int_equal(str_find(s, '.', 4), 5);
	assert_int_equal(str_find(s, '.', 50), 5);
	assert_int_equal(str_find(s, 'x', 0), 5);
	assert_true(str_is(str_sub(s, 2, 2), "b."));
	assert_true(str_is(str_sub(s, 2, 99), "b.c"));
	assert_true(str_is(str_sub(s, 2, SIZE_MAX), "b.c"));
	assert_true(str_is(str_sub(s, 5, 1), ""));
	assert_true(str_is(str_sub(s, SIZE_MAX, 1), ""));
}

static void test_trim(void **state)
{
	(void)state;
	assert_true(str_is(str_trim(str_of(" \t\r\n\v\fa b \n")), "a b"));
	assert_true(str_is(str_ltrim(str_of("  a ")), "a "));
	assert_true(str_is(str_rtrim(str_of(" a  ")), " a"));
	assert_true(str_is(str_trim(str_of("  \n ")), ""));
	assert_true(str_is(str_trim(str_of("")), ""));
	assert_true(str_is(str_trim(str_of("\xc2\xa0")), "\xc2\xa0"));
}

static void test_split(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *pieces[5];
	} cases[] = {
		{"a,,b", {"a", "", "b"}},
		{"a,", {"a", ""}},
		{",a", {"", "a"}},
		{"a", {"a"}},
		{"", {""}},
		{",", {"", ""}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str rest = str_of(cases[i].text);
		struct str piece;
		size_t n = 0;

		while (str_split(&rest, ',', &piece)) {
			assert_non_null(cases[i].pieces[n]);
			assert_true(str_is(piece, cases[i].pieces[n]));
			n++;
		}
		assert_null(cases[i].pieces[n]);
		assert_null(rest.ptr);
	}
}

static void test_lines(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *lines[5];
	} cases[] = {
		{"", {NULL}},
		{"\n", {""}},
		{"a\nb\n", {"a", "b"}},
		{"a\nb", {"a", "b"}},
		{"a\r\nb\r", {"a", "b"}},
		{"a\n\nb", {"a", "", "b"}},
		{"a\r\r\n", {"a\r"}},
		{"a\rb\n", {"a\rb"}},
		{"\r\n\r\n", {"", ""}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str rest = str_of(cases[i].text);
		struct str line;
		size_t n = 0;

		while (str_line(&rest, &line)) {
			assert_non_null(cases[i].lines[n]);
			assert_true(str_is(line, cases[i].lines[n]));
			n++;
		}
		assert_null(cases[i].lines[n]);
	}
}

static void test_words(void **state)
{
	(void)state;
	struct str rest = str_of("  one\ttwo   three\n ");
	struct str word;

	assert_true(str_word(&rest, &word));
	assert_true(str_is(word, "one"));
	assert_true(str_word(&rest, &word));
	assert_true(str_is(word, "two"));
	assert_true(str_word(&rest, &word));
	assert_true(str_is(word, "three\n"));
	assert_false(str_word(&rest, &word));
	assert_true(str_is(word, "three\n"));
}

static void test_dup(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	assert_string_equal(str_dup(str_n("abcdef", 3), arena), "abc");
	assert_string_equal(str_dup(str_of(""), arena), "");
}

static void test_digits(void **state)
{
	(void)state;
	assert_true(str_is_digits(str_of("0")));
	assert_true(str_is_digits(str_of("0123456789")));
	assert_false(str_is_digits(str_of("")));
	assert_false(str_is_digits(str_of("+1")));
	assert_false(str_is_digits(str_of("1 ")));
	assert_false(str_is_digits(str_of("1a")));
	assert_false(str_is_digits(str_n("1\0", 2)));
	assert_true(str_is_digits(str_n("12x", 2)));
}

/* The classes of every byte, whatever the locale or the sign of char. */
static void test_classes(void **state)
{
	static const char hex[] = "0123456789abcdef";

	(void)state;
	for (int i = 0; i < 256; i++) {
		char c = (char)i;
		bool is_lower = i >= 'a' && i <= 'z';
		bool is_upper = i >= 'A' && i <= 'Z';
		bool is_digit = i >= '0' && i <= '9';
		const char *at = memchr(hex, is_upper ? i + 32 : i, strlen(hex));

		assert_int_equal(char_is_digit(c), is_digit);
		assert_int_equal(char_is_alpha(c), is_lower || is_upper);
		assert_int_equal(char_is_alnum(c), is_lower || is_upper || is_digit);
		assert_int_equal(char_is_space(c), i != 0 && memchr(" \t\n\v\f\r", i, 6) != NULL);
		assert_int_equal(char_lower(c), is_upper ? (char)(c + 32) : c);
		assert_int_equal(char_hex_value(c), at ? at - hex : -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_and_compare),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_find_and_sub),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_dup),
		cmocka_unit_test(test_digits),
		cmocka_unit_test(test_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

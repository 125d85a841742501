/*
 * How wide text is, where it is cut and where it wraps.
 */
#include "base/alloc.h"
#include "base/utf8.h"
#include "cmocka_all.h"

static void test_char_width(void **state)
{
	(void)state;
	static const struct {
		uint32_t c;
		int width;
	} cases[] = {
		{'a', 1},
		{' ', 1},
		{0, 0},
		{'\n', 0},
		{0x1b, 0},
		{0x7f, 0},
		{0x9b, 0},
		{0xa0, 1},
		{0xad, 1},
		{0xe9, 1}, /* é */
		{0x2ff, 1},
		{0x300, 0}, /* combining grave */
		{0x36f, 0},
		{0x370, 1},
		{0x5d0, 1},  /* Hebrew alef */
		{0x200b, 0}, /* zero width space */
		{0x200d, 0}, /* joiner */
		{0x2026, 1}, /* ellipsis */
		{0x2713, 1}, /* check mark */
		{0x2717, 1},
		{0x2705, 2}, /* the green one */
		{0x1100, 2}, /* Hangul choseong */
		{0x1160, 0}, /* jungseong joins it */
		{0x3042, 2}, /* hiragana a */
		{0x4e2d, 2}, /* han */
		{0xac00, 2},
		{0xff21, 2}, /* fullwidth A */
		{0xff71, 1}, /* halfwidth katakana */
		{0xfe0f, 0}, /* variation selector */
		{0xfffd, 1},
		{0x1f600, 2}, /* emoji */
		{0x1f680, 2},
		{0x20000, 2},
		{0x3fffd, 2},
		{0xe0100, 0},
		{0x10ffff, 1},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(utf8_width(cases[i].c), cases[i].width);
	}
}

static void test_str_width(void **state)
{
	(void)state;
	assert_int_equal(utf8_str_width(str_of("")), 0);
	assert_int_equal(utf8_str_width(str_of("web-01")), 6);
	assert_int_equal(utf8_str_width(str_of("e\xcc\x81")), 1);
	assert_int_equal(utf8_str_width(str_of("\xe4\xb8\xad\xe6\x96\x87")), 4);
	assert_int_equal(utf8_str_width(str_of("\xff\xe4\xb8")), 3);
}

static void test_cut(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int width;
		const char *cut;
	} cases[] = {
		{"abcdef", 3, "abc"},
		{"abc", 3, "abc"},
		{"abc", 10, "abc"},
		{"abc", 0, ""},
		{"abc", -1, ""},
		{"e\xcc\x81\xcc\x81x", 1, "e\xcc\x81\xcc\x81"},
		{"a\xe4\xb8\xad", 2, "a"},
		{"a\xe4\xb8\xad", 3, "a\xe4\xb8\xad"},
		{"\xff\xff\xff", 2, "\xff\xff"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str got = utf8_cut(str_of(cases[i].text), cases[i].width);

		assert_true(str_is(got, cases[i].cut));
	}
}

static void test_wrap(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int width;
		const char *lines[6];
	} cases[] = {
		{"", 10, {NULL}},
		{"   ", 10, {NULL}},
		{"short", 10, {"short"}},
		{"exactly 10", 10, {"exactly 10"}},
		{"the quick brown fox", 10, {"the quick", "brown fox"}},
		{"the  quick   brown", 5, {"the", "quick", "brown"}},
		{"a verylongword b", 5, {"a", "veryl", "ongwo", "rd b"}},
		{"ab cd", 2, {"ab", "cd"}},
		{"\xe4\xb8\xad\xe6\x96\x87", 1, {"\xe4\xb8\xad", "\xe6\x96\x87"}},
		{"\xe4\xb8\xad\xe6\x96\x87", 3, {"\xe4\xb8\xad", "\xe6\x96\x87"}},
		{" lead and trail ", 20, {"lead and trail"}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str rest = str_of(cases[i].text);
		struct str line;
		size_t n = 0;

		while (utf8_wrap(&rest, cases[i].width, &line)) {
			assert_non_null(cases[i].lines[n]);
			assert_true(str_is(line, cases[i].lines[n]));
			n++;
		}
		assert_null(cases[i].lines[n]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_char_width),
		cmocka_unit_test(test_str_width),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

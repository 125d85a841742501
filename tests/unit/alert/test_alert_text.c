/*
 * Hostile texts, and those that only look so.
 */
#include "alert/alert_text.h"
#include "base/alloc.h"
#include "base/utf8.h"
#include "cmocka_all.h"

#define S(text)                                                                                    \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}

static void cleans(void **state)
{
	static const struct {
		struct str text;
		const char *line, *lines;
	} cases[] = {
		{S(""), "", ""},
		{S("  disk full \r\n"), "disk full", "disk full"},
		{S("a\tb"), "a b", "a\tb"},
		{S("a\r\nb\rc\n\nd"), "a b c d", "a\nb\nc\n\nd"},
		{S("a\0b\x1b[31mc\x7f"), "ab[31mc", "ab[31mc"},
		{S("a\xc2\x85"
		   "b\xe2\x80\xa8"
		   "c"),
			"a b c", "a\nb\nc"},
		{S("caf\xc3\xa9 \xff\xc3"), "caf\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd",
			"caf\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd"},
		{S("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
			"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{S("\xef\xbf\xbe"), "\xef\xbf\xbd", "\xef\xbf\xbd"},
		{S("a\xe2\x80\xae"
		   "b\xe2\x81\xa6"
		   "c"),
			"abc", "abc"},
		/* A family emoji, a right-to-left mark and a zero width space are left alone. */
		{S("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7\xe2\x80\x8f\xe2\x80\x8b."),
			"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7\xe2\x80\x8f\xe2\x80\x8b.",
			"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7\xe2\x80\x8f\xe2\x80\x8b."},
		{S("two  spaces"), "two  spaces", "two  spaces"},
		{S("\n \n"), "", ""},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str line = alert_text_clean(cases[i].text, ALERT_TEXT_LINE, 100, arena);
		struct str lines = alert_text_clean(cases[i].text, ALERT_TEXT_LINES, 100, arena);

		assert_string_equal(line.ptr, cases[i].line);
		assert_int_equal(line.len, strlen(cases[i].line));
		assert_string_equal(lines.ptr, cases[i].lines);
	}
	arena_free(arena);
}

static void cuts_between_characters(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		const char *expected;
	} cases[] = {
		{"abcdef", 6, "abcdef"},
		{"abcdefg", 6, "abc\xe2\x80\xa6"},
		{"ab\xc3\xa9\xc3\xa9\xc3\xa9", 6, "ab\xe2\x80\xa6"},
		{"a\xf0\x9f\x91\xa9zzzz", 7, "a\xe2\x80\xa6"},
		{"a\xf0\x9f\x91\xa9zzzz", 8, "a\xf0\x9f\x91\xa9\xe2\x80\xa6"},
		{"abcd", 3, "\xe2\x80\xa6"},
		{"abc                      ", 3, "abc"},
		{"          abc", 3, "abc"},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(alert_text_clean(str_of(cases[i].text), ALERT_TEXT_LINE,
					    cases[i].max, arena)
					    .ptr,
			cases[i].expected);
	}
	arena_free(arena);
}

static void bears_megabytes(void **state)
{
	enum { SIZE = 2 * 1024 * 1024 };
	struct arena *arena = arena_new();
	static char text[SIZE];
	struct str clean;

	(void)state;
	memset(text, 'x', SIZE);
	clean = alert_text_clean(str_n(text, SIZE), ALERT_TEXT_LINES, 1024, arena);
	assert_int_equal(clean.len, 1024);
	memset(text + 10, ' ', SIZE - 10);
	clean = alert_text_clean(str_n(text, SIZE), ALERT_TEXT_LINES, 1024, arena);
	assert_int_equal(clean.len, 10);
	memset(text, '\n', SIZE);
	assert_int_equal(alert_text_clean(str_n(text, SIZE), ALERT_TEXT_LINES, 1024, arena).len, 0);
	arena_free(arena);
}

static void knows_urls(void **state)
{
	static const struct {
		const char *text;
		bool expected;
	} cases[] = {
		{"https://wiki.example.com/web?a=b#c", true},
		{"HTTP://x", true},
		{"https://\xc3\xa9.example/", true},
		{"", false},
		{"https://", false},
		{"https:///x", false},
		{"https://?x", false},
		{"ftp://x", false},
		{"javascript://x", false},
		{"wiki.example.com", false},
		{"https://a b", false},
		{"https://a\"b", false},
		{"https://a>b", false},
		{"https://a\nb", false},
		{"https://a\xe2\x80\xae"
		 "b",
			false},
		{"https://a\xff", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(alert_text_is_url(str_of(cases[i].text)), cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cleans),
		cmocka_unit_test(cuts_between_characters),
		cmocka_unit_test(bears_megabytes),
		cmocka_unit_test(knows_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

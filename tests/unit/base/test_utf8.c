/*
 * What is UTF-8, and what of it may reach a terminal.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "cmocka_all.h"

static void test_decode(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		uint32_t c;
	} cases[] = {
		{"a", 1, 'a'},
		{"\xc2\x80", 2, 0x80},
		{"\xdf\xbf", 2, 0x7ff},
		{"\xe0\xa0\x80", 3, 0x800},
		{"\xed\x9f\xbf", 3, 0xd7ff},
		{"\xee\x80\x80", 3, 0xe000},
		{"\xef\xbf\xbf", 3, 0xffff},
		{"\xf0\x90\x80\x80", 4, 0x10000},
		{"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
		{"", 0, 0},
		{"\x80", 0, 0},     /* a continuation */
		{"\xc0\x80", 0, 0}, /* overlong */
		{"\xc1\xbf", 0, 0},
		{"\xe0\x9f\xbf", 0, 0},
		{"\xf0\x8f\xbf\xbf", 0, 0},
		{"\xed\xa0\x80", 0, 0}, /* surrogates */
		{"\xed\xbf\xbf", 0, 0},
		{"\xf4\x90\x80\x80", 0, 0}, /* above U+10FFFF */
		{"\xf5\x80\x80\x80", 0, 0},
		{"\xff", 0, 0},
		{"\xc3", 0, 0}, /* cut */
		{"\xe2\x82", 0, 0},
		{"\xf0\x9f\x98", 0, 0},
		{"\xc3(", 0, 0}, /* broken */
		{"\xe2\x82(", 0, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t c = 0;

		assert_int_equal(utf8_decode(str_of(cases[i].bytes), &c), cases[i].len);
		assert_int_equal(c, cases[i].c);
	}
}

static void test_encode_and_decode(void **state)
{
	(void)state;
	for (uint32_t c = 0; c <= 0x10ffff; c += 3) {
		struct strbuf sb = STRBUF_INIT;
		uint32_t back = 0;

		if (c >= 0xd800 && c <= 0xdfff) {
			continue;
		}
		utf8_add_char(&sb, c);
		assert_int_equal(utf8_decode(strbuf_str(&sb), &back), sb.len);
		assert_int_equal(back, c);
		strbuf_release(&sb);
	}
}

static void test_valid(void **state)
{
	(void)state;
	assert_true(utf8_is_valid(str_of("")));
	assert_true(utf8_is_valid(str_of("caf\xc3\xa9")));
	assert_true(utf8_is_valid(str_n("a\0b", 3)));
	assert_false(utf8_is_valid(str_of("caf\xc3")));
	assert_false(utf8_is_valid(str_of("\xe9t\xe9")));
}

static void test_escape(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		size_t max;
		const char *out;
	} cases[] = {
		{{"plain text", 10}, 0, "plain text"},
		{{"caf\xc3\xa9 \xf0\x9f\x98\x80", 10}, 0, "caf\xc3\xa9 \xf0\x9f\x98\x80"},
		{{"a\tb\nc\rd", 7}, 0, "a\\tb\\nc\\rd"},
		{{"\x1b[31mred\x1b[0m", 12}, 0, "\\x1b[31mred\\x1b[0m"},
		{{"\0\x7f", 2}, 0, "\\x00\\x7f"},
		{{"\xc2\x9b"
		  "31m",
			 5},
			0, "\\x9b31m"},
		{{"\xe2\x80\xae"
		  "exe.txt",
			 10},
			0, "\\u202eexe.txt"},
		{{"\xe2\x81\xa6\xef\xbb\xbf", 6}, 0, "\\u2066\\ufeff"},
		{{"\xf3\xa0\x81\x81", 4}, 0, "\\U000e0041"},
		{{"\xff\xfe caf\xe9", 7}, 0, "\\xff\\xfe caf\\xe9"},
		{{"C:\\dir \\d+", 10}, 0, "C:\\dir \\d+"},
		{{"1234567890", 10}, 10, "1234567890"},
		{{"12345678901", 11}, 10, "1234567..."},
		{{"12345678\n", 9}, 10, "12345678\\n"},
		{{"123456789\n", 10}, 10, "1234567..."},
		{{"123456\xc3\xa9"
		  "89",
			 10},
			9, "123456..."},
		{{"\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 8}, 6, "..."},
		{{"\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 8}, 7, "\xf0\x9f\x98\x80..."},
		{{"abcdef", 6}, 2, ".."},
		{{"ab", 2}, 2, "ab"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf sb = STRBUF_INIT;

		strbuf_adds(&sb, ">");
		utf8_add_escaped(&sb, cases[i].in, cases[i].max);
		assert_string_equal(sb.buf + 1, cases[i].out);
		strbuf_release(&sb);
	}
}

static void test_escaping_twice_changes_nothing(void **state)
{
	(void)state;
	struct strbuf once = STRBUF_INIT;
	struct strbuf twice = STRBUF_INIT;
	char bytes[256];

	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (char)i;
	}
	utf8_add_escaped(&once, str_n(bytes, sizeof(bytes)), 0);
	utf8_add_escaped(&twice, strbuf_str(&once), 0);
	assert_string_equal(once.buf, twice.buf);
	strbuf_release(&once);
	strbuf_release(&twice);
}

static void test_quote(void **state)
{
	(void)state;
	char bytes[5000];

	assert_string_equal(utf8_quote(str_of("a\nb")).text, "a\\nb");
	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(strlen(utf8_quote(str_n(bytes, sizeof(bytes))).text), 95);
	memset(bytes, 0xff, sizeof(bytes));
	assert_in_range(strlen(utf8_quote(str_n(bytes, sizeof(bytes))).text), 90, 95);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_encode_and_decode),
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escaping_twice_changes_nothing),
		cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

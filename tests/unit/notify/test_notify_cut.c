/*
 * Cutting: never within a character or an escape, never longer than allowed.
 */
#include "base/alloc.h"
#include "base/utf8.h"
#include "cmocka_all.h"
#include "notify/notify_text.h"

static void cuts_between_characters(void **state)
{
	// clang-format off
	static const struct {
		const char *text;
		size_t max;
		enum notify_unit unit;
		const char *expected;
	} cases[] = {
		{"hello", 5, NOTIFY_BYTES, "hello"},
		{"hello!", 5, NOTIFY_BYTES, "he…"},
		{"", 0, NOTIFY_BYTES, ""},
		{"h", 0, NOTIFY_BYTES, ""},
		{"hello", 2, NOTIFY_BYTES, ""},
		{"hello", 3, NOTIFY_BYTES, "…"},
		{"ää", 4, NOTIFY_BYTES, "ää"},
		{"ääää", 7, NOTIFY_BYTES, "ää…"},
		{"ääää", 6, NOTIFY_BYTES, "ä…"},
		{"𝄞𝄞", 8, NOTIFY_BYTES, "𝄞𝄞"},
		{"𝄞𝄞𝄞", 8, NOTIFY_BYTES, "𝄞…"},
		{"ääää", 4, NOTIFY_CHARS, "ääää"},
		{"äääää", 4, NOTIFY_CHARS, "äää…"},
		{"𝄞𝄞", 2, NOTIFY_CHARS, "𝄞𝄞"},
		{"𝄞𝄞", 4, NOTIFY_UTF16, "𝄞𝄞"},
		{"𝄞𝄞", 3, NOTIFY_UTF16, "𝄞…"},
		{"a𝄞𝄞", 3, NOTIFY_UTF16, "a…"},
		{"a\xff" "b", 5, NOTIFY_BYTES, "a\xef\xbf\xbd" "b"},
		{"\xff\xff", 5, NOTIFY_BYTES, "…"},
		{"ab\xc3", 5, NOTIFY_BYTES, "ab\xef\xbf\xbd"},
	};
	// clang-format on

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;
		const struct notify_limit limit = {.max = cases[i].max, .unit = cases[i].unit};
		size_t size;

		strbuf_adds(&out, "> ");
		size = notify_add_limited(str_of(cases[i].text), &limit, &out);
		assert_string_equal(out.buf + 2, cases[i].expected);
		assert_int_equal(size, notify_size(str_of(out.buf + 2), cases[i].unit));
		strbuf_release(&out);
	}
}

static void escape(struct str c, struct strbuf *out)
{
	if (str_is(c, "&")) {
		strbuf_adds(out, "&amp;");
	} else {
		strbuf_addstr(out, c);
	}
}

static void never_cuts_an_escape(void **state)
{
	static const char *const expected[] = {"", "…", "…", "…", "…", "…", "&amp;…", "&amp;a…",
		"&amp;a…", "&amp;a…", "&amp;a…", "&amp;a&amp;", "&amp;a&amp;"};

	(void)state;
	for (size_t max = 0; max < ARRAY_LEN(expected); max++) {
		struct strbuf out = STRBUF_INIT;
		const struct notify_limit limit = {max, NOTIFY_CHARS, escape};

		(void)notify_add_limited(str_of("&a&"), &limit, &out);
		assert_string_equal(out.buf, expected[max]);
		strbuf_release(&out);
	}
}

/* Every length of a text in which each kind of character stands at each place. */
static void keeps_within_any_limit(void **state)
{
	static const char text[] = "aä€𝄞&\xff…é\xf0\x9f zz";

	(void)state;
	for (size_t start = 0; start < sizeof(text) - 1; start++) {
		for (size_t max = 0; max < 40; max++) {
			for (int unit = NOTIFY_BYTES; unit <= NOTIFY_UTF16; unit++) {
				struct strbuf out = STRBUF_INIT;
				const struct notify_limit limit = {
					max, (enum notify_unit)unit, escape};

				(void)notify_add_limited(str_of(text + start), &limit, &out);
				assert_true(utf8_is_valid(strbuf_str(&out)));
				assert_true(notify_size(strbuf_str(&out), limit.unit) <= max);
				strbuf_release(&out);
			}
		}
	}
}

static void short_forms_do_the_same(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	notify_add_cut(str_of("äöü"), 5, &out);
	notify_add_cut_chars(str_of(" äöü"), 3, &out);
	notify_add_cut_utf16(str_of(" 𝄞𝄞"), 4, &out);
	assert_string_equal(out.buf, "ä… ä… 𝄞…");
	strbuf_release(&out);
}

static void knows_where_lines_begin(void **state)
{
	static const struct {
		const char *text;
		bool expected;
	} cases[] = {{"", true}, {"  ", true}, {"a", false}, {"a ", false}, {"a\n", true},
		{"a\n  ", true}, {"a\n b", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

		strbuf_adds(&out, cases[i].text);
		assert_int_equal(notify_is_at_line_start(&out), cases[i].expected);
	}
}

static void takes_the_smaller(void **state)
{
	(void)state;
	assert_int_equal(notify_min(1, 2), 1);
	assert_int_equal(notify_min(2, 1), 1);
	assert_int_equal(notify_min(0, SIZE_MAX), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_between_characters),
		cmocka_unit_test(never_cuts_an_escape),
		cmocka_unit_test(keeps_within_any_limit),
		cmocka_unit_test(short_forms_do_the_same),
		cmocka_unit_test(knows_where_lines_begin),
		cmocka_unit_test(takes_the_smaller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

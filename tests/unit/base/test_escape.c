#include "base/alloc.h"
#include "base/escape.h"
#include "cmocka_all.h"

static void decodes_escapes(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
		size_t len;
	} cases[] = {
		{"", "", 0},
		{"plain", "plain", 5},
		{"QUIT\\r\\n", "QUIT\r\n", 6},
		{"\\t\\\\\\\"\\'\\e\\b", "\t\\\"'\x1b\b", 6},
		{"a\\0b", "a\0b", 3},
		{"\\x41\\xfF", "A\xff", 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;
		struct err err = {0};

		assert_int_equal(escape_decode(str_of(cases[i].text), &out, &err), 0);
		assert_int_equal(out.len, cases[i].len);
		assert_memory_equal(out.buf, cases[i].expected, cases[i].len);
		strbuf_release(&out);
	}
}

static void refuses_unknown_escapes_with_their_column(void **state)
{
	static const struct {
		const char *text;
		const char *column;
	} cases[] = {
		{"\\q", "column 1"},
		{"ab\\", "column 3"},
		{"\\x4", "column 1"},
		{"\\xzz", "column 1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;
		struct err err = {0};

		assert_int_equal(escape_decode(str_of(cases[i].text), &out, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.msg, cases[i].column));
		strbuf_release(&out);
	}
}

static void quotes_words_for_shells(void **state)
{
	static const struct {
		const char *word;
		const char *expected;
	} cases[] = {
		{"plain-1.0_a/b:c@d=e,f+g%h", "plain-1.0_a/b:c@d=e,f+g%h"},
		{"", "''"},
		{"two words", "'two words'"},
		{"it's", "'it'\\''s'"},
		{"$(reboot)", "'$(reboot)'"},
		{"a\nb", "'a\nb'"},
		{"*", "'*'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;

		escape_add_shell_word(&out, str_of(cases[i].word));
		assert_string_equal(out.buf, cases[i].expected);
		strbuf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_escapes),
		cmocka_unit_test(refuses_unknown_escapes_with_their_column),
		cmocka_unit_test(quotes_words_for_shells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

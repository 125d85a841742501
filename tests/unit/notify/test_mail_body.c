/*
 * Bodies: the three encodings, and when each is chosen.
 */
#include "base/alloc.h"
#include "base/base64.h"
#include "cmocka_all.h"
#include "notify/mail_body.h"

static void test_clean(void **state)
{
	static const struct {
		struct str text;
		const char *clean;
	} cases[] = {
		{{"", 0}, "\r\n"},
		{{"a", 1}, "a\r\n"},
		{{"a\nb\rc\r\nd", 8}, "a\r\nb\r\nc\r\nd\r\n"},
		{{"a\n", 2}, "a\r\n"},
		{{"\n\n", 2}, "\r\n\r\n"},
		{{"a\tb", 3}, "a\tb\r\n"},
		{{"a\0b\x1b\x7f", 5}, "a\xef\xbf\xbd"
				      "b\xef\xbf\xbd\xef\xbf\xbd\r\n"},
		{{"\xff\xc3\xa4\xc3", 4}, "\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;

		mail_body_clean(cases[i].text, &out);
		assert_string_equal(out.buf, cases[i].clean);
		strbuf_release(&out);
	}
}

#define TEN "0123456789"
#define SEVENTY TEN TEN TEN TEN TEN TEN TEN

static void test_choose(void **state)
{
	static const struct {
		const char *clean;
		enum mail_encoding encoding;
	} cases[] = {
		{"hello\r\n", MAIL_7BIT},
		{".\r\n", MAIL_7BIT},
		{SEVENTY "012345\r\n", MAIL_7BIT},
		{SEVENTY "0123456\r\n", MAIL_QUOTED_PRINTABLE},
		{"trailing \r\n", MAIL_QUOTED_PRINTABLE},
		{"trailing\t\r\n", MAIL_QUOTED_PRINTABLE},
		{"From here on, it is good\r\n", MAIL_QUOTED_PRINTABLE},
		{"mostly ASCII, and one \xc3\xa4\r\n", MAIL_QUOTED_PRINTABLE},
		{"\xe7\x81\xab\xe4\xba\x8b\r\n", MAIL_BASE64},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (mail_body_choose(str_of(cases[i].clean)) != cases[i].encoding) {
			fail_msg("'%s'", cases[i].clean);
		}
	}
}

static void test_quoted_printable(void **state)
{
	static const struct {
		const char *clean, *encoded;
	} cases[] = {
		{"a=b\r\n", "a=3Db\r\n"},
		{"\xc3\xa4\r\n", "=C3=A4\r\n"},
		{"a b\tc\r\n", "a b\tc\r\n"},
		{"end \r\n", "end=20\r\n"},
		{"end\t\r\n", "end=09\r\n"},
		{" \r\n", "=20\r\n"},
		{"\r\n", "\r\n"},
		{".\r\n", "=2E\r\n"},
		{"a.\r\n", "a.\r\n"},
		{"From x\r\n", "=46rom x\r\n"},
		{"Fromage\r\n", "Fromage\r\n"},
		{SEVENTY "012345\r\n", SEVENTY "012345\r\n"},
		{SEVENTY "0123456\r\n", SEVENTY "01234=\r\n56\r\n"},
		{SEVENTY "01234=\r\n", SEVENTY "01234=\r\n=3D\r\n"},
		{SEVENTY "012=\r\n", SEVENTY "012=3D\r\n"},
		{SEVENTY "0123=\r\n", SEVENTY "0123=\r\n=3D\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;

		mail_body_add(str_of(cases[i].clean), MAIL_QUOTED_PRINTABLE, &out);
		assert_string_equal(out.buf, cases[i].encoded);
		strbuf_release(&out);
	}
}

static void test_base64(void **state)
{
	struct strbuf clean = STRBUF_INIT;
	struct strbuf out = STRBUF_INIT;
	struct strbuf letters = STRBUF_INIT;
	struct strbuf decoded = STRBUF_INIT;
	struct str rest;
	struct str line;

	(void)state;
	for (int i = 0; i < 100; i++) {
		strbuf_adds(&clean, "\xe7\x81\xab\xe4\xba\x8b\r\n");
	}
	mail_body_add(strbuf_str(&clean), MAIL_BASE64, &out);
	rest = strbuf_str(&out);
	assert_true(str_ends(rest, "\r\n"));
	while (str_line(&rest, &line)) {
		assert_in_range(line.len, 1, 76);
		strbuf_addstr(&letters, line);
	}
	assert_int_equal(base64_decode(strbuf_str(&letters), &decoded, NULL), 0);
	assert_string_equal(decoded.buf, clean.buf);
	strbuf_release(&clean);
	strbuf_release(&out);
	strbuf_release(&letters);
	strbuf_release(&decoded);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(mail_encoding_name(MAIL_7BIT), "7bit");
	assert_string_equal(mail_encoding_name(MAIL_QUOTED_PRINTABLE), "quoted-printable");
	assert_string_equal(mail_encoding_name(MAIL_BASE64), "base64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_quoted_printable),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

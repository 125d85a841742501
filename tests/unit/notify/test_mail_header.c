/*
 * Header fields: what people write, and what somebody writes to have more of them.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "notify/mail_header.h"

/* ASCII, lines of at most 76 bytes that each go on with a space. */
static void assert_folded(const struct strbuf *field)
{
	struct str rest = strbuf_str(field);
	struct str line;
	size_t number = 0;

	assert_true(str_ends(rest, "\r\n"));
	while (str_line(&rest, &line)) {
		if (line.len > MAIL_COLUMNS) {
			fail_msg("%zu bytes: '%.*s'", line.len, STR_ARG(line));
		}
		if (number++ > 0) {
			assert_true(str_starts(line, " "));
			assert_true(str_trim(line).len > 0);
		}
		for (size_t i = 0; i < line.len; i++) {
			assert_in_range((unsigned char)line.ptr[i], ' ', '~');
		}
	}
}

static void test_text(void **state)
{
	static const struct {
		struct str value;
		const char *field;
	} cases[] = {
		{{"", 0}, "X: \r\n"},
		{{"disk full", 9}, "X: disk full\r\n"},
		{{"[CRITICAL] disk full (db-01)", 28}, "X: [CRITICAL] disk full (db-01)\r\n"},
		{{"a\r\nBcc: x@y", 11}, "X: =?UTF-8?Q?a__Bcc=3A_x=40y?=\r\n"},
		{{"a\nBcc: x@y", 10}, "X: a Bcc: x@y\r\n"},
		{{"a\0b\tc", 5}, "X: a b c\r\n"},
		{{" a", 2}, "X: =?UTF-8?Q?_a?=\r\n"},
		{{"a ", 2}, "X: =?UTF-8?Q?a_?=\r\n"},
		{{"a  b", 4}, "X: =?UTF-8?Q?a__b?=\r\n"},
		/* What would be decoded must not be taken for text. */
		{{"=?UTF-8?Q?hi?=", 14}, "X: =?UTF-8?B?PT9VVEYtOD9RP2hpPz0=?=\r\n"},
		{{"B\xc3\xbc"
		  "cher",
			 7},
			"X: =?UTF-8?Q?B=C3=BCcher?=\r\n"},
		{{"wholly normal, but for \xc3\xbc", 25},
			"X: =?UTF-8?Q?wholly_normal=2C_but_for_=C3=BC?=\r\n"},
		{{"wholly normal words but for \xc3\xbc", 30},
			"X: =?UTF-8?Q?wholly_normal_words_but_for_=C3=BC?=\r\n"},
		{{"\xe7\x81\xab", 3}, "X: =?UTF-8?B?54Gr?=\r\n"},
		{{"\xff", 1}, "X: =?UTF-8?B?77+9?=\r\n"},
		{{"\xe2\x80\xae", 3}, "X: =?UTF-8?B?77+9?=\r\n"},
		{{"a\x1b[2Jb", 6}, "X: a [2Jb\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;

		mail_header_add_text(&out, "X", cases[i].value);
		assert_string_equal(out.buf, cases[i].field);
		strbuf_release(&out);
	}
}

static void test_folding(void **state)
{
	struct strbuf value = STRBUF_INIT;
	struct strbuf out = STRBUF_INIT;
	struct strbuf unfolded = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 40; i++) {
		strbuf_addf(&value, "%sword%d", i ? " " : "", i);
	}
	mail_header_add_text(&out, "Subject", strbuf_str(&value));
	assert_folded(&out);
	for (size_t i = 0; i < out.len; i++) {
		if (out.buf[i] != '\r' && out.buf[i] != '\n') {
			strbuf_addc(&unfolded, out.buf[i]);
		}
	}
	assert_true(str_starts(strbuf_str(&unfolded), "Subject: "));
	assert_string_equal(unfolded.buf + strlen("Subject: "), value.buf);
	strbuf_release(&value);
	strbuf_release(&out);
	strbuf_release(&unfolded);
}

/* Each encoded word by itself is whole characters (RFC 2047 section 5). */
static void test_encoded_words(void **state)
{
	static const char *const pieces[] = {"\xe7\x81\xab\xe4\xba\x8b", "\xf0\x9f\x94\xa5",
		"a\xc3\xa4", "plain words \xc3\xa4 "};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		for (int count = 1; count < 60; count++) {
			struct strbuf value = STRBUF_INIT;
			struct strbuf out = STRBUF_INIT;
			struct str rest;
			struct str line;

			for (int k = 0; k < count; k++) {
				strbuf_adds(&value, pieces[i]);
			}
			mail_header_add_text(&out, "Subject", strbuf_str(&value));
			assert_folded(&out);
			rest = strbuf_str(&out);
			while (str_line(&rest, &line)) {
				size_t start = str_find(line, '=', 0);
				struct str word = str_sub(line, start, line.len);

				assert_in_range(word.len, 1, 75);
				assert_true(str_starts(word, "=?UTF-8?B?") ||
					    str_starts(word, "=?UTF-8?Q?"));
				assert_true(str_ends(word, "?="));
				if (str_starts(word, "=?UTF-8?Q?")) {
					/* Both bytes of the only character that has two. */
					struct strbuf text = STRBUF_INIT;

					strbuf_addstr(&text, word);
					assert_null(strstr(text.buf, "=C3?="));
					assert_null(strstr(text.buf, "Q?=A4"));
					strbuf_release(&text);
				} else {
					assert_int_equal((word.len - 12) % 4, 0);
				}
			}
			strbuf_release(&value);
			strbuf_release(&out);
		}
	}
}

static void test_long_words(void **state)
{
	struct strbuf value = STRBUF_INIT;
	struct strbuf out = STRBUF_INIT;

	(void)state;
	strbuf_addn(&value, 'x', 5000);
	mail_header_add_text(&out, "Subject", strbuf_str(&value));
	assert_folded(&out);
	strbuf_clear(&out);
	/* Hostile: nothing but what needs three letters. */
	strbuf_clear(&value);
	strbuf_addn(&value, '\xff', 5000);
	mail_header_add_text(&out, "X-A-Field-With-A-Very-Long-Name-As-Long-As-They-May-Be-Here",
		strbuf_str(&value));
	assert_folded(&out);
	strbuf_release(&value);
	strbuf_release(&out);
}

static void test_addresses(void **state)
{
	static const struct {
		struct mail_address address;
		const char *field;
	} cases[] = {
		{{NULL, "a@b"}, "To: a@b\r\n"},
		{{"", "a@b"}, "To: a@b\r\n"},
		{{"SRE team", "a@b"}, "To: SRE team <a@b>\r\n"},
		{{"SRE, team", "a@b"}, "To: \"SRE, team\" <a@b>\r\n"},
		{{"a\"b\\c", "a@b"}, "To: \"a\\\"b\\\\c\" <a@b>\r\n"},
		{{"x@y", "a@b"}, "To: \"x@y\" <a@b>\r\n"},
		{{"<x@y>", "a@b"}, "To: \"<x@y>\" <a@b>\r\n"},
		{{"a.b", "a@b"}, "To: \"a.b\" <a@b>\r\n"},
		{{"a  b", "a@b"}, "To: \"a  b\" <a@b>\r\n"},
		{{"=?UTF-8?Q?x?=", "a@b"}, "To: =?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?= <a@b>\r\n"},
		{{"B\xc3\xbc"
		  "cher",
			 "a@b"},
			"To: =?UTF-8?Q?B=C3=BCcher?= <a@b>\r\n"},
		{{"a\r\nBcc: x", "a@b"}, "To: \"a  Bcc: x\" <a@b>\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;

		mail_header_add_addresses(&out, "To", &cases[i].address, 1);
		assert_string_equal(out.buf, cases[i].field);
		strbuf_release(&out);
	}
}

static void test_many_addresses(void **state)
{
	static const struct mail_address addresses[] = {
		{"Somebody With A Rather Long Name Of His Own", "somebody.else@mail.example.com"},
		{NULL, "b@example.com"},
		{"\xe7\x81\xab\xe4\xba\x8b\xe7\x81\xab\xe4\xba\x8b\xe7\x81\xab\xe4\xba\x8b\xe7\x81"
		 "\xab\xe4\xba\x8b\xe7\x81\xab\xe4\xba\x8b\xe7\x81\xab\xe4\xba\x8b\xe7\x81\xab",
			"c@example.com"},
	};
	struct strbuf out = STRBUF_INIT;

	(void)state;
	mail_header_add_addresses(&out, "Cc", addresses, ARRAY_LEN(addresses));
	assert_folded(&out);
	assert_string_equal(out.buf,
		"Cc: Somebody With A Rather Long Name Of His Own\r\n"
		" <somebody.else@mail.example.com>,\r\n"
		" b@example.com,\r\n"
		" =?UTF-8?B?54Gr5LqL54Gr5LqL54Gr5LqL54Gr5LqL54Gr5LqL54Gr5LqL54Gr?=\r\n"
		" <c@example.com>\r\n");
	strbuf_release(&out);
}

static void test_date(void **state)
{
	static const struct {
		int64_t wall_ms;
		const char *field;
	} cases[] = {
		{1751356800123, "Date: Tue, 01 Jul 2025 08:00:00 +0000\r\n"},
		{0, "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"},
		{951782399999, "Date: Mon, 28 Feb 2000 23:59:59 +0000\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;

		mail_header_add_date(&out, "Date", cases[i].wall_ms);
		assert_string_equal(out.buf, cases[i].field);
		strbuf_release(&out);
	}
}

static void test_ids(void **state)
{
	static const char *const ids[] = {"a@b", "c.d+e@f", NULL};
	static const struct {
		const char *id;
		bool is_valid;
	} cases[] = {
		{"a@b", true},
		{"sre.0123.abc@mail.example.com", true},
		{"a", false},
		{"", false},
		{"@", false},
		{"a@", false},
		{"@b", false},
		{"a@b@c", false},
		{"a b@c", false},
		{"<a@b>", false},
		{"a@b>\r\nBcc: x", false},
		{"a@\xc3\xa4", false},
	};
	struct strbuf out = STRBUF_INIT;

	(void)state;
	mail_header_add_ids(&out, "References", ids);
	assert_string_equal(out.buf, "References: <a@b>\r\n <c.d+e@f>\r\n");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(mail_id_is_valid(str_of(cases[i].id)), cases[i].is_valid);
	}
	assert_false(mail_id_is_valid(str_n("a\0@b", 4)));
	strbuf_clear(&out);
	strbuf_addn(&out, 'a', MAIL_ID_MAX - 2);
	strbuf_adds(&out, "@b");
	assert_true(mail_id_is_valid(strbuf_str(&out)));
	strbuf_adds(&out, "b");
	assert_false(mail_id_is_valid(strbuf_str(&out)));
	strbuf_release(&out);
}

static void test_field_names(void **state)
{
	static const struct {
		const char *name;
		bool is_valid;
	} cases[] = {
		{"X-Alert", true},
		{"Auto-Submitted", true},
		{"x1", true},
		{"", false},
		{"-x", false},
		{"1x", false},
		{"X Y", false},
		{"X:", false},
		{"X\r\nY", false},
		{"X\xc3\xa4", false},
		{"X-234567890123456789012345678901234567890123456789012345678", true},
		{"X-23456789012345678901234567890123456789012345678901234567890", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (mail_field_name_is_valid(str_of(cases[i].name)) != cases[i].is_valid) {
			fail_msg("'%s'", cases[i].name);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_folding),
		cmocka_unit_test(test_encoded_words),
		cmocka_unit_test(test_long_words),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_date),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_field_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

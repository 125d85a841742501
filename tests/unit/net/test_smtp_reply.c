/*
 * Replies of mail servers: whole, in pieces, and what is none.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/smtp_reply.h"

static void test_whole(void **state)
{
	static const struct {
		const char *input;
		int code;
		const char *enhanced, *lines, *text;
	} cases[] = {
		{"220 mail ESMTP\r\n", 220, "", "mail ESMTP\n", "mail ESMTP"},
		{"250 ok\n", 250, "", "ok\n", "ok"},
		{"250\r\n", 250, "", "\n", ""},
		{"250 \r\n", 250, "", "\n", ""},
		{"250-a\r\n250-b\r\n250 c\r\n", 250, "", "a\nb\nc\n", "a b c"},
		{"250-a\r\n250\r\n", 250, "", "a\n\n", "a"},
		{"550 5.1.1 no such user\r\nmore", 550, "5.1.1", "5.1.1 no such user\n",
			"no such user"},
		{"550-5.7.26 because\r\n550 5.7.26 of\tthat\r\n", 550, "5.7.26",
			"5.7.26 because\n5.7.26 of\tthat\n", "because of\\tthat"},
		{"250 2.0.0\r\n", 250, "2.0.0", "2.0.0\n", ""},
		{"451 4.123.123 x\r\n", 451, "4.123.123", "4.123.123 x\n", "x"},
		/* None of these is an enhanced code. */
		{"451 4.1234.1 x\r\n", 451, "", "4.1234.1 x\n", "4.1234.1 x"},
		{"550 4.1.1 x\r\n", 550, "", "4.1.1 x\n", "4.1.1 x"},
		{"550 5.1 x\r\n", 550, "", "5.1 x\n", "5.1 x"},
		{"550 5.1.\r\n", 550, "", "5.1.\n", "5.1."},
		{"550 5..1\r\n", 550, "", "5..1\n", "5..1"},
		{"550 5.1.1x\r\n", 550, "", "5.1.1x\n", "5.1.1x"},
		{"550 5\r\n", 550, "", "5\n", "5"},
		{"550 5.\r\n", 550, "", "5.\n", "5."},
		{"554 \x1b[2J\xff\r\n", 554, "", "\x1b[2J\xff\n", "\\x1b[2J\\xff"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf lines = STRBUF_INIT;
		struct strbuf text = STRBUF_INIT;
		struct smtp_reply reply;
		struct str input = str_of(cases[i].input);
		size_t size = input.len - (str_ends(input, "more") ? strlen("more") : 0);

		for (size_t len = 0; len < size; len++) {
			assert_int_equal(smtp_reply_find(str_sub(input, 0, len), &lines, &reply),
				SMTP_REPLY_PARTIAL);
		}
		assert_int_equal(smtp_reply_find(input, &lines, &reply), SMTP_REPLY_WHOLE);
		assert_int_equal(reply.code, cases[i].code);
		assert_string_equal(reply.enhanced, cases[i].enhanced);
		assert_true(str_is(reply.lines, cases[i].lines));
		assert_int_equal(reply.size, size);
		smtp_reply_add_text(&reply, 0, &text);
		assert_string_equal(text.buf, cases[i].text);
		strbuf_release(&lines);
		strbuf_release(&text);
	}
}

static void test_broken(void **state)
{
	static const char *const inputs[] = {
		"\r\n",
		"HTTP/1.1 400 Bad Request\r\n",
		"SSH-2.0-OpenSSH\r\n",
		"199 x\r\n",
		"600 x\r\n",
		"25 x\r\n",
		"25x x\r\n",
		"250x\r\n",
		"250_ok\r\n",
		"250-a\r\n251 b\r\n",
		"250-a\r\nb\r\n",
		"250-a\r\n\r\n",
		" 250 a\r\n",
		"+OK POP3\r\n",
	};
	struct strbuf lines = STRBUF_INIT;
	struct smtp_reply reply;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
		if (smtp_reply_find(str_of(inputs[i]), &lines, &reply) != SMTP_REPLY_BROKEN) {
			fail_msg("'%s'", inputs[i]);
		}
	}
	strbuf_release(&lines);
}

static void test_too_much(void **state)
{
	struct strbuf input = STRBUF_INIT;
	struct strbuf lines = STRBUF_INIT;
	struct smtp_reply reply;

	(void)state;
	strbuf_addn(&input, '2', SMTP_REPLY_MAX);
	assert_int_equal(smtp_reply_find(strbuf_str(&input), &lines, &reply), SMTP_REPLY_PARTIAL);
	strbuf_addc(&input, '2');
	assert_int_equal(smtp_reply_find(strbuf_str(&input), &lines, &reply), SMTP_REPLY_BROKEN);
	strbuf_clear(&input);
	while (input.len <= SMTP_REPLY_MAX) {
		strbuf_adds(&input, "250-x\r\n");
	}
	assert_int_equal(smtp_reply_find(strbuf_str(&input), &lines, &reply), SMTP_REPLY_BROKEN);
	strbuf_release(&input);
	strbuf_release(&lines);
}

static void test_cut_text(void **state)
{
	struct strbuf lines = STRBUF_INIT;
	struct strbuf text = STRBUF_INIT;
	struct smtp_reply reply;

	(void)state;
	assert_int_equal(smtp_reply_find(str_of("550-abcdef\r\n550 ghijkl\r\n"), &lines, &reply),
		SMTP_REPLY_WHOLE);
	smtp_reply_add_text(&reply, 10, &text);
	assert_string_equal(text.buf, "abcdef ...");
	strbuf_release(&lines);
	strbuf_release(&text);
}

static void test_extensions(void **state)
{
	static const struct {
		const char *input;
		struct smtp_extensions extensions;
	} cases[] = {
		{"250 mail\r\n", {0}},
		{"250 STARTTLS\r\n", {0}}, /* a host of that name */
		{"250-mail\r\n250-STARTTLS\r\n250-8BITMIME\r\n250 SIZE 1000\r\n",
			{.has_starttls = true, .has_8bitmime = true, .has_size = true}},
		{"250-mail\r\n250-starttls\r\n250 Size\r\n",
			{.has_starttls = true, .has_size = true}},
		{"250-mail\r\n250-\r\n250-XSTARTTLS\r\n250 STARTTLSX\r\n", {0}},
		{"250-mail\r\n250 AUTH PLAIN LOGIN\r\n",
			{.has_auth = true, .has_auth_plain = true, .has_auth_login = true}},
		{"250-mail\r\n250 auth  login\t\r\n", {.has_auth = true, .has_auth_login = true}},
		{"250-mail\r\n250 AUTH=PLAIN\r\n", {.has_auth = true, .has_auth_plain = true}},
		{"250-mail\r\n250 AUTH GSSAPI NTLM\r\n", {.has_auth = true}},
		{"250-mail\r\n250-AUTH GSSAPI\r\n250 AUTH=LOGIN\r\n",
			{.has_auth = true, .has_auth_login = true}},
		{"250-mail\r\n250 AUTHPLAIN\r\n", {0}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct smtp_extensions *expected = &cases[i].extensions;
		struct strbuf lines = STRBUF_INIT;
		struct smtp_reply reply;
		struct smtp_extensions got;

		assert_int_equal(
			smtp_reply_find(str_of(cases[i].input), &lines, &reply), SMTP_REPLY_WHOLE);
		smtp_extensions_read(&reply, &got);
		assert_int_equal(got.has_starttls, expected->has_starttls);
		assert_int_equal(got.has_8bitmime, expected->has_8bitmime);
		assert_int_equal(got.has_size, expected->has_size);
		assert_int_equal(got.has_auth, expected->has_auth);
		assert_int_equal(got.has_auth_plain, expected->has_auth_plain);
		assert_int_equal(got.has_auth_login, expected->has_auth_login);
		strbuf_release(&lines);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_cut_text),
		cmocka_unit_test(test_extensions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

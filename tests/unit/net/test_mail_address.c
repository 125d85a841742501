/*
 * Addresses of mail as people write them, and those that are a trick.
 */
#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "net/mail_address.h"

static void test_valid(void **state)
{
	static const char *const addresses[] = {
		"a@b",
		"root@localhost",
		"sre@example.com",
		"first.last+tag@sub.example.com",
		"!#$%&'*+/=?^_`{|}~-@example.com",
		"a-@example.com",
		"1@2.example",
		"a@xn--bcher-kva.example",
		"a@b_c.example",
		"a@[127.0.0.1]",
		"a@[IPv6:::1]",
		"a@[ipv6:2001:db8::1]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		if (!mail_address_is_valid(str_of(addresses[i]))) {
			fail_msg("'%s'", addresses[i]);
		}
	}
}

static void test_invalid(void **state)
{
	static const struct str addresses[] = {
		{"", 0},
		{"a", 1},
		{"@", 1},
		{"a@", 2},
		{"@b", 2},
		{"a@b@c", 5},
		{"a b@c", 5},
		{" a@b", 4},
		{"a@b ", 4},
		{"a@b c", 5},
		{".a@b", 4},
		{"a.@b", 4},
		{"a..b@c", 6},
		{"-a@b", 4},
		{"a@-b", 4},
		{"a@b.", 4},
		{"a@b..c", 6},
		{"a@.b", 4},
		{"a@1.2.3.4", 9},
		{"a@b.c:25", 8},
		{"a@b>", 4},
		{"<a@b", 4},
		{"<a@b>", 5},
		{"a@b\r\n", 5},
		{"a@b\nx", 5},
		{"a\n@b", 4},
		{"a\0@b", 4},
		{"a@b\0", 4},
		{"a@b\0c", 5},
		{"\"a b\"@c", 7},
		{"a(x)@b", 6},
		{"a,b@c", 5},
		{"a;b@c", 5},
		{"a:b@c", 5},
		{"a\\b@c", 5},
		{"\xc3\xa4@b", 4},
		{"a@b\xc3\xa4", 5},
		{"a\x7f@b", 4},
		{"a@[]", 4},
		{"a@[127.0.0.1", 12},
		{"a@127.0.0.1]", 12},
		{"a@[127.0.0.300]", 15},
		{"a@[::1]", 7},
		{"a@[IPv6:127.0.0.1]", 18},
		{"a@[IPv6:fe80::1%lo]", 19},
		{"a@[[::1]]", 9},
		{"a@[IPv6:[::1]]", 14},
		{"a@[x]", 5},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		if (mail_address_is_valid(addresses[i])) {
			fail_msg("case %zu: '%.*s'", i, STR_ARG(addresses[i]));
		}
	}
}

static void test_lengths(void **state)
{
	struct strbuf address = STRBUF_INIT;

	(void)state;
	strbuf_addn(&address, 'a', MAIL_LOCAL_PART_MAX);
	strbuf_adds(&address, "@b");
	assert_true(mail_address_is_valid(strbuf_str(&address)));
	strbuf_clear(&address);
	strbuf_addn(&address, 'a', MAIL_LOCAL_PART_MAX + 1);
	strbuf_adds(&address, "@b");
	assert_false(mail_address_is_valid(strbuf_str(&address)));
	strbuf_clear(&address);
	strbuf_adds(&address, "abc@");
	while (address.len < MAIL_ADDRESS_MAX) {
		strbuf_adds(&address, "123456789.");
	}
	strbuf_truncate(&address, MAIL_ADDRESS_MAX - 1);
	strbuf_addc(&address, 'x');
	assert_true(mail_address_is_valid(strbuf_str(&address)));
	strbuf_addc(&address, 'x');
	assert_false(mail_address_is_valid(strbuf_str(&address)));
	strbuf_release(&address);
}

static void test_parse(void **state)
{
	static const struct {
		const char *text, *name, *address;
	} cases[] = {
		{"a@b", NULL, "a@b"},
		{" a@b ", NULL, "a@b"},
		{"<a@b>", NULL, "a@b"},
		{" < a@b>", NULL, NULL},
		{"SRE <sre@example.com>", "SRE", "sre@example.com"},
		{"SRE<sre@example.com>", "SRE", "sre@example.com"},
		{"  The  SRE team\t<a@b> ", "The  SRE team", "a@b"},
		{"\"SRE, team\" <a@b>", "SRE, team", "a@b"},
		{"SRE, team <a@b>", "SRE, team", "a@b"},
		{"\"a \\\"b\\\" \\\\c\" <a@b>", "a \"b\" \\c", "a@b"},
		{"\"<c@d>\" <a@b>", "<c@d>", "a@b"},
		{"\"\" <a@b>", NULL, "a@b"},
		{"B\xc3\xbc"
		 "cher <a@b>",
			"B\xc3\xbc"
			"cher",
			"a@b"},
		{"o'neill (ops) <a@b>", "o'neill (ops)", "a@b"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct mail_address address = {0};
		struct err err = {0};
		int status = mail_address_parse(str_of(cases[i].text), arena, &address, &err);

		if (!cases[i].address) {
			assert_int_equal(status, -1);
			continue;
		}
		if (status < 0) {
			fail_msg("'%s': %s", cases[i].text, err.msg);
		}
		assert_string_equal(address.address, cases[i].address);
		if (cases[i].name) {
			assert_string_equal(address.name, cases[i].name);
		} else {
			assert_null(address.name);
		}
	}
}

static void test_parse_bad(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "'' is not a mail address like sre@example.com or Name <sre@example.com>"},
		{"SRE", "'SRE' is not a mail address"},
		{"<>", "'<>' is not a mail address"},
		{">", "'>' is not a mail address"},
		{"a@b>", "'a@b>' is not a mail address"},
		{"SRE <sre>", "'SRE <sre>' is not a mail address"},
		{"SRE a@b", "is not a mail address"},
		{"a@b, c@d", "is not a mail address"},
		{"SRE <a@b>, x <c@d>", "name has to stand in double quotes"},
		{"SRE <a@b> x", "is not a mail address"},
		{"x <y <a@b>", "name has to stand in double quotes"},
		{"a\"b <a@b>", "name has to stand in double quotes"},
		{"\"a\"b\" <a@b>", "double quote within the name"},
		{"\"a\\\" <a@b>", "nothing after the last backslash"},
		{"a\nBcc: x@y <a@b>", "character in the name that is not seen"},
		{"a\x1b[0m <a@b>", "character in the name that is not seen"},
		{"a\xe2\x80\xae <a@b>", "character in the name that is not seen"},
		{"a\xff <a@b>", "name is not UTF-8"},
		{"x <a@b\n>", "is not a mail address"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct mail_address address = {.address = "untouched"};
		struct err err = {0};

		assert_int_equal(
			mail_address_parse(str_of(cases[i].text), arena, &address, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		if (!strstr(err.msg, cases[i].message)) {
			fail_msg("'%s': %s", cases[i].text, err.msg);
		}
		assert_string_equal(address.address, "untouched");
	}
}

static void test_long_name(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct strbuf text = STRBUF_INIT;
	struct mail_address address;
	struct err err = {0};

	(void)state;
	strbuf_addn(&text, 'x', MAIL_NAME_MAX);
	strbuf_adds(&text, " <a@b>");
	assert_int_equal(mail_address_parse(strbuf_str(&text), arena, &address, &err), 0);
	strbuf_clear(&text);
	strbuf_addn(&text, 'x', MAIL_NAME_MAX + 1);
	strbuf_adds(&text, " <a@b>");
	assert_int_equal(mail_address_parse(strbuf_str(&text), arena, &address, &err), -1);
	assert_non_null(strstr(err.msg, "name is longer than 256 bytes"));
	strbuf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_bad),
		cmocka_unit_test(test_long_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

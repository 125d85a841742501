/*
 * Values with tokens in them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/ssh_tokens.h"

static const struct ssh_tokens tokens = {
	.alias = "web",
	.hostname = "web.example.com",
	.user = "sre",
	.local_user = "me",
	.home = "/home/me",
	.port = 2222,
};

static void test_values(void **state)
{
	static const struct {
		const char *value, *expanded; /* NULL: an error */
	} cases[] = {
		{"", ""},
		{"plain", "plain"},
		{"~/.ssh/id", "/home/me/.ssh/id"},
		{"~", "/home/me"},
		{"~other/x", "~other/x"},
		{"a~/x", "a~/x"},
		{"%h %n %k %r %u %d %p", "web.example.com web web sre me /home/me 2222"},
		{"100%%", "100%"},
		{"%%h", "%h"},
		{"%C", NULL},
		{"x%", NULL},
		{"${SSH_TEST_SET}/x", "value/x"},
		{"${SSH_TEST_UNSET}", NULL},
		{"${SSH_TEST_SET", NULL},
		{"$SSH_TEST_SET", "$SSH_TEST_SET"},
	};

	(void)state;
	assert_int_equal(setenv("SSH_TEST_SET", "value", 1), 0);
	assert_int_equal(unsetenv("SSH_TEST_UNSET"), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;
		struct err err = {0};
		int rc = ssh_tokens_expand(str_of(cases[i].value), &tokens, &out, &err);

		assert_int_equal(rc, cases[i].expanded ? 0 : -1);
		if (cases[i].expanded) {
			assert_string_equal(out.buf, cases[i].expanded);
		} else {
			assert_int_equal(err.code, ERR_INPUT);
		}
		strbuf_release(&out);
	}
}

static void test_of_this_machine(void **state)
{
	struct strbuf out = STRBUF_INIT;
	char name[256] = "", uid[32];

	(void)state;
	assert_int_equal(gethostname(name, sizeof(name) - 1), 0);
	(void)snprintf(uid, sizeof(uid), "%u ", (unsigned)getuid());
	assert_int_equal(ssh_tokens_expand(str_of("%i %l"), &tokens, &out, NULL), 0);
	assert_true(str_starts(strbuf_str(&out), uid));
	assert_true(str_ends(strbuf_str(&out), name));
	strbuf_clear(&out);
	assert_int_equal(ssh_tokens_expand(str_of("%L"), &tokens, &out, NULL), 0);
	assert_null(strchr(out.buf, '.'));
	strbuf_release(&out);
}

static void test_escaped(void **state)
{
	struct strbuf out = STRBUF_INIT, again = STRBUF_INIT;

	(void)state;
	ssh_tokens_add_escaped(&out, "fe80::1%eth0%%");
	assert_string_equal(out.buf, "fe80::1%%eth0%%%%");
	assert_int_equal(ssh_tokens_expand(strbuf_str(&out), &tokens, &again, NULL), 0);
	assert_string_equal(again.buf, "fe80::1%eth0%%");
	strbuf_release(&out);
	strbuf_release(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_of_this_machine),
		cmocka_unit_test(test_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

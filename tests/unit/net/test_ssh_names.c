/*
 * Names that may be used, and what is said of those that may not.
 */
#include "cmocka_all.h"
#include "net/ssh_names.h"

static void hosts(void **state)
{
	static const struct {
		const char *name;
		bool is_host;
	} cases[] = {
		{"web-01", true},
		{"web-01.example.com", true},
		{"web_01.example.com.", true},
		{"192.0.2.1", true},
		{"2001:db8::1", true},
		{"", false},
		{"-oProxyCommand=true", false},
		{"-web", false},
		{"web 01", false},
		{"web/01", false},
		{"10.0.0.300", false},
		{"web\n01", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = {0};

		assert_int_equal(ssh_names_is_host(str_of(cases[i].name)), cases[i].is_host);
		assert_int_equal(
			ssh_names_check_host(cases[i].name, &err), cases[i].is_host ? 0 : -1);
		assert_int_equal(err.code == ERR_INPUT, !cases[i].is_host);
	}
}

static void users(void **state)
{
	static const struct {
		const char *name;
		bool is_user, is_plain;
	} cases[] = {
		{"root", true, true},
		{"j.doe-2_x", true, true},
		{"me@EXAMPLE.COM", true, true},
		{"EXAMPLE\\me", true, false},
		{"sre$", true, false},
		{"a;b", true, false},
		{"`id`", true, false},
		{"", false, false},
		{"-l", false, false},
		{"two words", false, false},
		{"tab\there", false, false},
		{"line\n", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = {0};

		assert_int_equal(
			ssh_names_check_user(cases[i].name, &err), cases[i].is_user ? 0 : -1);
		assert_int_equal(err.code == ERR_INPUT, !cases[i].is_user);
		assert_int_equal(ssh_names_check_plain_user(cases[i].name, &err),
			cases[i].is_plain ? 0 : -1);
	}
}

static void what_is_said(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(ssh_names_check_host("a\tb", &err), -1);
	assert_string_equal(err.msg, "'a\\tb' is no name of a host");
	assert_int_equal(ssh_names_check_user("-x", &err), -1);
	assert_string_equal(err.msg, "'-x' is no name of a user");
	assert_int_equal(ssh_names_check_plain_user("a;b", &err), -1);
	assert_string_equal(err.msg, "'a;b' is no name of a user");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts),
		cmocka_unit_test(users),
		cmocka_unit_test(what_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * "[user@]host[:port]" as people write it, and what is wrong where it is not that.
 */
#include "base/alloc.h"
#include "base/str.h"
#include "cmocka_all.h"
#include "conf/login_name.h"

static void test_parts(void **state)
{
	static const struct {
		const char *text, *username, *host;
		uint16_t port;
		bool is_more;
	} cases[] = {
		{"web-01", "", "web-01", 0, false},
		{"web-01:22", "", "web-01", 22, true},
		{"root@web-01", "root", "web-01", 0, true},
		{"root@web-01:65535", "root", "web-01", 65535, true},
		{"a.b_c-d@10.0.0.1:2222", "a.b_c-d", "10.0.0.1", 2222, true},
		{"2001:db8::1", "", "2001:db8::1", 0, false},
		{"root@::1", "root", "::1", 0, true},
		{"[::1]", "", "::1", 0, true},
		{"[1:2:3:4:5:6:7:8]:22", "", "1:2:3:4:5:6:7:8", 22, true},
		{"root@[::ffff:10.0.0.1]:22", "root", "::ffff:10.0.0.1", 22, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str text = str_of(cases[i].text);
		struct login_name login;
		struct err err = {0};

		assert_int_equal(login_name_parse(text, &login, &err), 0);
		assert_true(str_is(login.username, cases[i].username));
		assert_true(str_is(login.host, cases[i].host));
		assert_int_equal(login.port, cases[i].port);
		assert_int_equal(login_name_is_more(text), cases[i].is_more);
		assert_true(str_is(login_name_host(text), cases[i].host));
	}
}

static void test_what_is_none(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"web-01:", "port: number ''"},
		{"web-01:ssh", "port: number 'ssh': not a whole number"},
		{"web-01:0", "port: "},
		{"web-01:65536", "port: "},
		{"web-01:-1", "port: "},
		{"a:b:c", "'a:b:c' is no address of IPv6"},
		{"[::1]22", "expected ':' and a port behind '[::1]'"},
		{"[::1]:x", "port: number 'x'"},
		{"[::zz]:22", "'::zz' is no address of IPv6"},
		{"[fe80::1%eth0]", "'fe80::1%eth0' is no address of IPv6"},
		{"[::1", "'[::1' is no address of IPv6"},
		{"@web-01", "'' is no name of a user"},
		{"-oX@web-01", "'-oX' is no name of a user"},
		{"a:b@web-01", "'a:b' is no name of a user"},
		{"a b@web-01", "'a b' is no name of a user"},
		{"root@", "'' is no name of a host"},
		{"root@-oX", "'-oX' is no name of a host"},
		{"root@:22", "'' is no name of a host"},
		{"a@b@c", "a host cannot hold '@'"},
		{"web]", "a host cannot hold ']'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct login_name login;
		struct err err = {0};

		assert_int_equal(login_name_parse(str_of(cases[i].text), &login, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		if (!str_starts(str_of(err.msg), cases[i].says)) {
			fail_msg("'%s': '%s'", cases[i].text, err.msg);
		}
		assert_int_equal(login_name_parse(str_of(cases[i].text), &login, NULL), -1);
		assert_true(str_is(login_name_host(str_of(cases[i].text)), cases[i].text));
	}
}

static void test_address_or_ranges(void **state)
{
	static const struct {
		const char *text;
		size_t len; /* 0: ranges */
	} cases[] = {
		{"[::1]", 5},
		{"[::1]:22", 5},
		{"[1:2:3:4]", 9},
		{"[01-20]", 0},
		{"[01:20]", 0},
		{"[1:9:2]", 0},
		{"[1:9:2,1:9:2]", 0},
		{"[::1", 0},
		{"x[::1]", 0},
		{"", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = 0;

		assert_int_equal(
			login_name_has_address(str_of(cases[i].text), &len), cases[i].len > 0);
		assert_int_equal(len, cases[i].len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_what_is_none),
		cmocka_unit_test(test_address_or_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

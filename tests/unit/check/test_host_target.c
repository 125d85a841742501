/*
 * What people write for machines, and what they are told when it is none.
 */
#include "base/alloc.h"
#include "base/strbuf.h"
#include "check/host_target.h"
#include "cmocka_all.h"

static void reads_targets(void **state)
{
	static const struct {
		const char *text, *host, *username, *again;
		uint16_t port;
		bool is_local, is_set, is_address;
	} cases[] = {
		{"local:", NULL, NULL, NULL, 0, .is_local = true},
		{"LOCAL:", NULL, NULL, NULL, 0, .is_local = true},
		{"web-01", "web-01", NULL, "web-01", 0},
		{"192.0.2.1", "192.0.2.1", NULL, "192.0.2.1", 0},
		{"ssh://web-01", "web-01", NULL, "web-01", 0},
		{"web-01:22", "web-01", NULL, "ssh://web-01:22", 22},
		{"root@web-01", "web-01", "root", "ssh://root@web-01", 0},
		{"root@[::1]:22", "::1", "root", "ssh://root@[::1]:22", 22, .is_address = true},
		{"root@web-[01-02]:22", "root@web-[01-02]:22", NULL, "x", 0, .is_set = true},
		{"SSH://sre@web-01:2222/", "web-01", "sre", "ssh://sre@web-01:2222", 2222},
		{"ssh://[2001:db8::1]", "2001:db8::1", NULL, "ssh://[2001:db8::1]", 0,
			.is_address = true},
		{"ssh://a.b_c-d$@[::1]:22", "::1", "a.b_c-d$", "ssh://a.b_c-d$@[::1]:22", 22,
			.is_address = true},
		{"@web", "@web", NULL, "x", 0, .is_set = true},
		{"web-[01-20]!web-07", "web-[01-20]!web-07", NULL, "x", 0, .is_set = true},
		{"a, b", "a, b", NULL, "x", 0, .is_set = true},
		{"web[01:20]", "web[01:20]", NULL, "x", 0, .is_set = true},
		{"ssh://sre@@web:22", "@web", "sre", "ssh://sre@x:22", 22, .is_set = true},
		{"ssh://@web", "@web", NULL, "x", 0, .is_set = true},
		{"ssh://sre@web[01:20]:22", "web[01:20]", "sre", "ssh://sre@x:22", 22,
			.is_set = true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct host_target target;
		struct err err = {0};

		if (host_target_parse(str_of(cases[i].text), arena, &target, &err) < 0) {
			fail_msg("%s", err.msg);
		}
		assert_int_equal(target.is_local, cases[i].is_local);
		assert_int_equal(target.is_set, cases[i].is_set);
		assert_int_equal(target.is_address, cases[i].is_address);
		assert_int_equal(target.port, cases[i].port);
		if (cases[i].host) {
			assert_string_equal(target.host, cases[i].host);
			assert_string_equal(
				host_target_text(&target, target.is_set ? "x" : target.host, arena),
				cases[i].again);
		} else {
			assert_null(target.host);
		}
		if (cases[i].username) {
			assert_string_equal(target.username, cases[i].username);
		} else {
			assert_null(target.username);
		}
		arena_free(arena);
	}
}

static void chooses_one_of_many(void **state)
{
	static const struct {
		const char *text, *server, *expected, *host, *username;
		uint16_t port;
	} cases[] = {
		{"@web", "web-01", "web-01", "web-01", NULL, 0},
		{"ssh://sre@@web:22", "web-01", "ssh://sre@web-01:22", "web-01", "sre", 22},
		{"@web", "root@web-01:22", "root@web-01:22", "web-01", "root", 22},
		{"@web", "[::1]", "[::1]", "::1", NULL, 0},
		{"ssh://sre@@web", "root@web-01:22", "ssh://sre@web-01:22", "web-01", "sre", 22},
		{"ssh://@web:2222", "root@[::1]:22", "ssh://root@[::1]:2222", "::1", "root", 2222},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct host_target target;
		struct err err = {0};

		assert_int_equal(host_target_parse(str_of(cases[i].text), arena, &target, &err), 0);
		assert_string_equal(
			host_target_choose(&target, cases[i].server, arena), cases[i].expected);
		assert_false(target.is_set);
		assert_string_equal(target.host, cases[i].host);
		assert_string_equal(target.username ? target.username : "",
			cases[i].username ? cases[i].username : "");
		assert_int_equal(target.port, cases[i].port);
		arena_free(arena);
	}
}

static void refuses(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "no host"},
		{"ssh://", "no host"},
		{"ssh://sre@", "no host"},
		{"ssh://:22", "no host"},
		{"local:x", "write 'local:'"},
		{"ssh:web-01", "write ssh://"},
		{"-web", "'-'"},
		{"ssh://-oProxyCommand=x", "'-'"},
		{"ssh://-x@web", "'-'"},
		{"ssh://a b@web", "no name of a user"},
		{"ssh://a;b@web", "no name of a user"},
		{"ssh://web:0", "port"},
		{"ssh://web:65536", "port"},
		{"ssh://web:", "port"},
		{"ssh://web:x", "port"},
		{"ssh://web/x", "'/'"},
		{"web;reboot", "';'"},
		{"web$(x)", "'$'"},
		{"web\n01", "hold"},
		{"web-[01-", "never closed"},
		{"@", "expected a name"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct host_target target = {.port = 7};
		struct err err = {0};

		assert_int_equal(
			host_target_parse(str_of(cases[i].text), arena, &target, &err), -1);
		if (!strstr(err.msg, cases[i].says)) {
			fail_msg("'%s': %s", cases[i].text, err.msg);
		}
		assert_int_equal(target.port, 7);
		arena_free(arena);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_targets),
		cmocka_unit_test(chooses_one_of_many),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

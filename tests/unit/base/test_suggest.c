/*
 * Which known name is meant, and when none is.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/suggest.h"
#include "cmocka_all.h"

static const char *const names[] = {"timeout", "interval", "attempts", NULL, "connect_timeout",
	"prometheus", "http", "https", "tcp", "tls", "exec", "host", "warning", "ip"};

static void test_suggest(void **state)
{
	(void)state;
	static const struct {
		const char *wrong, *nearest;
	} cases[] = {
		{"timeot", "timeout"},
		{"tiemout", "timeout"},
		{"TIMEOUT", "timeout"},
		{"time-out", "timeout"},
		{"connect-timeout", "connect_timeout"},
		{"connect_timout", "connect_timeout"},
		{"intervall", "interval"},
		{"attemps", "attempts"},
		{"htp", "http"},
		{"htpp", "http"},
		{"httpss", "https"},
		{"tpc", "tcp"},
		{"prom", "prometheus"},
		{"warn", "warning"},
		{"warnings", "warning"},
		{"pi", "ip"},
		{"colour", NULL},
		{"x", NULL},
		{"pr", NULL},
		{"", NULL},
		{"zzzzzzzz", NULL},
		{"a completely different text that no option is ever going to be called, and long",
			NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *got = suggest(str_of(cases[i].wrong), names, ARRAY_LEN(names));

		if (cases[i].nearest) {
			assert_non_null(got);
			assert_string_equal(got, cases[i].nearest);
		} else {
			assert_null(got);
		}
	}
}

static void test_no_names(void **state)
{
	(void)state;
	assert_null(suggest(str_of("timeout"), names, 0));
}

static void test_hostile_bytes(void **state)
{
	(void)state;
	char bytes[64];

	memset(bytes, 0xff, sizeof(bytes));
	assert_null(suggest(str_n(bytes, sizeof(bytes)), names, ARRAY_LEN(names)));
	assert_null(suggest(str_n("\0\0\0\0", 4), names, ARRAY_LEN(names)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suggest),
		cmocka_unit_test(test_no_names),
		cmocka_unit_test(test_hostile_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

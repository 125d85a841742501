/*
 * Which names may be looked up.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/host_name.h"

#define LABEL_63 "a23456789012345678901234567890123456789012345678901234567890123"

static void test_valid(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool is_valid;
	} cases[] = {
		{"localhost", true},
		{"www.example.com", true},
		{"www.example.com.", true},
		{"WWW.Example.COM", true},
		{"xn--bcher-kva.example", true},
		{"_dmarc.example.com", true},
		{"a", true},
		{"4chan.org", true},
		{"10.example", true},
		{"1a", true},
		{LABEL_63 ".com", true},
		{LABEL_63 "." LABEL_63 "." LABEL_63 ".a2345678901234567890123456789012345678901234"
			  "5678901234567890",
			true},
		{"", false},
		{".", false},
		{"..", false},
		{".com", false},
		{"a..b", false},
		{"a.b..", false},
		{"10.0.0.300", false},
		{"10", false},
		{"1.2.3.4", false},
		{"1.2.3.4.", false},
		{"a b", false},
		{"a\tb", false},
		{"a/b", false},
		{"a:80", false},
		{"b\xc3\xbc"
		 "cher.example",
			false},
		{"*.example.com", false},
		{"a,b", false},
		{LABEL_63 "x.com", false},
		{LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (host_name_is_valid(str_of(cases[i].name)) != cases[i].is_valid) {
			fail_msg("'%s'", cases[i].name);
		}
	}
	assert_false(host_name_is_valid(str_n("a\0b", 3)));
}

static void test_eq(void **state)
{
	(void)state;
	assert_true(host_name_eq(str_of("Example.com"), str_of("example.COM.")));
	assert_true(host_name_eq(str_of("::1"), str_of("::1")));
	assert_false(host_name_eq(str_of("example.com"), str_of("example.org")));
	assert_false(host_name_eq(str_of("example.com"), str_of("www.example.com")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_eq),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Patterns of names, alone and in lists.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/ssh_pattern.h"

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{"web-01", "web-01", true},
		{"web-01", "WEB-01", true},
		{"Web-01", "web-01", true},
		{"web-01", "web-012", false},
		{"web-012", "web-01", false},
		{"web-?", "web-1", true},
		{"web-?", "web-", false},
		{"*", "", true},
		{"*", "anything", true},
		{"", "", true},
		{"", "x", false},
		{"?", "", false},
		{"*.example.com", "a.b.example.com", true},
		{"*.example.com", "example.com", false},
		{"a*b*c", "aXbXbXc", true},
		{"a*b*c", "aXbXbX", false},
		{"**a**", "bab", true},
		{"[*.example.com]:22??", "[w.example.com]:2222", true},
		{"[*.example.com]:22??", "[w.example.com]:22", false},
		{"*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (ssh_pattern_matches(str_of(cases[i].pattern), str_of(cases[i].text)) !=
			cases[i].matches) {
			fail_msg("'%s' and '%s'", cases[i].pattern, cases[i].text);
		}
	}
}

static void test_lists(void **state)
{
	static const struct {
		const char *list, *text;
		bool matches;
	} cases[] = {
		{"a,b", "b", true},
		{"a,b", "c", false},
		{"web-*,!web-07", "web-01", true},
		{"web-*,!web-07", "web-07", false},
		{"!web-07,web-*", "WEB-07", false},
		{"!web-07", "web-01", false}, /* nothing says that it is */
		{"!web-07,*", "web-01", true},
		{",,a", "a", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (ssh_pattern_list_matches(str_of(cases[i].list), str_of(cases[i].text)) !=
			cases[i].matches) {
			fail_msg("'%s' and '%s'", cases[i].list, cases[i].text);
		}
	}
}

static void test_one(void **state)
{
	(void)state;
	assert_int_equal(ssh_pattern_ask(str_of("!a*"), str_of("ab")), SSH_PATTERN_NEGATED);
	assert_int_equal(ssh_pattern_ask(str_of("!a*"), str_of("b")), SSH_PATTERN_NO);
	assert_int_equal(ssh_pattern_ask(str_of("a*"), str_of("ab")), SSH_PATTERN_YES);
	assert_true(ssh_pattern_is_wild(str_of("a*")));
	assert_true(ssh_pattern_is_wild(str_of("a?")));
	assert_true(ssh_pattern_is_wild(str_of("!a")));
	assert_false(ssh_pattern_is_wild(str_of("[a]:22")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

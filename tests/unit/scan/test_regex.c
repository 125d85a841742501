#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "scan/regex.h"

static struct regex *compile(const char *pattern)
{
	struct regex *regex = NULL;
	struct err err = {0};

	assert_int_equal(regex_new(str_of(pattern), REGEX_PLAIN, &regex, &err), 0);
	return regex;
}

static void matches(void **state)
{
	static const struct {
		const char *pattern;
		struct str text;
		enum regex_match expected;
	} cases[] = {
		{"ok", {"all ok", 6}, REGEX_MATCHES},
		{"^ok", {"all ok", 6}, REGEX_NO_MATCH},
		{"(?i)OK$", {"all ok", 6}, REGEX_MATCHES},
		{"(?m)^ok", {"all\nok", 6}, REGEX_MATCHES},
		{"a.b", {"a\0b", 3}, REGEX_MATCHES},
		{"\\xe9", {"caf\xc3\xa9", 5}, REGEX_MATCHES},
		{"b",
			{"\xff\xfe"
			 "b",
				3},
			REGEX_MATCHES},
		{"", {"", 0}, REGEX_MATCHES},
		{"x", {"", 0}, REGEX_NO_MATCH},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct regex *regex = compile(cases[i].pattern);

		assert_int_equal(regex_match(regex, cases[i].text), cases[i].expected);
		assert_string_equal(regex_pattern(regex), cases[i].pattern);
		regex_free(regex);
	}
}

static void lines_are_asked_for(void **state)
{
	struct regex *lines = NULL;
	struct regex *plain = compile("^250 ok$");
	struct err err = {0};

	(void)state;
	assert_int_equal(regex_new(str_of("^250 ok$"), REGEX_LINES, &lines, &err), 0);
	assert_int_equal(regex_match(lines, str_of("250-a\n250 ok\n")), REGEX_MATCHES);
	assert_int_equal(regex_match(plain, str_of("250-a\n250 ok\n")), REGEX_NO_MATCH);
	regex_free(lines);
	regex_free(plain);
}

static void the_whole_is_asked_for(void **state)
{
	static const struct {
		const char *pattern, *text;
		enum regex_match expected;
	} cases[] = {
		{"web|web-01", "web-01", REGEX_MATCHES},
		{"web", "web-01", REGEX_NO_MATCH},
		{"01", "web-01", REGEX_NO_MATCH},
		{"a", "a\n", REGEX_NO_MATCH},
		{"", "", REGEX_MATCHES},
		{"", "a", REGEX_NO_MATCH},
		{"(?x) a # not b", "a", REGEX_MATCHES},
		{".*", "a\nb", REGEX_MATCHES},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct regex *regex = NULL;
		struct err err = {0};

		assert_int_equal(regex_new(str_of(cases[i].pattern), REGEX_WHOLE, &regex, &err), 0);
		assert_int_equal(regex_match(regex, str_of(cases[i].text)), cases[i].expected);
		regex_free(regex);
	}
}

static void says_where_it_matched(void **state)
{
	struct regex *regex = compile("[0-9]+");
	size_t start = 0;
	size_t end = 0;

	(void)state;
	assert_int_equal(regex_find(regex, str_of("ab123c4"), &start, &end), REGEX_MATCHES);
	assert_int_equal(start, 2);
	assert_int_equal(end, 5);
	regex_free(regex);
}

static void says_where_a_pattern_is_wrong(void **state)
{
	static const struct {
		const char *pattern;
		const char *text;
	} cases[] = {
		{"(", "column 2"},
		{"ab[", "column 4"},
		{"*a", "column 1"},
		{"a(?<n", "column"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct regex *regex = NULL;
		struct err err = {0};

		assert_int_equal(
			regex_new(str_of(cases[i].pattern), REGEX_PLAIN, &regex, &err), -1);
		assert_null(regex);
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.msg, cases[i].text));
	}
}

static void gives_up_on_endless_work(void **state)
{
	struct regex *regex = compile("^(a+)+$");
	struct strbuf text = STRBUF_INIT;

	(void)state;
	strbuf_addn(&text, 'a', 5000);
	strbuf_addc(&text, 'b');
	assert_int_not_equal(regex_match(regex, strbuf_str(&text)), REGEX_MATCHES);
	strbuf_release(&text);
	regex_free(regex);
}

static void an_option_lives_as_long_as_its_arena(void **state)
{
	struct arena *arena = arena_new();
	const struct option_context context = {.arena = arena};
	const struct option_row row = {.name = "body", .type = &option_regex};
	struct regex *regex = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(option_regex.parse(&row, &context, str_of("(a"), &regex, &err), -1);
	assert_null(regex);
	assert_int_equal(option_regex.parse(&row, &context, str_of("a+"), &regex, &err), 0);
	assert_int_equal(regex_match(regex, str_of("caat")), REGEX_MATCHES);
	arena_free(arena); /* and the regex with it: the leak checker watches */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches),
		cmocka_unit_test(lines_are_asked_for),
		cmocka_unit_test(the_whole_is_asked_for),
		cmocka_unit_test(says_where_it_matched),
		cmocka_unit_test(says_where_a_pattern_is_wrong),
		cmocka_unit_test(gives_up_on_endless_work),
		cmocka_unit_test(an_option_lives_as_long_as_its_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

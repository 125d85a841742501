/*
 * What completes what, and quoting.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/docs_internal.h"
#include "support/docs_fixture.h"

static void test_what_completes_a_value(void **state)
{
	static const struct {
		const char *name;
		enum docs_completion completion;
	} cases[] = {
		{"timeout", DOCS_COMPLETE_ANY},
		{"tag", DOCS_COMPLETE_ANY},
		{"label", DOCS_COMPLETE_ANY},
		{"output", DOCS_COMPLETE_WORDS},
		{"watch", DOCS_COMPLETE_NONE},
		{"certificate_authority", DOCS_COMPLETE_FILES},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
			docs_completion_of(docs_fixture_flag(cases[i].name)), cases[i].completion);
	}
}

static void test_who_is_offered(void **state)
{
	const struct option_set *sets = docs_fixture_program.commands[0]->sets;

	(void)state;
	assert_true(docs_is_completed(sets, sets, docs_fixture_flag("timeout")));
	assert_false(docs_is_completed(sets, sets, docs_fixture_flag("trace")));
	assert_false(docs_is_completed(sets, sets, docs_fixture_flag("attempts")));
	assert_false(docs_is_completed(sets, sets, docs_fixture_flag("greeting")));
	assert_false(
		docs_is_completed(sets, &sets[1], option_find(sets[1].rows, str_of("timeout"))));
}

static void test_quoting(void **state)
{
	static const struct {
		enum doc_shell shell;
		const char *word;
		const char *quoted;
	} cases[] = {
		{DOC_BASH, "", "''"},
		{DOC_BASH, "it's \\ $x `y`", "'it'\\''s \\ $x `y`'"},
		{DOC_ZSH, "it's \\ $x `y`", "'it'\\''s \\ $x `y`'"},
		{DOC_FISH, "it's \\ $x `y`", "'it\\'s \\\\ $x `y`'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

		docs_add_quoted(cases[i].shell, cases[i].word, &out);
		assert_string_equal(out.buf, cases[i].quoted);
	}
}

static void test_words(void **state)
{
	static const char *const words[] = {"a", "b c", NULL};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_quoted_words(DOC_BASH, words, &out);
	assert_string_equal(out.buf, "'a' 'b c'");
}

static void test_each_shell_gets_its_own(void **state)
{
	static const struct {
		enum doc_shell shell;
		const char *begin;
	} cases[] = {
		{DOC_BASH, "# bash completion of demo-tool,"},
		{DOC_ZSH, "#compdef demo-tool\n"},
		{DOC_FISH, "# fish completion of demo-tool,"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

		docs_add_completion(&docs_fixture_program, cases[i].shell, &out);
		assert_true(str_starts(strbuf_str(&out), cases[i].begin));
		assert_null(strstr(out.buf, "--trace"));
		assert_null(strstr(out.buf, "--attempts"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_completes_a_value),
		cmocka_unit_test(test_who_is_offered),
		cmocka_unit_test(test_quoting),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_each_shell_gets_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

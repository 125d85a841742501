/*
 * Paragraphs, sentences and names.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/docs_internal.h"

/* Paragraphs as "[text]", preformatted ones as "{text}". */
static void test_paragraphs(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} cases[] = {
		{"", ""},
		{"\n\n", ""},
		{"one", "[one]"},
		{"one\ntwo\n", "[one\ntwo]"},
		{"one\n\ntwo", "[one][two]"},
		{"\n\none\n \n\n\ntwo\n\n", "[one][two]"},
		{"one\n\n  a  b\n  c\n\ntwo", "[one]{  a  b\n  c}[two]"},
		{"\ttabbed", "{\ttabbed}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
		struct str rest = str_of(cases[i].text);
		struct str paragraph;
		bool is_preformatted;

		while (docs_next_paragraph(&rest, &paragraph, &is_preformatted)) {
			strbuf_addf(
				&out, is_preformatted ? "{%.*s}" : "[%.*s]", STR_ARG(paragraph));
		}
		assert_string_equal(out.buf, cases[i].expected);
	}
}

static void test_sentences(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} cases[] = {
		{"", ""},
		{"deadline of one attempt", "Deadline of one attempt."},
		{"is it healthy?", "Is it healthy?"},
		{"URL of the proxy", "URL of the proxy."},
		{"Done.", "Done."},
		{"5 or more", "5 or more."},
		{"http://host:port of the proxy", "http://host:port of the proxy."},
		{"auto: 2 if it can", "auto: 2 if it can."},
		{"first, second", "First, second."},
		{"it's", "It's."},
		{"depends_on the others", "depends_on the others."},
		{"one of these:", "One of these:"},
		{"\xc3\xa9tat", "\xc3\xa9tat."},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

		strbuf_adds(&out, "before ");
		docs_add_sentence(str_of(cases[i].text), &out);
		assert_string_equal(out.buf + strlen("before "), cases[i].expected);
	}
}

static void test_identifiers(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_identifier("sre-toolkit.2", &out);
	assert_string_equal(out.buf, "sre_toolkit_2");
}

static void test_the_intro_is_paragraphs(void **state)
{
	struct str rest = str_of(docs_config_intro);
	struct str paragraph;
	bool is_preformatted;
	int count = 0;

	(void)state;
	while (docs_next_paragraph(&rest, &paragraph, &is_preformatted)) {
		assert_false(is_preformatted);
		count++;
	}
	assert_int_equal(count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paragraphs),
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_identifiers),
		cmocka_unit_test(test_the_intro_is_paragraphs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

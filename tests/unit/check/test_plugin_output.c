/*
 * What plugins print: message, detail, performance data.
 */
#include "base/alloc.h"
#include "check/plugin_output.h"
#include "cmocka_all.h"

static void reads(void **state)
{
	static const struct {
		const char *text;
		const char *message;
		const char *detail; /* NULL: none */
		const char *labels; /* "a b c" */
	} cases[] = {
		{"", "", NULL, ""},
		{"\n\n", "", NULL, ""},
		{"OK", "OK", NULL, ""},
		{"OK - fine\n", "OK - fine", NULL, ""},
		{"OK - fine|a=1 b=2\n", "OK - fine", NULL, "a b"},
		{"OK - fine | a=1\r\n", "OK - fine", NULL, "a"},
		{"\n  OK\n", "OK", NULL, ""},
		{"|a=1", "", NULL, "a"},
		{"OK|", "OK", NULL, ""},
		{"OK|a=1\nmore\n  lines\n", "OK", "more\n  lines", "a"},
		{"OK | /=1\nl1\nl2 | /boot=2\n/home=3\n/var=4 /x=5\n", "OK", "l1\nl2",
			"/ /boot /home /var /x"},
		{"OK\nl1 | a=1\nb=2 | c=3\n", "OK", "l1", "a b c"},
		{"OK\n\nl2\n\n\n", "OK", "\nl2", ""},
		{"\x1b[31mBAD\x07\n\x1b]0;x\n", "\\x1b[31mBAD\\x07", "\\x1b]0;x", ""},
		{"caf\xc3\xa9 \xff\n", "caf\xc3\xa9 \\xff", NULL, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct strbuf labels = STRBUF_INIT;
		struct plugin_output output;

		plugin_output_read(str_of(cases[i].text), arena, &output);
		assert_string_equal(output.message, cases[i].message);
		if (cases[i].detail) {
			assert_non_null(output.detail);
			assert_string_equal(output.detail, cases[i].detail);
		} else {
			assert_null(output.detail);
		}
		for (size_t k = 0; k < output.perfdata.items_count; k++) {
			strbuf_addf(&labels, "%s%s", k ? " " : "", output.perfdata.items[k].label);
		}
		assert_string_equal(labels.buf, cases[i].labels);
		strbuf_release(&labels);
		arena_free(arena);
	}
}

static void cuts_a_long_message(void **state)
{
	struct arena *arena = arena_new();
	struct strbuf text = STRBUF_INIT;
	struct plugin_output output;

	(void)state;
	strbuf_addn(&text, 'x', 100000);
	plugin_output_read(strbuf_str(&text), arena, &output);
	assert_int_equal(strlen(output.message), PLUGIN_MESSAGE_MAX);
	assert_true(str_ends(str_of(output.message), "..."));
	strbuf_release(&text);
	arena_free(arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(cuts_a_long_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

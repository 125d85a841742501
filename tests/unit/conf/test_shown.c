#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "conf/shown.h"

static void test_shown(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{"", ""},
		{"plain \xc3\xa9", "plain \xc3\xa9"},
		{"a\nb\t\x1b[1m", "a\\nb\\t\\x1b[1m"},
		{"\xff", "\\xff"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(shown(str_of(cases[i].text)).text, cases[i].shown);
	}
}

static void test_what_is_long_is_cut(void **state)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct shown all, cut;

	(void)state;
	strbuf_addn(&sb, 'x', sizeof(all.text) - 1);
	all = shown(strbuf_str(&sb));
	assert_string_equal(all.text, sb.buf);

	strbuf_addn(&sb, 'x', 1000000);
	cut = shown(strbuf_str(&sb));
	assert_int_equal(strlen(cut.text), sizeof(cut.text) - 1);
	assert_true(str_ends(str_of(cut.text), "xxx..."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_what_is_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

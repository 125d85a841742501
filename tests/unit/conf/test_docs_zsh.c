/*
 * The script for zsh, piece by piece.  What it does is tested in a real one, by tests/docs.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/docs_internal.h"
#include "support/docs_fixture.h"

static void test_pieces(void **state)
{
	// clang-format off
	static const char *const pieces[] = {
		"'check:is it healthy?'\n",
		"'(-t --timeout)'{-t+,--timeout=}'[deadline of one attempt, name lookup, connection and answer included]:DURATION: ' \\\n",
		"'*'--tag='[only checks that have this tag]:TAG: ' \\\n",
		"'*'{-l+,--label=}'[add a label to each result]:KEY=TEXT: ' \\\n",
		"--fail-on='[what makes the exit status 1]:CHOICE:(never warning critical)' \\\n",
		"'(--no-follow)'--follow'[follow redirects]' \\\n",
		"'(--follow)'--no-follow'[not\\: follow redirects]' \\\n",
		"'(-w --watch)'{-w,--watch}'[repeat on the terminal]' \\\n",
		"--tricky='[it'\\''s \"quoted\" \\[brackets\\] $HOME `id` 100% a\\\\b\\: <b> x|y *z* ~ ^ \xe2\x9c\x93]:A\\:B: ' \\\n",
		"'*'--certificate-authority='[certificates to trust instead of the system'\\''s]:FILE:_files' \\\n",
		"'*'{-v,--verbose}'[say more; twice\\: everything]' \\\n",
		"'*:[TARGET...]: _demo_tool_words local\\: http\\:// https\\:// all'\n",
		"'*:FILE...:_files'\n",
		"\t'config/show')\n\t\t_arguments -s -S : \\\n\t\t--format='[how it is shown]:",
		"'*:[KEY...]: '\n\t\t;;\n",
		"\t'config/schema')\n\t\t_arguments -s -S : \\\n\t\t--format='[how it is shown]:CHOICE:(tree)' \\\n\t\t--into='[write the schema there]:",
		"\t'config/'*)\n\t\t_arguments -s -S : \\\n\t\t'(-d --deep)'{-d,--deep}'[look at what it includes, too]' \\\n",
		"curcontext=${curcontext%:*:*}:demo-tool-$line[1]:\n",
	};
	// clang-format on
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_zsh(&docs_fixture_program, &out);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		assert_true(docs_fixture_has(&out, pieces[i]));
	}
	assert_null(strstr(out.buf, "greeting"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

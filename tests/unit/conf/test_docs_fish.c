/*
 * The script for fish, piece by piece.  What it does is tested in a real one, by tests/docs.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/docs_internal.h"
#include "support/docs_fixture.h"

static void test_pieces(void **state)
{
	// clang-format off
	static const char *const pieces[] = {
		"complete -c demo-tool -f\n",
		"complete -c demo-tool -n '__demo_tool_is' -a check -d 'is it healthy?'\n",
		"complete -c demo-tool -n '__demo_tool_is config check show schema' -a show -d 'all that it says'\n",
		"complete -c demo-tool -n '__demo_tool_is config check schema' -l into -r -F -d 'write it there'\n",
		"complete -c demo-tool -n '__demo_tool_does config schema' -l into -r -F -d 'write the schema there'\n",
		"complete -c demo-tool -n '__demo_tool_does config schema' -l format -x -a '\\'tree\\'' -d 'how it is shown'\n",
		"complete -c demo-tool -n '__demo_tool_is config' -s c -l config -r -F -d 'read this configuration'\n",
		"complete -c demo-tool -n '__demo_tool_is check' -a '\\'local:\\' \\'http://\\' \\'https://\\' \\'all\\''\n",
		"complete -c demo-tool -n '__demo_tool_is logs' -F\n",
		"complete -c demo-tool -n '__demo_tool_is check' -s t -l timeout -x -d 'deadline of one attempt, ",
		"-l fail-on -x -a '\\'never\\' \\'warning\\' \\'critical\\'' -d 'what makes the exit status 1'\n",
		"-l follow -d 'follow redirects'\n",
		"-l no-follow -d 'not: follow redirects'\n",
		"-s w -l watch -d 'repeat on the terminal'\n",
		"-l tricky -x -d 'it\\'s \"quoted\" [brackets] $HOME `id` 100% a\\\\b: <b> x|y *z* ~ ^ \xe2\x9c\x93'\n",
		"-s c -l config -r -F -d 'read this configuration'\n",
	};
	// clang-format on
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_fish(&docs_fixture_program, &out);
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

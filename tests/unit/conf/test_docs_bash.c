/*
 * The script for bash, piece by piece.  What it does is tested in a real one, by tests/docs.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/docs_internal.h"
#include "support/docs_fixture.h"

static void test_pieces(void **state)
{
	// clang-format off
	static const char *const pieces[] = {
		"_demo_tool_command()\n{\n",
		"\t'check')\n\t\tflags=('--timeout' '--tag' ",
		" '--follow' '--no-follow' '--watch' ",
		"\t\targuments=('local:' 'http://' 'https://' 'all')\n",
		"\t\t'--timeout' | '-t') mode=any ;;\n",
		"\t\t'--fail-on') mode=words candidates=('never' 'warning' 'critical') ;;\n",
		"\t\t'--config' | '-c') mode=files ;;\n",
		"\t'')\n\t\tflags=('--help' '--version')\n\t\targuments=('check' 'config' 'logs')\n",
		"\t\targuments=('check' 'show' 'schema')\n\t\tcase $3 in\n",
		"\t\t'show') has_verb=1 arguments=() flags=('--format' '--into' '--config' '--timeout' '--verbose' '--help') ;;\n",
		"\t\tcase $3/$2 in\n\t\t'schema/--format') mode=words candidates=('tree') ;;\n\t\tesac\n",
		"flag=${token%%=*}\n",
		"cut=${token%\"${token##*[$breaks]}\"}\n",
		"complete -o bashdefault -o default -F _demo_tool demo-tool\n",
	};
	// clang-format on
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_bash(&docs_fixture_program, &out);
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

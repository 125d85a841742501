/*
 * The reference page: its parts, and nothing that Markdown would obey.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/docs_internal.h"
#include "support/docs_fixture.h"

static void test_pieces(void **state)
{
	// clang-format off
	static const char *const pieces[] = {
		"# Reference\n\n<!-- Generated ",
		"\n## demo-tool check\n\nIs it healthy?\n\n```text\ndemo-tool check [OPTION...] [TARGET...]\n```\n\nAsks each",
		"\n```text\n  http://HOST/    a web page\n  .hidden         \\a line that roff would obey\n```\n",
		"\n| Options | |\n|---|---|\n"
		"| `-t`, `--timeout DURATION` | deadline of one attempt, name lookup, connection and answer included (default 10s; 1ms to 1h) |\n",
		"\n| `--fail-on never\\|warning\\|critical` | what makes the exit status 1 (default critical) |\n",
		"\n| `--follow`, `--no-follow` | follow redirects (on by default) |\n",
		"\n| `--trace` | log each step |\n",
		"\n| `--tricky A:B` | it's \"quoted\" [brackets] \\$HOME \\`id\\` 100% a\\\\b: \\<b> x\\|y \\*z\\* \\~ ^ \xe2\x9c\x93 (default \"\") |\n",
		"\n| Examples | |\n|---|---|\n| `demo-tool check web-01 'it is' --timeout 10 --output json` | two servers, for a program |\n| `demo-tool check local: \\| grep -v ok` | this machine |\n",
		"\n| `--format table\\|tree` | how it is shown (default table; fewer with some verbs; with show, schema) |\n| `--into FILE` | write it there (with show, schema) |\n",
		"\n### demo-tool config show\n\nAll that it says.\n\n```text\ndemo-tool config show [OPTION...] [KEY...]\n```\n\n"
		"Every value, or those that are named.\n\nSecrets are masked.\n\nOptions: `--format`, `--into`.\n\n"
		"| Examples | |\n|---|---|\n| `demo-tool config show --format tree` | with what holds what |\n",
		"\n## Configuration\n\nThe configuration is YAML",
		"stands for the environment variable NAME",
		"\n### Top level\n\n| key | type | |\n|---|---|---|\n| `store` | path | the file that keeps results (default /var/lib/demo-tool/state.db) |\n",
		"\n### checks[] of kind http\n\nAsks a web server.\n\n| key | type | |\n|---|---|---|\n| `http` | string | the URL to ask |\n",
		"\n### alerts.routes[]\n\nWho is told of what. A list of mappings; a single route needs no list.\n\n| key | type | |\n|---|---|---|\n| `match` | map of string |",
		"\n### Example\n\n```yaml\ninterval: 10s\n",
		"\n## Values of http\n\nWhat thresholds judge.\n\n| name | |\n|---|---|\n| `total_seconds` | all of it; warning > 5 |\n",
		"\n## Exit codes\n\n| code | |\n|---|---|\n| `0` | everything checked is healthy |\n",
		"\n## Files\n\n| file | |\n|---|---|\n| `/etc/demo-tool/config.yaml` | the configuration of the machine |\n",
	};
	// clang-format on
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_reference(&docs_fixture_program, &out);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		assert_true(docs_fixture_has(&out, pieces[i]));
	}
	assert_null(strstr(out.buf, "never a flag"));
	assert_null(strstr(out.buf, "never a key"));
}

static void test_markup(void **state)
{
	static const struct {
		const char *help;
		const char *cell;
	} cases[] = {
		{"a snake_case_name", "| a snake_case_name |"},
		{"_emphasis_ of __some__", "| \\_emphasis\\_ of \\_\\_some\\_\\_ |"},
		{"[a link](http://x/)", "| [a link\\](http://x/) |"},
		{"[no link] (x)", "| [no link] (x) |"},
		{"a & b &amp; c", "| a \\& b \\&amp; c |"},
		{"two\nlines", "| two lines |"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct option_row rows[] = {
			{.name = "a", .type = &option_bool, .help = cases[i].help}, {0}};
		const struct option_set sets[] = {{"Options", rows, NULL}, {0}};
		const struct doc_command command = {.name = "c", .summary = "s", .sets = sets};
		const struct doc_command *const commands[] = {&command, NULL};
		const struct doc_program program = {
			.name = "p", .commands = commands, .config = &rows[1]};
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

		docs_add_reference(&program, &out);
		assert_true(docs_fixture_has(&out, cases[i].cell));
	}
}

static void test_code(void **state)
{
	static const struct doc_pair files[] = {{"a|b", "x"}, {"`tick`", "x"}, {"a`b", "x"}, {0}};
	static const struct option_row no_rows[] = {{0}};
	static const struct doc_command *const no_commands[] = {NULL};
	const struct doc_program program = {
		.name = "p", .commands = no_commands, .config = no_rows, .files = files};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_reference(&program, &out);
	assert_true(
		docs_fixture_has(&out, "| `a\\|b` | x |\n| `` `tick` `` | x |\n| ``a`b`` | x |\n"));
	assert_null(strstr(out.buf, "## Environment"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_markup),
		cmocka_unit_test(test_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

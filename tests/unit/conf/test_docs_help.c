/*
 * --help word for word, at several widths.
 */
#include "base/alloc.h"
#include "base/utf8.h"
#include "cmocka_all.h"
#include "conf/docs_internal.h"
#include "support/docs_fixture.h"

// clang-format off
static const char check_help[] =
	"demo-tool check: is it healthy?\n"
	"\n"
	"Usage: demo-tool check [OPTION...] [TARGET...]\n"
	"\n"
	"Asks each target, all at once, and says what it found. A target is a URL, or a\n"
	"name from the configuration.\n"
	"\n"
	"  http://HOST/    a web page\n"
	"  .hidden         \\a line that roff would obey\n"
	"\n"
	"'Quoted' paragraphs begin with what roff takes for a macro. So does one.\n"
	"\n"
	"Options:\n"
	"  -t, --timeout DURATION  deadline of one attempt, name lookup, connection and\n"
	"                          answer included (default 10s; 1ms to 1h)\n"
	"      --tag TAG           only checks that have this tag (repeatable)\n"
	"  -l, --label KEY=TEXT    add a label to each result (repeatable)\n"
	"      --fail-on never|warning|critical\n"
	"                          what makes the exit status 1 (default critical)\n"
	"  -o, --output FORMAT     how results are written (one of text, json, jsonl,\n"
	"                          csv, junit, nagios, prometheus; default text)\n"
	"      --[no-]follow       follow redirects (on by default)\n"
	"  -w, --watch             repeat on the terminal\n"
	"      --retries NUMBER    attempts before a target is called down (default 3; at\n"
	"                          least 1)\n"
	"      --body-max SIZE     most that is read of a body (default 64k; 1000 to 4M;\n"
	"                          since 0.2)\n"
	"      --ratio NUMBER      share that must be well (default 0.5; 0 to 1)\n"
	"      --tricky A:B        it's \"quoted\" [brackets] $HOME `id` 100% a\\b: <b> x|y\n"
	"                          *z* ~ ^ \xe2\x9c\x93 (default \"\")\n"
	"      --token TEXT        what the server asks for (required)\n"
	"      --certificate-authority FILE\n"
	"                          certificates to trust instead of the system's\n"
	"                          (repeatable)\n"
	"\n"
	"Common options:\n"
	"  -c, --config FILE       read this configuration\n"
	"  -v, --verbose           say more; twice: everything\n"
	"  -h, --help              explain and exit\n"
	"\n"
	"Examples:\n"
	"  demo-tool check web-01 'it is' --timeout 10 --output json\n"
	"      two servers, for a program\n"
	"  demo-tool check local: | grep -v ok\n"
	"      this machine\n";

static const char config_help[] =
	"demo-tool config: looks at the configuration\n"
	"\n"
	"Usage: demo-tool config [OPTION...] check|show|schema\n"
	"\n"
	"Verbs:\n"
	"  check   is it right?\n"
	"  show    all that it says\n"
	"  schema  what it can say\n"
	"\n"
	"\"demo-tool config VERB --help\" explains a verb, with its flags.\n"
	"\n"
	"How to look:\n"
	"  -d, --deep              look at what it includes, too\n"
	"\n"
	"Common options:\n"
	"  -c, --config FILE       read this configuration\n"
	"      --timeout DURATION  hidden by the command's own\n"
	"  -v, --verbose           say more; twice: everything\n"
	"  -h, --help              explain and exit\n";

static const char show_help[] =
	"demo-tool config show: all that it says\n"
	"\n"
	"Usage: demo-tool config show [OPTION...] [KEY...]\n"
	"\n"
	"Every value, or those that are named.\n"
	"\n"
	"Secrets are masked.\n"
	"\n"
	"How to look:\n"
	"      --format table|tree  how it is shown (default table)\n"
	"      --into FILE          write it there\n"
	"\n"
	"Example:\n"
	"  demo-tool config show --format tree\n"
	"      with what holds what\n"
	"\n"
	"As everywhere: --config --timeout --verbose --help (see demo-tool config\n"
	"--help).\n";

static const char schema_help[] =
	"demo-tool config schema: what it can say\n"
	"\n"
	"Usage: demo-tool config schema [OPTION...]\n"
	"\n"
	"How to look:\n"
	"      --format tree  how it is shown\n"
	"      --into FILE    write the schema there\n"
	"\n"
	"As everywhere: --config --timeout --verbose --help (see demo-tool config\n"
	"--help).\n";

static const char program_help[] =
	"demo-tool 0.1.0: keeps demonstrations up\n"
	"\n"
	"Usage: demo-tool COMMAND [OPTION...] [ARGUMENT...]\n"
	"\n"
	"One program for people who demonstrate. It has \"quotes\", and a path C:\\demo that\n"
	"roff would read as an escape.\n"
	"\n"
	"Commands:\n"
	"  check   is it healthy?\n"
	"  config  looks at the configuration\n"
	"  logs    counts lines\n"
	"\n"
	"Examples:\n"
	"  demo-tool check web-01 'it is' --timeout 10 --output json\n"
	"      two servers, for a program\n"
	"\n"
	"Exit codes:\n"
	"  0  everything checked is healthy\n"
	"  1  something is unhealthy\n"
	"  2  wrong usage or configuration; nothing was done\n"
	"\n"
	"\"demo-tool COMMAND --help\" explains a command, \"man demo-tool\" everything.\n";
// clang-format on

static void test_command_help(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_command_help(&docs_fixture_program, docs_fixture_program.commands[0], 0, &out);
	assert_string_equal(out.buf, check_help);
}

static void test_help_of_verbs(void **state)
{
	const struct doc_command *config = docs_fixture_program.commands[1];
	const struct doc_verb_place show = {
		&docs_fixture_program, config, doc_verb_find(config, "show")};
	const struct doc_verb_place schema = {
		&docs_fixture_program, config, doc_verb_find(config, "schema")};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_command_help(&docs_fixture_program, config, 0, &out);
	assert_string_equal(out.buf, config_help);
	strbuf_clear(&out);
	docs_add_verb_help(&show, 0, &out);
	assert_string_equal(out.buf, show_help);
	strbuf_clear(&out);
	docs_add_verb_help(&schema, 0, &out);
	assert_string_equal(out.buf, schema_help);
}

static void test_program_help(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_program_help(&docs_fixture_program, 80, &out);
	assert_string_equal(out.buf, program_help);
}

/* The widest line that is made of words, so that it could have been broken. */
static int widest_line(const struct strbuf *out)
{
	struct str rest = strbuf_str(out);
	struct str line;
	int widest = 0;

	while (str_line(&rest, &line)) {
		bool is_example =
			str_starts(line, "  demo-tool ") || str_starts(line, "demo-tool ");
		bool is_verbatim = str_starts(line, "  http") || str_starts(line, "  .hidden");

		if (!is_example && !is_verbatim && utf8_str_width(line) > widest) {
			widest = utf8_str_width(line);
		}
		assert_false(str_ends(line, " "));
	}
	return widest;
}

static void test_widths(void **state)
{
	static const struct {
		int width;
		int at_most, at_least;
	} cases[] = {
		{0, 80, 70},
		{80, 80, 70},
		{60, 60, 50},
		{1, 40, 30}, /* not narrower */
		{40, 40, 30},
		{100, 100, 90},
		{500, 100, 90}, /* not wider */
		{-1, 80, 70},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

		docs_add_program_help(&docs_fixture_program, cases[i].width, &out);
		docs_add_command_help(&docs_fixture_program, docs_fixture_program.commands[0],
			cases[i].width, &out);
		assert_in_range(widest_line(&out), cases[i].at_least, cases[i].at_most);
	}
}

static void test_a_long_word_is_kept_whole(void **state)
{
	static const struct option_row rows[] = {
		{.name = "a",
			.type = &option_bool,
			.help = "see "
				"https://example.com/a/very/long/way/to/a/page/that/is/not/broken"},
		{0},
	};
	static const struct option_set sets[] = {{"Options", rows, NULL}, {0}};
	static const struct doc_command command = {.name = "c", .summary = "s", .sets = sets};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_command_help(&docs_fixture_program, &command, 40, &out);
	assert_string_equal(out.buf,
		"demo-tool c: s\n"
		"\n"
		"Usage: demo-tool c [OPTION...]\n"
		"\n"
		"Options:\n"
		"      --a  see\n"
		"           https://example.com/a/very/long/way/to/a/page/that/is/not/broken\n");
}

static void test_a_set_with_nothing_to_show_has_no_heading(void **state)
{
	static const struct option_row hidden[] = {
		{.name = "a", .type = &option_bool, .help = "a", .flags = OPTION_HIDDEN},
		{0},
	};
	static const struct option_set sets[] = {{"Secret options", hidden, NULL}, {0}};
	static const struct doc_command command = {
		.name = "c", .arguments = "[A]", .summary = "s", .sets = sets};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_command_help(&docs_fixture_program, &command, 80, &out);
	assert_string_equal(out.buf, "demo-tool c: s\n\nUsage: demo-tool c [OPTION...] [A]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_help),
		cmocka_unit_test(test_help_of_verbs),
		cmocka_unit_test(test_program_help),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_a_long_word_is_kept_whole),
		cmocka_unit_test(test_a_set_with_nothing_to_show_has_no_heading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Man pages: their parts, and nothing that roff would obey.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/docs_internal.h"
#include "support/docs_fixture.h"

static void has_all(const struct strbuf *out, const char *const *pieces)
{
	for (; *pieces; pieces++) {
		assert_true(docs_fixture_has(out, *pieces));
	}
}

static void test_program_page(void **state)
{
	static const char *const pieces[] = {
		".TH DEMO\\-TOOL 1 \"2025-07-01\" \"demo\\-tool 0.1.0\" \"User Commands\"\n"
		".SH NAME\n"
		"demo\\-tool \\- keeps demonstrations up\n"
		".SH SYNOPSIS\n"
		"\\fBdemo\\-tool\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n"
		".SH DESCRIPTION\n"
		"One program for people who demonstrate.\n"
		"It has \\(dqquotes\\(dq, and a path C:\\edemo that roff would read as an escape.\n"
		".SH COMMANDS\n"
		".TP\n"
		"\\fBcheck\\fR [\\fITARGET\\fR...]\n"
		"Is it healthy?\n",
		".TP\n"
		"\\fBconfig\\fR \\fBcheck\\fR|\\fBshow\\fR|\\fBschema\\fR\n"
		"Looks at the configuration.\n",
		".SH \"EXIT STATUS\"\n.TP\n\\fB0\\fR\nEverything checked is healthy.\n",
		".SH \"ENVIRONMENT\"\n.TP\n\\fBDEMO_CONFIG\\fR\n",
		".SH \"FILES\"\n.TP\n\\fB/etc/demo\\-tool/config.yaml\\fR\n",
		".SH SEE ALSO\n"
		".BR demo\\-tool\\-check (1),\n"
		".BR demo\\-tool\\-config (1),\n"
		".BR demo\\-tool\\-logs (1),\n"
		".BR demo\\-tool.yaml (5)\n",
		NULL,
	};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_man(&docs_fixture_program, NULL, &out);
	has_all(&out, pieces);
}

static void test_command_page(void **state)
{
	static const char *const pieces[] = {
		".TH DEMO\\-TOOL\\-CHECK 1 ",
		"demo\\-tool\\-check \\- is it healthy?\n",
		"\\fBdemo\\-tool\\fR \\fBcheck\\fR [\\fIOPTION\\fR...] [\\fITARGET\\fR...]\n",
		".PP\n"
		".EX\n"
		"  http://HOST/    a web page\n"
		"  .hidden         \\ea line that roff would obey\n"
		".EE\n"
		".PP\n"
		"\\(aqQuoted\\(aq paragraphs begin with what roff takes for a macro.\n"
		"So does one.\n",
		".SH OPTIONS\n"
		".SS \"Options\"\n"
		".TP\n"
		"\\fB\\-t\\fR, \\fB\\-\\-timeout\\fR \\fIDURATION\\fR\n"
		"Deadline of one attempt, name lookup, connection and answer included.\n"
		"Default 10s; 1ms to 1h.\n",
		"\\fB\\-\\-follow\\fR, \\fB\\-\\-no\\-follow\\fR\nFollow redirects.\nOn by "
		"default.\n",
		"\\fB\\-\\-attempts\\fR \\fINUMBER\\fR\n"
		"The old name.\n"
		"At least 1; deprecated, use \\-\\-retries.\n",
		"It\\(aqs \\(dqquoted\\(dq [brackets] $HOME \\(gaid\\(ga 100% a\\eb: <b> x|y *z* "
		"\\(ti\n"
		"\\(ha \\[u2713].\n",
		"\\fB\\-\\-trace\\fR\nLog each step.\n", /* hidden, but not here */
		".SS \"Common options\"\n",
		"\\fBdemo\\-tool check local: | grep \\-v ok\\fR\nThis machine.\n",
		".SH SEE ALSO\n.BR demo\\-tool (1),\n.BR demo\\-tool.yaml (5)\n",
		NULL,
	};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_man(&docs_fixture_program, docs_fixture_program.commands[0], &out);
	has_all(&out, pieces);
	assert_null(strstr(out.buf, "greeting"));
	assert_null(strstr(out.buf, "Hidden by the command"));
}

static void test_a_command_without_a_description_has_its_summary(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_man(&docs_fixture_program, docs_fixture_program.commands[2], &out);
	assert_true(docs_fixture_has(&out, ".SH DESCRIPTION\nCounts lines.\n.SH OPTIONS\n"));
}

static void test_verbs(void **state)
{
	static const char *const pieces[] = {
		".SH VERBS\n"
		".TP\n"
		"\\fBcheck\\fR\n"
		"Is it right?\n"
		".IP\n"
		"Options: \\-\\-deep.\n"
		".TP\n"
		"\\fBshow\\fR [\\fIKEY\\fR...]\n"
		"All that it says.\n"
		".IP\n"
		"Every value, or those that are named.\n"
		".IP\n"
		"Secrets are masked.\n"
		".IP\n"
		"Options: \\-\\-format, \\-\\-into.\n"
		".TP\n"
		"\\fBschema\\fR\n"
		"What it can say.\n"
		".IP\n"
		"Options: \\-\\-format=tree, \\-\\-into.\n",
		".TP\n"
		"\\fB\\-\\-into\\fR \\fIFILE\\fR\n"
		"Write it there.\n"
		"With show, schema.\n",
		".SH EXAMPLES\n.TP\n\\fBdemo\\-tool config show \\-\\-format tree\\fR\n",
		NULL,
	};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_man(&docs_fixture_program, docs_fixture_program.commands[1], &out);
	has_all(&out, pieces);
}

static void test_config_page(void **state)
{
	static const char *const pieces[] = {
		".TH DEMO\\-TOOL.YAML 5 \"2025-07-01\" \"demo\\-tool 0.1.0\" \"File Formats\"\n",
		"demo\\-tool.yaml \\- the configuration of demo\\-tool\n",
		".SH KEYS\n.SS \"Top level\"\n.TP\n\\fBstore:\\fR \\fIpath\\fR\n",
		"\\fBssh:\\fR \\fIsection\\fR\nHow servers are reached.\nSee \\fBssh\\fR below.\n",
		".SS \"ssh.jump\"\nThe host that leads to all others.\n",
		"See \\fBchecks[]\\fR below.\n",
		".SS \"checks[] of kind http\"\nAsks a web server.\n",
		"\\fBroutes:\\fR \\fIlist of route\\fR\nWho is told of what.\nSee "
		"\\fBalerts.routes[]\\fR below.\n",
		".SS \"alerts.routes[]\"\nWho is told of what.\nA list of mappings; a single route "
		"needs no list.\n",
		"\\fBstatus:\\fR \\fIlist of integer\\fR\n"
		"Status codes that are well.\n"
		"Default 200, 204; 100 to 599.\n",
		".SH \"VALUES OF HTTP\"\n"
		"What thresholds judge.\n"
		".TP\n"
		"\\fBtotal_seconds\\fR\n"
		"All of it; warning > 5.\n",
		".SH EXAMPLES\n.EX\ninterval: 10s\ntoken: ${TOKEN}\n",
		"  \\- exec: [check_load, \\-w, \\(dq5\\(dq]\n.EE\n",
		".SH SEE ALSO\n.BR demo\\-tool (1),\n.BR demo\\-tool\\-check (1),\n",
		NULL,
	};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_config_man(&docs_fixture_program, &out);
	has_all(&out, pieces);
	assert_null(strstr(out.buf, "only_flag"));
}

static void test_what_roff_would_obey(void **state)
{
	static const struct {
		const char *text;
		const char *roff;
	} cases[] = {
		{".ig\n.so /etc/passwd\nend", ".SH DESCRIPTION\n\\&.ig .so /etc/passwd end\n"},
		{"'br", ".SH DESCRIPTION\n\\(aqbr\n"},
		{"\\*[name] \\f(CW", ".SH DESCRIPTION\n\\e*[name] \\ef(CW\n"},
		{" .ig\n 'br\n \\fB", ".SH DESCRIPTION\n.EX\n .ig\n \\(aqbr\n \\efB\n.EE\n"},
		{"One. Two! \"Three?\" (Four.) e.g five",
			"One.\nTwo!\n\\(dqThree?\\(dq\n(Four.)\ne.g five\n"},
		{"bad \xff\xc3 utf-8 \xf0\x9f\x98\x80",
			"bad \\[uFFFD]\\[uFFFD] utf\\-8 \\[u1F600]\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct option_set no_sets[] = {{0}};
		const struct doc_command command = {
			.name = "c", .summary = "s", .description = cases[i].text, .sets = no_sets};
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

		docs_add_man(&docs_fixture_program, &command, &out);
		assert_true(docs_fixture_has(&out, cases[i].roff));
	}
}

static void test_source_lines_are_short(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct str rest;
	struct str line;

	(void)state;
	docs_add_man(&docs_fixture_program, docs_fixture_program.commands[0], &out);
	docs_add_config_man(&docs_fixture_program, &out);
	rest = strbuf_str(&out);
	while (str_line(&rest, &line)) {
		assert_true(line.len > 0 && line.len <= 80);
		assert_false(str_ends(line, " "));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program_page),
		cmocka_unit_test(test_command_page),
		cmocka_unit_test(test_a_command_without_a_description_has_its_summary),
		cmocka_unit_test(test_verbs),
		cmocka_unit_test(test_config_page),
		cmocka_unit_test(test_what_roff_would_obey),
		cmocka_unit_test(test_source_lines_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

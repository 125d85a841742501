/*
 * Results for people.
 */
#include "fleet/results_fixture.h"

static void test_each_and_the_summary(void **state)
{
	static const struct run_style plain = {0}, folded = {.is_folded = true};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct results_fixture f;

	(void)state;
	results_fixture_init(&f);
	run_results_add_text(&f.results, &plain, &out);
	assert_string_equal(out.buf,
		"✓ web-01\n"
		"✗ web-02: exit 3\n"
		"✗ web-03: unreachable: no <key>\n"
		"- db-01: not started: the run was interrupted\n"
		"1/4 servers responded successfully (1 exit, 1 unreachable, 1 not started)\n");
	f.items[2].outcome = outcome_exit(0);
	strbuf_clear(&out);
	run_results_add_text(&f.results, &folded, &out);
	assert_int_equal(str_find(strbuf_str(&out), '\n', 0), strlen("✓ web-[01,03]"));
	results_fixture_release(&f);
}

/* Who left something behind is told of, and shares no line with those who did not. */
static void test_what_goes_on(void **state)
{
	static const struct run_style plain = {0}, folded = {.is_folded = true};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct results_fixture f;

	(void)state;
	results_fixture_init(&f);
	f.items[2].outcome = outcome_exit(0);
	f.items[1].was_left_open = f.items[2].was_left_open = true;
	run_results_add_text(&f.results, &plain, &out);
	assert_non_null(strstr(out.buf, "✓ web-01\n"
					"✗ web-02: exit 3 (a child goes on)\n"
					"✓ web-03 (a child goes on)\n"));
	strbuf_clear(&out);
	f.items[1].outcome = outcome_exit(0);
	run_results_add_text(&f.results, &folded, &out);
	assert_non_null(strstr(out.buf, "✓ web-01\n✓ web-[02-03] (a child goes on)\n"));
	results_fixture_release(&f);
}

/* What was proven, and that it was all. */
static void test_a_rehearsal(void **state)
{
	static const struct {
		bool has_sudo, has_directory;
		const char *end;
	} cases[] = {
		{false, false, "\n1/4 servers: logged in; nothing was run (1 exit, "},
		{true, false, "\n1/4 servers: logged in, sudo proven; nothing was run (1 exit, "},
		{true, true,
			"\n1/4 servers: logged in, sudo proven, directory entered; nothing was run "
			"("},
	};
	static const struct run_style plain = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
		struct results_fixture f;

		results_fixture_init(&f);
		f.results.is_rehearsal = true;
		f.results.has_sudo = cases[i].has_sudo;
		f.results.has_directory = cases[i].has_directory;
		run_results_add_text(&f.results, &plain, &out);
		assert_non_null(strstr(out.buf, cases[i].end));
		results_fixture_release(&f);
	}
}

static void test_folded_outputs(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct results_fixture f;

	(void)state;
	results_fixture_init(&f);
	fixture_write(&f, 3, "up 3 days\n", "");
	f.items[3].outcome = outcome_exit(0);
	run_results_add_folded(&f.results, false, false, &out);
	assert_string_equal(out.buf, "web-01,db-01 (2 servers):\n"
				     "  up 3 days\n"
				     "web-02 (1 server), exit 3:\n"
				     "  up \\xff\\x01 \"x\",\n"
				     "  stderr: oops\n");
	results_fixture_release(&f);
}

static void test_live_lines(void **state)
{
	static const struct {
		bool has_color;
		size_t host;
		enum ssh_stream stream;
		const char *line;
		enum line_end end;
		const char *expected;
	} cases[] = {
		{false, 0, SSH_STREAM_STDOUT, "hi", LINE_END, "web-01: hi\n"},
		{false, 0, SSH_STREAM_STDOUT, "", LINE_END, "web-01:\n"},
		{false, 3, SSH_STREAM_STDERR, "a\x1b[2J", LINE_OPEN,
			"web-01 (stderr): a\\x1b[2J\n"},
		{false, 0, SSH_STREAM_STDOUT, "long", LINE_SPLIT, "web-01: long...\n"},
		{true, 0, SSH_STREAM_STDOUT, "hi", LINE_END, "\x1b[36mweb-01\x1b[0m: hi\n"},
		{true, 5, SSH_STREAM_STDOUT, "hi", LINE_END, "\x1b[36mweb-01\x1b[0m: hi\n"},
		{true, 4, SSH_STREAM_STDERR, "hi", LINE_END,
			"\x1b[34mweb-01\x1b[0m \x1b[31m(stderr)\x1b[0m: hi\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

		run_add_live_line(&out, cases[i].has_color, cases[i].host, "web-01",
			cases[i].stream, str_of(cases[i].line), cases[i].end);
		assert_string_equal(out.buf, cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_and_the_summary),
		cmocka_unit_test(test_what_goes_on),
		cmocka_unit_test(test_a_rehearsal),
		cmocka_unit_test(test_folded_outputs),
		cmocka_unit_test(test_live_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

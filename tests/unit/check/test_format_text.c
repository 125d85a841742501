/*
 * The table for people: what it says at each level of detail, at each width, in colour.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "check/format_kinds.h"
#include "check/report_fixture.h"
#include "cmocka_all.h"

#define OK_MARK "\xe2\x9c\x93"
#define CRITICAL_MARK "\xe2\x9c\x97"
#define ELLIPSIS "\xe2\x80\xa6"

static void assert_text(struct report_fixture *f, const char *expected)
{
	char *text = report_fixture_write(f, &format_text);

	assert_string_equal(text, expected);
	free(text);
}

static void a_line_each_and_a_summary(void **state)
{
	struct report_fixture f;

	(void)state;
	report_fixture_init(&f);
	// clang-format off
	assert_text(&f,
		OK_MARK       "  web                           ok        status 200 in 12 ms, 1.2 KiB\n"
		"!"           "  disks                         warning   disk_used_percent[/] 91.5 % (warning above 80.0 %); up 3 days\n"
		CRITICAL_MARK "  db                            critical  connection refused by 192.0.2.7:5432 (attempt 3)\n"
		"?"           "  late                          unknown   not started: interrupted\n"
		CRITICAL_MARK "  a\"b',c|d=e;\\n\\x1b[31m<&>\\xff  critical  the body is 'a|b \"c\" <d> & ]]>, \\x1b[0m'\n"
		"2 of 5 healthy in 1.235 s: 1 ok, 1 warning, 2 critical, 1 unknown\n");
	// clang-format on
	report_fixture_release(&f);
}

static void the_summary_counts_what_is_healthy(void **state)
{
	static const struct {
		enum report_fixture_outcome first;
		size_t count;
		bool is_fail_on_warning;
		const char *summary; /* NULL: none */
	} cases[] = {
		{REPORT_OK, 0, false, NULL},
		{REPORT_OK, 1, false, NULL},
		{REPORT_OK, 2, false, "2 of 2 healthy in 1.235 s: 1 ok, 1 warning\n"},
		{REPORT_OK, 2, true, "1 of 2 healthy in 1.235 s: 1 ok, 1 warning\n"},
		{REPORT_CRITICAL, 2, false, "0 of 2 healthy in 1.235 s: 1 critical, 1 unknown\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct report_fixture f;
		char *text;

		report_fixture_init(&f);
		f.report.is_fail_on_warning = cases[i].is_fail_on_warning;
		report_fixture_take(&f, cases[i].first, cases[i].count);
		text = report_fixture_write(&f, &format_text);
		if (cases[i].summary) {
			assert_true(str_ends(str_of(text), cases[i].summary));
		} else {
			assert_null(strstr(text, "healthy"));
		}
		free(text);
		report_fixture_release(&f);
	}
}

static void all_is_well_is_all_there_is_to_say(void **state)
{
	struct report_fixture f;
	char *text;

	(void)state;
	report_fixture_init(&f);
	f.outcomes[REPORT_WARNING].result.state = CHECK_OK;
	report_fixture_take(&f, REPORT_OK, 2);
	text = report_fixture_write(&f, &format_text);
	assert_true(str_ends(str_of(text), "\n2 of 2 healthy in 1.235 s\n"));
	free(text);
	report_fixture_release(&f);
}

static void verbose_shows_the_evidence_of_what_is_not_well(void **state)
{
	struct report_fixture f;

	(void)state;
	report_fixture_init(&f);
	f.report.verbose = 1;
	report_fixture_take(&f, REPORT_OK, 3);
	// clang-format off
	assert_text(&f,
		OK_MARK       "  web    ok        status 200 in 12 ms, 1.2 KiB\n"
		"!"           "  disks  warning   disk_used_percent[/] 91.5 % (warning above 80.0 %); up 3 days\n"
		CRITICAL_MARK "  db     critical  connection refused by 192.0.2.7:5432 (attempt 3)\n"
		"    first line\n"
		"    second line\n"
		"    address: 192.0.2.7:5432\n"
		"    certificates: CN=db-01\n"
		"    certificates: CN=our root\n"
		"    steps: only one\n"
		"    command: nc -v -w 10 db-01 5432\n"
		"    runbook: https://wiki.example.com/db\n"
		"2 of 3 healthy in 1.235 s: 1 ok, 1 warning, 1 critical\n");
	// clang-format on
	report_fixture_release(&f);
}

static void twice_verbose_shows_everything(void **state)
{
	static const struct {
		enum report_fixture_outcome outcome;
		const char *text;
	} cases[] = {
		{REPORT_OK, OK_MARK "  web  ok  status 200 in 12 ms, 1.2 KiB\n"
				    "    address: 192.0.2.1:443\n"
				    "    total_seconds = 12 us\n"
				    "    size_bytes = 465.7 GiB\n"
				    "    certificate_days = 41 days\n"
				    "    is_fresh = yes\n"
				    "    requests = 12345678901\n"
				    "    protocol = HTTP/2\n"
				    "    lost = nan\n"},
		{REPORT_HOSTILE, CRITICAL_MARK
			"  a\"b',c|d=e;\\n\\x1b[31m<&>\\xff  critical  the body is 'a|b \"c\" "
			"<d> & ]]>, \\x1b[0m'\n"
			"    body: <html>\\r\\n\\x1b]0;owned\\x07\\xff\n"
			"    size_bytes[it's|a=\"b\"\\n\\] = 1 B\n"
			"    rate[\\xff] = -0.5\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct report_fixture f;

		report_fixture_init(&f);
		f.report.verbose = 2;
		report_fixture_take(&f, cases[i].outcome, 1);
		assert_text(&f, cases[i].text);
		report_fixture_release(&f);
	}
}

static void a_narrow_terminal_wraps(void **state)
{
	struct report_fixture f;

	(void)state;
	report_fixture_init(&f);
	f.report.width = 50;
	// clang-format off
	assert_text(&f,
		OK_MARK       "  web              ok        status 200 in 12 ms,\n"
		"                              1.2 KiB\n"
		"!"           "  disks            warning   disk_used_percent[/]\n"
		"                              91.5 % (warning\n"
		"                              above 80.0 %); up 3\n"
		"                              days\n"
		CRITICAL_MARK "  db               critical  connection refused\n"
		"                              by 192.0.2.7:5432\n"
		"                              (attempt 3)\n"
		"?"           "  late             unknown   not started:\n"
		"                              interrupted\n"
		CRITICAL_MARK "  a\"b',c|d=e;\\n\\" ELLIPSIS "  critical  the body is 'a|b \"c\"\n"
		"                              <d> & ]]>, \\x1b[0m'\n"
		"2 of 5 healthy in 1.235 s: 1 ok, 1 warning, 2 critical, 1 unknown\n");
	// clang-format on
	report_fixture_release(&f);
}

static void colours_make_failures_stand_out(void **state)
{
	struct report_fixture f;

	(void)state;
	report_fixture_init(&f);
	f.report.has_color = true;
	report_fixture_take(&f, REPORT_OK, 4);
	// clang-format off
	assert_text(&f,
		"\x1b[32m" OK_MARK       "\x1b[0m  \x1b[1mweb\x1b[0m    \x1b[32mok\x1b[0m        status 200 in 12 ms, 1.2 KiB\n"
		"\x1b[33m!"              "\x1b[0m  \x1b[1mdisks\x1b[0m  \x1b[33mwarning\x1b[0m"
		"   disk_used_percent[/] 91.5 % (warning above 80.0 %); up 3 days\n"
		"\x1b[31m" CRITICAL_MARK "\x1b[0m  \x1b[1mdb\x1b[0m     \x1b[31mcritical\x1b[0m"
		"  connection refused by 192.0.2.7:5432 (attempt 3)\n"
		"\x1b[33m?"              "\x1b[0m  \x1b[1mlate\x1b[0m   \x1b[33munknown\x1b[0m   not started: interrupted\n"
		"\x1b[31m2 of 4 healthy in 1.235 s: 1 ok, 1 warning, 1 critical, 1 unknown\x1b[0m\n");
	// clang-format on
	report_fixture_release(&f);
}

/* Without colours, nothing but text and line breaks, whatever the results hold. */
static void nothing_acts_on_a_terminal(void **state)
{
	struct report_fixture f;

	(void)state;
	for (int width = 0; width <= 120; width += 20) {
		char *text;

		report_fixture_init(&f);
		f.report.verbose = 2;
		f.report.width = width;
		text = report_fixture_write(&f, &format_text);
		assert_true(utf8_is_valid(str_of(text)));
		for (const char *c = text; *c; c++) {
			assert_true((unsigned char)*c >= 0x20 || *c == '\n');
		}
		free(text);
		report_fixture_release(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_each_and_a_summary),
		cmocka_unit_test(the_summary_counts_what_is_healthy),
		cmocka_unit_test(all_is_well_is_all_there_is_to_say),
		cmocka_unit_test(verbose_shows_the_evidence_of_what_is_not_well),
		cmocka_unit_test(twice_verbose_shows_everything),
		cmocka_unit_test(a_narrow_terminal_wraps),
		cmocka_unit_test(colours_make_failures_stand_out),
		cmocka_unit_test(nothing_acts_on_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Output for Nagios: lines, perfdata, exit codes.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "check/format_kinds.h"
#include "check/report_fixture.h"
#include "cmocka_all.h"

static void assert_nagios(struct report_fixture *f, const char *expected)
{
	char *text = report_fixture_write(f, &format_nagios);

	assert_string_equal(text, expected);
	free(text);
}

static void one_check_is_one_line(void **state)
{
	// clang-format off
	static const struct {
		enum report_fixture_outcome outcome;
		const char *text;
		int exit_code;
	} cases[] = {
		{REPORT_OK,
		 "OK: status 200 in 12 ms, 1.2 KiB | 'total_seconds'=0.0000123s;~:0.5;~:1;;"
		 " 'size_bytes'=500000000000B;~:1099511627776;;;"
		 " 'certificate_days'=41.5;14:;3:;; 'is_fresh'=1;;;; 'requests'=12345678901c;;;;\n", 0},
		{REPORT_WARNING,
		 "WARNING: disk_used_percent[/] 91.5 % (warning above 80.0 %); up 3 days |"
		 " 'disk_used_percent[/]'=91.5%;~:80;@95:100;0;100 'disk_used_percent[/var]'=41%;~:80;10:95;;\n", 1},
		{REPORT_CRITICAL, "CRITICAL: connection refused by 192.0.2.7:5432\n", 2},
		{REPORT_UNKNOWN, "UNKNOWN: not started: interrupted\n", 3},
		{REPORT_HOSTILE,
		 "CRITICAL: the body is 'a/b \"c\" <d> & ]]>, \\x1b[0m' |"
		 " 'size_bytes[it''s_a_\"b\"\\n\\]'=1B;;;; 'rate[\\xff]'=-0.5;;;;\n", 2},
	};
	// clang-format on

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct report_fixture f;

		report_fixture_init(&f);
		report_fixture_take(&f, cases[i].outcome, 1);
		assert_nagios(&f, cases[i].text);
		assert_int_equal(format_nagios.exit_code(&f.report), cases[i].exit_code);
		report_fixture_release(&f);
	}
}

static void several_are_summed_up(void **state)
{
	struct report_fixture f;

	(void)state;
	report_fixture_init(&f);
	// clang-format off
	assert_nagios(&f,
		"CRITICAL: 4 of 5 checks not ok: db, a\"b',c/d=e;\\n\\x1b[31m<&>\\xff, late, disks | 'web total_seconds'=0.0000123s;~:0.5;~:1;;"
		" 'web size_bytes'=500000000000B;~:1099511627776;;; 'web certificate_days'=41.5;14:;3:;;"
		" 'web is_fresh'=1;;;; 'web requests'=12345678901c;;;;"
		" 'disks disk_used_percent[/]'=91.5%;~:80;@95:100;0;100 'disks disk_used_percent[/var]'=41%;~:80;10:95;;"
		" 'a\"b'',c_d_e;\\n\\x1b[31m<&>\\xff size_bytes[it''s_a_\"b\"\\n\\]'=1B;;;;"
		" 'a\"b'',c_d_e;\\n\\x1b[31m<&>\\xff rate[\\xff]'=-0.5;;;;\n"
		"OK: web: status 200 in 12 ms, 1.2 KiB\n"
		"WARNING: disks: disk_used_percent[/] 91.5 % (warning above 80.0 %); up 3 days\n"
		"CRITICAL: db: connection refused by 192.0.2.7:5432\n"
		"UNKNOWN: late: not started: interrupted\n"
		"CRITICAL: a\"b',c/d=e;\\n\\x1b[31m<&>\\xff: the body is 'a/b \"c\" <d> & ]]>, \\x1b[0m'\n");
	// clang-format on

	/* The worst: critical, before unknown, before warning. */
	assert_int_equal(format_nagios.exit_code(&f.report), 2);
	f.outcomes[REPORT_CRITICAL].result.state = CHECK_OK;
	f.outcomes[REPORT_HOSTILE].result.state = CHECK_OK;
	assert_int_equal(format_nagios.exit_code(&f.report), 3);
	f.outcomes[REPORT_UNKNOWN].result.state = CHECK_OK;
	assert_int_equal(format_nagios.exit_code(&f.report), 1);
	f.outcomes[REPORT_WARNING].result.state = CHECK_OK;
	assert_int_equal(format_nagios.exit_code(&f.report), 0);
	report_fixture_release(&f);
}

static void all_is_well(void **state)
{
	struct report_fixture f;

	(void)state;
	report_fixture_init(&f);
	for (size_t i = REPORT_CRITICAL; i <= REPORT_UNKNOWN; i++) {
		f.outcomes[i].result.state = CHECK_OK;
	}
	report_fixture_take(&f, REPORT_CRITICAL, 2);
	assert_nagios(&f, "OK: 2 checks ok\n"
			  "OK: db: connection refused by 192.0.2.7:5432\n"
			  "OK: late: not started: interrupted\n");
	report_fixture_take(&f, REPORT_OK, 0);
	assert_nagios(&f, "OK: 0 checks ok\n");
	assert_int_equal(format_nagios.exit_code(&f.report), 0);
	report_fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_check_is_one_line),
		cmocka_unit_test(several_are_summed_up),
		cmocka_unit_test(all_is_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

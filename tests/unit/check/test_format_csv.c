/*
 * CSV, read back by the letter of RFC 4180.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "check/format_kinds.h"
#include "check/report_fixture.h"
#include "cmocka_all.h"

#define HEADING "name,target,kind,state,healthy,code,message,duration_seconds,attempts,timestamp\n"

static void assert_csv(struct report_fixture *f, const char *expected)
{
	char *text = report_fixture_write(f, &format_csv);

	assert_string_equal(text, expected);
	free(text);
}

static void is_a_row_for_each_result(void **state)
{
	struct report_fixture f;

	(void)state;
	report_fixture_init(&f);
	// clang-format off
	assert_csv(&f, HEADING
		"web,https://example.com/,fake,ok,true,ok,\"status 200 in 12 ms, 1.2 KiB\",0.012345,1,2025-07-01T08:00:00.123Z\n"
		"disks,local:,fake,warning,true,threshold_exceeded,disk_used_percent[/] 91.5 % (warning above 80.0 %); up 3 days,"
		"0.2,1,2025-07-01T08:00:00.123Z\n"
		"db,tcp://db-01:5432,fake,critical,false,connection_refused,connection refused by 192.0.2.7:5432,"
		"0.0015,3,2025-07-01T08:00:00.123Z\n"
		"late,https://late.example.com/,fake,unknown,false,not_started,not started: interrupted,0,1,2025-07-01T08:00:00.123Z\n"
		"\"a\"\"b',c|d=e;\n\x1b[31m<&>\xff\",tcp://\xe2\x82\xac\xe2\x80\xae\t|,fake,critical,false,body_mismatch,"
		"\"the body is 'a|b \"\"c\"\" <d> & ]]>, \\x1b[0m'\",1e-06,1,2025-07-01T08:00:00.123Z\n");
	// clang-format on

	f.report.is_fail_on_warning = true;
	report_fixture_take(&f, REPORT_WARNING, 1);
	assert_csv(&f, HEADING
		"disks,local:,fake,warning,false,threshold_exceeded,disk_used_percent[/] 91.5 % "
		"(warning above 80.0 %); up 3 days,0.2,1,2025-07-01T08:00:00.123Z\n");
	report_fixture_take(&f, REPORT_OK, 0);
	assert_csv(&f, HEADING);
	report_fixture_release(&f);
}

/* The next field as a reader gets it; false at the end of the row. */
static bool read_field(const char **rest, struct strbuf *field)
{
	const char *p = *rest;
	bool is_quoted = *p == '"';

	strbuf_clear(field);
	for (p += is_quoted; *p && (is_quoted || (*p != ',' && *p != '\n')); p++) {
		if (is_quoted && *p == '"') {
			p++;
			if (*p != '"') {
				break;
			}
		}
		strbuf_addc(field, *p);
	}
	assert_true(*p == ',' || *p == '\n');
	*rest = p + 1;
	return *p == ',';
}

static void can_be_read_back(void **state)
{
	struct report_fixture f;
	struct strbuf field = STRBUF_INIT;
	const char *rest;
	char *text;

	(void)state;
	report_fixture_init(&f);
	text = report_fixture_write(&f, &format_csv);
	rest = text;
	for (size_t row = 0; row <= REPORT_OUTCOMES; row++) {
		size_t fields = 1;

		for (; read_field(&rest, &field); fields++) {
			if (row > 0 && fields == 1) {
				assert_string_equal(field.buf, f.checks[row - 1].name);
			}
			if (row > 0 && fields == 2) {
				assert_string_equal(field.buf, f.checks[row - 1].target);
			}
			if (row > 0 && fields == 7) {
				assert_string_equal(field.buf, f.outcomes[row - 1].result.message);
			}
		}
		assert_int_equal(fields, 10);
	}
	assert_string_equal(rest, "");
	strbuf_release(&field);
	free(text);
	report_fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_a_row_for_each_result),
		cmocka_unit_test(can_be_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * JUnit XML: what it says, and that it is well-formed whatever the texts are.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "check/format_kinds.h"
#include "check/report_fixture.h"
#include "cmocka_all.h"

enum { DEPTH_MAX = 8 };

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static void says_what_failed_and_why(void **state)
{
	struct report_fixture f;
	char *text;

	(void)state;
	report_fixture_init(&f);
	text = report_fixture_write(&f, &format_junit);
	// clang-format off
	assert_string_equal(text, DECLARATION
		"<testsuites>\n"
		"  <testsuite name=\"sre-toolkit check\" tests=\"5\" failures=\"2\" errors=\"1\" skipped=\"0\" time=\"1.234567\""
		" timestamp=\"2025-07-01T08:00:00\">\n"
		"    <testcase name=\"web\" classname=\"sre-toolkit.fake\" time=\"0.012345\">\n"
		"      <system-out>status 200 in 12 ms, 1.2 KiB</system-out>\n"
		"    </testcase>\n"
		"    <testcase name=\"disks\" classname=\"sre-toolkit.fake\" time=\"0.200000\">\n"
		"      <system-out>disk_used_percent[/] 91.5 % (warning above 80.0 %); up 3 days</system-out>\n"
		"    </testcase>\n"
		"    <testcase name=\"db\" classname=\"sre-toolkit.fake\" time=\"0.001500\">\n"
		"      <failure message=\"connection refused by 192.0.2.7:5432\" type=\"connection_refused\">"
		"connection refused by 192.0.2.7:5432\n"
		"address: 192.0.2.7:5432\n"
		"certificates: CN=db-01\n"
		"certificates: CN=our root\n"
		"steps: only one\n"
		"command: nc -v -w 10 db-01 5432\n"
		"first line\n"
		"second line</failure>\n"
		"    </testcase>\n"
		"    <testcase name=\"late\" classname=\"sre-toolkit.fake\" time=\"0.000000\">\n"
		"      <error message=\"not started: interrupted\" type=\"not_started\">not started: interrupted</error>\n"
		"    </testcase>\n"
		"    <testcase name=\"a&quot;b',c|d=e;&#xa;\xef\xbf\xbd[31m&lt;&amp;&gt;\xef\xbf\xbd\" classname=\"sre-toolkit.fake\""
		" time=\"0.000001\">\n"
		"      <failure message=\"the body is 'a|b &quot;c&quot; &lt;d&gt; &amp; ]]&gt;, \\x1b[0m'\" type=\"body_mismatch\">"
		"the body is 'a|b \"c\" &lt;d&gt; &amp; ]]&gt;, \\x1b[0m'\n"
		"body: &lt;html&gt;\\r\\n\\x1b]0;owned\\x07\\xff</failure>\n"
		"    </testcase>\n"
		"  </testsuite>\n"
		"</testsuites>\n");
	// clang-format on
	free(text);
	report_fixture_release(&f);
}

static void a_warning_fails_where_one_says_so(void **state)
{
	struct report_fixture f;
	char *text;

	(void)state;
	report_fixture_init(&f);
	f.report.is_fail_on_warning = true;
	report_fixture_take(&f, REPORT_WARNING, 1);
	text = report_fixture_write(&f, &format_junit);
	assert_non_null(strstr(text, " tests=\"1\" failures=\"1\" errors=\"0\" "));
	assert_non_null(strstr(text, "type=\"threshold_exceeded\">"));
	assert_null(strstr(text, "system-out"));
	free(text);

	report_fixture_take(&f, REPORT_OK, 0);
	text = report_fixture_write(&f, &format_junit);
	assert_non_null(strstr(text, " tests=\"0\" failures=\"0\" errors=\"0\" "));
	assert_null(strstr(text, "testcase"));
	free(text);
	report_fixture_release(&f);
}

/* Up to `end`, which is not consumed: only what may stand there as it is, and references. */
static void read_text(struct str *rest, const char *end)
{
	static const char *const references[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#x"};

	while (rest->len > 0 && !strchr(end, rest->ptr[0])) {
		bool is_known = rest->ptr[0] != '&';

		for (size_t i = 0; i < ARRAY_LEN(references) && !is_known; i++) {
			is_known = str_starts(*rest, references[i]);
		}
		assert_true(is_known);
		assert_true(rest->ptr[0] != '<');
		*rest = str_sub(*rest, 1, rest->len);
	}
}

static struct str read_name(struct str *rest)
{
	struct str name = str_n(rest->ptr, 0);

	while (rest->len > 0 && (char_is_alpha(rest->ptr[0]) || rest->ptr[0] == '-')) {
		name.len++;
		*rest = str_sub(*rest, 1, rest->len);
	}
	assert_true(name.len > 0);
	return name;
}

static void read_literal(struct str *rest, const char *literal)
{
	assert_true(str_starts(*rest, literal));
	*rest = str_sub(*rest, strlen(literal), rest->len);
}

/* Behind "<name": attributes; true if the element has content. */
static bool read_attributes(struct str *rest)
{
	while (str_starts(*rest, " ")) {
		read_literal(rest, " ");
		(void)read_name(rest);
		read_literal(rest, "=\"");
		read_text(rest, "\"");
		read_literal(rest, "\"");
	}
	if (str_starts(*rest, "/>")) {
		read_literal(rest, "/>");
		return false;
	}
	read_literal(rest, ">");
	return true;
}

static void read_document(struct str rest)
{
	struct str open[DEPTH_MAX];
	size_t depth = 0;

	read_literal(&rest, DECLARATION);
	do {
		read_text(&rest, "<");
		read_literal(&rest, "<");
		if (str_starts(rest, "/")) {
			read_literal(&rest, "/");
			assert_true(depth > 0 && str_eq(read_name(&rest), open[depth - 1]));
			read_literal(&rest, ">");
			depth--;
		} else {
			assert_true(depth < DEPTH_MAX);
			open[depth] = read_name(&rest);
			depth += read_attributes(&rest);
		}
	} while (depth > 0);
	assert_true(str_is(rest, "\n"));
}

static void is_well_formed(void **state)
{
	struct report_fixture f;

	(void)state;
	for (size_t count = 0; count <= REPORT_OUTCOMES; count++) {
		char *text;

		report_fixture_init(&f);
		report_fixture_take(
			&f, (enum report_fixture_outcome)(REPORT_OUTCOMES - count), count);
		text = report_fixture_write(&f, &format_junit);
		assert_true(utf8_is_valid(str_of(text)));
		read_document(str_of(text));
		free(text);
		report_fixture_release(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_failed_and_why),
		cmocka_unit_test(a_warning_fails_where_one_says_so),
		cmocka_unit_test(is_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

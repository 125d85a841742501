/*
 * The Prometheus text format: what it says, and that a scraper can read it.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "check/format_kinds.h"
#include "check/report_fixture.h"
#include "cmocka_all.h"

#define HEALTHY                                                                                    \
	"# HELP sre_toolkit_check_healthy Whether the check is healthy (1) or not (0).\n"          \
	"# TYPE sre_toolkit_check_healthy gauge\n"
#define STATE                                                                                      \
	"# HELP sre_toolkit_check_state 1 for the state the check is in, 0 for the others.\n"      \
	"# TYPE sre_toolkit_check_state gauge\n"
#define DURATION                                                                                   \
	"# HELP sre_toolkit_check_duration_seconds How long the check took.\n"                     \
	"# TYPE sre_toolkit_check_duration_seconds gauge\n"
#define TIMESTAMP                                                                                  \
	"# HELP sre_toolkit_check_timestamp_seconds When the check began, Unix time.\n"            \
	"# TYPE sre_toolkit_check_timestamp_seconds gauge\n"
#define VALUE                                                                                      \
	"# HELP sre_toolkit_check_value What the check measured.\n"                                \
	"# TYPE sre_toolkit_check_value gauge\n"

static void says_what_is_known(void **state)
{
	// clang-format off
	static const struct {
		enum report_fixture_outcome outcome;
		const char *text;
	} cases[] = {
		{REPORT_OK, HEALTHY
		 "sre_toolkit_check_healthy{name=\"web\",target=\"https://example.com/\",kind=\"fake\"} 1\n" STATE
		 "sre_toolkit_check_state{name=\"web\",kind=\"fake\",state=\"ok\"} 1\n"
		 "sre_toolkit_check_state{name=\"web\",kind=\"fake\",state=\"warning\"} 0\n"
		 "sre_toolkit_check_state{name=\"web\",kind=\"fake\",state=\"critical\"} 0\n"
		 "sre_toolkit_check_state{name=\"web\",kind=\"fake\",state=\"unknown\"} 0\n" DURATION
		 "sre_toolkit_check_duration_seconds{name=\"web\",target=\"https://example.com/\",kind=\"fake\"} 0.012345\n" TIMESTAMP
		 "sre_toolkit_check_timestamp_seconds{name=\"web\",target=\"https://example.com/\",kind=\"fake\"} 1751356800.123\n" VALUE
		 "sre_toolkit_check_value{name=\"web\",kind=\"fake\",value=\"total_seconds\"} 1.23e-05\n"
		 "sre_toolkit_check_value{name=\"web\",kind=\"fake\",value=\"size_bytes\"} 500000000000\n"
		 "sre_toolkit_check_value{name=\"web\",kind=\"fake\",value=\"certificate_days\"} 41.5\n"
		 "sre_toolkit_check_value{name=\"web\",kind=\"fake\",value=\"is_fresh\"} 1\n"
		 "sre_toolkit_check_value{name=\"web\",kind=\"fake\",value=\"requests\"} 12345678901\n"
		 "sre_toolkit_check_value{name=\"web\",kind=\"fake\",value=\"lost\"} NaN\n"},
		{REPORT_UNKNOWN, HEALTHY
		 "sre_toolkit_check_healthy{name=\"late\",target=\"https://late.example.com/\",kind=\"fake\"} 0\n" STATE
		 "sre_toolkit_check_state{name=\"late\",kind=\"fake\",state=\"ok\"} 0\n"
		 "sre_toolkit_check_state{name=\"late\",kind=\"fake\",state=\"warning\"} 0\n"
		 "sre_toolkit_check_state{name=\"late\",kind=\"fake\",state=\"critical\"} 0\n"
		 "sre_toolkit_check_state{name=\"late\",kind=\"fake\",state=\"unknown\"} 1\n" DURATION
		 "sre_toolkit_check_duration_seconds{name=\"late\",target=\"https://late.example.com/\",kind=\"fake\"} 0\n" TIMESTAMP
		 "sre_toolkit_check_timestamp_seconds{name=\"late\",target=\"https://late.example.com/\",kind=\"fake\"} 1751356800.123\n"},
	};
	// clang-format on

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct report_fixture f;
		char *text;

		report_fixture_init(&f);
		report_fixture_take(&f, cases[i].outcome, 1);
		text = report_fixture_write(&f, &format_prometheus);
		assert_string_equal(text, cases[i].text);
		free(text);
		report_fixture_release(&f);
	}
}

static void instances_and_hostile_texts_are_labels(void **state)
{
	static const char *const lines[] = {
		"\nsre_toolkit_check_value{name=\"disks\",kind=\"fake\",value=\"disk_used_"
		"percent\","
		"instance_name=\"/var\"} 41\n",
		"\nsre_toolkit_check_value{name=\"a\\\"b',c|d=e;\\n\x1b[31m<&>\xef\xbf\xbd\","
		"kind=\"fake\",value=\"size_bytes\",instance_name=\"it's|a=\\\"b\\\"\\n\\\\\"} 1\n",
	};
	struct report_fixture f;
	char *text;

	(void)state;
	report_fixture_init(&f);
	text = report_fixture_write(&f, &format_prometheus);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (!strstr(text, lines[i])) {
			fail_msg("%s lacks %s", text, lines[i]);
		}
	}
	free(text);
	report_fixture_release(&f);
}

static void nothing_is_nothing(void **state)
{
	struct report_fixture f;
	char *text;

	(void)state;
	report_fixture_init(&f);
	report_fixture_take(&f, REPORT_OK, 0);
	text = report_fixture_write(&f, &format_prometheus);
	assert_string_equal(text, "");
	free(text);
	report_fixture_release(&f);
}

/* "name{label="text",...} value" by the letter; returns the name. */
static struct str read_sample(struct str line)
{
	struct str name = str_sub(line, 0, str_find(line, '{', 0));
	size_t at = name.len;
	double value = 0;

	assert_true(name.len > 0 && at < line.len);
	do {
		at = str_find(line, '"', at) + 1;
		while (at < line.len && line.ptr[at] != '"') {
			if (line.ptr[at] == '\\') {
				at++;
				assert_non_null(strchr("\\\"n", line.ptr[at]));
			}
			at++;
		}
		at++;
	} while (at < line.len && line.ptr[at] == ',');
	assert_true(str_starts(str_sub(line, at, line.len), "} "));
	line = str_sub(line, at + 2, line.len);
	assert_true(str_is(line, "NaN") || parse_double(line, &value, NULL) == 0);
	return name;
}

/* Families one after the other, each with its HELP and TYPE in front. */
static void is_well_formed(void **state)
{
	struct report_fixture f;
	struct str rest;
	struct str line;
	struct strbuf family = STRBUF_INIT;
	char *text;

	(void)state;
	report_fixture_init(&f);
	text = report_fixture_write(&f, &format_prometheus);
	assert_true(utf8_is_valid(str_of(text)));
	rest = str_of(text);
	while (str_line(&rest, &line)) {
		struct str word;
		struct str left = line;

		if (!str_starts(line, "# HELP ")) {
			assert_true(str_eq(read_sample(line), strbuf_str(&family)));
			continue;
		}
		for (int i = 0; i < 3; i++) {
			assert_true(str_word(&left, &word));
		}
		strbuf_clear(&family);
		strbuf_addstr(&family, word);
		assert_true(str_line(&rest, &line));
		assert_true(str_starts(line, "# TYPE ") && str_ends(line, " gauge"));
	}
	strbuf_release(&family);
	free(text);
	report_fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_is_known),
		cmocka_unit_test(instances_and_hostile_texts_are_labels),
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(is_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

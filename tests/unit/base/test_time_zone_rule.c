#include "base/alloc.h"
#include "base/time_zone_internal.h"
#include "cmocka_all.h"

static struct time_zone_rule rule_of(const char *text)
{
	struct time_zone_rule rule = {0};
	struct err err = {0};

	if (time_zone_rule_parse(str_of(text), &rule, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return rule;
}

static void test_fixed(void **state)
{
	static const struct {
		const char *text, *name;
		int offset_s;
	} cases[] = {
		{"UTC0", "UTC", 0},
		{"CET-1", "CET", 3600},
		{"EST5", "EST", -5 * 3600},
		{"EST+5", "EST", -5 * 3600},
		{"<+0545>-5:45", "+0545", 5 * 3600 + 45 * 60},
		{"<-00>0", "-00", 0},
		{"LMT-0:53:28", "LMT", 53 * 60 + 28},
		{"ABCDEFGHIJKLMNO24:59:59", "ABCDEFGHIJKLMNO", -(24 * 3600 + 59 * 60 + 59)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct time_zone_rule rule = rule_of(cases[i].text);

		assert_false(rule.has_dst);
		assert_string_equal(rule.standard.abbreviation, cases[i].name);
		assert_int_equal(rule.standard.offset_s, cases[i].offset_s);
	}
}

static void test_names_of_dst(void **state)
{
	const struct time_zone_rule berlin = rule_of("CET-1CEST,M3.5.0,M10.5.0/3");
	const struct time_zone_rule dublin = rule_of("IST-1GMT0,M10.5.0,M3.5.0/1");

	(void)state;
	assert_true(berlin.has_dst);
	assert_string_equal(berlin.dst.abbreviation, "CEST");
	assert_int_equal(berlin.dst.offset_s, 7200);
	assert_true(berlin.dst.is_dst);
	assert_false(berlin.standard.is_dst);
	assert_string_equal(dublin.dst.abbreviation, "GMT");
	assert_int_equal(dublin.dst.offset_s, 0);
}

static void test_changes(void **state)
{
	static const struct {
		const char *text;
		int year;
		int64_t start_s, end_s;
	} cases[] = {
		{"CET-1CEST,M3.5.0,M10.5.0/3", 2025, 1743296400, 1761440400},
		{"CET-1CEST,M3.5.0,M10.5.0/3", 2099, 4078429200, 4096573200},
		{"EST5EDT,M3.2.0,M11.1.0", 2025, 1741503600, 1762063200},
		{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 2025, 1759591800, 1743865200},
		{"IST-1GMT0,M10.5.0,M3.5.0/1", 2025, 1761440400, 1743296400},
		{"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2025, 1743296400, 1761440400},
		/* 50 hours after the last Thursday but not the fifth */
		{"EET-2EEST,M3.4.4/50,M10.4.4/50", 2025, 1743206400, 1761346800},
		/* day 60 is the first of March, in leap years too */
		{"AAA0BBB,J60/0,J365/24", 2024, 1709251200, 1735686000},
		{"AAA0BBB,J59/0,J365/24", 2024, 1709078400, 1735686000},
		/* day 59 is the 29th of February in leap years */
		{"AAA0BBB,59/0,365/24", 2024, 1709164800, 1735686000},
		{"AAA0BBB,59/0,364/24", 2025, 1740787200, 1767222000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct time_zone_rule rule = rule_of(cases[i].text);

		assert_int_equal(time_zone_rule_start(&rule, cases[i].year), cases[i].start_s);
		assert_int_equal(time_zone_rule_end(&rule, cases[i].year), cases[i].end_s);
	}
}

/* A fifth weekday in a month that has four, and all weekdays on the first. */
static void test_weeks(void **state)
{
	struct time_zone_rule rule = rule_of("UTC0AAA,M2.5.5/0,M11.1.6/0");

	(void)state;
	assert_int_equal(
		time_zone_rule_start(&rule, 2025), calendar_days(2025, 2, 28) * CALENDAR_DAY_S);
	assert_int_equal(
		time_zone_rule_start(&rule, 2024), calendar_days(2024, 2, 23) * CALENDAR_DAY_S);
	assert_int_equal(time_zone_rule_end(&rule, 2025),
		calendar_days(2025, 11, 1) * CALENDAR_DAY_S - 3600);
}

static void test_dst_all_year(void **state)
{
	const struct time_zone_rule rule = rule_of("XXX3EDT4,0/0,J365/23");
	_cleanup_(time_zone_freep) struct time_zone *zone = time_zone_of_rule("x", &rule);

	(void)state;
	for (int64_t day = 20000; day < 21000; day++) {
		const struct time_zone_span span = time_zone_span(zone, day * CALENDAR_DAY_MS);

		assert_string_equal(span.abbreviation, "EDT");
		assert_int_equal(span.offset_s, -4 * 3600);
		assert_true(span.start_ms <= day * CALENDAR_DAY_MS);
		assert_true(span.end_ms > day * CALENDAR_DAY_MS);
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "expected a name of 3 to 15 letters, or <...> at column 1"},
		{"CE-1", "expected a name of 3 to 15 letters, or <...> at column 1"},
		{"ABCDEFGHIJKLMNOP1", "expected a name of 3 to 15 letters, or <...> at column 1"},
		{"<+05", "expected a name"},
		{"<>0", "expected a name"},
		{"<+0 5>0", "expected a name"},
		{"CET", "expected a number from 0 to 24 at column 4"},
		{"CET25", "expected a number from 0 to 24 at column 4"},
		{"CET1:60", "expected a number from 0 to 59 at column 6"},
		{"CET99999999999999999999", "expected a number from 0 to 24"},
		{"CET-1CEST", "expected ',' at column 10"},
		{"CET-1CEST,", "expected a number from 0 to 365 at column 11"},
		{"CET-1CEST,M3.5.0", "expected ',' at column 17"},
		{"CET-1CEST,M13.5.0,M10.5.0", "expected a number from 1 to 12"},
		{"CET-1CEST,M0.5.0,M10.5.0", "expected a number from 1 to 12"},
		{"CET-1CEST,M3.0.0,M10.5.0", "expected a number from 1 to 5"},
		{"CET-1CEST,M3.5.7,M10.5.0", "expected a number from 0 to 6"},
		{"CET-1CEST,M3-5.0,M10.5.0", "expected '.' at column 13"},
		{"CET-1CEST,J0,J365", "expected a number from 1 to 365"},
		{"CET-1CEST,J366,J365", "expected a number from 1 to 365"},
		{"CET-1CEST,366,0", "expected a number from 0 to 365"},
		{"CET-1CEST,0/168,0", "expected a number from 0 to 167"},
		{"CET-1CEST,0/-168,0", "expected a number from 0 to 167"},
		{"CET-1CEST,M3.5.0,M10.5.0/3x", "expected the end at column 27"},
		{"C\x1bT-1", "time zone rule 'C\\x1bT-1': expected a name"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct time_zone_rule rule = {.has_dst = true};
		struct err err = {0};

		assert_int_equal(time_zone_rule_parse(str_of(cases[i].text), &rule, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_true(rule.has_dst);
		if (!strstr(err.msg, cases[i].error)) {
			fail_msg("'%s' is not in '%s'", cases[i].error, err.msg);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_names_of_dst),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_weeks),
		cmocka_unit_test(test_dst_all_year),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

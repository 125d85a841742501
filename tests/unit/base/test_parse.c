/*
 * Text into numbers: what is read, and what the error says when it is not.
 */
#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "cmocka_all.h"

enum { UNTOUCHED = -77 };

static void test_int(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t min, max, value;
		const char *error;
	} cases[] = {
		{"0", 0, 10, 0, NULL},
		{"10", 0, 10, 10, NULL},
		{"-5", -5, 5, -5, NULL},
		{"+5", -5, 5, 5, NULL},
		{"007", 0, 10, 7, NULL},
		{"9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX, NULL},
		{"-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN, NULL},
		{"9223372036854775808", INT64_MIN, INT64_MAX, 0,
			"number '9223372036854775808': too large"},
		{"70000", 1, 65535, 0, "number '70000': must be from 1 to 65535"},
		{"0", 1, INT64_MAX, 0, "number '0': must be at least 1"},
		{"9", INT64_MIN, 5, 0, "number '9': must be at most 5"},
		{"99999999999999999999999999", 1, 9, 0,
			"number '99999999999999999999999999': must be from 1 to 9"},
		{"", 0, 9, 0, "number '': not a whole number"},
		{"-", -9, 9, 0, "number '-': not a whole number"},
		{"+-1", -9, 9, 0, "number '+-1': not a whole number"},
		{" 1", 0, 9, 0, "number ' 1': not a whole number"},
		{"1 ", 0, 9, 0, "number '1 ': not a whole number"},
		{"1.0", 0, 9, 0, "number '1.0': not a whole number"},
		{"0x1", 0, 9, 0, "number '0x1': not a whole number"},
		{"1\n", 0, 9, 0, "number '1\\n': not a whole number"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		int64_t value = UNTOUCHED;
		int failed =
			parse_int(str_of(cases[i].text), cases[i].min, cases[i].max, &value, &err);

		if (cases[i].error) {
			assert_int_equal(failed, -1);
			assert_int_equal(err.code, ERR_INPUT);
			assert_string_equal(err.msg, cases[i].error);
			assert_int_equal(value, UNTOUCHED);
		} else {
			assert_int_equal(failed, 0);
			assert_true(value == cases[i].value);
		}
	}
}

static void test_text_without_end_is_not_read_over(void **state)
{
	(void)state;
	int64_t value = 0;
	double number = 0;

	assert_int_equal(parse_int(str_n("123456", 3), 0, 1000, &value, NULL), 0);
	assert_int_equal(value, 123);
	assert_int_equal(parse_double(str_n("1.5e9", 3), &number, NULL), 0);
	assert_true(number == 1.5);
	assert_int_equal(parse_duration(str_n("5ms", 1), &value, NULL), 0);
	assert_int_equal(value, 5000);
	assert_int_equal(parse_size(str_n("4kg", 2), &value, NULL), 0);
	assert_int_equal(value, 4096);
	assert_int_equal(parse_int(str_n("1\0", 2), 0, 9, &value, NULL), -1);
}

static void test_double(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		double value;
	} cases[] = {
		{"0", 0},
		{"-1.5", -1.5},
		{"+2", 2},
		{"3e9", 3e9},
		{"3E+2", 300},
		{"25e-1", 2.5},
		{".5", 0.5},
		{"5.", 5},
		{"1e-400", 0},
		{"1.7976931348623157e308", 1.7976931348623157e308},
		{"0.1000000000000000055511151231257827021181583404541015625000000000000000000",
			0.1},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		double value = NAN;

		assert_int_equal(parse_double(str_of(cases[i].text), &value, NULL), 0);
		assert_true(!(value < cases[i].value) && !(value > cases[i].value));
	}
}

static void test_double_refuses(void **state)
{
	(void)state;
	static const char *const texts[] = {"", ".", "-", "+.", "e5", "1e", "1e+", "0x10", "inf",
		"-inf", "nan", "1,5", " 1", "1 ", "1.2.3", "--1", "1_000", "0b1", "1e5.5", "１"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err err = {0};
		double value = UNTOUCHED;

		assert_int_equal(parse_double(str_of(texts[i]), &value, &err), -1);
		assert_non_null(strstr(err.msg, "not a decimal number"));
		assert_true(value == UNTOUCHED);
	}

	struct err err = {0};
	double value = 0;

	assert_int_equal(parse_double(str_of("1e309"), &value, &err), -1);
	assert_string_equal(err.msg, "number '1e309': too large");
}

static void test_bool(void **state)
{
	(void)state;
	static const char *const yes[] = {"true", "yes", "on", "TRUE", "Yes", "oN"};
	static const char *const no[] = {"false", "no", "off", "False"};
	struct err err = {0};
	bool value = false;

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		value = false;
		assert_int_equal(parse_bool(str_of(yes[i]), &value, NULL), 0);
		assert_true(value);
	}
	for (size_t i = 0; i < ARRAY_LEN(no); i++) {
		value = true;
		assert_int_equal(parse_bool(str_of(no[i]), &value, NULL), 0);
		assert_false(value);
	}
	assert_int_equal(parse_bool(str_of("maybe"), &value, &err), -1);
	assert_string_equal(
		err.msg, "'maybe' is neither true nor false; use true, yes, on, false, no or off");
	assert_int_equal(parse_bool(str_of(""), &value, &err), -1);
	assert_int_equal(parse_bool(str_of("1"), &value, &err), -1);
}

static void test_duration(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{"0", 0},
		{"0s", 0},
		{"10", 10000},
		{"1.5", 1500},
		{".5", 500},
		{"5.s", 5000},
		{"500ms", 500},
		{"30s", 30000},
		{"0.1s", 100},
		{"0.007s", 7},
		{"1.5h", 5400000},
		{"1h30m", 5400000},
		{"1h 30m", 5400000},
		{"1 h 30 min", 5400000},
		{"2d", 172800000},
		{"1w", 604800000},
		{"1w2d3h4m5s6ms", 788645006},
		{"10 seconds", 10000},
		{"1 minute", 60000},
		{"3 weeks", 1814400000},
		{"1500us", 2},
		{"1us", 1},
		{"0us", 0},
		{"0.0000000000000000000001s", 1},
		{"0.0000000000000000000000s", 0},
		{"0.000000001w", 1},
		{"100000000000s", -1},
		{"3153600000s", 3153600000000},
		{"3153600000.0001s", -1},
		{"36500d", 3153600000000},
		{"36500d1ms", -1},
		{"99999999999999999999999999999999w", -1},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		int64_t ms = UNTOUCHED;
		int failed = parse_duration(str_of(cases[i].text), &ms, &err);

		if (cases[i].ms < 0) {
			assert_int_equal(failed, -1);
			assert_non_null(strstr(err.msg, "longer than 100 years"));
		} else {
			assert_int_equal(failed, 0);
			assert_int_equal(ms, cases[i].ms);
		}
	}
}

static void test_duration_errors(void **state)
{
	(void)state;
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"-5s", "duration '-5s': must not be negative; write it like 500ms, 30s, 5m or "
			"1h30m"},
		{"10 parsecs",
			"duration '10 parsecs': unknown unit 'parsecs'; use ms, s, m, h, d or w"},
		{"5M", "duration '5M': unknown unit 'M'; use ms, s, m, h, d or w"},
		{"", "duration '': not a duration; write it like 500ms, 30s, 5m or 1h30m"},
		{"-", "duration '-': not a duration; write it like 500ms, 30s, 5m or 1h30m"},
		{"+5s", "duration '+5s': not a duration; write it like 500ms, 30s, 5m or 1h30m"},
		{"soon", "duration 'soon': not a duration; write it like 500ms, 30s, 5m or 1h30m"},
		{".", "duration '.': not a duration; write it like 500ms, 30s, 5m or 1h30m"},
		{"1h.", "duration '1h.': not a duration; write it like 500ms, 30s, 5m or 1h30m"},
		{" 5s", "duration ' 5s': not a duration; write it like 500ms, 30s, 5m or 1h30m"},
		{"5s ", "duration '5s ': not a duration; write it like 500ms, 30s, 5m or 1h30m"},
		{"5s\n", "duration '5s\\n': not a duration; write it like 500ms, 30s, 5m or 1h30m"},
		{"5 s x",
			"duration '5 s x': not a duration; write it like 500ms, 30s, 5m or 1h30m"},
		{"1h30", "duration '1h30': a number without a unit; use ms, s, m, h, d or w"},
		{"1 2s", "duration '1 2s': a number without a unit; use ms, s, m, h, d or w"},
		{"1e3s", "duration '1e3s': unknown unit 'e'; use ms, s, m, h, d or w"},
		{"1.5.5s", "duration '1.5.5s': a number without a unit; use ms, s, m, h, d or w"},
		{"5m5m", "duration '5m5m': units must go from large to small, each once"},
		{"5m1h", "duration '5m1h': units must go from large to small, each once"},
		{"5\x1b[31m",
			"duration '5\\x1b[31m': unknown unit '\\x1b['; use ms, s, m, h, d or w"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		int64_t ms = UNTOUCHED;

		assert_int_equal(parse_duration(str_of(cases[i].text), &ms, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_string_equal(err.msg, cases[i].error);
		assert_int_equal(ms, UNTOUCHED);
	}
}

static void test_long_texts_are_cut_in_errors(void **state)
{
	(void)state;
	struct strbuf sb = STRBUF_INIT;
	struct err err = {0};
	int64_t value = 0;

	strbuf_addn(&sb, '7', 1000000);
	strbuf_adds(&sb, "parsecs");
	assert_int_equal(parse_duration(strbuf_str(&sb), &value, &err), -1);
	assert_non_null(strstr(err.msg, "777...'"));
	assert_true(strlen(err.msg) < 250);
	assert_int_equal(parse_size(strbuf_str(&sb), &value, &err), -1);
	assert_int_equal(parse_int(strbuf_str(&sb), 0, 9, &value, &err), -1);
	assert_true(strlen(err.msg) < 250);
	strbuf_release(&sb);
}

static void test_exact_durations_read_back(void **state)
{
	(void)state;
	static const int64_t cases[] = {0, 1, 999, 1000, 61001, 3600000, 86400000, 788645006,
		PARSE_DURATION_MAX_MS - 1, PARSE_DURATION_MAX_MS};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf sb = STRBUF_INIT;
		int64_t ms = UNTOUCHED;

		time_add_duration_exact(&sb, cases[i]);
		assert_int_equal(parse_duration(strbuf_str(&sb), &ms, NULL), 0);
		assert_int_equal(ms, cases[i]);
		strbuf_release(&sb);
	}
}

static void test_size(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t bytes;
		const char *error;
	} cases[] = {
		{"0", 0, NULL},
		{"4096", 4096, NULL},
		{"4k", 4096, NULL},
		{"4K", 4096, NULL},
		{"10 MB", 10485760, NULL},
		{"1.5GiB", 1610612736, NULL},
		{"1T", 1099511627776, NULL},
		{"7 bytes", 7, NULL},
		{"1.3k", 1331, NULL},
		{"2.0", 2, NULL},
		{"9223372036854775807", INT64_MAX, NULL},
		{"8388607.9999999T", 9223372036854665856, NULL},
		{"9223372036854775808", 0, "size '9223372036854775808': too large"},
		{"8388608T", 0, "size '8388608T': too large"},
		{"9223372036854775807.9", 0,
			"size '9223372036854775807.9': not a whole number of bytes"},
		{"1.5", 0, "size '1.5': not a whole number of bytes"},
		{"-1", 0, "size '-1': must not be negative; write it like 4096, 64k, 10M or 1.5G"},
		{"", 0, "size '': not a size; write it like 4096, 64k, 10M or 1.5G"},
		{"k", 0, "size 'k': not a size; write it like 4096, 64k, 10M or 1.5G"},
		{"4k4", 0, "size '4k4': not a size; write it like 4096, 64k, 10M or 1.5G"},
		{"4 kilos", 0, "size '4 kilos': unknown unit 'kilos'; use k, M, G or T"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		int64_t bytes = UNTOUCHED;
		int failed = parse_size(str_of(cases[i].text), &bytes, &err);

		if (cases[i].error) {
			assert_int_equal(failed, -1);
			assert_string_equal(err.msg, cases[i].error);
			assert_int_equal(bytes, UNTOUCHED);
		} else {
			assert_int_equal(failed, 0);
			assert_true(bytes == cases[i].bytes);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_int),
		cmocka_unit_test(test_text_without_end_is_not_read_over),
		cmocka_unit_test(test_double),
		cmocka_unit_test(test_double_refuses),
		cmocka_unit_test(test_bool),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_duration_errors),
		cmocka_unit_test(test_long_texts_are_cut_in_errors),
		cmocka_unit_test(test_exact_durations_read_back),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

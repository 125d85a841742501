/*
 * Doubles as text: short, and the same number when read back.
 */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "cmocka_all.h"

static void assert_number(double value, const char *expected)
{
	struct strbuf sb = STRBUF_INIT;

	number_add_double(&sb, value);
	assert_string_equal(sb.buf, expected);
	strbuf_release(&sb);
}

static void test_text(void **state)
{
	(void)state;
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{0.0, "0"},
		{-0.0, "-0"},
		{41, "41"},
		{4.1, "4.1"},
		{0.1, "0.1"},
		{0.1 + 0.2, "0.30000000000000004"},
		{1.0 / 3, "0.3333333333333333"},
		{100000, "100000"},
		{1e20, "1e+20"},
		{1e-7, "1e-07"},
		{123456789012.5, "123456789012.5"},
		{DBL_MAX, "1.7976931348623157e+308"},
		{DBL_MIN, "2.2250738585072014e-308"},
		{4.9406564584124654e-324, "5e-324"},
		{INFINITY, "inf"},
		{-INFINITY, "-inf"},
		{NAN, "nan"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_number(cases[i].value, cases[i].text);
	}
}

static void test_plain(void **state)
{
	(void)state;
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{0.0, "0"},
		{-0.0, "0"},
		{-1e-12, "0"},
		{41, "41"},
		{100, "100"},
		{-0.5, "-0.5"},
		{0.1 + 0.2, "0.3"},
		{1.0 / 3, "0.333333333"},
		{1.23e-5, "0.0000123"},
		{1e-10, "0"},
		{500000000000, "500000000000"},
		{1e20, "100000000000000000000"},
		{123456789012.5, "123456789012.5"},
		{INFINITY, "inf"},
		{-INFINITY, "-inf"},
		{NAN, "nan"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf sb = STRBUF_INIT;

		strbuf_adds(&sb, "100");
		number_add_plain(&sb, cases[i].value);
		assert_string_equal(sb.buf + 3, cases[i].text);
		strbuf_release(&sb);
	}
}

static void test_reads_back(void **state)
{
	(void)state;
	uint64_t bits = 88172645463325252;

	for (int i = 0; i < 20000; i++) {
		struct strbuf sb = STRBUF_INIT;
		double value;
		double back = 0;

		bits ^= bits << 13;
		bits ^= bits >> 7;
		bits ^= bits << 17;
		memcpy(&value, &bits, sizeof(value));
		if (!isfinite(value)) {
			continue;
		}
		number_add_double(&sb, value);
		assert_int_equal(parse_double(strbuf_str(&sb), &back, NULL), 0);
		assert_memory_equal(&back, &value, sizeof(value));
		strbuf_release(&sb);
	}
}

static void test_locale_with_comma(void **state)
{
	(void)state;
	/* The names that distributions give it; none may be there, and then this proves nothing. */
	const char *names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "ru_RU.UTF-8"};
	const char *set = NULL;
	struct strbuf sb = STRBUF_INIT;
	double value = 0;

	for (size_t i = 0; i < ARRAY_LEN(names) && !set; i++) {
		set = setlocale(LC_NUMERIC, names[i]);
	}
	if (!set) {
		skip_because("needs a locale with a comma");
	}
	assert_number(1.5, "1.5");
	number_add_plain(&sb, 1.5);
	assert_string_equal(sb.buf, "1.5");
	strbuf_release(&sb);
	assert_int_equal(parse_double(str_of("1.5"), &value, NULL), 0);
	assert_true(value > 1.4);
	assert_int_equal(parse_double(str_of("1,5"), &value, NULL), -1);
	(void)setlocale(LC_NUMERIC, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_reads_back),
		cmocka_unit_test(test_locale_with_comma),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <math.h>

#include "base/alloc.h"
#include "check/threshold.h"
#include "cmocka_all.h"

/* Each threshold with a value that is good by it and one that is bad. */
static void judges(void **state)
{
	static const struct {
		const char *text;
		double good, bad;
		const char *shown;
		const char *nagios;
	} cases[] = {
		{"80", 80, 80.1, "above 80", "~:80"},
		{"80%", -5, 81, "above 80", "~:80"},
		{"> 80", 80, 80.1, "above 80", "~:80"},
		{">=80", 79.9, 80, "80 or more", "~:80"},
		{"< 10", 10, 9.9, "below 10", "10:"},
		{"<= 10", 10.1, 10, "10 or less", "10:"},
		{"10:20", 15, 21, "outside 10 to 20", "10:20"},
		{"10..20", 10, 9, "outside 10 to 20", "10:20"},
		{"@10:20", 9, 10, "inside 10 to 20", "@10:20"},
		{"10:", 11, 9, "below 10", "10:"},
		{"~:10", -1e9, 11, "above 10", "~:10"},
		{":10", 5, -1, "outside 0 to 10", "10"},
		{"0:10", 0, -0.1, "outside 0 to 10", "10"},
		{"@~:5", 6, 5, "5 or less", "@~:5"},
		{"@5:", 4, 5, "5 or more", "@5:"},
		{"@20", 21, 20, "inside 0 to 20", "@20"},
		{"-5:-1", -3, 0, "outside -5 to -1", "-5:-1"},
		{" 1.5 ", 1.5, 1.6, "above 1.5", "~:1.5"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct threshold t = {0};
		struct strbuf text = STRBUF_INIT;
		struct err err = {0};

		assert_int_equal(threshold_parse(str_of(cases[i].text), &t, &err), 0);
		assert_true(t.is_set);
		assert_false(threshold_is_bad(&t, cases[i].good));
		assert_true(threshold_is_bad(&t, cases[i].bad));
		assert_true(threshold_is_bad(&t, NAN));
		threshold_add_text(&t, UNIT_NONE, &text);
		assert_string_equal(text.buf, cases[i].shown);
		strbuf_clear(&text);
		threshold_add_nagios(&t, &text);
		assert_string_equal(text.buf, cases[i].nagios);
		strbuf_release(&text);
	}
}

static void reads_units(void **state)
{
	static const struct {
		const char *text;
		double high;
		enum threshold_unit unit;
	} cases[] = {
		{"500ms", 0.5, THRESHOLD_SECONDS},
		{"> 2s", 2, THRESHOLD_SECONDS},
		{"1h30m", 5400, THRESHOLD_SECONDS},
		{"10G", 10.0 * 1024 * 1024 * 1024, THRESHOLD_BYTES},
		{"> 4 KiB", 4096, THRESHOLD_BYTES},
		{"1k:2k", 2048, THRESHOLD_BYTES},
		{"95 %", 95, THRESHOLD_PERCENT},
		{"5m", 300, THRESHOLD_SECONDS},
		{"5M", 5.0 * 1024 * 1024, THRESHOLD_BYTES},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct threshold t = {0};
		struct err err = {0};

		assert_int_equal(threshold_parse(str_of(cases[i].text), &t, &err), 0);
		assert_float_equal(t.high, cases[i].high, 1e-9);
		assert_int_equal(t.unit, cases[i].unit);
	}
}

static void none_judges_nothing(void **state)
{
	struct threshold t = {.is_set = true};
	struct err err = {0};
	struct strbuf text = STRBUF_INIT;

	(void)state;
	assert_int_equal(threshold_parse(str_of("none"), &t, &err), 0);
	assert_false(t.is_set);
	assert_false(threshold_is_bad(&t, 1e300));
	assert_false(threshold_is_bad(&t, NAN));
	threshold_add_nagios(&t, &text);
	assert_string_equal(text.buf, "");
}

static void refuses_what_is_no_threshold(void **state)
{
	static const char *const texts[] = {"", "  ", ">", ">=", "< ", ":", "~:", "@", "a",
		"80 parsecs", "20:10", "1:2:3", "..", "@:", "nan", "inf", "> x", "0x10", "8 0", "%",
		"--5", "@-5", "80ms%", "1G %", "%%", "1s:5G", "10%:1h"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct threshold t = {.is_set = true, .low = 42};
		struct err err = {0};

		if (threshold_parse(str_of(texts[i]), &t, &err) == 0) {
			fail_msg("'%s' was taken", texts[i]);
		}
		assert_int_equal(err.code, ERR_INPUT);
		assert_true(t.low == 42); /* untouched */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges),
		cmocka_unit_test(reads_units),
		cmocka_unit_test(none_judges_nothing),
		cmocka_unit_test(refuses_what_is_no_threshold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "base/alloc.h"
#include "base/strbuf.h"
#include "check/check_unit.h"
#include "cmocka_all.h"

static void writes_numbers_for_people(void **state)
{
	static const struct {
		double number;
		enum check_unit unit;
		const char *expected;
	} cases[] = {
		{0, UNIT_SECONDS, "0 ms"},
		{0.000271, UNIT_SECONDS, "271 us"},
		{0.0123, UNIT_SECONDS, "12.3 ms"},
		{0.5, UNIT_SECONDS, "500 ms"},
		{0.9994, UNIT_SECONDS, "999 ms"},
		{0.9996, UNIT_SECONDS, "0.9996 s"},
		{2.0009, UNIT_SECONDS, "2.001 s"},
		{59.94, UNIT_SECONDS, "59.94 s"},
		{7200, UNIT_SECONDS, "2.0 h"},
		{518400, UNIT_SECONDS, "6 days"},
		{0, UNIT_BYTES, "0 B"},
		{1023, UNIT_BYTES, "1023 B"},
		{1536, UNIT_BYTES, "1.5 KiB"},
		{3.4 * 1024 * 1024 * 1024, UNIT_BYTES, "3.4 GiB"},
		{41.25, UNIT_PERCENT, "41.2 %"},
		{13.99, UNIT_DAYS, "13 days"},
		{-0.5, UNIT_DAYS, "0 days"},
		{-1.2, UNIT_DAYS, "-1 days"},
		{1, UNIT_BOOL, "yes"},
		{0, UNIT_BOOL, "no"},
		{200, UNIT_NONE, "200"},
		{0.25, UNIT_NONE, "0.25"},
		{123456789, UNIT_COUNTER, "123456789"},
		{12345678901, UNIT_COUNTER, "12345678901"},
		{-12345678901234, UNIT_NONE, "-12345678901234"},
		{1e300, UNIT_NONE, "1e+300"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;

		check_number_add_text(cases[i].number, cases[i].unit, &out);
		assert_string_equal(out.buf, cases[i].expected);
		strbuf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_numbers_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "base/alloc.h"
#include "base/calendar.h"
#include "cmocka_all.h"

static void test_days(void **state)
{
	static const struct {
		int year, month, day;
		int64_t days;
		int weekday;
	} cases[] = {
		{1970, 1, 1, 0, 4},
		{1969, 12, 31, -1, 3},
		{1972, 2, 29, 789, 2},
		{2000, 2, 29, 11016, 2},
		{2000, 3, 1, 11017, 3},
		{1900, 3, 1, -25508, 4},
		{2025, 7, 1, 20270, 2},
		{2099, 12, 31, 47481, 4},
		{1, 1, 1, -719162, 1},
		{0, 12, 31, -719163, 0},
		{0, 2, 29, -719469, 2},
		{-400, 1, 1, -865625, 6},
		{1600, 2, 29, -135081, 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct calendar_time date = calendar_date(cases[i].days);

		assert_int_equal(
			calendar_days(cases[i].year, cases[i].month, cases[i].day), cases[i].days);
		assert_int_equal(date.year, cases[i].year);
		assert_int_equal(date.month, cases[i].month);
		assert_int_equal(date.day, cases[i].day);
		assert_int_equal(date.weekday, cases[i].weekday);
		assert_int_equal(date.hour, 0);
	}
}

/* Each day follows the one before, over more than the 400 years after which all repeats. */
static void test_day_by_day(void **state)
{
	const int64_t last = calendar_days(2401, 1, 1);
	struct calendar_time before = calendar_date(calendar_days(1599, 12, 31));

	(void)state;
	for (int64_t days = calendar_days(1600, 1, 1); days <= last; days++) {
		const struct calendar_time date = calendar_date(days);
		const bool is_next_day = date.year == before.year && date.month == before.month &&
					 date.day == before.day + 1;
		const bool is_next_month =
			date.day == 1 &&
			before.day == calendar_month_length(before.year, before.month) &&
			date.year * 12 + date.month == before.year * 12 + before.month + 1;

		assert_true(is_next_day || is_next_month);
		assert_int_equal(date.weekday, (before.weekday + 1) % 7);
		assert_int_equal(calendar_days(date.year, date.month, date.day), days);
		before = date;
	}
}

static void test_counting_on(void **state)
{
	(void)state;
	assert_int_equal(calendar_days(2025, 13, 1), calendar_days(2026, 1, 1));
	assert_int_equal(calendar_days(2025, 0, 1), calendar_days(2024, 12, 1));
	assert_int_equal(calendar_days(2025, -11, 31), calendar_days(2024, 1, 31));
	assert_int_equal(calendar_days(2025, 3, 0), calendar_days(2025, 2, 28));
	assert_int_equal(calendar_days(2025, 1, 366), calendar_days(2026, 1, 1));
	assert_int_equal(calendar_ms(&(struct calendar_time){1970, 1, 1, 25, -1, 61, 5, 0}),
		((24LL * 60 + 59) * 60 + 61) * 1000 + 5);
}

static void test_months(void **state)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	(void)state;
	for (int month = 1; month <= 12; month++) {
		assert_int_equal(calendar_month_length(2025, month), lengths[month - 1]);
	}
	assert_int_equal(calendar_month_length(2024, 2), 29);
	assert_int_equal(calendar_month_length(1900, 2), 28);
	assert_int_equal(calendar_month_length(2000, 2), 29);
}

static void test_times(void **state)
{
	static const int64_t times[] = {0, -1, 1, 1751356800123, -62135596800000, 253402300799999,
		INT64_MAX, INT64_MAX - 1, INT64_MIN, INT64_MIN + 1, INT64_MIN / 1000};
	const struct calendar_time time = calendar_time(1751356800123);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		const struct calendar_time parts = calendar_time(times[i]);

		assert_true(calendar_ms(&parts) == times[i]);
	}
	assert_int_equal(time.year, 2025);
	assert_int_equal(time.month, 7);
	assert_int_equal(time.day, 1);
	assert_int_equal(time.hour, 8);
	assert_int_equal(time.minute, 0);
	assert_int_equal(time.second, 0);
	assert_int_equal(time.ms, 123);
	assert_int_equal(time.weekday, 2);
	assert_int_equal(calendar_time(-1).hour, 23);
	assert_int_equal(calendar_time(-1).ms, 999);
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(calendar_find_month(str_of("january")), 1);
	assert_int_equal(calendar_find_month(str_of("Dec")), 12);
	assert_int_equal(calendar_find_month(str_of("ja")), -1);
	assert_int_equal(calendar_find_month(str_of("")), -1);
	assert_int_equal(calendar_find_month(str_of("mayo")), -1);
	assert_int_equal(calendar_find_weekday(str_of("sun")), 0);
	assert_int_equal(calendar_find_weekday(str_of("SATURDAY")), 6);
	assert_int_equal(calendar_find_weekday(str_of("satur")), -1);
}

static void test_what_is_cut(void **state)
{
	(void)state;
	assert_true(calendar_ms(&(struct calendar_time){.year = INT32_MAX, .month = 1, .day = 1}) ==
		    INT64_MAX);
	assert_true(calendar_ms(&(struct calendar_time){.year = INT32_MIN, .month = 1, .day = 1}) ==
		    INT64_MIN);
	assert_true(calendar_add(INT64_MAX, 1) == INT64_MAX);
	assert_true(calendar_add(INT64_MIN, -1) == INT64_MIN);
	assert_true(calendar_mul(INT64_MAX, 2) == INT64_MAX);
	assert_true(calendar_mul(INT64_MAX, -2) == INT64_MIN);
	assert_int_equal(calendar_date(INT64_MAX).year, INT32_MAX);
	assert_int_equal(calendar_date(INT64_MAX).day, 31);
	assert_int_equal(calendar_date(INT64_MIN).year, INT32_MIN);
	assert_int_equal(calendar_date(INT64_MIN).month, 1);
	assert_int_equal(calendar_floor_div(-1, 7), -1);
	assert_int_equal(calendar_floor_div(-7, 7), -1);
	assert_int_equal(calendar_floor_mod(-1, 7), 6);
	assert_int_equal(calendar_floor_mod(-7, 7), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_day_by_day),
		cmocka_unit_test(test_counting_on),
		cmocka_unit_test(test_months),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_what_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What expressions mean, and what is refused.
 */
#include "base/alloc.h"
#include "base/cron_schedule.h"
#include "cmocka_all.h"

static struct cron_schedule parse(const char *text)
{
	struct cron_schedule schedule = {0};
	struct err err = {0};

	if (cron_schedule_parse(str_of(text), &schedule, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return schedule;
}

#define EVERY_MINUTE ((1ULL << 60) - 1)
#define BIT(n) (1ULL << (n))

static void test_minutes_and_hours(void **state)
{
	static const struct {
		const char *text;
		uint64_t minutes;
		uint32_t hours;
	} cases[] = {
		{"* * * * *", EVERY_MINUTE, (1 << 24) - 1},
		{"0 8 * * *", 1, 1 << 8},
		{"  59\t23   * * *  ", BIT(59), 1 << 23},
		{"07 00 * * *", BIT(7), 1},
		{"*/15 */12 * * *", 1 | BIT(15) | BIT(30) | BIT(45), 1 | 1 << 12},
		{"5-7,50 1-5/2 * * *", BIT(5) | BIT(6) | BIT(7) | BIT(50),
			1 << 1 | 1 << 3 | 1 << 5},
		{"*/60 * * * *", 1, (1 << 24) - 1},
		{"59-59/15 3-3 * * *", BIT(59), 1 << 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct cron_schedule s = parse(cases[i].text);

		assert_true(s.minutes == cases[i].minutes);
		assert_int_equal(s.hours, cases[i].hours);
	}
}

static void test_months_and_days(void **state)
{
	static const struct {
		const char *text;
		uint32_t months, days, weekdays;
		bool restricts_days, restricts_weekdays;
	} cases[] = {
		{"0 0 * * *", 0x1ffe, 0xfffffffe, 0x7f, false, false},
		{"0 0 1,31 jan,Dec,MARCH *", 1 << 1 | 1 << 12 | 1 << 3, BIT(1) | BIT(31), 0x7f,
			true, false},
		{"0 0 */10 nov-dec *", 3 << 11, BIT(1) | BIT(11) | BIT(21) | BIT(31), 0x7f, false,
			false},
		{"0 0 * * mon-fri", 0x1ffe, 0xfffffffe, 0x3e, false, true},
		{"0 0 * * 0", 0x1ffe, 0xfffffffe, 1, false, true},
		{"0 0 * * 7", 0x1ffe, 0xfffffffe, 1, false, true},
		{"0 0 * * 0-7", 0x1ffe, 0xfffffffe, 0x7f, false, true},
		{"0 0 * * fri-sun", 0x1ffe, 0xfffffffe, 0x61, false, true},
		{"0 0 * * 6-0", 0x1ffe, 0xfffffffe, 0x41, false, true},
		{"0 0 * * sun-sun", 0x1ffe, 0xfffffffe, 1, false, true},
		{"0 0 * * */2", 0x1ffe, 0xfffffffe, 0x55, false, false},
		{"0 0 1-31/2 * monday", 0x1ffe, 0xaaaaaaaa, 2, true, true},
		{"0 0 */100,1-7 * 1", 0x1ffe, 0xfe, 2, false, true},
		{"0 0 29 feb *", 4, BIT(29), 0x7f, true, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct cron_schedule s = parse(cases[i].text);

		assert_int_equal(s.months, cases[i].months);
		assert_int_equal(s.of_month.days, cases[i].days);
		assert_int_equal(s.of_week.days, cases[i].weekdays);
		assert_int_equal(s.of_month.is_restricted, cases[i].restricts_days);
		assert_int_equal(s.of_week.is_restricted, cases[i].restricts_weekdays);
	}
}

static void test_days_by_other_names(void **state)
{
	const struct cron_schedule s = parse("0 0 l,LW,15w,1W,3 * friL,0L,mon#2,7#5,sat");

	(void)state;
	assert_true(s.of_month.has_last);
	assert_true(s.of_month.has_last_workday);
	assert_int_equal(s.of_month.near_days, BIT(15) | BIT(1));
	assert_int_equal(s.of_month.days, BIT(3));
	assert_int_equal(s.of_week.last_days, 1 << 5 | 1);
	assert_int_equal(s.of_week.which[1], 1 << 2);
	assert_int_equal(s.of_week.which[0], 1 << 5);
	assert_int_equal(s.of_week.days, 1 << 6);
}

static void test_shortcuts(void **state)
{
	static const char *const cases[][2] = {
		{"@yearly", "0 0 1 1 *"},
		{"@annually", "0 0 1 1 *"},
		{"@monthly", "0 0 1 * *"},
		{"@weekly", "0 0 * * sun"},
		{"@daily", "0 0 * * *"},
		{" @Midnight ", "0 0 * * *"},
		{"@hourly", "0 * * * *"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct cron_schedule a = parse(cases[i][0]);
		const struct cron_schedule b = parse(cases[i][1]);

		assert_memory_equal(&a, &b, sizeof(a));
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "cron expression '': has 0 fields, but it needs 5: minute, hour, day of the "
		     "month, month, weekday"},
		{"0", "cron expression '0': has 1 field, but"},
		{"0 8 * *", "has 4 fields"},
		{"0 0 8 * * *", "has 6 fields"},
		{"60 * * * *", "cron expression '60 * * * *': minute '60' must be from 0 to 59, at "
			       "column 1"},
		{"* 24 * * *", "hour '24' must be from 0 to 23, at column 3"},
		{"* * 0 * *", "day of the month '0' must be from 1 to 31, at column 5"},
		{"* * * 13 *", "month '13' must be from 1 to 12, at column 7"},
		{"* * * * 8", "weekday '8' must be from 0 to 7, at column 9"},
		{"4294967301 * * * *", "minute '4294967301' must be from 0 to 59"},
		{"99999999999999999999 * * * *", "must be from 0 to 59"},
		{"x * * * *", "minute 'x' is not a number, at column 1"},
		{"* * * mai *", "month 'mai' is not a number or a name, at column 7"},
		{"* * * * m", "weekday 'm' is not a number or a name"},
		{"* * * * L", "weekday 'L' is not a number or a name"},
		{"* * * * ?", "weekday '?' is not a number or a name"},
		{"1, * * * *", "minute '' is empty, beside a ',', at column 3"},
		{",1 * * * *", "minute '' is empty, beside a ',', at column 1"},
		{"5-3 * * * *", "minute '5-3' goes backwards; write two ranges, at column 1"},
		{"* 22-2 * * *", "hour '22-2' goes backwards"},
		{"* * * nov-feb *", "month 'nov-feb' goes backwards"},
		{"* * * * sat-mon", "weekday 'sat-mon' goes backwards"},
		{"5/15 * * * *", "minute '5/15' has a step, which needs a range; write 5-59/..."},
		{"*/0 * * * *", "minute '0' is a step, which must be from 1 to 1000, at column 3"},
		{"*/ * * * *", "minute '' is a step"},
		{"*/x * * * *", "minute 'x' is a step"},
		{"*/-1 * * * *", "minute '-1' is a step"},
		{"1-2/99999 * * * *", "minute '99999' is a step"},
		{"-5 * * * *", "minute '' is not a number, at column 1"},
		{"+5 * * * *", "minute '+5' is not a number"},
		{"1-2-3 * * * *", "minute '2-3' is not a number"},
		{"1.5 * * * *", "minute '1.5' is not a number"},
		{"** * * * *", "minute '**' is not a number"},
		{"* * 15w- * *", "is not a number"},
		{"* * 32W * *", "day of the month '32' must be from 1 to 31"},
		{"* * W * *", "day of the month '' is not a number"},
		{"* * * * 5#0", "weekday '0' is a week of the month, which must be from 1 to 5"},
		{"* * * * 5#6", "weekday '6' is a week of the month"},
		{"* * * * #1", "weekday '' is not a number or a name"},
		{"* * * * fri#", "weekday '' is a week of the month"},
		{"* * * * 1-5L", "weekday '1-5' is not a number"},
		{"0 0 30 feb *", "cron expression '0 0 30 feb *': never comes; no year has such a "
				 "day"},
		{"0 0 31 2,4,6,9,11 *", "never comes"},
		{"0 0 */31 * mon#5", "never comes"}, /* day 1 is no fifth Monday */
		{"0 0 30 feb mon", NULL},            /* Mondays, by the rule of either */
		{"@reboot", "cron expression '@reboot': is not one of @hourly, @daily"},
		{"@every 5m", "is not one of @hourly"},
		{"\x1b[1m * * * *", "minute '\\x1b[1m' is not a number"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cron_schedule schedule = {.hours = 77};
		struct err err = {0};
		const int status = cron_schedule_parse(str_of(cases[i].text), &schedule, &err);

		if (!cases[i].error) {
			assert_int_equal(status, 0);
			continue;
		}
		assert_int_equal(status, -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_int_equal(schedule.hours, 77);
		if (!strstr(err.msg, cases[i].error)) {
			fail_msg("'%s' is not in '%s'", cases[i].error, err.msg);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_minutes_and_hours),
		cmocka_unit_test(test_months_and_days),
		cmocka_unit_test(test_days_by_other_names),
		cmocka_unit_test(test_shortcuts),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

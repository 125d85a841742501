/*
 * Times of the week: what is written, when it holds, when that changes.
 */
#include "base/alloc.h"
#include "base/arena.h"
#include "base/calendar.h"
#include "base/strbuf.h"
#include "base/time_window.h"
#include "base/time_zone.h"
#include "cmocka_all.h"

enum { WINDOWS_MAX = 3 };

struct fixture {
	struct arena *arena;
	struct time_zone *berlin;
	const struct time_window *windows[WINDOWS_MAX];
	size_t count;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->arena = arena_new();
	*state = f;
	return time_zone_open(str_of("Europe/Berlin"), &f->berlin, NULL);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	time_zone_free(f->berlin);
	arena_free(f->arena);
	free(f);
	return 0;
}

/* Windows separated by ";". */
static void set(struct fixture *f, const char *text)
{
	struct str rest = str_of(text);
	struct str piece;

	f->count = 0;
	while (text[0] && str_split(&rest, ';', &piece)) {
		struct time_window *window = NULL;
		struct err err = {0};

		if (time_window_parse(piece, f->arena, &window, &err) < 0) {
			fail_msg("%s", err.msg);
		}
		assert_true(f->count < WINDOWS_MAX);
		f->windows[f->count++] = window;
	}
}

/* The first instant of a time on Berlin's clocks. */
static int64_t at(const struct fixture *f, int month, int day, int hour, int minute)
{
	const struct calendar_time t = {
		.year = 2025, .month = month, .day = day, .hour = hour, .minute = minute};
	int64_t first = 0;
	int64_t last = 0;

	(void)time_zone_unix(f->berlin, calendar_ms(&t), &first, &last);
	return first;
}

/* 2025-07-01 was a Tuesday. */
static void test_holds(void **state)
{
	static const struct {
		const char *text;
		int day, hour, minute;
		bool holds;
	} cases[] = {
		{"mon-fri 09:00-17:00", 1, 8, 59, false},
		{"mon-fri 09:00-17:00", 1, 9, 0, true},
		{"mon-fri 09:00-17:00", 1, 16, 59, true},
		{"mon-fri 09:00-17:00", 1, 17, 0, false},
		{"mon-fri 09:00-17:00", 4, 12, 0, true},
		{"mon-fri 09:00-17:00", 5, 12, 0, false},
		{"sat,sun", 4, 23, 59, false},
		{"sat,sun", 5, 0, 0, true},
		{"sat,sun", 6, 23, 59, true},
		{"sat,sun", 7, 0, 0, false},
		{"22:00-06:00", 1, 21, 59, false},
		{"22:00-06:00", 1, 22, 0, true},
		{"22:00-06:00", 1, 5, 59, true},
		{"22:00-06:00", 1, 6, 0, false},
		{"daily 08:00-20:00", 6, 8, 0, true},
		{"Daily", 6, 3, 3, true},
		/* belongs to the day on which it began, over the week's end too */
		{"fri 22:00-06:00", 4, 22, 0, true},
		{"fri 22:00-06:00", 5, 5, 59, true},
		{"fri 22:00-06:00", 5, 6, 0, false},
		{"fri 22:00-06:00", 4, 3, 0, false},
		{"sat 22:00-06:00", 6, 5, 0, true},
		{"sat 22:00-06:00", 6, 22, 0, false},
		{"sun 22:00-06:00", 7, 5, 0, true},
		/* lists and ranges */
		{"SATURDAY-mon 1:00-2:00", 7, 1, 30, true},
		{"sat-mon 1:00-2:00", 8, 1, 30, false},
		{"tue-tue", 1, 12, 0, true},
		{"tue-tue", 2, 12, 0, false},
		{"tue 09:00-12:00,13:00-17:00", 1, 12, 0, false},
		{"tue 09:00-12:00,13:00-17:00", 1, 13, 0, true},
		{"tue 20:00-24:00", 1, 23, 59, true},
		{"tue 20:00-24:00", 2, 0, 0, false},
		{"  tue \t 20:00-24:00 ", 1, 20, 0, true},
		/* several */
		{"sat,sun;22:00-06:00", 5, 12, 0, true},
		{"sat,sun;22:00-06:00", 1, 23, 0, true},
		{"sat,sun;22:00-06:00", 1, 12, 0, false},
		{"", 1, 12, 0, false},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const int64_t now = at(f, 7, cases[i].day, cases[i].hour, cases[i].minute);

		set(f, cases[i].text);
		if (time_windows_hold(f->windows, f->count, f->berlin, now) != cases[i].holds) {
			fail_msg("%s on day %d at %d:%02d", cases[i].text, cases[i].day,
				cases[i].hour, cases[i].minute);
		}
	}
}

static void test_changes(void **state)
{
	static const struct {
		const char *text;
		int month, day, hour, minute;
		const char *change; /* NULL: never */
	} cases[] = {
		{"mon-fri 09:00-17:00", 7, 1, 8, 0, "2025-07-01 09:00:00 CEST"},
		{"mon-fri 09:00-17:00", 7, 1, 9, 0, "2025-07-01 17:00:00 CEST"},
		{"mon-fri 09:00-17:00", 7, 4, 17, 0, "2025-07-07 09:00:00 CEST"},
		{"sat,sun", 7, 5, 12, 0, "2025-07-07 00:00:00 CEST"},
		{"sat 12:00-13:00", 7, 5, 13, 0, "2025-07-12 12:00:00 CEST"},
		{"fri 22:00-06:00", 7, 4, 23, 0, "2025-07-05 06:00:00 CEST"},
		/* windows that touch are one */
		{"sat,sun;mon 00:00-09:00", 7, 5, 12, 0, "2025-07-07 09:00:00 CEST"},
		{"mon-fri;sat-sun", 7, 1, 0, 0, NULL},
		{"00:00-24:00", 7, 1, 0, 0, NULL},
		{"12:00-11:00,11:00-12:00", 7, 1, 0, 0, NULL},
		{"", 7, 1, 0, 0, NULL},
		/* the clocks change in between */
		{"mon 09:00-17:00", 3, 29, 12, 0, "2025-03-31 09:00:00 CEST"},
		{"mon 09:00-17:00", 10, 25, 12, 0, "2025-10-27 09:00:00 CET"},
		/* a skipped hour: what is in it does not come, what begins in it begins after */
		{"02:00-03:00", 3, 30, 1, 0, "2025-03-31 02:00:00 CEST"},
		{"02:30-04:00", 3, 30, 1, 0, "2025-03-30 03:00:00 CEST"},
		{"01:00-02:30", 3, 30, 1, 0, "2025-03-30 03:00:00 CEST"},
		/* an hour that comes again */
		{"02:00-02:30", 10, 26, 2, 0, "2025-10-26 02:30:00 CEST"},
		{"02:00-02:30", 10, 26, 2, 30, "2025-10-26 02:00:00 CET"},
		{"01:00-02:30", 10, 26, 2, 40, "2025-10-26 02:00:00 CET"},
		{"02:00-03:00", 10, 26, 2, 0, "2025-10-26 03:00:00 CET"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
		const int64_t now =
			at(f, cases[i].month, cases[i].day, cases[i].hour, cases[i].minute);
		int64_t change;

		set(f, cases[i].text);
		change = time_windows_change(f->windows, f->count, f->berlin, now);
		if (!cases[i].change) {
			assert_true(change == INT64_MAX);
			continue;
		}
		time_zone_add(&text, f->berlin, change);
		assert_string_equal(text.buf, cases[i].change);
		assert_int_equal(change % 1000, 0);
		/* Within a minute too. */
		assert_true(time_windows_change(f->windows, f->count, f->berlin, now + 59999) ==
			    change);
	}
}

/* Minute by minute over half a year: nothing changes before it is said, and then it does. */
static void test_minute_by_minute(void **state)
{
	struct fixture *f = *state;
	int64_t change = INT64_MIN;
	bool was_in = false;

	set(f, "mon-fri 02:15-17:00;sun 22:00-02:40");
	for (int64_t ms = at(f, 3, 1, 0, 0); ms < at(f, 11, 1, 0, 0); ms += CALENDAR_MINUTE_MS) {
		const bool is_in = time_windows_hold(f->windows, f->count, f->berlin, ms);

		if (change != INT64_MIN) {
			assert_int_equal(is_in != was_in, ms == change);
		}
		if (is_in != was_in || change == INT64_MIN) {
			change = time_windows_change(f->windows, f->count, f->berlin, ms);
		}
		was_in = is_in;
	}
}

static void test_always(void **state)
{
	struct fixture *f = *state;

	set(f, "daily");
	assert_true(time_windows_are_always(f->windows, f->count));
	set(f, "mon-fri;sat,sun");
	assert_true(time_windows_are_always(f->windows, f->count));
	set(f, "mon-fri;sat");
	assert_false(time_windows_are_always(f->windows, f->count));
	set(f, "00:00-23:59");
	assert_false(time_windows_are_always(f->windows, f->count));
	set(f, "");
	assert_false(time_windows_are_always(f->windows, f->count));
}

static void test_the_ends_of_time(void **state)
{
	struct fixture *f = *state;

	set(f, "mon 09:00-17:00");
	assert_true(time_windows_change(f->windows, f->count, f->berlin, INT64_MAX) == INT64_MAX);
	assert_true(time_windows_change(f->windows, f->count, f->berlin, INT64_MIN) < 0);
	(void)time_windows_hold(f->windows, f->count, f->berlin, INT64_MAX);
}

static void test_texts(void **state)
{
	static const char *const cases[][2] = {
		{" mon-fri 09:00-17:00 ", "mon,tue,wed,thu,fri 9:00-17:00"},
		{"daily", "mon-sun"},
		{"fri 22:00-06:00", "fri 22:00-24:00,22:00-06:00"},
		{"sat,sun", "sat-sun 00:00-12:00,12:00-24:00"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf a = STRBUF_INIT;
		_cleanup_(strbuf_release) struct strbuf b = STRBUF_INIT;

		set(f, cases[i][0]);
		assert_string_equal(time_window_text(f->windows[0]),
			str_dup(str_trim(str_of(cases[i][0])), f->arena));
		time_window_add_times(f->windows[0], &a);
		set(f, cases[i][1]);
		time_window_add_times(f->windows[0], &b);
		assert_string_equal(a.buf, b.buf);
	}
	assert_int_equal(f->count, 1);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "time window '': is empty; write one like mon-fri 09:00-17:00"},
		{"  ", "time window '': is empty"},
		{"mo-fr 09:00-17:00",
			"time window 'mo-fr 09:00-17:00': 'mo' is not a weekday (mon, "
			"tue, ...) or daily, at column 1"},
		{"mon-fry", "'fry' is not a weekday (mon, tue, ...) or daily, at column 5"},
		{"mon,", "'' is not a weekday (mon, tue, ...) or daily, at column 5"},
		{"mon-tue-wed", "'tue-wed' is not a weekday"},
		{"daily,mon", "'daily' is not a weekday"},
		{"mon 9-17", "'9' is not a time of day (00:00 to 24:00), at column 5"},
		{"mon 09:00", "'09:00' is not a range of times (09:00-17:00), at column 5"},
		{"09:00-", "'' is not a time of day (00:00 to 24:00), at column 7"},
		{"09:00-25:00", "'25:00' is not a time of day"},
		{"09:00-24:01", "'24:01' is not a time of day"},
		{"09:60-10:00", "'09:60' is not a time of day"},
		{"09:0-10:00", "'09:0' is not a time of day"},
		{"009:00-10:00", "'009:00' is not a time of day"},
		{"0+:00-10:00", "'0+:00' is not a time of day"},
		{"09:+1-10:00", "'09:+1' is not a time of day"},
		{"09:00:00-10:00:00", "'09:00:00' is not a time of day"},
		{"9pm-10pm", "'9pm' is not a time of day"},
		{"09:00-09:00", "'09:00-09:00' is empty; write 00:00-24:00 for the whole day, at "
				"column 1"},
		{"24:00-06:00", "begins where the day has ended"},
		{"09:00-17:00 mon",
			"'mon' is too much; days and times are lists without spaces, at "
			"column 13"},
		{"mon - fri", "'fri' is too much"},
		{"mon tue", "'tue' is not a range of times"},
		{"mon 09:00-10:00 x", "'x' is too much"},
		{"mon 09:00-10:00,", "'' is not a range of times"},
		{"\x1b[1m", "time window '\\x1b[1m': '\\x1b[1m' is not a weekday"},
	};
	struct fixture *f = *state;
	char text[1002] = {0};
	struct time_window *window = NULL;
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
			time_window_parse(str_of(cases[i].text), f->arena, &window, &err), -1);
		assert_null(window);
		assert_int_equal(err.code, ERR_INPUT);
		if (!strstr(err.msg, cases[i].error)) {
			fail_msg("'%s' is not in '%s'", cases[i].error, err.msg);
		}
	}
	memset(text, '0', sizeof(text) - 1);
	assert_int_equal(time_window_parse(str_of(text), f->arena, &window, &err), -1);
	assert_non_null(strstr(err.msg, "longer than 1000 bytes"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holds),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_minute_by_minute),
		cmocka_unit_test(test_always),
		cmocka_unit_test(test_the_ends_of_time),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

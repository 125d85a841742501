/*
 * Times of the week as a set of its minutes.  See time_window.h.
 */
#include "base/time_window.h"

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/calendar.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/time_zone.h"
#include "base/utf8.h"

enum {
	DAYS = 7,
	DAY = 24 * 60, /* minutes */
	WEEK = DAYS * DAY,
	BITS = 64,
	WORDS = (WEEK + BITS - 1) / BITS,
	TEXT_MAX = 1000,       /* bytes */
	EPOCH_SHIFT = 4 * DAY, /* 1970 began on a Thursday, the week begins on Sunday */
};

struct minutes {
	uint64_t words[WORDS];
};

struct time_window {
	const char *text;
	struct minutes minutes;
};

static bool has(const struct minutes *set, int minute)
{
	return set->words[minute / BITS] >> (minute % BITS) & 1;
}

/* Minutes past the week's end are in the next one, which is the same. */
static void add_range(struct minutes *set, int first, int end)
{
	for (int i = first; i < end; i++) {
		const int minute = i % WEEK;

		set->words[minute / BITS] |= 1ULL << (minute % BITS);
	}
}

static void join(const struct time_window *const *windows, size_t count, struct minutes *ret_set)
{
	memset(ret_set, 0, sizeof(*ret_set));
	for (size_t i = 0; i < count; i++) {
		for (size_t w = 0; w < WORDS; w++) {
			ret_set->words[w] |= windows[i]->minutes.words[w];
		}
	}
}

/* The first minute from `minute` on, at most a week later, at which `is_in` is the case; -1: none
 * is. */
static int find(const struct minutes *set, int minute, bool is_in)
{
	for (int i = minute; i < minute + WEEK; i++) {
		if (has(set, i % WEEK) == is_in) {
			return i;
		}
	}
	return -1;
}

/* What is written */

struct reader {
	struct str whole;
	struct err *err;
};

static int fault(const struct reader *r, struct str at, const char *what)
{
	return err_set(r->err, ERR_INPUT, "time window '%s': '%s' %s, at column %zu",
		utf8_quote(r->whole).text, utf8_quote(at).text, what,
		(size_t)(at.ptr - r->whole.ptr) + 1);
}

static int read_day(const struct reader *r, struct str s, int *ret_day)
{
	const int day = calendar_find_weekday(s);

	if (day < 0) {
		return fault(r, s, "is not a weekday (mon, tue, ...) or daily");
	}
	*ret_day = day;
	return 0;
}

/* "mon", "mon-fri"; also over the week's end, "sat-mon".  Days as bits. */
static int read_days_item(const struct reader *r, struct str s, unsigned *days)
{
	const size_t dash = str_find(s, '-', 0);
	int first = 0;
	int last = 0;

	if (read_day(r, str_sub(s, 0, dash), &first) < 0) {
		return -1;
	}
	last = first;
	if (dash < s.len && read_day(r, str_sub(s, dash + 1, s.len), &last) < 0) {
		return -1;
	}
	for (int day = first;; day = (day + 1) % DAYS) {
		*days |= 1U << day;
		if (day == last) {
			return 0;
		}
	}
}

static int read_days(const struct reader *r, struct str s, unsigned *days)
{
	struct str item;

	if (str_case_eq(s, str_of("daily"))) {
		*days = (1U << DAYS) - 1;
		return 0;
	}
	while (str_split(&s, ',', &item)) {
		if (read_days_item(r, item, days) < 0) {
			return -1;
		}
	}
	return 0;
}

/* "9:00", "17:30", "24:00"; minutes from midnight. */
static int read_time(const struct reader *r, struct str s, int *ret_minute)
{
	const size_t colon = str_find(s, ':', 0);
	const struct str hours = str_sub(s, 0, colon);
	const struct str minutes = str_sub(s, colon + 1, s.len);
	int64_t hour = 0;
	int64_t minute = 0;

	if (hours.len < 1 || hours.len > 2 || minutes.len != 2 || !char_is_digit(hours.ptr[0]) ||
		!char_is_digit(minutes.ptr[0]) || parse_int(hours, 0, 24, &hour, NULL) < 0 ||
		parse_int(minutes, 0, 59, &minute, NULL) < 0 || hour * 60 + minute > DAY) {
		return fault(r, s, "is not a time of day (00:00 to 24:00)");
	}
	*ret_minute = (int)(hour * 60 + minute);
	return 0;
}

static int read_times_item(
	const struct reader *r, struct str s, unsigned days, struct minutes *minutes)
{
	const size_t dash = str_find(s, '-', 0);
	int first = 0;
	int end = 0;

	if (dash == s.len) {
		return fault(r, s, "is not a range of times (09:00-17:00)");
	}
	if (read_time(r, str_sub(s, 0, dash), &first) < 0 ||
		read_time(r, str_sub(s, dash + 1, s.len), &end) < 0) {
		return -1;
	}
	if (first == DAY) {
		return fault(r, s, "begins where the day has ended; write 00:00 for the next day");
	}
	if (first == end) {
		return fault(r, s, "is empty; write 00:00-24:00 for the whole day");
	}
	end += end < first ? DAY : 0;
	for (int day = 0; day < DAYS; day++) {
		if (days >> day & 1) {
			add_range(minutes, day * DAY + first, day * DAY + end);
		}
	}
	return 0;
}

static int read_times(const struct reader *r, struct str s, unsigned days, struct minutes *minutes)
{
	struct str item;

	while (str_split(&s, ',', &item)) {
		if (read_times_item(r, item, days, minutes) < 0) {
			return -1;
		}
	}
	return 0;
}

static int read_window(const struct reader *r, struct minutes *minutes)
{
	const struct str all_times = str_of("00:00-24:00");
	struct str rest = r->whole;
	struct str days_text = str_of("daily");
	struct str times_text = all_times;
	struct str word;
	unsigned days = 0;

	if (!str_word(&rest, &word)) {
		return err_set(r->err, ERR_INPUT,
			"time window '': is empty; write one like mon-fri 09:00-17:00");
	}
	if (!char_is_digit(word.ptr[0])) {
		days_text = word;
		word = str_n("", 0);
		(void)str_word(&rest, &word);
	}
	if (word.len > 0) {
		times_text = word;
	}
	if (str_word(&rest, &word)) {
		return fault(r, word, "is too much; days and times are lists without spaces");
	}
	if (read_days(r, days_text, &days) < 0) {
		return -1;
	}
	return read_times(r, times_text, days, minutes);
}

int time_window_parse(
	struct str text, struct arena *arena, struct time_window **ret_window, struct err *err)
{
	const struct reader r = {.whole = str_trim(text), .err = err};
	struct minutes minutes = {0};
	struct time_window *window;

	if (r.whole.len > TEXT_MAX) {
		return err_set(err, ERR_INPUT, "time window '%s': longer than %d bytes",
			utf8_quote(r.whole).text, TEXT_MAX);
	}
	if (read_window(&r, &minutes) < 0) {
		return -1;
	}
	window = arena_alloc(arena, sizeof(*window));
	window->text = str_dup(r.whole, arena);
	window->minutes = minutes;
	*ret_window = window;
	return 0;
}

const char *time_window_text(const struct time_window *window)
{
	return window->text;
}

void time_window_add_times(const struct time_window *window, struct strbuf *out)
{
	bool is_in = false;

	for (int minute = 0; minute < WEEK; minute++) {
		if (has(&window->minutes, minute) != is_in) {
			strbuf_addf(out, "%c%d", is_in ? '-' : ' ', minute);
			is_in = !is_in;
		}
	}
}

/* When they hold */

static int64_t minute_of(int64_t wall_ms)
{
	return calendar_floor_div(wall_ms, CALENDAR_MINUTE_MS);
}

static int minute_of_week(int64_t minute)
{
	return (int)calendar_floor_mod(minute + EPOCH_SHIFT, WEEK);
}

static bool holds(const struct minutes *set, const struct time_zone *zone, int64_t unix_ms)
{
	return has(set, minute_of_week(minute_of(time_zone_wall(zone, unix_ms))));
}

bool time_windows_hold(const struct time_window *const *windows, size_t count,
	const struct time_zone *zone, int64_t unix_ms)
{
	const int minute = minute_of_week(minute_of(time_zone_wall(zone, unix_ms)));

	for (size_t i = 0; i < count; i++) {
		if (has(&windows[i]->minutes, minute)) {
			return true;
		}
	}
	return false;
}

/* The first instant of a stretch, after `unix_ms` in it, at which the set begins or ends to hold;
 * the stretch's end if there is none. */
static int64_t change_in(
	const struct minutes *set, const struct time_zone_span *span, int64_t unix_ms, bool is_in)
{
	const int64_t offset_ms = (int64_t)span->offset_s * CALENDAR_SECOND_MS;
	const int64_t minute = minute_of(calendar_add(unix_ms, offset_ms));
	const int in_week = minute_of_week(minute);
	const int64_t ahead = find(set, in_week, !is_in) - in_week;
	const int64_t change_ms =
		calendar_add(calendar_mul(minute + ahead, CALENDAR_MINUTE_MS), -offset_ms);

	return change_ms < span->end_ms ? change_ms : span->end_ms;
}

int64_t time_windows_change(const struct time_window *const *windows, size_t count,
	const struct time_zone *zone, int64_t unix_ms)
{
	struct minutes set;
	bool is_in;

	join(windows, count, &set);
	is_in = holds(&set, zone, unix_ms);
	if (find(&set, 0, !is_in) < 0) {
		return INT64_MAX;
	}
	while (unix_ms < INT64_MAX && holds(&set, zone, unix_ms) == is_in) {
		const struct time_zone_span span = time_zone_span(zone, unix_ms);

		unix_ms = change_in(&set, &span, unix_ms, is_in);
	}
	return unix_ms;
}

bool time_windows_are_always(const struct time_window *const *windows, size_t count)
{
	struct minutes set;

	join(windows, count, &set);
	return find(&set, 0, false) < 0;
}

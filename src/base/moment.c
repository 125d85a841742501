/*
 * Reading points in time.  Local time is the C library's.
 */
#include "base/moment.h"

#include <stdbool.h>
#include <time.h>

#include "base/parse.h"
#include "base/utf8.h"

enum { SECOND_MS = 1000, MINUTE_S = 60, HOUR_S = 3600, YEAR_MIN = 1970 };

/* What was read of a text so far. */
struct reader {
	struct str text;
	size_t pos;
};

static bool take(struct reader *reader, char c)
{
	if (reader->pos < reader->text.len && reader->text.ptr[reader->pos] == c) {
		reader->pos++;
		return true;
	}
	return false;
}

static bool is_at_end(const struct reader *reader)
{
	return reader->pos == reader->text.len;
}

/* Exactly `digits` of them. */
static bool take_number(struct reader *reader, size_t digits, int max, int *ret_number)
{
	int number = 0;

	if (reader->text.len - reader->pos < digits) {
		return false;
	}
	for (size_t i = 0; i < digits; i++) {
		char c = reader->text.ptr[reader->pos + i];

		if (!char_is_digit(c)) {
			return false;
		}
		number = 10 * number + (c - '0');
	}
	reader->pos += digits;
	*ret_number = number;
	return number <= max;
}

/* Any number of digits, of which three count. */
static bool take_fraction(struct reader *reader, int *ret_ms)
{
	int unit_ms = SECOND_MS;
	int digit = 0;

	*ret_ms = 0;
	while (!is_at_end(reader) && char_is_digit(reader->text.ptr[reader->pos])) {
		(void)take_number(reader, 1, 9, &digit);
		unit_ms /= 10;
		*ret_ms += digit * unit_ms;
	}
	return unit_ms < SECOND_MS;
}

/* "08:00", "08:00:15", "08:00:15.123456". */
static bool take_clock(struct reader *reader, struct tm *tm, int *ret_ms)
{
	if (!take_number(reader, 2, 23, &tm->tm_hour) || !take(reader, ':') ||
		!take_number(reader, 2, 59, &tm->tm_min)) {
		return false;
	}
	if (take(reader, ':') && !take_number(reader, 2, 59, &tm->tm_sec)) {
		return false;
	}
	return !take(reader, '.') || take_fraction(reader, ret_ms);
}

/* "Z", "+02:00", "-0730"; nothing: local.  False: something else. */
static bool take_offset(struct reader *reader, bool *ret_is_utc, int *ret_offset_s)
{
	int hours = 0, minutes = 0;
	bool is_behind = false;

	if (is_at_end(reader)) {
		return true;
	}
	*ret_is_utc = true;
	if (take(reader, 'Z') || take(reader, 'z')) {
		return true;
	}
	is_behind = take(reader, '-');
	if (!is_behind && !take(reader, '+')) {
		return false;
	}
	if (!take_number(reader, 2, 14, &hours)) {
		return false;
	}
	(void)take(reader, ':');
	if (!take_number(reader, 2, 59, &minutes)) {
		return false;
	}
	*ret_offset_s = (is_behind ? -1 : 1) * (hours * HOUR_S + minutes * MINUTE_S);
	return true;
}

/* False for days that do not exist: the C library would take 31 February for 3 March. */
static bool tm_to_ms(const struct tm *given, bool is_utc, int64_t *ret_ms)
{
	struct tm tm = *given;
	time_t seconds;

	tm.tm_isdst = -1;
	seconds = is_utc ? timegm(&tm) : mktime(&tm);
	if (tm.tm_mday != given->tm_mday || tm.tm_mon != given->tm_mon) {
		return false;
	}
	*ret_ms = (int64_t)seconds * SECOND_MS;
	return true;
}

static bool parse_date(struct str text, int64_t *ret_ms)
{
	struct reader reader = {.text = text};
	struct tm tm = {0};
	int year = 0, month = 0, ms = 0, offset_s = 0;
	bool is_utc = false;

	if (!take_number(&reader, 4, 9999, &year) || year < YEAR_MIN || !take(&reader, '-') ||
		!take_number(&reader, 2, 12, &month) || month == 0 || !take(&reader, '-') ||
		!take_number(&reader, 2, 31, &tm.tm_mday) || tm.tm_mday == 0) {
		return false;
	}
	if (!is_at_end(&reader) &&
		((!take(&reader, 'T') && !take(&reader, ' ')) || !take_clock(&reader, &tm, &ms) ||
			!take_offset(&reader, &is_utc, &offset_s))) {
		return false;
	}
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	if (!is_at_end(&reader) || !tm_to_ms(&tm, is_utc, ret_ms)) {
		return false;
	}
	*ret_ms += ms - (int64_t)offset_s * SECOND_MS;
	return true;
}

/* The local day of now, moved by some days, at a time of day. */
static int64_t day_ms(int64_t now_ms, int days, const struct tm *clock)
{
	time_t now_s = (time_t)(now_ms / SECOND_MS);
	struct tm tm = {0};

	(void)localtime_r(&now_s, &tm); /* fails for years beyond an int only */
	tm.tm_mday += days;
	tm.tm_hour = clock->tm_hour;
	tm.tm_min = clock->tm_min;
	tm.tm_sec = clock->tm_sec;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * SECOND_MS;
}

static bool parse_clock(
	struct str text, enum moment_direction direction, int64_t now_ms, int64_t *ret_ms)
{
	struct reader reader = {.text = text};
	struct tm clock = {0};
	int ms = 0;

	if (!take_clock(&reader, &clock, &ms) || !is_at_end(&reader)) {
		return false;
	}
	*ret_ms = day_ms(now_ms, 0, &clock) + ms;
	if (direction == MOMENT_PAST && *ret_ms > now_ms) {
		*ret_ms = day_ms(now_ms, -1, &clock) + ms;
	} else if (direction == MOMENT_FUTURE && *ret_ms < now_ms) {
		*ret_ms = day_ms(now_ms, 1, &clock) + ms;
	}
	return true;
}

static bool parse_word(struct str text, int64_t now_ms, int64_t *ret_ms)
{
	static const struct {
		const char *word;
		int days;
	} words[] = {{"today", 0}, {"yesterday", -1}, {"tomorrow", 1}};
	const struct tm midnight = {0};

	if (str_is(text, "now")) {
		*ret_ms = now_ms;
		return true;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_is(text, words[i].word)) {
			*ret_ms = day_ms(now_ms, words[i].days, &midnight);
			return true;
		}
	}
	return false;
}

int moment_parse(struct str text, enum moment_direction direction, int64_t now_ms,
	int64_t *ret_wall_ms, struct err *err)
{
	int64_t duration_ms = 0, wall_ms = 0;

	if (parse_word(text, now_ms, &wall_ms) || parse_date(text, &wall_ms) ||
		parse_clock(text, direction, now_ms, &wall_ms)) {
		*ret_wall_ms = wall_ms;
		return 0;
	}
	if (parse_duration(text, &duration_ms, NULL) == 0) {
		*ret_wall_ms =
			direction == MOMENT_PAST ? now_ms - duration_ms : now_ms + duration_ms;
		return 0;
	}
	return err_set(err, ERR_INPUT,
		"'%s' is no time; write a duration (30m, 7d), 2025-07-01, \"2025-07-01 08:00\", "
		"2025-07-01T08:00:00Z, 08:00, today or yesterday",
		utf8_quote(text).text);
}

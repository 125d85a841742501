/*
 * Rules of time zones in the POSIX form, "CET-1CEST,M3.5.0,M10.5.0/3": what standard time and
 * daylight saving time are called, how far they are from UTC (west is positive here, and nowhere
 * else), and on which days of every year one gives way to the other.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "base/time_zone_internal.h"
#include "base/utf8.h"

enum {
	NAME_MIN = 3,
	OFFSET_HOURS_MAX = 24,
	TIME_HOURS_MAX = 167, /* RFC 9636 allows a week each way */
	DEFAULT_TIME_S = 2 * 3600,
};

struct reader {
	struct str whole, rest;
	struct err *err;
};

static int fault(const struct reader *r, const char *what)
{
	return err_set(r->err, ERR_INPUT, "time zone rule '%s': %s at column %zu",
		utf8_quote(r->whole).text, what, r->whole.len - r->rest.len + 1);
}

static char next_char(const struct reader *r)
{
	return r->rest.len > 0 ? r->rest.ptr[0] : '\0';
}

static void skip(struct reader *r, size_t len)
{
	r->rest = str_sub(r->rest, len, r->rest.len);
}

static bool take(struct reader *r, char c)
{
	if (next_char(r) != c || c == '\0') {
		return false;
	}
	skip(r, 1);
	return true;
}

bool time_zone_is_abbreviation(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!char_is_alnum(s.ptr[i]) && s.ptr[i] != '+' && s.ptr[i] != '-') {
			return false;
		}
	}
	return s.len > 0 && s.len < TIME_ZONE_ABBREVIATION_SIZE;
}

/* "CET", or "<+0545>"; empty if there is none. */
static struct str take_name(struct reader *r)
{
	const bool is_quoted = take(r, '<');
	size_t len = 0;
	struct str name;

	if (is_quoted) {
		len = str_find(r->rest, '>', 0);
		if (len == r->rest.len) {
			return str_n("", 0);
		}
	} else {
		while (len < r->rest.len && char_is_alpha(r->rest.ptr[len])) {
			len++;
		}
	}
	name = str_sub(r->rest, 0, len);
	skip(r, len + is_quoted);
	return name;
}

static int read_name(struct reader *r, struct time_zone_type *type)
{
	const struct reader before = *r;
	const struct str name = take_name(r);

	if (name.len < NAME_MIN || !time_zone_is_abbreviation(name)) {
		return fault(&before, "expected a name of 3 to 15 letters, or <...>");
	}
	memcpy(type->abbreviation, name.ptr, name.len);
	type->abbreviation[name.len] = '\0';
	return 0;
}

static int read_number(struct reader *r, int min, int max, int *ret_number)
{
	size_t len = 0;
	int64_t number = 0;

	while (len < r->rest.len && char_is_digit(r->rest.ptr[len])) {
		len++;
	}
	if (parse_int(str_sub(r->rest, 0, len), min, max, &number, NULL) < 0) {
		return err_set(r->err, ERR_INPUT,
			"time zone rule '%s': expected a number from %d to %d at column %zu",
			utf8_quote(r->whole).text, min, max, r->whole.len - r->rest.len + 1);
	}
	skip(r, len);
	*ret_number = (int)number;
	return 0;
}

/* "-1", "5:45", "02:30:00" */
static int read_time(struct reader *r, int hours_max, int32_t *ret_s)
{
	const int sign = take(r, '-') ? -1 : 1;
	int parts[3] = {0};

	if (sign > 0) {
		(void)take(r, '+');
	}
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (i > 0 && !take(r, ':')) {
			break;
		}
		if (read_number(r, 0, i == 0 ? hours_max : 59, &parts[i]) < 0) {
			return -1;
		}
	}
	*ret_s = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
	return 0;
}

static int read_offset(struct reader *r, struct time_zone_type *type)
{
	int32_t west_s = 0;

	if (read_time(r, OFFSET_HOURS_MAX, &west_s) < 0) {
		return -1;
	}
	type->offset_s = -west_s;
	return 0;
}

static int read_month_day(struct reader *r, struct time_zone_day *day)
{
	day->how = TIME_ZONE_MONTH_DAY;
	if (read_number(r, 1, 12, &day->month) < 0) {
		return -1;
	}
	if (!take(r, '.')) {
		return fault(r, "expected '.'");
	}
	if (read_number(r, 1, 5, &day->week) < 0) {
		return -1;
	}
	if (!take(r, '.')) {
		return fault(r, "expected '.'");
	}
	return read_number(r, 0, 6, &day->weekday);
}

static int read_day(struct reader *r, struct time_zone_day *day)
{
	int status;

	if (!take(r, ',')) {
		return fault(r, "expected ','");
	}
	if (take(r, 'M')) {
		status = read_month_day(r, day);
	} else if (take(r, 'J')) {
		day->how = TIME_ZONE_JULIAN;
		status = read_number(r, 1, 365, &day->day);
	} else {
		day->how = TIME_ZONE_YEAR_DAY;
		status = read_number(r, 0, 365, &day->day);
	}
	if (status < 0) {
		return -1;
	}
	day->time_s = DEFAULT_TIME_S;
	return take(r, '/') ? read_time(r, TIME_HOURS_MAX, &day->time_s) : 0;
}

static int read_dst(struct reader *r, struct time_zone_rule *rule)
{
	if (read_name(r, &rule->dst) < 0) {
		return -1;
	}
	rule->has_dst = rule->dst.is_dst = true;
	rule->dst.offset_s = rule->standard.offset_s + 3600;
	if (r->rest.len > 0 && next_char(r) != ',' && read_offset(r, &rule->dst) < 0) {
		return -1;
	}
	if (read_day(r, &rule->start) < 0 || read_day(r, &rule->end) < 0) {
		return -1;
	}
	return 0;
}

int time_zone_rule_parse(struct str text, struct time_zone_rule *ret_rule, struct err *err)
{
	struct reader r = {.whole = text, .rest = text, .err = err};
	struct time_zone_rule rule = {0};

	if (read_name(&r, &rule.standard) < 0 || read_offset(&r, &rule.standard) < 0) {
		return -1;
	}
	if (r.rest.len > 0 && read_dst(&r, &rule) < 0) {
		return -1;
	}
	if (r.rest.len > 0) {
		return fault(&r, "expected the end");
	}
	*ret_rule = rule;
	return 0;
}

/* The rule in a year */

static int64_t month_day(const struct time_zone_day *day, int year)
{
	const int64_t first = calendar_days(year, day->month, 1);
	const int length = calendar_month_length(year, day->month);
	const int to_weekday = (day->weekday - calendar_weekday(first) + 7) % 7;
	int in_month = to_weekday + 7 * (day->week - 1);

	if (in_month >= length) { /* there is no fifth: the last is the fourth */
		in_month -= 7;
	}
	return first + in_month;
}

static int64_t day_of(const struct time_zone_day *day, int year)
{
	const int64_t first = calendar_days(year, 1, 1);

	switch (day->how) {
	case TIME_ZONE_MONTH_DAY:
		return month_day(day, year);
	case TIME_ZONE_JULIAN:
		return first + day->day - 1 + (day->day >= 60 && calendar_is_leap_year(year));
	case TIME_ZONE_YEAR_DAY:
		return first + day->day;
	}
	return first;
}

static int64_t change_at(
	const struct time_zone_day *day, const struct time_zone_type *before, int year)
{
	return day_of(day, year) * CALENDAR_DAY_S + day->time_s - before->offset_s;
}

int64_t time_zone_rule_start(const struct time_zone_rule *rule, int year)
{
	return change_at(&rule->start, &rule->standard, year);
}

int64_t time_zone_rule_end(const struct time_zone_rule *rule, int year)
{
	return change_at(&rule->end, &rule->dst, year);
}

/*
 * Cron expressions as sets of minutes, hours, days, months.
 *
 * Stricter than cron itself where that takes what can never be meant: "22-2" is an empty set there,
 * "5/15" has no agreed meaning, a sixth field has three.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/calendar.h"
#include "base/cron_schedule_internal.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/utf8.h"

enum {
	FIELDS = 5,
	STEP_MAX = 1000,
	WEEK = 7,
	WEEKS_MAX = 5, /* of a weekday in a month */
};

struct field {
	const char *name;
	int min, max;
	int (*find)(struct str name); /* -1: it is none; NULL: there are none */
};

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY };

static const struct field fields[FIELDS] = {
	[MINUTE] = {"minute", 0, 59, NULL},
	[HOUR] = {"hour", 0, 23, NULL},
	[DAY] = {"day of the month", 1, 31, NULL},
	[MONTH] = {"month", 1, 12, calendar_find_month},
	[WEEKDAY] = {"weekday", 0, 7, calendar_find_weekday},
};

static const struct {
	const char *name, *text;
} shortcuts[] = {
	{"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"},
	{"@monthly", "0 0 1 * *"},
	{"@weekly", "0 0 * * 0"},
	{"@daily", "0 0 * * *"},
	{"@midnight", "0 0 * * *"},
	{"@hourly", "0 * * * *"},
};

struct reader {
	struct str whole;
	const struct field *field;
	struct err *err;
};

/* What is wrong with a part of the expression, which is named with its column. */
static int fault(const struct reader *r, struct str at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fault(const struct reader *r, struct str at, const char *fmt, ...)
{
	_cleanup_(strbuf_release) struct strbuf what = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&what, fmt, ap);
	va_end(ap);
	return err_set(r->err, ERR_INPUT, "cron expression '%s': %s '%s' %s, at column %zu",
		utf8_quote(r->whole).text, r->field->name, utf8_quote(at).text, what.buf,
		(size_t)(at.ptr - r->whole.ptr) + 1);
}

/* A number or a name. */
static int read_value(const struct reader *r, struct str s, int *ret_value)
{
	const struct field *field = r->field;
	int64_t number = field->find ? field->find(s) : -1;

	if (number < 0) {
		if (!str_is_digits(s)) {
			return fault(r, s, "is not a number%s", field->find ? " or a name" : "");
		}
		if (parse_int(s, field->min, field->max, &number, NULL) < 0) {
			return fault(r, s, "must be from %d to %d", field->min, field->max);
		}
	}
	*ret_value = (int)number;
	return 0;
}

/* The number after "/" or "#". */
static int read_count(
	const struct reader *r, struct str s, const char *what, int max, int *ret_count)
{
	int64_t number = 0;

	if (!str_is_digits(s) || parse_int(s, 1, max, &number, NULL) < 0) {
		return fault(r, s, "is %s, which must be from 1 to %d", what, max);
	}
	*ret_count = (int)number;
	return 0;
}

static uint64_t numbers(int first, int last, int step)
{
	uint64_t set = 0;

	for (int i = first; i <= last; i += step) {
		set |= 1ULL << i;
	}
	return set;
}

static int read_range(const struct reader *r, struct str s, int *ret_first, int *ret_last)
{
	const size_t dash = str_find(s, '-', 0);

	if (read_value(r, str_sub(s, 0, dash), ret_first) < 0 ||
		read_value(r, str_sub(s, dash + 1, s.len), ret_last) < 0) {
		return -1;
	}
	if (r->field == &fields[WEEKDAY] && *ret_last == 0 && *ret_first > 0) {
		*ret_last = WEEK; /* a week may end on Sunday */
	}
	if (*ret_first > *ret_last) {
		return fault(r, s, "goes backwards; write two ranges");
	}
	return 0;
}

/* "*", "1", "1-5", "1-31/2" */
static int read_numbers(const struct reader *r, struct str s, uint64_t *set)
{
	const size_t slash = str_find(s, '/', 0);
	const struct str range = str_sub(s, 0, slash);
	const bool has_step = slash < s.len;
	int first = r->field->min;
	int last = r->field->max;
	int step = 1;

	if (str_contains(range, "-")) {
		if (read_range(r, range, &first, &last) < 0) {
			return -1;
		}
	} else if (!str_is(range, "*")) {
		if (read_value(r, range, &first) < 0) {
			return -1;
		}
		if (has_step) {
			return fault(r, s, "has a step, which needs a range; write %d-%d/...",
				first, r->field->max);
		}
		last = first;
	}
	if (has_step &&
		read_count(r, str_sub(s, slash + 1, s.len), "a step", STEP_MAX, &step) < 0) {
		return -1;
	}
	*set |= numbers(first, last, step);
	return 0;
}

static bool ends_in(struct str s, char letter)
{
	return s.len > 0 && char_lower(s.ptr[s.len - 1]) == letter;
}

/* Days of the month: also "L", "LW" and "15W". */
static int read_day(const struct reader *r, struct str s, struct cron_schedule *schedule)
{
	uint64_t set = 0;
	int day = 0;

	if (str_case_eq(s, str_of("l"))) {
		schedule->of_month.has_last = true;
		return 0;
	}
	if (str_case_eq(s, str_of("lw"))) {
		schedule->of_month.has_last_workday = true;
		return 0;
	}
	if (ends_in(s, 'w')) {
		if (read_value(r, str_sub(s, 0, s.len - 1), &day) < 0) {
			return -1;
		}
		schedule->of_month.near_days |= 1U << day;
		return 0;
	}
	if (read_numbers(r, s, &set) < 0) {
		return -1;
	}
	schedule->of_month.days |= (uint32_t)set;
	return 0;
}

/* Weekdays: also "friL" and "fri#2". */
static int read_weekday(const struct reader *r, struct str s, struct cron_schedule *schedule)
{
	const size_t hash = str_find(s, '#', 0);
	const bool is_last = s.len > 1 && ends_in(s, 'l');
	uint64_t set = 0;
	int weekday = 0;
	int which = 0;

	if (hash < s.len || is_last) {
		if (read_value(r, str_sub(s, 0, is_last ? s.len - 1 : hash), &weekday) < 0) {
			return -1;
		}
		weekday %= WEEK;
	}
	if (is_last) {
		schedule->of_week.last_days |= 1U << weekday;
		return 0;
	}
	if (hash < s.len) {
		if (read_count(r, str_sub(s, hash + 1, s.len), "a week of the month", WEEKS_MAX,
			    &which) < 0) {
			return -1;
		}
		schedule->of_week.which[weekday] |= (uint8_t)(1U << which);
		return 0;
	}
	if (read_numbers(r, s, &set) < 0) {
		return -1;
	}
	schedule->of_week.days |= (uint32_t)((set | set >> WEEK) & 0x7f);
	return 0;
}

static int read_item(const struct reader *r, struct str s, struct cron_schedule *schedule)
{
	uint64_t set = 0;

	if (s.len == 0) {
		return fault(r, s, "is empty, beside a ','");
	}
	if (r->field == &fields[DAY]) {
		return read_day(r, s, schedule);
	}
	if (r->field == &fields[WEEKDAY]) {
		return read_weekday(r, s, schedule);
	}
	if (read_numbers(r, s, &set) < 0) {
		return -1;
	}
	if (r->field == &fields[MINUTE]) {
		schedule->minutes |= set;
	} else if (r->field == &fields[HOUR]) {
		schedule->hours |= (uint32_t)set;
	} else {
		schedule->months |= (uint32_t)set;
	}
	return 0;
}

static int read_field(const struct reader *r, struct str s, struct cron_schedule *schedule)
{
	const bool is_restricted = s.ptr[0] != '*';
	struct str item;

	if (r->field == &fields[DAY]) {
		schedule->of_month.is_restricted = is_restricted;
	}
	if (r->field == &fields[WEEKDAY]) {
		schedule->of_week.is_restricted = is_restricted;
	}
	while (str_split(&s, ',', &item)) {
		if (read_item(r, item, schedule) < 0) {
			return -1;
		}
	}
	return 0;
}

static int count_error(struct str whole, size_t count, struct err *err)
{
	return err_set(err, ERR_INPUT,
		"cron expression '%s': has %zu field%s, but it needs 5: minute, hour, day of the "
		"month, month, weekday",
		utf8_quote(whole).text, count, count == 1 ? "" : "s");
}

static int read_fields(struct reader *r, struct cron_schedule *schedule)
{
	struct str words[FIELDS];
	struct str rest = r->whole;
	struct str word;
	size_t count = 0;

	while (str_word(&rest, &word)) {
		if (count < FIELDS) {
			words[count] = word;
		}
		count++;
	}
	if (count != FIELDS) {
		return count_error(r->whole, count, r->err);
	}
	for (size_t i = 0; i < FIELDS; i++) {
		r->field = &fields[i];
		if (read_field(r, words[i], schedule) < 0) {
			return -1;
		}
	}
	return 0;
}

static int read_shortcut(struct str s, struct str *ret_text, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(shortcuts); i++) {
		if (str_case_eq(s, str_of(shortcuts[i].name))) {
			*ret_text = str_of(shortcuts[i].text);
			return 0;
		}
	}
	return err_set(err, ERR_INPUT,
		"cron expression '%s': is not one of @hourly, @daily, @midnight, @weekly, "
		"@monthly, @yearly, @annually",
		utf8_quote(s).text);
}

int cron_schedule_parse(struct str text, struct cron_schedule *ret_schedule, struct err *err)
{
	struct reader r = {.whole = str_trim(text), .err = err};
	struct cron_schedule schedule = {0};

	if (str_starts(r.whole, "@") && read_shortcut(r.whole, &r.whole, err) < 0) {
		return -1;
	}
	if (read_fields(&r, &schedule) < 0) {
		return -1;
	}
	if (!cron_schedule_is_ever(&schedule)) {
		return err_set(err, ERR_INPUT,
			"cron expression '%s': never comes; no year has such a day",
			utf8_quote(r.whole).text);
	}
	*ret_schedule = schedule;
	return 0;
}

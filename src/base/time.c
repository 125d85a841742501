/*
 * The clocks, real or standing still, and times as text.  See time.h.
 */
#include "base/time.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/strbuf.h"

enum {
	SECOND_MS = 1000,
	MINUTE_MS = 60 * SECOND_MS,
	HOUR_MS = 60 * MINUTE_MS,
	DAY_MS = 24 * HOUR_MS,
	WHOLE_DAYS_FROM = 7, /* from here on the hours are noise */
};

static struct {
	bool is_on;
	int64_t mono_ms;
	int64_t wall_ms;
} fake;

static int64_t clock_us(clockid_t clock)
{
	struct timespec ts = {0};
	int failed = clock_gettime(clock, &ts);

	assert(failed == 0);
	(void)failed;
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t time_mono_us(void)
{
	return fake.is_on ? fake.mono_ms * 1000 : clock_us(CLOCK_MONOTONIC);
}

int64_t time_mono_ms(void)
{
	return fake.is_on ? fake.mono_ms : clock_us(CLOCK_MONOTONIC) / 1000;
}

int64_t time_wall_ms(void)
{
	return fake.is_on ? fake.wall_ms : clock_us(CLOCK_REALTIME) / 1000;
}

void time_fake(int64_t mono_ms, int64_t wall_ms)
{
	fake.is_on = true;
	fake.mono_ms = mono_ms;
	fake.wall_ms = wall_ms;
}

void time_fake_advance(int64_t ms)
{
	assert(fake.is_on);
	fake.mono_ms += ms;
	fake.wall_ms += ms;
}

void time_fake_end(void)
{
	fake.is_on = false;
}

/* Whole seconds, rounded down also before 1970, and the milliseconds on top of them. */
static time_t split_wall(int64_t wall_ms, int *ret_ms)
{
	int64_t seconds = wall_ms / SECOND_MS;
	int64_t rest = wall_ms % SECOND_MS;

	if (rest < 0) {
		rest += SECOND_MS;
		seconds--;
	}
	*ret_ms = (int)rest;
	return (time_t)seconds;
}

/* A year that struct tm cannot hold is shown as the epoch; no clock gives one. */
static void add_date_time(struct strbuf *sb, const struct tm *tm, char between, char point, int ms)
{
	strbuf_addf(sb, "%04d-%02d-%02d%c%02d:%02d:%02d%c%03d", tm->tm_year + 1900, tm->tm_mon + 1,
		tm->tm_mday, between, tm->tm_hour, tm->tm_min, tm->tm_sec, point, ms);
}

void time_add_rfc3339(struct strbuf *sb, int64_t wall_ms)
{
	struct tm tm = {.tm_year = 70, .tm_mday = 1};
	int ms = 0;
	time_t seconds = split_wall(wall_ms, &ms);

	(void)gmtime_r(&seconds, &tm);
	add_date_time(sb, &tm, 'T', '.', ms);
	strbuf_addc(sb, 'Z');
}

void time_add_day(struct strbuf *sb, int64_t wall_ms)
{
	const size_t start = sb->len;

	time_add_rfc3339(sb, wall_ms);
	strbuf_truncate(sb, start + strlen("2025-07-01"));
}

void time_add_log(struct strbuf *sb, int64_t wall_ms)
{
	struct tm tm = {.tm_year = 70, .tm_mday = 1};
	int ms = 0;
	time_t seconds = split_wall(wall_ms, &ms);

	(void)localtime_r(&seconds, &tm);
	add_date_time(sb, &tm, ' ', ',', ms);
}

/* "3 min 4 s"; the smaller part is left out when it is 0. */
static void add_two_parts(
	struct strbuf *sb, int64_t big, const char *big_unit, int64_t small, const char *small_unit)
{
	strbuf_addf(sb, "%lld %s", (long long)big, big_unit);
	if (small > 0) {
		strbuf_addf(sb, " %lld %s", (long long)small, small_unit);
	}
}

static void add_seconds(struct strbuf *sb, int64_t tenths)
{
	strbuf_addf(sb, "%lld", (long long)(tenths / 10));
	if (tenths % 10 > 0) {
		strbuf_addf(sb, ".%d", (int)(tenths % 10));
	}
	strbuf_adds(sb, " s");
}

void time_add_duration(struct strbuf *sb, int64_t duration_ms)
{
	int64_t ms = duration_ms;

	if (ms < 0) {
		strbuf_addc(sb, '-');
		ms = ms == INT64_MIN ? INT64_MAX : -ms;
	}

	int64_t days = ms / DAY_MS;
	int64_t tenths = ms / 100 + (ms % 100 >= 50);

	if (ms < SECOND_MS) {
		strbuf_addf(sb, "%d ms", (int)ms);
	} else if (tenths < MINUTE_MS / 100) {
		add_seconds(sb, tenths);
	} else if (ms < HOUR_MS - SECOND_MS / 2) {
		int64_t seconds = (ms + SECOND_MS / 2) / SECOND_MS;

		add_two_parts(sb, seconds / 60, "min", seconds % 60, "s");
	} else if (ms < DAY_MS - MINUTE_MS / 2) {
		int64_t minutes = (ms + MINUTE_MS / 2) / MINUTE_MS;

		add_two_parts(sb, minutes / 60, "h", minutes % 60, "min");
	} else if (days < WHOLE_DAYS_FROM) {
		int64_t hours = (ms + HOUR_MS / 2) / HOUR_MS;

		add_two_parts(sb, hours / 24, hours / 24 == 1 ? "day" : "days", hours % 24, "h");
	} else {
		strbuf_addf(sb, "%lld days", (long long)days);
	}
}

void time_add_duration_exact(struct strbuf *sb, int64_t duration_ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} parts[] = {{"d", DAY_MS}, {"h", HOUR_MS}, {"m", MINUTE_MS}, {"s", SECOND_MS}, {"ms", 1}};
	int64_t rest = duration_ms;

	assert(duration_ms >= 0);
	if (duration_ms == 0) {
		strbuf_adds(sb, "0s");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (rest >= parts[i].ms) {
			strbuf_addf(sb, "%lld%s", (long long)(rest / parts[i].ms), parts[i].unit);
			rest %= parts[i].ms;
		}
	}
}

void time_add_local(struct strbuf *out, int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm = {0};
	char text[32];

	if (wall_ms == 0 || !localtime_r(&seconds, &tm)) {
		strbuf_addc(out, '-');
		return;
	}
	(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm); /* it fits */
	strbuf_adds(out, text);
}

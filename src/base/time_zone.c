/*
 * Questions to a time zone.  See time_zone.h.
 *
 * Everything rests on one answer: in which stretch without a change an instant lies.  It comes from
 * the table of changes, or from the rule where that has ended.
 */
#include "base/time_zone.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/time_zone_internal.h"

enum {
	YEARS_ASIDE = 2, /* a change can be days away from the year that it belongs to */
	RULE_CHANGES = 2 * (2 * YEARS_ASIDE + 1),
};

/* In seconds, unlike time_zone_span. */
struct span {
	int64_t start, end; /* INT64_MIN and INT64_MAX: there is none */
	const struct time_zone_type *type;
};

struct change {
	int64_t at;
	const struct time_zone_type *type; /* from then on */
};

void time_zone_free(struct time_zone *zone)
{
	if (!zone) {
		return;
	}
	free(zone->name);
	free(zone->types);
	free(zone->changes);
	free(zone->change_types);
	free(zone);
}

void time_zone_freep(struct time_zone **zone)
{
	time_zone_free(*zone);
}

struct time_zone *time_zone_of_rule(const char *name, const struct time_zone_rule *rule)
{
	struct time_zone *zone = xcalloc(1, sizeof(*zone));

	zone->name = xstrdup(name);
	zone->has_rule = true;
	zone->rule = *rule;
	return zone;
}

const struct time_zone *time_zone_utc(void)
{
	static char name[] = "UTC";
	static const struct time_zone utc = {
		.name = name, .has_rule = true, .rule.standard.abbreviation = "UTC"};

	return &utc;
}

const char *time_zone_name(const struct time_zone *zone)
{
	return zone->name;
}

/* Stretches */

/* Before those at the same instant: where dst never ends, it begins anew when it ends. */
static void insert_change(struct change *changes, size_t count, struct change change)
{
	while (count > 0 && changes[count - 1].at > change.at) {
		changes[count] = changes[count - 1];
		count--;
	}
	changes[count] = change;
}

static void rule_changes(const struct time_zone_rule *rule, int64_t at, struct change *changes)
{
	const int64_t days = calendar_floor_div(at, CALENDAR_DAY_S);
	const int year = calendar_date(days).year;
	size_t count = 0;

	for (int y = year - YEARS_ASIDE; y <= year + YEARS_ASIDE; y++) {
		const struct change end = {time_zone_rule_end(rule, y), &rule->standard};
		const struct change start = {time_zone_rule_start(rule, y), &rule->dst};

		insert_change(changes, count++, end);
		insert_change(changes, count++, start);
	}
}

static struct span rule_span(const struct time_zone_rule *rule, int64_t at)
{
	struct span span = {INT64_MIN, INT64_MAX, &rule->standard};
	struct change changes[RULE_CHANGES] = {0};
	size_t i = 0;

	if (!rule->has_dst) {
		return span;
	}
	rule_changes(rule, at, changes);
	while (i < RULE_CHANGES && changes[i].at <= at) {
		span.start = changes[i].at;
		span.type = changes[i].type;
		i++;
	}
	if (i < RULE_CHANGES) {
		span.end = changes[i].at;
	}
	return span;
}

/* How many changes of the table are over at an instant. */
static size_t changes_until(const struct time_zone *zone, int64_t at)
{
	size_t low = 0;
	size_t high = zone->changes_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (zone->changes[middle] <= at) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static struct span table_span(const struct time_zone *zone, size_t over)
{
	return (struct span){
		.start = over > 0 ? zone->changes[over - 1] : INT64_MIN,
		.end = over < zone->changes_count ? zone->changes[over] : INT64_MAX,
		.type = &zone->types[over > 0 ? zone->change_types[over - 1] : 0],
	};
}

static struct span span_at(const struct time_zone *zone, int64_t at)
{
	const size_t over = changes_until(zone, at);
	struct span span;

	if (over < zone->changes_count || !zone->has_rule) {
		return table_span(zone, over);
	}
	span = rule_span(&zone->rule, at);
	if (over > 0 && span.start < zone->changes[over - 1]) {
		span.start = zone->changes[over - 1];
	}
	return span;
}

static int64_t to_seconds(int64_t ms)
{
	return calendar_floor_div(ms, CALENDAR_SECOND_MS);
}

static int64_t to_ms(int64_t s)
{
	return calendar_mul(s, CALENDAR_SECOND_MS);
}

struct time_zone_span time_zone_span(const struct time_zone *zone, int64_t unix_ms)
{
	const struct span span = span_at(zone, to_seconds(unix_ms));

	return (struct time_zone_span){
		.start_ms = to_ms(span.start),
		.end_ms = to_ms(span.end),
		.offset_s = span.type->offset_s,
		.is_dst = span.type->is_dst,
		.abbreviation = span.type->abbreviation,
	};
}

/* Between instants and what clocks show */

int64_t time_zone_wall(const struct time_zone *zone, int64_t unix_ms)
{
	const struct span span = span_at(zone, to_seconds(unix_ms));

	return calendar_add(unix_ms, to_ms(span.type->offset_s));
}

struct calendar_time time_zone_calendar(const struct time_zone *zone, int64_t unix_ms)
{
	return calendar_time(time_zone_wall(zone, unix_ms));
}

/* The instants at which the clocks show a time, in seconds. */
struct search {
	int64_t wall;
	enum time_zone_hits hits;
	int64_t first, last;
	bool has_gap;
	int64_t gap_end;
};

static void look_in(struct search *search, const struct span *span)
{
	const int64_t at = search->wall - span->type->offset_s;

	if (at >= span->start && at < span->end) {
		search->first = search->hits == TIME_ZONE_NEVER ? at : search->first;
		search->last = at;
		search->hits = search->hits == TIME_ZONE_NEVER ? TIME_ZONE_ONCE : TIME_ZONE_TWICE;
	} else if (at < span->start && !search->has_gap) {
		search->has_gap = true;
		search->gap_end = span->start;
	}
}

enum time_zone_hits time_zone_unix(
	const struct time_zone *zone, int64_t wall_ms, int64_t *ret_first_ms, int64_t *ret_last_ms)
{
	struct search search = {.wall = to_seconds(wall_ms)};
	int64_t at = search.wall - TIME_ZONE_OFFSET_MAX;

	while (at <= search.wall + TIME_ZONE_OFFSET_MAX) {
		const struct span span = span_at(zone, at);

		look_in(&search, &span);
		at = span.end;
	}
	if (search.hits == TIME_ZONE_NEVER) {
		*ret_first_ms = *ret_last_ms = to_ms(search.gap_end);
	} else {
		*ret_first_ms = calendar_add(wall_ms, to_ms(search.first - search.wall));
		*ret_last_ms = calendar_add(wall_ms, to_ms(search.last - search.wall));
	}
	return search.hits;
}

void time_zone_add(struct strbuf *sb, const struct time_zone *zone, int64_t unix_ms)
{
	const struct calendar_time t = time_zone_calendar(zone, unix_ms);

	strbuf_addf(sb, "%04d-%02d-%02d %02d:%02d:%02d %s", t.year, t.month, t.day, t.hour,
		t.minute, t.second, time_zone_span(zone, unix_ms).abbreviation);
}

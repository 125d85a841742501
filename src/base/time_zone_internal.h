/*
 * What the files of time zones share: time_zone_file.c and time_zone_rule.c read a zone,
 * time_zone_open.c finds its file, time_zone.c answers questions.
 */
#ifndef BASE_TIME_ZONE_INTERNAL_H
#define BASE_TIME_ZONE_INTERNAL_H

#include <stddef.h>

#include "base/time_zone.h"

enum {
	TIME_ZONE_OFFSET_MAX = 26 * 3600, /* no clock is that far from UTC */
	TIME_ZONE_ABBREVIATION_SIZE = 16, /* with the NUL at its end */
};

/* What clocks do between two changes. */
struct time_zone_type {
	int32_t offset_s;
	bool is_dst;
	char abbreviation[TIME_ZONE_ABBREVIATION_SIZE];
};

/* A day of each year, and a time of that day. */
struct time_zone_day {
	enum {
		TIME_ZONE_MONTH_DAY, /* the week-th weekday of a month, 5: the last */
		TIME_ZONE_JULIAN,    /* day 1 to 365 of the year, February never has 29 */
		TIME_ZONE_YEAR_DAY,  /* day 0 to 365 of the year */
	} how;
	int month, week, weekday;
	int day;
	int32_t time_s; /* may be below 0, or beyond the day's end */
};

/* What holds for ever: one type, or two that change each year. */
struct time_zone_rule {
	bool has_dst;
	struct time_zone_type standard, dst;
	struct time_zone_day start, end; /* of dst; on the clocks as they are before the change */
};

struct time_zone {
	char *name;
	struct time_zone_type *types; /* NULL: there is only the rule */
	int64_t *changes;             /* seconds of Unix time, ascending */
	unsigned char *change_types;  /* index into types; types[0] is before the first */
	size_t changes_count;
	bool has_rule; /* after the last change, or always */
	struct time_zone_rule rule;
};

/* The POSIX form that TZ and the ends of TZif files have, with the RFC's wider times: ERR_INPUT
 * says what is wrong. */
int time_zone_rule_parse(struct str text, struct time_zone_rule *ret_rule, struct err *);

/* The instants, in seconds of Unix time, at which a rule with dst enters and leaves it in the year.
 * The start may be the later one. */
int64_t time_zone_rule_start(const struct time_zone_rule *, int year);
int64_t time_zone_rule_end(const struct time_zone_rule *, int year);

/* Abbreviations are shown to people: letters, digits, "+" and "-". */
bool time_zone_is_abbreviation(struct str);

/* A zone that has but a rule; new. */
struct time_zone *time_zone_of_rule(const char *name, const struct time_zone_rule *);

#endif

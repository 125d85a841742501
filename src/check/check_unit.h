/*
 * Units of measured values, and numbers for people.
 */
#ifndef CHECK_CHECK_UNIT_H
#define CHECK_CHECK_UNIT_H

struct strbuf;

/* The unit of a value; names end in it ("total_seconds", "disk_used_percent"). */
enum check_unit {
	UNIT_NONE, /* a count, a load, a status */
	UNIT_SECONDS,
	UNIT_BYTES,
	UNIT_PERCENT,
	UNIT_DAYS,
	UNIT_BOOL,    /* 0 or 1 */
	UNIT_COUNTER, /* ever-growing (Nagios "c") */
	UNIT_TEXT,    /* not a number */
	UNIT_MAX,
};

/* "41.2 %", "12 ms", "3.4 GiB", "200". */
void check_number_add_text(double number, enum check_unit, struct strbuf *out);

#endif

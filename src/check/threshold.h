/*
 * Thresholds over a value, and the only place that judges them.
 *
 *   80  or  > 80      bad above 80             10:20  or  10..20   bad outside 10 to 20
 *   >= 80             bad from 80 on           @10:20              bad inside 10 to 20
 *   < 10, <= 10       bad below                10:  ~:10           Nagios ranges, open at one end
 *   none              no threshold (switches a default off)
 *
 * Numbers may carry "%", a duration unit (the value is compared in seconds) or a size unit (k, M,
 * G, T, KiB ...: bytes).
 */
#ifndef CHECK_THRESHOLD_H
#define CHECK_THRESHOLD_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "check/check_unit.h"
#include "conf/option.h"

enum threshold_unit {
	THRESHOLD_PLAIN,
	THRESHOLD_SECONDS, /* was written as a duration */
	THRESHOLD_BYTES,   /* was written as a size */
	THRESHOLD_PERCENT, /* was written with "%" */
};

/* Bad is outside [low, high], or inside if is_inside_bad.  Bounds may be infinite. */
struct threshold {
	bool is_set;
	double low, high;
	bool is_low_bad, is_high_bad; /* the bound itself is bad already (">=", "<=") */
	bool is_inside_bad;
	enum threshold_unit unit;
};

int threshold_parse(struct str text, struct threshold *ret_threshold, struct err *);
bool threshold_is_bad(
	const struct threshold *, double value); /* false when not set; true for NaN */

/* For messages, bounds in the value's unit: "above 80.0 %", "outside 10 ms to 20 ms", ... */
void threshold_add_text(const struct threshold *, enum check_unit, struct strbuf *out);

/* As a Nagios range: "80", "10:", "~:10", "@10:20". */
void threshold_add_nagios(const struct threshold *, struct strbuf *out);

extern const struct option_type option_threshold; /* struct threshold */

#endif

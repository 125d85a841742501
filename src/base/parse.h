/*
 * The one place that turns text into numbers.  Every function takes the whole text: leading or
 * trailing junk, an empty text and a value out of range are errors that name the text in quotes.
 */
#ifndef BASE_PARSE_H
#define BASE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

int parse_int(struct str, int64_t min, int64_t max, int64_t *ret_value, struct err *);

/* A finite decimal number: "-1.5", "3e9"; no hexadecimal, no "inf", no "nan", in any locale. */
int parse_double(struct str, double *ret_value, struct err *);

/* true, yes, on; false, no, off: in any letter case. */
int parse_bool(struct str, bool *ret_value, struct err *);

#define PARSE_DURATION_MAX_MS (100LL * 365 * 24 * 3600 * 1000) /* 100 years */

/*
 * A duration in ms: "500ms", "30s", "1.5h", "1h30m", "2d", "1w"; units us, ms, s, m (or min), h, d,
 * w and their English words ("10 seconds"), from large to small.  A bare number is seconds.  What
 * is less than a millisecond is rounded up, so that a short timeout does not become none.  Negative
 * durations are refused; the longest is 100 years.
 */
int parse_duration(struct str, int64_t *ret_ms, struct err *);

/*
 * A size in bytes: "4096", "4k", "10 MB", "1.5GiB"; k, M, G, T in any letter case are powers of
 * 1024. Half a byte is an error; of "1.3k" the part below a byte is dropped.
 */
int parse_size(struct str, int64_t *ret_bytes, struct err *);

#endif

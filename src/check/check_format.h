/*
 * Output formats for the results of checks: one file each, all in check_formats.c.
 */
#ifndef CHECK_CHECK_FORMAT_H
#define CHECK_CHECK_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "check/check.h"
#include "check/check_result.h"

/* A check with its result; result->message is never NULL. */
struct check_outcome {
	const struct check *check;
	struct check_result result;
};

/* A whole run, for the formats that need all of it. */
struct check_report {
	const char *command; /* "check" */
	int64_t started_wall_ms;
	int64_t duration_us;
	const struct check_outcome *outcomes; /* in the order asked for */
	size_t outcomes_count;
	size_t count[CHECK_STATE_MAX];
	/* how to show it */
	bool is_fail_on_warning; /* a warning is not healthy */
	bool has_color;
	int verbose; /* 1: evidence of failures, 2: of all, and values */
	int width;   /* columns; 0: not a terminal, nothing is cut */
};

struct check_format {
	const char *name;
	const char *summary;
	/* MAY.  As each result comes, in the order of arrival. */
	void (*result)(
		const struct check_report *, const struct check_outcome *, struct strbuf *out);
	/* MAY.  When all are there. */
	void (*report)(const struct check_report *, struct strbuf *out);
	/* MAY.  The exit code, where the format has codes of its own (nagios). */
	int (*exit_code)(const struct check_report *);
};

const struct check_format *const *check_formats(size_t *ret_count);
extern const char *const check_format_names[]; /* in the same order, NULL-terminated */

/* "healthy" as the exit code and JSON have it. */
bool check_is_healthy(const struct check_report *, const struct check_result *);

#endif

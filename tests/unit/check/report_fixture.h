/*
 * A report with a result of every sort, for tests of output formats: one of each state, values with
 * instances, evidence, and texts that would break a careless writer.
 */
#ifndef TESTS_UNIT_CHECK_REPORT_FIXTURE_H
#define TESTS_UNIT_CHECK_REPORT_FIXTURE_H

#include "check/check_format.h"

enum report_fixture_outcome {
	REPORT_OK,       /* values, tags, labels, a runbook */
	REPORT_WARNING,  /* instances, judged by thresholds */
	REPORT_CRITICAL, /* evidence and detail, after three attempts */
	REPORT_UNKNOWN,  /* never started: no values, no arena to speak of */
	REPORT_HOSTILE, /* critical; names, texts and instances full of what formats take for theirs
			 */
	REPORT_OUTCOMES,
};

struct report_fixture {
	struct arena *arena;
	struct check checks[REPORT_OUTCOMES];
	struct check_outcome outcomes[REPORT_OUTCOMES];
	struct check_report report; /* of all of them; a test may change it */
};

void report_fixture_init(struct report_fixture *);
void report_fixture_release(struct report_fixture *);

/* Leave `count` outcomes in the report, from the one given on. */
void report_fixture_take(struct report_fixture *, enum report_fixture_outcome first, size_t count);

/* The whole output of a format: each result as it comes, then the report.  New; free with free().
 */
char *report_fixture_write(const struct report_fixture *, const struct check_format *);

#endif

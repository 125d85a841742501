/*
 * How bad an alert is: the three words that people, routes and receivers share.
 */
#ifndef BASE_SEVERITY_H
#define BASE_SEVERITY_H

#include "base/err.h"
#include "base/str.h"

/* In ascending order; the numbers are stored. */
enum severity {
	SEVERITY_INFO,
	SEVERITY_WARNING,
	SEVERITY_CRITICAL,
};

enum { SEVERITY_COUNT = SEVERITY_CRITICAL + 1 };

/* The names by number, NULL-terminated: for option_choice. */
extern const char *const severity_names[];

const char *severity_name(enum severity); /* "critical" */

/* ERR_INPUT names what was given and what there is. */
int severity_parse(struct str, enum severity *ret_severity, struct err *);

#endif

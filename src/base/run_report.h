/*
 * The run report: what a run did and how it ended, as JSON for whoever looks after it.
 */
#ifndef BASE_RUN_REPORT_H
#define BASE_RUN_REPORT_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct run_report;
struct strbuf;

enum run_report_list {
	REPORT_ACTIONS, /* what was changed */
	REPORT_WARNINGS,
	REPORT_ERRORS,
	REPORT_LISTS,
};

/* Of each list, so many are kept; the others are counted.  A text is cut at so many bytes. */
enum { REPORT_LIST_MAX = 1000, REPORT_TEXT_MAX = 1024 };

/* The run starts now.  `name` is copied.  New; free with run_report_free(). */
struct run_report *run_report_new(const char *name);
void run_report_free(struct run_report *); /* NULL is fine */
void run_report_freep(struct run_report **);

void run_report_add(
	struct run_report *, enum run_report_list, struct str text); /* copied, escaped */

/* The run ends now.  It is a success when exit_code is 0. */
void run_report_add_json(const struct run_report *, int exit_code, struct strbuf *out);
int run_report_write(const struct run_report *, int exit_code, const char *path, struct err *);

#endif

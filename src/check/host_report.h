/*
 * A machine's facts as a result: values, what is wrong, one line for people, evidence.
 */
#ifndef CHECK_HOST_REPORT_H
#define CHECK_HOST_REPORT_H

#include "base/strbuf.h"
#include "check/check.h"
#include "check/host_facts.h"

extern const struct check_value_row host_values[];

/* A value for every fact that is known. */
void host_report_add_values(
	const struct host_facts *, const struct host_filesystems *, struct check_result *);

/* "up 12 days, cpu 4.0 %, memory 31.2 %, disk 41 %" */
void host_report_add_summary(
	const struct host_facts *, const struct host_filesystems *, struct strbuf *out);

/*
 * What is wrong whatever the thresholds are: filesystems that have become read-only, mounts that do
 * not answer, facts that could not be measured.  Their text goes to `out`; *ret_code is CODE_OK and
 * nothing is added where all is well.
 */
enum check_state host_report_add_failures(const struct host_facts *,
	const struct host_filesystems *, struct strbuf *out, enum check_code *ret_code);

/* Evidence for what was found wrong, thresholds included. */
void host_report_explain(
	const struct host_facts *, const struct host_filesystems *, struct check_result *);

#endif

/*
 * Host keys for people and for programs.
 */
#ifndef FLEET_KEY_REPORT_H
#define FLEET_KEY_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/run_report.h"
#include "base/strbuf.h"
#include "fleet/key_plan.h"

/* As it is shown, and as the exit code goes by it. */
enum key_report_state {
	KEY_REPORT_KNOWN,
	KEY_REPORT_AUTHORITY,
	KEY_REPORT_RECORDED, /* it was new, or had changed */
	KEY_REPORT_EXPECTED, /* it is new, and as somebody said */
	KEY_REPORT_NEW,
	KEY_REPORT_CHANGED,
	KEY_REPORT_REVOKED,
	KEY_REPORT_UNREACHABLE, /* showed no key */
	KEY_REPORT_STATES_MAX,
};

struct key_report {
	const struct key_plan *plan;
	bool has_color;
	bool is_dry_run;
	int64_t started_wall_ms, duration_ms;
};

enum key_report_state key_report_state(const struct key_plan *, size_t host);

/* Everything is known, recorded now, or as expected, and nothing went wrong. */
bool key_report_is_good(const struct key_plan *);

/* Hosts with the same answer are shown once, under their node set.  What comes from hosts and files
 * is escaped. */
void key_report_add_text(const struct key_report *, struct arena *, struct strbuf *out);
void key_report_add_json(const struct key_report *, struct strbuf *out);
void key_report_add_csv(const struct key_report *, struct strbuf *out);

/* Add each host that is not as it should be to the errors of a run. */
void key_report_tell(const struct key_plan *, struct run_report *);

/* "18 keys of 6 hosts were recorded in ...": what was written, or would be; and what was not.
 * Nothing if nothing was asked for. */
void key_report_add_outcome(const struct key_report *, struct strbuf *out);

#endif

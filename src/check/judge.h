/*
 * The one place where values meet thresholds.
 */
#ifndef CHECK_JUDGE_H
#define CHECK_JUDGE_H

#include "base/err.h"
#include "base/str.h"
#include "check/check.h"

/*
 * Judge every value of a finished run by the check's thresholds, or else by its kind's defaults.  A
 * threshold on "name[instance]" goes before one on "name"; one on "name" holds for every instance.
 * Raises the result's state, and says in its message what was exceeded.  A threshold of the user's
 * whose value was not measured makes an otherwise good result unknown.
 */
void check_judge(const struct check *, struct check_result *);

/* Does the kind measure what this threshold's key names, in the unit it is written in? */
int check_threshold_check(
	const struct check_kind *, const char *key, const struct threshold *, struct err *);

#endif

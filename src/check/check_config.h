/*
 * Checks as the configuration has them, and as the command line asks for them.
 */
#ifndef CHECK_CHECK_CONFIG_H
#define CHECK_CHECK_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "check/check.h"
#include "conf/conf.h"
#include "conf/inventory.h"
#include "conf/option.h"

/* The section `defaults`: what checks have that do not say otherwise. */
struct check_defaults {
	int64_t interval_ms;
	int64_t timeout_ms;
	int64_t attempts;
	int64_t recover;
};

extern const struct option_row check_defaults_rows[];
extern const struct option_variants check_variants; /* the list `checks`; items are struct check */

/*
 * After reading: fill in names, targets and defaults, and check what the rows cannot: that names
 * are unique, that thresholds ask for values the kind measures.  Errors go to conf_error(), each
 * with its place.  Also after a reading that failed, so that all errors are told at once; of the
 * checks nothing can be used then.
 */
void check_config_finish(
	struct conf *, const struct check_defaults *, const struct option_items *checks);

/*
 * The checks as they are run: for one of several servers (`host: "@web"`) there is one for each of
 * them, called "NAME/web-01", or "web-01" if it has no name of its own.  In the arena.  Servers
 * that are not known and names that are taken go to conf_error().  After check_config_finish()
 * without errors.
 */
void check_config_expand(struct conf *, const struct option_items *checks, struct inventory *,
	struct option_items *ret_checks);

/* The check for one of the servers that it is about, in the arena. */
struct check *check_for_server(const struct check *, const char *server, struct arena *);

/* A setting of the command line: "expect.status=200", "timeout=5s", "warning.total_seconds=1". */
struct check_setting {
	struct str text;
	bool is_used;   /* by some target's kind */
	struct err why; /* the last kind that has no such setting said so */
};

/*
 * A check for a target as typed ("https://...", "local:", "web-01"), with those of the settings
 * that its kind has on top of the defaults.  In the arena.  A setting that nobody has used is the
 * caller's error to tell.
 */
int check_from_target(struct str target, const struct check_defaults *,
	struct check_setting *settings, size_t settings_count, struct arena *,
	const struct check **ret_check, struct err *);

#endif

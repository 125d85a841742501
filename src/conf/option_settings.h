/*
 * Settings as people type them after --set: "timeout=5s", "expect.status=200",
 * "warning.total_seconds=1".
 *
 * In front of "=" stands a row's name, or a section's and a row's, joined by "."; behind the name
 * of a map stands the map's key, whatever is in it.  Lists of mappings and the rows that choose a
 * kind cannot be set.
 */
#ifndef CONF_OPTION_SETTINGS_H
#define CONF_OPTION_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/command_line.h"
#include "conf/option.h"

/* The settings of one set of structs, one after the other. */
struct option_settings {
	const struct option_set
		*sets; /* end with rows == NULL; the first that knows a name has it */
	struct option_context context;
	void **cleared; /* lists and maps that a setting was the first of */
	size_t cleared_count, cleared_alloc;
};

void option_settings_init(
	struct option_settings *, const struct option_set *sets, const struct option_context *);

/* Does one of the sets have the row that the setting begins with? */
bool option_settings_know(const struct option_settings *, struct str setting);

/*
 * Apply one.  The first setting of a list or map replaces what is there, the next ones append;
 * other values are replaced.  Errors name the setting, and the nearest known name where its own is
 * not.
 */
int option_settings_apply(struct option_settings *, struct str setting, struct err *);

#endif

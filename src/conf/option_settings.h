/*
 * Settings as people type them after --set: "timeout=5s", "expect.status=200",
 * "warning.total_seconds=1".
 */
#ifndef CONF_OPTION_SETTINGS_H
#define CONF_OPTION_SETTINGS_H

#include "base/err.h"
#include "conf/command_line.h"
#include "conf/option.h"

/*
 * Apply `settings` (of const char *), each "KEY=VALUE", to the structs of `sets` (which end with
 * rows
 * == NULL; the first that knows the key has it).  A key is a row's name, or a section's and a
 * row's, joined by "."; behind the name of a map stands the map's key, whatever is in it.
 *
 * The first setting of a list or map replaces what is there, the next ones append; other values are
 * replaced.  Lists of variants cannot be set.  Errors name the setting and the nearest known key.
 */
int option_apply_settings(const struct option_set *sets, const struct option_context *,
	const struct option_list *settings, struct err *);

#endif

/*
 * conf_find() with the system's own file in another place, for tests.  See conf.h.
 */
#ifndef CONF_CONF_FIND_H
#define CONF_CONF_FIND_H

#include "conf/conf.h"

int conf_find_in(const char *system_path, const char *given, struct arena *, const char **ret_path,
	struct err *);

#endif

/*
 * Where the store is, unless the configuration says another place.
 */
#ifndef STORE_STORE_PATH_H
#define STORE_STORE_PATH_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/*
 * For root /var/lib/sre-toolkit/state.db, whatever the environment says; for others
 * sre-toolkit/state.db in $XDG_STATE_HOME (if absolute), or else in ~/.local/state.  In the arena.
 * ERR_INPUT: the environment does not say where the user's home is.
 */
int store_default_path(uid_t user, struct arena *, const char **ret_path, struct err *);

#endif

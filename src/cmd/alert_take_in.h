/*
 * Accepting alerts, also where the store cannot be written: people still hear of them.
 */
#ifndef CMD_ALERT_TAKE_IN_H
#define CMD_ALERT_TAKE_IN_H

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

/*
 * Run `accept` in a transaction of the store at `path` (NULL: the default one).  Where that fails,
 * *ret_why says why, and `accept` is run again, in a store in memory: what is delivered from it is
 * remembered by nobody.  ret_why->code is ERR_NONE where all is well.  *ret_store is new; close it
 * with store_close().  -1: not even in memory.
 */
int alert_take_in(const char *path, struct arena *, store_fn *accept, void *arg,
	struct store **ret_store, struct err *ret_why, struct err *);

/* A store in memory. */
int alert_open_memory(struct store **ret_store, struct err *);

#endif

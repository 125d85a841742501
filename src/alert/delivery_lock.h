/*
 * Who may send what: everybody what he has claimed, or one process, alone, what it cannot claim
 * because the store cannot be written.
 *
 * The lock is flock(2) on the store's folder.  Not on its file: SQLite's own locks on it are gone
 * as soon as any descriptor of the file is closed.
 */
#ifndef ALERT_DELIVERY_LOCK_H
#define ALERT_DELIVERY_LOCK_H

#include <stdbool.h>

struct delivery_lock;

/* New; free with delivery_lock_free().  Where there is nothing to lock (":memory:", a folder that
 * cannot be opened), everything is allowed. */
struct delivery_lock *delivery_lock_new(const char *store_path);
void delivery_lock_free(struct delivery_lock **);

/* To claim, until released.  False: somebody sends without claiming.  Never waits. */
bool delivery_lock_share(struct delivery_lock *);

/* To send without claiming, until released.  False: somebody claims, or does the same.  Never
 * waits. */
bool delivery_lock_own(struct delivery_lock *);
bool delivery_lock_is_own(const struct delivery_lock *);

void delivery_lock_release(struct delivery_lock *);

#endif

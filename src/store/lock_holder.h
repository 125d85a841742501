/*
 * Who holds a lock on a file, from /proc/locks: for an error that tells whom to look at.
 *
 * Asking the file itself (F_GETLK) would need a descriptor of it, and closing that drops the locks
 * that this process has.
 */
#ifndef STORE_LOCK_HOLDER_H
#define STORE_LOCK_HOLDER_H

#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"

/*
 * The process with a write lock that covers `byte` of the file with this inode (-1: any part of
 * it), in a text as /proc/locks has it; 0: none is seen.
 */
int64_t lock_holder_find(struct str locks, uint64_t inode, int64_t byte);

/* "pid 1234 (sqlite3)" for who writes to the database at `path` now; nothing if none is seen. */
void lock_holder_add(struct strbuf *, const char *path);

#endif

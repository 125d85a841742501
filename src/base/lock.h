/*
 * A lock file that shows its owner, so that nothing runs twice and whoever is refused knows by
 * whom.
 *
 * The lock is flock(2) on the file, as flock(1) takes it; it ends with the process that holds it,
 * however that dies.  The file stays: removing it could take away a lock that somebody else just
 * got.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct lock;

/*
 * Take the lock at once or fail.  `command` says what for, and must not hold secrets.
 *
 * ERR_BUSY: "lock 'FILE' is held by pid 1234 on HOST: COMMAND, for 3 min 4 s".  A symbolic link, a
 * file with more than one name, and a file that holds something else than a lock's owner are
 * refused. New; free with lock_free(), which releases it.
 */
int lock_take(const char *path, const char *command, struct lock **ret_lock, struct err *);
void lock_free(struct lock **);

/* What is written in the file. */
struct lock_owner {
	int64_t pid;
	struct str host; /* these point into the text */
	struct str command;
	int64_t started_wall_ms;
};

/* -1: the text is not what lock_take() writes. */
int lock_owner_parse(struct str text, struct lock_owner *ret_owner);

#endif

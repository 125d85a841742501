/*
 * All of what a descriptor gives, however much that is: in memory, or beyond a limit in a file that
 * has no name, mapped.
 */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct spool {
	struct str bytes;
	char *memory; /* NULL: it is mapped */
};

/* `before`, then all that comes from `fd` (-1: nothing), waiting for whoever writes; what is over
 * memory_max goes to $TMPDIR or /tmp.  Release with spool_release(). */
int spool_read(int fd, struct str before, size_t memory_max, struct spool *ret_spool, struct err *);
void spool_release(struct spool *);

#endif

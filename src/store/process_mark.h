/*
 * A process, so that it is not taken for another: host, boot, number and when it began.
 *
 * Numbers of processes come again, after a boot and during it, and mean something else in another
 * container.
 */
#ifndef STORE_PROCESS_MARK_H
#define STORE_PROCESS_MARK_H

#include <stdint.h>

#include "base/str.h"

struct process_mark {
	char host[72]; /* printable */
	char boot[96]; /* id of the boot, a space, the space of process numbers; "" if unknown */
	int64_t pid;
	int64_t started; /* clock ticks since the boot; -1: unknown */
};

void process_mark_self(struct process_mark *ret_mark);

enum process_fate {
	PROCESS_ALIVE,
	PROCESS_GONE,    /* it has ended, or its machine has booted since */
	PROCESS_UNKNOWN, /* on another host or in another container: cannot be seen from here */
};

/* What has become of `other`, seen from `self`. */
enum process_fate process_mark_fate(
	const struct process_mark *self, const struct process_mark *other);

/* What /proc/PID/stat says: the letter of its state, and when it began.  -1: nothing of the kind.
 */
int process_stat_parse(struct str text, char *ret_state, int64_t *ret_started);

#endif

/*
 * Hides in a line what differs between hosts by its nature, so that what differs by accident is
 * seen: "Nov 22 08:15:02 web-07 sshd[4711]: from 10.1.2.3" becomes
 * "<time> <host> sshd[<pid>]: from <ip>".
 *
 * Masked are: the host's own name; addresses (but those that are the same everywhere, as
 * 127.0.0.1 and netmasks); MAC addresses; UUIDs; pointers; pids where they are called so; dates and
 * times of day in usual forms; durations where they were measured ("up 3 days", "took 1.2s", "5 min
 * ago").  Checksums, commit ids, versions, counts, and durations that somebody has configured are
 * not: those are what one looks for.
 */
#ifndef FLEET_FOLD_MASK_H
#define FLEET_FOLD_MASK_H

#include "base/str.h"

struct strbuf;

struct fold_mask {
	struct str name;       /* as the host is called */
	struct str short_name; /* up to the first dot */
};

/* `name` is borrowed. */
struct fold_mask fold_mask_of(struct str name);

/* Append `line` with everything masked. */
void fold_mask_add(const struct fold_mask *, struct str line, struct strbuf *out);

#endif

/*
 * Checksums of files on a host, made there: a small program for its shell that reads paths and
 * writes sums, for as long as it is talked to.
 *
 * A protocol object without input and output of its own.  The program needs a POSIX shell, and one
 * of sha256sum, shasum and openssl; where there is none the hasher is `absent`, and contents have
 * to be read back.  Whatever a login prints before it begins does not matter.
 */
#ifndef FLEET_COPY_HASHER_H
#define FLEET_COPY_HASHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "fleet/copy_sum.h"

struct strbuf;
struct copy_hasher;

/* What the host is asked to execute; any login shell understands it.  And what /bin/sh is given
 * there, on one line without "'". */
extern const char copy_hasher_command[];
extern const char copy_hasher_program[];

struct copy_hasher_events {
	void (*send)(void *arg, struct str bytes); /* take a copy */
};

/* `sum` is NULL if the file could not be read there; then it may be gone.  From inside
 * copy_hasher_receive() or copy_hasher_end(); everything may be freed. */
typedef void copy_hasher_fn(void *arg, const struct copy_sum *sum);

/* New; free with copy_hasher_free(). */
struct copy_hasher *copy_hasher_new(const struct copy_hasher_events *, void *arg);
void copy_hasher_free(struct copy_hasher **);

/* What came from it; that it is over: those who wait are told NULL, and it is absent. */
void copy_hasher_receive(struct copy_hasher *, struct str bytes);
void copy_hasher_end(struct copy_hasher *);

/* Can it do this path?  Before it is known to be absent one may ask. */
bool copy_hasher_can(const struct copy_hasher *, const char *path);

/* The sum of the first `max_bytes` (UINT64_MAX: all) of a file. */
void copy_hasher_ask(
	struct copy_hasher *, const char *path, uint64_t max_bytes, copy_hasher_fn *, void *arg);
/* Whoever asked with `arg` is not told. */
void copy_hasher_forget(struct copy_hasher *, const void *arg);
size_t copy_hasher_pending(const struct copy_hasher *);

#endif

/*
 * Whether two hosts have written the same: a digest of all that came, however much of it was kept.
 *
 * Either of the bytes as they are, or of the lines with everything masked that differs between
 * hosts by its nature (fold_mask.h).  A line over LINE_BYTES_MAX is masked in parts.
 */
#ifndef FLEET_FOLD_DIGEST_H
#define FLEET_FOLD_DIGEST_H

#include "base/str.h"
#include "fleet/fold_mask.h"

struct fold_digest;

enum fold_stream { FOLD_STDOUT, FOLD_STDERR, FOLD_STREAMS };

/* SHA-256 in hexadecimal; the same in every process and version, so that runs can be compared. */
struct fold_key {
	char text[65];
};

/* `mask` is copied, its name borrowed; NULL: bytes as they are.  New; free with
 * fold_digest_free(). */
struct fold_digest *fold_digest_new(const struct fold_mask *mask);
void fold_digest_free(struct fold_digest **);

void fold_digest_add(struct fold_digest *, enum fold_stream, struct str bytes);

/* Of both streams; call it once, at the end. */
struct fold_key fold_digest_end(struct fold_digest *);

/* Of a whole text that one stream has written. */
struct fold_key fold_digest_text(struct str);

#endif

/*
 * What is kept of one stream of one host: the beginning and the end; the middle is counted.
 *
 * The first bytes fill the capture.  When it is full, its first half stays, and its second half
 * becomes a ring that holds the latest bytes.  Memory is taken as it is needed, from a pool that
 * all captures share: each has a share that nobody can take from it, and may have more, up to its
 * maximum, as long as there is some.  So a thousand hosts that each send a gigabyte cost what the
 * pool holds and no more.
 */
#ifndef FLEET_CAPTURE_H
#define FLEET_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"

enum {
	CAPTURE_BYTES_MAX = 1 << 20,    /* of one capture, as a rule */
	CAPTURE_POOL_BYTES = 256 << 20, /* of all of them */
	CAPTURE_SHARE_MIN = 4096,       /* of each, however many there are */
};

/* Counts bytes; the captures hold them. */
struct capture_pool {
	size_t share_bytes;   /* sure for each capture */
	size_t capture_bytes; /* most of one capture */
	size_t free_bytes;    /* what is left for those that need more */
};

/* For `captures` streams at most.  Half of total_bytes is shared out in advance; each share is at
 * least CAPTURE_SHARE_MIN, even if that is more than there is. */
void capture_pool_init(
	struct capture_pool *, size_t captures, size_t total_bytes, size_t capture_bytes);

struct capture {
	struct capture_pool *pool;
	char *bytes;
	size_t len, alloc;
	size_t head_len;   /* 0: not full yet, and `bytes` is all that came */
	size_t ring_begin; /* of the oldest byte in the ring, from the end of the head */
	uint64_t total_bytes, total_lines; /* that came; lines are newlines */
};

/* The pool is borrowed, and ends after all of its captures. */
void capture_init(struct capture *, struct capture_pool *);
void capture_release(struct capture *); /* gives its memory back */

void capture_add(struct capture *, struct str bytes);

/* What is kept, as views until the next capture_add(): the beginning, and the end in two parts (a
 * ring); those of one that is complete are empty.  Cut where lines end, if there are any near. */
struct capture_view {
	struct str head;
	struct str tail[2];
	uint64_t left_out_bytes, left_out_lines;
};

struct capture_view capture_view(const struct capture *);

/* All of it as one text: "... 12345 bytes (67 lines) left out ..." on a line of its own where
 * something is missing. */
void capture_add_text(const struct capture *, struct strbuf *out);

#endif

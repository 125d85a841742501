/*
 * What it takes to copy to or from one host that is logged in to: SFTP, and sums made there.
 */
#ifndef FLEET_COPY_SESSION_H
#define FLEET_COPY_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "fleet/copy_hasher.h"
#include "fleet/copy_sum.h"
#include "net/sftp_client.h"

struct copy_session {
	struct sftp_client *sftp;   /* ready */
	struct copy_hasher *hasher; /* NULL: there is none */
};

/* What became of one file, folder or link. */
enum copy_verdict {
	COPY_UNCHANGED, /* it was the same already */
	COPY_CREATED,
	COPY_UPDATED,
	COPY_MODE,    /* only its mode was not the same */
	COPY_SKIPPED, /* it is nothing that can be copied */
	COPY_FAILED,
	COPY_VERDICT_MAX,
};

const char *copy_verdict_name(enum copy_verdict); /* "unchanged" */

struct copy_result {
	enum copy_verdict verdict;
	const char *path;   /* where it is now */
	uint64_t bytes;     /* that travelled for it */
	const char *backup; /* what the former one is called now; NULL: there is none */
	const char *note;   /* what else there is to say; NULL: nothing */
	const char *left;   /* a part that was left behind; NULL: none */
	const char *diff;   /* how it differs, as text; NULL: not known */
	struct err err;     /* of COPY_FAILED */
};

/* "not_found", "permission_denied", "no_space", "interrupted", ...: for machines. */
const char *copy_result_code(const struct copy_result *);

/* --- sums of files there --- */

struct copy_digest;

/* `sum` or `err` is not NULL.  Once; it is gone after it. */
typedef void copy_digest_fn(void *arg, const struct copy_sum *sum, const struct err *err);

/*
 * The sum of the first `max_bytes` of a file (UINT64_MAX: all), made there, or here from what is
 * read back.  `fn` is not called before this returns.  New; free with copy_digest_free().
 */
struct copy_digest *copy_digest_start(
	struct copy_session *, const char *path, uint64_t max_bytes, copy_digest_fn *, void *arg);
void copy_digest_free(struct copy_digest **); /* nobody is told */

#endif

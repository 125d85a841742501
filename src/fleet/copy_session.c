/*
 * Sums of files on a host, and words for what became of them.  See copy_session.h.
 */
#include "fleet/copy_session.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "net/sftp_download.h"

/* --- words ---------------------------------------------------------------------------------- */

const char *copy_verdict_name(enum copy_verdict verdict)
{
	static const char *const names[COPY_VERDICT_MAX] = {
		[COPY_UNCHANGED] = "unchanged",
		[COPY_CREATED] = "created",
		[COPY_UPDATED] = "updated",
		[COPY_MODE] = "mode",
		[COPY_SKIPPED] = "skipped",
		[COPY_FAILED] = "failed",
	};

	return names[verdict];
}

const char *copy_result_code(const struct copy_result *result)
{
	static const char *const codes[ERR_CODE_MAX] = {
		[ERR_NONE] = "failed",
		[ERR_INPUT] = "not_possible",
		[ERR_NOT_FOUND] = "not_found",
		[ERR_PERMISSION] = "permission_denied",
		[ERR_BUSY] = "interrupted",
		[ERR_LIMIT] = "no_space",
		[ERR_TIMEOUT] = "timeout",
		[ERR_NETWORK] = "protocol_error",
		[ERR_SYSTEM] = "failed",
	};

	return result->verdict == COPY_FAILED ? codes[result->err.code] : "ok";
}

/* --- sums ----------------------------------------------------------------------------------- */

struct copy_digest {
	struct copy_session *session;
	copy_digest_fn *fn;
	void *arg;
	char *path;
	uint64_t max_bytes;
	struct sftp_file *file;
	struct sftp_download *download;
	struct copy_summer *summer;
};

void copy_digest_free(struct copy_digest **digest_ptr)
{
	struct copy_digest *digest = TAKE(*digest_ptr);

	if (!digest) {
		return;
	}
	if (digest->session->hasher) {
		copy_hasher_forget(digest->session->hasher, digest);
	}
	sftp_client_forget(digest->session->sftp, digest);
	sftp_download_free(&digest->download);
	sftp_file_free(&digest->file);
	copy_summer_free(&digest->summer);
	free(digest->path);
	free(digest);
}

static void finish(struct copy_digest *digest, const struct copy_sum *sum, const struct err *err)
{
	copy_digest_fn *fn = digest->fn;
	void *arg = digest->arg;

	copy_digest_free(&digest);
	fn(arg, sum, err);
}

static int add_data(void *arg, struct str bytes, struct err *err)
{
	(void)err;
	copy_summer_add(((struct copy_digest *)arg)->summer, bytes);
	return 0;
}

static void on_read(void *arg, const struct err *err)
{
	struct copy_digest *digest = arg;
	struct copy_sum sum;
	struct err failed;

	if (err) {
		failed = *err;
		finish(digest, NULL, &failed);
		return;
	}
	sum = copy_summer_end(digest->summer);
	finish(digest, &sum, NULL);
}

static void on_open(void *arg, const struct sftp_answer *answer)
{
	struct copy_digest *digest = arg;
	const struct sftp_download_spec spec = {
		.expected_size = digest->max_bytes == UINT64_MAX ? 0 : digest->max_bytes,
		.max_bytes = digest->max_bytes == UINT64_MAX ? 0 : digest->max_bytes,
		.data = add_data,
		.done = on_read,
		.arg = digest,
	};
	struct err err;

	if (answer->status != SFTP_OK) {
		(void)sftp_answer_err(answer, &err);
		finish(digest, NULL, &err);
		return;
	}
	digest->file = answer->file;
	digest->summer = copy_summer_new();
	digest->download = sftp_download_start(digest->file, &spec);
}

static void read_back(struct copy_digest *digest)
{
	sftp_open(digest->session->sftp, digest->path, SFTP_READ, NULL,
		(struct sftp_then){on_open, digest});
}

static void on_hashed(void *arg, const struct copy_sum *sum)
{
	struct copy_digest *digest = arg;
	struct copy_sum copy;

	if (!sum) {
		read_back(digest); /* which will say why */
		return;
	}
	copy = *sum;
	finish(digest, &copy, NULL);
}

struct copy_digest *copy_digest_start(struct copy_session *session, const char *path,
	uint64_t max_bytes, copy_digest_fn *fn, void *arg)
{
	struct copy_digest *digest = xcalloc(1, sizeof(*digest));

	*digest = (struct copy_digest){
		.session = session,
		.fn = fn,
		.arg = arg,
		.path = xstrdup(path),
		.max_bytes = max_bytes,
	};
	if (session->hasher && copy_hasher_can(session->hasher, path)) {
		copy_hasher_ask(session->hasher, path, max_bytes, on_hashed, digest);
	} else {
		read_back(digest);
	}
	return digest;
}

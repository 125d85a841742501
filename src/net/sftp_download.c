/*
 * Pipelined reads.  See sftp_download.h.
 *
 * The chunks under way are a ring.  A chunk is told when all before it have been; an answer that is
 * shorter than what was asked for makes its chunk ask for the rest; the end of the file makes it
 * the last one.
 */
#include "net/sftp_download.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "net/sftp_internal.h"

struct download_chunk {
	struct sftp_download *download;
	uint64_t offset;
	size_t len; /* asked for */
	size_t got; /* of it, in buf */
	char *buf;
	bool is_last; /* the file ends here */
};

struct sftp_download {
	struct sftp_file *file;
	struct sftp_download_spec spec;
	struct download_chunk chunks[SFTP_DOWNLOAD_WINDOW];
	size_t first, count; /* of the ring */
	uint64_t next;       /* offset of what is asked for next */
	uint64_t end;        /* ask for nothing at or after it */
	bool is_telling, is_freed;
};

static void answered(void *arg, const struct sftp_answer *answer);

static struct download_chunk *chunk_at(struct sftp_download *download, size_t i)
{
	return &download->chunks[(download->first + i) % SFTP_DOWNLOAD_WINDOW];
}

static void ask(struct download_chunk *chunk)
{
	sftp_read(chunk->download->file, chunk->offset + chunk->got, chunk->len - chunk->got,
		(struct sftp_then){answered, chunk});
}

/* Beyond the expected end it goes on one by one: as a rule there is nothing. */
static bool may_ask(const struct sftp_download *download)
{
	return download->count < SFTP_DOWNLOAD_WINDOW && download->next < download->end &&
	       (download->count == 0 || download->next < download->spec.expected_size);
}

static void ask_more(struct sftp_download *download)
{
	while (may_ask(download)) {
		struct download_chunk *chunk = chunk_at(download, download->count);
		uint64_t left = download->end - download->next;

		chunk->offset = download->next;
		chunk->len = left < SFTP_CHUNK_MAX ? (size_t)left : SFTP_CHUNK_MAX;
		chunk->got = 0;
		chunk->is_last = false;
		if (!chunk->buf) {
			chunk->buf = xmalloc(SFTP_CHUNK_MAX);
		}
		download->count++;
		download->next += chunk->len;
		ask(chunk);
	}
}

static void forget(struct sftp_download *download)
{
	for (size_t i = 0; i < download->count && download->file->client; i++) {
		sftp_client_forget(download->file->client, chunk_at(download, i));
	}
	download->count = 0;
}

static void download_release(struct sftp_download *download)
{
	for (size_t i = 0; i < SFTP_DOWNLOAD_WINDOW; i++) {
		free(download->chunks[i].buf);
	}
	free(download);
}

static void finish(struct sftp_download *download, const struct err *err)
{
	forget(download);
	download->end = 0;
	download->spec.done(download->spec.arg, err);
}

static bool is_whole(const struct download_chunk *chunk)
{
	return chunk->is_last || chunk->got == chunk->len;
}

/* Tell what is whole at the front; true if that was the end. */
static bool tell(struct sftp_download *download)
{
	struct err err = {0};

	while (download->count > 0 && is_whole(chunk_at(download, 0))) {
		struct download_chunk *chunk = chunk_at(download, 0);
		bool is_last = chunk->is_last || chunk->offset + chunk->len >= download->end;

		int status = 0;

		if (chunk->got > 0) {
			status = download->spec.data(
				download->spec.arg, str_n(chunk->buf, chunk->got), &err);
		}
		if (download->is_freed) {
			return true;
		}
		if (status < 0) {
			finish(download, &err);
			return true;
		}
		download->first = (download->first + 1) % SFTP_DOWNLOAD_WINDOW;
		download->count--;
		if (is_last) {
			finish(download, NULL);
			return true;
		}
	}
	return false;
}

static void answered(void *arg, const struct sftp_answer *answer)
{
	struct download_chunk *chunk = arg;
	struct sftp_download *download = chunk->download;
	struct err err;

	download->is_telling = true;
	if (answer->status == SFTP_OK) {
		memcpy(chunk->buf + chunk->got, answer->data.ptr, answer->data.len);
		chunk->got += answer->data.len;
		if (chunk->got < chunk->len) {
			ask(chunk);
		}
	} else if (answer->status == SFTP_EOF) {
		chunk->is_last = true;
	} else {
		(void)sftp_answer_err(answer, &err);
		finish(download, &err);
	}
	if (!download->is_freed && !tell(download)) {
		ask_more(download);
	}
	download->is_telling = false;
	if (download->is_freed) {
		download_release(download);
	}
}

/* Nothing was to be read: the end is told from an answer all the same. */
static void looked(void *arg, const struct sftp_answer *answer)
{
	struct sftp_download *download = arg;

	(void)answer;
	download->spec.done(download->spec.arg, NULL);
}

struct sftp_download *sftp_download_start(
	struct sftp_file *file, const struct sftp_download_spec *spec)
{
	struct sftp_download *download = xcalloc(1, sizeof(*download));

	download->file = file;
	download->spec = *spec;
	download->next = spec->offset;
	download->end = UINT64_MAX;
	if (spec->max_bytes > 0 && spec->max_bytes < UINT64_MAX - spec->offset) {
		download->end = spec->offset + spec->max_bytes;
	}
	for (size_t i = 0; i < SFTP_DOWNLOAD_WINDOW; i++) {
		download->chunks[i].download = download;
	}
	ask_more(download);
	if (download->count == 0) {
		sftp_fstat(file, (struct sftp_then){looked, download});
	}
	return download;
}

void sftp_download_free(struct sftp_download **download_ptr)
{
	struct sftp_download *download = TAKE(*download_ptr);

	if (!download) {
		return;
	}
	forget(download);
	if (download->file->client) {
		sftp_client_forget(download->file->client, download);
	}
	download->is_freed = true;
	if (!download->is_telling) {
		download_release(download);
	}
}

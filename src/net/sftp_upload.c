/*
 * Pipelined writes.  See sftp_upload.h.
 *
 * Answers may come in any order; what counts is how many are missing.
 */
#include "net/sftp_upload.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "net/sftp_internal.h"

struct upload_chunk {
	struct sftp_upload *upload;
	size_t len; /* 0: not under way */
};

struct sftp_upload {
	struct sftp_file *file;
	struct sftp_upload_spec spec;
	struct upload_chunk chunks[SFTP_UPLOAD_WINDOW];
	size_t under_way;
	uint64_t offset; /* of what is written next */
	bool is_read;    /* the source has no more, or failed */
	bool has_failed;
	struct err err; /* of the source */
	char buf[SFTP_CHUNK_MAX];
};

static void answered(void *arg, const struct sftp_answer *answer);

/* The end is told from an answer, always: ask for one if none is to come. */
static void looked(void *arg, const struct sftp_answer *answer)
{
	struct sftp_upload *upload = arg;

	(void)answer;
	upload->spec.done(upload->spec.arg, NULL, upload->has_failed ? &upload->err : NULL);
}

static void write_chunk(struct sftp_upload *upload, struct upload_chunk *chunk)
{
	size_t len = 0;

	if (upload->spec.read(
		    upload->spec.arg, upload->buf, sizeof(upload->buf), &len, &upload->err) < 0) {
		upload->has_failed = true;
	}
	if (upload->has_failed || len == 0) {
		upload->is_read = true;
		return;
	}
	chunk->len = len;
	upload->under_way++;
	sftp_write(upload->file, upload->offset, str_n(upload->buf, len),
		(struct sftp_then){answered, chunk});
	upload->offset += len;
}

static void write_more(struct sftp_upload *upload)
{
	for (size_t i = 0; i < SFTP_UPLOAD_WINDOW && !upload->is_read; i++) {
		if (upload->chunks[i].len == 0) {
			write_chunk(upload, &upload->chunks[i]);
		}
	}
	if (upload->under_way == 0) {
		sftp_fstat(upload->file, (struct sftp_then){looked, upload});
	}
}

static void forget(struct sftp_upload *upload)
{
	if (!upload->file->client) {
		return;
	}
	sftp_client_forget(upload->file->client, upload);
	for (size_t i = 0; i < SFTP_UPLOAD_WINDOW; i++) {
		if (upload->chunks[i].len > 0) {
			sftp_client_forget(upload->file->client, &upload->chunks[i]);
			upload->chunks[i].len = 0;
		}
	}
	upload->under_way = 0;
}

static void answered(void *arg, const struct sftp_answer *answer)
{
	struct upload_chunk *chunk = arg;
	struct sftp_upload *upload = chunk->upload;
	size_t len = chunk->len;
	struct err err;

	chunk->len = 0;
	upload->under_way--;
	if (answer->status != SFTP_OK) {
		forget(upload);
		(void)sftp_answer_err(answer, &err);
		upload->spec.done(upload->spec.arg, answer, &err);
		return;
	}
	if (!upload->is_read) {
		write_chunk(upload, chunk);
	}
	if (upload->under_way == 0 && upload->is_read) {
		sftp_fstat(upload->file, (struct sftp_then){looked, upload});
	}
	if (upload->spec.written) {
		upload->spec.written(upload->spec.arg, len); /* may free it */
	}
}

struct sftp_upload *sftp_upload_start(struct sftp_file *file, const struct sftp_upload_spec *spec)
{
	struct sftp_upload *upload = xcalloc(1, sizeof(*upload));

	upload->file = file;
	upload->spec = *spec;
	upload->offset = spec->offset;
	for (size_t i = 0; i < SFTP_UPLOAD_WINDOW; i++) {
		upload->chunks[i].upload = upload;
	}
	write_more(upload);
	return upload;
}

void sftp_upload_free(struct sftp_upload **upload_ptr)
{
	struct sftp_upload *upload = TAKE(*upload_ptr);

	if (upload) {
		forget(upload);
		free(upload);
	}
}

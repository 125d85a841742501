/*
 * Bytes into a file that is open, with many writes under way at once.
 */
#ifndef NET_SFTP_UPLOAD_H
#define NET_SFTP_UPLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/sftp_client.h"

struct sftp_upload;

enum { SFTP_UPLOAD_WINDOW = 64 }; /* chunks under way: 2 MiB */

struct sftp_upload_spec {
	uint64_t offset; /* in the file, of the first byte */
	/* The next bytes, at most `room`; 0 of them: the end. */
	int (*read)(void *arg, char *buf, size_t room, size_t *ret_len, struct err *);
	void (*written)(void *arg, size_t bytes); /* that many more; NULL: not told */
	/* Once, unless it is freed first; NULL: all has been written.  Free it here or later. */
	void (*done)(void *arg, const struct sftp_answer *failed, const struct err *);
	void *arg;
};

/* Nothing but `read` is called before this returns.  New; free with sftp_upload_free(), before the
 * file. */
struct sftp_upload *sftp_upload_start(struct sftp_file *, const struct sftp_upload_spec *);
void sftp_upload_free(struct sftp_upload **);

#endif

/*
 * The bytes of a file that is open, in order, with many reads under way at once.
 */
#ifndef NET_SFTP_DOWNLOAD_H
#define NET_SFTP_DOWNLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/sftp_client.h"

struct sftp_download;

enum { SFTP_DOWNLOAD_WINDOW = 32 }; /* chunks under way: 1 MiB */

struct sftp_download_spec {
	uint64_t offset;        /* begin there */
	uint64_t expected_size; /* of the file; what comes after it is read too, step by step */
	uint64_t max_bytes;     /* read no more than that; 0: all */
	int (*data)(void *arg, struct str bytes, struct err *); /* valid inside; -1 is the end */
	/* Once, unless it is freed first; NULL: all has been told.  Free it here or later. */
	void (*done)(void *arg, const struct err *);
	void *arg;
};

/* Nothing is called before this returns.  New; free with sftp_download_free(), before the file. */
struct sftp_download *sftp_download_start(struct sftp_file *, const struct sftp_download_spec *);
void sftp_download_free(struct sftp_download **);

#endif

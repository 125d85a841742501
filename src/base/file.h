/*
 * Whole files, in and out.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <sys/types.h>

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"

enum file_type {
	FILE_REGULAR, /* anything else is refused, so that a FIFO or a device cannot make us wait */
	FILE_ANY, /* also FIFOs and devices ("<(command)", "/dev/stdin"); may wait for a writer */
};

/*
 * The content of `path`, which replaces that of *ret_content.  A missing file is ERR_NOT_FOUND, a
 * larger one ERR_LIMIT, a directory or another type ERR_INPUT.  What the file says its size is does
 * not matter.
 */
int file_read(const char *path, enum file_type, size_t max_bytes, struct strbuf *ret_content,
	struct err *);

/*
 * Make `content` the content of `path`, all of it or nothing: readers see the old file or the new
 * one, also after a crash.  A new file gets `mode` less the umask, an old one keeps its
 * permissions, and its owner if we may give files away.
 *
 * What is there and is not a regular file (a symbolic link, a device, a FIFO) cannot be replaced
 * and is written in place.
 */
int file_write(const char *path, struct str content, mode_t mode, struct err *);

/*
 * Whether file_write() could write there now, with nothing written: what can be known before hours
 * of work.
 */
int file_check_writable(const char *path, struct err *err);

/* Write all of it to a descriptor; waits where it would block.  0, or -1 with errno set. */
int file_write_all(int fd, struct str content);

#endif

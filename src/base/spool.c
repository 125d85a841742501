/*
 * Reading to the end.  See spool.h.
 */
#include "base/spool.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"

enum { READ_STEP = 64 * 1024 };

/* 1: there is more; 0: that was the end. */
static int read_step(int fd, struct strbuf *text, struct err *err)
{
	size_t room = strbuf_reserve(text, READ_STEP);
	ssize_t n;

	do {
		n = read(fd, text->buf + text->len, room);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		return err_set_errno(err, errno, "reading standard input");
	}
	strbuf_commit(text, (size_t)n);
	return n > 0;
}

static int open_nameless(int *ret_fd, struct err *err)
{
	const char *folder = getenv("TMPDIR");
	_cleanup_(freep) char *path = NULL;
	int fd;

	folder = folder && *folder ? folder : "/tmp";
	path = xasprintf("%s/sre-toolkit.XXXXXX", folder);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0) {
		return err_set_errno(err, errno, "no file for standard input in '%s'", folder);
	}
	(void)unlink(path); /* then it stays there, which is all that happens */
	*ret_fd = fd;
	return 0;
}

static int write_piece(int file, const struct strbuf *text, struct err *err)
{
	if (file_write_all(file, strbuf_str(text)) < 0) {
		return err_set_errno(err, errno, "keeping standard input in a file");
	}
	return 0;
}

static int map_file(int file, struct spool *spool, struct err *err)
{
	struct stat st;
	void *map;

	if (fstat(file, &st) < 0) {
		return err_set_errno(err, errno, "keeping standard input in a file");
	}
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, file, 0);
	if (map == MAP_FAILED) {
		return err_set_errno(err, errno, "mapping standard input");
	}
	spool->bytes = str_n(map, (size_t)st.st_size);
	return 0;
}

/* What is in `text`, and all that still comes. */
static int spool_to_file(int fd, struct strbuf *text, struct spool *spool, struct err *err)
{
	_cleanup_close_ int file = -1;
	int has_more;

	if (open_nameless(&file, err) < 0) {
		return -1;
	}
	do {
		if (write_piece(file, text, err) < 0) {
			return -1;
		}
		strbuf_clear(text);
		has_more = read_step(fd, text, err);
	} while (has_more > 0);
	return has_more < 0 ? -1 : map_file(file, spool, err);
}

int spool_read(
	int fd, struct str before, size_t memory_max, struct spool *ret_spool, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct spool spool = {0};
	int has_more = fd >= 0;

	strbuf_addstr(&text, before);
	while (has_more > 0 && text.len <= memory_max) {
		has_more = read_step(fd, &text, err);
	}
	if (has_more < 0 || (has_more > 0 && spool_to_file(fd, &text, &spool, err) < 0)) {
		return -1;
	}
	if (has_more == 0) {
		size_t len = text.len;

		spool.memory = strbuf_detach(&text);
		spool.bytes = str_n(spool.memory, len);
	}
	*ret_spool = spool;
	return 0;
}

void spool_release(struct spool *spool)
{
	if (spool->memory) {
		free(spool->memory);
	} else if (spool->bytes.len > 0) {
		const char *map = spool->bytes.ptr;

		(void)munmap((void *)(uintptr_t)map, spool->bytes.len); /* cannot fail */
	}
	*spool = (struct spool){.bytes = str_n("", 0)};
}

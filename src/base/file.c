/*
 * Reading and writing whole files.  See file.h.
 */
#include "base/file.h"

#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

enum { READ_STEP = 64 * 1024 };

/* A FIFO that nobody has opened to write yet reads as empty. */
static void wait_for_writer(int fd)
{
	struct pollfd pollfd = {.fd = fd, .events = POLLIN};

	while (poll(&pollfd, 1, -1) < 0 && errno == EINTR) {
	}
}

/* Opening waits for nothing; reading may, once it is known what it is. */
static int open_to_read(const char *path, enum file_type type, int *ret_fd, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		return err_set_errno(err, errno, "cannot read '%s'", path);
	}
	if (S_ISDIR(st.st_mode)) {
		return err_set(err, ERR_INPUT, "cannot read '%s': it is a directory", path);
	}
	if (!S_ISREG(st.st_mode) && type == FILE_REGULAR) {
		return err_set(err, ERR_INPUT, "cannot read '%s': it is not a regular file", path);
	}
	if (S_ISFIFO(st.st_mode)) {
		wait_for_writer(fd);
	}
	if (fcntl(fd, F_SETFL, 0) < 0) {
		return err_set_errno(err, errno, "cannot read '%s'", path);
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int read_step(int fd, struct strbuf *content)
{
	size_t room = strbuf_reserve(content, READ_STEP);
	ssize_t n;

	do {
		n = read(fd, content->buf + content->len, room);
	} while (n < 0 && errno == EINTR);
	if (n > 0) {
		strbuf_commit(content, (size_t)n);
	}
	return n < 0 ? -1 : n > 0;
}

int file_read(const char *path, enum file_type type, size_t max_bytes, struct strbuf *ret_content,
	struct err *err)
{
	/* One more than allowed, to see that there is more. */
	_cleanup_(strbuf_release) struct strbuf content = STRBUF_INIT_MAX(max_bytes + 1);
	_cleanup_close_ int fd = -1;
	int has_more;

	if (open_to_read(path, type, &fd, err) < 0) {
		return -1;
	}
	do {
		has_more = read_step(fd, &content);
	} while (has_more > 0 && content.len <= max_bytes);

	if (has_more < 0) {
		return err_set_errno(err, errno, "cannot read '%s'", path);
	}
	if (content.len > max_bytes) {
		return err_set(
			err, ERR_LIMIT, "cannot read '%s': larger than %zu bytes", path, max_bytes);
	}
	strbuf_clear(ret_content);
	strbuf_addstr(ret_content, strbuf_str(&content));
	return 0;
}

int file_write_all(int fd, struct str content)
{
	while (content.len > 0) {
		ssize_t n = write(fd, content.ptr, content.len);

		if (n >= 0) {
			content = str_n(content.ptr + n, content.len - (size_t)n);
		} else if (errno == EAGAIN) {
			struct pollfd pollfd = {.fd = fd, .events = POLLOUT};

			(void)poll(&pollfd, 1, -1); /* the next write() tells */
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

static int write_in_place(const char *path, struct str content, mode_t mode, struct err *err)
{
	/* O_NONBLOCK: a FIFO that nobody reads is an error instead of a wait. */
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd = open(path, flags, mode);

	if (fd < 0) {
		return err_set_errno(err, errno, "cannot write '%s'", path);
	}
	if (file_write_all(fd, content) < 0) {
		err_set_errno(err, errno, "cannot write '%s'", path);
		(void)close(fd); /* what went wrong is known already */
		return -1;
	}
	if (close(fd) < 0) {
		return err_set_errno(err, errno, "cannot write '%s'", path);
	}
	return 0;
}

/*
 * Create "dir/.name.RANDOM" for "dir/name": in the same folder, so that rename(2) can replace; new,
 * so that nobody has put a link there.
 */
static int create_temporary(const char *path, mode_t mode, char **ret_name)
{
	const char *slash = strrchr(path, '/');
	size_t folder_len = slash ? (size_t)(slash - path) + 1 : 0;
	uint64_t random = 0;
	_cleanup_(freep) char *name = NULL;
	int fd;

	if (getrandom(&random, sizeof(random), 0) < 0) {
		return -1;
	}
	name = xasprintf("%.*s.%s.%016" PRIx64, (int)folder_len, path, path + folder_len, random);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd >= 0) {
		*ret_name = TAKE(name);
	}
	return fd;
}

/* New; free it. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return !slash ? xstrdup(".") : xstrndup(path, slash > path ? (size_t)(slash - path) : 1);
}

/* A renamed file is there after a crash only when its folder is on disk too. */
static int sync_folder(const char *path)
{
	_cleanup_(freep) char *folder = folder_of(path);
	_cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* Some file systems cannot; they say EINVAL. */
	return fd < 0 || (fsync(fd) < 0 && errno != EINVAL) ? -1 : 0;
}

static int fill_and_rename(int fd, const char *temporary, const char *path, struct str content)
{
	if (file_write_all(fd, content) < 0 || fsync(fd) < 0) {
		return -1;
	}
	return rename(temporary, path);
}

/* Only root can give files away; who else replaces somebody's file has the new one. */
static int keep_owner_and_mode(int fd, const struct stat *old)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		return -1;
	}
	if ((st.st_uid != old->st_uid || st.st_gid != old->st_gid) &&
		fchown(fd, old->st_uid, old->st_gid) < 0 && errno != EPERM) {
		return -1;
	}
	return fchmod(fd, old->st_mode & 07777);
}

/* `old`: what is there; NULL: nothing. */
static int replace(
	const char *path, struct str content, mode_t mode, const struct stat *old, struct err *err)
{
	_cleanup_(freep) char *temporary = NULL;
	_cleanup_close_ int fd = create_temporary(path, mode, &temporary);

	if (fd < 0) {
		return err_set_errno(err, errno, "cannot write '%s'", path);
	}
	if ((old && keep_owner_and_mode(fd, old) < 0) ||
		fill_and_rename(fd, temporary, path, content) < 0) {
		int saved = errno;

		(void)unlink(temporary); /* what went wrong is known already */
		return err_set_errno(err, saved, "cannot write '%s'", path);
	}
	if (sync_folder(path) < 0) {
		return err_set_errno(err, errno, "cannot write '%s' to disk", path);
	}
	return 0;
}

static int directory_error(const char *path, struct err *err)
{
	return err_set(err, ERR_INPUT, "cannot write '%s': it is a directory", path);
}

int file_check_writable(const char *path, struct err *err)
{
	_cleanup_(freep) char *folder = folder_of(path);
	struct stat st;
	bool is_new = lstat(path, &st) < 0;

	if (is_new && errno != ENOENT) {
		return err_set_errno(err, errno, "cannot write '%s'", path);
	}
	if (!is_new && S_ISDIR(st.st_mode)) {
		return directory_error(path, err);
	}
	if (!is_new && !S_ISREG(st.st_mode)) {
		return 0; /* only writing tells */
	}
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0) {
		return err_set_errno(err, errno, "cannot write '%s'", path);
	}
	return 0;
}

int file_write(const char *path, struct str content, mode_t mode, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0) {
		if (errno != ENOENT) {
			return err_set_errno(err, errno, "cannot write '%s'", path);
		}
		return replace(path, content, mode, NULL, err);
	}
	if (S_ISDIR(st.st_mode)) {
		return directory_error(path, err);
	}
	if (!S_ISREG(st.st_mode)) {
		return write_in_place(path, content, mode, err);
	}
	return replace(path, content, mode, &st, err);
}

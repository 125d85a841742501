/*
 * Files are created exclusively in a folder that is held open, so that no link that somebody puts
 * there is ever followed.
 */
#include "fleet/output_dir.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"

enum {
	NAME_BYTES_MAX = 200, /* without suffix; file systems allow 255 */
	NAME_BYTES_KEPT = 180,
};

struct output_dir {
	char *path;
	int fd;
};

struct output_file {
	struct output_dir *dir;
	char *name;
	int fd; /* -1: nothing was written yet */
	uint64_t bytes;
	struct err failed; /* code ERR_NONE: not yet */
};

/* --- The folder --- */

int output_dir_open(const char *path, struct output_dir **ret_dir, struct err *err)
{
	struct output_dir *dir;
	int fd;

	if (mkdir(path, 0777) < 0 && errno != EEXIST) {
		return err_set_errno(err, errno, "cannot create the folder '%s'", path);
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return err_set_errno(err, errno, "cannot open the folder '%s'", path);
	}
	if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0) {
		(void)err_set_errno(err, errno, "cannot write to the folder '%s'", path);
		closep(&fd);
		return -1;
	}
	dir = xcalloc(1, sizeof(*dir));
	dir->path = xstrdup(path);
	dir->fd = fd;
	*ret_dir = dir;
	return 0;
}

void output_dir_free(struct output_dir **dir_ptr)
{
	struct output_dir *dir = TAKE(*dir_ptr);

	if (!dir) {
		return;
	}
	closep(&dir->fd);
	free(dir->path);
	free(dir);
}

/* --- Names --- */

static bool is_plain(char c, size_t pos)
{
	return char_is_alnum(c) || c == '-' || c == '_' || (c == '.' && pos > 0);
}

static uint64_t hash_of(struct str text)
{
	uint64_t hash = 14695981039346656037U; /* FNV-1a */

	for (size_t i = 0; i < text.len; i++) {
		hash = (hash ^ (unsigned char)text.ptr[i]) * 1099511628211U;
	}
	return hash;
}

void output_dir_add_name(struct strbuf *out, struct str host, const char *suffix)
{
	size_t begin = out->len;

	for (size_t i = 0; i < host.len; i++) {
		if (is_plain(host.ptr[i], i)) {
			strbuf_addc(out, host.ptr[i]);
		} else {
			strbuf_addf(out, "%%%02X", (unsigned char)host.ptr[i]);
		}
	}
	if (out->len - begin > NAME_BYTES_MAX) {
		strbuf_truncate(out, begin + NAME_BYTES_KEPT);
		strbuf_addf(out, "%%-%016" PRIx64, hash_of(host));
	}
	strbuf_adds(out, suffix);
}

/* --- Files --- */

int output_file_new(struct output_dir *dir, struct str host, const char *suffix,
	struct output_file **ret_file, struct err *err)
{
	struct strbuf name = STRBUF_INIT;
	struct output_file *file;

	output_dir_add_name(&name, host, suffix);
	if (unlinkat(dir->fd, name.buf, 0) < 0 && errno != ENOENT) {
		(void)err_set_errno(err, errno, "cannot replace '%s/%s'", dir->path, name.buf);
		strbuf_release(&name);
		return -1;
	}
	file = xcalloc(1, sizeof(*file));
	file->dir = dir;
	file->name = strbuf_detach(&name);
	file->fd = -1;
	*ret_file = file;
	return 0;
}

static int fail(struct output_file *file, const char *what, struct err *err)
{
	if (file->failed.code == ERR_NONE) {
		(void)err_set_errno(&file->failed, errno, "cannot %s '%s/%s'", what,
			file->dir->path, file->name);
	}
	if (err) {
		*err = file->failed;
	}
	return -1;
}

int output_file_add(struct output_file *file, struct str bytes, struct err *err)
{
	if (file->failed.code != ERR_NONE) {
		return fail(file, "", err);
	}
	if (bytes.len == 0) {
		return 0;
	}
	if (file->fd < 0) {
		file->fd = openat(file->dir->fd, file->name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (file->fd < 0) {
			return fail(file, "create", err);
		}
	}
	if (file_write_all(file->fd, bytes) < 0) {
		return fail(file, "write", err);
	}
	file->bytes += bytes.len;
	return 0;
}

uint64_t output_file_bytes(const struct output_file *file)
{
	return file->bytes;
}

int output_file_close(struct output_file **file_ptr, struct err *err)
{
	struct output_file *file = TAKE(*file_ptr);
	int result = 0;

	if (!file) {
		return 0;
	}
	if (file->failed.code != ERR_NONE) {
		result = fail(file, "", err);
	}
	if (file->fd >= 0 && close(file->fd) < 0 && result == 0) {
		result = fail(file, "write", err);
	}
	free(file->name);
	free(file);
	return result;
}

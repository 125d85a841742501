/*
 * Lines more in a file of known hosts, for a decision that a person made.  See ssh_hosts.h.
 *
 * Whoever changes the file holds a lock on it.  As it may have been replaced while one waited for
 * the lock, it is looked for again then.
 */
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/file.h"
#include "base/utf8.h"
#include "net/ssh_host_key.h"
#include "net/ssh_hosts_internal.h"

enum { NAME_MAX_BYTES = 1024, LOCK_TRIES = 100, LOCK_PAUSE_US = 10000 };

static bool is_plain_name(struct str host)
{
	for (size_t i = 0; i < host.len; i++) {
		if (host.ptr[i] <= ' ' || host.ptr[i] > '~' || strchr(",*?!|@#\"'", host.ptr[i])) {
			return false;
		}
	}
	return host.len > 0 && host.len <= NAME_MAX_BYTES;
}

static void add_hashed(struct strbuf *out, struct str name)
{
	struct ssh_hosts *hosts = ssh_hosts_new();
	unsigned char salt[SSH_HOSTS_HASH_BYTES], hash[SSH_HOSTS_HASH_BYTES];

	if (getrandom(salt, sizeof(salt), 0) != (ssize_t)sizeof(salt)) {
		abort(); /* so few bytes are never refused */
	}
	ssh_hosts_hash_name(hosts, salt, name, hash);
	strbuf_adds(out, "|1|");
	base64_add(out, str_n((const char *)salt, sizeof(salt)));
	strbuf_addc(out, '|');
	base64_add(out, str_n((const char *)hash, sizeof(hash)));
	ssh_hosts_free(&hosts);
}

int ssh_hosts_make_line(struct strbuf *out, const struct ssh_hosts_name *name, struct str blob,
	bool is_hashed, struct err *err)
{
	struct strbuf text = STRBUF_INIT;
	struct str type;

	if (!is_plain_name(str_of(name->host))) {
		return err_set(err, ERR_INPUT, "'%s' is no name for a file of known hosts",
			utf8_quote(str_of(name->host)).text);
	}
	if (!ssh_host_key_type(blob, &type)) {
		return err_set(err, ERR_INPUT, "what '%s' showed is no key",
			utf8_quote(str_of(name->host)).text);
	}
	ssh_hosts_add_name(&text, name);
	if (is_hashed) {
		add_hashed(out, strbuf_str(&text));
	} else {
		strbuf_addstr(out, strbuf_str(&text));
	}
	strbuf_addf(out, " %.*s ", STR_ARG(type));
	base64_add(out, blob);
	strbuf_addc(out, '\n');
	strbuf_release(&text);
	return 0;
}

static int make_folder(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	_cleanup_(freep) char *folder = NULL;

	if (!slash || slash == path) {
		return 0;
	}
	folder = xstrndup(path, (size_t)(slash - path));
	if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
		return err_set_errno(err, errno, "cannot make folder '%s'", folder);
	}
	return 0;
}

static int open_file(const char *path, int flags, int *ret_fd, struct err *err)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_APPEND | flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

	if (fd < 0 && errno == ENOENT && !(flags & O_CREAT)) {
		return err_set(err, ERR_NOT_FOUND, "there is no '%s'", path);
	}
	if (fd < 0) {
		return err_set_errno(err, errno, "cannot write '%s'", path);
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return err_set(err, ERR_INPUT, "cannot write '%s': it is not a regular file", path);
	}
	*ret_fd = fd;
	return 0;
}

static int lock(int fd, const char *path, struct err *err)
{
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			return err_set_errno(err, errno, "cannot lock '%s'", path);
		}
		if (i == LOCK_TRIES) {
			return err_set(err, ERR_BUSY, "'%s' is locked by another process", path);
		}
		(void)usleep(LOCK_PAUSE_US);
	}
	return 0;
}

/* What is there ends with a newline, or there is nothing. */
static bool ends_well(int fd, off_t size)
{
	char last = '\n';

	return size == 0 || (pread(fd, &last, 1, size - 1) == 1 && last == '\n');
}

static bool is_at(int fd, const char *path)
{
	struct stat st, there;

	return fstat(fd, &st) == 0 && stat(path, &there) == 0 && st.st_dev == there.st_dev &&
	       st.st_ino == there.st_ino;
}

int ssh_hosts_open_locked(const char *path, int flags, int *ret_fd, struct err *err)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		_cleanup_close_ int fd = -1;

		if (open_file(path, flags, &fd, err) < 0 || lock(fd, path, err) < 0) {
			return -1;
		}
		if (is_at(fd, path)) {
			*ret_fd = fd;
			fd = -1;
			return 0;
		}
	}
	return err_set(err, ERR_BUSY, "'%s' is replaced again and again", path);
}

static int append(int fd, struct str lines, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		return err_set_errno(err, errno, "cannot write '%s'", path);
	}
	if ((!ends_well(fd, st.st_size) && file_write_all(fd, str_of("\n")) < 0) ||
		file_write_all(fd, lines) < 0 || fsync(fd) < 0) {
		err_set_errno(err, errno, "cannot write '%s'", path);
		/* Half a line would spoil the next; if even this fails, the error is told anyway.
		 */
		(void)!ftruncate(fd, st.st_size);
		return -1;
	}
	return 0;
}

int ssh_hosts_append(const char *path, const struct ssh_hosts_name *name, struct str blob,
	bool is_hashed, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf line = STRBUF_INIT;
	_cleanup_close_ int fd = -1;

	if (ssh_hosts_make_line(&line, name, blob, is_hashed, err) < 0 ||
		make_folder(path, err) < 0 || ssh_hosts_open_locked(path, O_CREAT, &fd, err) < 0) {
		return -1;
	}
	return append(fd, strbuf_str(&line), path, err);
}

/* Those that the table does not know, and it knows them then. */
static int make_lines(struct ssh_hosts *there, const struct ssh_hosts_key *keys, size_t keys_count,
	bool is_hashed, struct strbuf *lines, size_t *ret_added, struct err *err)
{
	size_t added = 0;

	for (size_t i = 0; i < keys_count; i++) {
		if (ssh_hosts_check(there, &keys[i].name, keys[i].blob).verdict ==
			SSH_HOSTS_KNOWN) {
			continue;
		}
		if (ssh_hosts_make_line(lines, &keys[i].name, keys[i].blob, is_hashed, err) < 0) {
			return -1;
		}
		ssh_hosts_add_known(there, &keys[i].name, keys[i].blob);
		added++;
	}
	*ret_added = added;
	return 0;
}

int ssh_hosts_record(const char *path, const struct ssh_hosts_key *keys, size_t keys_count,
	bool is_hashed, size_t *ret_added, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf lines = STRBUF_INIT;
	_cleanup_close_ int fd = -1;
	struct ssh_hosts *there = NULL;
	size_t added = 0;
	int rc = -1;

	if (make_folder(path, err) < 0 || ssh_hosts_open_locked(path, O_CREAT, &fd, err) < 0) {
		return -1;
	}
	there = ssh_hosts_new();
	if (ssh_hosts_read(there, path, err) == 0 &&
		make_lines(there, keys, keys_count, is_hashed, &lines, &added, err) == 0 &&
		(added == 0 || append(fd, strbuf_str(&lines), path, err) == 0)) {
		rc = 0;
		if (ret_added) {
			*ret_added = added;
		}
	}
	ssh_hosts_free(&there);
	return rc;
}

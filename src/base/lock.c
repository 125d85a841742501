/*
 * Lock files.  See lock.h.
 *
 * The content is one line that people can read too:
 *
 *	locked by pid 1234 on web-01 since 1751356800123: sre-toolkit check @web
 */
#include "base/lock.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/host_name.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "base/utf8.h"

enum { OWNER_MAX = 1024, COMMAND_MAX = 256, HOST_MAX = 64, RETRIES = 10 };

struct lock {
	int fd;
};

/* Cut `word` and the text behind it, up to `end`, off the front. */
static bool take_field(struct str *rest, const char *word, const char *end, struct str *ret_value)
{
	size_t skip = strlen(word);
	const char *hit;

	if (!str_starts(*rest, word)) {
		return false;
	}
	*rest = str_sub(*rest, skip, rest->len);
	hit = memmem(rest->ptr, rest->len, end, strlen(end));
	if (!hit) {
		return false;
	}
	*ret_value = str_n(rest->ptr, (size_t)(hit - rest->ptr));
	*rest = str_sub(*rest, ret_value->len, rest->len);
	return true;
}

int lock_owner_parse(struct str text, struct lock_owner *ret_owner)
{
	struct lock_owner owner = {0};
	struct str rest = text;
	struct str pid;
	struct str since;

	if (!take_field(&rest, "locked by pid ", " on ", &pid) ||
		!take_field(&rest, " on ", " since ", &owner.host) ||
		!take_field(&rest, " since ", ": ", &since) ||
		!take_field(&rest, ": ", "\n", &owner.command) || rest.len != 1) {
		return -1;
	}
	if (parse_int(pid, 1, INT32_MAX, &owner.pid, NULL) < 0 ||
		parse_int(since, 0, INT64_MAX, &owner.started_wall_ms, NULL) < 0) {
		return -1;
	}
	*ret_owner = owner;
	return 0;
}

static int write_owner(int fd, const char *command)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	const struct host_name host = host_name_get();

	strbuf_addf(&text, "locked by pid %d on ", (int)getpid());
	utf8_add_escaped(&text, str_of(host.text), HOST_MAX);
	strbuf_addf(&text, " since %" PRId64 ": ", time_wall_ms());
	utf8_add_escaped(&text, str_of(command), COMMAND_MAX);
	strbuf_addc(&text, '\n');
	/* Readers come at any time: the new line in one write, then what is left of the old one. */
	if (pwrite(fd, text.buf, text.len, 0) != (ssize_t)text.len) {
		return -1;
	}
	return ftruncate(fd, (off_t)text.len);
}

/* The whole content, or as much of it as is too much. */
static struct strbuf read_owner(int fd)
{
	struct strbuf text = STRBUF_INIT;
	size_t room = strbuf_reserve(&text, OWNER_MAX);
	ssize_t n = pread(fd, text.buf, room, 0);

	strbuf_commit(&text, n > 0 ? (size_t)n : 0);
	return text;
}

static bool is_gone(const struct lock_owner *owner)
{
	const struct host_name host = host_name_get();

	return str_is(owner->host, host.text) && kill((pid_t)owner->pid, 0) < 0 && errno == ESRCH;
}

static int busy_error(int fd, const char *path, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf text = read_owner(fd);
	_cleanup_(strbuf_release) struct strbuf who = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf age = STRBUF_INIT;
	struct lock_owner owner;
	int64_t age_ms;

	if (lock_owner_parse(strbuf_str(&text), &owner) < 0) {
		return err_set(err, ERR_BUSY, "lock '%s' is held by another program", path);
	}
	age_ms = time_wall_ms() - owner.started_wall_ms;
	time_add_duration(&age, age_ms > 0 ? age_ms : 0);
	strbuf_addf(&who, "pid %" PRId64 " on ", owner.pid);
	utf8_add_escaped(&who, owner.host, HOST_MAX);
	strbuf_adds(&who, ": ");
	utf8_add_escaped(&who, owner.command, COMMAND_MAX);
	return err_set(err, ERR_BUSY, "lock '%s' is held by %s%s, for %s", path,
		is_gone(&owner) ? "a process left behind by " : "", who.buf, age.buf);
}

/* Only what is empty or was written by us is ever written over. */
static int refuse_other_files(int fd, const char *path, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct lock_owner owner;
	struct stat st;

	if (fstat(fd, &st) < 0) {
		return err_set_errno(err, errno, "cannot lock '%s'", path);
	}
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1) {
		return err_set(err, ERR_INPUT,
			"cannot lock '%s': it is not a regular file with this one name", path);
	}
	text = read_owner(fd);
	if (text.len > 0 && lock_owner_parse(strbuf_str(&text), &owner) < 0) {
		return err_set(err, ERR_INPUT,
			"cannot lock '%s': it is not a lock file, it has other content", path);
	}
	return 0;
}

static int open_lock(const char *path, int *ret_fd, bool *ret_is_writable, struct err *err)
{
	const int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	int fd = open(path, O_RDWR | O_CREAT | flags, 0644);

	*ret_is_writable = fd >= 0;
	if (fd < 0 && errno == EACCES) {
		/* Somebody else's: not for us to take, but to see who has it. */
		fd = open(path, O_RDONLY | flags);
		if (fd < 0) {
			errno = EACCES;
		}
	}
	if (fd < 0 && errno == ELOOP) {
		return err_set(err, ERR_INPUT, "cannot lock '%s': it is a symbolic link", path);
	}
	if (fd < 0) {
		return err_set_errno(err, errno, "cannot lock '%s'", path);
	}
	*ret_fd = fd;
	return 0;
}

/* Whether `path` still is the file that we opened, or somebody has replaced it meanwhile. */
static bool is_same_file(int fd, const char *path)
{
	struct stat opened;
	struct stat named;

	return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 &&
	       opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* One try.  1: the file was replaced before it was locked. */
static int try_lock(const char *path, const char *command, int *ret_fd, struct err *err)
{
	_cleanup_close_ int fd = -1;
	bool is_writable = false;

	if (open_lock(path, &fd, &is_writable, err) < 0) {
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		return errno == EWOULDBLOCK ? busy_error(fd, path, err)
					    : err_set_errno(err, errno, "cannot lock '%s'", path);
	}
	if (!is_writable) {
		return err_set(
			err, ERR_PERMISSION, "cannot lock '%s': no permission to write it", path);
	}
	if (!is_same_file(fd, path)) {
		return 1;
	}
	if (refuse_other_files(fd, path, err) < 0) {
		return -1;
	}
	if (write_owner(fd, command) < 0) {
		return err_set_errno(err, errno, "cannot lock '%s'", path);
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int lock_take(const char *path, const char *command, struct lock **ret_lock, struct err *err)
{
	int fd = -1;
	int result = 1;

	for (int i = 0; i < RETRIES && result == 1; i++) {
		result = try_lock(path, command, &fd, err);
	}
	if (result == 1) {
		return err_set(
			err, ERR_BUSY, "lock '%s' is replaced by somebody again and again", path);
	}
	if (result < 0) {
		return -1;
	}
	*ret_lock = xmalloc(sizeof(**ret_lock));
	(*ret_lock)->fd = fd;
	return 0;
}

void lock_free(struct lock **lock)
{
	if (!*lock) {
		return;
	}
	/* Nobody is the owner any more.  If this fails, a stale name stands in a file that is free.
	 */
	(void)!ftruncate((*lock)->fd, 0);
	/* A forked copy of the descriptor would keep the lock; unlocking counts for all of them. */
	(void)flock((*lock)->fd, LOCK_UN);
	(void)close((*lock)->fd);
	free(*lock);
	*lock = NULL;
}

/*
 * Descriptors of folders, and openat().  See copy_here.h.
 */
#include "fleet/copy_here.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/magic.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "fleet/copy_path.h"

enum {
	FOLDER_MODE = 0777,
	PRIVATE = 0600,
	OWNER_ALL = 0700,
	OTHERS_BITS = 0077,
	TRIES = 16,
	HOPS = 40
};

struct copy_here {
	int fd; /* -1: it is not there */
	char *path;
};

struct copy_here_file {
	const struct copy_here *here;
	int folder_fd, fd;
	char *name; /* below the folder of ours */
	char *base; /* its last part */
	char *beside;
};

static int fail(const struct copy_here *here, const char *what, const char *name, struct err *err)
{
	_cleanup_(freep) char *path = copy_here_path(here, name);
	int errnum = errno;

	if (errnum == ENOSPC || errnum == EDQUOT) {
		return err_set(err, ERR_LIMIT, "no space is left here for '%s'",
			utf8_quote(str_of(path)).text);
	}
	if (errnum == ELOOP || errnum == ENOTDIR) {
		return err_set(err, ERR_INPUT, "cannot %s '%s': something else has its name here",
			what, utf8_quote(str_of(path)).text);
	}
	return err_set_errno(err, errnum, "cannot %s '%s'", what, utf8_quote(str_of(path)).text);
}

/* Is what it would be made in there? */
static bool has_parent(const char *path)
{
	struct arena *arena = arena_new();
	struct stat st;
	bool is_folder = stat(copy_parent(str_of(path), arena), &st) == 0 && S_ISDIR(st.st_mode);

	arena_free(arena);
	return is_folder;
}

/* It is not there; errno says why. */
static int check_absent(const char *path, enum copy_here_how how, struct err *err)
{
	int errnum = errno;

	if (errnum == ENOENT && how == COPY_HERE_MUST_BE) {
		return err_set(err, ERR_NOT_FOUND, "there is no folder '%s' here",
			utf8_quote(str_of(path)).text);
	}
	if (errnum == ENOENT && how == COPY_HERE_WOULD_MAKE && !has_parent(path)) {
		return err_set_errno(
			err, errnum, "cannot make the folder '%s'", utf8_quote(str_of(path)).text);
	}
	if (errnum == ENOENT && how != COPY_HERE_MAKE) {
		return 0;
	}
	return err_set_errno(
		err, errnum, "cannot open the folder '%s'", utf8_quote(str_of(path)).text);
}

int copy_here_open(
	const char *path, enum copy_here_how how, struct copy_here **ret_here, struct err *err)
{
	struct copy_here *here;
	int fd;

	if (how == COPY_HERE_MAKE && mkdir(path, FOLDER_MODE) < 0 && errno != EEXIST) {
		return err_set_errno(
			err, errno, "cannot make the folder '%s'", utf8_quote(str_of(path)).text);
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && check_absent(path, how, err) < 0) {
		return -1;
	}
	here = xcalloc(1, sizeof(*here));
	*here = (struct copy_here){.fd = fd, .path = xstrdup(path)};
	*ret_here = here;
	return 0;
}

void copy_here_close(struct copy_here **here_ptr)
{
	struct copy_here *here = TAKE(*here_ptr);

	if (here) {
		closep(&here->fd);
		free(here->path);
		free(here);
	}
}

char *copy_here_path(const struct copy_here *here, const char *name)
{
	bool has_slash = str_ends(str_of(here->path), "/");

	return name[0] ? xasprintf("%s%s%s", here->path, has_slash ? "" : "/", name)
		       : xstrdup(here->path);
}

/* The folder that a name is in, and its last part (in `name`); errno is set on -1. */
static int open_parent(const struct copy_here *here, const char *name, const char **ret_base)
{
	struct str rest = str_of(name);
	struct str part;
	int fd;

	if (here->fd < 0) {
		errno = ENOENT;
		return -1;
	}
	fd = fcntl(here->fd, F_DUPFD_CLOEXEC, 0);
	while (fd >= 0 && str_split(&rest, '/', &part)) {
		char plain[COPY_NAME_MAX + 1];
		int next;

		if (!copy_name_is_plain(part)) {
			(void)close(fd);
			errno = EINVAL;
			return -1;
		}
		if (!rest.ptr) {
			*ret_base = part.ptr;
			return fd;
		}
		memcpy(plain, part.ptr, part.len);
		plain[part.len] = '\0';
		next = openat(fd, plain, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		(void)close(fd);
		fd = next;
	}
	return -1;
}

int copy_here_look(
	const struct copy_here *here, const char *name, struct stat *ret_stat, struct err *err)
{
	const char *base;
	_cleanup_close_ int folder = open_parent(here, name, &base);

	if (folder < 0 || fstatat(folder, base, ret_stat, AT_SYMLINK_NOFOLLOW) < 0) {
		return fail(here, "look at", name, err);
	}
	return 0;
}

static bool is_replaceable(mode_t mode)
{
	return S_ISREG(mode) || S_ISLNK(mode);
}

static bool leads_to_special(const struct copy_here *here, const char *name)
{
	const char *base;
	_cleanup_close_ int folder = open_parent(here, name, &base);
	struct stat st;

	return folder >= 0 && fstatat(folder, base, &st, 0) == 0 && !S_ISREG(st.st_mode) &&
	       !S_ISDIR(st.st_mode);
}

static int open_folder_of(int folder, const char *path)
{
	struct arena *arena = arena_new();
	int fd = openat(folder, copy_parent(str_of(path), arena), O_PATH | O_DIRECTORY | O_CLOEXEC);

	arena_free(arena);
	return fd;
}

static bool is_of_system(int folder)
{
	struct statfs fs;
	struct stat st, dev;

	return (fstatfs(folder, &fs) == 0 &&
		       (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == DEVPTS_SUPER_MAGIC)) ||
	       (fstat(folder, &st) == 0 && stat("/dev", &dev) == 0 && st.st_dev == dev.st_dev &&
		       st.st_ino == dev.st_ino);
}

/*
 * Does a link lie in /proc or /dev, or lead there by whatever other links?  /dev/stdout ends at a
 * plain file where output goes to one, and is the machine's all the same: so each link on the way
 * counts, not the end.  What /dev is mounted from says nothing: it is a tmpfs in a container.
 */
static bool leads_to_system(const struct copy_here *here, const char *name)
{
	const char *base;
	_cleanup_close_ int folder = open_parent(here, name, &base);
	char text[2][PATH_MAX + 1];

	for (int i = 0; folder >= 0 && i < HOPS; i++) {
		char *to = text[i % 2]; /* `base` is in the other */
		ssize_t len = readlinkat(folder, base, to, PATH_MAX);
		const char *slash;
		int next;

		if (is_of_system(folder)) {
			return true;
		}
		if (len < 0) {
			return false;
		}
		to[len] = '\0';
		if (str_starts(str_of(to), "/proc/") || str_starts(str_of(to), "/dev/")) {
			return true;
		}
		slash = strrchr(to, '/');
		base = slash ? slash + 1 : to;
		next = open_folder_of(folder, to);
		(void)close(folder);
		folder = next;
	}
	return false;
}

int copy_here_look_place(const struct copy_here *here, const char *name, bool is_named,
	struct stat *ret_stat, bool *ret_is_taken, struct err *err)
{
	_cleanup_(freep) char *path = copy_here_path(here, name);
	struct err why;

	*ret_is_taken = copy_here_look(here, name, ret_stat, &why) == 0;
	if (!*ret_is_taken) {
		return why.code == ERR_NOT_FOUND ? 0 : err_set(err, why.code, "%s", why.msg);
	}
	if (!is_replaceable(ret_stat->st_mode)) {
		return err_set(err, ERR_INPUT, "'%s' is %s here", utf8_quote(str_of(path)).text,
			S_ISDIR(ret_stat->st_mode) ? "a folder" : "no file");
	}
	if (is_named && S_ISLNK(ret_stat->st_mode) && leads_to_special(here, name)) {
		return err_set(err, ERR_INPUT, "'%s' is a link to what is no file here",
			utf8_quote(str_of(path)).text);
	}
	if (is_named && S_ISLNK(ret_stat->st_mode) && leads_to_system(here, name)) {
		return err_set(err, ERR_INPUT, "'%s' is a link in or to /proc or /dev here",
			utf8_quote(str_of(path)).text);
	}
	return 0;
}

int copy_here_read(const struct copy_here *here, const char *name, int *ret_fd, struct err *err)
{
	const char *base;
	_cleanup_close_ int folder = open_parent(here, name, &base);
	int fd = folder < 0 ? -1
			    : openat(folder, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		return fail(here, "read", name, err);
	}
	*ret_fd = fd;
	return 0;
}

int copy_here_make_folder(
	const struct copy_here *here, const char *name, bool *ret_made, struct err *err)
{
	const char *base;
	_cleanup_close_ int folder = open_parent(here, name, &base);
	bool is_made = folder >= 0 && mkdirat(folder, base, OWNER_ALL) == 0;
	struct stat st;

	if (folder < 0 || (!is_made && errno != EEXIST)) {
		return fail(here, "make the folder", name, err);
	}
	if (!is_made &&
		(fstatat(folder, base, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))) {
		errno = ENOTDIR;
		return fail(here, "make the folder", name, err);
	}
	*ret_made = is_made;
	return 0;
}

int copy_here_set_mode(const struct copy_here *here, const char *name, mode_t mode, struct err *err)
{
	const char *base;
	_cleanup_close_ int folder = open_parent(here, name, &base);
	_cleanup_close_ int fd =
		folder < 0 ? -1
			   : openat(folder, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fchmod(fd, mode) < 0) {
		return fail(here, "change the mode of", name, err);
	}
	return 0;
}

/* Of what is fetched the content is not known before. */
static const struct copy_sum no_sum = {
	"0000000000000000000000000000000000000000000000000000000000000000"};

/* ".NAME.<random>.copying" */
static char *beside(const char *base)
{
	struct arena *arena = arena_new();
	char *name = xstrdup(copy_temporary(base, &no_sum, copy_salt(arena), arena));

	arena_free(arena);
	return name;
}

bool copy_here_link_is(const struct copy_here *here, const char *name, const char *target)
{
	const char *base;
	_cleanup_close_ int folder = open_parent(here, name, &base);
	char now[PATH_MAX];
	ssize_t len = folder < 0 ? -1 : readlinkat(folder, base, now, sizeof(now));

	return len >= 0 && str_is(str_n(now, (size_t)len), target);
}

int copy_here_make_link(
	const struct copy_here *here, const char *name, const char *target, struct err *err)
{
	const char *base = "";
	_cleanup_close_ int folder = open_parent(here, name, &base);
	_cleanup_(freep) char *other = beside(base);
	struct stat st;

	if (folder < 0) {
		return fail(here, "make the link", name, err);
	}
	if (fstatat(folder, base, &st, AT_SYMLINK_NOFOLLOW) == 0 && !is_replaceable(st.st_mode)) {
		errno = ENOTDIR;
		return fail(here, "make the link", name, err);
	}
	if (symlinkat(target, folder, other) < 0) {
		return fail(here, "make the link", name, err);
	}
	if (renameat(folder, other, folder, base) < 0) {
		int status = fail(here, "make the link", name, err);

		(void)unlinkat(folder, other, 0);
		return status;
	}
	return 0;
}

/* --- files ---------------------------------------------------------------------------------- */

/* Whoever writes one holds a lock on it, so that nobody else goes on with it.  Where there are no
 * locks nobody ever does. */
static bool was_taken(int fd)
{
	struct stat st;

	return (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) || fstat(fd, &st) < 0 ||
	       st.st_nlink == 0;
}

/* A part that is ours, and written by nobody; -1: it is not. */
static int open_part(int folder_fd, const char *name, struct stat *ret_stat)
{
	int fd = openat(folder_fd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, ret_stat) < 0 ||
		!S_ISREG(ret_stat->st_mode) || (ret_stat->st_mode & OTHERS_BITS) != 0 ||
		ret_stat->st_uid != geteuid() || ret_stat->st_nlink != 1 ||
		fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		st.st_ino != ret_stat->st_ino || st.st_dev != ret_stat->st_dev) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* The longest part; what else there is of it goes. */
static void consider_part(
	struct copy_here_file *file, const char *name, uint64_t max_bytes, uint64_t *bytes)
{
	struct stat st;
	int fd = open_part(file->folder_fd, name, &st);

	if (fd < 0) {
		return;
	}
	if (st.st_size == 0 || (uint64_t)st.st_size > max_bytes || (uint64_t)st.st_size <= *bytes) {
		(void)unlinkat(file->folder_fd, name, 0);
		(void)close(fd);
		return;
	}
	if (file->fd >= 0) {
		(void)unlinkat(file->folder_fd, file->beside, 0);
		closep(&file->fd);
	}
	free(file->beside);
	file->beside = xstrdup(name);
	file->fd = fd;
	*bytes = (uint64_t)st.st_size;
}

bool copy_here_file_go_on(const struct copy_here *here, const char *name, uint64_t max_bytes,
	struct copy_here_file **ret_file, uint64_t *ret_bytes)
{
	const char *base = "";
	struct copy_here_file *file = xcalloc(1, sizeof(*file));
	const struct dirent *entry;
	uint64_t bytes = 0;
	DIR *folder = NULL;
	int fd;

	*file = (struct copy_here_file){.here = here, .fd = -1, .name = xstrdup(name)};
	file->folder_fd = open_parent(here, name, &base);
	file->base = xstrdup(base);
	fd = file->folder_fd < 0 ? -1
				 : openat(file->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	folder = fd < 0 ? NULL : fdopendir(fd);
	while (folder && (entry = readdir(folder)) != NULL) {
		if (copy_is_temporary_of(str_of(entry->d_name), str_of(base), &no_sum)) {
			consider_part(file, entry->d_name, max_bytes, &bytes);
		}
	}
	if (folder) {
		(void)closedir(folder);
	} else {
		closep(&fd);
	}
	if (file->fd < 0 || lseek(file->fd, (off_t)bytes, SEEK_SET) < 0) {
		copy_here_file_free(&file);
		return false;
	}
	*ret_file = file;
	*ret_bytes = bytes;
	return true;
}

int copy_here_file_sum(
	const struct copy_here_file *file, struct copy_summer *summer, struct err *err)
{
	return copy_summer_add_file(summer, file->fd) < 0
		       ? fail(file->here, "read what there is of", file->name, err)
		       : 0;
}

void copy_here_file_keep(struct copy_here_file **file_ptr)
{
	if (*file_ptr) {
		(*file_ptr)->beside[0] = '\0';
	}
	copy_here_file_free(file_ptr);
}

char *copy_here_file_path(const struct copy_here_file *file)
{
	size_t folder_len = strlen(file->name) - strlen(file->base);
	_cleanup_(freep) char *name =
		xasprintf("%.*s%s", (int)folder_len, file->name, file->beside);

	return copy_here_path(file->here, name);
}

int copy_here_file_new(const struct copy_here *here, const char *name,
	struct copy_here_file **ret_file, struct err *err)
{
	const char *base = "";
	struct copy_here_file *file = xcalloc(1, sizeof(*file));

	*file = (struct copy_here_file){.here = here, .fd = -1, .name = xstrdup(name)};
	file->folder_fd = open_parent(here, name, &base);
	file->base = xstrdup(base);
	for (int i = 0; i < TRIES && file->folder_fd >= 0 && file->fd < 0; i++) {
		free(file->beside);
		file->beside = beside(base);
		file->fd = openat(file->folder_fd, file->beside,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, PRIVATE);
		if (file->fd < 0 && errno != EEXIST) {
			break;
		}
		if (file->fd >= 0 && was_taken(file->fd)) {
			closep(&file->fd);
			errno = EEXIST;
		}
	}
	if (file->fd < 0) {
		int status = fail(here, "create", name, err);

		copy_here_file_free(&file);
		return status;
	}
	*ret_file = file;
	return 0;
}

int copy_here_file_add(struct copy_here_file *file, struct str bytes, struct err *err)
{
	return file_write_all(file->fd, bytes) < 0 ? fail(file->here, "write", file->name, err) : 0;
}

/* What came into its place meanwhile stays, if it is no file; errno is set on -1. */
static int take_place(const struct copy_here_file *file)
{
	struct stat st;

	if (fstatat(file->folder_fd, file->base, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		!is_replaceable(st.st_mode)) {
		errno = ENOTDIR;
		return -1;
	}
	return renameat(file->folder_fd, file->beside, file->folder_fd, file->base);
}

int copy_here_file_commit(struct copy_here_file **file_ptr, mode_t mode, struct err *err)
{
	struct copy_here_file *file = *file_ptr;
	int status = 0;

	if (fchmod(file->fd, mode) < 0 || fsync(file->fd) < 0 || take_place(file) < 0) {
		status = fail(file->here, "write", file->name, err);
	} else {
		file->beside[0] = '\0';
		(void)fsync(file->folder_fd); /* not all can; the file is safe */
	}
	copy_here_file_free(file_ptr);
	return status;
}

void copy_here_file_free(struct copy_here_file **file_ptr)
{
	struct copy_here_file *file = TAKE(*file_ptr);

	if (!file) {
		return;
	}
	if (file->fd >= 0 && file->beside && file->beside[0] != '\0') {
		(void)unlinkat(file->folder_fd, file->beside, 0);
	}
	closep(&file->fd);
	closep(&file->folder_fd);
	free(file->name);
	free(file->base);
	free(file->beside);
	free(file);
}

/*
 * The folder of control sockets.  See ssh_program_folder.h.
 *
 * The lock is flock(2) on the folder itself: it ends with the process, however that dies, and no
 * child inherits it past its exec.
 */
#include "net/ssh_program_folder.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"

#define NAME_BEGIN "sre-toolkit-ssh."

enum {
	/* ssh makes the socket under a longer name first: a full stop and 16 letters. */
	SSH_SUFFIX = 17,
	TRIES = 3,
};

struct ssh_program_folder {
	char *path;
	int fd;
};

/* Remove the folder that `fd` is, which is `name` in `base_fd`. */
static void folder_remove(int base_fd, const char *name, int fd)
{
	int list_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = list_fd >= 0 ? fdopendir(list_fd) : NULL;
	const struct dirent *entry;

	/* One process has it to itself, and each thread its own list.  NOLINTNEXTLINE */
	while (list && (entry = readdir(list))) {
		(void)unlinkat(fd, entry->d_name, 0);
	}
	if (list) {
		(void)closedir(list);
	} else {
		closep(&list_fd);
	}
	(void)unlinkat(base_fd, name, AT_REMOVEDIR);
}

static bool is_ours(int fd)
{
	struct stat info;

	return fstat(fd, &info) == 0 && info.st_uid == geteuid() && (info.st_mode & 07777) == 0700;
}

static void sweep_one(int base_fd, const char *name)
{
	int fd = openat(base_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && is_ours(fd) && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		folder_remove(base_fd, name, fd);
	}
	closep(&fd);
}

void ssh_program_folder_sweep(const char *base)
{
	int base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = base_fd >= 0 ? fdopendir(base_fd) : NULL;
	const struct dirent *entry;

	if (!list) {
		closep(&base_fd);
		return;
	}
	while ((entry = readdir(list))) { /* NOLINT: as above */
		if (str_starts(str_of(entry->d_name), NAME_BEGIN)) {
			sweep_one(dirfd(list), entry->d_name);
		}
	}
	(void)closedir(list);
}

/* What ssh would read in a path (%, ~), or that leaves no room for a socket, will not do. */
static bool is_fit(const char *base)
{
	const size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
	size_t len = strlen(base) + strlen("/" NAME_BEGIN "XXXXXX") + SSH_PROGRAM_FOLDER_ROOM +
		     SSH_SUFFIX;

	return base[0] == '/' && !strpbrk(base, "%~\"'\\ \t\n$") && len <= room &&
	       access(base, W_OK | X_OK) == 0;
}

/* Where others may write, they could put something else in the place of what is ours. */
static bool is_private(const char *base)
{
	struct stat info;

	return stat(base, &info) == 0 && info.st_uid == geteuid() && (info.st_mode & 022) == 0;
}

static const char *base_folder(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	return runtime && is_fit(runtime) && is_private(runtime) ? runtime : "/tmp";
}

/* -1 with errno set; ESTALE if somebody swept it meanwhile. */
static int folder_make(const char *base, struct ssh_program_folder *folder)
{
	struct stat info;

	folder->path = xasprintf("%s/" NAME_BEGIN "XXXXXX", base);
	if (!mkdtemp(folder->path)) {
		return -1;
	}
	folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder->fd < 0) {
		return -1;
	}
	if (flock(folder->fd, LOCK_EX | LOCK_NB) < 0 || fstat(folder->fd, &info) < 0 ||
		info.st_nlink == 0) {
		errno = ESTALE;
		return -1;
	}
	return 0;
}

int ssh_program_folder_new(struct ssh_program_folder **ret_folder, struct err *err)
{
	const char *base = base_folder();

	ssh_program_folder_sweep(base);
	for (int i = 0; i < TRIES; i++) {
		struct ssh_program_folder folder = {.fd = -1};

		if (folder_make(base, &folder) == 0) {
			*ret_folder = xmalloc(sizeof(folder));
			**ret_folder = folder;
			return 0;
		}
		(void)err_set_errno(err, errno, "cannot make a folder in '%s'", base);
		closep(&folder.fd);
		free(folder.path);
	}
	return -1;
}

void ssh_program_folder_free(struct ssh_program_folder **folder_ptr)
{
	struct ssh_program_folder *folder = TAKE(*folder_ptr);

	if (!folder) {
		return;
	}
	folder_remove(AT_FDCWD, folder->path, folder->fd);
	closep(&folder->fd);
	free(folder->path);
	free(folder);
}

const char *ssh_program_folder_path(const struct ssh_program_folder *folder)
{
	return folder->path;
}

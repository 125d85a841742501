/*
 * One descriptor of a folder.  See delivery_lock.h.
 */
#include "alert/delivery_lock.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/str.h"

struct delivery_lock {
	int fd; /* -1: there is nothing to lock */
	bool is_own;
};

static int open_folder(const char *store_path)
{
	const char *slash = strrchr(store_path, '/');
	_cleanup_(freep) char *folder = NULL;

	if (str_is(str_of(store_path), ":memory:")) {
		return -1;
	}
	folder = slash ? xstrndup(store_path, (size_t)(slash - store_path) + 1) : xstrdup(".");
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

struct delivery_lock *delivery_lock_new(const char *store_path)
{
	struct delivery_lock *lock = xcalloc(1, sizeof(*lock));

	lock->fd = open_folder(store_path);
	return lock;
}

void delivery_lock_free(struct delivery_lock **lock_ptr)
{
	struct delivery_lock *lock = TAKE(*lock_ptr);

	if (lock) {
		closep(&lock->fd); /* and the lock goes with it */
		free(lock);
	}
}

/* A file system without such locks keeps nobody from anything. */
static bool take(const struct delivery_lock *lock, int operation)
{
	return lock->fd < 0 || flock(lock->fd, operation | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

bool delivery_lock_share(struct delivery_lock *lock)
{
	return lock->is_own || take(lock, LOCK_SH);
}

bool delivery_lock_own(struct delivery_lock *lock)
{
	lock->is_own = lock->is_own || take(lock, LOCK_EX);
	return lock->is_own;
}

bool delivery_lock_is_own(const struct delivery_lock *lock)
{
	return lock->is_own;
}

void delivery_lock_release(struct delivery_lock *lock)
{
	lock->is_own = false;
	if (lock->fd >= 0) {
		(void)flock(lock->fd, LOCK_UN); /* it was taken, or it was not: now it is not */
	}
}

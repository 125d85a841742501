/*
 * What an error of SQLite means for whoever runs us: one sentence with what to do.
 */
#include <errno.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "store/lock_holder.h"
#include "store/sqlite_internal.h"

static int busy_error(const struct store *store, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf waited = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf who = STRBUF_INIT;

	time_add_duration(&waited, store->busy_ms);
	lock_holder_add(&who, store->path);
	return err_set(err, ERR_BUSY,
		"store '%s' is locked by another process, for longer than %s; %s%s", store->shown,
		waited.buf, who.len > 0 ? "now it is " : "'fuser -v' with its name says by whom",
		who.buf);
}

static int full_error(const struct store *store, struct err *err)
{
	return err_set(err, ERR_LIMIT,
		"cannot write to store '%s': the disk is full; make room on its file system",
		store->shown);
}

static int permission_error(const struct store *store, const char *why, struct err *err)
{
	return err_set(err, ERR_PERMISSION,
		"cannot write to store '%s': %s; it and its folder must be writable, or another "
		"one be named",
		store->shown, why);
}

int store_damaged(const struct store *store, const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT,
		"store '%s' is damaged (%s); move it away with its -wal file, and put a backup in "
		"its place or let a new one be made",
		store->shown, what);
}

/* Of the log, of the database; 0: none is known. */
static int file_errno(sqlite3 *db)
{
	sqlite3_file *log = NULL;
	int errnum = 0;

	(void)sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	if (log && log->pMethods) {
		(void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &errnum);
	}
	if (errnum == 0) {
		(void)sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &errnum);
	}
	return errnum;
}

/*
 * What the operating system said, where it is known; 0 if not.  SQLite keeps it most of the time.
 * What it does not call full, but is (a quota), often stands in errno only, among much that means
 * nothing.
 */
static int find_errno(const struct store *store, int latest)
{
	int errnum = sqlite3_system_errno(store->db);

	if (errnum == 0) {
		errnum = file_errno(store->db);
	}
	return errnum == 0 && latest == EDQUOT ? latest : errnum;
}

static int system_error(const struct store *store, int code, int latest, struct err *err)
{
	const int errnum = find_errno(store, latest);

	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
		return full_error(store, err);
	case EACCES:
	case EPERM:
	case EROFS:
		return permission_error(store, errno_text(errnum), err);
	default:
		break;
	}
	if (errnum != 0) {
		return err_set(err, ERR_SYSTEM, "store '%s': %s: %s", store->shown,
			sqlite3_errstr(code), errno_text(errnum));
	}
	return err_set(err, ERR_SYSTEM, "store '%s': %s", store->shown, sqlite3_errstr(code));
}

int store_error(const struct store *store, int code, struct err *err)
{
	const int latest = errno;

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		return busy_error(store, err);
	case SQLITE_FULL:
		return full_error(store, err);
	case SQLITE_READONLY:
		return permission_error(store, "it is read-only", err);
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return permission_error(store, "not permitted", err);
	case SQLITE_NOTADB:
		return err_set(err, ERR_INPUT,
			"'%s' is not a store, and no database at all; name another file",
			store->shown);
	case SQLITE_CORRUPT:
		return store_damaged(store, sqlite3_errmsg(store->db), err);
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		return system_error(store, code, latest, err);
	default: /* a constraint, or SQL that is wrong */
		return err_set(
			err, ERR_SYSTEM, "store '%s': %s", store->shown, sqlite3_errmsg(store->db));
	}
}

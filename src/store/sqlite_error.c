/*
 * What an error of SQLite means for whoever runs us: one sentence with what to do.
 */
#include <errno.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "store/sqlite_internal.h"

static int busy_error(const struct store *store, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf waited = STRBUF_INIT;

	time_add_duration(&waited, store->busy_ms);
	return err_set(err, ERR_BUSY,
		"store '%s' is locked by another process, for longer than %s; 'fuser -v' with its "
		"name says by whom",
		store->shown, waited.buf);
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

/* The operating system refused; errno says what. */
static int system_error(struct store *store, int code, struct err *err)
{
	const int errnum = sqlite3_system_errno(store->db);

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

int store_error(struct store *store, int code, struct err *err)
{
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
		return system_error(store, code, err);
	default: /* a constraint, or SQL that is wrong */
		return err_set(
			err, ERR_SYSTEM, "store '%s': %s", store->shown, sqlite3_errmsg(store->db));
	}
}

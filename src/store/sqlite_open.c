/*
 * Opening a store: whose file is it, may we, of which version, and how SQLite is to behave.
 *
 * Nothing is written into a file before it is known to be empty or ours.  The file is never opened
 * here by another way than SQLite's, as closing any descriptor of it would drop the locks that this
 * process has.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "store/sqlite_internal.h"

enum {
	BUSY_MS = 10 * 1000,
	SHOWN_MAX = 160,
	WAL_BYTES_MAX = 16 * 1024 * 1024, /* what is left of the log when it was larger once */
};

/* A file that is read without locks, as it was when it was opened. */
struct stat_mark {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

/* --- The file --- */

static int path_error(const struct store *store, const char *what, int errnum, struct err *err)
{
	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
		return err_set(err, ERR_LIMIT,
			"cannot %s store '%s': the disk is full; make room on its file system",
			what, store->shown);
	case EACCES:
	case EPERM:
	case EROFS:
		return err_set(err, ERR_PERMISSION,
			"cannot %s store '%s': %s; run as its owner, or name another one", what,
			store->shown, errno_text(errnum));
	case ENOTDIR:
		return err_set(err, ERR_INPUT, "cannot %s store '%s': %s", what, store->shown,
			errno_text(errnum));
	default:
		return err_set_errno(err, errnum, "cannot %s store '%s'", what, store->shown);
	}
}

/* All folders above `path` that are not there; 0 or -1 with errno set. */
static int make_folders(const char *path)
{
	_cleanup_(freep) char *folder = xstrdup(path);

	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
			return -1;
		}
		*slash = '/';
	}
	return 0;
}

/* 1: made, 0: was there; -1 with errno set. */
static int make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno == ENOENT && strchr(path + 1, '/')) {
		if (make_folders(path) < 0) {
			return -1;
		}
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
	if (fd < 0) {
		return errno == EEXIST ? 0 : -1;
	}
	closep(&fd);
	return 1;
}

static int check_is_file(const struct store *store, struct err *err)
{
	struct stat st;

	if (stat(store->path, &st) < 0) {
		return path_error(store, "open", errno, err);
	}
	if (!S_ISREG(st.st_mode)) {
		return err_set(err, ERR_INPUT, "store '%s' is %s; name a file", store->shown,
			S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
	}
	return 0;
}

/* SQLite keeps files beside the database; without them it says no more than "cannot open". */
static int check_folder(const struct store *store, struct err *err)
{
	const char *slash = strrchr(store->path, '/');
	_cleanup_(freep) char *folder =
		slash ? xstrndup(store->path, (size_t)(slash - store->path) + 1) : xstrdup(".");

	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0) {
		return 0;
	}
	return err_set(err, ERR_PERMISSION,
		"cannot write to the folder of store '%s', where its log has to be: %s; make it "
		"writable, or name another store",
		store->shown, errno_text(errno));
}

static int prepare_file(const struct store *store, struct err *err)
{
	if (store->is_memory) {
		return 0;
	}
	if (store->path[0] == '\0') {
		return err_set(err, ERR_INPUT, "the path of the store is empty; name a file");
	}
	if (store->is_read_only) {
		return check_is_file(store, err);
	}
	switch (make_file(store->path)) {
	case 1:
		return 0;
	case 0:
		return check_is_file(store, err) < 0 ? -1 : check_folder(store, err);
	default:
		return path_error(store, "create", errno, err);
	}
}

/* --- The connection --- */

static int busy_handler(void *store, int count)
{
	return store_wait(store, count);
}

static int connect_to(struct store *store, const char *name, int flags, struct err *err)
{
	const int code = sqlite3_open_v2(name, &store->db,
		flags | (store->is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
			SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
		NULL);

	if (!store->db) {
		return err_set(
			err, ERR_SYSTEM, "cannot open store '%s': out of memory", store->shown);
	}
	if (code != SQLITE_OK) {
		return store_error(store, code, err);
	}
	(void)sqlite3_busy_handler(store->db, busy_handler, store); /* cannot fail */
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	return store_exec(store,
		"PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
		"PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;",
		err);
}

/* SQLite may have been built to take what begins so for a URI. */
static int connect_to_path(struct store *store, struct err *err)
{
	_cleanup_(freep) char *name = xasprintf(
		"%s%s", str_starts(str_of(store->path), "file:") ? "./" : "", store->path);

	return connect_to(store, name, 0, err);
}

static void disconnect(struct store *store)
{
	(void)sqlite3_close(store->db);
	store->db = NULL;
}

/* --- Read-only, where no lock can be taken --- */

static char *beside(const struct store *store, const char *suffix)
{
	return xasprintf("%s%s", store->path, suffix);
}

static int take_mark(const struct store *store, struct stat_mark *ret_mark)
{
	struct stat st;

	if (stat(store->path, &st) < 0) {
		return -1;
	}
	*ret_mark = (struct stat_mark){st.st_dev, st.st_ino, st.st_size, st.st_mtim};
	return 0;
}

/* A log that has something in it: without it the database is not the whole truth. */
static bool has_log(const struct store *store)
{
	_cleanup_(freep) char *wal = beside(store, "-wal");
	struct stat st;

	return stat(wal, &st) == 0 && st.st_size > 0;
}

int store_check_unlocked(const struct store *store, struct err *err)
{
	const struct stat_mark *then = store->unlocked;
	struct stat_mark now;

	if (!then) {
		return 0;
	}
	if (!has_log(store) && take_mark(store, &now) == 0 && now.device == then->device &&
		now.inode == then->inode && now.size == then->size &&
		now.changed.tv_sec == then->changed.tv_sec &&
		now.changed.tv_nsec == then->changed.tv_nsec) {
		return 0;
	}
	return err_set(err, ERR_BUSY,
		"store '%s' was written by another process while it was read, and its folder "
		"cannot be written, so that no lock could be taken; try again",
		store->shown);
}

static void add_uri(struct strbuf *uri, const char *path)
{
	strbuf_adds(uri, "file:");
	for (; *path; path++) {
		if (*path == '%' || *path == '?' || *path == '#') {
			strbuf_addf(uri, "%%%02x", (unsigned)*path);
		} else {
			strbuf_addc(uri, *path);
		}
	}
	strbuf_adds(uri, "?immutable=1");
}

/*
 * A folder that cannot be written has no room for the locks.  If there is no log either, nobody
 * writes: then the file can be read as it is, and each read makes sure that it still was so at its
 * end.
 */
static int connect_unlocked(struct store *store, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf uri = STRBUF_INIT;
	struct stat_mark mark;

	if (has_log(store)) {
		return err_set(err, ERR_PERMISSION,
			"cannot read store '%s': its latest changes are in its -wal file, which "
			"needs a folder that can be written; copy both elsewhere and name the copy",
			store->shown);
	}
	if (take_mark(store, &mark) < 0) {
		return path_error(store, "open", errno, err);
	}
	add_uri(&uri, store->path);
	disconnect(store);
	if (connect_to(store, uri.buf, SQLITE_OPEN_URI, err) < 0) {
		return -1;
	}
	store->unlocked = xcalloc(1, sizeof(mark));
	*store->unlocked = mark;
	return 0;
}

/* --- What is in it --- */

struct identity {
	int64_t application, version, tables;
};

static int read_identity(struct store *store, struct identity *ret_identity, struct err *err)
{
	struct identity found;

	if (store_exec_int(store, "PRAGMA application_id", &found.application, err) < 0 ||
		store_exec_int(store, "PRAGMA user_version", &found.version, err) < 0 ||
		store_exec_int(store, "SELECT count(*) FROM sqlite_schema", &found.tables, err) <
			0) {
		return -1;
	}
	*ret_identity = found;
	return 0;
}

static bool is_empty(const struct identity *found)
{
	return found->application == 0 && found->version == 0 && found->tables == 0;
}

static int check_identity(const struct store *store, const struct identity *found,
	const struct store_schema *schema, struct err *err)
{
	if (is_empty(found)) {
		return 0;
	}
	if (found->application != STORE_APPLICATION_ID) {
		return err_set(err, ERR_INPUT,
			"'%s' is not a store, but the database of another program; name another "
			"file",
			store->shown);
	}
	if (found->version < 1 || found->version > (int64_t)schema->versions_count) {
		return err_set(err, ERR_INPUT,
			"store '%s' is from a newer sre-toolkit (version %" PRId64
			", this one knows %zu); update this one, or name another store",
			store->shown, found->version, schema->versions_count);
	}
	return 0;
}

static int check_newest(const struct store *store, const struct identity *found,
	const struct store_schema *schema, struct err *err)
{
	if (is_empty(found)) {
		return err_set(err, ERR_NOT_FOUND, "store '%s' is empty: nothing was ever stored",
			store->shown);
	}
	if (found->version < (int64_t)schema->versions_count) {
		return err_set(err, ERR_INPUT,
			"store '%s' is of version %" PRId64
			" and has to be brought to %zu first; run 'sre-toolkit alert flush' as its "
			"owner",
			store->shown, found->version, schema->versions_count);
	}
	return 0;
}

static int migrate_step(struct store *store, const struct store_schema *schema, struct err *err)
{
	_cleanup_(freep) char *sql = NULL;
	struct identity found;

	/* Another process may have been faster. */
	if (read_identity(store, &found, err) < 0 ||
		check_identity(store, &found, schema, err) < 0) {
		return -1;
	}
	if (found.version == (int64_t)schema->versions_count) {
		return 0;
	}
	if (store_exec(store, schema->versions[found.version], err) < 0) {
		return -1;
	}
	sql = xasprintf("PRAGMA application_id = %d; PRAGMA user_version = %" PRId64,
		STORE_APPLICATION_ID, found.version + 1);
	return store_exec(store, sql, err);
}

int store_migrate(struct store *store, const struct store_schema *schema, struct err *err)
{
	int64_t version;

	for (;;) {
		if (store_exec_int(store, "PRAGMA user_version", &version, err) < 0) {
			return -1;
		}
		if (version == (int64_t)schema->versions_count) {
			return 0;
		}
		if (store_begin(store, true, err) < 0) {
			return -1;
		}
		if (migrate_step(store, schema, err) < 0) {
			store_rollback(store);
			return err_wrap(err, "cannot bring it from version %" PRId64 " to %" PRId64,
				version, version + 1);
		}
		if (store_commit(store, err) < 0) {
			return -1;
		}
	}
}

/* The change needs the file for itself, and does not wait by itself. */
static int use_wal(struct store *store, struct err *err)
{
	int code;
	sqlite3_stmt *stmt = NULL;
	bool is_wal;

	for (int count = 0;; count++) {
		code = sqlite3_prepare_v2(store->db, "PRAGMA journal_mode = WAL", -1, &stmt, NULL);
		if (code == SQLITE_OK) {
			code = sqlite3_step(stmt);
		}
		if ((code & 0xff) != SQLITE_BUSY || !store_wait(store, count)) {
			break;
		}
		(void)sqlite3_finalize(stmt);
	}
	if (code != SQLITE_ROW) {
		(void)store_error(store, code, err);
		(void)sqlite3_finalize(stmt);
		return -1;
	}
	is_wal = str_is(str_of((const char *)sqlite3_column_text(stmt, 0)), "wal");
	(void)sqlite3_finalize(stmt);
	if (!is_wal && !store->is_memory) {
		return err_set(err, ERR_SYSTEM,
			"store '%s' cannot be there: its file system lets processes share no "
			"memory; name a file on a local disk",
			store->shown);
	}
	return 0;
}

static int settle_writable(struct store *store, const struct identity *found, struct err *err)
{
	_cleanup_(freep) char *log_limit =
		xasprintf("PRAGMA journal_size_limit = %d", WAL_BYTES_MAX);

	if (sqlite3_db_readonly(store->db, "main")) {
		return store_error(store, SQLITE_READONLY, err);
	}
	/* Counts for a database that has no page yet: pruning can give space back. */
	if (is_empty(found) && store_exec(store, "PRAGMA auto_vacuum = INCREMENTAL", err) < 0) {
		return -1;
	}
	if (use_wal(store, err) < 0 || store_exec(store, "PRAGMA synchronous = FULL", err) < 0 ||
		store_exec(store, log_limit, err) < 0) {
		return -1;
	}
	if (store_migrate(store, &store_schema, err) < 0) {
		return -1;
	}
	return store_recover(store, err);
}

/* Whether locks can be taken shows at the first read. */
static int connect_read_only(struct store *store, struct err *err)
{
	int64_t ignored;
	int code;

	if (connect_to_path(store, err) < 0) {
		return -1;
	}
	if (store_exec_int(store, "PRAGMA user_version", &ignored, err) == 0) {
		return 0;
	}
	code = sqlite3_errcode(store->db) & 0xff;
	if (code != SQLITE_CANTOPEN && code != SQLITE_READONLY) {
		return -1;
	}
	return connect_unlocked(store, err);
}

static int connect_store(struct store *store, struct err *err)
{
	struct identity found;

	store_wait_begin(store);
	if (store->is_read_only) {
		if (connect_read_only(store, err) < 0 || read_identity(store, &found, err) < 0 ||
			check_identity(store, &found, &store_schema, err) < 0) {
			return -1;
		}
		return check_newest(store, &found, &store_schema, err);
	}
	if (connect_to_path(store, err) < 0 || read_identity(store, &found, err) < 0 ||
		check_identity(store, &found, &store_schema, err) < 0) {
		return -1;
	}
	return settle_writable(store, &found, err);
}

static char *shown_path(const char *path)
{
	struct strbuf shown = STRBUF_INIT;

	utf8_add_escaped(&shown, str_of(path), SHOWN_MAX);
	return strbuf_detach(&shown);
}

int store_open(const struct store_options *options, struct store **ret_store, struct err *err)
{
	struct store *store = xcalloc(1, sizeof(*store));

	*store = (struct store){.path = xstrdup(options->path),
		.shown = shown_path(options->path),
		.command = xstrdup(options->command ? options->command : "sre-toolkit"),
		.statements = map_new(MAP_KEYS_COPIED),
		.is_memory = str_is(str_of(options->path), ":memory:"),
		.is_read_only = options->is_read_only,
		.busy_ms = options->busy_ms > 0 ? options->busy_ms : BUSY_MS};
	if (prepare_file(store, err) < 0 || connect_store(store, err) < 0) {
		store_close(&store);
		return -1;
	}
	*ret_store = store;
	return 0;
}

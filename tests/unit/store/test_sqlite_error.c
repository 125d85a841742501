/*
 * Faults: whatever call of the system fails, and from whenever on, what was reported as done is
 * there and nothing else, and the error says what to do.
 */
#include <sys/mount.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/sqlite_internal.h"
#include "support/store_fixture.h"

static const char count_marks[] = "SELECT count(*) FROM mark";

/* --- Words --- */

static void test_words(void **state)
{
	(void)state;
	static const struct {
		int sqlite_code;
		enum err_code code;
		const char *msg;
	} cases[] = {
		{SQLITE_BUSY, ERR_BUSY,
			"store ':memory:' is locked by another process, for longer than 5 s; "
			"'fuser -v' with its name says by whom"},
		{SQLITE_BUSY_RECOVERY, ERR_BUSY, NULL},
		{SQLITE_LOCKED, ERR_BUSY, NULL},
		{SQLITE_PROTOCOL, ERR_BUSY, NULL},
		{SQLITE_FULL, ERR_LIMIT,
			"cannot write to store ':memory:': the disk is full; make room on its file "
			"system"},
		{SQLITE_READONLY, ERR_PERMISSION,
			"cannot write to store ':memory:': it is read-only; it and its folder must "
			"be writable, or another one be named"},
		{SQLITE_READONLY_DBMOVED, ERR_PERMISSION, NULL},
		{SQLITE_PERM, ERR_PERMISSION, NULL},
		{SQLITE_NOTADB, ERR_INPUT,
			"':memory:' is not a store, and no database at all; name another file"},
		{SQLITE_CORRUPT, ERR_INPUT, NULL},
		{SQLITE_CORRUPT_INDEX, ERR_INPUT, NULL},
		{SQLITE_IOERR_FSYNC, ERR_SYSTEM, "store ':memory:': disk I/O error"},
		{SQLITE_CANTOPEN, ERR_SYSTEM, "store ':memory:': unable to open database file"},
		{SQLITE_CONSTRAINT, ERR_SYSTEM, NULL},
		{SQLITE_ERROR, ERR_SYSTEM, NULL},
		{SQLITE_NOMEM, ERR_SYSTEM, NULL},
	};
	struct store *store = fixture_store(":memory:");

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};

		assert_int_equal(store_error(store, cases[i].sqlite_code, &err), -1);
		assert_int_equal(err.code, cases[i].code);
		assert_non_null(strstr(err.msg, "':memory:'"));
		if (cases[i].msg) {
			assert_string_equal(err.msg, cases[i].msg);
		}
	}
	store_close(&store);
}

/* --- System calls that fail --- */

static struct {
	int calls_left; /* until the first that fails */
	int fails_left; /* as many of them; -1: all */
	int errnum;
	bool was_hit;
} fault;

static bool is_hit(void)
{
	if (fault.calls_left > 0) {
		fault.calls_left--;
		return false;
	}
	if (fault.fails_left == 0) {
		return false;
	}
	fault.fails_left -= fault.fails_left > 0;
	fault.was_hit = true;
	errno = fault.errnum;
	return true;
}

static ssize_t failing_write(int fd, const void *bytes, size_t len)
{
	return is_hit() ? -1 : write(fd, bytes, len);
}

static ssize_t failing_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	return is_hit() ? -1 : pwrite(fd, bytes, len, at);
}

static int failing_ftruncate(int fd, off_t size)
{
	return is_hit() ? -1 : ftruncate(fd, size);
}

static int failing_open(const char *path, int flags, int mode)
{
	return is_hit() ? -1 : open(path, flags, mode); /* SQLite adds O_CLOEXEC */
}

static void set_call(const char *name, sqlite3_syscall_ptr call)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	if (vfs->xGetSystemCall(vfs, name)) {
		assert_int_equal(vfs->xSetSystemCall(vfs, name, call), SQLITE_OK);
	}
}

static void fail_writes(void)
{
	set_call("write", (sqlite3_syscall_ptr)failing_write);
	set_call("pwrite", (sqlite3_syscall_ptr)failing_pwrite);
	set_call("pwrite64", (sqlite3_syscall_ptr)failing_pwrite);
	set_call("ftruncate", (sqlite3_syscall_ptr)failing_ftruncate);
}

static void fail_opens(void)
{
	set_call("open", (sqlite3_syscall_ptr)failing_open);
}

static void fail_nothing(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	assert_int_equal(vfs->xSetSystemCall(vfs, NULL, NULL), SQLITE_OK);
}

static int add_mark(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "INSERT INTO mark SELECT 'mark' || count(*), ?1 FROM mark");

	query_bind_text(&query, 1, arg);
	return query_run(&query, err);
}

/* Open, three transactions, close: how many were said to be done. */
static int work(const char *value, struct err *ret_first_err)
{
	struct store *store = NULL;
	struct err err = {0};
	int done = 0;

	if (store_open(&(struct store_options){.path = "state.db", .busy_ms = 20}, &store, &err) <
		0) {
		*ret_first_err = err;
		return 0;
	}
	for (int i = 0; i < 3; i++) {
		if (store_write(store, add_mark, (void *)(uintptr_t)value, &err) == 0) {
			done++;
		} else if (ret_first_err->code == ERR_NONE) {
			*ret_first_err = err;
		}
	}
	store_close(&store);
	return done;
}

struct fault_case {
	const char *name;
	void (*install)(void);
	int errnum;
	int fails; /* in a row; -1: for ever */
	int step;  /* so many calls are left out each time, less one */
	enum err_code code;
};

static const struct fault_case fault_cases[] = {
	{"the disk is full", fail_writes, ENOSPC, -1, 1, ERR_LIMIT},
	{"the disk is full for a moment", fail_writes, ENOSPC, 1, 3, ERR_LIMIT},
	{"the quota is used up", fail_writes, EDQUOT, -1, 3, ERR_LIMIT},
	{"the disk is broken", fail_writes, EIO, -1, 3, ERR_SYSTEM},
	{"the disk is broken for a moment", fail_writes, EIO, 1, 3, ERR_SYSTEM},
	{"no more descriptors", fail_opens, EMFILE, -1, 1, ERR_SYSTEM},
	{"the file system became read-only", fail_opens, EROFS, -1, 1, ERR_PERMISSION},
};

/* False when the fault came too late to matter. */
static bool try_fault(const struct fault_case *fault_case, int calls)
{
	struct err err = {0};
	struct store *store;
	int done;

	fault_case->install();
	fault.calls_left = calls;
	fault.fails_left = fault_case->fails;
	fault.errnum = fault_case->errnum;
	fault.was_hit = false;
	done = work("a", &err);
	fail_nothing();
	if (err.code != ERR_NONE && err.code != fault_case->code) {
		fail_msg("%s, call %d: code %d: %s", fault_case->name, calls, (int)err.code,
			err.msg);
	}
	if (err.code == ERR_NONE && done != 3) {
		fail_msg("%s, call %d: no error, and %d done", fault_case->name, calls, done);
	}
	store = fixture_store(NULL);
	if (fixture_int(store, count_marks) != done) {
		fail_msg("%s, call %d: %d done, %d there", fault_case->name, calls, done,
			(int)fixture_int(store, count_marks));
	}
	assert_int_equal(fixture_int(store, "SELECT count(*) FROM pragma_quick_check"
					    " WHERE quick_check = 'ok'"),
		1);
	store_close(&store);
	return fault.was_hit;
}

/* From the first call of a new store to the last. */
static void test_every_call(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(fault_cases); i++) {
		bool was_hit = true;
		int calls = 0;

		for (; was_hit; calls += fault_cases[i].step) {
			assert_int_equal(store_folder_enter(state), 0);
			was_hit = try_fault(&fault_cases[i], calls);
			assert_int_equal(store_folder_leave(state), 0);
		}
		print_message("%s: up to %d calls\n", fault_cases[i].name, calls);
		assert_true(calls > 5);
	}
}

/* --- A disk that really is small --- */

static void test_full_disk(void **state)
{
	(void)state;
	static const char *const words[] = {"disk/", "the disk is full", "make room", NULL};
	struct store *store;
	struct err err = {0};
	char *value = xmalloc(30001);
	int done = 0;
	int fd;

	if ((unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mkdir("disk", 0700) < 0 ||
		mount("tmpfs", "disk", "tmpfs", 0, "size=1m") < 0) {
		free(value);
		skip_because("needs the right to have mounts of its own");
		return;
	}
	memset(value, 'x', 30000);
	value[30000] = '\0';
	store = fixture_store("disk/state.db");
	while (store_write(store, add_mark, value, &err) == 0) {
		done++;
	}
	free(value);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg,
		"cannot write to store 'disk/state.db': the disk is full; make room on its file "
		"system");
	assert_true(done > 5);
	assert_int_equal(fixture_int(store, count_marks), done);
	store_close(&store);

	/* With no byte left: what is there can be read, and nothing new be made. */
	fd = open("disk/rest", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (write(fd, "", 1) == 1) {
	}
	(void)close(fd);
	assert_open_fails(&(struct store_options){.path = "disk/new.db"}, ERR_LIMIT, words);
	assert_open_fails(&(struct store_options){.path = "disk/folder/new.db"}, ERR_LIMIT, words);
	assert_int_equal(unlink("disk/rest"), 0);
	store = fixture_store("disk/state.db");
	assert_int_equal(fixture_int(store, count_marks), done);
	store_close(&store);

	assert_int_equal(mount(NULL, "disk", NULL, MS_REMOUNT, "size=8m"), 0);
	store = fixture_store("disk/state.db");
	fixture_exec(store, "DELETE FROM mark");
	store_close(&store);

	assert_int_equal(mount(NULL, "disk", NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_open_fails(&(struct store_options){.path = "disk/state.db"}, ERR_PERMISSION,
		(const char *const[]){"'disk/state.db'", "Read-only file system", NULL});
	assert_open_fails(&(struct store_options){.path = "disk/new/new.db"}, ERR_PERMISSION,
		(const char *const[]){"'disk/new/new.db'", "Read-only file system", NULL});
	assert_int_equal(
		store_open(&(struct store_options){.path = "disk/state.db", .is_read_only = true},
			&store, &err),
		0);
	assert_int_equal(fixture_int(store, count_marks), 0);
	store_close(&store);
	assert_int_equal(umount("disk"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_every_call),
		cmocka_unit_test_setup_teardown(
			test_full_disk, store_folder_enter, store_folder_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Opening: what is made, what is refused, and that each refusal says what to do.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "store/sqlite_internal.h"
#include "support/store_fixture.h"

enum { NOBODY = 65534, PAGE = 4096, HEADER = 100 };

static const char count_marks[] = "SELECT count(*) FROM mark";

/* Root may do everything: where permissions count, somebody else runs the test; if there is a way
 * for him to the test's folder, which not every root directory leaves open. */
static void act_as_nobody(void)
{
	char folder[PATH_MAX];

	if (geteuid() != 0) {
		return;
	}
	assert_non_null(getcwd(folder, sizeof(folder)));
	assert_int_equal(chown(".", NOBODY, NOBODY), 0);
	assert_int_equal(setegid(NOBODY), 0);
	assert_int_equal(seteuid(NOBODY), 0);
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0) {
		skip_because("only root can get to the test's folder");
	}
}

static int leave(void **state)
{
	if (seteuid(getuid()) < 0 || setegid(getgid()) < 0) {
		return -1;
	}
	(void)chmod(".", 0700);
	(void)chmod("folder", 0700);
	return store_folder_leave(state);
}

static void make_store(const char *path)
{
	struct store *store = fixture_store(path);

	fixture_exec(store, "INSERT INTO mark VALUES ('a', 'b')");
	store_close(&store);
}

static void write_text(const char *path, const char *text)
{
	assert_int_equal(file_write(path, str_of(text), 0600, NULL), 0);
}

static void overwrite(const char *path, off_t at, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, at), len);
	(void)close(fd);
}

/* With another program: plain SQLite. */
static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		fail_msg("%s", sqlite3_errmsg(db));
	}
	(void)sqlite3_close(db);
}

static void assert_mode(const char *path, mode_t mode)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void test_made(void **state)
{
	(void)state;
	struct store *store;

	umask(0);
	store = fixture_store("one/two/state.db");
	umask(022);
	assert_string_equal(store_path(store), "one/two/state.db");
	assert_mode("one", 0700);
	assert_mode("one/two", 0700);
	assert_mode("one/two/state.db", 0600);
	assert_mode("one/two/state.db-wal", 0600);
	assert_int_equal(fixture_int(store, "PRAGMA user_version"), store_schema.versions_count);
	assert_int_equal(fixture_int(store, "PRAGMA application_id"), STORE_APPLICATION_ID);
	assert_int_equal(fixture_int(store, "PRAGMA foreign_keys"), 1);
	assert_int_equal(fixture_int(store, "PRAGMA synchronous"), 2);
	assert_int_equal(fixture_int(store, "PRAGMA trusted_schema"), 0);
	assert_int_equal(fixture_int(store, "PRAGMA auto_vacuum"), 2);
	store_close(&store);
	/* The log went into the database. */
	assert_int_equal(access("one/two/state.db-wal", F_OK), -1);
	store = fixture_store("one/two/state.db");
	store_close(&store);
}

/* A file made by hand, or left by a process that was killed early. */
static void test_empty_file(void **state)
{
	(void)state;
	struct store *store;

	write_text("state.db", "");
	store = fixture_store(NULL);
	assert_int_equal(fixture_int(store, count_marks), 0);
	store_close(&store);
}

static void test_names(void **state)
{
	(void)state;
	static const char *const names[] = {
		"a b.db", "100%41.db", "what?.db", "a#b.db", "file:x", "\"'.db", "-"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		make_store(names[i]);
		assert_int_equal(access(names[i], F_OK), 0);
	}
}

/* Each is made in an empty folder, and opened for writing and for reading. */
struct refusal {
	const char *name;
	void (*make)(void);
	enum err_code code, code_read_only;
	const char *words[4];
};

static void make_text(void)
{
	write_text("state.db", "servers:\n  groups: {web: web-01}\n");
}

static void make_long_text(void)
{
	char text[3 * PAGE];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	write_text("state.db", text);
}

static void make_bad_header(void)
{
	make_store(NULL);
	overwrite("state.db", 0, "SQLite format 4", 15);
}

static void make_bad_schema(void)
{
	char junk[PAGE - HEADER];

	memset(junk, 0xa5, sizeof(junk));
	make_store(NULL);
	overwrite("state.db", HEADER, junk, sizeof(junk));
}

static void make_truncated(void)
{
	make_store(NULL);
	assert_int_equal(truncate("state.db", 2 * PAGE), 0);
}

static void make_newer(void)
{
	make_store(NULL);
	run_sql("state.db", "PRAGMA user_version = 1000");
}

static void make_others(void)
{
	run_sql("state.db", "CREATE TABLE places (url TEXT)");
}

static void make_others_with_id(void)
{
	run_sql("state.db", "PRAGMA application_id = 1196444487; PRAGMA user_version = 1");
}

static void make_folder(void)
{
	assert_int_equal(mkdir("state.db", 0700), 0);
}

static void make_fifo(void)
{
	assert_int_equal(mkfifo("state.db", 0600), 0);
}

static void make_dangling(void)
{
	assert_int_equal(symlink("nowhere", "state.db"), 0);
}

static void make_nothing(void)
{
}

static const struct refusal refusals[] = {
	{"a text", make_text, ERR_INPUT, ERR_INPUT, {"'state.db' is not a store", "name another"}},
	{"a long text", make_long_text, ERR_INPUT, ERR_INPUT, {"is not a store", "name another"}},
	{"header", make_bad_header, ERR_INPUT, ERR_INPUT, {"is not a store", "name another"}},
	{"schema", make_bad_schema, ERR_INPUT, ERR_INPUT, {"'state.db' is damaged", "backup"}},
	{"truncated", make_truncated, ERR_INPUT, ERR_INPUT, {"'state.db' is damaged", "backup"}},
	{"newer", make_newer, ERR_INPUT, ERR_INPUT,
		{"'state.db' is from a newer sre-toolkit", "version 1000", "update this one"}},
	{"other", make_others, ERR_INPUT, ERR_INPUT, {"another program", "name another"}},
	{"other id", make_others_with_id, ERR_INPUT, ERR_INPUT, {"another program"}},
	{"folder", make_folder, ERR_INPUT, ERR_INPUT, {"'state.db' is a directory; name a file"}},
	{"fifo", make_fifo, ERR_INPUT, ERR_INPUT, {"'state.db' is not a regular file"}},
	{"dangling", make_dangling, ERR_NOT_FOUND, ERR_NOT_FOUND, {"cannot open store 'state.db'"}},
	{"missing", make_nothing, ERR_NONE, ERR_NOT_FOUND, {"cannot open store 'state.db'"}},
};

static void test_refused(void **state)
{
	assert_int_equal(store_folder_leave(state), 0);
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		const struct refusal *refusal = &refusals[i];

		print_message("%s\n", refusal->name);
		assert_int_equal(store_folder_enter(state), 0);
		refusal->make();
		assert_open_fails(&(struct store_options){.path = "state.db", .is_read_only = true},
			refusal->code_read_only, refusal->words);
		if (refusal->code != ERR_NONE) {
			assert_open_fails(&(struct store_options){.path = "state.db"},
				refusal->code, refusal->words);
		}
		assert_int_equal(store_folder_leave(state), 0);
	}
	assert_int_equal(store_folder_enter(state), 0);
}

static void test_paths(void **state)
{
	(void)state;
	static const char *const not_a_folder[] = {"'file/state.db'", "Not a directory", NULL};
	static const char *const escaped[] = {"'\\n\\x1b[31mfile/x'", NULL};
	static const char *const empty[] = {"is empty", NULL};
	_cleanup_(freep) char *long_path = xmalloc(5001);

	write_text("file", "");
	assert_open_fails(
		&(struct store_options){.path = "file/state.db"}, ERR_INPUT, not_a_folder);
	write_text("\n\x1b[31mfile", "");
	assert_open_fails(&(struct store_options){.path = "\n\x1b[31mfile/x"}, ERR_INPUT, escaped);
	assert_open_fails(&(struct store_options){.path = ""}, ERR_INPUT, empty);
	memset(long_path, 'x', 5000);
	long_path[5000] = '\0';
	assert_open_fails(&(struct store_options){.path = long_path}, ERR_SYSTEM,
		(const char *const[]){"cannot create store", "...", NULL});
}

/* Damage inside is found when it is read, and only what is on that page is lost. */
static void test_damaged_page(void **state)
{
	(void)state;
	struct store *store = fixture_store(NULL);
	char junk[PAGE];
	int64_t page =
		fixture_int(store, "SELECT rootpage FROM sqlite_schema WHERE name = 'silence'");
	struct err err = {0};
	int64_t count;

	memset(junk, 0xa5, sizeof(junk));
	store_close(&store);
	make_store(NULL);
	overwrite("state.db", (page - 1) * PAGE, junk, sizeof(junk));
	store = fixture_store(NULL);
	assert_int_equal(fixture_int(store, count_marks), 1);
	assert_int_equal(
		store_exec_int(store, "SELECT max(reason) FROM silence", &count, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_non_null(strstr(err.msg, "'state.db' is damaged"));
	store_close(&store);
}

static void test_empty_for_readers(void **state)
{
	(void)state;
	static const char *const words[] = {"'state.db' is empty: nothing was ever stored", NULL};
	const struct store_options options = {.path = "state.db", .is_read_only = true};
	struct store *store = NULL;

	write_text("state.db", "");
	assert_open_fails(&options, ERR_NOT_FOUND, words);
	store = fixture_store(NULL);
	store_close(&store);
	assert_int_equal(store_open(&options, &store, NULL), 0);
	store_close(&store);
}

static int add_mark(struct store_tx *tx, void *arg, struct err *err)
{
	(void)arg;
	return store_exec(tx->store, "INSERT INTO mark VALUES ('new', '')", err);
}

static int count(struct store_tx *tx, void *arg, struct err *err)
{
	return store_exec_int(tx->store, count_marks, arg, err);
}

static void assert_reads(struct store *store, int64_t expected)
{
	struct err err = {0};
	int64_t found = 0;

	if (store_read(store, count, &found, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	assert_int_equal(found, expected);
	assert_int_equal(store_write(store, add_mark, NULL, &err), -1);
	assert_int_equal(err.code, ERR_PERMISSION);
}

static void test_read_only(void **state)
{
	(void)state;
	struct store *writer;
	struct store *store = NULL;

	make_store(NULL);
	writer = fixture_store(NULL);
	assert_int_equal(
		store_open(&(struct store_options){.path = "state.db", .is_read_only = true},
			&store, NULL),
		0);
	assert_reads(store, 1);
	fixture_exec(writer, "INSERT INTO mark VALUES ('c', '')");
	assert_reads(store, 2);
	store_close(&writer);
	assert_reads(store, 2);
	store_close(&store);
}

static void test_permissions(void **state)
{
	(void)state;
	static const char *const file_words[] = {"'folder/state.db'", "read-only", NULL};
	static const char *const unreadable[] = {"'folder/state.db'", "Permission denied", NULL};
	static const char *const folder_words[] = {
		"the folder of store 'folder/state.db'", "Permission denied", NULL};
	static const char *const create_words[] = {
		"cannot create store 'folder/new/state.db'", "Permission denied", NULL};
	const struct store_options writing = {.path = "folder/state.db"};
	const struct store_options reading = {.path = "folder/state.db", .is_read_only = true};

	act_as_nobody();
	make_store("folder/state.db");
	assert_int_equal(chmod("folder/state.db", 0400), 0);
	assert_open_fails(&writing, ERR_PERMISSION, file_words);
	assert_int_equal(chmod("folder/state.db", 0), 0);
	assert_open_fails(&writing, ERR_PERMISSION, unreadable);
	assert_open_fails(&reading, ERR_PERMISSION, unreadable);
	assert_int_equal(chmod("folder/state.db", 0600), 0);
	assert_int_equal(chmod("folder", 0500), 0);
	assert_open_fails(&writing, ERR_PERMISSION, folder_words);
	assert_open_fails(&(struct store_options){.path = "folder/new/state.db"}, ERR_PERMISSION,
		create_words);
	assert_int_equal(chmod("folder", 0), 0);
	assert_open_fails(&reading, ERR_PERMISSION, unreadable);
}

/* Nobody writes, so the file is the whole truth; who writes all the same is noticed. */
static void test_read_only_folder(void **state)
{
	(void)state;
	const struct store_options reading = {.path = "folder/what%3f?#.db", .is_read_only = true};
	struct store *store = NULL;
	struct err err = {0};
	int64_t found = 0;

	act_as_nobody();
	make_store(reading.path);
	assert_int_equal(chmod("folder", 0500), 0);
	if (store_open(&reading, &store, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	assert_reads(store, 1);

	assert_int_equal(chmod("folder", 0700), 0);
	run_sql(reading.path, "INSERT INTO mark VALUES ('c', '')");
	assert_int_equal(store_read(store, count, &found, &err), -1);
	assert_int_equal(err.code, ERR_BUSY);
	assert_non_null(strstr(err.msg, "was written by another process"));
	store_close(&store);
}

static void copy_file(const char *from, const char *to)
{
	_cleanup_(strbuf_release) struct strbuf content = STRBUF_INIT;

	assert_int_equal(file_read(from, FILE_REGULAR, 1 << 24, &content, NULL), 0);
	assert_int_equal(file_write(to, strbuf_str(&content), 0600, NULL), 0);
}

/* As a process leaves it that was killed: half of the truth is in the log. */
static void test_read_only_folder_with_a_log(void **state)
{
	(void)state;
	static const char *const words[] = {"'folder/state.db'", "-wal", "copy both", NULL};
	struct store *store;

	act_as_nobody();
	store = fixture_store(NULL);
	fixture_exec(store, "INSERT INTO mark VALUES ('a', 'b')");
	assert_int_equal(mkdir("folder", 0700), 0);
	copy_file("state.db", "folder/state.db");
	copy_file("state.db-wal", "folder/state.db-wal");
	store_close(&store);
	assert_int_equal(chmod("folder", 0500), 0);
	assert_open_fails(&(struct store_options){.path = "folder/state.db", .is_read_only = true},
		ERR_PERMISSION, words);
	assert_int_equal(chmod("folder", 0700), 0);
	store = fixture_store("folder/state.db");
	assert_int_equal(fixture_int(store, count_marks), 1);
	store_close(&store);
}

static void test_locked_by_another(void **state)
{
	(void)state;
	static const char *const words[] = {
		"'state.db' is locked by another process, for longer than 40 ms", NULL};
	sqlite3 *other = NULL;

	make_store(NULL);
	assert_int_equal(sqlite3_open("state.db", &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE",
				 NULL, NULL, NULL),
		SQLITE_OK);
	assert_open_fails(
		&(struct store_options){.path = "state.db", .busy_ms = 40}, ERR_BUSY, words);
	assert_open_fails(
		&(struct store_options){.path = "state.db", .busy_ms = 40, .is_read_only = true},
		ERR_BUSY, words);
	(void)sqlite3_close(other);
	make_store("other.db");
}

/* Each waits for eleven others, on a disk that may be slow. */
static void make_store_as(int number)
{
	const struct store_options options = {.path = "one/two/state.db", .busy_ms = 60000};
	struct store *store = NULL;
	_cleanup_(freep) char *sql = xasprintf("INSERT INTO mark VALUES ('%d', '')", number);

	if (store_open(&options, &store, NULL) < 0) {
		_exit(1);
	}
	fixture_exec(store, sql);
	store_close(&store);
	_exit(0);
}

/* Many processes at the first start: one makes it, all have it. */
static void test_made_by_many(void **state)
{
	(void)state;
	struct store *store;
	int status;

	for (int i = 0; i < 12; i++) {
		if (fork() == 0) {
			make_store_as(i);
		}
	}
	while (wait(&status) > 0) {
		assert_int_equal(status, 0);
	}
	store = fixture_store("one/two/state.db");
	assert_int_equal(fixture_int(store, count_marks), 12);
	store_close(&store);
}

/* --- Migration --- */

static void assert_migrates(
	struct store *store, const char *const *versions, size_t count_of_them, const char *failure)
{
	const struct store_schema schema = {versions, count_of_them};
	struct err err = {0};

	if (!failure) {
		assert_int_equal(store_migrate(store, &schema, &err), 0);
		return;
	}
	assert_int_equal(store_migrate(store, &schema, &err), -1);
	assert_string_equal(err.msg, failure);
}

static void test_migration(void **state)
{
	(void)state;
	const size_t now = store_schema.versions_count;
	const char *versions[16] = {NULL};
	const char *broken[16] = {NULL};
	_cleanup_(freep) char *fails = xasprintf(
		"cannot bring it from version %zu to %zu: store 'state.db': no such table: nowhere",
		now + 2, now + 3);
	_cleanup_(freep) char *newer = xasprintf(
		"from a newer sre-toolkit (version %zu, this one knows %zu)", now + 2, now);
	struct store *first = fixture_store(NULL);
	struct store *second = fixture_store(NULL);

	assert_true(now + 3 < ARRAY_LEN(versions));
	versions[now] = "CREATE TABLE b (x); INSERT INTO b VALUES (1)";
	versions[now + 1] = "ALTER TABLE b ADD COLUMN y; UPDATE b SET y = x + 1";
	broken[now + 2] = "INSERT INTO b VALUES (3, 4); INSERT INTO nowhere VALUES (1)";
	assert_migrates(first, versions, now, NULL);
	assert_migrates(first, versions, now + 2, NULL);
	assert_int_equal(fixture_int(second, "PRAGMA user_version"), now + 2);
	assert_int_equal(fixture_int(second, "SELECT y FROM b"), 2);
	assert_migrates(second, versions, now + 2, NULL);
	assert_migrates(second, broken, now + 3, fails);
	assert_int_equal(fixture_int(first, "PRAGMA user_version"), now + 2);
	assert_int_equal(fixture_int(first, "SELECT count(*) FROM b"), 1);
	store_close(&second);
	store_close(&first);
	assert_open_fails(&(struct store_options){.path = "state.db"}, ERR_INPUT,
		(const char *const[]){newer, NULL});
}

#define folder_test(fn) cmocka_unit_test_setup_teardown(fn, store_folder_enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		folder_test(test_made),
		folder_test(test_empty_file),
		folder_test(test_names),
		folder_test(test_refused),
		folder_test(test_paths),
		folder_test(test_damaged_page),
		folder_test(test_empty_for_readers),
		folder_test(test_read_only),
		folder_test(test_permissions),
		folder_test(test_read_only_folder),
		folder_test(test_read_only_folder_with_a_log),
		folder_test(test_locked_by_another),
		folder_test(test_made_by_many),
		folder_test(test_migration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Files put in place, before OpenSSH's own server: what is there at the end, and what is not.
 * What is made of what was there before: test_copy_put_look.c.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "fleet/copy_fixture.h"
#include "fleet/copy_path.h"
#include "fleet/copy_put.h"

enum { LARGE = 12 * 1024 * 1024, PART = 5 * 1024 * 1024 };

static struct copy_fixture f;
static struct copy_put_options options;

/* What was told of a put. */
static struct {
	int done;
	struct copy_result result;
	char backup[300], note[300], left[300];
	uint64_t moved;
	uint64_t stops_at; /* bytes; 0: never */
	struct copy_put *put;
} told;

static int setup(void **state)
{
	(void)state;
	options = (struct copy_put_options){.time_suffix = ".then~"};
	(void)copy_fixture_start(&f, true);
	return 0;
}

static int setup_without_sums(void **state)
{
	(void)state;
	options = (struct copy_put_options){.time_suffix = ".then~"};
	(void)copy_fixture_start(&f, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (f.session.sftp) {
		copy_fixture_stop(&f);
	}
	return 0;
}

static void need_server(void)
{
	if (!f.session.sftp) {
		skip_because("needs /usr/lib/openssh/sftp-server");
	}
	(void)umask(022);
}

static void on_moved(void *arg, uint64_t bytes)
{
	(void)arg;
	told.moved += bytes;
	if (told.stops_at > 0 && told.moved >= told.stops_at) {
		told.stops_at = 0;
		copy_put_stop(told.put);
		assert_int_equal(told.done, 0);
	}
}

static void keep(char *to, const char *text)
{
	(void)snprintf(to, 300, "%s", text ? text : "");
}

static void on_done(void *arg, const struct copy_result *result)
{
	(void)arg;
	told.done++;
	told.result = *result;
	keep(told.backup, result->backup);
	keep(told.note, result->note);
	keep(told.left, result->left);
	told.put = NULL;
}

static void start(const struct copy_item *item, const char *path, bool is_shared)
{
	static const struct copy_put_events events = {on_moved, on_done};
	const struct copy_put_spec spec = {
		.session = &f.session,
		.item = item,
		.path = path,
		.is_shared = is_shared,
		.options = &options,
	};
	uint64_t stops_at = told.stops_at;

	memset(&told, 0, sizeof(told));
	told.stops_at = stops_at;
	told.put = copy_put_start(&spec, &events, NULL);
	assert_int_equal(told.done, 0);
}

static enum copy_verdict put(const char *source, const char *path)
{
	struct copy_item item = copy_fixture_item(&f, source);

	start(&item, path, false);
	copy_fixture_until(&f, &told.done);
	return told.result.verdict;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode;
}

static void test_new_and_the_same(void **state)
{
	(void)state;
	need_server();
	copy_fixture_make("a", "hello", 0640);
	assert_int_equal(mkdir("d", 0755), 0);
	assert_int_equal(put("a", "d/a"), COPY_CREATED);
	assert_int_equal(told.result.bytes, 5);
	assert_string_equal(copy_fixture_content(&f, "d/a"), "hello");
	assert_int_equal(mode_of("d/a"), 0100640);
	assert_string_equal(copy_fixture_list(&f, "d"), "a ");
	assert_int_equal(put("a", "d/a"), COPY_UNCHANGED);
	assert_int_equal(told.result.bytes, 0);
	assert_int_equal(chmod("d/a", 0600), 0);
	assert_int_equal(put("a", "d/a"), COPY_MODE);
	assert_int_equal(mode_of("d/a"), 0100640);
	options.has_mode = true;
	options.mode = 0444;
	assert_int_equal(put("a", "d/a"), COPY_MODE);
	assert_int_equal(mode_of("d/a"), 0100444);
	/* The same size is not the same content. */
	copy_fixture_make("a", "HELLO", 0640);
	assert_int_equal(put("a", "d/a"), COPY_UPDATED);
	assert_string_equal(copy_fixture_content(&f, "d/a"), "HELLO");
	assert_int_equal(mode_of("d/a"), 0100444);
	copy_fixture_make("a", "", 0640);
	assert_int_equal(put("a", "d/a"), COPY_UPDATED);
	assert_string_equal(copy_fixture_content(&f, "d/a"), "");
	assert_string_equal(copy_fixture_list(&f, "d"), "a ");
}

static void test_backups(void **state)
{
	(void)state;
	need_server();
	assert_int_equal(mkdir("d", 0755), 0);
	options.backup = COPY_BACKUP_SIMPLE;
	copy_fixture_make("a", "1", 0644);
	assert_int_equal(put("a", "d/a"), COPY_CREATED);
	assert_string_equal(told.backup, "");
	copy_fixture_make("a", "2", 0644);
	assert_int_equal(put("a", "d/a"), COPY_UPDATED);
	assert_string_equal(told.backup, "d/a~");
	copy_fixture_make("a", "3", 0644);
	assert_int_equal(put("a", "d/a"), COPY_UPDATED);
	assert_string_equal(copy_fixture_content(&f, "d/a~"), "2");
	options.backup = COPY_BACKUP_TIME;
	copy_fixture_make("a", "4", 0644);
	assert_int_equal(put("a", "d/a"), COPY_UPDATED);
	assert_string_equal(told.backup, "d/a.then~");
	assert_string_equal(copy_fixture_content(&f, "d/a.then~"), "3");
	assert_string_equal(copy_fixture_list(&f, "d"), "a a.then~ a~ ");
	/* What cannot be kept is not replaced. */
	assert_int_equal(unlink("d/a~"), 0);
	assert_int_equal(mkdir("d/a~", 0755), 0);
	options.backup = COPY_BACKUP_SIMPLE;
	copy_fixture_make("a", "5", 0644);
	assert_int_equal(put("a", "d/a"), COPY_FAILED);
	assert_string_equal(copy_fixture_content(&f, "d/a"), "4");
	assert_string_equal(copy_fixture_list(&f, "d"), "a a.then~ a~ ");
}

/* Of one second: each has a name of its own, and none goes; with links and without. */
static void test_backups_of_a_second(void **state)
{
	static const char *const named[] = {"", "d/a.then~", "d/a.then.1~", "d/a.then.3~"};
	char text[2] = "0";
	struct stat st;

	(void)state;
	need_server();
	assert_int_equal(mkdir("d", 0755) | mkdir("d/a.then.2~", 0755), 0);
	options.backup = COPY_BACKUP_TIME;
	for (size_t i = 0; i < ARRAY_LEN(named); i++) {
		text[0] = (char)('1' + i);
		copy_fixture_make("a", text, 0644);
		assert_int_equal(put("a", "d/a"), i == 0 ? COPY_CREATED : COPY_UPDATED);
		assert_string_equal(told.backup, named[i]);
	}
	for (size_t i = 1; i < ARRAY_LEN(named); i++) {
		text[0] = (char)('0' + i);
		assert_string_equal(copy_fixture_content(&f, named[i]), text);
		assert_int_equal(stat(named[i], &st), 0);
		assert_int_equal(st.st_nlink, 1);
	}
	assert_string_equal(copy_fixture_list(&f, "d"), "a a.then.1~ a.then.2~ a.then.3~ a.then~ ");
}

/* More than anybody makes: it ends, and nothing has changed. */
static void test_backups_without_end(void **state)
{
	char path[40];

	(void)state;
	need_server();
	assert_int_equal(mkdir("d", 0755), 0);
	options.backup = COPY_BACKUP_TIME;
	copy_fixture_make("d/a", "1", 0644);
	copy_fixture_make("d/a.then~", "0", 0644);
	for (int i = 1; i < 100; i++) {
		(void)snprintf(path, sizeof(path), "d/a.then.%d~", i);
		copy_fixture_make(path, "0", 0644);
	}
	copy_fixture_make("a", "2", 0644);
	assert_int_equal(put("a", "d/a"), COPY_FAILED);
	assert_string_equal(told.result.err.msg, "there are 100 backups of 'd/a' of this second");
	assert_string_equal(told.backup, "");
	assert_string_equal(copy_fixture_content(&f, "d/a"), "1");
	assert_int_equal(access("d/a.then.100~", F_OK), -1);
}

static void test_source_that_changes(void **state)
{
	struct copy_item item;

	(void)state;
	need_server();
	assert_int_equal(mkdir("d", 0755), 0);
	copy_fixture_make("a", "hello", 0644);
	copy_fixture_make("d/a", "old", 0644);
	item = copy_fixture_item(&f, "a");
	copy_fixture_make("a", "HELLO", 0644);
	start(&item, "d/a", false);
	copy_fixture_until(&f, &told.done);
	assert_int_equal(told.result.verdict, COPY_FAILED);
	assert_non_null(strstr(told.result.err.msg, "checksum of what has arrived is wrong"));
	assert_int_equal(truncate("a", 2), 0);
	start(&item, "d/a", false);
	copy_fixture_until(&f, &told.done);
	assert_string_equal(told.result.err.msg, "'a' became shorter while it was copied");
	assert_int_equal(unlink("a"), 0);
	start(&item, "d/a", false);
	copy_fixture_until(&f, &told.done);
	assert_string_equal(told.result.err.msg, "cannot read 'a': No such file or directory");
	assert_string_equal(copy_fixture_content(&f, "d/a"), "old");
	assert_string_equal(copy_fixture_list(&f, "d"), "a ");
}

/* A large file whose content is not the same all over. */
static struct copy_item make_large(void)
{
	struct strbuf content = STRBUF_INIT;
	struct copy_item item;

	for (size_t i = 0; content.len < LARGE; i++) {
		strbuf_addf(&content, "line %zu of a large file\n", i);
	}
	assert_int_equal(file_write("large", strbuf_str(&content), 0644, NULL), 0);
	strbuf_release(&content);
	item = copy_fixture_item(&f, "large");
	return item;
}

static void assert_same(const char *path, const struct copy_item *item)
{
	struct copy_item copy = copy_fixture_item(&f, path);

	assert_true(copy_sum_eq(&copy.sum, &item->sum));
}

static void test_interrupted_and_gone_on(void **state)
{
	struct copy_item item;

	(void)state;
	need_server();
	assert_int_equal(mkdir("d", 0755), 0);
	item = make_large();
	/* Little of it is not worth keeping. */
	told.stops_at = 1;
	start(&item, "d/large", false);
	copy_fixture_until(&f, &told.done);
	assert_int_equal(told.result.verdict, COPY_FAILED);
	assert_string_equal(copy_result_code(&told.result), "interrupted");
	assert_string_equal(told.left, "");
	assert_string_equal(copy_fixture_list(&f, "d"), "");
	/* Much of it is. */
	told.stops_at = (uint64_t)COPY_KEEP_MIN + 1024 * 1024;
	start(&item, "d/large", false);
	copy_fixture_until(&f, &told.done);
	assert_string_equal(copy_result_code(&told.result), "interrupted");
	assert_non_null(strstr(told.left, "d/.large."));
	/* The next one goes on. */
	start(&item, "d/large", false);
	copy_fixture_until(&f, &told.done);
	assert_int_equal(told.result.verdict, COPY_CREATED);
	assert_true(told.result.bytes < (uint64_t)LARGE / 2);
	assert_int_equal(told.moved, item.size);
	assert_non_null(strstr(told.note, "gone on with after "));
	assert_same("d/large", &item);
	assert_string_equal(copy_fixture_list(&f, "d"), "large ");
}

/* What another time left of the item: so many bytes of `fill`, old enough. */
static const char *leave(const struct copy_item *item, char fill, size_t size, mode_t mode)
{
	const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	const char *path = copy_temporary("d/large", &item->sum, "-00000000", f.arena);
	struct strbuf content = STRBUF_INIT;

	strbuf_addn(&content, fill, size);
	assert_int_equal(file_write(path, strbuf_str(&content), 0600, NULL), 0);
	assert_int_equal(chmod(path, mode), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	strbuf_release(&content);
	return path;
}

static void put_large(const struct copy_item *item)
{
	start(item, "d/large", false);
	copy_fixture_until(&f, &told.done);
	assert_int_equal(told.result.verdict, COPY_CREATED);
	assert_string_equal(told.note, "");
	assert_same("d/large", item);
	assert_int_equal(unlink("d/large"), 0);
}

static void test_a_beginning_that_is_none(void **state)
{
	struct copy_item item;
	const char *path;

	(void)state;
	need_server();
	assert_int_equal(mkdir("d", 0755), 0);
	item = make_large();
	/* Not of this content: found out at the end, and begun anew. */
	(void)leave(&item, 'x', PART, 0600);
	put_large(&item);
	assert_true(told.result.bytes >= item.size);
	assert_string_equal(copy_fixture_list(&f, "d"), "");
	/* One that others may have written, one that is too long: left alone. */
	path = leave(&item, 'x', PART, 0666);
	put_large(&item);
	assert_int_equal(unlink(path), 0);
	path = leave(&item, 'x', (size_t)2 * LARGE, 0600);
	put_large(&item);
	assert_int_equal(unlink(path), 0);
	/* A link is none. */
	copy_fixture_make("elsewhere", "mine", 0600);
	assert_int_equal(symlink("../elsewhere", path), 0);
	put_large(&item);
	assert_string_equal(copy_fixture_content(&f, "elsewhere"), "mine");
	assert_int_equal(unlink(path), 0);
	/* One that somebody is writing now. */
	path = leave(&item, 'x', PART, 0600);
	assert_int_equal(utimensat(AT_FDCWD, path, NULL, 0), 0);
	put_large(&item);
	assert_int_equal(unlink(path), 0);
	assert_string_equal(copy_fixture_list(&f, "d"), "");
}

static void test_shared_folder(void **state)
{
	struct copy_item item;
	const char *path;

	(void)state;
	need_server();
	assert_int_equal(mkdir("d", 0777), 0);
	item = make_large();
	path = leave(&item, 'x', PART, 0600);
	start(&item, "d/large", true);
	copy_fixture_until(&f, &told.done);
	assert_int_equal(told.result.verdict, COPY_CREATED);
	assert_true(told.result.bytes == item.size);
	/* Nothing is kept there for another time. */
	assert_int_equal(unlink("d/large") | unlink(path), 0);
	told.stops_at = (uint64_t)COPY_KEEP_MIN + 1024 * 1024;
	start(&item, "d/large", true);
	copy_fixture_until(&f, &told.done);
	assert_string_equal(told.left, "");
	assert_string_equal(copy_fixture_list(&f, "d"), "");
}

static void test_without_sums(void **state)
{
	struct copy_item item;

	(void)state;
	need_server();
	assert_int_equal(mkdir("d", 0755), 0);
	copy_fixture_make("a", "hello", 0644);
	assert_int_equal(put("a", "d/a"), COPY_CREATED);
	assert_int_equal(put("a", "d/a"), COPY_UNCHANGED);
	copy_fixture_make("a", "HELLO", 0644);
	assert_int_equal(put("a", "d/a"), COPY_UPDATED);
	assert_string_equal(copy_fixture_content(&f, "d/a"), "HELLO");
	item = make_large();
	start(&item, "d/large", false);
	copy_fixture_until(&f, &told.done);
	assert_int_equal(told.result.verdict, COPY_CREATED);
	assert_same("d/large", &item);
}

static void test_freed(void **state)
{
	struct copy_item item;

	(void)state;
	need_server();
	assert_int_equal(mkdir("d", 0755), 0);
	item = make_large();
	for (int turn = 0; turn < 3; turn++) {
		start(&item, "d/large", false);
		if (turn > 0) {
			const int *flag = (const int *)&told.moved;

			copy_fixture_until(&f, flag);
			assert_non_null(copy_put_left(told.put));
		} else {
			assert_null(copy_put_left(told.put));
		}
		copy_put_free(&told.put);
		assert_int_equal(told.done, 0);
	}
	copy_put_free(&told.put); /* NULL */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_new_and_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(test_backups, setup, teardown),
		cmocka_unit_test_setup_teardown(test_backups_of_a_second, setup, teardown),
		cmocka_unit_test_setup_teardown(test_backups_without_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_source_that_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_interrupted_and_gone_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_beginning_that_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shared_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_sums, setup_without_sums, teardown),
		cmocka_unit_test_setup_teardown(test_freed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

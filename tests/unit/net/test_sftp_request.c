/*
 * Each request, before OpenSSH's own server.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "net/sftp_fixture.h"

static struct sftp_fixture f;
static struct sftp_told told;

static int setup(void **state)
{
	(void)state;
	if (!sftp_fixture_serve(&f)) {
		skip_because("needs /usr/lib/openssh/sftp-server");
	}
	told = (struct sftp_told){.data = STRBUF_INIT};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sftp_fixture_stop(&f);
	sftp_told_release(&told);
	return 0;
}

/* What keeps the next answer. */
static struct sftp_then next(void)
{
	sftp_told_release(&told);
	return sftp_tell(&told);
}

static void expect(enum sftp_status status)
{
	sftp_fixture_expect(&f, &told, status);
}

static struct sftp_file *opened(const char *path, unsigned flags)
{
	const struct sftp_attributes private = {.has = SFTP_HAS_MODE, .mode = 0600};

	sftp_open(f.client, path, flags, &private, next());
	expect(SFTP_OK);
	return told.file;
}

static void make(const char *path, const char *content)
{
	assert_int_equal(file_write(path, str_of(content), 0644, NULL), 0);
}

static void test_files(void **state)
{
	const struct sftp_attributes mode = {.has = SFTP_HAS_MODE, .mode = 0640};
	struct sftp_file *file;
	struct stat st;

	(void)state;
	file = opened("a", SFTP_WRITE | SFTP_CREATE | SFTP_EXCLUSIVE);
	sftp_write(file, 0, str_of("hello "), next());
	expect(SFTP_OK);
	sftp_write(file, 6, str_of("world"), next());
	expect(SFTP_OK);
	sftp_fsync(file, next());
	expect(SFTP_OK);
	sftp_fstat(file, next());
	expect(SFTP_OK);
	assert_int_equal(told.attributes.size, 11);
	assert_int_equal(told.attributes.mode, 0100600);
	assert_int_equal(told.attributes.uid, getuid());
	sftp_fsetstat(file, &mode, next());
	expect(SFTP_OK);
	sftp_close(&file, next());
	expect(SFTP_OK);
	assert_null(file);
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode, 0100640);

	sftp_open(f.client, "a", SFTP_WRITE | SFTP_CREATE | SFTP_EXCLUSIVE, NULL, next());
	expect(SFTP_FAILURE);
	assert_string_equal(told.text, "cannot create 'a': Failure");

	file = opened("a", SFTP_READ);
	sftp_read(file, 6, 100, next());
	expect(SFTP_OK);
	assert_string_equal(told.data.buf, "world");
	sftp_read(file, 11, 100, next());
	expect(SFTP_EOF);
	sftp_write(file, 0, str_of("x"), next());
	expect(SFTP_NO_SUCH_FILE); /* so it calls EBADF */
	assert_string_equal(told.text, "cannot write 'a': No such file");
	sftp_file_free(&file);
	sftp_file_free(&file); /* NULL */
}

static void test_paths(void **state)
{
	const struct sftp_attributes mode = {.has = SFTP_HAS_MODE, .mode = 0711};
	struct stat st;
	char path[200];

	(void)state;
	make("a", "1");
	make("b", "22");
	sftp_rename(f.client, "a", "b", next()); /* replaces */
	expect(SFTP_OK);
	sftp_stat(f.client, "b", next());
	expect(SFTP_OK);
	assert_int_equal(told.attributes.size, 1);
	sftp_stat(f.client, "a", next());
	expect(SFTP_NO_SUCH_FILE);
	assert_string_equal(told.text, "cannot look at 'a': No such file");
	sftp_symlink(f.client, "b", "link", next());
	expect(SFTP_OK);
	sftp_readlink(f.client, "link", next());
	expect(SFTP_OK);
	assert_string_equal(told.data.buf, "b\n");
	sftp_lstat(f.client, "link", next());
	expect(SFTP_OK);
	assert_true(S_ISLNK(told.attributes.mode));
	sftp_hardlink(f.client, "b", "c", next());
	expect(SFTP_OK);
	assert_int_equal(stat("c", &st), 0);
	assert_int_equal(st.st_nlink, 2);
	sftp_mkdir(f.client, "d", &mode, next());
	expect(SFTP_OK);
	sftp_setstat(f.client, "d", &(struct sftp_attributes){.has = SFTP_HAS_MODE, .mode = 0750},
		next());
	expect(SFTP_OK);
	assert_int_equal(stat("d", &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0750);
	sftp_realpath(f.client, "d/../link", next());
	expect(SFTP_OK);
	(void)snprintf(path, sizeof(path), "%s/b\n", f.folder);
	assert_string_equal(told.data.buf, path);
	sftp_rmdir(f.client, "d", next());
	expect(SFTP_OK);
	sftp_remove(f.client, "link", next());
	expect(SFTP_OK);
	sftp_remove(f.client, "link", next());
	expect(SFTP_NO_SUCH_FILE);
	sftp_statvfs(f.client, ".", next());
	expect(SFTP_OK);
	assert_true(told.space.total_bytes >= told.space.available_bytes);
	assert_true(told.space.total_bytes > 0);
	assert_false(told.space.is_read_only);
}

static void test_folders(void **state)
{
	struct sftp_file *folder;
	size_t names = 0;
	char path[40];

	(void)state;
	assert_int_equal(mkdir("d", 0755), 0);
	for (int i = 0; i < 300; i++) { /* more than one answer holds */
		(void)snprintf(path, sizeof(path), "d/name-%d", i);
		make(path, "");
	}
	sftp_opendir(f.client, "d", next());
	expect(SFTP_OK);
	folder = told.file;
	for (;;) {
		sftp_readdir(folder, next());
		sftp_fixture_until(&f, &told.count);
		if (told.status == SFTP_EOF) {
			break;
		}
		assert_int_equal(told.status, SFTP_OK);
		for (size_t at = 0; at < told.data.len; at++) {
			names += told.data.buf[at] == '\n';
		}
	}
	assert_int_equal(names, 302);
	sftp_close(&folder, next());
	expect(SFTP_OK);
	sftp_opendir(f.client, "none", next());
	expect(SFTP_NO_SUCH_FILE);
	assert_string_equal(told.text, "cannot open the folder 'none': No such file");
}

static void test_many_at_once(void **state)
{
	enum { MANY = 1000 };
	static struct sftp_told all[MANY];

	(void)state;
	make("a", "1");
	for (int round = 0; round < 3; round++) { /* slots are used again */
		for (int i = 0; i < MANY; i++) {
			sftp_stat(f.client, i % 2 ? "a" : "b", sftp_tell(&all[i]));
		}
		assert_int_equal(sftp_client_pending(f.client), MANY);
		for (int i = 0; i < MANY; i++) {
			sftp_fixture_expect(&f, &all[i], i % 2 ? SFTP_OK : SFTP_NO_SUCH_FILE);
			assert_int_equal(all[i].count, 1);
		}
		assert_int_equal(sftp_client_pending(f.client), 0);
	}
}

static void test_closed_in_between(void **state)
{
	struct sftp_file *file;
	struct sftp_told read;

	(void)state;
	make("a", "1");
	file = opened("a", SFTP_READ);
	sftp_read(file, 0, 10, sftp_tell(&read));
	sftp_close(&file, next());
	expect(SFTP_OK);
	assert_int_equal(read.count, 0);
	assert_int_equal(sftp_client_pending(f.client), 0);
	sftp_told_release(&read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folders, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closed_in_between, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Nothing is written outside of the folder, and nothing is left of what was given up.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/copy_fixture.h"
#include "fleet/copy_here.h"

static struct copy_fixture f;
static struct copy_here *here;

static int setup(void **state)
{
	(void)state;
	(void)umask(022);
	f = (struct copy_fixture){.arena = arena_new()};
	(void)snprintf(f.sftp.folder, sizeof(f.sftp.folder), "/tmp/copy-here-XXXXXX");
	if (!mkdtemp(f.sftp.folder) || chdir(f.sftp.folder) < 0 || mkdir("out", 0755) < 0) {
		return -1;
	}
	return copy_here_open("in", COPY_HERE_MAKE, &here, NULL);
}

static int teardown(void **state)
{
	char command[200];

	(void)state;
	copy_here_close(&here);
	(void)snprintf(command, sizeof(command), "rm -rf %s", f.sftp.folder);
	(void)chdir("/");
	if (fork() == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(1);
	}
	arena_free(f.arena);
	return 0;
}

static int put(const char *name, const char *content, struct err *err)
{
	struct copy_here_file *file;

	if (copy_here_file_new(here, name, &file, err) < 0) {
		return -1;
	}
	assert_int_equal(copy_here_file_add(file, str_of(content), err), 0);
	return copy_here_file_commit(&file, 0640, err);
}

static void test_files(void **state)
{
	struct copy_here_file *file;
	struct stat st;
	struct err err;
	bool is_made;
	int fd;

	(void)state;
	assert_int_equal(put("a", "1", &err), 0);
	assert_int_equal(put("a", "2", &err), 0);
	assert_string_equal(copy_fixture_content(&f, "in/a"), "2");
	assert_int_equal(copy_here_look(here, "a", &st, &err), 0);
	assert_int_equal(st.st_mode, 0100640);
	assert_int_equal(copy_here_make_folder(here, "d", &is_made, &err), 0);
	assert_true(is_made);
	assert_int_equal(copy_here_make_folder(here, "d", &is_made, &err), 0);
	assert_false(is_made);
	assert_int_equal(put("d/b", "3", &err), 0);
	assert_int_equal(copy_here_set_mode(here, "d", 0755, &err), 0);
	assert_int_equal(copy_here_read(here, "d/b", &fd, &err), 0);
	(void)close(fd);
	/* Given up. */
	assert_int_equal(copy_here_file_new(here, "d/b", &file, &err), 0);
	assert_int_equal(copy_here_file_add(file, str_of("4"), &err), 0);
	copy_here_file_free(&file);
	assert_string_equal(copy_fixture_content(&f, "in/d/b"), "3");
	assert_string_equal(copy_fixture_list(&f, "in/d"), "b ");
	assert_int_equal(copy_here_look(here, "d/none", &st, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "cannot look at 'in/d/none': No such file or directory");
	/* A folder is not replaced by a file. */
	assert_int_equal(put("d", "5", &err), -1);
	assert_string_equal(copy_fixture_list(&f, "in"), "a d ");
}

static char *begin(const char *name, const char *content)
{
	struct copy_here_file *file;
	char *path;

	assert_int_equal(copy_here_file_new(here, name, &file, NULL), 0);
	assert_int_equal(copy_here_file_add(file, str_of(content), NULL), 0);
	path = copy_here_file_path(file);
	copy_here_file_keep(&file);
	assert_null(file);
	return path;
}

static void test_parts(void **state)
{
	static const char zeros[] = ".000000000000-";
	_cleanup_(freep) char *short_one = NULL;
	struct copy_here_file *file, *other;
	struct copy_summer *summer = copy_summer_new();
	char path[100];
	uint64_t bytes;
	bool is_made;

	(void)state;
	assert_int_equal(copy_here_make_folder(here, "p", &is_made, NULL), 0);
	assert_int_equal(copy_here_make_folder(here, "q", &is_made, NULL), 0);
	short_one = begin("p/part", "1");
	assert_int_equal(strncmp(short_one, "in/p/.part.000000000000-", 24), 0);
	free(begin("p/part", "123"));
	free(begin("p/part", "12345"));
	/* Not of that name, or not ours to take. */
	free(begin("p/other", "1234"));
	(void)snprintf(path, sizeof(path), "in/p/.part%sabcdef01.copying", zeros);
	copy_fixture_make(path, "1234", 0644);
	(void)snprintf(path, sizeof(path), "in/p/.part%sabcdef02.copying", zeros);
	assert_int_equal(symlink("../../out/x", path), 0);
	(void)snprintf(path, sizeof(path), "in/p/.part%sabcdef03.copying", zeros);
	assert_int_equal(mkfifo(path, 0600), 0);
	copy_fixture_make("in/p/.part.00000000000a-abcdef04.copying", "1234", 0600);
	assert_false(copy_here_file_go_on(here, "q/part", 4, &file, &bytes));
	assert_false(copy_here_file_go_on(here, "none/part", 4, &file, &bytes));
	assert_true(copy_here_file_go_on(here, "p/part", 4, &file, &bytes));
	assert_int_equal(bytes, 3);
	/* The others have gone, and while this one is being written nobody takes it. */
	assert_int_equal(access(short_one, F_OK), -1);
	assert_false(copy_here_file_go_on(here, "p/part", 4, &other, &bytes));
	assert_int_equal(copy_here_file_sum(file, summer, NULL), 0);
	assert_string_equal(copy_summer_now(summer).hex,
		"a665a45920422f9d417e4867efdc4fb8a04a1f3fff1fa07e998e86f7f7a27ae3");
	assert_int_equal(copy_here_file_add(file, str_of("456"), NULL), 0);
	assert_int_equal(copy_here_file_commit(&file, 0644, NULL), 0);
	assert_string_equal(copy_fixture_content(&f, "in/p/part"), "123456");
	assert_false(copy_here_file_go_on(here, "p/part", 4, &file, &bytes));
	assert_true(copy_here_file_go_on(here, "p/other", 4, &file, &bytes));
	copy_here_file_free(&file); /* given up */
	copy_summer_free(&summer);
	assert_string_equal(copy_fixture_list(&f, "in/p"),
		".part.000000000000-abcdef01.copying .part.000000000000-abcdef02.copying "
		".part.000000000000-abcdef03.copying .part.00000000000a-abcdef04.copying part ");
}

static void test_links(void **state)
{
	struct err err;
	bool is_made;

	(void)state;
	assert_int_equal(copy_here_make_link(here, "link", "../out", &err), 0);
	assert_true(copy_here_link_is(here, "link", "../out"));
	assert_false(copy_here_link_is(here, "link", "../ou"));
	assert_false(copy_here_link_is(here, "none", "../out"));
	assert_int_equal(copy_here_make_link(here, "link", "elsewhere", &err), 0);
	assert_true(copy_here_link_is(here, "link", "elsewhere"));
	assert_int_equal(copy_here_make_folder(here, "d", &is_made, &err), 0);
	assert_int_equal(copy_here_make_link(here, "d", "x", &err), -1);
	assert_string_equal(
		err.msg, "cannot make the link 'in/d': something else has its name here");
	assert_string_equal(copy_fixture_list(&f, "in"), "d link ");
}

static void test_nothing_outside(void **state)
{
	static const char *const names[] = {"../out/x", "/tmp/copy-here-x", "..", ".", "", "a/../b",
		"./x", "a//b", "link/x", "link/d/x", "file/x"};
	struct stat st;
	struct err err;
	bool is_made;
	int fd;

	(void)state;
	assert_int_equal(mkdir("out/d", 0755), 0);
	assert_int_equal(symlink("../out", "in/link"), 0);
	copy_fixture_make("in/file", "mine", 0644);
	copy_fixture_make("out/secret", "secret", 0644);
	assert_int_equal(symlink("../out/secret", "in/leak"), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(put(names[i], "evil", &err), -1);
		assert_int_equal(copy_here_make_folder(here, names[i], &is_made, &err), -1);
		assert_int_equal(copy_here_make_link(here, names[i], "evil", &err), -1);
		assert_int_equal(copy_here_set_mode(here, names[i], 0777, &err), -1);
	}
	assert_int_equal(copy_here_make_folder(here, "link", &is_made, &err), -1);
	assert_string_equal(
		err.msg, "cannot make the folder 'in/link': something else has its name here");
	assert_int_equal(copy_here_set_mode(here, "link", 0700, &err), -1);
	assert_int_equal(copy_here_read(here, "leak", &fd, &err), -1);
	assert_int_equal(copy_here_look(here, "link/d", &st, &err), -1);
	/* A file takes the place of a link, and does not follow it. */
	assert_int_equal(put("leak", "new", &err), 0);
	assert_string_equal(copy_fixture_content(&f, "out/secret"), "secret");
	assert_string_equal(copy_fixture_content(&f, "in/leak"), "new");
	assert_string_equal(copy_fixture_list(&f, "out"), "d secret ");
	assert_string_equal(copy_fixture_list(&f, "out/d"), "");
	assert_string_equal(copy_fixture_list(&f, "in"), "file leak link ");
}

static void test_places(void **state)
{
	static const struct {
		const char *name, *says; /* NULL: it can be taken */
		bool is_named, is_taken;
	} cases[] = {
		{"none", NULL, true, false},
		{"file", NULL, true, true},
		{"link", NULL, true, true},
		{"dangling", NULL, true, true},
		{"to-folder", NULL, true, true},
		{"to-pipe", NULL, false, true},
		{"to-pipe", "'in/to-pipe' is a link to what is no file here", true, true},
		{"pipe", "'in/pipe' is no file here", false, true},
		{"d", "'in/d' is a folder here", false, true},
		{"file/x", "cannot look at 'in/file/x': something else has its name here", false,
			false},
	};

	(void)state;
	assert_int_equal(mkdir("in/d", 0755) | mkfifo("in/pipe", 0600), 0);
	copy_fixture_make("in/file", "1", 0644);
	assert_int_equal(symlink("file", "in/link") | symlink("nothing", "in/dangling") |
				 symlink("d", "in/to-folder") | symlink("pipe", "in/to-pipe"),
		0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stat st;
		struct err err;
		bool is_taken;
		int status = copy_here_look_place(
			here, cases[i].name, cases[i].is_named, &st, &is_taken, &err);

		assert_int_equal(status, cases[i].says ? -1 : 0);
		assert_int_equal(is_taken, cases[i].is_taken);
		if (cases[i].says) {
			assert_string_equal(err.msg, cases[i].says);
			assert_int_equal(err.code, ERR_INPUT);
		}
	}
}

/* Whatever they end at: /dev/stdout may be a plain file.  Places are only looked at here. */
static void test_links_of_the_system(void **state)
{
	static const struct {
		const char *name, *text;
		bool is_refused;
	} cases[] = {
		{"proc", "/proc/self/exe", true},
		{"fd", "/proc/self/fd/1000", true},
		{"dev", "/dev/none", true},
		{"hop", "proc", true},
		{"hops", "./hop", true},
		{"relative-proc", "../../../../../proc/self/exe", true},
		{"relative-file", "../../../../../proc/meminfo", true},
		{"relative-dev", "../../../../../dev/none", true},
		{"fds", "../../../../../proc/self", true},
		{"by-folder", "fds/exe", true},
		{"plain", "file", false},
		{"plain-hop", "../in/plain", false},
		{"none", "none-here/x", false},
		{"loop", "loop", false},
		{"devices", "/devices/x", false},
		{"root", "/", false},
	};
	struct copy_here *other = NULL;
	bool is_taken;
	struct stat st;
	struct err err;

	(void)state;
	copy_fixture_make("in/file", "1", 0644);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(freep) char *path = xasprintf("in/%s", cases[i].name);
		_cleanup_(freep) char *says =
			xasprintf("'%s' is a link in or to /proc or /dev here", path);

		assert_int_equal(symlink(cases[i].text, path), 0);
		assert_int_equal(
			copy_here_look_place(here, cases[i].name, false, &st, &is_taken, &err), 0);
		assert_int_equal(
			copy_here_look_place(here, cases[i].name, true, &st, &is_taken, &err),
			cases[i].is_refused ? -1 : 0);
		if (cases[i].is_refused) {
			assert_string_equal(err.msg, says);
			assert_int_equal(err.code, ERR_INPUT);
		}
	}
	assert_int_equal(copy_here_open("/proc/self", COPY_HERE_MUST_BE, &other, &err), 0);
	assert_int_equal(copy_here_look_place(other, "exe", true, &st, &is_taken, &err), -1);
	assert_string_equal(err.msg, "'/proc/self/exe' is a link in or to /proc or /dev here");
	copy_here_close(&other);
}

/* Whoever came into the place while the file was written. */
static void test_taken_meanwhile(void **state)
{
	struct stat st;
	struct err err;

	(void)state;
	assert_int_equal(mkfifo("in/pipe", 0600), 0);
	assert_int_equal(put("pipe", "1", &err), -1);
	assert_string_equal(err.msg, "cannot write 'in/pipe': something else has its name here");
	assert_int_equal(lstat("in/pipe", &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_string_equal(copy_fixture_list(&f, "in"), "pipe ");
}

static void test_opening(void **state)
{
	struct copy_here *other = NULL;
	struct stat st;
	struct err err;
	char *path;

	(void)state;
	assert_int_equal(copy_here_open("none", COPY_HERE_MAY_BE, &other, &err), 0);
	assert_int_equal(copy_here_look(other, "x", &st, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	copy_here_close(&other);
	copy_here_close(&other); /* NULL */
	assert_int_equal(access("none", F_OK), -1);
	assert_int_equal(copy_here_open("none/none", COPY_HERE_MAKE, &other, &err), -1);
	assert_string_equal(
		err.msg, "cannot make the folder 'none/none': No such file or directory");
	assert_int_equal(copy_here_open("none/none", COPY_HERE_WOULD_MAKE, &other, &err), -1);
	assert_string_equal(
		err.msg, "cannot make the folder 'none/none': No such file or directory");
	assert_int_equal(copy_here_open("none", COPY_HERE_WOULD_MAKE, &other, &err), 0);
	copy_here_close(&other);
	assert_int_equal(copy_here_open("none/none", COPY_HERE_MAY_BE, &other, &err), 0);
	copy_here_close(&other);
	assert_int_equal(copy_here_open("none", COPY_HERE_MUST_BE, &other, &err), -1);
	assert_string_equal(err.msg, "there is no folder 'none' here");
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_int_equal(copy_here_open("in", COPY_HERE_MUST_BE, &other, &err), 0);
	copy_here_close(&other);
	assert_int_equal(access("none", F_OK), -1);
	copy_fixture_make("file", "", 0644);
	assert_int_equal(copy_here_open("file", COPY_HERE_WOULD_MAKE, &other, &err), -1);
	assert_int_equal(copy_here_open("file", COPY_HERE_MAKE, &other, &err), -1);
	path = copy_here_path(here, "a/b");
	assert_string_equal(path, "in/a/b");
	free(path);
	path = copy_here_path(here, "");
	assert_string_equal(path, "in");
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_outside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_places, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links_of_the_system, setup, teardown),
		cmocka_unit_test_setup_teardown(test_taken_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_opening, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

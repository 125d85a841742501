/*
 * Whole files: what is read, what is refused, and what is left when writing fails.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "cmocka_all.h"

/* Each test runs in an empty folder of its own. */
static char folder[64];

static int enter_folder(void **state)
{
	(void)state;
	memcpy(folder, "/tmp/test_file.XXXXXX", sizeof("/tmp/test_file.XXXXXX"));
	umask(022);
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int count_files(void)
{
	DIR *dir = opendir(".");
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir)) {
		count++;
	}
	closedir(dir);
	return count - 2;
}

static int leave_folder(void **state)
{
	(void)state;
	DIR *dir = opendir(".");

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (unlink(entry->d_name) < 0) {
			(void)rmdir(entry->d_name);
		}
	}
	closedir(dir);
	return chdir("/") == 0 ? rmdir(folder) : -1;
}

static void assert_content(const char *path, const char *expected)
{
	struct strbuf content = STRBUF_INIT;
	struct err err = {0};

	if (file_read(path, FILE_ANY, 1000000, &content, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	assert_string_equal(content.buf, expected);
	strbuf_release(&content);
}

static void test_write_and_read(void **state)
{
	(void)state;
	struct stat st;

	assert_int_equal(file_write("a", str_of("one\n"), 0666, NULL), 0);
	assert_content("a", "one\n");
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);

	assert_int_equal(chmod("a", 0600), 0);
	assert_int_equal(file_write("./a", str_of("two\n"), 0666, NULL), 0);
	assert_content("a", "two\n");
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	assert_int_equal(file_write("a", str_of(""), 0666, NULL), 0);
	assert_content("a", "");
	assert_int_equal(count_files(), 1);
}

static void test_read_replaces(void **state)
{
	(void)state;
	struct strbuf content = STRBUF_INIT;

	strbuf_adds(&content, "what was there");
	assert_int_equal(file_write("a", str_n("x\0y", 3), 0600, NULL), 0);
	assert_int_equal(file_read("a", FILE_REGULAR, 3, &content, NULL), 0);
	assert_int_equal(content.len, 3);
	assert_memory_equal(content.buf, "x\0y", 4);
	strbuf_release(&content);
}

static void test_large(void **state)
{
	(void)state;
	struct strbuf in = STRBUF_INIT;
	struct strbuf out = STRBUF_INIT;

	strbuf_addn(&in, 'x', 1000000);
	assert_int_equal(file_write("a", strbuf_str(&in), 0600, NULL), 0);
	assert_int_equal(file_read("a", FILE_REGULAR, 1000000, &out, NULL), 0);
	assert_true(str_eq(strbuf_str(&in), strbuf_str(&out)));
	strbuf_release(&in);
	strbuf_release(&out);
}

static void test_read_what_says_it_is_empty(void **state)
{
	(void)state;
	struct strbuf content = STRBUF_INIT;

	assert_int_equal(file_read("/proc/self/stat", FILE_REGULAR, 100000, &content, NULL), 0);
	assert_true(content.len > 10);
	strbuf_release(&content);
}

static void assert_unreadable(
	const char *path, size_t max, enum err_code code, const char *expected)
{
	struct strbuf content = STRBUF_INIT;
	struct err err = {0};

	strbuf_adds(&content, "kept");
	assert_int_equal(file_read(path, FILE_REGULAR, max, &content, &err), -1);
	assert_int_equal(err.code, code);
	assert_string_equal(err.msg, expected);
	assert_string_equal(content.buf, "kept");
	strbuf_release(&content);
}

static void test_read_refuses(void **state)
{
	(void)state;
	assert_int_equal(file_write("large", str_of("12345"), 0600, NULL), 0);
	assert_int_equal(mkdir("dir", 0700), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_unreadable("no", 9, ERR_NOT_FOUND, "cannot read 'no': No such file or directory");
	assert_unreadable("large/x", 9, ERR_NOT_FOUND, "cannot read 'large/x': Not a directory");
	assert_unreadable("dir", 9, ERR_INPUT, "cannot read 'dir': it is a directory");
	assert_unreadable("fifo", 9, ERR_INPUT, "cannot read 'fifo': it is not a regular file");
	assert_unreadable(
		"/dev/zero", 9, ERR_INPUT, "cannot read '/dev/zero': it is not a regular file");
	assert_unreadable("large", 4, ERR_LIMIT, "cannot read 'large': larger than 4 bytes");
	assert_unreadable(
		"loop", 4, ERR_SYSTEM, "cannot read 'loop': Too many levels of symbolic links");
}

static void test_endless_device_ends_at_maximum(void **state)
{
	(void)state;
	struct strbuf content = STRBUF_INIT;
	struct err err = {0};

	assert_int_equal(file_read("/dev/zero", FILE_ANY, 100000, &content, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(file_read("/dev/null", FILE_ANY, 10, &content, &err), 0);
	assert_int_equal(content.len, 0);
	strbuf_release(&content);
}

static void test_pipe_is_read_to_its_end(void **state)
{
	(void)state;
	char path[64];
	int fds[2];
	struct strbuf path_text = STRBUF_INIT;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(file_write_all(fds[1], str_of("from a pipe")), 0);
	close(fds[1]);
	strbuf_addf(&path_text, "/dev/fd/%d", fds[0]);
	assert_true(path_text.len < sizeof(path));
	assert_content(path_text.buf, "from a pipe");
	strbuf_release(&path_text);
	close(fds[0]);
}

/* Whose writer comes later, and one whose writer came and went. */
static void test_fifo_waits_for_its_writer(void **state)
{
	(void)state;
	pid_t writer;
	int status = -1;
	int fds[2];
	struct strbuf path = STRBUF_INIT;

	assert_int_equal(mkfifo("fifo", 0600), 0);
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		int fd = open("fifo", O_WRONLY); /* until there is a reader */

		_exit(fd >= 0 && file_write_all(fd, str_of("late")) == 0 ? 0 : 1);
	}
	assert_content("fifo", "late");
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	close(fds[1]);
	strbuf_addf(&path, "/dev/fd/%d", fds[0]);
	assert_content(path.buf, "");
	strbuf_release(&path);
	close(fds[0]);
}

static void test_read_that_fails_half_way(void **state)
{
	(void)state;
	assert_unreadable("/proc/self/mem", 9, ERR_SYSTEM,
		"cannot read '/proc/self/mem': Input/output error");
}

/* A descriptor that does not block is waited for all the same. */
static void test_write_all_waits(void **state)
{
	(void)state;
	struct strbuf text = STRBUF_INIT;
	int status = 0;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		static char bytes[10000];
		size_t sum = 0;

		close(fds[1]);
		for (ssize_t n; (n = read(fds[0], bytes, sizeof(bytes))) > 0; sum += (size_t)n) {
		}
		_exit(sum == 1000000 ? 0 : 1);
	}
	close(fds[0]);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	strbuf_addn(&text, 'x', 1000000);
	assert_int_equal(file_write_all(fds[1], strbuf_str(&text)), 0);
	close(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	strbuf_release(&text);
}

static void test_write_refuses(void **state)
{
	(void)state;
	static const struct {
		const char *path, *error;
		enum err_code code;
		bool is_known_before;
	} cases[] = {
		{"dir", "cannot write 'dir': it is a directory", ERR_INPUT, true},
		{"no/file", "cannot write 'no/file': No such file or directory", ERR_NOT_FOUND,
			true},
		{"dir/../fifo/x", "cannot write 'dir/../fifo/x': Not a directory", ERR_NOT_FOUND,
			true},
		{"", "cannot write '': No such file or directory", ERR_NOT_FOUND},
		{"fifo", "cannot write 'fifo': No such device or address", ERR_SYSTEM},
		{"/dev/full", "cannot write '/dev/full': No space left on device", ERR_SYSTEM},
	};

	assert_int_equal(mkdir("dir", 0700), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		struct err before = {0};

		assert_int_equal(file_write(cases[i].path, str_of("x"), 0600, &err), -1);
		assert_string_equal(err.msg, cases[i].error);
		assert_int_equal(err.code, cases[i].code);
		assert_int_equal(file_check_writable(cases[i].path, &before),
			cases[i].is_known_before ? -1 : 0);
		assert_string_equal(before.msg, cases[i].is_known_before ? cases[i].error : "");
	}
	assert_int_equal(count_files(), 2);
}

static void test_what_can_be_written(void **state)
{
	(void)state;
	static const char *const paths[] = {"new", "./new", "old", "/dev/null"};

	assert_int_equal(file_write("old", str_of("x"), 0600, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		assert_int_equal(file_check_writable(paths[i], NULL), 0);
	}
	assert_int_equal(count_files(), 1);
	assert_content("old", "x");
}

static void test_devices_and_links_are_written_in_place(void **state)
{
	(void)state;
	struct stat st;

	assert_int_equal(file_write("/dev/null", str_of("x"), 0600, NULL), 0);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));

	assert_int_equal(symlink("target", "link"), 0);
	assert_int_equal(file_write("link", str_of("long text"), 0600, NULL), 0);
	assert_int_equal(file_write("link", str_of("short"), 0600, NULL), 0);
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_content("target", "short");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_and_read, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(test_read_replaces, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(test_large, enter_folder, leave_folder),
		cmocka_unit_test(test_read_what_says_it_is_empty),
		cmocka_unit_test_setup_teardown(test_read_refuses, enter_folder, leave_folder),
		cmocka_unit_test(test_endless_device_ends_at_maximum),
		cmocka_unit_test(test_pipe_is_read_to_its_end),
		cmocka_unit_test_setup_teardown(
			test_fifo_waits_for_its_writer, enter_folder, leave_folder),
		cmocka_unit_test(test_read_that_fails_half_way),
		cmocka_unit_test(test_write_all_waits),
		cmocka_unit_test_setup_teardown(test_write_refuses, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(
			test_what_can_be_written, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(
			test_devices_and_links_are_written_in_place, enter_folder, leave_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Files of hosts: names that are safe and different, and errors that are told.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "fleet/output_dir.h"
#include "support/store_fixture.h"

static struct output_dir *open_dir(const char *path)
{
	struct output_dir *dir = NULL;
	struct err err = {0};

	if (output_dir_open(path, &dir, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return dir;
}

static void assert_content(const char *path, const char *content)
{
	struct strbuf found = STRBUF_INIT;

	assert_int_equal(file_read(path, FILE_REGULAR, 1 << 20, &found, NULL), 0);
	assert_string_equal(found.buf, content);
	strbuf_release(&found);
}

static void names(void **state)
{
	static const struct {
		const char *host, *name;
	} cases[] = {
		{"web-01", "web-01.out"},
		{"web-01.example.com", "web-01.example.com.out"},
		{"a_B", "a_B.out"},
		{"..", "%2E..out"},
		{".", "%2E.out"},
		{".ssh", "%2Essh.out"},
		{"../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd.out"},
		{"root@[::1]:22", "root%40%5B%3A%3A1%5D%3A22.out"},
		{"%2E", "%252E.out"},
		{"a b\n\xff", "a%20b%0A%FF.out"},
		{"", ".out"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;

		output_dir_add_name(&out, str_of(cases[i].host), ".out");
		assert_string_equal(out.buf, cases[i].name);
		strbuf_release(&out);
	}
}

static void long_names(void **state)
{
	struct strbuf host = STRBUF_INIT;
	struct strbuf first = STRBUF_INIT;
	struct strbuf second = STRBUF_INIT;

	(void)state;
	strbuf_addn(&host, 'x', 253);
	output_dir_add_name(&first, strbuf_str(&host), ".err");
	host.buf[252] = 'y';
	output_dir_add_name(&second, strbuf_str(&host), ".err");
	assert_true(first.len < 255);
	assert_true(str_ends(strbuf_str(&first), ".err"));
	assert_string_not_equal(first.buf, second.buf);
	strbuf_release(&host);
	strbuf_release(&first);
	strbuf_release(&second);
}

static void writes(void **state)
{
	struct output_dir *dir = open_dir("all");
	struct output_file *out = NULL;
	struct output_file *quiet = NULL;

	(void)state;
	assert_int_equal(file_write("all/web-01.err", str_of("old"), 0644, NULL), 0);
	assert_int_equal(output_file_new(dir, str_of("web-01"), ".out", &out, NULL), 0);
	assert_int_equal(output_file_new(dir, str_of("web-01"), ".err", &quiet, NULL), 0);
	assert_int_equal(access("all/web-01.out", F_OK), -1);
	assert_int_equal(access("all/web-01.err", F_OK), -1);
	assert_int_equal(output_file_add(out, str_of(""), NULL), 0);
	assert_int_equal(access("all/web-01.out", F_OK), -1);
	assert_int_equal(output_file_add(out, str_of("a\n"), NULL), 0);
	assert_int_equal(output_file_add(out, str_of("b"), NULL), 0);
	assert_int_equal(output_file_bytes(out), 3);
	assert_int_equal(output_file_close(&out, NULL), 0);
	assert_null(out);
	assert_int_equal(output_file_close(&out, NULL), 0);
	assert_int_equal(output_file_close(&quiet, NULL), 0);
	assert_content("all/web-01.out", "a\nb");
	assert_int_equal(access("all/web-01.err", F_OK), -1);
	output_dir_free(&dir);
	output_dir_free(&dir);

	/* Again: what was there is replaced. */
	dir = open_dir("all");
	assert_int_equal(output_file_new(dir, str_of("web-01"), ".out", &out, NULL), 0);
	assert_int_equal(output_file_add(out, str_of("c"), NULL), 0);
	assert_int_equal(output_file_close(&out, NULL), 0);
	assert_content("all/web-01.out", "c");
	output_dir_free(&dir);
}

/* Also not one that comes between. */
static void follows_no_link(void **state)
{
	struct output_dir *dir = open_dir("links");
	struct output_file *file = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(file_write("target", str_of("mine"), 0644, NULL), 0);
	assert_int_equal(symlink("../target", "links/a.out"), 0);
	assert_int_equal(output_file_new(dir, str_of("a"), ".out", &file, &err), 0);
	assert_int_equal(symlink("../target", "links/a.out"), 0);
	assert_int_equal(output_file_add(file, str_of("x"), &err), -1);
	assert_string_equal(err.msg, "cannot create 'links/a.out': File exists");
	err.msg[0] = '\0';
	assert_int_equal(output_file_add(file, str_of("x"), &err), -1);
	assert_string_equal(err.msg, "cannot create 'links/a.out': File exists");
	err.msg[0] = '\0';
	assert_int_equal(output_file_close(&file, &err), -1);
	assert_string_equal(err.msg, "cannot create 'links/a.out': File exists");
	assert_null(file);
	assert_content("target", "mine");
	output_dir_free(&dir);
}

static void refuses(void **state)
{
	struct output_dir *dir = NULL;
	struct output_file *file = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(output_dir_open("none/none", &dir, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(
		err.msg, "cannot create the folder 'none/none': No such file or directory");
	assert_int_equal(file_write("file", str_of(""), 0644, NULL), 0);
	assert_int_equal(output_dir_open("file", &dir, &err), -1);
	assert_string_equal(err.msg, "cannot open the folder 'file': Not a directory");
	assert_null(dir);

	dir = open_dir("odd");
	assert_int_equal(mkdir("odd/a.out", 0755), 0);
	assert_int_equal(output_file_new(dir, str_of("a"), ".out", &file, &err), -1);
	assert_string_equal(err.msg, "cannot replace 'odd/a.out': Is a directory");
	assert_null(file);
	output_dir_free(&dir);
}

/* As when the disk is full: told once it happens, and what was written stays. */
static void full(void **state)
{
	const struct rlimit small = {4, RLIM_INFINITY};
	struct rlimit before;
	struct output_dir *dir = open_dir("full");
	struct output_file *file = NULL;
	struct err err = {0};

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(output_file_new(dir, str_of("a"), ".out", &file, NULL), 0);
	assert_int_equal(output_file_add(file, str_of("1234"), NULL), 0);
	assert_int_equal(
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){small.rlim_cur, before.rlim_max}), 0);
	assert_int_equal(output_file_add(file, str_of("5"), &err), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_string_equal(err.msg, "cannot write 'full/a.out': File too large");
	assert_int_equal(output_file_add(file, str_of("6"), &err), -1);
	assert_int_equal(output_file_bytes(file), 4);
	assert_int_equal(output_file_close(&file, NULL), -1);
	assert_content("full/a.out", "1234");
	output_dir_free(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(long_names),
		cmocka_unit_test(writes),
		cmocka_unit_test(follows_no_link),
		cmocka_unit_test(refuses),
		cmocka_unit_test(full),
	};

	return cmocka_run_group_tests(tests, store_folder_enter, store_folder_leave);
}

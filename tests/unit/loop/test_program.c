#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "loop/program.h"

static char folder[] = "/tmp/test_program.XXXXXX";

/* A folder a/ with a file and a folder that are no programs, b/ with two programs. */
static const struct {
	const char *name;
	mode_t mode;
	const char *content; /* NULL: a folder */
} files[] = {
	{"a", 0755, NULL},
	{"b", 0755, NULL},
	{"a/both", 0644, "text"},
	{"a/plain", 0644, "text"},
	{"a/deep", 0755, NULL},
	{"b/both", 0755, "#!/bin/sh\n"},
	{"b/deep", 0755, "#!/bin/sh\n"},
	{"b/garbage", 0755, "\1\2\3"},
	{"b/orphan", 0755, "#!/no/such/interpreter\n"},
};

static char *in_folder(const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

static int files_make(void **state)
{
	(void)state;
	if (!mkdtemp(folder)) {
		return -1;
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		_cleanup_(freep) char *path = in_folder(files[i].name);

		if (!files[i].content) {
			assert_int_equal(mkdir(path, files[i].mode), 0);
		} else {
			int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, files[i].mode);
			size_t len = strlen(files[i].content);

			assert_true(fd >= 0);
			assert_int_equal(write(fd, files[i].content, len), len);
			assert_int_equal(close(fd), 0);
		}
	}
	return 0;
}

static int files_remove(void **state)
{
	(void)state;
	for (size_t i = ARRAY_LEN(files); i-- > 0;) {
		_cleanup_(freep) char *path = in_folder(files[i].name);

		assert_int_equal(remove(path), 0);
	}
	return rmdir(folder);
}

/* "@" in a PATH stands for the folder. */
static char *expand(const char *path)
{
	char *text = xstrdup("");

	for (; *path; path++) {
		char *longer = *path == '@' ? xasprintf("%s%s", text, folder)
					    : xasprintf("%s%c", text, *path);

		free(text);
		text = longer;
	}
	return text;
}

static void finds_the_first_executable_file_in_path(void **state)
{
	static const struct {
		const char *path; /* NULL: no PATH in the environment */
		const char *name;
		const char *expected; /* NULL: not found */
		enum err_code code;
	} rows[] = {
		{"PATH=@/a:@/b", "both", "@/b/both", ERR_NONE},
		{"PATH=@/b:@/a", "both", "@/b/both", ERR_NONE},
		{"PATH=@/a:@/b", "deep", "@/b/deep", ERR_NONE},
		{"PATH=@/no/such:@/b/", "both", "@/b//both", ERR_NONE},
		{"PATH=@/a", "both", NULL, ERR_PERMISSION},
		{"PATH=@/a:@/b", "plain", NULL, ERR_PERMISSION},
		{"PATH=@/a", "deep", NULL, ERR_NOT_FOUND},
		{"PATH=@/a:@/b", "nothing", NULL, ERR_NOT_FOUND},
		{"PATH=@/a:@/b", "", NULL, ERR_NOT_FOUND},
		{"PATH=", "sh", NULL, ERR_NOT_FOUND},
		{"PATH=::", "sh", NULL, ERR_NOT_FOUND},
		{"PATH=.:bin", "sh", NULL, ERR_NOT_FOUND},
		{"PATH=@/b", "./sh", "./sh", ERR_NONE},
		{"PATH=@/b", "/no/such", "/no/such", ERR_NONE},
		{"XPATH=@/b", "both", NULL, ERR_NOT_FOUND},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		_cleanup_(freep) char *path = expand(rows[i].path);
		_cleanup_(freep) char *expected =
			rows[i].expected ? expand(rows[i].expected) : NULL;
		_cleanup_(freep) char *found = NULL;
		const char *const env[] = {"A=PATH=/", path, NULL};
		struct err err = {0};
		int r = program_find(rows[i].name, env, &found, &err);

		assert_int_equal(r, expected ? 0 : -1);
		assert_int_equal(err.code, rows[i].code);
		if (expected) {
			assert_string_equal(found, expected);
		} else {
			_cleanup_(freep) char *quoted = xasprintf("'%s'", rows[i].name);

			assert_null(found);
			assert_non_null(strstr(err.msg, quoted));
		}
	}
}

static void looks_in_the_usual_folders_without_a_path(void **state)
{
	static const char *const env[] = {"HOME=/", NULL};
	const char *const *const envs[] = {env, NULL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(envs); i++) {
		_cleanup_(freep) char *found = NULL;
		struct err err = {0};

		assert_int_equal(program_find("sh", envs[i], &found, &err), 0);
		assert_int_equal(access(found, X_OK), 0);
	}
}

static void says_why_exec_failed(void **state)
{
	static const struct {
		const char *path;
		int errnum;
		enum err_code code;
		const char *expected;
	} rows[] = {
		{"@/no", ENOENT, ERR_NOT_FOUND, "cannot run '@/no': No such file or directory"},
		{"@/b/orphan", ENOENT, ERR_NOT_FOUND,
			"cannot run '@/b/orphan': the interpreter that it names does not exist"},
		{"@/a", EACCES, ERR_PERMISSION, "cannot run '@/a': not a file"},
		{"@/a/plain", EACCES, ERR_PERMISSION, "cannot run '@/a/plain': Permission denied"},
		{"@/b/garbage", ENOEXEC, ERR_INPUT,
			"cannot run '@/b/garbage': neither a program nor a script that begins with "
			"'#!'"},
		{"@/b/both", EAGAIN, ERR_SYSTEM,
			"cannot run '@/b/both': Resource temporarily unavailable"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		_cleanup_(freep) char *path = expand(rows[i].path);
		_cleanup_(freep) char *expected = expand(rows[i].expected);
		struct err err = {0};

		assert_int_equal(program_exec_error(path, AT_FDCWD, rows[i].errnum, &err), -1);
		assert_int_equal(err.code, rows[i].code);
		assert_string_equal(err.msg, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_first_executable_file_in_path),
		cmocka_unit_test(looks_in_the_usual_folders_without_a_path),
		cmocka_unit_test(says_why_exec_failed),
	};

	return cmocka_run_group_tests(tests, files_make, files_remove);
}

#include <sys/stat.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "conf/interpolate.h"

struct fixture {
	struct arena *arena;
	char folder[64];
};

static void write_file(const struct fixture *f, const char *name, struct str content)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", f->folder, name);

	assert_int_equal(file_write(path, content, 0600, NULL), 0);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->arena = arena_new();
	(void)snprintf(f->folder, sizeof(f->folder), "/tmp/test_interpolate.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	(void)setenv("T_NAME", "value", 1);
	(void)setenv("T_EMPTY", "", 1);
	(void)setenv("T_NESTED", "${T_NAME}", 1);
	(void)setenv("_T2", "two", 1);
	(void)unsetenv("T_UNSET");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {"secret", "crlf", "nul", "large", "largest", "empty"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		_cleanup_(freep) char *path = xasprintf("%s/%s", f->folder, names[i]);

		(void)unlink(path);
	}
	assert_int_equal(rmdir(f->folder), 0);
	arena_free(f->arena);
	free(f);
	return 0;
}

static void test_replaced(void **state)
{
	static const struct {
		const char *text, *result;
	} cases[] = {
		{"", ""},
		{"plain", "plain"},
		{"${T_NAME}", "value"},
		{"a${T_NAME}b${_T2}c", "avaluebtwoc"},
		{"${T_EMPTY}", ""},
		{"${T_UNSET:-x y}", "x y"},
		{"${T_UNSET:-}", ""},
		{"${T_UNSET:-a:-b}", "a:-b"},
		{"${T_UNSET:-${T_NAME}}", "${T_NAME}"}, /* a default is text */
		{"${T_EMPTY:-x}", "x"},
		{"${T_NAME:-x}", "value"},
		{"${T_NESTED}", "${T_NAME}"}, /* what is put in is not looked at */
		{"$${T_NAME}", "${T_NAME}"},
		{"$$${T_NAME}", "$${T_NAME}"},
		{"^[0-9]+$", "^[0-9]+$"},
		{"$T_NAME $ $$ {x}", "$T_NAME $ $$ {x}"},
		{"a$", "a$"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct interpolation in = {.arena = f->arena};
		struct err err = {0};
		struct str result;

		if (interpolate(&in, str_of(cases[i].text), &result, &err) < 0) {
			fail_msg("%s: %s", cases[i].text, err.msg);
		}
		assert_true(str_is(result, cases[i].result));
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"${T_UNSET}", "the environment variable T_UNSET is not set; set it, or write "
			       "${T_UNSET:-default}"},
		{"a ${T_NAME", "'${' without '}' after it"},
		{"${", "'${' without '}'"},
		{"${}", "'${}' is not ${NAME}, ${NAME:-default} or ${file:PATH}"},
		{"${1A}", "'${1A}' is not"},
		{"${A B}", "'${A B}' is not"},
		{"${A:+b}", "'${A:+b}' is not"},
		{"${A:}", "'${A:}' is not"},
		{"${:-x}", "'${:-x}' is not"},
		{"${\x1b[1m}", "'${\\x1b[1m}' is not"},
		{"${file:}", "${file:} names no file"},
		{"${file:none}", "${file:none}: cannot read '"},
		{"${file:/}", "${file:/}: cannot read '/': it is a directory"},
		{"${file:/dev/zero}", "it is not a regular file"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct interpolation in = {.arena = f->arena, .base_dir = f->folder};
		struct str result = str_of("untouched");
		struct err err = {0};

		assert_int_equal(interpolate(&in, str_of(cases[i].text), &result, &err), -1);
		if (!strstr(err.msg, cases[i].error)) {
			fail_msg("%s: %s", cases[i].text, err.msg);
		}
		assert_true(str_is(result, "untouched"));
	}
}

static void assert_result(struct interpolation *in, const char *text, const char *expected)
{
	struct err err = {0};
	struct str result;

	if (interpolate(in, str_of(text), &result, &err) < 0) {
		fail_msg("%s: %s", text, err.msg);
	}
	assert_int_equal(result.len, strlen(expected));
	assert_memory_equal(result.ptr, expected, result.len);
}

static void test_files(void **state)
{
	struct fixture *f = *state;
	struct interpolation in = {.arena = f->arena, .base_dir = f->folder};
	_cleanup_(freep) char *absolute = xasprintf("<${file:%s/secret}>", f->folder);

	write_file(f, "secret", str_of("hunter2\n"));
	write_file(f, "crlf", str_of(" a\r\nb \r\n\r\n"));
	write_file(f, "empty", str_of(""));
	assert_result(&in, "${file:secret}", "hunter2");
	assert_result(&in, "a ${file:./secret} b", "a hunter2 b");
	assert_result(&in, absolute, "<hunter2>");
	assert_result(&in, "${file:crlf}", " a\r\nb ");
	assert_result(&in, "${file:empty}", "");
	assert_true(interpolate_has_file(str_of("a${file:x}")));
	assert_false(interpolate_has_file(str_of("a${FILE}")));
}

static void test_home(void **state)
{
	struct fixture *f = *state;
	struct interpolation in = {.arena = f->arena};
	const char *saved = getenv("HOME");
	_cleanup_(freep) char *home = saved ? xstrdup(saved) : NULL;

	write_file(f, "secret", str_of("hunter2"));
	(void)setenv("HOME", f->folder, 1);
	assert_result(&in, "${file:~/secret}", "hunter2");
	if (home) {
		(void)setenv("HOME", home, 1);
	}
}

static void assert_refused(struct interpolation *in, const char *text, const char *error)
{
	struct err err = {0};
	struct str result;

	assert_int_equal(interpolate(in, str_of(text), &result, &err), -1);
	if (!strstr(err.msg, error)) {
		fail_msg("%s: %s", text, err.msg);
	}
	assert_null(strstr(err.msg, "hunter2"));
}

static void test_bad_files(void **state)
{
	struct fixture *f = *state;
	struct interpolation in = {.arena = f->arena, .base_dir = f->folder};
	_cleanup_(freep) char *large = xcalloc(INTERPOLATE_FILE_MAX + 2, 1);

	memset(large, 'x', INTERPOLATE_FILE_MAX + 1);
	write_file(f, "largest", str_n(large, INTERPOLATE_FILE_MAX));
	write_file(f, "large", str_n(large, INTERPOLATE_FILE_MAX + 1));
	write_file(f, "nul", str_n("hunter2\0x", 9));
	assert_result(&in, "${file:largest}", large + 1);
	assert_refused(&in, "${file:large}", "larger than 65536 bytes");
	assert_refused(&in, "${file:nul}", "${file:nul}: the file holds a NUL byte");
	in.no_files = true;
	assert_refused(&in, "${file:largest}", "${file:largest}: files are not read here");
}

static void test_total(void **state)
{
	struct fixture *f = *state;
	struct interpolation in = {.arena = f->arena};
	struct err err = {0};
	struct str result;

	in.put_in_bytes = INTERPOLATE_TOTAL_MAX - 5;
	assert_int_equal(interpolate(&in, str_of("${T_NAME}"), &result, &err), 0);
	assert_int_equal(interpolate(&in, str_of("${T_EMPTY}"), &result, &err), 0);
	assert_int_equal(interpolate(&in, str_of("${T_UNSET:-x}"), &result, &err), -1);
	assert_string_equal(err.msg, "more than 16 MB of text from ${...} in all");
	assert_int_equal(err.code, ERR_LIMIT);
}

static void test_escaped(void **state)
{
	static const char *const texts[] = {
		"", "a", "${T_NAME}", "$${T_NAME}", "$$${", "${${", "$", "a${", "$$"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
		struct interpolation in = {.arena = f->arena};

		interpolate_add_escaped(str_of(texts[i]), &sb);
		assert_result(&in, sb.buf, texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_home, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_total, setup, teardown),
		cmocka_unit_test_setup_teardown(test_escaped, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

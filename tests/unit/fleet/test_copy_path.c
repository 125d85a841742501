/*
 * Arguments, names and paths.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/copy_path.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void test_arguments(void **state)
{
	static const struct {
		const char *argument;
		const char *hosts; /* NULL: it is here */
		const char *path;
	} cases[] = {
		{"app.conf", NULL, "app.conf"},
		{"/etc/app", NULL, "/etc/app"},
		{"./a:b", NULL, "./a:b"},
		{"dir/a:b", NULL, "dir/a:b"},
		{"web-01:/etc/app/", "web-01", "/etc/app/"},
		{"web-[01-20]:/etc", "web-[01-20]", "/etc"},
		{"web[01:20]:/etc", "web[01:20]", "/etc"},
		{"@web:app.conf", "@web", "app.conf"},
		{"a,b!c:x", "a,b!c", "x"},
		{":/etc/app", "", "/etc/app"},
		{":", "", "."},
		{"web-01:", "web-01", "."},
		{"web-01:~", "web-01", "."},
		{"web-01:~/", "web-01", "."},
		{"web-01:~/a b", "web-01", "a b"},
		{"web-01:~//a", "web-01", "a"},
		{"web-01:a:b", "web-01", "a:b"},
		{"[2001:db8::1]:/x", "[2001:db8::1]", "/x"},
		{"a]b:/x", "a]b", "/x"},
		{"[a:/x", NULL, "[a:/x"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct copy_place place;

		assert_int_equal(copy_place_parse(cases[i].argument, arena, &place, NULL), 0);
		assert_int_equal(place.is_remote, cases[i].hosts != NULL);
		assert_string_equal(
			str_dup(place.hosts, arena), cases[i].hosts ? cases[i].hosts : "");
		assert_string_equal(place.path, cases[i].path);
	}
}

static void test_wrong_arguments(void **state)
{
	struct copy_place place;
	struct err err = {0};
	char *path = arena_alloc(arena, 5001);

	(void)state;
	assert_int_equal(copy_place_parse("", arena, &place, &err), -1);
	assert_string_equal(err.msg, "an empty path");
	assert_int_equal(copy_place_parse("web-01:~bob/x", arena, &place, &err), -1);
	assert_non_null(strstr(err.msg, "'~bob/x': only one's own home"));
	memset(path, 'a', 5000);
	path[1] = ':';
	assert_int_equal(copy_place_parse(path, arena, &place, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_non_null(strstr(err.msg, "too long"));
}

static void test_plain_names(void **state)
{
	static const struct {
		struct str name;
		bool is_plain;
	} cases[] = {
		{{"a", 1}, true},
		{{" ", 1}, true},
		{{"...", 3}, true},
		{{"-rf", 3}, true},
		{{"a\nb", 3}, true},
		{{"\xff", 1}, true},
		{{"", 0}, false},
		{{".", 1}, false},
		{{"..", 2}, false},
		{{"a/b", 3}, false},
		{{"/", 1}, false},
		{{"../../etc/passwd", 16}, false},
		{{"a\0b", 3}, false},
	};
	char *name = arena_alloc(arena, 257);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(copy_name_is_plain(cases[i].name), cases[i].is_plain);
	}
	memset(name, 'a', 256);
	assert_true(copy_name_is_plain(str_n(name, 255)));
	assert_false(copy_name_is_plain(str_n(name, 256)));
}

static void test_parts(void **state)
{
	static const struct {
		const char *path, *base, *parent;
	} cases[] = {
		{"/etc/app", "app", "/etc"},
		{"/etc/app//", "app", "/etc"},
		{"/etc", "etc", "/"},
		{"//etc", "etc", "/"},
		{"app", "app", "."},
		{"app/", "app", "."},
		{"a/b", "b", "a"},
		{"./b", "b", "."},
		{".", "", "."},
		{"..", "", "."},
		{"a/..", "", "a"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str path = str_of(cases[i].path);

		assert_string_equal(str_dup(copy_base_name(path), arena), cases[i].base);
		assert_string_equal(copy_parent(path, arena), cases[i].parent);
	}
	assert_string_equal(copy_parent(str_of("/"), arena), "/");
	assert_string_equal(copy_join("/etc", str_of("app"), arena), "/etc/app");
	assert_string_equal(copy_join("/etc//", str_of("app"), arena), "/etc/app");
	assert_string_equal(copy_join("/", str_of("app"), arena), "/app");
	assert_string_equal(copy_join(".", str_of("app"), arena), "app");
	assert_string_equal(copy_join("a/b", str_of(""), arena), "a/b");
	assert_string_equal(copy_join("a/", str_of(""), arena), "a");
}

static void test_temporary_names(void **state)
{
	const struct copy_sum sum = {
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"};
	char *path = arena_alloc(arena, 300);
	char *name;

	(void)state;
	assert_string_equal(copy_temporary("/etc/app.conf", &sum, NULL, arena),
		"/etc/.app.conf.ba7816bf8f01.copying");
	assert_string_equal(copy_temporary("app.conf", &sum, "-0011", arena),
		".app.conf.ba7816bf8f01-0011.copying");
	path[0] = '/';
	memset(path + 1, 'a', 255);
	name = copy_temporary(path, &sum, NULL, arena);
	assert_int_equal(strlen(name), 256 - 16);
	assert_true(copy_is_temporary(copy_base_name(str_of(name))));
	assert_false(copy_is_temporary(str_of("app.copying")));
	assert_false(copy_is_temporary(str_of(".app")));
}

static void test_temporary_of(void **state)
{
	static const struct copy_sum sum = {
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"};
	static const struct {
		const char *name, *file;
		bool is_one, has_sum; /* any one of it; with that sum */
	} cases[] = {
		{".a.0123456789ab-01234567.copying", "a", true, true},
		{".a.b.0123456789ab-01234567.copying", "a.b", true, true},
		{".a.fffffffffff0-01234567.copying", "a", true, false},
		{".a.0123456789ab-01234567.copying", "b", false, false},
		{".ab.0123456789ab-01234567.copying", "a", false, false},
		{".a.0123456789ab-01234567.copying", "a.0123456789ab", false, false},
		{".a.0123456789ab.copying", "a", false, false},
		{".a.0123456789ab-0123456.copying", "a", false, false},
		{".a.0123456789ab-012345678.copying", "a", false, false},
		{".a.0123456789aB-01234567.copying", "a", false, false},
		{".a.0123456789ab-0123456g.copying", "a", false, false},
		{".a.0123456789ab001234567.copying", "a", false, false},
		{".a.0123456789ab-01234567.Copying", "a", false, false},
		{"xa.0123456789ab-01234567.copying", "a", false, false},
		{".ax0123456789ab-01234567.copying", "a", false, false},
		{"a", "a", false, false},
		{"", "", false, false},
	};
	struct str long_name = str_of(arena_printf(arena, "%0255d", 1));
	const char *made = copy_temporary(long_name.ptr, &sum, copy_salt(arena), arena);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str name = str_of(cases[i].name), file = str_of(cases[i].file);

		assert_int_equal(copy_is_temporary_of(name, file, NULL), cases[i].is_one);
		assert_int_equal(copy_is_temporary_of(name, file, &sum), cases[i].has_sum);
	}
	assert_true(copy_is_temporary_of(str_of(made), long_name, &sum));
}

static void test_folders_for_root(void **state)
{
	static const struct {
		const char *name;
		bool is_stage, is_staged;
	} cases[] = {
		{".sre-toolkit-copy-0123abcd", true, false},
		{".sre-toolkit-copy-0123ABCD", false, false},
		{".sre-toolkit-copy-0123abc", false, false},
		{".sre-toolkit-copy-0123abcde", false, false},
		{".sre-toolkit-copy_0123abcd", false, false},
		{".sre-toolkit-copx-0123abcd", false, false},
		{"0", false, true},
		{"1234", false, true},
		{"", false, false},
		{".", false, false},
		{"1a", false, false},
		{"-1", false, false},
		{".12.0123456789ab-89abcdef.copying", false, true},
		{".12.0123456789ab.copying", false, false},
		{".12x.0123456789ab-89abcdef.copying", false, false},
		{"..0123456789ab-89abcdef.copying", false, false},
		{".12.0123456789ab-89abcdef.copyin", false, false},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(copy_is_stage(str_of(cases[i].name)), cases[i].is_stage);
		assert_int_equal(copy_is_staged(str_of(cases[i].name)), cases[i].is_staged);
	}
	assert_true(copy_is_stage(str_of(copy_stage_name(arena))));
}

static void test_port_hint(void **state)
{
	(void)state;
	assert_string_equal(
		copy_port_hint("24322:/d/x"), " (a port goes into --hosts or a file of servers)");
	assert_string_equal(copy_port_hint("24322/x"), "");
	assert_string_equal(copy_port_hint(":x"), "");
	assert_string_equal(copy_port_hint("/d/1:2"), "");
	assert_string_equal(copy_port_hint(""), "");
}

static void test_timed_backups(void **state)
{
	(void)state;
	arena = arena_new();
	assert_string_equal(copy_timed_backup("/etc/a", ".20250701-080000~", 0, arena),
		"/etc/a.20250701-080000~");
	assert_string_equal(copy_timed_backup("/etc/a", ".20250701-080000~", 12, arena),
		"/etc/a.20250701-080000.12~");
	assert_string_equal(copy_timed_backup("a", "~", 0, arena), "a~");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timed_backups),
		cmocka_unit_test(test_port_hint),
		cmocka_unit_test_setup_teardown(test_arguments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_arguments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_plain_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_temporary_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_temporary_of, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folders_for_root, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

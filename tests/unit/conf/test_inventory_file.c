/*
 * Files with a host a line: what people's files really hold is fine, what is not has its place.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "conf/inventory.h"
#include "support/nodeset_fixture.h"

static void test_lines(void **state)
{
	(void)state;
	static const struct {
		const char *text, *names;
	} table[] = {
		{"web-01\nweb-02\n", "web-01 web-02"},
		{"web-01\r\nweb-02\r\n", "web-01 web-02"},
		{"web-01", "web-01"},
		{"\xef\xbb\xbfweb-01\n", "web-01"},
		{"# servers\n\n  \t\nweb-01 # the first\n\tweb-02\t# a tab\n#web-03\n",
			"web-01 web-02"},
		{"b\na\nb\n", "b a"},
		{"web-[01-03]\nweb,x\nc d\n", "web-01 web-02 web-03 web x c d"},
		{"web-[1-3]!web-2\n", "web-1 web-3"},
		{"2001:db8::1\n10.0.0.1\n", "2001:db8::1 10.0.0.1"},
		{"web-1\n@db!db-1\n", "web-1 db-2 db-1"},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct inventory *inv = inventory_new(arena);
		struct nodeset set;
		struct err err;
		bool has_group = str_contains(str_of(table[i].text), "@db");

		if (has_group) {
			assert_return_code(
				inventory_add_group(inv, "db", "db-[1-2]", NULL, &err), 0);
		}
		if (inventory_read_text(inv, "s.txt", str_of(table[i].text), &err) < 0 ||
			inventory_select(inv, str_of("@all"), arena, &set, &err) < 0) {
			fail_msg("%s", err.msg);
		}
		assert_string_equal(nodeset_joined(&set, arena), table[i].names);
		assert_null(inventory_find(inv, set.names[0]));
	}
}

static void test_errors(void **state)
{
	(void)state;
	static const struct {
		const char *text, *msg;
	} table[] = {
		{"a\n\n  web-[9-1]\n", "s.txt:3:8: range '9-1' is reversed: write 1-9"},
		{"web-[1-3\n", "s.txt:1:5: '[' is never closed: expected ']'"},
		{"\xef\xbb\xbf-x\n",
			"s.txt:1:1: a name must not begin with '-' (an exclusion begins "
			"with '!')"},
		{"a#b\n", "s.txt:1:2: a name cannot hold '#'"},
		{"a\nb;c\nd|e\n",
			"s.txt:2:2: a name cannot hold ';'; s.txt:3:2: a name cannot hold '|'"},
		{"a\tb\x01\n", "s.txt:1:4: a name cannot hold '\\x01'"},
		{"a\n@wbe\n", "s.txt:2:1: unknown group 'wbe'; did you mean 'web'?"},
		{"a,@web,@wbe,\n", "s.txt:1:13: expected a name at the end"},
		{"x @wbe\ny @nothing\n", "s.txt:1:3: unknown group 'wbe'; did you mean 'web'?; "
					 "s.txt:2:3: unknown group 'nothing'"},
		{"!web-1\n", "s.txt:1:1: nothing to exclude from: write '@all!...' to begin with "
			     "every server"},
		{"\xff\xfe"
		 "a",
			"s.txt:1:1: the file is UTF-16: save it as UTF-8"},
		{"#!/bin/sh\necho a\n",
			"s.txt:1:1: the file is a program: inventory scripts are not run"},
		{"---\nall:\n",
			"s.txt:1:1: the file is YAML: write a host a line, or Ansible's INI"},
		{"all:\n  hosts:\n",
			"s.txt:1:1: the file is YAML: write a host a line, or Ansible's INI"},
		{"web:\n  hosts:\n",
			"s.txt:1:4: a name must not end with ':'; s.txt:2:8: a name must "
			"not end with ':'"},
		{"{\"web\": []}\n",
			"s.txt:1:1: the file is JSON: write a host a line, or Ansible's INI"},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct inventory *inv = inventory_new(arena);
		struct err err;

		assert_return_code(inventory_add_group(inv, "web", "x", NULL, &err), 0);
		if (inventory_read_text(inv, "s.txt", str_of(table[i].text), &err) == 0) {
			assert_int_equal(inventory_check(inv, &err), -1);
		}
		assert_string_equal(err.msg, table[i].msg);
	}
}

static void test_many_errors_are_counted(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = inventory_new(arena);
	struct strbuf text = STRBUF_INIT;
	struct err err;

	for (int i = 0; i < 100000; i++) {
		strbuf_adds(&text, "a;b\n");
	}
	assert_int_equal(inventory_read_text(inv, "s.txt", strbuf_str(&text), &err), -1);
	assert_memory_equal(err.msg, "s.txt:1:2: a name cannot hold ';'; s.txt:2:2: ", 45);
	assert_true(str_ends(str_of(err.msg), " (and 99989 more)"));

	/* Nor does each get a suggestion. */
	strbuf_clear(&text);
	for (int i = 0; i < 20000; i++) {
		strbuf_addf(&text, "@group%d\n", i);
		(void)snprintf(err.msg, sizeof(err.msg), "g%d", i);
		assert_return_code(inventory_add_group(inv, err.msg, "x", NULL, &err), 0);
	}
	assert_return_code(inventory_read_text(inv, "t.txt", strbuf_str(&text), &err), 0);
	assert_int_equal(inventory_check(inv, &err), -1);
	strbuf_release(&text);
}

static void test_hundred_thousand_lines(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = inventory_new(arena);
	struct strbuf text = STRBUF_INIT;
	struct nodeset set;
	struct err err;

	for (int i = 0; i < 100000; i++) {
		strbuf_addf(&text, "server-%d.example.com\n", i);
	}
	assert_return_code(inventory_read_text(inv, "s.txt", strbuf_str(&text), &err), 0);
	assert_return_code(inventory_select(inv, str_of("@all"), arena, &set, &err), 0);
	assert_int_equal(set.names_count, 100000);
	assert_string_equal(nodeset_fold(&set, arena), "server-[0-99999].example.com");
	strbuf_release(&text);
}

/* Both lines together are worth more than a check may spell out, in one group or in the file. */
static void test_members_are_bounded(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = inventory_new(arena);
	struct strbuf text = STRBUF_INIT;
	struct err err;

	for (int i = 0; i < 1000; i++) {
		strbuf_adds(&text, "n[1-400000]!n[1-400000]\n");
	}
	assert_return_code(inventory_read_text(inv, "s.txt", strbuf_str(&text), &err), 0);
	assert_int_equal(inventory_check(inv, &err), -1);
	assert_memory_equal(err.msg, "s.txt:6:1: there are too many names up to here", 46);
	strbuf_release(&text);
}

struct files {
	char folder[64];
	char path[96];
};

static int make_folder(void **state)
{
	struct files *files = xcalloc(1, sizeof(*files));

	(void)snprintf(files->folder, sizeof(files->folder), "/tmp/test_inventory.XXXXXX");
	assert_non_null(mkdtemp(files->folder));
	(void)snprintf(files->path, sizeof(files->path), "%s/servers.txt", files->folder);
	*state = files;
	return 0;
}

static int remove_folder(void **state)
{
	struct files *files = *state;

	(void)unlink(files->path); /* not every test made it */
	assert_return_code(rmdir(files->folder), 0);
	free(files);
	return 0;
}

static void test_read_file(void **state)
{
	struct files *files = *state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = inventory_new(arena);
	struct nodeset set;
	struct err err;
	char *expected;

	assert_return_code(file_write(files->path, str_of("a\nb[\n"), 0600, &err), 0);
	assert_int_equal(inventory_read_file(inv, files->path, &err), -1);
	expected = arena_printf(arena, "%s:2:2: '[' is never closed: expected ']'", files->path);
	assert_string_equal(err.msg, expected);

	inv = inventory_new(arena);
	assert_return_code(file_write(files->path, str_of("a\nb\n"), 0600, &err), 0);
	assert_return_code(inventory_read_file(inv, files->path, &err), 0);
	assert_return_code(inventory_select(inv, str_of("@all"), arena, &set, &err), 0);
	assert_string_equal(nodeset_joined(&set, arena), "a b");
}

static void test_no_file(void **state)
{
	struct files *files = *state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = inventory_new(arena);
	struct nodeset set;
	struct err err;

	assert_int_equal(inventory_read_file(inv, files->path, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_int_equal(inventory_read_file(inv, files->folder, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_int_equal(inventory_select_file(inv, files->folder, arena, &set, &err), -1);
	assert_return_code(mkfifo(files->path, 0600), 0);
	assert_int_equal(inventory_read_file(inv, files->path, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
}

/* --servers FILE: its hosts alone, though its groups may be those of the configuration. */
static void test_select_file(void **state)
{
	struct files *files = *state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = inventory_new(arena);
	struct nodeset set;
	struct err err;

	assert_return_code(inventory_add_group(inv, "web", "web-[1-2]", NULL, &err), 0);
	assert_return_code(inventory_add_group(inv, "db", "db-1", NULL, &err), 0);
	assert_return_code(file_write(files->path, str_of("x\n@db\ny\nx\n"), 0600, &err), 0);
	assert_return_code(inventory_select_file(inv, files->path, arena, &set, &err), 0);
	assert_string_equal(nodeset_joined(&set, arena), "x db-1 y");

	assert_return_code(
		file_write(files->path, str_of("u\n[web]\nv ansible_port=22\n[db:children]\nweb\n"),
			0600, &err),
		0);
	assert_return_code(inventory_select_file(inv, files->path, arena, &set, &err), 0);
	assert_string_equal(nodeset_joined(&set, arena), "u v");
	assert_int_equal(inventory_find(inv, "v")->port, 22);
	assert_return_code(inventory_select(inv, str_of("@db"), arena, &set, &err), 0);
	assert_string_equal(nodeset_joined(&set, arena), "db-1 web-1 web-2 v");

	assert_return_code(file_write(files->path, str_of("# none\n"), 0600, &err), 0);
	assert_int_equal(inventory_select_file(inv, files->path, arena, &set, &err), -1);
	assert_string_equal(err.msg, arena_printf(arena, "'%s' names no server", files->path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_many_errors_are_counted),
		cmocka_unit_test(test_hundred_thousand_lines),
		cmocka_unit_test(test_members_are_bounded),
		cmocka_unit_test_setup_teardown(test_read_file, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_no_file, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_select_file, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

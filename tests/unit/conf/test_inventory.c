/*
 * Groups resolve whatever the order they were written in, what cannot be resolved is said with its
 * place, and a selection is never more than was asked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "conf/inventory.h"
#include "support/nodeset_fixture.h"

struct group_text {
	const char *name, *members;
};

static int add_groups(struct inventory *inv, const struct group_text *groups, struct err *err)
{
	for (; groups->name; groups++) {
		if (inventory_add_group(inv, groups->name, groups->members, "c.yaml:1:2", err) <
			0) {
			return -1;
		}
	}
	return 0;
}

static const struct group_text example[] = {
	{"frontend", "@web,@cache"},
	{"web", "web-[01-04]"},
	{"cache", "cache-1 cache-2"},
	{"db", "db-1"},
	{"db", "db-2"},
	{"dc1", "web-[01-02],cache-1,db-1"},
	{"old", "web-04,db-2"},
	{"live", "@frontend,@db!@old"},
	{"nobody", "db-1!db-1"},
	{NULL, NULL},
};

static void test_select(void **state)
{
	(void)state;
	static const struct {
		const char *selection, *names;
	} table[] = {
		{"@web", "web-01 web-02 web-03 web-04"},
		{"@frontend", "web-01 web-02 web-03 web-04 cache-1 cache-2"},
		{"@db", "db-1 db-2"},
		{"@live", "web-01 web-02 web-03 cache-1 cache-2 db-1"},
		{"@live&@dc1", "web-01 web-02 cache-1 db-1"},
		{"@live&@dc1!@web", "cache-1 db-1"},
		{"@all", "web-01 web-02 web-03 web-04 cache-1 cache-2 db-1 db-2"},
		{"@all!@web", "cache-1 cache-2 db-1 db-2"},
		{"elsewhere", "elsewhere"},
		{"@nobody,x", "x"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = inventory_new(arena);
	struct err err;

	assert_return_code(add_groups(inv, example, &err), 0);
	assert_return_code(inventory_check(inv, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		_cleanup_(arena_freep) struct arena *scratch = arena_new();
		struct nodeset set;

		if (inventory_select(inv, str_of(table[i].selection), scratch, &set, &err) < 0) {
			fail_msg("%s", err.msg);
		}
		assert_string_equal(nodeset_joined(&set, scratch), table[i].names);
	}
}

static void test_select_errors(void **state)
{
	(void)state;
	static const struct {
		const char *selection;
		enum err_code code;
		const char *msg;
	} table[] = {
		{"@wbe", ERR_NOT_FOUND,
			"node set '@wbe': column 1: unknown group 'wbe'; did you mean 'web'?"},
		{"@al", ERR_NOT_FOUND,
			"node set '@al': column 1: unknown group 'al'; did you mean 'all'?"},
		{"db-1 @something", ERR_NOT_FOUND,
			"node set 'db-1 @something': column 6: unknown group 'something'"},
		{"@nobody", ERR_INPUT, "selection '@nobody' matches no server"},
		{"@web&@db", ERR_INPUT, "selection '@web&@db' matches no server"},
		{"@web,", ERR_INPUT, "node set '@web,': column 6: expected a name at the end"},
		{"", ERR_INPUT, "node set '': column 1: expected a name or a group"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = inventory_new(arena);
	struct err err;

	assert_return_code(add_groups(inv, example, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct nodeset set = {.names_count = 77};

		assert_int_equal(
			inventory_select(inv, str_of(table[i].selection), arena, &set, &err), -1);
		assert_string_equal(err.msg, table[i].msg);
		assert_int_equal(err.code, table[i].code);
		assert_int_equal(set.names_count, 77);
	}
}

static void test_empty_inventory(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = inventory_new(arena);
	struct nodeset set;
	struct err err;
	size_t count;

	assert_return_code(inventory_check(inv, &err), 0);
	assert_return_code(inventory_select(inv, str_of("a b"), arena, &set, &err), 0);
	assert_int_equal(set.names_count, 2);
	assert_int_equal(inventory_select(inv, str_of("@all"), arena, &set, &err), -1);
	assert_string_equal(err.msg, "selection '@all' matches no server; the inventory is empty");
	assert_int_equal(inventory_select(inv, str_of("@web"), arena, &set, &err), -1);
	assert_string_equal(
		err.msg, "node set '@web': column 1: unknown group 'web'; no groups are defined");
	assert_null(inventory_find(inv, "a"));
	assert_string_equal(inventory_groups(inv, &count)[0], "all");
	assert_int_equal(count, 1);
}

static void test_broken_groups(void **state)
{
	(void)state;
	static const struct {
		struct group_text groups[5];
		const char *msg;
	} table[] = {
		{{{"a", "@b"}, {"b", "@c"}, {"c", "x,@a"}},
			"c.yaml:1:2: group 'c': column 3: group 'a' contains itself: a -> b -> c "
			"-> a"},
		{{{"a", "@a"}},
			"c.yaml:1:2: group 'a': column 1: group 'a' contains itself: a -> a"},
		{{{"a", "x"}, {"b", "@a,@aa,@c"}, {"c", "@b"}},
			"c.yaml:1:2: group 'b': column 4: unknown group 'aa'; did you mean 'a'?"},
		{{{"web", "x"}, {"a", "@wbe"}, {"b", "@a"}, {"c", "@a,@wob"}},
			"c.yaml:1:2: group 'a': column 1: unknown group 'wbe'; did you mean "
			"'web'?"},
		{{{"web", "x"}, {"a", "@wbe"}, {"b", "y @wob"}},
			"c.yaml:1:2: group 'a': column 1: unknown group 'wbe'; did you mean "
			"'web'?; c.yaml:1:2: group 'b': column 3: unknown group 'wob'; did you "
			"mean "
			"'web'?"},
		{{{"a", "@all!b"}}, "c.yaml:1:2: group 'a': column 1: a group cannot be defined by "
				    "'@all', which is made of all groups"},
		{{{"a", "[9-1]"}},
			"c.yaml:1:2: group 'a': column 2: range '9-1' is reversed: write "
			"1-9"},
		{{{"a", ""}}, "c.yaml:1:2: group 'a': column 1: expected a name or a group"},
		{{{"all", "x"}}, "c.yaml:1:2: group 'all' is every server; give the group another "
				 "name"},
		{{{"a b", "x"}}, "c.yaml:1:2: group: name 'a b': a name cannot hold ' '"},
		{{{"", "x"}}, "c.yaml:1:2: group: name '': expected a name at the end"},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct inventory *inv = inventory_new(arena);
		struct nodeset set;
		struct err err;

		if (add_groups(inv, table[i].groups, &err) == 0) {
			assert_int_equal(inventory_check(inv, &err), -1);
			/* It stays wrong until something is added. */
			assert_int_equal(inventory_check(inv, &err), -1);
			assert_int_equal(inventory_select(inv, str_of("x"), arena, &set, &err), -1);
		}
		assert_string_equal(err.msg, table[i].msg);
	}
}

static void test_no_place(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = inventory_new(arena);
	struct err err;

	assert_int_equal(inventory_add_group(inv, "a", "b[", NULL, &err), -1);
	assert_string_equal(err.msg, "group 'a': column 2: '[' is never closed: expected ']'");
	assert_int_equal(inventory_add_group(inv, "-a", "b", NULL, &err), -1);
	assert_string_equal(err.msg, "group: name '-a': a name must not begin with '-' (an "
				     "exclusion begins with '!')");
}

/* g0 is @g1, g1 is @g2, ... */
static int check_chain(int length, bool is_bottom_up, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = inventory_new(arena);
	char name[16];
	char next[16];

	for (int i = 0; i < length; i++) {
		int n = is_bottom_up ? length - 1 - i : i;

		(void)snprintf(name, sizeof(name), "g%d", n);
		(void)snprintf(next, sizeof(next), n + 1 < length ? "@g%d" : "host%d", n + 1);
		assert_return_code(inventory_add_group(inv, name, next, NULL, err), 0);
	}
	return inventory_check(inv, err);
}

static void test_depth_does_not_depend_on_order(void **state)
{
	(void)state;
	struct err err;

	assert_return_code(check_chain(INVENTORY_DEPTH_MAX, false, &err), 0);
	assert_return_code(check_chain(INVENTORY_DEPTH_MAX, true, &err), 0);
	assert_int_equal(check_chain(INVENTORY_DEPTH_MAX + 1, false, &err), -1);
	assert_string_equal(err.msg, "group 'g63': column 1: groups are nested more than 64 deep");
	assert_int_equal(check_chain(INVENTORY_DEPTH_MAX + 1, true, &err), -1);
	assert_string_equal(err.msg, "group 'g0': column 1: groups are nested more than 64 deep");
	assert_int_equal(check_chain(10000, false, &err), -1);
	assert_int_equal(check_chain(10000, true, &err), -1);
}

/* What each spells out is fine, but not what all do. */
static void test_members_are_bounded(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = inventory_new(arena);
	char name[16];
	struct err err;

	for (int i = 0; i < 10; i++) {
		(void)snprintf(name, sizeof(name), "g%d", i);
		assert_return_code(inventory_add_group(inv, name, "x!n[1-900000]", NULL, &err), 0);
	}
	assert_int_equal(inventory_check(inv, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_memory_equal(
		err.msg, "group 'g4': column 3: there are too many names up to here", 56);
}

static void test_added_later(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = inventory_new(arena);
	struct nodeset set;
	struct err err;

	assert_return_code(inventory_add_group(inv, "a", "@b", NULL, &err), 0);
	assert_int_equal(inventory_check(inv, &err), -1);
	assert_return_code(inventory_add_group(inv, "b", "x", NULL, &err), 0);
	assert_return_code(inventory_select(inv, str_of("@a"), arena, &set, &err), 0);
	assert_string_equal(nodeset_joined(&set, arena), "x");
	assert_return_code(inventory_add_group(inv, "b", "y", NULL, &err), 0);
	assert_return_code(inventory_select(inv, str_of("@a,@all"), arena, &set, &err), 0);
	assert_string_equal(nodeset_joined(&set, arena), "x y");
}

static void test_group_names(void **state)
{
	(void)state;
	static const char *const expected[] = {
		"all", "cache", "db", "dc1", "frontend", "live", "nobody", "old", "web"};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = inventory_new(arena);
	const char *const *names;
	struct err err;
	size_t count;

	assert_return_code(add_groups(inv, example, &err), 0);
	names = inventory_groups(inv, &count);
	assert_int_equal(count, ARRAY_LEN(expected));
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(names[i], expected[i]);
	}
}

/* --- the examples of docs/nodesets.md ------------------------------------------------------------
 */

/* The tables of the page, by their first heading and second. */
enum page_table { TABLE_NONE, TABLE_NAMES, TABLE_SELECTION, TABLE_ERROR, TABLE_FILE, TABLE_FOLDED };

static const struct {
	const char *heading;
	enum page_table table;
} page_tables[] = {
	{"| expression | stands for |", TABLE_NAMES},
	{"| selection | stands for |", TABLE_SELECTION},
	{"| selection | error |", TABLE_ERROR},
	{"| file | error |", TABLE_FILE},
	{"| names | folded |", TABLE_FOLDED},
};

static const char *page_path; /* NULL: not told */

/* The next text in backquotes, NUL-terminated; NULL if there is none. */
static const char *cut_quoted(struct str *line, struct arena *arena)
{
	size_t open = str_find(*line, '`', 0);
	size_t close = str_find(*line, '`', open + 1);
	struct str text = str_sub(*line, open + 1, close - open - 1);

	if (close >= line->len) {
		return NULL;
	}
	*line = str_sub(*line, close + 1, line->len);
	return str_dup(text, arena);
}

/* The block of the page that begins with "```what". */
static struct str page_block(struct str page, const char *what)
{
	const char *start = memmem(page.ptr, page.len, what, strlen(what));
	const char *end;
	struct str rest;
	struct str line;

	assert_non_null(start);
	rest = str_sub(page, (size_t)(start - page.ptr), page.len);
	assert_true(str_line(&rest, &line));
	end = memmem(rest.ptr, rest.len, "```", 3);
	assert_non_null(end);
	return str_n(rest.ptr, (size_t)(end - rest.ptr));
}

/* What the page's configuration and inventory.ini come to. */
static struct inventory *page_inventory(struct str page, struct arena *arena)
{
	struct inventory *inv = inventory_new(arena);
	struct str yaml = page_block(page, "```yaml");
	struct str line;
	struct err err;

	while (str_line(&yaml, &line)) {
		size_t colon = str_find(line, ':', 0);
		struct str members = str_trim(str_sub(line, colon + 1, line.len));

		if (str_starts(line, "    ")) {
			assert_return_code(
				inventory_add_group(inv,
					str_dup(str_trim(str_sub(line, 0, colon)), arena),
					str_dup(str_sub(members, 1, members.len - 2), arena), NULL,
					&err),
				0);
		}
	}
	if (inventory_read_text(inv, "inventory.ini", page_block(page, "```ini"), &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return inv;
}

static const char *names_of(struct inventory *inv, const char *selection, struct arena *arena)
{
	struct nodeset set;
	struct err err;

	if (inventory_select(inv, str_of(selection), arena, &set, &err) < 0) {
		return arena_strdup(arena, err.msg);
	}
	return nodeset_joined(&set, arena);
}

static const char *error_of_file(const char *text, struct arena *arena)
{
	struct err err;

	assert_int_equal(inventory_read_text(inventory_new(arena), "file", str_of(text), &err), -1);
	return arena_strdup(arena, err.msg);
}

static const char *folded(const char *names, struct arena *arena)
{
	struct nodeset set;
	struct err err;

	assert_return_code(nodeset_parse(str_of(names), NULL, arena, &set, &err), 0);
	return nodeset_fold(&set, arena);
}

static void check_row(enum page_table table, struct inventory *inv, const char *left,
	const char *right, struct arena *arena)
{
	switch (table) {
	case TABLE_NONE:
		fail_msg("%s: in no table that is checked", left);
		break;
	case TABLE_NAMES:
		assert_string_equal(names_of(inventory_new(arena), left, arena), right);
		break;
	case TABLE_SELECTION:
	case TABLE_ERROR:
		assert_string_equal(names_of(inv, left, arena), right);
		break;
	case TABLE_FILE:
		assert_string_equal(error_of_file(left, arena), right);
		break;
	case TABLE_FOLDED:
		assert_string_equal(folded(left, arena), right);
		break;
	}
}

static enum page_table table_of(struct str line, enum page_table before)
{
	for (size_t i = 0; i < ARRAY_LEN(page_tables); i++) {
		if (str_is(line, page_tables[i].heading)) {
			return page_tables[i].table;
		}
	}
	return line.len == 0 ? TABLE_NONE : before;
}

static void test_examples_of_the_page(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(strbuf_release) struct strbuf content = STRBUF_INIT;
	enum page_table table = TABLE_NONE;
	struct inventory *inv;
	struct str rest;
	struct str line;
	struct err err;
	int rows = 0;

	if (!page_path) {
		skip_because("the path of docs/nodesets.md was not given as an argument");
	}
	if (file_read(page_path, FILE_REGULAR, 1024 * 1024, &content, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	inv = page_inventory(strbuf_str(&content), arena);
	rest = strbuf_str(&content);
	while (str_line(&rest, &line)) {
		const char *left;

		table = table_of(line, table);
		left = str_starts(line, "| `") ? cut_quoted(&line, arena) : NULL;
		if (left) {
			check_row(table, inv, left, cut_quoted(&line, arena), arena);
			rows++;
		}
	}
	assert_true(rows > 40);
	assert_return_code(inventory_read_text(inv, "servers.txt",
				   page_block(strbuf_str(&content), "```text"), &err),
		0);
	assert_return_code(inventory_check(inv, &err), 0);
	assert_int_equal(inventory_find(inv, "cache1")->port, 2222);
	assert_string_equal(inventory_find(inv, "cache1")->username, "cache");
	assert_string_equal(inventory_find(inv, "mail")->address, "10.0.0.25");
}

/* usage: test_conf_inventory [SOURCE-DIRECTORY] */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_select_errors),
		cmocka_unit_test(test_empty_inventory),
		cmocka_unit_test(test_broken_groups),
		cmocka_unit_test(test_no_place),
		cmocka_unit_test(test_depth_does_not_depend_on_order),
		cmocka_unit_test(test_members_are_bounded),
		cmocka_unit_test(test_added_later),
		cmocka_unit_test(test_group_names),
		cmocka_unit_test(test_examples_of_the_page),
	};
	char *path = argc > 1 ? xasprintf("%s/docs/nodesets.md", argv[1]) : NULL;
	int failed;

	page_path = path;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(path);
	return failed;
}

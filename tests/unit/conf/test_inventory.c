/*
 * Groups resolve whatever the order they were written in, what cannot be resolved is said with its
 * place, and a selection is never more than was asked for.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "conf/inventory.h"

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

static char *joined(const struct nodeset *set, struct arena *arena)
{
	struct strbuf out = STRBUF_INIT;
	char *text;

	for (size_t i = 0; i < set->names_count; i++) {
		strbuf_addf(&out, "%s%s", i > 0 ? " " : "", set->names[i]);
	}
	text = arena_strdup(arena, out.buf);
	strbuf_release(&out);
	return text;
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
		assert_string_equal(joined(&set, scratch), table[i].names);
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
	assert_string_equal(joined(&set, arena), "x");
	assert_return_code(inventory_add_group(inv, "b", "y", NULL, &err), 0);
	assert_return_code(inventory_select(inv, str_of("@a,@all"), arena, &set, &err), 0);
	assert_string_equal(joined(&set, arena), "x y");
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

int main(void)
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

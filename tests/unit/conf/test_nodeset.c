/*
 * A node set expression stands for exactly the names one expects, in written order, or says at
 * which column it stops making sense.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "conf/nodeset.h"
#include "support/nodeset_fixture.h"

/* The groups of these tests. */
static int lookup(void *arg, struct str group, const struct nodeset **ret_members, struct err *err)
{
	static const struct {
		const char *name, *members;
	} groups[] = {
		{"web", "web-[1-3]"},
		{"db", "db-1 db-2"},
		{"rack1", "web-1 db-1"},
		{"rack2", "web-2 db-2"},
		{"none", "x!x"},
		{"half", "h[1-500000]"},
	};
	struct arena *arena = arg;

	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		if (str_is(group, groups[i].name)) {
			struct nodeset *set = arena_alloc(arena, sizeof(*set));

			assert_return_code(
				nodeset_parse(str_of(groups[i].members), NULL, arena, set, err), 0);
			*ret_members = set;
			return 0;
		}
	}
	return err_set(err, ERR_NOT_FOUND, "unknown group '%.*s'", STR_ARG(group));
}

static void test_expand(void **state)
{
	(void)state;
	static const struct {
		const char *text, *names;
	} table[] = {
		{"web", "web"},
		{"  web-01.example.com\t", "web-01.example.com"},
		{"_a", "_a"},
		{"2001:db8::1", "2001:db8::1"},
		{"root@web-[01-02]:2222", "root@web-01:2222 root@web-02:2222"},
		{"web:[22,2222]", "web:22 web:2222"},
		{"u[1-2]@web", "u1@web u2@web"},
		{"[::1]:22 root@[::1] [::1]", "[::1]:22 root@[::1] [::1]"},
		{"root@[1-2]", "root@1 root@2"},
		{"root@a,a:22,b!a", "b"},
		{"root@a,a:22,b!a:22", "root@a b"},
		{"root@a,a:22,b&a", "root@a a:22"},
		{"root@a,b!a,root@a", "b root@a"},
		{"web-[1-3]", "web-1 web-2 web-3"},
		{"web-[01-03,30]", "web-01 web-02 web-03 web-30"},
		{"[1-2]", "1 2"},
		{"[08-11]x", "08x 09x 10x 11x"},
		{"n[9-11]", "n9 n10 n11"},
		{"n[98-101]", "n98 n99 n100 n101"},
		{"n[098-1001/300]", "n098 n398 n698 n998"},
		{"n[1,01,001]", "n1 n01 n001"},
		{"n[0-2]", "n0 n1 n2"},
		{"n[00-02]", "n00 n01 n02"},
		{"n[1-9/2]", "n1 n3 n5 n7 n9"},
		{"n[1-9/100]", "n1"},
		{"n[1-10/3,5]", "n1 n4 n7 n10 n5"},
		{"n[3,1,2,1]", "n3 n1 n2"},
		{"n[5-5]", "n5"},
		{"n[999999999999999]", "n999999999999999"},
		{"r[1-2]-n[01-03]", "r1-n01 r1-n02 r1-n03 r2-n01 r2-n02 r2-n03"},
		{"[1-2][3-4]", "13 14 23 24"},
		{"db-[a-c]", "db-a db-b db-c"},
		{"db-[A-C/2,x]", "db-A db-C db-x"},
		{"web[01:03]", "web01 web02 web03"},
		{"web[1:9:4]", "web1 web5 web9"},
		{"db-[a:f:2]", "db-a db-c db-e"},
		{"a,b", "a b"},
		{"a b", "a b"},
		{"a , b\nc\r\n", "a b c"},
		{"b,a,b", "b a"},
		{"web-[1-4]!web-2", "web-1 web-3 web-4"},
		{"web-[1-4],!web-[2-3]", "web-1 web-4"},
		{"web-[1-4] , ! web-[2-3]", "web-1 web-4"},
		{"web-[1-4] !web-9", "web-1 web-2 web-3 web-4"},
		{"a!a", ""},
		{"a!a,a", "a"},
		{"a,b!a,a", "b a"},
		{"a,b,c&c,b", "c b"},
		{"a b c & [a-b]", "a b"},
		{"a&b", ""},
		{"a&b&c,d", "d"},
		{"@web", "web-1 web-2 web-3"},
		{"@web,@db", "web-1 web-2 web-3 db-1 db-2"},
		{"@web!@rack1", "web-2 web-3"},
		{"@web&@rack2", "web-2"},
		{"@rack[1-2]", "web-1 db-1 web-2 db-2"},
		{"@web!@rack[1-2]", "web-3"},
		{"@web&@rack[1-2]", "web-1 web-2"},
		{"x,@none", "x"},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const struct nodeset_scope scope = {.lookup = lookup, .arg = arena};
		struct nodeset set;
		struct err err;

		if (nodeset_parse(str_of(table[i].text), &scope, arena, &set, &err) < 0) {
			fail_msg("%s", err.msg);
		}
		assert_string_equal(nodeset_joined(&set, arena), table[i].names);
		for (size_t j = 0; j < set.names_count; j++) {
			assert_true(nodeset_contains(&set, str_of(set.names[j])));
		}
		assert_false(nodeset_contains(&set, str_of("elsewhere")));
	}
}

#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_errors(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum err_code code;
		size_t column;
		const char *msg;
	} table[] = {
		// clang-format off
		{"", ERR_INPUT, 1, "expected a name or a group"},
		{" \t", ERR_INPUT, 1, "expected a name or a group"},
		{"web-[1-3", ERR_INPUT, 5, "'[' is never closed: expected ']'"},
		{"web-[", ERR_INPUT, 5, "'[' is never closed: expected ']'"},
		{"web-[1-", ERR_INPUT, 5, "'[' is never closed: expected ']'"},
		{"web-[1,", ERR_INPUT, 5, "'[' is never closed: expected ']'"},
		{"web-[1-9/", ERR_INPUT, 5, "'[' is never closed: expected ']'"},
		{"web-[]", ERR_INPUT, 6, "empty range: expected a number or a range such as 01-20"},
		{"web-[,1]", ERR_INPUT, 6, "empty range: expected a number or a range such as 01-20"},
		{"web-[1,,2]", ERR_INPUT, 8, "empty range: expected a number or a range such as 01-20"},
		{"web-[1,]", ERR_INPUT, 8, "empty range: expected a number or a range such as 01-20"},
		{"web-[1-]", ERR_INPUT, 8, "expected the end of the range"},
		{"web-[1-,3]", ERR_INPUT, 8, "expected the end of the range"},
		{"web-[-3]", ERR_INPUT, 6, "expected a number, a range such as 01-20, or a letter"},
		{"web-[1[2]]", ERR_INPUT, 7, "expected ',' or ']' after a range"},
		{"web-[1;2]", ERR_INPUT, 7, "expected ',' or ']' after a range"},
		{"web-[1-2-3]", ERR_INPUT, 9, "expected ',' or ']' after a range"},
		{"web-[1, 2]", ERR_INPUT, 8, "no space may stand inside '[...]'"},
		{"web-[1 ]", ERR_INPUT, 7, "no space may stand inside '[...]'"},
		{"web-[1\n-2]", ERR_INPUT, 7, "no space may stand inside '[...]'"},
		{"web-[9-1]", ERR_INPUT, 6, "range '9-1' is reversed: write 1-9"},
		{"web-[z-a]", ERR_INPUT, 6, "range 'z-a' is reversed: write a-z"},
		{"web-[1-9/0]", ERR_INPUT, 10, "the step of a range must be at least 1"},
		{"web-[1-9/]", ERR_INPUT, 10, "expected the step, a number"},
		{"web-[1-9/x]", ERR_INPUT, 10, "expected the step, a number"},
		{"web-[1-9:2]", ERR_INPUT, 9, "expected ',' or ']' after a range"},
		{"web-[1-a]", ERR_INPUT, 6, "range '1-a': expected two numbers or two letters of the same case"},
		{"web-[a-Z]", ERR_INPUT, 6, "range 'a-Z': expected two numbers or two letters of the same case"},
		{"web-[prod]", ERR_INPUT, 6, "expected a number or a single letter before 'r'"},
		{"web-[1a]", ERR_INPUT, 6, "expected a number or a single letter before 'a'"},
		{"web-[1-09]", ERR_INPUT, 6, "range '1-09' is padded differently at its ends: write as many digits in both"},
		{"web-[99-0100]", ERR_INPUT, 6, "range '99-0100' is padded differently at its ends: write as many digits in both"},
		{"web-[001-20]", ERR_INPUT, 6, "range '001-20' is padded differently at its ends: write as many digits in both"},
		{"web-[01-0100]", ERR_INPUT, 6, "range '01-0100' is padded differently at its ends: write as many digits in both"},
		{"web-[1-1000000000000000]", ERR_INPUT, 8, "number '1000000000000000' has more than 15 digits"},
		{"a b -c", ERR_INPUT, 5, "a name must not begin with '-' (an exclusion begins with '!')"},
		{"--help", ERR_INPUT, 1, "a name must not begin with '-' (an exclusion begins with '!')"},
		{"..", ERR_INPUT, 1, "a name must not begin with '.'"},
		{"@-x", ERR_INPUT, 2, "a name must not begin with '-' (an exclusion begins with '!')"},
		{"hosts:", ERR_INPUT, 6, "a name must not end with ':'"},
		{"ssh://root@web-01:22", ERR_INPUT, 4,
			"a name must not end with ':'; a server is no URL, write "
			"[USER@]HOST[:PORT]"},
		{"a;b", ERR_INPUT, 2, "a name cannot hold ';'"},
		{"$(id)", ERR_INPUT, 1, "a name cannot hold '$'"},
		{"a`b`", ERR_INPUT, 2, "a name cannot hold '`'"},
		{"a|b", ERR_INPUT, 2, "a name cannot hold '|'"},
		{"a/b", ERR_INPUT, 2, "a name cannot hold '/'"},
		{"web\x01", ERR_INPUT, 4, "a name cannot hold '\\x01'"},
		{"web\xff", ERR_INPUT, 4, "a name cannot hold '\\xff'"},
		{"b\xc3\xbc""cher", ERR_INPUT, 2, "a name cannot hold '\xc3\xbc'"},
		{"web-*", ERR_INPUT, 5, "a name cannot hold '*'; there are no wildcards, name a group or a range such as web-[01-20]"},
		{"root@", ERR_INPUT, 5, "a name cannot hold '@'; a user stands once, in front of a server: root@web-01"},
		{"root@@web", ERR_INPUT, 5, "a name cannot hold '@'; a user stands once, in front of a server: root@web-01"},
		{"a@b@c", ERR_INPUT, 4, "a name cannot hold '@'; a user stands once, in front of a server: root@web-01"},
		{"a root@web:0", ERR_INPUT, 3, "port: number '0': must be from 1 to 65535"},
		{"a web-[1-3]:99999", ERR_INPUT, 3, "port: number '99999': must be from 1 to 65535"},
		{"web:ssh", ERR_INPUT, 1, "port: number 'ssh': not a whole number"},
		{"a:b:c", ERR_INPUT, 1, "'a:b:c' is no address of IPv6"},
		{"b,[::1]x", ERR_INPUT, 3, "expected ':' and a port behind '[::1]'"},
		{"[::zz]:22", ERR_INPUT, 1, "'::zz' is no address of IPv6"},
		{"web[::1]", ERR_INPUT, 5, "expected a number, a range such as 01-20, or a letter"},
		{"web]", ERR_INPUT, 4, "a name cannot hold ']' outside of '[...]'"},
		{"a port=1", ERR_INPUT, 7, "a name cannot hold '='; variables of a host are read from Ansible INI inventories only"},
		{"a,,b", ERR_INPUT, 3, "expected a name before ','"},
		{",a", ERR_INPUT, 1, "expected a name before ','"},
		{"a,", ERR_INPUT, 3, "expected a name at the end"},
		{"a!", ERR_INPUT, 3, "expected a name at the end"},
		{"a & ", ERR_INPUT, 5, "expected a name at the end"},
		{"a!!b", ERR_INPUT, 3, "expected a name before '!'"},
		{"a!,b", ERR_INPUT, 3, "expected a name before ','"},
		{"@", ERR_INPUT, 2, "expected a name at the end"},
		{"@ web", ERR_INPUT, 2, "expected a name before ' '"},
		{"@web@db", ERR_INPUT, 5, "a name cannot hold '@'; a user stands once, in front of a server: root@web-01"},
		{"!web", ERR_INPUT, 1, "nothing to exclude from: write '@all!...' to begin with every server"},
		{" &web", ERR_INPUT, 2, "nothing to intersect with: write '@all&...' to begin with every server"},
		{"a @wbe", ERR_NOT_FOUND, 3, "unknown group 'wbe'"},
		{"@rack[1-3]", ERR_NOT_FOUND, 1, "unknown group 'rack3'"},
		{"[1-1000001]", ERR_LIMIT, 1, "it stands for more than 1000000 names"},
		{"x [1-999999][1-999999]", ERR_LIMIT, 3, "it stands for more than 1000000 names"},
		{"[1-999999999999999][1-999999999999999]", ERR_LIMIT, 1, "it stands for more than 1000000 names"},
		{"a[0-999999999999999,0-999999999999999]", ERR_LIMIT, 2, "it stands for more than 1000000 names"},
		{"a![1-600000],[1-600000]", ERR_LIMIT, 14, "up to here it stands for more than 1000000 names"},
		{"a![1-500000]!@half", ERR_LIMIT, 14, "up to here it stands for more than 1000000 names"},
		{"[1][1][1][1][1][1][1][1]x[1]", ERR_LIMIT, 26, "a name may have at most 8 '[...]'"},
		{A50 A50 A50 A50 A50 "aaa[1-10]", ERR_INPUT, 1, "a name must not be longer than 253 bytes"},
		{A50 A50 A50 A50 A50 "[100-999][100-999]", ERR_INPUT, 1, "a name must not be longer than 253 bytes"},
		{"a!" A50 A50 A50 A50 "[1-500000]", ERR_LIMIT, 3, "up to here its names are longer than 64 MiB together"},
		// clang-format on
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const struct nodeset_scope scope = {.lookup = lookup, .arg = arena};
		struct nodeset set = {.names_count = 77};
		struct err err = {0};
		size_t column = 0;

		assert_int_equal(nodeset_parse_part(
					 str_of(table[i].text), &scope, arena, &set, &column, &err),
			-1);
		assert_string_equal(err.msg, table[i].msg);
		assert_int_equal(err.code, table[i].code);
		assert_int_equal(column, table[i].column);
		assert_int_equal(set.names_count, 77); /* untouched */
	}
}

static void test_error_names_text_and_column(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct nodeset set;
	struct err err;

	assert_int_equal(nodeset_parse(str_of("web-[9-1]"), NULL, arena, &set, &err), -1);
	assert_string_equal(
		err.msg, "node set 'web-[9-1]': column 6: range '9-1' is reversed: write 1-9");
	assert_int_equal(nodeset_parse(str_of("a @b"), NULL, arena, &set, &err), -1);
	assert_string_equal(err.msg, "node set 'a @b': column 3: '@b': there are no groups here");
	assert_int_equal(nodeset_parse(str_n("a\0b", 3), NULL, arena, &set, &err), -1);
	assert_string_equal(err.msg, "node set 'a\\x00b': column 2: a name cannot hold '\\x00'");
	assert_int_equal(nodeset_parse(str_of("a;b"), NULL, arena, &set, NULL), -1);
}

static void test_largest(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct nodeset set;
	struct err err;

	assert_return_code(nodeset_parse(str_of("n[1-1000][000-999]"), NULL, arena, &set, &err), 0);
	assert_int_equal(set.names_count, NODESET_MAX);
	assert_string_equal(set.names[0], "n1000");
	assert_string_equal(set.names[NODESET_MAX - 1], "n1000999");
	assert_true(nodeset_contains(&set, str_of("n500500")));
	assert_false(nodeset_contains(&set, str_of("n1001000")));
}

static void test_budget_of_several(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct nodeset_budget budget = {.names = 10, .bytes = 20};
	const struct nodeset_scope scope = {.budget = &budget};
	struct nodeset set;
	struct err err;

	assert_return_code(nodeset_parse(str_of("n[1-4],!n1"), &scope, arena, &set, &err), 0);
	assert_int_equal(budget.names, 5);
	assert_int_equal(budget.bytes, 10);
	assert_int_equal(nodeset_parse(str_of("a,n[1-5]"), &scope, arena, &set, &err), -1);
	assert_string_equal(err.msg, "node set 'a,n[1-5]': column 3: there are too many names up "
				     "to here");
	assert_int_equal(nodeset_parse(str_of("a,longish-name"), &scope, arena, &set, &err), -1);
	assert_string_equal(err.msg, "node set 'a,longish-name': column 3: the names are too long "
				     "up to here");
}

static void test_check_looks_at_the_text_only(void **state)
{
	(void)state;
	struct err err;
	size_t column = 0;

	assert_return_code(nodeset_check(str_of("@unknown,[1-1000000] a!b"), &column, &err), 0);
	assert_int_equal(nodeset_check(str_of("@x n[1-"), &column, &err), -1);
	assert_int_equal(column, 5);
	assert_string_equal(err.msg, "'[' is never closed: expected ']'");
}

/* Steps that cost a scan of the whole set each would take hours here. */
static void test_many_operators_are_quick(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct strbuf text = STRBUF_INIT;
	struct nodeset set;
	struct err err;

	strbuf_adds(&text, "n[1-200000]");
	for (int i = 0; i < 50000; i++) {
		strbuf_addf(&text, "!n%d", i);
	}
	strbuf_adds(&text, "&n[50001-60000]");
	for (int i = 0; i < 50000; i++) {
		strbuf_adds(&text, "&n60000");
	}
	assert_return_code(nodeset_parse(strbuf_str(&text), NULL, arena, &set, &err), 0);
	assert_string_equal(nodeset_joined(&set, arena), "n60000");
	strbuf_release(&text);
}

static void test_add_and_contains(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct nodeset set;
	char name[16];

	nodeset_init(&set, arena);
	assert_false(nodeset_contains(&set, str_of("n0")));
	for (int i = 0; i < 100000; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		assert_true(nodeset_add(&set, str_of(name)));
		assert_false(nodeset_add(&set, str_of(name)));
	}
	assert_int_equal(set.names_count, 100000);
	assert_string_equal(set.names[4711], "n4711");
	assert_true(nodeset_contains(&set, str_n("n123456", 6)));
	assert_false(nodeset_contains(&set, str_of("n123456")));
}

/* A parsed set can be added to. */
static void test_add_after_parse(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct nodeset set;
	struct err err;

	assert_return_code(nodeset_parse(str_of("a,b,c!b"), NULL, arena, &set, &err), 0);
	assert_true(nodeset_add(&set, str_of("b")));
	assert_false(nodeset_add(&set, str_of("a")));
	assert_string_equal(nodeset_joined(&set, arena), "a c b");

	assert_return_code(nodeset_parse(str_of("a!a"), NULL, arena, &set, &err), 0);
	assert_true(nodeset_add(&set, str_of("z")));
	assert_string_equal(nodeset_joined(&set, arena), "z");
}

static void test_check_name(void **state)
{
	(void)state;
	static const struct {
		const char *name, *msg;
	} table[] = {
		{"web-01.example.com", NULL},
		{"_x:1", NULL},
		{"a@b", "name 'a@b': a name cannot hold '@'; a user stands once, in front of a "
			"server: root@web-01"},
		{"[::1]", "name '[::1]': expected a number, a range such as 01-20, or a letter"},
		{"", "name '': expected a name at the end"},
		{"a b", "name 'a b': a name cannot hold ' '"},
		{"a[1]", "name 'a[1]': a name cannot hold '['"},
		{"a!b", "name 'a!b': a name cannot hold '!'"},
		{"@a", "name '@a': a name cannot hold '@'; a user stands once, in front of a "
		       "server: root@web-01"},
		{"-a", "name '-a': a name must not begin with '-' (an exclusion begins with '!')"},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct err err = {0};
		int result = nodeset_check_name(str_of(table[i].name), &err);

		assert_int_equal(result, table[i].msg ? -1 : 0);
		assert_string_equal(err.msg, table[i].msg ? table[i].msg : "");
	}
}

static void test_check_server(void **state)
{
	(void)state;
	static const struct {
		const char *name, *msg;
	} table[] = {
		{"web-01", NULL},
		{"root@web-01:22", NULL},
		{"[::1]:22", NULL},
		{"web-01:x", "name 'web-01:x': port: number 'x': not a whole number"},
		{"web-[1-2]:22", "name 'web-[1-2]:22': a name cannot hold '['"},
		{"@web", "name '@web': a name cannot hold '@'; a user stands once, in front of a "
			 "server: root@web-01"},
		{"", "name '': expected a name at the end"},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct err err = {0};
		int result = nodeset_check_server(str_of(table[i].name), &err);

		assert_int_equal(result, table[i].msg ? -1 : 0);
		assert_string_equal(err.msg, table[i].msg ? table[i].msg : "");
	}
}

static void test_covers(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct nodeset set;

	nodeset_init(&set, arena);
	assert_false(nodeset_covers(&set, str_of("a")));
	(void)nodeset_add(&set, str_of("a"));
	(void)nodeset_add(&set, str_of("root@b"));
	assert_true(nodeset_covers(&set, str_of("a")));
	assert_true(nodeset_covers(&set, str_of("root@a:22")));
	assert_true(nodeset_covers(&set, str_of("root@b")));
	assert_false(nodeset_covers(&set, str_of("b")));
	assert_false(nodeset_covers(&set, str_of("root@b:22")));
}

static void test_what_takes_nothing_away(void **state)
{
	static const struct {
		const char *text, *idle; /* NULL: each takes something */
	} cases[] = {
		{"a,b!b", NULL},
		{"a,b!c", "c"},
		{"a,b ! c , !d", "c"},
		{"a-[1-3]!a-[3-9]", NULL},
		{"a-[1-3]!a-[4-9]!b", "a-[4-9]"},
		{"root@a:22!a", NULL},
		{"a!root@a:22,b", "root@a:22"},
		{"@web!@db", NULL},
		{"@web!db-1", "db-1"},
		{"a!b,b", "b"},
		{"a,b&a", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const struct nodeset_scope scope = {.lookup = lookup, .arg = arena};
		struct nodeset set;
		struct err err;

		assert_return_code(
			nodeset_parse(str_of(cases[i].text), &scope, arena, &set, &err), 0);
		assert_string_equal(set.idle ? set.idle : "", cases[i].idle ? cases[i].idle : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_error_names_text_and_column),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_budget_of_several),
		cmocka_unit_test(test_check_looks_at_the_text_only),
		cmocka_unit_test(test_many_operators_are_quick),
		cmocka_unit_test(test_add_and_contains),
		cmocka_unit_test(test_add_after_parse),
		cmocka_unit_test(test_check_name),
		cmocka_unit_test(test_check_server),
		cmocka_unit_test(test_covers),
		cmocka_unit_test(test_what_takes_nothing_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Ansible's INI inventories mean here what they mean there, as far as it says which hosts there are
 * and how to reach them.
 */
#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "conf/inventory.h"
#include "support/nodeset_fixture.h"

static struct inventory *read_checked(const char *text, struct arena *arena)
{
	struct inventory *inv = inventory_new(arena);
	struct err err;

	if (inventory_read_text(inv, "h.ini", str_of(text), &err) < 0 ||
		inventory_check(inv, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return inv;
}

static void test_hosts_and_groups(void **state)
{
	(void)state;
	static const char text[] = "; Ansible comments\n"
				   "# of both kinds\n"
				   "mail.example.com\r\n"
				   "\n"
				   "[web]  # the front\n"
				   "web[01:03]\n"
				   "  web-extra ansible_port=2222 # one more\n"
				   "web01\n"
				   "\n"
				   "[db:hosts]\n"
				   "db-[a:c]\n"
				   "cache[1:5:2]\n"
				   "10.0.0.1\n"
				   "2001:db8::1\n"
				   "\n"
				   "[dc1:children] ; forward references are fine\n"
				   "web\n"
				   "rest # and this\n"
				   "\n"
				   "[rest]\n"
				   "db-a\n"
				   "[empty]\n"
				   "[all:children]\n"
				   "web\n"
				   "[all]\n"
				   "late\n";
	static const struct {
		const char *selection, *names;
	} table[] = {
		{"@web", "web01 web02 web03 web-extra"},
		{"@db", "db-a db-b db-c cache1 cache3 cache5 10.0.0.1 2001:db8::1"},
		{"@dc1", "web01 web02 web03 web-extra db-a"},
		{"@rest", "db-a"},
		{"x,@empty", "x"},
		{"@all",
			"mail.example.com web01 web02 web03 web-extra db-a db-b db-c cache1 cache3 "
			"cache5 10.0.0.1 2001:db8::1 late"},
		{"@all!@dc1!@db", "mail.example.com late"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = read_checked(text, arena);
	struct nodeset set;
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (inventory_select(inv, str_of(table[i].selection), arena, &set, &err) < 0) {
			fail_msg("%s", err.msg);
		}
		assert_string_equal(nodeset_joined(&set, arena), table[i].names);
	}
}

static void assert_host(const struct inventory *inv, const char *name, const char *address,
	const char *username, int port)
{
	const struct inventory_host *host = inventory_find(inv, name);

	if (!address && !username && port == 0) {
		assert_null(host);
		return;
	}
	assert_non_null(host);
	assert_string_equal(host->name, name);
	assert_string_equal(host->address ? host->address : "", address ? address : "");
	assert_string_equal(host->username ? host->username : "", username ? username : "");
	assert_int_equal(host->port, port);
}

static void test_host_variables(void **state)
{
	(void)state;
	static const char text[] =
		"a ansible_host=10.0.0.1 ansible_user=deploy ansible_port=2222\n"
		"b ansible_ssh_host=fe80::1 ansible_ssh_user='sre' ansible_ssh_port=\"22\"\n"
		"c http_port=80 ansible_become=yes\n"
		"d:2200\n"
		"e[1:2]:2201 ansible_port=2202\n"
		"f x='a b # \"c\"' y=\"d 'e'\" z=f\\ g\\\"  ansible_user=ops # ansible_port=1\n"
		"g ansible_user=one\n"
		"g ansible_port=7 ansible_user=two\n"
		"h ansible_user=EXAMPLE+joe@example.com\n";
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = read_checked(text, arena);

	assert_host(inv, "a", "10.0.0.1", "deploy", 2222);
	assert_host(inv, "b", "fe80::1", "sre", 22);
	assert_host(inv, "c", NULL, NULL, 0);
	assert_host(inv, "d", NULL, NULL, 2200);
	assert_host(inv, "e1", NULL, NULL, 2202);
	assert_host(inv, "e2", NULL, NULL, 2202);
	assert_host(inv, "e3", NULL, NULL, 0);
	assert_host(inv, "f", NULL, "ops", 0);
	assert_host(inv, "g", NULL, "two", 7);
	assert_host(inv, "h", NULL, "EXAMPLE+joe@example.com", 0);
}

/* From general to special: all, groups by level, then by name, then the host. */
static void test_group_variables(void **state)
{
	(void)state;
	static const char text[] =
		"plain\n"
		"[web:vars]\n"
		"ansible_user = webmaster  # of all of them\n"
		"ansible_ssh_common_args='-o ProxyCommand=\"ssh -W %h:%p gate\"\n"
		"[all:vars]\n"
		"ansible_user=root\n"
		"ansible_port=22\n"
		"[web]\n"
		"w1\n"
		"w2 ansible_user=self ansible_host=10.0.0.2\n"
		"both\n"
		"[dc:children]\n"
		"web\n"
		"[dc:vars]\n"
		"ansible_user=dc\n"
		"ansible_port=2022\n"
		"[zone]\n"
		"w1\n"
		"both\n"
		"only-zone\n"
		"[zone:vars]\n"
		"ansible_user='zone'\n"
		"[alpha]\n"
		"only-zone\n"
		"[alpha:vars]\n"
		"ansible_user=alpha\n"
		"ansible_port=1\n";
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = read_checked(text, arena);

	assert_host(inv, "plain", NULL, "root", 22);
	assert_host(inv, "w1", NULL, "webmaster", 2022);
	assert_host(inv, "w2", "10.0.0.2", "self", 2022);
	assert_host(inv, "both", NULL, "webmaster", 2022);
	assert_host(inv, "only-zone", NULL, "zone", 1);
	assert_host(inv, "elsewhere", NULL, NULL, 0);
}

static void test_files_together(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory *inv = inventory_new(arena);
	struct nodeset set;
	struct err err;

	assert_return_code(inventory_add_group(inv, "live", "@web!web-9", "c.yaml:3:5", &err), 0);
	assert_return_code(
		inventory_read_text(inv, "a.ini", str_of("[web]\nweb-9\nweb-1\n"), &err), 0);
	assert_return_code(
		inventory_read_text(inv, "b.ini",
			str_of("[web]\nweb-2\n[web:vars]\nansible_port=9\n[x:children]\nlive\n"),
			&err),
		0);
	assert_return_code(inventory_read_text(inv, "c.txt", str_of("@live\nc\n"), &err), 0);
	assert_return_code(inventory_select(inv, str_of("@live"), arena, &set, &err), 0);
	assert_string_equal(nodeset_joined(&set, arena), "web-1 web-2");
	assert_return_code(inventory_select(inv, str_of("@x"), arena, &set, &err), 0);
	assert_string_equal(nodeset_joined(&set, arena), "web-1 web-2");
	assert_return_code(inventory_select(inv, str_of("@all"), arena, &set, &err), 0);
	assert_string_equal(nodeset_joined(&set, arena), "web-9 web-1 web-2 c");
	assert_host(inv, "web-9", NULL, NULL, 9);
	assert_host(inv, "web-2", NULL, NULL, 9);
}

static void test_errors(void **state)
{
	(void)state;
	static const struct {
		const char *text, *msg;
	} table[] = {
		// clang-format off
		{"[web:childs]\nx y\n", "h.ini:1:6: unknown kind of section 'childs'; did you mean 'children'?"},
		{"[web:var]\n", "h.ini:1:6: unknown kind of section 'var'; did you mean 'vars'?"},
		{"[web:zzz]\n", "h.ini:1:6: unknown kind of section 'zzz'; expected 'hosts', 'children' or 'vars'"},
		{"[web:]\n", "h.ini:1:6: unknown kind of section ''; expected 'hosts', 'children' or 'vars'"},
		{"[]\n", "h.ini:1:2: group: name '': expected a name at the end"},
		{" [-x]\n", "h.ini:1:3: group: name '-x': a name must not begin with '-' (an exclusion begins with '!')"},
		{"[a b]\n", "h.ini:1:2: group: name 'a b': a name cannot hold ' '"},
		{"[web]\na\n[db\n", "h.ini:3:1: '[' is never closed: expected ']'"},
		{"[web]\nweb[20:01]\n", "h.ini:2:5: range '20-01' is reversed: write 01-20"},
		{"[web]\nweb[1:20\n", "h.ini:2:4: '[' is never closed: expected ']'"},
		{"[web]\na b\n", "h.ini:2:3: expected key=value instead of 'b'"},
		{"[web]\na =b\n", "h.ini:2:3: expected key=value instead of '=b'"},
		{"[web]\na ansible_port=0\n", "h.ini:2:3: ansible_port: number '0': must be from 1 to 65535"},
		{"[web]\na ansible_port=ssh\n", "h.ini:2:3: ansible_port: number 'ssh': not a whole number"},
		{"[web]\na:70000\n", "h.ini:2:3: number '70000': must be from 1 to 65535"},
		{"[web]\na  ansible_user=-oProxyCommand=x\n", "h.ini:2:4: ansible_user: user name '-oProxyCommand=x': expected a name that does not begin with '-'"},
		{"[web]\na ansible_user=\n", "h.ini:2:3: ansible_user: user name '': expected a name that does not begin with '-'"},
		{"[web]\na ansible_user='a b'\n", "h.ini:2:3: ansible_user: user name 'a b': it cannot hold ' '"},
		{"[web]\na ansible_user=`id`\n", "h.ini:2:3: ansible_user: user name '`id`': it cannot hold '`'"},
		{"[web]\na ansible_host=-x\n", "h.ini:2:3: ansible_host: name '-x': a name must not begin with '-' (an exclusion begins with '!')"},
		{"[web]\na ansible_host={{ip}}\n", "h.ini:2:3: ansible_host: templates ('{{ }}') are not worked out"},
		{"[web]\na x='b ansible_port=1\n", "h.ini:2:5: the quote ' is never closed"},
		{"[web:vars]\nansible_user\n", "h.ini:2:1: expected key=value"},
		{"[all:vars]\n ansible_port = x\n", "h.ini:2:17: ansible_port: number 'x': not a whole number"},
		{"[all:vars]\nansible_port=\"1\n", "h.ini:2:14: the quote \" is never closed"},
		{"[web:vars]\nansible_user=x\n[wbe]\na\n", "h.ini:1:2: unknown group 'web'; did you mean 'wbe'?"},
		{"[dc:children]\nwbe\n[web]\na\n", "h.ini:2:1: unknown group 'wbe'; did you mean 'web'?"},
		{"[dc:children]\nweb db\n", "h.ini:2:5: expected one group a line"},
		{"[dc:children]\nweb[1:3]\n", "h.ini:2:1: group: name 'web[1:3]': a name cannot hold '['"},
		{"[a:children]\n  b\n[b:children]\na\n", "h.ini:4:1: group 'a' contains itself: a -> b -> a"},
		{"[a:children]\nall\n", "h.ini:2:1: a group cannot be defined by '@all', which is made of all groups"},
		{"[all:children]\nnone\n", "h.ini:2:1: unknown group 'none'; no groups are defined"},
		{"[x:y]\n[web]\na;b\n[dc:children]\nwbe\n", "h.ini:1:4: unknown kind of section 'y'; expected 'hosts', 'children' or 'vars'; h.ini:3:2: a name cannot hold ';'"},
		{"a x=1\nb;c\n", "h.ini:2:2: a name cannot hold ';'"},
		{"[web]\n@web\n", "h.ini:2:1: group 'web' contains itself: web -> web"},
		// clang-format on
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct inventory *inv = inventory_new(arena);
		struct err err;

		if (inventory_read_text(inv, "h.ini", str_of(table[i].text), &err) == 0) {
			assert_int_equal(inventory_check(inv, &err), -1);
		}
		assert_string_equal(err.msg, table[i].msg);
	}
}

static void test_large_inventory(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct strbuf text = STRBUF_INIT;
	struct inventory *inv;
	struct nodeset set;
	struct err err;

	strbuf_adds(&text, "[all:vars]\nansible_user=sre\n");
	for (int i = 0; i < 100000; i++) {
		if (i % 1000 == 0) {
			strbuf_addf(&text, "[rack%d]\n", i / 1000);
		}
		strbuf_addf(&text, "s%d ansible_host=10.%d.%d.%d\n", i, i / 65536, i / 256 % 256,
			i % 256);
	}
	inv = read_checked(text.buf, arena);
	assert_return_code(inventory_select(inv, str_of("@rack[7-8]"), arena, &set, &err), 0);
	assert_string_equal(nodeset_fold(&set, arena), "s[7000-8999]");
	assert_host(inv, "s99999", "10.1.134.159", "sre", 0);
	strbuf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts_and_groups),
		cmocka_unit_test(test_host_variables),
		cmocka_unit_test(test_group_variables),
		cmocka_unit_test(test_files_together),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_large_inventory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

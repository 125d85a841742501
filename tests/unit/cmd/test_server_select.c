/*
 * Choosing servers: files, node sets, exclusions, and what is refused with its reason.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmd/server_select.h"
#include "cmocka_all.h"

static const char config_text[] = "servers:\n"
				  "  groups: {web: \"web-[01-03]\", db: [db-01, db-02]}\n"
				  "ssh: {username: sre}\n";

struct selected {
	struct config config;
	struct arena *arena;
	struct server_selection selection;
	int status;
	struct err err;
};

static void write_text(const char *path, const char *text)
{
	struct err err = {0};

	assert_int_equal(file_write(path, str_of(text), 0600, &err), 0);
}

/* `hosts` ends with NULL; "" in front of it is no file. */
static void select_servers(struct selected *s, const char *file, const char *const *hosts)
{
	const char *copy[8] = {0};
	struct server_opts opts = {.file = file, .hosts = {.items = copy}};
	struct ssh_options ssh = {.username = "sre"};
	char path[64];

	(void)snprintf(path, sizeof(path), "/tmp/test_server_select.%d", (int)getpid());
	write_text(path, config_text);
	*s = (struct selected){.arena = arena_new()};
	for (; hosts[opts.hosts.count]; opts.hosts.count++) {
		copy[opts.hosts.count] = hosts[opts.hosts.count];
	}
	assert_int_equal(config_load(&s->config, path, &s->err), 0);
	s->status = server_select(&opts, &s->config, &ssh, s->arena, &s->selection, &s->err);
	(void)unlink(path);
}

static void selected_release(struct selected *s)
{
	config_release(&s->config);
	arena_free(s->arena);
}

struct file {
	char path[64];
};

static const char *file_of(struct file *file, const char *text)
{
	if (!text) {
		return NULL;
	}
	(void)snprintf(file->path, sizeof(file->path), "/tmp/test_server_file.%d", (int)getpid());
	write_text(file->path, text);
	return file->path;
}

static void test_what_is_selected(void **state)
{
	static const struct {
		const char *file;
		const char *hosts[4];
		const char *expected;
		size_t repeats;
	} cases[] = {
		{NULL, {"@web"}, "web-[01-03]", 0},
		{NULL, {"@web", "db-01"}, "web-[01-03],db-01", 0},
		{NULL, {"@web", "!web-02"}, "web-[01,03]", 0},
		{NULL, {"!web-02", "@web"}, "web-[01,03]", 0},
		{NULL, {"@all", "!@web"}, "db-[01-02]", 0},
		{NULL, {"a,b,a"}, "a,b", 1},
		{NULL, {"a", "b", "a"}, "a,b", 1},
		{"b\na\n\n# c\nb\n", {NULL}, "b,a", 1},
		{"\xef\xbb\xbfweb-1\r\n\tweb-2\t# it\r\n", {NULL}, "web-[1-2]", 0},
		{"web-[1-9]\n", {"web-[2-3]"}, "web-[2-3]", 0},
		{"web-[1-4]\n", {"!web-2"}, "web-[1,3-4]", 0},
		{"[dc1]\na\n[dc2]\na\n", {NULL}, "a", 0},
		{NULL, {"root@web-[01-02]:2222"}, "root@web-[01-02]:2222", 0},
		{NULL, {"[::2]:22", "[::1]:22"}, "[::2]:22,[::1]:22", 0},
		{NULL, {"sre@a,a"}, "sre@a", 1}, /* who is logged in as anyway */
		{NULL, {"[::1],::1", "root@::1"}, "[::1],root@::1", 1},
		{NULL, {"a:22,root@a,b", "!a"}, "b", 0},
		{"root@a:22\n[::1]:2222\nb\n", {NULL}, "root@a:22,[::1]:2222,b", 0},
		{"root@a:22\nb\n", {"!a"}, "b", 0},
		/* A host without user and port stands for all logins there. */
		{"root@a:22\nb\n", {"a"}, "root@a:22", 0},
		{"root@a:22\nb\na\nc:22\na:23\n", {"c,a"}, "c:22,a,root@a:22,a:23", 0},
		{"root@a:22\nb\n", {"a", "root@a:22"}, "root@a:22", 1},
		{"root@a:22\nb\nroot@a:23\n", {"a,b", "!b", "!root@a:22"}, "root@a:23", 0},
		{"root@[::1]:22\n::1\n", {"[::1]"}, "::1,root@[::1]:22", 0},
		{NULL, {"[::1]:22,a", "![::1]"}, "a", 0},
		/* Groups and parts of ranges need take nothing out. */
		{NULL, {"@web", "!@db"}, "web-[01-03]", 0},
		{NULL, {"@web!@db"}, "web-[01-03]", 0},
		{NULL, {"@web", "!web-[02-20]"}, "web-01", 0},
		{NULL, {"@web", "!@db, web-01 web-02"}, "web-03", 0},
		/* Each "!" leaves out, however they are joined. */
		{NULL, {"a-[1-3]", "!a-1,!a-2"}, "a-3", 0},
		{NULL, {"a-[1-3]", "!a-1!a-2"}, "a-3", 0},
		{NULL, {"a-[1-3]", "!a-1 !a-2"}, "a-3", 0},
		{NULL, {"a-[1-3]", " ! a-1 , ! a-2 "}, "a-3", 0},
		{NULL, {"a-[1-3]", "!a-1\t!a-2"}, "a-3", 0},
		{NULL, {"!a-1,!a-2", "a-[1-3]"}, "a-3", 0},
		{NULL, {"a-[1-9]", "!a-[1,3]!a-[7-8],!a-2"}, "a-[4-6,9]", 0},
		{NULL, {"a-[1-3]", "!a-1!a-1"}, "a-[2-3]", 0},
		{NULL, {"a-[1-3]", "!a-1", "!a-2"}, "a-3", 0},
		{NULL, {"a-[1-3]", "!a-1,a-2"}, "a-3", 0},
		{NULL, {"a-[1-3]!a-1!a-2"}, "a-3", 0},
		{NULL, {"@all", "!@db!web-02"}, "web-[01,03]", 0},
		{NULL, {"@web", "!@db!web-02"}, "web-[01,03]", 0},
		{NULL, {"a:22,root@a,b,[::1]:22,c", "!a!c,![::1]"}, "b", 0},
		{"a-[1-3]\n", {"!a-1,!a-2"}, "a-3", 0},
		{"root@a:22\nb\nroot@a:23\n", {"!b!root@a:22"}, "root@a:23", 0},
		{"a-[1-3]\nb\n", {"a-[1-3]", "!a-1!a-2"}, "a-3", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct selected s;
		struct file file;
		const char *path = file_of(&file, cases[i].file);

		select_servers(&s, path, cases[i].hosts);
		assert_string_equal(s.err.msg, "");
		assert_int_equal(s.status, 0);
		assert_string_equal(s.selection.folded, cases[i].expected);
		assert_int_equal(s.selection.set.repeats, cases[i].repeats);
		selected_release(&s);
		if (path) {
			(void)unlink(path);
		}
	}
}

static void test_what_is_refused(void **state)
{
	static const struct {
		const char *file;
		const char *hosts[3];
		const char *expected; /* a part of the error */
	} cases[] = {
		{NULL, {NULL}, "which servers? say --servers FILE or --hosts SELECTION"},
		{NULL, {"@wbe"}, "did you mean 'web'?"},
		{NULL, {"web-[1-"}, "--hosts: node set 'web-[1-': column 5: '[' is never closed"},
		{NULL, {"@web!@web"}, "matches no server"},
		{NULL, {"@web", "!@web"}, "the selection matches no server: all are left out"},
		{NULL, {"!@web"}, "nothing to exclude from"},
		{NULL, {""}, "expected a name or a group"},
		{NULL, {"-oProxyCommand=x"}, "column 1"},
		{NULL, {"web;reboot"}, "column 4"},
		{NULL, {"$(reboot)"}, "column 1"},
		{NULL, {"@web", "!web-99"},
			"--hosts: '!web-99' leaves out nothing: no server of the selection is "
			"that; "
			"these are in it: web-[01-03]"},
		{NULL, {"!web-99", "@web"}, "'!web-99' leaves out nothing"},
		{NULL, {"@web", "!web-01,web-99"}, "'!web-99' leaves out nothing"},
		{NULL, {"@web", "!@db web-[04,08-09]"}, "'!web-[04,08-09]' leaves out nothing"},
		{NULL, {"@web", "!web-[07-09]!web-01"}, "'!web-[07-09]' leaves out nothing"},
		{NULL, {"@web", "!web-01!web-99"}, "--hosts: '!web-99' leaves out nothing: no"},
		{NULL, {"@web", "!web-01,!web-99"}, "'!web-99' leaves out nothing"},
		{NULL, {"@web", "!web-01 !root@web-02"}, "write '!web-02'"},
		{"a\nb\n", {"!a!c"}, "'!c' leaves out nothing"},
		{NULL, {"@web", "!@web!web-02"}, "matches no server: all are left out"},
		{NULL, {"@web", "!web-01!web-02!web-03"}, "matches no server: all are left out"},
		{NULL, {"!a-1,!a-2"}, "nothing to exclude from"},
		/* What could mean two things. */
		{NULL, {"@web", "!web-01&web-02"},
			"--hosts '!web-01&web-02': behind a '!' that begins a selection '&' could"},
		{NULL, {"@web", "!@web&@db"}, "'&' could mean two things"},
		{NULL, {"@web", "!web-01!web-02&web-03"}, "'&' could mean two things"},
		{NULL, {"@web", "!web-01,web-02!web-03"},
			"--hosts '!web-01,web-02!web-03': some names have a '!' of their own"},
		{NULL, {"@web", "!web-01,!web-02,web-03"}, "write '!' before each"},
		{NULL, {"@web", "!web-01!web-02 web-03"}, "write '!' before each"},
		{NULL, {"@web", "!(web-01 web-02)"}, "cannot hold '('"},
		{NULL, {"@web", "!web-01!!web-02"}, "expected a name or a group"},
		{NULL, {"@web", "!!web-01"}, "expected a name or a group"},
		{NULL, {"@web", "!"}, "expected a name or a group"},
		{NULL, {"@web", "!web-01!"}, "expected a name or a group"},
		{NULL, {"@web", "!web-01!,web-02"}, "some have none; write '!' before each"},
		{NULL, {"@web", "!web-01,!web-02,"}, "--hosts '!web-01,!web-02,': "},
		{NULL, {"@web", "!web-[01!02]"}, "'[' is never closed"},
		{NULL, {"@web", "!web-01!@wbe"}, "did you mean 'web'?"},
		{NULL, {"@web", "!root@web-02"},
			"'!root@web-02' leaves out nothing: the selection has 'web-02'; write "
			"'!web-02'"},
		{NULL, {"@web", "!web-02:24322"}, "the selection has 'web-02'; write '!web-02'"},
		{NULL, {"a,root@b:22", "!b:22"},
			"the selection has 'root@b:22'; write '!root@b:22'"},
		{NULL, {"@web!web-99"}, "'!web-99' leaves out nothing: no server of the"},
		{NULL, {"@web!root@web-01"}, "the selection has 'web-01'; write '!web-01'"},
		{NULL, {"a!b,b"}, "'!b' leaves out nothing: it takes from what stands before it"},
		{"a\nb\n", {"!c"}, "'!c' leaves out nothing: no server of the selection is that"},
		{"a\nb\n", {"a", "!b"}, "'!b' leaves out nothing"},
		{"a\nb\n", {"root@a"}, "'root@a' is not in"},
		{"a\nb\n", {"c"}, "'c' is not in '/tmp/test_server_file."},
		{NULL, {"a,root@web-01:99999"}, "column 3: port: "},
		{"a\nb root@web-01:x\n", {NULL}, ":2:3: port: number 'x'"},
		{"a\n[::zz]:22\n", {NULL}, ":2:1: '::zz' is no address of IPv6"},
		{"[web]\na\nroot@\n", {NULL}, ":3:5: a name cannot hold '@'"},
		{"", {NULL}, "names no server"},
		{"# nobody\n\n", {NULL}, "names no server"},
		{"good\nbad|name\n", {NULL}, ":2:4: "},
		{"-oProxyCommand=x\n", {NULL}, ":1:1: "},
		{"a\n`reboot`\n", {NULL}, ":2:1: "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct selected s;
		struct file file;
		const char *path = file_of(&file, cases[i].file);

		select_servers(&s, path, cases[i].hosts);
		assert_int_equal(s.status, -1);
		if (!strstr(s.err.msg, cases[i].expected)) {
			fail_msg("'%s' is not in '%s'", cases[i].expected, s.err.msg);
		}
		selected_release(&s);
		if (path) {
			(void)unlink(path);
		}
	}
}

static void test_as_it_was_written(void **state)
{
	const char *hosts[] = {"@web", "!web-07"};
	const struct server_opts opts = {.file = "s.txt", .hosts = {hosts, 2}};
	const struct server_opts none = {0};
	struct strbuf text = STRBUF_INIT;

	(void)state;
	server_add_selection(&text, &opts);
	assert_string_equal(text.buf, "--servers s.txt --hosts @web --hosts !web-07");
	strbuf_clear(&text);
	server_add_selection(&text, &none);
	assert_int_equal(text.len, 0);
	strbuf_release(&text);
}

static void test_a_file_that_is_not_there(void **state)
{
	static const char *const none[] = {NULL};
	struct selected s;

	(void)state;
	select_servers(&s, "/nonexistent", none);
	assert_int_equal(s.status, -1);
	assert_non_null(strstr(s.err.msg, "--servers: cannot read '/nonexistent'"));
	selected_release(&s);
}

static void test_what_an_inventory_says_of_them(void **state)
{
	static const char *const none[] = {NULL};
	struct selected s;
	struct file file;

	(void)state;
	select_servers(&s,
		file_of(&file, "[web]\nw1 ansible_host=127.0.0.2 ansible_port=2222\n"
			       "w2 ansible_user=deploy\n"),
		none);
	assert_int_equal(s.status, 0);
	assert_int_equal(s.selection.hosts_count, 2);
	assert_string_equal(s.selection.hosts[0].address, "127.0.0.2");
	assert_int_equal(s.selection.hosts[0].port, 2222);
	assert_string_equal(s.selection.hosts[0].username, "sre");
	assert_string_equal(s.selection.hosts[1].name, "w2");
	assert_null(s.selection.hosts[1].address);
	assert_int_equal(s.selection.hosts[1].port, 0);
	assert_string_equal(s.selection.hosts[1].username, "deploy");
	selected_release(&s);
	(void)unlink(file.path);
}

static void test_what_a_name_says_goes_first(void **state)
{
	static const struct {
		const char *host, *username, *address;
		uint16_t port;
	} expected[] = {
		{"w1", "root", "127.0.0.2", 22},
		{"w1", "deploy", "127.0.0.2", 22},
		{NULL, "deploy", "127.0.0.2", 2222},
		{"::1", "root", NULL, 22},
		{"w2", "root", NULL, 2200},
	};
	static const char *const names[] = {
		"root@w1:22", "w1:22", "w1", "root@[::1]:22", "root@w2"};
	static const char *const any[] = {"@web", NULL};
	struct ssh_options ssh = {.username = "sre"};
	struct selected s;
	struct file file;

	(void)state;
	select_servers(&s, NULL, any);
	assert_int_equal(server_select_names(names, ARRAY_LEN(names),
				 file_of(&file, "w1 ansible_host=127.0.0.2 ansible_port=2222 "
						"ansible_user=deploy\nroot@w2:2200\n[::1]:22\n"),
				 &s.config, &ssh, s.arena, &s.selection, &s.err),
		0);
	assert_int_equal(s.selection.hosts_count, ARRAY_LEN(expected));
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		const struct fleet_host *host = &s.selection.hosts[i];

		assert_string_equal(host->name, names[i]);
		assert_string_equal(
			host->host ? host->host : "", expected[i].host ? expected[i].host : "");
		assert_string_equal(host->username, expected[i].username);
		assert_string_equal(host->address ? host->address : "",
			expected[i].address ? expected[i].address : "");
		assert_int_equal(host->port, expected[i].port);
	}
	selected_release(&s);
	(void)unlink(file.path);
}

static void test_names_that_are_known(void **state)
{
	static const char *const names[] = {"b", "a"};
	static const char *const any[] = {"@web", NULL};
	struct ssh_options ssh = {0};
	struct selected s;
	struct file file;

	(void)state;
	select_servers(&s, NULL, any);
	assert_int_equal(
		server_select_names(names, 2, file_of(&file, "a ansible_host=127.0.0.9\nb\n"),
			&s.config, &ssh, s.arena, &s.selection, &s.err),
		0);
	assert_int_equal(s.selection.hosts_count, 2);
	assert_string_equal(s.selection.hosts[0].name, "b");
	assert_string_equal(s.selection.hosts[1].address, "127.0.0.9");
	selected_release(&s);
	(void)unlink(file.path);
}

static void test_repeats_are_said(void **state)
{
	static const struct {
		size_t repeats;
		const char *expected;
	} cases[] = {
		{0, ""},
		{1, "a is named twice, and counts once"},
		{2, "a and others are named more than once, and count once"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct server_selection selection = {
			.set = {.repeats = cases[i].repeats, .repeated = "a"}};
		struct strbuf out = STRBUF_INIT;

		server_add_repeats(&out, &selection);
		assert_string_equal(out.buf, cases[i].expected);
		strbuf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_selected),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_as_it_was_written),
		cmocka_unit_test(test_a_file_that_is_not_there),
		cmocka_unit_test(test_what_an_inventory_says_of_them),
		cmocka_unit_test(test_what_a_name_says_goes_first),
		cmocka_unit_test(test_names_that_are_known),
		cmocka_unit_test(test_repeats_are_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

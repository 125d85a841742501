/*
 * Questions to the real ssh, to one that is not well, and without one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "net/ssh_config.h"
#include "support/run_program.h"

struct fixture {
	struct loop *loop;
	char folder[64], file[80], program[80];
};

/* What was said of a host, in one text. */
struct told {
	bool is_told;
	char text[512];
};

static int start(void **state)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));

	(void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/test_ssh_config.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	(void)snprintf(fixture->file, sizeof(fixture->file), "%s/config", fixture->folder);
	(void)snprintf(fixture->program, sizeof(fixture->program), "%s/ssh", fixture->folder);
	assert_int_equal(loop_new(&fixture->loop, NULL), 0);
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	struct fixture *fixture = *state;

	loop_free(&fixture->loop);
	(void)RUN("rm", "-rf", fixture->folder);
	free(fixture);
	return 0;
}

static void write_config(struct fixture *fixture, const char *text)
{
	assert_int_equal(file_write(fixture->file, str_of(text), 0600, NULL), 0);
}

static struct ssh_config *config_of(struct fixture *fixture, const char *text)
{
	const struct ssh_config_options options = {.file = fixture->file};

	write_config(fixture, text);
	return ssh_config_new(fixture->loop, &options);
}

static void on_told(void *arg, const struct ssh_settings *settings, const struct err *err)
{
	struct told *told = arg;

	assert_false(told->is_told);
	told->is_told = true;
	if (!settings) {
		(void)snprintf(told->text, sizeof(told->text), "%s", err->msg);
		return;
	}
	(void)snprintf(told->text, sizeof(told->text), "%s@%s:%u %s %s%s", settings->user,
		settings->hostname, settings->port, settings->identity_files[0],
		settings->hops_count > 0 ? settings->hops[0].host : "-",
		settings->needs_openssh ? settings->needs_openssh : "");
}

static const char *ask(struct fixture *fixture, struct ssh_config *config, const char *name,
	const char *user, uint16_t port)
{
	static struct told told;
	const struct ssh_config_host host = {name, user, port};

	told = (struct told){0};
	(void)ssh_config_ask(config, &host, on_told, &told);
	assert_false(told.is_told);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	assert_true(told.is_told);
	return told.text;
}

static void test_shared(void **state)
{
	struct fixture *fixture = *state;
	struct ssh_config *config = config_of(fixture,
		"Host web-*\n User sre\n HostName %h.Example.com\n IdentityFile /k\n"
		"Host *\n ProxyJump bastion\n Port 2222\n User other\n IdentityFile /other\n");

	assert_string_equal(
		ask(fixture, config, "web-01", NULL, 0), "sre@web-01.example.com:2222 /k bastion");
	assert_int_equal(ssh_config_runs(config), 1);
	assert_string_equal(
		ask(fixture, config, "WEB-02", NULL, 0), "sre@web-02.example.com:2222 /k bastion");
	assert_int_equal(ssh_config_runs(config), 1);
	assert_string_equal(
		ask(fixture, config, "db-01", NULL, 0), "other@db-01:2222 /other bastion");
	assert_int_equal(ssh_config_runs(config), 2);
	assert_string_equal(
		ask(fixture, config, "db-02", "root", 22), "root@db-02:22 /other bastion");
	assert_int_equal(ssh_config_runs(config), 3);
	ssh_config_free(&config);
}

static void test_many_at_once(void **state)
{
	enum { HOSTS = 500 };
	static struct told told[HOSTS];
	static char names[HOSTS][16];
	struct fixture *fixture = *state;
	struct ssh_config *config =
		config_of(fixture, "Host web-*\n User sre\n IdentityFile /k\nHost *\n Port 2222\n");

	memset(told, 0, sizeof(told));
	for (int i = 0; i < HOSTS; i++) {
		struct ssh_config_host host = {.name = names[i]};

		(void)snprintf(names[i], sizeof(names[i]), "web-%d", i);
		(void)ssh_config_ask(config, &host, on_told, &told[i]);
	}
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	for (int i = 0; i < HOSTS; i++) {
		char expected[64];

		(void)snprintf(expected, sizeof(expected), "sre@web-%d:2222 /k -", i);
		assert_string_equal(told[i].text, expected);
	}
	assert_int_equal(ssh_config_runs(config), 1);
	ssh_config_free(&config);
}

static void test_unshared(void **state)
{
	struct fixture *fixture = *state;
	struct ssh_config *config = config_of(fixture, "Host *\n User u\n IdentityFile /k-%h\n");

	assert_string_equal(ask(fixture, config, "a", NULL, 0), "u@a:22 /k-a -");
	assert_string_equal(ask(fixture, config, "b", NULL, 0), "u@b:22 /k-b -");
	assert_string_equal(ask(fixture, config, "a", NULL, 0), "u@a:22 /k-a -");
	assert_int_equal(ssh_config_runs(config), 2);
	ssh_config_free(&config);
}

static const char *ask_at(
	struct fixture *fixture, struct ssh_config *config, const char *name, const char *address)
{
	static struct told told;
	const struct ssh_config_host host = {.name = name, .address = address};

	told = (struct told){0};
	(void)ssh_config_ask(config, &host, on_told, &told);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	assert_true(told.is_told);
	return told.text;
}

/* The settings of the name, but for where it is; `ssh -o HostName=` agrees. */
static void test_address(void **state)
{
	struct fixture *fixture = *state;
	struct ssh_config *config =
		config_of(fixture, "Host web-*\n User sre\n HostName %h.example\n"
				   "Match host 192.0.2.9\n Port 9\n"
				   "Host db\n IdentityFile /k-%h\nHost *\n IdentityFile /k\n");

	for (int i = 0; i < 2; i++) {
		assert_string_equal(
			ask_at(fixture, config, "web-1", "192.0.2.7"), "sre@192.0.2.7:22 /k -");
		assert_string_equal(
			ask_at(fixture, config, "web-2", "fe80::1%lo"), "sre@fe80::1%lo:22 /k -");
		assert_int_equal(ssh_config_runs(config), i == 0 ? 1 : 4);
		assert_string_equal(
			ask_at(fixture, config, "web-3", "192.0.2.9"), "sre@192.0.2.9:9 /k -");
		assert_string_equal(
			ask_at(fixture, config, "web-1", NULL), "sre@web-1.example:22 /k -");
		assert_non_null(strstr(ask_at(fixture, config, "db", "192.0.2.7"),
			"@192.0.2.7:22 /k-192.0.2.7 -"));
	}
	assert_int_equal(ssh_config_runs(config), 4);
	assert_string_equal(ask_at(fixture, config, "web-1", "-oProxyCommand=x"),
		"'-oProxyCommand=x' is no address of a host");
	ssh_config_free(&config);
	config = ssh_config_new(fixture->loop,
		&(struct ssh_config_options){.file = fixture->file, .has_no_program = true});
	assert_string_equal(ask_at(fixture, config, "web-3", "192.0.2.9"), "sre@192.0.2.9:9 /k -");
	ssh_config_free(&config);
}

static void test_changed_file(void **state)
{
	struct fixture *fixture = *state;
	struct ssh_config *config = config_of(fixture, "User one\nIdentityFile /k\n");

	assert_string_equal(ask(fixture, config, "a", NULL, 0), "one@a:22 /k -");
	write_config(fixture, "User another\nIdentityFile /k\n");
	time_fake(time_mono_ms() + 60000, time_wall_ms());
	assert_string_equal(ask(fixture, config, "a", NULL, 0), "another@a:22 /k -");
	time_fake_end();
	assert_int_equal(ssh_config_runs(config), 2);
	ssh_config_free(&config);
}

static void test_errors(void **state)
{
	struct fixture *fixture = *state;
	struct ssh_config *config = config_of(fixture, "NoSuchKeyword x\n");

	assert_non_null(strstr(ask(fixture, config, "a", NULL, 0), "ssh -G a: "));
	assert_non_null(strstr(ask(fixture, config, "a", NULL, 0), "bad configuration options"));
	assert_string_equal(ask(fixture, config, "-oProxyCommand=x", NULL, 0),
		"'-oProxyCommand=x' is no name of a host");
	assert_string_equal(ask(fixture, config, "a b", NULL, 0), "'a b' is no name of a host");
	assert_string_equal(ask(fixture, config, "a\nb", NULL, 0), "'a\\nb' is no name of a host");
	assert_string_equal(ask(fixture, config, "", NULL, 0), "'' is no name of a host");
	assert_string_equal(ask(fixture, config, "a", "-l", 0), "'-l' is no name of a user");
	assert_int_equal(ssh_config_runs(config), 1);
	ssh_config_free(&config);
}

/* A program in the place of ssh. */
static struct ssh_config *config_with(struct fixture *fixture, const char *script)
{
	const struct ssh_config_options options = {
		.file = fixture->file, .program = fixture->program};

	write_config(fixture, "");
	assert_int_equal(file_write(fixture->program, str_of(script), 0700, NULL), 0);
	return ssh_config_new(fixture->loop, &options);
}

static void test_sick_programs(void **state)
{
	static const struct {
		const char *script, *text;
	} cases[] = {
		{"#!/bin/sh\nexit 3\n", "ssh -G a: failed"},
		{"#!/bin/sh\necho first >&2; printf 'second\\033[31m' >&2; exit 255\n",
			"ssh -G a: second\\x1b[31m"},
		{"#!/bin/sh\nkill -9 $$\n", "ssh -G a: SIGKILL"},
		{"#!/bin/sh\nhead -c 300000 /dev/zero\n", "ssh -G a: said too much"},
		{"#!/bin/sh\necho port none\n", "bad port 'none' in the SSH settings of 'a'"},
		{"no program\n", "is not a program"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ssh_config *config = config_with(fixture, cases[i].script);
		const char *text = ask(fixture, config, "a", NULL, 0);

		if (!strstr(text, cases[i].text) && i + 1 < ARRAY_LEN(cases)) {
			fail_msg("'%s', expected '%s'", text, cases[i].text);
		}
		assert_true(strlen(text) > 0);
		ssh_config_free(&config);
	}
}

/* It says another HostName than we would: then each host is asked about. */
static void test_bad_example(void **state)
{
	struct fixture *fixture = *state;
	struct ssh_config *config =
		config_with(fixture, "#!/bin/sh\nshift 3\necho hostname x-$2\necho user u\n"
				     "echo identityfile /k\n");

	assert_string_equal(ask(fixture, config, "a", NULL, 0), "u@x-a:22 /k -");
	assert_string_equal(ask(fixture, config, "b", NULL, 0), "u@x-b:22 /k -");
	assert_string_equal(ask(fixture, config, "c", NULL, 0), "u@x-c:22 /k -");
	assert_int_equal(ssh_config_runs(config), 3);
	ssh_config_free(&config);
}

static void test_without_ssh(void **state)
{
	struct fixture *fixture = *state;
	const struct ssh_config_options options = {.file = fixture->file, .has_no_program = true};
	struct ssh_config *config = ssh_config_new(fixture->loop, &options);

	write_config(fixture, "Host web-*\n User sre\n HostName %h.example.com\n Port 2222\n"
			      " IdentityFile /k\n ProxyJump bastion\nHost *\n ForwardAgent yes\n");
	assert_string_equal(ask(fixture, config, "web-01", NULL, 0),
		"sre@web-01.example.com:2222 /k bastionForwardAgent");
	assert_string_equal(ask(fixture, config, "web-02", "x", 7),
		"x@web-02.example.com:7 /k bastionForwardAgent");
	assert_int_equal(ssh_config_runs(config), 0);
	ssh_config_free(&config);
}

static void on_kept(void *arg, const struct ssh_settings *settings, const struct err *err)
{
	const struct ssh_settings **kept = arg;

	assert_null(err);
	*kept = settings;
}

static void test_kept(void **state)
{
	struct fixture *fixture = *state;
	struct ssh_config *config = config_of(fixture, "User u\nHostName %h.example\n");
	struct arena *arena = arena_new();
	const struct ssh_config_host host = {.name = "a", .arena = arena};
	const struct ssh_settings *kept = NULL;

	(void)ssh_config_ask(config, &host, on_kept, &kept);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	ssh_config_free(&config);
	assert_string_equal(kept->hostname, "a.example");
	assert_string_equal(kept->user, "u");
	arena_free(arena);
}

static void test_taken_back(void **state)
{
	struct fixture *fixture = *state;
	struct ssh_config *config = config_of(fixture, "User u\nIdentityFile /k\n");
	static struct told one, other;
	struct ssh_config_question *question;

	one = other = (struct told){0};
	question = ssh_config_ask(config, &(struct ssh_config_host){.name = "a"}, on_told, &one);
	(void)ssh_config_ask(config, &(struct ssh_config_host){.name = "b"}, on_told, &other);
	ssh_config_question_free(&question);
	assert_null(question);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	assert_false(one.is_told);
	assert_string_equal(other.text, "u@b:22 /k -");
	/* While ssh runs, and it goes with everything. */
	question = ssh_config_ask(
		config, &(struct ssh_config_host){.name = "c", .user = "x"}, on_told, &one);
	ssh_config_question_free(&question);
	ssh_config_free(&config);
	assert_false(one.is_told);
}

static void test_security_keys(void **state)
{
	struct fixture *fixture = *state;
	char config_text[256], key[80], public[96];
	struct ssh_config *config;

	(void)snprintf(key, sizeof(key), "%s/id_sk", fixture->folder);
	(void)snprintf(public, sizeof(public), "%s.pub", key);
	(void)snprintf(config_text, sizeof(config_text), "User u\nIdentityFile %s\n", key);
	assert_int_equal(file_write(key, str_of("x"), 0600, NULL), 0);
	assert_int_equal(
		file_write(public, str_of("sk-ssh-ed25519@openssh.com AAAA\n"), 0600, NULL), 0);
	config = config_of(fixture, config_text);
	assert_non_null(strstr(ask(fixture, config, "a", NULL, 0), "security keys"));
	assert_int_equal(file_write(public, str_of("ssh-ed25519 AAAA\n"), 0600, NULL), 0);
	assert_null(strstr(ask(fixture, config, "a", NULL, 0), "security keys"));
	ssh_config_free(&config);
}

static void add_paths(struct strbuf *out, const char *const *paths)
{
	for (; *paths; paths++) {
		strbuf_addf(out, "%s|", *paths);
	}
}

/* What ssh prints of a path with a blank is what we look for, and so is what we read ourselves. */
static void test_blanks_in_paths(void **state)
{
	struct fixture *fixture = *state;
	struct ssh_config_options options = {.file = fixture->file};
	struct arena *arena = arena_new();
	const struct ssh_config_host host = {.name = "a", .arena = arena};
	const char *f = fixture->folder;
	const char *expected = arena_printf(arena,
		"%s/my key|%s/my key-cert.pub|%s/my hosts|%s/other|%s/not there|%s/nor this|"
		"%s/my agent",
		f, f, f, f, f, f, f);

	write_config(fixture,
		arena_printf(arena,
			"IdentityFile \"%s/my key\"\nCertificateFile \"%s/my key-cert.pub\"\n"
			"IdentityAgent \"%s/my agent\"\n"
			"UserKnownHostsFile \"%s/my hosts\" %s/other\n"
			"GlobalKnownHostsFile \"%s/not there\" \"%s/nor this\"\n",
			f, f, f, f, f, f, f));
	for (int i = 0; i < 2; i++) {
		struct strbuf text = STRBUF_INIT;
		const struct ssh_settings *kept = NULL;
		struct ssh_config *config;

		options.has_no_program = i == 1;
		config = ssh_config_new(fixture->loop, &options);
		(void)ssh_config_ask(config, &host, on_kept, &kept);
		assert_int_equal(loop_run(fixture->loop, NULL), 0);
		add_paths(&text, kept->identity_files);
		add_paths(&text, kept->certificate_files);
		add_paths(&text, kept->known_hosts_files);
		strbuf_adds(&text, kept->identity_agent);
		assert_string_equal(text.buf, expected);
		strbuf_release(&text);
		ssh_config_free(&config);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shared, start, end),
		cmocka_unit_test_setup_teardown(test_many_at_once, start, end),
		cmocka_unit_test_setup_teardown(test_unshared, start, end),
		cmocka_unit_test_setup_teardown(test_address, start, end),
		cmocka_unit_test_setup_teardown(test_changed_file, start, end),
		cmocka_unit_test_setup_teardown(test_errors, start, end),
		cmocka_unit_test_setup_teardown(test_sick_programs, start, end),
		cmocka_unit_test_setup_teardown(test_bad_example, start, end),
		cmocka_unit_test_setup_teardown(test_without_ssh, start, end),
		cmocka_unit_test_setup_teardown(test_kept, start, end),
		cmocka_unit_test_setup_teardown(test_taken_back, start, end),
		cmocka_unit_test_setup_teardown(test_security_keys, start, end),
		cmocka_unit_test_setup_teardown(test_blanks_in_paths, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

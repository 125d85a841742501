/*
 * Blocks, Includes, and which hosts are alike.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "net/ssh_config_file.h"
#include "support/run_program.h"

static void assert_lines(const struct ssh_config_file *file, const char *alias, const char *lines)
{
	struct strbuf out = STRBUF_INIT;

	ssh_config_file_add_lines(file, &(struct ssh_config_name){.alias = alias}, &out);
	if (strcmp(out.buf, lines) != 0) {
		fail_msg("%s: '%s', expected '%s'", alias, out.buf, lines);
	}
	strbuf_release(&out);
}

static void test_blocks(void **state)
{
	struct ssh_config_file *file =
		ssh_config_file_of_text(str_of("User first\n"
					       "\n"
					       "# Host x\n"
					       "Host web-* !web-07\r\n"
					       "\tPort=2222 # the comment\r\n"
					       "   IdentityFile = \"~/a b\"\n"
					       "HOST \"db-01\" db-02\n"
					       "  hostname %h.example.com\n"
					       "Match originalhost web-01,web-02\n"
					       "  ProxyJump a,b\n"
					       "Match !originalhost web-*\n"
					       "  BindAddress x\n"
					       "Match exec \"true\"\n"
					       "  User exec\n"
					       "Match all\n"
					       "  SendEnv LANG\tLC_*\n"
					       "Include /etc/passwd\n"
					       "Broken"));

	(void)state;
	assert_lines(file, "web-01",
		"User first\nPort 2222\nIdentityFile ~/a b\nProxyJump a,b\nSendEnv LANG LC_*\n"
		"Broken\n");
	assert_lines(file, "web-07", "User first\nSendEnv LANG LC_*\nBroken\n");
	assert_lines(file, "DB-01",
		"User first\nhostname %h.example.com\nBindAddress x\nSendEnv LANG LC_*\nBroken\n");
	ssh_config_file_free(&file);
}

static void test_hostname(void **state)
{
	struct ssh_config_file *file = ssh_config_file_of_text(
		str_of("Host a*\nHostName \"%h.x\"\nHost *\nHostName y\nHost b\nHostName z\n"));
	struct str value = str_of("untouched");

	(void)state;
	assert_true(ssh_config_file_hostname(file, "a1", &value));
	assert_true(str_is(value, "%h.x"));
	assert_true(ssh_config_file_hostname(file, "b", &value));
	assert_true(str_is(value, "y"));
	ssh_config_file_free(&file);
	file = ssh_config_file_of_text(str_of(""));
	assert_false(ssh_config_file_hostname(file, "a", &value));
	ssh_config_file_free(&file);
}

static bool add_signature(const struct ssh_config_file *file, const char *whom, struct strbuf *out)
{
	char text[32];
	struct ssh_config_name name = {.alias = text};
	char *at;

	(void)snprintf(text, sizeof(text), "%s", whom);
	at = strchr(text, '@');
	if (at) {
		*at = '\0';
		name.address = at + 1;
	}
	return ssh_config_file_add_signature(file, &name, out);
}

static void test_signatures(void **state)
{
	static const struct {
		const char *text, *one, *other; /* "name" or "name@address" */
		bool is_same, is_shared;        /* by the one */
	} cases[] = {
		{"", "a", "b", true, true},
		{"Host a*\nPort 1\n", "a1", "a2", true, true},
		{"Host a*\nPort 1\n", "a1", "b", false, true},
		{"Host *\nHostName %h.x\n", "a", "b", true, true},
		{"Host *\nIdentityFile ~/%h\n", "a", "b", true, false},
		{"Host *\nIdentityFile ~/%%x%r\n", "a", "b", true, true},
		{"Host c\nIdentityFile ~/%h\n", "a", "b", true, true},
		{"Host *\nControlPath ~/%C\n", "a", "b", true, true},
		{"Host *\nProxyCommand nc %h %p\n", "a", "b", true, true},
		{"Match exec \"test %h\"\nUser x\n", "a", "b", true, false},
		{"Match user x\nPort 1\n", "a", "b", true, true},
		{"Match localuser x user y\nPort 1\n", "a", "b", true, true},
		{"Match localuser x exec y\nPort 1\n", "a", "b", true, false},
		{"Match host a\nPort 1\n", "a", "b", false, true},
		{"Match host a\nPort 1\nHost *\nHostName b\n", "a", "b", true, false},
		{"Match final all\nPort 1\n", "a", "b", true, true},
		{"Match final all\nPort 1\nHost *\nHostName b\n", "a", "b", true, false},
		{"CanonicalizeHostname yes\n", "a", "b", true, false},
		{"CanonicalizeHostname no\n", "a", "b", true, true},
		{"Host a\nPort 1\n", "a@x", "a@y", true, true},
		{"Host a\nPort 1\n", "b@a", "a@y", false, true},
		{"Match host a\nPort 1\n", "b@a", "a@y", false, true},
		{"Match host a\nPort 1\nHost *\nHostName b\n", "b@a", "b@y", false, true},
		{"Match originalhost a\nPort 1\n", "b@a", "b@y", true, true},
		{"Match final all\nPort 1\n", "a@x", "a@y", true, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ssh_config_file *file = ssh_config_file_of_text(str_of(cases[i].text));
		struct strbuf one = STRBUF_INIT, other = STRBUF_INIT;
		bool is_shared = add_signature(file, cases[i].one, &one);

		(void)add_signature(file, cases[i].other, &other);
		if (is_shared != cases[i].is_shared ||
			(strcmp(one.buf, other.buf) == 0) != cases[i].is_same) {
			fail_msg("%s: %d, '%s' and '%s'", cases[i].text, is_shared, one.buf,
				other.buf);
		}
		ssh_config_file_free(&file);
		strbuf_release(&one);
		strbuf_release(&other);
	}
}

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(file_write(path, str_of(text), 0600, NULL), 0);
}

static struct ssh_config_file *read_files(const char *folder)
{
	char user[160], machine[160];
	const struct ssh_config_root roots[] = {{user, folder}, {machine, folder}};
	struct ssh_config_file *file;

	(void)snprintf(user, sizeof(user), "%s/config", folder);
	(void)snprintf(machine, sizeof(machine), "%s/machine", folder);
	assert_int_equal(ssh_config_file_read(roots, 2, folder, &file, NULL), 0);
	return file;
}

static void test_includes(void **state)
{
	const char *folder = *state;
	struct ssh_config_file *file;

	write_file(folder, "config",
		"Host a\n Include conf.d/*.conf \"with space\"\n Port 1\nHost *\n Include ~/home\n"
		" Include nothing*\n");
	write_file(folder, "conf.d/2.conf", "User two\nHost a b\n User inner\n");
	write_file(folder, "conf.d/1.conf", "User one\n");
	write_file(folder, "conf.d/other", "User other\n");
	write_file(folder, "with space", "User space\n");
	write_file(folder, "home", "User home\n");
	write_file(folder, "machine", "Host *\nUser machine\n");
	file = read_files(folder);
	assert_lines(file, "a",
		"User one\nUser two\nUser inner\nUser space\nPort 1\nUser home\nUser machine\n");
	/* What is included for a host is for that host alone, whatever it says. */
	assert_lines(file, "b", "User home\nUser machine\n");
	ssh_config_file_free(&file);
}

static void test_changes(void **state)
{
	const char *folder = *state;
	char path[160];
	struct ssh_config_file *file;

	write_file(folder, "config", "Include conf.d/*.conf\n");
	write_file(folder, "conf.d/1.conf", "User one\n");
	file = read_files(folder);
	assert_false(ssh_config_file_has_changed(file));
	write_file(folder, "conf.d/1.conf", "User another\n");
	assert_true(ssh_config_file_has_changed(file));
	ssh_config_file_free(&file);

	file = read_files(folder);
	assert_false(ssh_config_file_has_changed(file));
	write_file(folder, "conf.d/2.conf", "");
	assert_true(ssh_config_file_has_changed(file));
	ssh_config_file_free(&file);

	file = read_files(folder);
	write_file(folder, "machine", ""); /* was missing */
	assert_true(ssh_config_file_has_changed(file));
	ssh_config_file_free(&file);

	file = read_files(folder);
	(void)snprintf(path, sizeof(path), "%s/config", folder);
	assert_int_equal(unlink(path), 0);
	assert_true(ssh_config_file_has_changed(file));
	ssh_config_file_free(&file);
}

static void test_endless_include(void **state)
{
	const char *folder = *state;
	char path[160];
	const struct ssh_config_root root = {path, folder};
	struct ssh_config_file *file;
	struct err err = {0};

	(void)snprintf(path, sizeof(path), "%s/config", folder);
	write_file(folder, "config", "Include config config\n");
	assert_int_equal(ssh_config_file_read(&root, 1, folder, &file, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_non_null(strstr(err.msg, path));
}

static int start(void **state)
{
	static char folder[64];
	char inner[80];

	(void)snprintf(folder, sizeof(folder), "/tmp/test_ssh_config_file.XXXXXX");
	*state = mkdtemp(folder);
	(void)snprintf(inner, sizeof(inner), "%s/conf.d", folder);
	return *state ? mkdir(inner, 0700) : -1;
}

static int end(void **state)
{
	return RUN("rm", "-rf", *state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_hostname),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test_setup_teardown(test_includes, start, end),
		cmocka_unit_test_setup_teardown(test_changes, start, end),
		cmocka_unit_test_setup_teardown(test_endless_include, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

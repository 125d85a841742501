/*
 * Tables of known hosts: every form that files have.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "net/ssh_hosts_fixture.h"
#include "support/run_program.h"

static void test_forms(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct ssh_hosts *hosts;
	static const struct {
		const char *host;
		uint16_t port;
		char fill;
		enum ssh_hosts_verdict verdict;
		size_t line;
	} cases[] = {
		{"web-01", 22, 'a', SSH_HOSTS_KNOWN, 4},
		{"WEB-01", 0, 'a', SSH_HOSTS_KNOWN, 4},
		{"192.0.2.1", 22, 'a', SSH_HOSTS_KNOWN, 4},
		{"web-01", 22, 'b', SSH_HOSTS_CHANGED, 4},
		{"web-01", 2222, 'a', SSH_HOSTS_KNOWN, 4}, /* known without the port */
		{"web-01", 2222, 'b', SSH_HOSTS_UNKNOWN, 0},
		{"web-02", 2222, 'c', SSH_HOSTS_KNOWN, 6},
		{"web-02", 2222, 'a', SSH_HOSTS_CHANGED, 6},
		{"web-02", 22, 'c', SSH_HOSTS_UNKNOWN, 0},
		{"2001:db8::1", 2200, 'd', SSH_HOSTS_KNOWN, 7},
		{"a.example.com", 22, 'e', SSH_HOSTS_KNOWN, 8},
		{"bad.example.com", 22, 'e', SSH_HOSTS_UNKNOWN, 0},
		{"example.com", 22, 'e', SSH_HOSTS_UNKNOWN, 0},
		{"mixed", 22, 'f', SSH_HOSTS_KNOWN, 9},
		{"revoked", 22, 'g', SSH_HOSTS_REVOKED, 11},
		{"revoked", 2222, 'g', SSH_HOSTS_REVOKED, 11},
		{"revoked", 22, 'h', SSH_HOSTS_KNOWN, 10},
		{"signed.example.org", 22, 'i', SSH_HOSTS_UNKNOWN, 0},
		{"twice", 22, 'k', SSH_HOSTS_KNOWN, 14},
		{"twice", 22, 'j', SSH_HOSTS_KNOWN, 13},
		{"", 22, 'a', SSH_HOSTS_UNKNOWN, 0},
		{"last", 22, 'l', SSH_HOSTS_KNOWN, 15},
	};

	(void)state;
	strbuf_adds(&text, "# a comment\n\n   \t\n");
	strbuf_addf(&text, "web-01,192.0.2.1 %s me@here with words\r\n", key(ED('a')));
	strbuf_adds(&text, "# another\r\n");
	strbuf_addf(&text, "[web-02]:2222\t%s\n", key(ED('c')));
	strbuf_addf(&text, " [2001:db8::1]:2200 %s\n", key(ED('d')));
	strbuf_addf(&text, "*.example.com,!bad.example.com %s\n", key(ED('e')));
	strbuf_addf(&text, "MiXeD %s\n", key(ED('f')));
	strbuf_addf(&text, "revoked %s\n", key(ED('h')));
	strbuf_addf(&text, "@revoked * %s\n", key(ED('g')));
	strbuf_addf(&text, "@cert-authority *.example.org %s\n", key(ED('i')));
	strbuf_addf(&text, "twice,twice %s\n", key(ED('j')));
	strbuf_addf(&text, "twice %s\n", key(ED('k')));
	strbuf_addf(&text, "last %s", key(ED('l')));
	hosts = hosts_of(text.buf);
	assert_int_equal(ssh_hosts_lines_skipped(hosts), 0);
	for (int round = 0; round < 2; round++) { /* found, and found again */
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			assert_finding(
				check(hosts, cases[i].host, cases[i].port, ED(cases[i].fill)),
				cases[i].verdict, cases[i].line, cases[i].host);
		}
	}
	assert_true(ssh_hosts_has_authority(hosts, &(struct ssh_hosts_name){"X.example.org", 22}));
	assert_false(ssh_hosts_has_authority(hosts, &(struct ssh_hosts_name){"web-01", 22}));
	assert_string_equal(check(hosts, "web-01", 22, ED('b')).path, "/k");
	assert_true(str_eq(check(hosts, "web-01", 22, ED('b')).blob, ED('a')));
	ssh_hosts_free(&hosts);
	strbuf_release(&text);
}

static void test_bad_lines(void **state)
{
	struct strbuf text = STRBUF_INIT;
	const char *good = key(ED('a'));
	struct ssh_hosts *hosts;

	(void)state;
	strbuf_adds(&text, "h\n");
	strbuf_adds(&text, "h ssh-ed25519\n");
	strbuf_adds(&text, "h ssh-ed25519 AAAA\n");
	strbuf_adds(&text, "h ssh-ed25519 not*base64\n");
	strbuf_addf(&text, "h ssh-rsa %s\n", strchr(good, ' ') + 1);
	strbuf_adds(&text, "h 1024 35 1234567890\n"); /* of SSH 1 */
	strbuf_addf(&text, "@what h %s\n", good);
	strbuf_addf(&text, "|1|AAAA|AAAA %s\n", good);
	strbuf_addf(&text, "|1|AAAAAAAAAAAAAAAAAAAAAAAAAAA= %s\n", good);
	strbuf_addf(&text, "|2|x|y %s\n", good);
	strbuf_addf(&text, "| %s\n", good);
	strbuf_adds(&text, "@revoked\n@\n");
	strbuf_add(&text, "\0\0\0\n\xff\xfe\n", 7);
	strbuf_addf(&text, "h %s\n", good);
	hosts = ssh_hosts_new();
	ssh_hosts_read_text(hosts, strbuf_str(&text), "/k");
	assert_int_equal(ssh_hosts_lines_skipped(hosts), 15);
	assert_finding(check(hosts, "h", 22, ED('a')), SSH_HOSTS_KNOWN, 16, "after all that");
	ssh_hosts_free(&hosts);
	strbuf_release(&text);
}

/* What ssh-keygen hashes is found. */
static void test_hashed_by_others(void **state)
{
	const char *folder = *state;
	struct strbuf text = STRBUF_INIT;
	struct ssh_hosts *hosts = ssh_hosts_new();
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/hashed", folder);
	strbuf_addf(&text, "web-01,192.0.2.1 %s\n", key(ED('a')));
	strbuf_addf(&text, "[web-02]:2222 %s\n", key(ED('b')));
	strbuf_addf(&text, "# web-03:22 SSH-2.0-OpenSSH_9.2p1\nweb-03 %s\n", key(ED('c')));
	assert_int_equal(file_write(path, strbuf_str(&text), 0600, NULL), 0);
	assert_int_equal(RUN("ssh-keygen", "-H", "-f", path), 0);
	assert_int_equal(ssh_hosts_read(hosts, path, NULL), 0);
	assert_int_equal(ssh_hosts_lines_skipped(hosts), 0);
	assert_int_equal(file_read(path, FILE_REGULAR, 1 << 20, &text, NULL), 0);
	assert_null(strstr(text.buf, "web-01 "));
	assert_int_equal(check(hosts, "web-01", 22, ED('a')).verdict, SSH_HOSTS_KNOWN);
	assert_int_equal(check(hosts, "192.0.2.1", 22, ED('a')).verdict, SSH_HOSTS_KNOWN);
	assert_int_equal(check(hosts, "Web-01", 22, ED('x')).verdict, SSH_HOSTS_CHANGED);
	assert_int_equal(check(hosts, "web-02", 2222, ED('b')).verdict, SSH_HOSTS_KNOWN);
	assert_int_equal(check(hosts, "web-02", 22, ED('b')).verdict, SSH_HOSTS_UNKNOWN);
	assert_int_equal(check(hosts, "web-03", 22, ED('c')).verdict, SSH_HOSTS_KNOWN);
	assert_int_equal(check(hosts, "web-04", 22, ED('c')).verdict, SSH_HOSTS_UNKNOWN);
	ssh_hosts_free(&hosts);
	strbuf_release(&text);
}

static void test_thousands(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct ssh_hosts *hosts;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		strbuf_addf(&text, "host-%d,10.%d.%d.%d %s\n", i, i >> 16, i >> 8 & 255, i & 255,
			key(ED((char)('a' + i % 26))));
	}
	hosts = hosts_of(text.buf);
	for (int i = 0; i < 20000; i += 7) {
		char name[32];

		(void)snprintf(name, sizeof(name), "host-%d", i);
		assert_finding(check(hosts, name, 22, ED((char)('a' + i % 26))), SSH_HOSTS_KNOWN,
			(size_t)i + 1, name);
	}
	ssh_hosts_free(&hosts);
	strbuf_release(&text);
}

static void test_files(void **state)
{
	const char *folder = *state;
	struct ssh_hosts *hosts = ssh_hosts_new();
	struct strbuf text = STRBUF_INIT;
	struct err err = {0};
	char first[128], second[128];

	(void)snprintf(first, sizeof(first), "%s/first", folder);
	(void)snprintf(second, sizeof(second), "%s/second", folder);
	strbuf_addf(&text, "h %s\n", key(ED('a')));
	assert_int_equal(file_write(first, strbuf_str(&text), 0600, NULL), 0);
	strbuf_clear(&text);
	strbuf_addf(&text, "# here too\nh %s\n", key(ED('b')));
	assert_int_equal(file_write(second, strbuf_str(&text), 0600, NULL), 0);
	assert_int_equal(ssh_hosts_read(hosts, first, NULL), 0);
	assert_int_equal(ssh_hosts_read(hosts, second, NULL), 0);
	assert_int_equal(ssh_hosts_read(hosts, "/dev/null", NULL), 0);
	assert_int_equal(ssh_hosts_read(hosts, "/nowhere/known_hosts", NULL), 0);
	assert_string_equal(check(hosts, "h", 22, ED('b')).path, second);
	assert_finding(check(hosts, "h", 22, ED('x')), SSH_HOSTS_CHANGED, 1, "the first file");
	/* It is not read again. */
	assert_int_equal(unlink(first), 0);
	assert_int_equal(mkdir(first, 0700), 0);
	assert_int_equal(ssh_hosts_read(hosts, first, NULL), 0);
	assert_int_equal(ssh_hosts_read(hosts, folder, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	ssh_hosts_free(&hosts);
	strbuf_release(&text);
}

static void test_added_in_memory(void **state)
{
	struct ssh_hosts *hosts = hosts_of("");
	const struct ssh_hosts_name name = {"New-Host", 2222};

	(void)state;
	assert_int_equal(check(hosts, "new-host", 2222, ED('a')).verdict, SSH_HOSTS_UNKNOWN);
	ssh_hosts_add_known(hosts, &name, ED('a'));
	assert_finding(check(hosts, "new-host", 2222, ED('a')), SSH_HOSTS_KNOWN, 0, "told");
	assert_finding(check(hosts, "new-host", 2222, ED('b')), SSH_HOSTS_CHANGED, 0, "told");
	assert_string_equal(check(hosts, "new-host", 2222, ED('b')).path, "");
	ssh_hosts_free(&hosts);
}

/* Somebody accepts a key, in another program, while we run. */
static void test_changed_files(void **state)
{
	const char *folder = *state;
	struct ssh_hosts *hosts;
	const struct ssh_hosts_name told = {"told", 22};
	struct strbuf text = STRBUF_INIT;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/known", folder);
	time_fake(1000, 0);
	hosts = ssh_hosts_new();
	assert_int_equal(ssh_hosts_read(hosts, path, NULL), 0); /* not there yet */
	ssh_hosts_add_known(hosts, &told, ED('t'));
	strbuf_addf(&text, "h %s\n", key(ED('a')));
	assert_int_equal(file_write(path, strbuf_str(&text), 0600, NULL), 0);
	assert_int_equal(ssh_hosts_read(hosts, path, NULL), 0);
	assert_int_equal(check(hosts, "h", 22, ED('a')).verdict, SSH_HOSTS_UNKNOWN);
	time_fake_advance(1000);
	assert_int_equal(ssh_hosts_read(hosts, path, NULL), 0);
	assert_int_equal(check(hosts, "h", 22, ED('a')).verdict, SSH_HOSTS_KNOWN);
	assert_int_equal(check(hosts, "told", 22, ED('t')).verdict, SSH_HOSTS_KNOWN);
	assert_int_equal(unlink(path), 0);
	time_fake_advance(1000);
	assert_int_equal(ssh_hosts_read(hosts, path, NULL), 0);
	assert_int_equal(check(hosts, "h", 22, ED('a')).verdict, SSH_HOSTS_UNKNOWN);
	assert_int_equal(check(hosts, "told", 22, ED('t')).verdict, SSH_HOSTS_KNOWN);
	time_fake_end();
	ssh_hosts_free(&hosts);
	strbuf_release(&text);
}

static int start(void **state)
{
	static char folder[64];

	(void)snprintf(folder, sizeof(folder), "/tmp/test_ssh_hosts.XXXXXX");
	*state = mkdtemp(folder);
	return *state ? 0 : -1;
}

static int end(void **state)
{
	return RUN("rm", "-rf", *state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test_setup_teardown(test_hashed_by_others, start, end),
		cmocka_unit_test(test_thousands),
		cmocka_unit_test_setup_teardown(test_files, start, end),
		cmocka_unit_test(test_added_in_memory),
		cmocka_unit_test_setup_teardown(test_changed_files, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

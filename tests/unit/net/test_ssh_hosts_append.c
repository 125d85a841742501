/*
 * Lines that are added to files of known hosts, and found in them again.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "net/ssh_hosts.h"
#include "support/run_program.h"

enum { KEY_BYTES = 32 };

/* Keys that differ: of a type, filled with a letter. */
static struct str blob_of(const char *type, char fill)
{
	static char bytes[8][128];
	static int next;
	char *blob = bytes[next++ % 8];
	size_t len = strlen(type);

	blob[0] = blob[1] = blob[2] = 0;
	blob[3] = (char)len;
	memcpy(blob + 4, type, len);
	memcpy(blob + 4 + len, "\0\0\0\040", 4);
	memset(blob + 8 + len, fill, KEY_BYTES);
	return str_n(blob, 8 + len + KEY_BYTES);
}

#define ED(fill) blob_of("ssh-ed25519", fill)
static struct ssh_hosts_finding check(
	struct ssh_hosts *hosts, const char *host, uint16_t port, struct str blob)
{
	const struct ssh_hosts_name name = {host, port};

	return ssh_hosts_check(hosts, &name, blob);
}

static void assert_finding(struct ssh_hosts_finding finding, size_t line)
{
	assert_int_equal(finding.verdict, SSH_HOSTS_KNOWN);
	assert_int_equal(finding.line, line);
}

static void test_append(void **state)
{
	const char *folder = *state;
	struct ssh_hosts *hosts = ssh_hosts_new();
	struct strbuf text = STRBUF_INIT;
	struct stat st;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/.ssh/known_hosts", folder);
	assert_int_equal(
		ssh_hosts_append(path, &(struct ssh_hosts_name){"A", 22}, ED('a'), false, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_read(path, FILE_REGULAR, 1 << 20, &text, NULL), 0);
	strbuf_truncate(&text, text.len - 1); /* somebody's editor left no newline */
	assert_int_equal(file_write(path, strbuf_str(&text), 0600, NULL), 0);
	assert_int_equal(
		ssh_hosts_append(path, &(struct ssh_hosts_name){"b", 2222}, ED('b'), true, NULL),
		0);
	assert_int_equal(
		ssh_hosts_append(path, &(struct ssh_hosts_name){"::1", 22}, ED('c'), false, NULL),
		0);
	assert_int_equal(file_read(path, FILE_REGULAR, 1 << 20, &text, NULL), 0);
	assert_true(str_starts(strbuf_str(&text), "a ssh-ed25519 "));
	assert_non_null(strstr(text.buf, "\n|1|"));
	assert_null(strstr(text.buf, "[b]"));
	assert_int_equal(ssh_hosts_read(hosts, path, NULL), 0);
	assert_finding(check(hosts, "a", 22, ED('a')), 1);
	assert_finding(check(hosts, "b", 2222, ED('b')), 2);
	assert_finding(check(hosts, "::1", 22, ED('c')), 3);
	assert_int_equal(RUN("ssh-keygen", "-F", "[b]:2222", "-f", path), 0); /* others find it */
	ssh_hosts_free(&hosts);
	strbuf_release(&text);
}

static void test_append_refused(void **state)
{
	static const char *const names[] = {"", "a b", "a\nb", "a,b", "*", "!a", "|1|x", "@revoked",
		"#a", "\"a", "h\xc3\xb6st"};
	const char *folder = *state;
	char path[128];
	struct err err = {0};
	int fd;

	(void)snprintf(path, sizeof(path), "%s/refused", folder);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(ssh_hosts_append(path, &(struct ssh_hosts_name){names[i], 22},
					 ED('a'), false, &err),
			-1);
		assert_int_equal(err.code, ERR_INPUT);
	}
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(ssh_hosts_append(path, &(struct ssh_hosts_name){"a", 22}, str_of("no key"),
				 false, &err),
		-1);
	assert_int_equal(ssh_hosts_append("/dev/null", &(struct ssh_hosts_name){"a", 22}, ED('a'),
				 false, &err),
		-1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_int_equal(
		ssh_hosts_append(folder, &(struct ssh_hosts_name){"a", 22}, ED('a'), false, &err),
		-1);
	/* Somebody holds it and does not let go. */
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(
		ssh_hosts_append(path, &(struct ssh_hosts_name){"a", 22}, ED('a'), false, &err),
		-1);
	assert_int_equal(err.code, ERR_BUSY);
	(void)close(fd);
}

static int start(void **state)
{
	static char folder[64];

	(void)snprintf(folder, sizeof(folder), "/tmp/test_ssh_hosts_append.XXXXXX");
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
		cmocka_unit_test_setup_teardown(test_append, start, end),
		cmocka_unit_test_setup_teardown(test_append_refused, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

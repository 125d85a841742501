/*
 * Lines that are added to files of known hosts, and found in them again.
 */
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

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

/* Those that are there are not written again; all or none. */
static void test_record(void **state)
{
	const char *folder = *state;
	const struct ssh_hosts_key keys[] = {
		{{"a", 22}, ED('a')}, {{"b", 2222}, ED('b')}, {{"A", 0}, ED('a')}};
	const struct ssh_hosts_key bad[] = {{{"c", 22}, ED('c')}, {{"*", 22}, ED('d')}};
	struct strbuf first = STRBUF_INIT, text = STRBUF_INIT;
	struct err err = {0};
	char path[128];
	size_t added;

	(void)snprintf(path, sizeof(path), "%s/.ssh/known_hosts", folder);
	assert_int_equal(ssh_hosts_record(path, keys, 2, true, &added, &err), 0);
	assert_int_equal(added, 2);
	assert_int_equal(file_read(path, FILE_REGULAR, 1 << 20, &first, NULL), 0);
	assert_int_equal(ssh_hosts_record(path, keys, 3, true, &added, &err), 0);
	assert_int_equal(added, 0);
	assert_int_equal(ssh_hosts_record(path, bad, 2, false, &added, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_int_equal(file_read(path, FILE_REGULAR, 1 << 20, &text, NULL), 0);
	assert_string_equal(text.buf, first.buf);
	strbuf_release(&first);
	strbuf_release(&text);
}

enum { WRITERS = 8, ROUNDS = 10 };

static int write_three(const char *path, int writer, const char *own, struct err *err)
{
	const struct str all = ED('x');
	const struct ssh_hosts_key keys[] = {{{"all", 22}, all}, {{own, 22}, ED('o')}};
	const struct ssh_hosts_name changes = {"changes", 22};
	const struct ssh_hosts_change change = {
		.name = changes, .blobs = &all, .blobs_count = 1, .appends = true};
	size_t removed;

	if (ssh_hosts_record(path, keys, 2, writer % 2 == 0, NULL, err) < 0 ||
		ssh_hosts_append(path, &changes, blob_of("ssh-ed25519", (char)('A' + writer)),
			false, err) < 0) {
		return -1;
	}
	return ssh_hosts_replace(path, &change, &removed, err);
}

/* Keys that all of them have, a key of its own, and a host that changes. */
static int write_much(const char *path, int writer)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct err err = {0};
		char own[32];

		(void)snprintf(own, sizeof(own), "own-%d-%d", writer, i);
		while (write_three(path, writer, own, &err) < 0) {
			if (err.code != ERR_BUSY) { /* on a machine that is slow */
				return 1;
			}
		}
	}
	return 0;
}

/* No line is lost, none is torn, none stands there twice. */
static void test_many_writers(void **state)
{
	const char *folder = *state;
	struct ssh_hosts *hosts = ssh_hosts_new();
	struct strbuf text = STRBUF_INIT;
	pid_t pids[WRITERS];
	char path[128], own[32];
	size_t lines = 0;

	(void)snprintf(path, sizeof(path), "%s/known_hosts", folder);
	for (int i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			_exit(write_much(path, i));
		}
	}
	for (int i = 0; i < WRITERS; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(ssh_hosts_read(hosts, path, NULL), 0);
	assert_int_equal(ssh_hosts_lines_skipped(hosts), 0);
	for (int i = 0; i < WRITERS * ROUNDS; i++) {
		(void)snprintf(own, sizeof(own), "own-%d-%d", i / ROUNDS, i % ROUNDS);
		assert_int_equal(check(hosts, own, 22, ED('o')).verdict, SSH_HOSTS_KNOWN);
	}
	assert_int_equal(check(hosts, "all", 22, ED('x')).verdict, SSH_HOSTS_KNOWN);
	assert_int_equal(check(hosts, "changes", 22, ED('x')).verdict, SSH_HOSTS_KNOWN);
	assert_int_equal(file_read(path, FILE_REGULAR, 1 << 20, &text, NULL), 0);
	for (size_t i = 0; i < text.len; i++) {
		lines += text.buf[i] == '\n';
	}
	assert_int_equal(lines, WRITERS * ROUNDS + 2);
	ssh_hosts_free(&hosts);
	strbuf_release(&text);
}

/* Somebody else than root runs what permissions are to stop; some roots of a chroot let nobody in.
 */
static bool others_get_to_files(void)
{
	struct stat info;

	return stat("/", &info) == 0 && (info.st_mode & S_IXOTH) != 0;
}

/* As a user that may not write there: an error, and the file is as it was. */
static void test_read_only(void **state)
{
	const char *folder = *state;
	struct strbuf text = STRBUF_INIT;
	char path[128];
	pid_t pid;
	int status;

	(void)snprintf(path, sizeof(path), "%s/known_hosts", folder);
	assert_int_equal(file_write(path, str_of("# mine\n"), 0600, NULL), 0);
	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	if (!others_get_to_files()) {
		skip_because("needs a root directory that others may pass");
	}
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const struct ssh_hosts_key key = {{"a", 22}, ED('a')};
		struct err err = {0};

		if (getuid() == 0 && setuid(65534) < 0) {
			_exit(2);
		}
		_exit(ssh_hosts_record(path, &key, 1, false, NULL, &err) < 0 &&
					strstr(err.msg, path) && strstr(err.msg, "ermission denied")
				? 0
				: 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(file_read(path, FILE_REGULAR, 1 << 20, &text, NULL), 0);
	assert_string_equal(text.buf, "# mine\n");
	strbuf_release(&text);
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
		cmocka_unit_test_setup_teardown(test_record, start, end),
		cmocka_unit_test_setup_teardown(test_many_writers, start, end),
		cmocka_unit_test_setup_teardown(test_read_only, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

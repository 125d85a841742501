/*
 * Clients of SFTP for tests.  See sftp_fixture.h.
 */
#include "net/sftp_fixture.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"

static const char server_path[] = "/usr/lib/openssh/sftp-server";

enum { WAIT_MS = 100000 };

static void on_send(void *arg, struct str bytes)
{
	strbuf_addstr(&((struct sftp_fixture *)arg)->said, bytes);
}

static void on_ready(void *arg)
{
	((struct sftp_fixture *)arg)->is_ready = true;
}

static void on_broken(void *arg, const char *text)
{
	struct sftp_fixture *f = arg;

	assert_string_equal(f->broken, "");
	(void)snprintf(f->broken, sizeof(f->broken), "%s", text);
}

static void begin(struct sftp_fixture *f)
{
	static const struct sftp_client_events events = {on_send, on_ready, on_broken};

	*f = (struct sftp_fixture){.said = STRBUF_INIT, .fd = -1};
	f->client = sftp_client_new(&events, f);
}

void sftp_fixture_play(struct sftp_fixture *f, bool greets)
{
	static const char *const names[] = {"posix-rename@openssh.com", "fsync@openssh.com",
		"hardlink@openssh.com", "statvfs@openssh.com", "else@example.com"};
	struct strbuf hello = STRBUF_INIT;

	begin(f);
	if (!greets) {
		return;
	}
	strbuf_clear(&f->said);
	strbuf_addc(&hello, SFTP_TYPE_VERSION);
	sftp_add_u32(&hello, SFTP_VERSION);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		sftp_add_string(&hello, str_of(names[i]));
		sftp_add_string(&hello, str_of("1"));
	}
	sftp_fixture_answer(f, strbuf_str(&hello));
	assert_true(f->is_ready);
	strbuf_release(&hello);
}

bool sftp_fixture_serve(struct sftp_fixture *f)
{
	int pair[2];

	if (access(server_path, X_OK) < 0) {
		return false;
	}
	begin(f);
	(void)snprintf(f->folder, sizeof(f->folder), "/tmp/sftp-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	assert_int_equal(chdir(f->folder), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0) {
		if (dup2(pair[1], 0) == 0 && dup2(pair[1], 1) == 1) {
			(void)execl(server_path, "sftp-server", "-e", "-l", "QUIET", (char *)NULL);
		}
		_exit(99);
	}
	(void)close(pair[1]);
	f->fd = pair[0];
	while (!f->is_ready) {
		struct pollfd pollfd = {.fd = f->fd, .events = POLLIN};
		char buf[4096];
		ssize_t n;

		if (f->said.len > 0) {
			assert_int_equal(write(f->fd, f->said.buf, f->said.len), f->said.len);
			strbuf_clear(&f->said);
		}
		assert_int_equal(poll(&pollfd, 1, WAIT_MS), 1);
		n = read(f->fd, buf, sizeof(buf));
		assert_true(n > 0);
		sftp_client_receive(f->client, str_n(buf, (size_t)n));
	}
	return true;
}

void sftp_fixture_stop(struct sftp_fixture *f)
{
	char command[200];

	sftp_client_free(&f->client);
	strbuf_release(&f->said);
	if (f->fd >= 0) {
		(void)close(f->fd);
		(void)waitpid(f->pid, NULL, 0);
		assert_int_equal(chdir("/"), 0);
		(void)snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", f->folder,
			f->folder);
		if (fork() == 0) {
			(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
			_exit(99);
		}
		(void)wait(NULL);
	}
}

/* --- answers -------------------------------------------------------------------------------- */

static void keep(void *arg, const struct sftp_answer *answer)
{
	struct sftp_told *told = arg;

	told->count++;
	told->status = answer->status;
	(void)snprintf(told->text, sizeof(told->text), "%s", answer->text);
	told->file = answer->file;
	told->attributes = answer->attributes;
	told->space = answer->space;
	strbuf_addstr(&told->data, answer->data.ptr ? answer->data : str_of(""));
	for (size_t i = 0; i < answer->names_count; i++) {
		strbuf_addstr(&told->data, answer->names[i].name);
		strbuf_addc(&told->data, '\n');
	}
}

struct sftp_then sftp_tell(struct sftp_told *told)
{
	*told = (struct sftp_told){.data = STRBUF_INIT};
	return (struct sftp_then){keep, told};
}

void sftp_told_release(struct sftp_told *told)
{
	strbuf_release(&told->data);
}

/* --- carrying ------------------------------------------------------------------------------- */

static void carry(struct sftp_fixture *f)
{
	struct pollfd pollfd = {
		.fd = f->fd, .events = (short)(POLLIN | (f->said.len > 0 ? POLLOUT : 0))};
	static char buf[65536];
	ssize_t n;

	assert_true(poll(&pollfd, 1, WAIT_MS) == 1);
	if (pollfd.revents & POLLOUT) {
		n = send(f->fd, f->said.buf, f->said.len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0) {
			strbuf_remove(&f->said, 0, (size_t)n);
		}
	}
	if (pollfd.revents & (POLLIN | POLLHUP)) {
		n = recv(f->fd, buf, sizeof(buf), MSG_DONTWAIT);
		assert_true(n != 0);
		if (n > 0) {
			sftp_client_receive(f->client, str_n(buf, (size_t)n));
		}
	}
}

void sftp_fixture_until(struct sftp_fixture *f, const int *flag)
{
	int64_t until_ms = time_mono_ms() + WAIT_MS;

	while (*flag == 0) {
		assert_true(time_mono_ms() < until_ms);
		carry(f);
		assert_string_equal(f->broken, "");
	}
}

void sftp_fixture_expect(struct sftp_fixture *f, struct sftp_told *told, enum sftp_status status)
{
	sftp_fixture_until(f, &told->count);
	if (told->status != status) {
		print_error("%s\n", told->text);
	}
	assert_int_equal(told->status, status);
}

/* --- playing the server --------------------------------------------------------------------- */

void sftp_fixture_answer(struct sftp_fixture *f, struct str message)
{
	struct strbuf bytes = STRBUF_INIT;

	sftp_add_string(&bytes, message);
	sftp_client_receive(f->client, strbuf_str(&bytes));
	strbuf_release(&bytes);
}

void sftp_answer_begin(struct strbuf *out, enum sftp_type type, uint32_t id)
{
	strbuf_clear(out);
	strbuf_addc(out, (char)type);
	sftp_add_u32(out, id);
}

void sftp_answer_status(struct strbuf *out, uint32_t id, uint32_t status, const char *text)
{
	sftp_answer_begin(out, SFTP_TYPE_STATUS, id);
	sftp_add_u32(out, status);
	sftp_add_string(out, str_of(text));
	sftp_add_string(out, str_of(""));
}

bool sftp_fixture_take(
	struct sftp_fixture *f, uint32_t *ret_id, enum sftp_type *ret_type, struct strbuf *fields)
{
	struct sftp_reader reader = {.rest = strbuf_str(&f->said)};
	struct str message = sftp_take_string(&reader);

	if (reader.is_broken) {
		return false;
	}
	reader = (struct sftp_reader){.rest = message};
	*ret_type = (enum sftp_type)sftp_take_u8(&reader);
	*ret_id = sftp_take_u32(&reader);
	strbuf_clear(fields);
	strbuf_addstr(fields, reader.rest);
	strbuf_remove(&f->said, 0, message.len + 4);
	return true;
}

/*
 * Hosts to copy to.  See copy_fixture.h.
 */
#include "fleet/copy_fixture.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/time.h"
#include "cmocka_all.h"

enum { WAIT_MS = 100000, CONTENT_MAX = 1 << 20 };

static void to_shell(void *arg, struct str bytes)
{
	strbuf_addstr(&((struct copy_fixture *)arg)->to_shell, bytes);
}

static void start_shell(struct copy_fixture *f)
{
	static const struct copy_hasher_events events = {to_shell};
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	f->shell = fork();
	assert_true(f->shell >= 0);
	if (f->shell == 0) {
		if (dup2(pair[1], 0) == 0 && dup2(pair[1], 1) == 1) {
			(void)execl("/bin/sh", "sh", "-c", copy_hasher_command, (char *)NULL);
		}
		_exit(99);
	}
	(void)close(pair[1]);
	f->shell_fd = pair[0];
	f->session.hasher = copy_hasher_new(&events, f);
}

bool copy_fixture_start(struct copy_fixture *f, bool has_sums)
{
	*f = (struct copy_fixture){.to_shell = STRBUF_INIT, .shell_fd = -1};
	if (!sftp_fixture_serve(&f->sftp)) {
		return false;
	}
	f->arena = arena_new();
	f->session.sftp = f->sftp.client;
	if (has_sums) {
		start_shell(f);
	}
	return true;
}

void copy_fixture_stop(struct copy_fixture *f)
{
	copy_hasher_free(&f->session.hasher);
	if (f->shell > 0) {
		(void)close(f->shell_fd);
		(void)waitpid(f->shell, NULL, 0);
	}
	strbuf_release(&f->to_shell);
	sftp_fixture_stop(&f->sftp);
	arena_free(f->arena);
}

static void send_some(int fd, struct strbuf *bytes)
{
	ssize_t n = send(fd, bytes->buf, bytes->len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0) {
		strbuf_remove(bytes, 0, (size_t)n);
	}
}

static void carry(struct copy_fixture *f)
{
	static char buf[65536];
	struct pollfd fds[] = {
		{.fd = f->sftp.fd, .events = (short)(POLLIN | (f->sftp.said.len ? POLLOUT : 0))},
		{.fd = f->shell_fd, .events = (short)(POLLIN | (f->to_shell.len ? POLLOUT : 0))},
	};
	ssize_t n;

	assert_true(poll(fds, 2, WAIT_MS) > 0);
	if (fds[0].revents & POLLOUT) {
		send_some(f->sftp.fd, &f->sftp.said);
	}
	if (fds[1].revents & POLLOUT) {
		send_some(f->shell_fd, &f->to_shell);
	}
	if (fds[0].revents & (POLLIN | POLLHUP)) {
		n = recv(f->sftp.fd, buf, sizeof(buf), MSG_DONTWAIT);
		assert_true(n > 0);
		sftp_client_receive(f->session.sftp, str_n(buf, (size_t)n));
	}
	if (fds[1].revents & (POLLIN | POLLHUP)) {
		n = recv(f->shell_fd, buf, sizeof(buf), MSG_DONTWAIT);
		assert_true(n > 0);
		copy_hasher_receive(f->session.hasher, str_n(buf, (size_t)n));
	}
}

void copy_fixture_until(struct copy_fixture *f, const int *flag)
{
	int64_t until_ms = time_mono_ms() + WAIT_MS;

	while (*flag == 0) {
		assert_true(time_mono_ms() < until_ms);
		carry(f);
		assert_string_equal(f->sftp.broken, "");
	}
}

void copy_fixture_make(const char *path, const char *content, mode_t mode)
{
	assert_int_equal(file_write(path, str_of(content), 0600, NULL), 0);
	assert_int_equal(chmod(path, mode), 0);
}

const char *copy_fixture_content(struct copy_fixture *f, const char *path)
{
	struct strbuf content = STRBUF_INIT;
	const char *text = "(none)";

	if (file_read(path, FILE_REGULAR, CONTENT_MAX, &content, NULL) == 0) {
		text = str_dup(strbuf_str(&content), f->arena);
	}
	strbuf_release(&content);
	return text;
}

const char *copy_fixture_list(struct copy_fixture *f, const char *path)
{
	struct strbuf text = STRBUF_INIT;
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	const char *list;

	for (int i = 0; i < count; i++) {
		if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0) {
			strbuf_addf(&text, "%s ", entries[i]->d_name);
		}
		free(entries[i]);
	}
	if (count >= 0) {
		free(entries);
	}
	list = str_dup(strbuf_str(&text), f->arena);
	strbuf_release(&text);
	return list;
}

struct copy_item copy_fixture_item(struct copy_fixture *f, const char *path)
{
	struct copy_tree tree;
	struct err err = {0};

	copy_tree_init(&tree, f->arena);
	assert_int_equal(copy_tree_add(&tree, path, "", &err), 0);
	return tree.items[0];
}

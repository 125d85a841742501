/*
 * Hosts for tests.  See host_fixture.h.
 */
#include "fleet/host_fixture.h"

#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/time.h"
#include "cmocka_all.h"

enum { WAIT_MS = 100000, PIECE = 65536 };

static void add_event(void *arg, const struct supervisor_event *event)
{
	static const char *const names[] = {[SUPERVISOR_PASSWORD] = "password",
		[SUPERVISOR_READY] = "ready",
		[SUPERVISOR_STARTED] = "started",
		[SUPERVISOR_TAKEN] = "taken",
		[SUPERVISOR_INPUT_CLOSED] = "closed",
		[SUPERVISOR_NOWHERE] = "nowhere"};
	struct host *host = arg;

	if (event->word != SUPERVISOR_ENDED) {
		strbuf_addf(&host->events, "%s, ", names[event->word]);
	} else if (event->signal) {
		strbuf_addf(&host->events, "signal %s, ", event->signal);
	} else {
		strbuf_addf(&host->events, "exit %d, ", event->exit_code);
	}
	if (event->word == SUPERVISOR_STARTED) {
		host->group = (pid_t)event->pid;
	}
	host->taken += event->word == SUPERVISOR_TAKEN;
}

static void add_text(void *arg, struct str bytes)
{
	strbuf_addstr(&((struct host *)arg)->err, bytes);
}

static void run_login_shell(const struct host *host, const char *command, const int in[2],
	const int out[2], const int err[2])
{
	if (!host->no_session) {
		(void)setsid();
	}
	if (dup2(in[0], 0) == 0 && dup2(out[1], 1) == 1 && dup2(err[1], 2) == 2) {
		(void)signal(SIGINT, SIG_DFL);
		(void)signal(SIGQUIT, SIG_DFL);
		(void)signal(SIGPIPE, SIG_DFL);
		(void)execl(
			host->login ? host->login : "/bin/sh", "sh", "-c", command, (char *)NULL);
	}
	_exit(99);
}

void host_start(struct host *host, const struct supervisor_spec *spec)
{
	struct strbuf command = STRBUF_INIT;
	struct strbuf settings = STRBUF_INIT;
	int in[2];
	int out[2];
	int err[2];

	host->spec = *spec;
	assert_int_equal(supervisor_check(spec, NULL), 0);
	assert_int_equal(supervisor_key_init(&host->key, NULL), 0);
	supervisor_reader_init(&host->reader, &host->key);
	strbuf_init(&host->out, 0);
	strbuf_init(&host->err, 0);
	strbuf_init(&host->events, 0);
	supervisor_add_exec(&command, spec, &host->key);
	assert_true(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
		    pipe2(err, O_CLOEXEC) == 0);
	host->pid = fork();
	assert_true(host->pid >= 0);
	if (host->pid == 0) {
		run_login_shell(host, command.buf, in, out, err);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	(void)close(err[1]);
	host->in_fd = in[1];
	host->out_fd = out[0];
	host->err_fd = err[0];
	if (spec->sudo != SUPERVISOR_SUDO_PASSWORD) {
		supervisor_add_settings(&settings, spec, &host->key);
		host_send(host, &settings);
	}
	strbuf_release(&command);
	strbuf_release(&settings);
}

void host_stop(struct host *host)
{
	host_hang_up(host);
	if (host->group > 0) {
		(void)kill(-host->group, SIGKILL);
	}
	(void)kill(host->no_session ? host->pid : -host->pid, SIGKILL);
	(void)host_status(host);
	closep(&host->out_fd);
	closep(&host->err_fd);
	strbuf_release(&host->out);
	strbuf_release(&host->err);
	strbuf_release(&host->events);
}

void host_send(struct host *host, const struct strbuf *bytes)
{
	assert_int_equal(file_write_all(host->in_fd, strbuf_str(bytes)), 0);
}

void host_beat(struct host *host)
{
	struct strbuf beat = STRBUF_INIT;

	supervisor_add_beat(&beat);
	host_send(host, &beat);
	strbuf_release(&beat);
}

void host_hang_up(struct host *host)
{
	if (host->in_fd >= 0) {
		(void)close(host->in_fd);
		host->in_fd = -1;
	}
}

/* False at its end. */
static bool read_some(struct host *host, int *fd)
{
	static char piece[PIECE];
	const struct supervisor_listener listener = {add_event, add_text, host};
	ssize_t got = read(*fd, piece, sizeof(piece));

	if (got <= 0) {
		(void)close(*fd);
		*fd = -1;
		return false;
	}
	if (fd == &host->err_fd) {
		supervisor_read(&host->reader, str_n(piece, (size_t)got), &listener);
		return true;
	}
	host->out_bytes += (uint64_t)got;
	if (!host->is_counting) {
		strbuf_add(&host->out, piece, (size_t)got);
	}
	return true;
}

bool host_has(const struct host *host, const char *word)
{
	return strstr(host->events.buf, word) || strstr(host->err.buf, word);
}

/* `word` NULL: to the end of both. */
static void read_until(struct host *host, const char *word)
{
	int64_t end_ms = time_mono_ms() + WAIT_MS;

	while (!(word && host_has(host, word)) && (host->out_fd >= 0 || host->err_fd >= 0)) {
		struct pollfd fds[] = {{.fd = host->out_fd, .events = POLLIN},
			{.fd = host->err_fd, .events = POLLIN}};

		if (time_mono_ms() > end_ms) {
			fail_msg("'%s' did not come, but: %s%s", word ? word : "the end",
				host->events.buf, host->err.buf);
		}
		(void)poll(fds, ARRAY_LEN(fds), 100);
		if (fds[0].revents) {
			(void)read_some(host, &host->out_fd);
		}
		if (fds[1].revents) {
			(void)read_some(host, &host->err_fd);
		}
	}
}

void host_until(struct host *host, const char *word)
{
	read_until(host, word);
	if (!host_has(host, word)) {
		fail_msg("no '%s' in: %s%s", word, host->events.buf, host->err.buf);
	}
}

void host_until_closed(struct host *host)
{
	read_until(host, NULL);
}

int host_status(struct host *host)
{
	int status = 0;

	while (waitpid(host->pid, &status, 0) < 0 && errno == EINTR) {
	}
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* "PID (NAME) STATE PPID PGRP SESSION" */
static bool is_ours(const struct host *host, const char *pid)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%s/stat", pid);
	struct strbuf content = STRBUF_INIT_MAX(4096);
	const char *name_end;
	int group = 0;
	int session = 0;
	char state = 'Z';

	if (file_read(path, FILE_ANY, 4096, &content, NULL) == 0) {
		name_end = strrchr(content.buf, ')');
		if (name_end) {
			// NOLINTNEXTLINE(cert-err34-c): the kernel wrote it
			(void)sscanf(name_end + 1, " %c %*d %d %d", &state, &group, &session);
		}
	}
	strbuf_release(&content);
	return state != 'Z' && state != 'X' &&
	       (group == host->pid || session == host->pid ||
		       (host->group > 0 && (group == host->group || session == host->group)));
}

int host_left(const struct host *host)
{
	DIR *dir = opendir("/proc");
	int left = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		left += char_is_digit(entry->d_name[0]) && is_ours(host, entry->d_name);
	}
	(void)closedir(dir);
	return left;
}

void host_gone(const struct host *host, int within_ms)
{
	int64_t end_ms = time_mono_ms() + within_ms;
	int left;

	while ((left = host_left(host)) > 0) {
		if (time_mono_ms() > end_ms) {
			fail_msg("%d processes are left", left);
		}
		(void)poll(NULL, 0, 20);
	}
}

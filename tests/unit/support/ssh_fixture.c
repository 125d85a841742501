/*
 * See ssh_fixture.h.
 */
#include "support/ssh_fixture.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <netinet/in.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "support/run_program.h"

enum { WAIT_STEP_US = 5000, WAIT_STEPS = 2000, KEEP_BYTES = 1 << 20 };

const char *ssh_fixture_path(struct ssh_fixture *fixture, const char *name)
{
	return arena_printf(fixture->arena, "%s/%s", fixture->folder, name);
}

const char *ssh_fixture_write(struct ssh_fixture *fixture, const char *name, const char *text)
{
	const char *path = ssh_fixture_path(fixture, name);

	assert_int_equal(file_write(path, str_of(text), 0600, NULL), 0);
	return path;
}

const char *ssh_fixture_make_key(
	struct ssh_fixture *fixture, const char *name, const char *type, const char *passphrase)
{
	const char *path = ssh_fixture_path(fixture, name);

	assert_int_equal(
		RUN("ssh-keygen", "-q", "-t", type, "-N", passphrase, "-C", "test", "-f", path), 0);
	return path;
}

const char *ssh_fixture_public(struct ssh_fixture *fixture, const char *key)
{
	struct strbuf text = STRBUF_INIT;
	const char *kept;

	assert_int_equal(file_read(arena_printf(fixture->arena, "%s.pub", key), FILE_REGULAR, 65536,
				 &text, NULL),
		0);
	strbuf_rtrim(&text);
	kept = arena_strdup(fixture->arena, text.buf);
	strbuf_release(&text);
	return kept;
}

int ssh_fixture_start(void **state)
{
	struct ssh_fixture *fixture = xcalloc(1, sizeof(*fixture));
	struct passwd *user = getpwuid(getuid());

	fixture->arena = arena_new();
	fixture->username = arena_strdup(fixture->arena, user ? user->pw_name : "root");
	assert_int_equal(loop_new(&fixture->loop, NULL), 0);
	assert_int_equal(resolver_new(fixture->loop, NULL, &fixture->resolver, NULL), 0);
	fixture->client = ssh_client_new(fixture->loop, fixture->resolver);
	(void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/ssh_fixture.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	fixture->key = ssh_fixture_make_key(fixture, "id_ed25519", "ed25519", "");
	fixture->host_key = ssh_fixture_make_key(fixture, "host_ed25519", "ed25519", "");
	fixture->known_hosts = ssh_fixture_write(fixture, "known_hosts", "");
	(void)ssh_fixture_write(
		fixture, "authorized_keys", ssh_fixture_public(fixture, fixture->key));
	*state = fixture;
	return 0;
}

void ssh_fixture_stop_servers(struct ssh_fixture *fixture)
{
	for (size_t i = 0; i < fixture->servers_count; i++) {
		(void)kill(fixture->servers[i], SIGKILL);
		(void)waitpid(fixture->servers[i], NULL, 0);
	}
	fixture->servers_count = 0;
}

int ssh_fixture_end(void **state)
{
	struct ssh_fixture *fixture = *state;

	/* A test that failed left some behind: the failure is what matters then. */
	if (ssh_client_sessions(fixture->client) == 0) {
		ssh_client_free(&fixture->client);
		resolver_free(&fixture->resolver);
		loop_free(&fixture->loop);
	}
	ssh_fixture_stop_servers(fixture);
	(void)RUN("rm", "-rf", fixture->folder);
	arena_free(fixture->arena);
	free(fixture);
	return 0;
}

void ssh_fixture_forget(struct ssh_fixture *fixture)
{
	ssh_client_free(&fixture->client);
	fixture->client = ssh_client_new(fixture->loop, fixture->resolver);
}

/* --- servers -------------------------------------------------------------------------------- */

static int bound_socket(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (port != 0) {
		if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
			return fd;
		}
		(void)close(fd);
		return -1;
	}
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

uint16_t ssh_fixture_free_port(void)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	int fd = bound_socket(0);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	(void)close(fd);
	return ntohs(address.sin_port);
}

void ssh_fixture_wait_for_port(struct ssh_fixture *fixture, uint16_t port)
{
	(void)fixture;
	for (int i = 0; i < WAIT_STEPS; i++) {
		int fd = bound_socket(port);

		if (fd >= 0) {
			(void)close(fd);
			return;
		}
		(void)usleep(WAIT_STEP_US);
	}
	fail_msg("nothing listens on port %u", port);
}

pid_t ssh_fixture_spawn(struct ssh_fixture *fixture, const char *const *argv)
{
	posix_spawn_file_actions_t actions;
	const char *log = ssh_fixture_path(fixture, "log");
	pid_t pid;

	assert_true(fixture->servers_count < SSH_SERVERS_MAX);
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	(void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_addopen(
		&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	(void)posix_spawn_file_actions_adddup2(&actions, 1, 2);
	assert_int_equal(
		posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ),
		0);
	(void)posix_spawn_file_actions_destroy(&actions);
	fixture->servers[fixture->servers_count++] = pid;
	return pid;
}

void ssh_fixture_know(struct ssh_fixture *fixture, uint16_t port)
{
	struct strbuf text = STRBUF_INIT;

	assert_int_equal(file_read(fixture->known_hosts, FILE_REGULAR, 1 << 20, &text, NULL), 0);
	strbuf_addf(
		&text, "[127.0.0.1]:%u %s\n", port, ssh_fixture_public(fixture, fixture->host_key));
	assert_int_equal(file_write(fixture->known_hosts, strbuf_str(&text), 0600, NULL), 0);
	strbuf_release(&text);
}

uint16_t ssh_fixture_sshd(struct ssh_fixture *fixture, const char *lines)
{
	uint16_t port = ssh_fixture_free_port();
	const char *config;

	if (access("/usr/sbin/sshd", X_OK) < 0) {
		skip_because("needs openssh-server");
	}
	if (getuid() == 0) {
		(void)mkdir("/run/sshd", 0755); /* root's sshd wants it */
	}
	config = ssh_fixture_write(fixture, arena_printf(fixture->arena, "sshd_config.%u", port),
		arena_printf(fixture->arena,
			"%s\n"
			"ListenAddress 127.0.0.1\nPort %u\nHostKey %s\nPidFile none\nUsePAM no\n"
			"StrictModes no\nAuthorizedKeysFile %s/authorized_keys\n"
			"PermitRootLogin yes\nPasswordAuthentication no\n"
			"KbdInteractiveAuthentication no\nMaxStartups 1000\nMaxSessions 100\n"
			"SetEnv SHLVL=9\nAcceptEnv TEST_*\nSubsystem sftp internal-sftp\nLogLevel "
			"ERROR\n",
			lines, port, fixture->host_key, fixture->folder));
	(void)ssh_fixture_spawn(
		fixture, (const char *const[]){"/usr/sbin/sshd", "-D", "-e", "-f", config, NULL});
	ssh_fixture_wait_for_port(fixture, port);
	ssh_fixture_know(fixture, port);
	return port;
}

uint16_t ssh_fixture_dropbear(struct ssh_fixture *fixture)
{
	uint16_t port = ssh_fixture_free_port();
	const char *key = ssh_fixture_path(fixture, "dropbear_key");
	const char *address = arena_printf(fixture->arena, "127.0.0.1:%u", port);

	if (access("/usr/sbin/dropbear", X_OK) < 0) {
		skip_because("needs dropbear-bin");
	}
	assert_int_equal(RUN("dropbearconvert", "openssh", "dropbear", fixture->host_key, key), 0);
	(void)ssh_fixture_spawn(
		fixture, (const char *const[]){"/usr/sbin/dropbear", "-F", "-E", "-r", key, "-p",
				 address, "-P", ssh_fixture_path(fixture, "dropbear.pid"), NULL});
	ssh_fixture_wait_for_port(fixture, port);
	ssh_fixture_know(fixture, port);
	return port;
}

/* --- sessions ------------------------------------------------------------------------------- */

struct ssh_settings *ssh_fixture_settings(
	struct ssh_fixture *fixture, uint16_t port, const char *lines)
{
	struct ssh_settings *settings = arena_alloc(fixture->arena, sizeof(*settings));
	const struct ssh_settings_context context = {
		.alias = "127.0.0.1", .home = fixture->folder, .username = fixture->username};
	const char *text = arena_printf(fixture->arena,
		"%s\nport %u\nidentityfile %s\nuserknownhostsfile %s\nglobalknownhostsfile none\n",
		lines, port, fixture->key, fixture->known_hosts);
	struct err err = {0};

	if (ssh_settings_read(str_of(text), &context, fixture->arena, settings, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return settings;
}

static void on_opened(void *arg)
{
	struct ssh_told *told = arg;

	assert_false(told->is_opened || told->has_ended);
	told->is_opened = true;
	if (told->stops_loop) {
		loop_stop(told->fixture->loop);
	}
}

static void on_ended(void *arg, const struct ssh_end *end)
{
	struct ssh_told *told = arg;

	assert_false(told->has_ended);
	told->has_ended = true;
	told->session = NULL;
	told->end = *end;
	told->end.text = arena_strdup(told->fixture->arena, end->text);
	if (told->stops_loop) {
		loop_stop(told->fixture->loop);
	}
}

void ssh_fixture_open(
	struct ssh_fixture *fixture, const struct ssh_session_spec *spec, struct ssh_told *told)
{
	static const struct ssh_session_events events = {on_opened, on_ended};

	*told = (struct ssh_told){.fixture = fixture};
	told->session = ssh_session_start(fixture->client, spec, &events, told);
	assert_false(told->is_opened || told->has_ended);
}

void ssh_fixture_run(struct ssh_fixture *fixture, struct ssh_told *told)
{
	told->stops_loop = true;
	while (!told->is_opened && !told->has_ended) {
		assert_int_equal(loop_run(fixture->loop, NULL), 0);
	}
	told->stops_loop = false;
}

void ssh_fixture_connect(struct ssh_fixture *fixture, uint16_t port, struct ssh_told *told)
{
	const struct ssh_session_spec spec = {.settings = ssh_fixture_settings(fixture, port, "")};

	ssh_fixture_open(fixture, &spec, told);
	ssh_fixture_run(fixture, told);
	if (!told->is_opened) {
		fail_msg("%s", told->end.text);
	}
}

/* --- commands ------------------------------------------------------------------------------- */

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct ssh_said *said = arg;

	assert_false(said->has_ended);
	strbuf_addstr(stream == SSH_STREAM_STDOUT ? &said->out : &said->err, bytes);
	if (stream == SSH_STREAM_STDERR && said->err_bytes == 0) {
		said->first_out_bytes = said->out_bytes;
	}
	*(stream == SSH_STREAM_STDOUT ? &said->out_bytes : &said->err_bytes) += bytes.len;
}

static void on_exec_ended(void *arg, const struct ssh_exec_end *end)
{
	struct ssh_said *said = arg;

	assert_false(said->has_ended);
	said->has_ended = true;
	said->exec = NULL;
	said->end = *end;
	said->end.text = arena_strdup(said->fixture->arena, end->text);
	said->end.signal_name = arena_strdup(said->fixture->arena, end->signal_name);
	if (said->stops_loop) {
		loop_stop(said->fixture->loop);
	}
}

void ssh_fixture_exec(struct ssh_fixture *fixture, struct ssh_session *session,
	const struct ssh_exec_spec *spec, struct ssh_said *said)
{
	static const struct ssh_exec_events events = {.output = on_output, .ended = on_exec_ended};

	*said = (struct ssh_said){.fixture = fixture,
		.out = STRBUF_INIT_MAX(KEEP_BYTES),
		.err = STRBUF_INIT_MAX(KEEP_BYTES)};
	said->exec = ssh_exec_start(session, spec, &events, said);
}

void ssh_fixture_finish(struct ssh_fixture *fixture, struct ssh_said *said)
{
	said->stops_loop = true;
	while (!said->has_ended) {
		assert_int_equal(loop_run(fixture->loop, NULL), 0);
	}
}

void ssh_fixture_say(struct ssh_fixture *fixture, struct ssh_session *session, const char *command,
	struct ssh_said *said)
{
	ssh_fixture_exec(fixture, session,
		&(struct ssh_exec_spec){.command = command, .drain_ms = 500}, said);
	ssh_fixture_finish(fixture, said);
}

void ssh_said_release(struct ssh_said *said)
{
	strbuf_release(&said->out);
	strbuf_release(&said->err);
}

/* --- the rest ------------------------------------------------------------------------------- */

static void on_moment(void *arg)
{
	loop_stop(arg);
}

void ssh_fixture_until(struct ssh_fixture *fixture, bool (*is_so)(void *arg), void *arg)
{
	for (int i = 0; !is_so(arg); i++) {
		struct timer *timer = timer_add(fixture->loop, 5, on_moment, fixture->loop);

		assert_true(i < WAIT_STEPS);
		assert_int_equal(loop_run(fixture->loop, NULL), 0);
		timer_free(&timer);
	}
}

size_t ssh_fixture_open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(folder);
	while (readdir(folder)) {
		count++;
	}
	(void)closedir(folder);
	return count;
}

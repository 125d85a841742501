/*
 * Logging in: by key, certificate, agent and password, and what is said when none will do.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libssh/libssh.h>

#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "support/run_program.h"
#include "support/ssh_server.h"

/* With `settings` that were made for it. */
static struct ssh_told log_in_with(
	struct ssh_fixture *fixture, const struct ssh_settings *settings, const char *password)
{
	const struct ssh_session_spec spec = {
		.settings = settings, .password = password, .connect_timeout_ms = 5000};
	struct ssh_told told;

	ssh_fixture_open(fixture, &spec, &told);
	ssh_fixture_run(fixture, &told);
	ssh_session_free(&told.session);
	return told;
}

static struct ssh_told log_in(
	struct ssh_fixture *fixture, uint16_t port, const char *lines, const char *password)
{
	return log_in_with(fixture, ssh_fixture_settings(fixture, port, lines), password);
}

static void assert_denied(struct ssh_told told, const char *text)
{
	assert_true(told.has_ended);
	if (told.end.cause != SSH_END_AUTH || told.end.phase != SSH_PHASE_AUTH ||
		!strstr(told.end.text, text)) {
		fail_msg("%d: %s; expected: %s", told.end.cause, told.end.text, text);
	}
	assert_null(strstr(told.end.text, "secret"));
}

static void assert_in(struct ssh_told told)
{
	if (!told.is_opened) {
		fail_msg("%s", told.end.text);
	}
}

static void allow(struct ssh_fixture *fixture, const char *key)
{
	(void)ssh_fixture_write(fixture, "authorized_keys", ssh_fixture_public(fixture, key));
}

static void test_keys(void **state)
{
	static const char *const types[] = {"ed25519", "ecdsa", "rsa"};
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		const char *key = ssh_fixture_make_key(
			fixture, arena_printf(fixture->arena, "key_%zu", i), types[i], "");

		allow(fixture, key);
		fixture->key = key;
		assert_in(log_in(fixture, port, "", NULL));
	}
}

static void test_denied(void **state)
{
	struct ssh_fixture *fixture = *state;
	const char *wrong = ssh_fixture_make_key(fixture, "wrong", "ed25519", "");
	const char *encrypted = ssh_fixture_make_key(fixture, "encrypted", "ed25519", "phrase");
	const char *open_key = ssh_fixture_make_key(fixture, "open", "ed25519", "");
	uint16_t port = ssh_fixture_sshd(fixture, "");

	allow(fixture, open_key);
	assert_int_equal(chmod(open_key, 0644), 0);
	fixture->key = wrong;
	assert_denied(log_in(fixture, port, "", NULL),
		arena_printf(fixture->arena,
			"permission denied for '%s': tried key '%s'; the server takes publickey",
			fixture->username, wrong));
	fixture->key = encrypted;
	assert_denied(log_in(fixture, port, "", NULL), "is encrypted");
	fixture->key = open_key;
	assert_denied(log_in(fixture, port, "", NULL), "can be read by others");
	fixture->key = ssh_fixture_path(fixture, "missing");
	assert_denied(log_in(fixture, port, "", NULL), "tried nothing, as there is no key");
	fixture->key = ssh_fixture_write(fixture, "no_key", "hello\n");
	assert_denied(log_in(fixture, port, "", NULL), "is no private key");
	fixture->key = wrong;
	assert_denied(log_in(fixture, port, "pubkeyauthentication no", NULL), "tried nothing");
	/* A password where none is taken is not sent. */
	assert_denied(log_in(fixture, port, "", "secret"), "the server takes publickey");
}

static void test_too_many(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct strbuf lines = STRBUF_INIT;
	uint16_t port = ssh_fixture_sshd(fixture, "MaxAuthTries 2");

	for (int i = 0; i < 5; i++) {
		strbuf_addf(&lines, "identityfile %s\n",
			ssh_fixture_make_key(fixture, arena_printf(fixture->arena, "wrong_%d", i),
				"ed25519", ""));
	}
	assert_denied(log_in(fixture, port, lines.buf, NULL), "Too many authentication failures");
	strbuf_release(&lines);
}

static void test_certificates(void **state)
{
	struct ssh_fixture *fixture = *state;
	const char *authority = ssh_fixture_make_key(fixture, "authority", "ed25519", "");
	const char *key = ssh_fixture_make_key(fixture, "certified", "ed25519", "");
	const char *public = arena_printf(fixture->arena, "%s.pub", key);
	const char *certificate = arena_printf(fixture->arena, "%s-cert.pub", key);
	const char *moved = ssh_fixture_path(fixture, "moved-cert.pub");
	uint16_t port = ssh_fixture_sshd(
		fixture, arena_printf(fixture->arena, "TrustedUserCAKeys %s.pub", authority));

	fixture->key = key;
	assert_denied(log_in(fixture, port, "", NULL), "tried key");
	assert_int_equal(RUN("ssh-keygen", "-q", "-s", authority, "-I", "test", "-n",
				 fixture->username, public),
		0);
	ssh_fixture_forget(fixture);
	assert_in(log_in(fixture, port, "", NULL));
	assert_int_equal(rename(certificate, moved), 0);
	ssh_fixture_forget(fixture);
	assert_denied(log_in(fixture, port, "", NULL), "tried key");
	assert_in(log_in(
		fixture, port, arena_printf(fixture->arena, "certificatefile %s", moved), NULL));
}

/* --- agents --------------------------------------------------------------------------------- */

static const char *start_agent(struct ssh_fixture *fixture)
{
	const char *socket = ssh_fixture_path(fixture, "agent");

	(void)ssh_fixture_spawn(
		fixture, (const char *const[]){"/usr/bin/ssh-agent", "-D", "-a", socket, NULL});
	for (int i = 0; access(socket, F_OK) < 0; i++) {
		assert_true(i < 2000);
		(void)usleep(5000);
	}
	return socket;
}

static void add_to_agent(struct ssh_fixture *fixture, const char *socket, const char *key)
{
	(void)fixture;
	assert_int_equal(setenv("SSH_AUTH_SOCK", socket, 1), 0);
	assert_int_equal(RUN("ssh-add", "-q", key), 0);
	assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
}

static const struct ssh_settings *with_agent(
	struct ssh_fixture *fixture, uint16_t port, const char *socket, const char *lines)
{
	return ssh_fixture_settings(
		fixture, port, arena_printf(fixture->arena, "identityagent %s\n%s", socket, lines));
}

static void test_agent(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "MaxAuthTries 3");
	const char *socket = start_agent(fixture);
	const char *right = fixture->key;
	struct ssh_told told;

	allow(fixture, right);
	for (int i = 0; i < 4; i++) {
		add_to_agent(fixture, socket,
			ssh_fixture_make_key(fixture, arena_printf(fixture->arena, "other_%d", i),
				"ed25519", ""));
	}
	add_to_agent(fixture, socket, right);
	/* As if it were encrypted: only its public part is there to be found. */
	assert_int_equal(rename(right, ssh_fixture_path(fixture, "hidden")), 0);
	assert_in(log_in_with(fixture, with_agent(fixture, port, socket, ""), NULL));
	assert_in(log_in_with(
		fixture, with_agent(fixture, port, socket, "identitiesonly yes"), NULL));
	/* Nothing says which one: three others come first. */
	fixture->key = ssh_fixture_path(fixture, "missing");
	told = log_in_with(fixture, with_agent(fixture, port, socket, ""), NULL);
	assert_denied(told, "tried agent");
	assert_denied(
		log_in_with(fixture, with_agent(fixture, port, socket, "identitiesonly yes"), NULL),
		"tried agent");
}

static void test_agent_is_not_there(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");

	fixture->key = ssh_fixture_path(fixture, "missing");
	assert_denied(log_in_with(fixture, with_agent(fixture, port, "/nowhere", ""), NULL),
		"cannot reach the agent at '/nowhere'");
}

static int listen_mutely(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 100), 0);
	return fd;
}

/* Twelve sessions wait for an agent that says nothing, more than there are threads; one that needs
 * no agent is through at once, and the twelve end in time. */
static void test_mute_agent(void **state)
{
	enum { WAITING = 12, TIMEOUT_MS = 6000 };
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *socket = ssh_fixture_path(fixture, "mute");
	int fd = listen_mutely(socket);
	const struct ssh_settings *good = ssh_fixture_settings(fixture, port, "");
	struct ssh_session_spec spec = {.connect_timeout_ms = TIMEOUT_MS};
	struct ssh_told told[WAITING], other;
	int64_t began_ms = time_mono_ms();

	fixture->key = ssh_fixture_path(fixture, "missing");
	spec.settings = with_agent(fixture, port, socket, "");
	for (int i = 0; i < WAITING; i++) {
		ssh_fixture_open(fixture, &spec, &told[i]);
	}
	spec.settings = good;
	ssh_fixture_open(fixture, &spec, &other);
	ssh_fixture_run(fixture, &other);
	assert_true(other.is_opened);
	assert_true(time_mono_ms() - began_ms < TIMEOUT_MS);
	ssh_session_free(&other.session);
	ssh_session_free(&told[0].session); /* while a thread has it */
	for (int i = 1; i < WAITING; i++) {
		ssh_fixture_run(fixture, &told[i]);
		assert_true(told[i].has_ended);
		assert_int_equal(told[i].end.cause, SSH_END_TIMEOUT);
		assert_int_equal(told[i].end.phase, SSH_PHASE_AUTH);
		assert_non_null(strstr(told[i].end.text, "waiting for the agent"));
	}
	assert_false(told[0].has_ended);
	assert_true(time_mono_ms() - began_ms < 4 * TIMEOUT_MS);
	(void)close(fd);
}

/* libssh's, on a thread of ours; it takes as long as we like. */
static atomic_bool is_slow, is_asking;

int ssh_userauth_agent(ssh_session lib, const char *username)
{
	int (*ask)(ssh_session, const char *);
	char name[64];

	*(void **)&ask = dlsym(RTLD_NEXT, "ssh_userauth_agent");
	while (atomic_load(&is_slow)) {
		atomic_store(&is_asking, true);
		(void)usleep(1000);
	}
	(void)snprintf(name, sizeof(name), "%s", username ? username : "");
	return ask(lib, username);
}

static bool is_asked(void *arg)
{
	(void)arg;
	return atomic_load(&is_asking);
}

/* Freed while a thread asks the agent: the settings were borrowed until then, and go as well. */
static void test_freed_with_its_settings(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *socket = start_agent(fixture);
	struct arena *arena = fixture->arena, *own = arena_new();
	struct ssh_session_spec spec = {.connect_timeout_ms = 5000};
	struct ssh_told told;

	add_to_agent(fixture, socket, fixture->key);
	fixture->key = ssh_fixture_path(fixture, "missing");
	fixture->arena = own;
	spec.settings = with_agent(fixture, port, socket, "");
	fixture->arena = arena;
	atomic_store(&is_slow, true);
	ssh_fixture_open(fixture, &spec, &told);
	ssh_fixture_until(fixture, is_asked, NULL);
	ssh_session_free(&told.session);
	arena_free(own);
	atomic_store(&is_slow, false);
	ssh_fixture_forget(fixture); /* which waits for the thread */
	assert_false(told.is_opened || told.has_ended);
}

/* --- passwords ------------------------------------------------------------------------------ */

static void test_passwords(void **state)
{
	static const struct {
		enum ssh_server_manner manner;
		const char *password, *denied; /* NULL: it is good */
	} cases[] = {
		{SSH_SERVER_PASSWORD, "secret", NULL},
		{SSH_SERVER_PASSWORD, "wrong", "password; the server takes password"},
		{SSH_SERVER_PASSWORD, NULL, "the server takes password"},
		{SSH_SERVER_QUESTION, "secret", NULL},
		{SSH_SERVER_QUESTION, "wrong", "keyboard-interactive"},
		{SSH_SERVER_QUESTION, NULL, "the server takes keyboard-interactive"},
		{SSH_SERVER_TWO_QUESTIONS, "secret", "asks for more than a password"},
		{SSH_SERVER_BOTH, "secret", NULL},
		{SSH_SERVER_BOTH, NULL, "(taken, and more is wanted); the server takes password"},
		{SSH_SERVER_BOTH, "wrong", "the server takes password"},
	};
	struct ssh_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint16_t port = ssh_server_start(fixture, cases[i].manner);
		struct ssh_told told = log_in(fixture, port, "", cases[i].password);

		if (cases[i].denied) {
			assert_denied(told, cases[i].denied);
		} else {
			assert_in(told);
		}
		ssh_fixture_stop_servers(fixture);
	}
}

static void test_other_manners(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_server_start(fixture, SSH_SERVER_NONE);
	struct ssh_session_spec spec;
	struct ssh_told told;

	fixture->key = ssh_fixture_path(fixture, "missing");
	assert_in(log_in(fixture, port, "", NULL));

	port = ssh_server_start(fixture, SSH_SERVER_HANGS_UP);
	told = log_in(fixture, port, "", NULL);
	assert_int_equal(told.end.cause, SSH_END_CLOSED);
	assert_int_equal(told.end.phase, SSH_PHASE_AUTH);

	port = ssh_server_start(fixture, SSH_SERVER_SILENT);
	spec = (struct ssh_session_spec){
		.settings = ssh_fixture_settings(fixture, port, ""), .connect_timeout_ms = 3000};
	ssh_fixture_open(fixture, &spec, &told);
	ssh_fixture_run(fixture, &told);
	assert_int_equal(told.end.cause, SSH_END_TIMEOUT);
	assert_int_equal(told.end.phase, SSH_PHASE_AUTH);
	assert_non_null(strstr(told.end.text, "gave up after 3 s: authenticating to 127"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_keys),
		TEST(test_denied),
		TEST(test_too_many),
		TEST(test_certificates),
		TEST(test_agent),
		TEST(test_agent_is_not_there),
		TEST(test_mute_agent),
		TEST(test_freed_with_its_settings),
		TEST(test_passwords),
		TEST(test_other_manners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

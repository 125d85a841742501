/*
 * Sessions from their start to every kind of end, and five hundred of them at once.
 */
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libssh/libssh.h>

#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "support/dns_server.h"
#include "support/ssh_server.h"
#include "support/tcp_script.h"

static void assert_end(
	struct ssh_end end, enum ssh_end_cause cause, enum ssh_phase phase, const char *text)
{
	if (end.cause != cause || end.phase != phase || !strstr(end.text, text)) {
		fail_msg("%d in %d: %s; expected %d in %d: %s", end.cause, end.phase, end.text,
			cause, phase, text);
	}
}

static void test_not_reached(void **state)
{
	static const struct dns_rule names[] = {
		{"silent.example", DNS_SILENCE}, {"*", DNS_ANSWER, NULL, NULL}, {NULL}};
	struct ssh_fixture *fixture = *state;
	struct dns_server *server = dns_server_new(fixture->loop, names);
	const struct resolver_options options = {
		.servers = arena_printf(fixture->arena, "127.0.0.1:%u", dns_server_port(server))};
	const struct {
		const char *hostname;
		enum ssh_end_cause cause;
		enum ssh_phase phase;
		const char *text;
	} cases[] = {
		{"127.0.0.1", SSH_END_REFUSED, SSH_PHASE_CONNECT,
			"connection refused by 127.0.0.1"},
		{"missing.example", SSH_END_DNS, SSH_PHASE_LOOKUP, "missing.example"},
		{"silent.example", SSH_END_TIMEOUT, SSH_PHASE_LOOKUP,
			"gave up after 2 s: looking up 'silent.example'"},
	};

	ssh_client_free(&fixture->client);
	resolver_free(&fixture->resolver);
	assert_int_equal(resolver_new(fixture->loop, &options, &fixture->resolver, NULL), 0);
	fixture->client = ssh_client_new(fixture->loop, fixture->resolver);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct ssh_session_spec spec = {
			.settings = ssh_fixture_settings(fixture, ssh_fixture_free_port(),
				arena_printf(fixture->arena, "hostname %s", cases[i].hostname)),
			.connect_timeout_ms = 2000};
		struct ssh_told told;

		ssh_fixture_open(fixture, &spec, &told);
		ssh_fixture_run(fixture, &told);
		assert_end(told.end, cases[i].cause, cases[i].phase, cases[i].text);
	}
	ssh_client_free(&fixture->client);
	resolver_free(&fixture->resolver);
	assert_int_equal(resolver_new(fixture->loop, NULL, &fixture->resolver, NULL), 0);
	fixture->client = ssh_client_new(fixture->loop, fixture->resolver);
	dns_server_free(&server);
}

static void test_phases(void **state)
{
	const struct tcp_script_step steps[] = {{SCRIPT_HANG, NULL}};
	struct ssh_fixture *fixture = *state;
	struct tcp_script *peer = tcp_script_new(fixture->loop, "127.0.0.1", steps);
	const struct ssh_session_spec spec = {.settings = ssh_fixture_settings(fixture,
						      tcp_script_port(peer), "connecttimeout 1")};
	struct strbuf text = STRBUF_INIT;
	struct ssh_told told;
	int64_t began_ms = time_mono_ms();

	ssh_fixture_open(fixture, &spec, &told);
	ssh_session_add_phase(told.session, &text);
	assert_non_null(strstr(text.buf, "connecting to 127.0.0.1:"));
	strbuf_clear(&text);
	ssh_session_add_algorithms(told.session, &text);
	assert_string_equal(text.buf, "");
	assert_false(ssh_session_is_open(told.session));
	/* The time of ssh_config counts where none is given. */
	ssh_fixture_run(fixture, &told);
	assert_int_equal(told.end.cause, SSH_END_TIMEOUT);
	assert_true(time_mono_ms() - began_ms >= 1000);
	assert_true(time_mono_ms() - began_ms < 5000);
	strbuf_release(&text);
	tcp_script_free(&peer);
}

static bool has_ended(void *arg)
{
	return ((struct ssh_told *)arg)->has_ended;
}

/* Answers keep it open, however long nothing else is said; silence ends it. */
static void test_alive(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_server_start(fixture, SSH_SERVER_NONE);
	const struct ssh_session_spec spec = {.settings = ssh_fixture_settings(fixture, port, ""),
		.alive_interval_ms = 100,
		.alive_count_max = 2};
	struct ssh_told told;
	struct ssh_said said;

	port = ssh_fixture_sshd(fixture, "");
	ssh_fixture_connect(fixture, port, &told);
	ssh_session_free(&told.session);
	{
		struct ssh_session_spec real = spec;

		real.settings = ssh_fixture_settings(fixture, port, "");
		real.alive_interval_ms = 500; /* a busy machine needs its time to answer */
		real.alive_count_max = 4;
		ssh_fixture_open(fixture, &real, &told);
		ssh_fixture_run(fixture, &told);
		assert_true(told.is_opened);
		ssh_fixture_say(fixture, told.session, "sleep 3; echo done", &said);
		assert_string_equal(said.out.buf, "done\n");
		ssh_said_release(&said);
		ssh_session_free(&told.session);
	}
	ssh_fixture_open(fixture, &spec, &told);
	ssh_fixture_run(fixture, &told);
	assert_true(told.is_opened);
	ssh_fixture_exec(fixture, told.session,
		&(struct ssh_exec_spec){.command = "freeze", .drain_ms = 500}, &said);
	ssh_fixture_until(fixture, has_ended, &told);
	assert_int_equal(told.end.cause, SSH_END_SILENT);
	assert_non_null(strstr(told.end.text, "no sign of life for "));
	assert_true(said.has_ended); /* the command before its session */
	assert_int_equal(said.end.outcome, SSH_EXEC_LOST);
	ssh_said_release(&said);
}

/* libssh's, and between us and it: */
static bool is_answered_at_once;

int ssh_channel_cancel_forward(ssh_session lib, const char *address, int port)
{
	static int (*asks)(ssh_session, const char *, int);
	struct pollfd fd = {.fd = ssh_get_fd(lib), .events = POLLIN};

	if (!asks) {
		*(void **)&asks = dlsym(RTLD_NEXT, "ssh_channel_cancel_forward");
		assert_non_null(asks);
	}
	if (is_answered_at_once && asks(lib, address, port) == SSH_AGAIN) {
		assert_int_equal(poll(&fd, 1, 60000), 1);
	}
	return asks(lib, address, port);
}

/* An answer that comes while the question is still being asked counts as well. */
static void test_alive_at_once(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_session_spec spec = {.alive_interval_ms = 100, .alive_count_max = 2};
	struct ssh_told told;
	struct ssh_said said;

	spec.settings = ssh_fixture_settings(fixture, ssh_fixture_sshd(fixture, ""), "");
	ssh_fixture_open(fixture, &spec, &told);
	ssh_fixture_run(fixture, &told);
	assert_true(told.is_opened);
	is_answered_at_once = true;
	ssh_fixture_say(fixture, told.session, "sleep 2; echo done", &said);
	is_answered_at_once = false;
	assert_string_equal(said.out.buf, "done\n");
	ssh_said_release(&said);
	ssh_session_free(&told.session);
}

static void test_closed(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_told told;
	struct ssh_said said;

	ssh_fixture_connect(fixture, ssh_fixture_sshd(fixture, ""), &told);
	/* The parent of the command is the server's process for its connection. */
	ssh_fixture_exec(fixture, told.session,
		&(struct ssh_exec_spec){.command = "kill -9 $PPID; sleep 1", .drain_ms = 500},
		&said);
	ssh_fixture_until(fixture, has_ended, &told);
	assert_end(told.end, SSH_END_CLOSED, SSH_PHASE_OPEN, "connection closed");
	assert_true(said.has_ended);
	assert_int_equal(said.end.outcome, SSH_EXEC_LOST);
	assert_string_equal(said.end.text, told.end.text);
	ssh_said_release(&said);
}

/* Sessions are freed in every state. */
static void test_freed(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const struct ssh_session_spec spec = {.settings = ssh_fixture_settings(fixture, port, "")};
	struct ssh_told told;

	for (int turns = 0; turns < 40; turns++) {
		ssh_fixture_open(fixture, &spec, &told);
		for (int i = 0; i < turns && !told.has_ended; i++) {
			(void)loop_defer(fixture->loop, (loop_fn *)loop_stop, fixture->loop);
			assert_int_equal(loop_run(fixture->loop, NULL), 0);
		}
		assert_false(told.has_ended);
		ssh_session_free(&told.session);
		assert_null(told.session);
	}
	ssh_session_free(&told.session); /* nothing: fine */
}

static void test_five_hundred(void **state)
{
	enum { SESSIONS = 500 };
	static struct ssh_told told[SESSIONS];
	static struct ssh_said said[SESSIONS];
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	struct ssh_session_spec spec = {
		.settings = ssh_fixture_settings(fixture, port, ""), .connect_timeout_ms = 100000};
	size_t files_before;

	ssh_fixture_connect(fixture, port, &told[0]);
	ssh_session_free(&told[0].session);
	files_before = ssh_fixture_open_files();
	/* In batches, as one sshd must make a process for each. */
	for (int first = 0; first < SESSIONS; first += 50) {
		for (int i = first; i < first + 50; i++) {
			ssh_fixture_open(fixture, &spec, &told[i]);
		}
		for (int i = first; i < first + 50; i++) {
			ssh_fixture_run(fixture, &told[i]);
			if (!told[i].is_opened) {
				fail_msg("%s", told[i].end.text);
			}
		}
	}
	for (int i = 0; i < SESSIONS; i++) {
		assert_true(ssh_session_is_open(told[i].session));
		ssh_fixture_exec(fixture, told[i].session,
			&(struct ssh_exec_spec){.command = "exit 7", .drain_ms = 5000}, &said[i]);
	}
	for (int i = 0; i < SESSIONS; i++) {
		ssh_fixture_finish(fixture, &said[i]);
		assert_int_equal(said[i].end.outcome, SSH_EXEC_EXITED);
		assert_int_equal(said[i].end.exit_code, 7);
		ssh_said_release(&said[i]);
	}
	for (int i = 0; i < SESSIONS; i++) {
		ssh_session_free(&told[i].session);
	}
	assert_int_equal(ssh_fixture_open_files(), files_before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_not_reached),
		TEST(test_phases),
		TEST(test_alive),
		TEST(test_alive_at_once),
		TEST(test_closed),
		TEST(test_freed),
		TEST(test_five_hundred),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

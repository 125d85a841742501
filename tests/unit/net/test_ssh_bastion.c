/*
 * Logins through others: shared by many, several in a row, and what goes wrong on the way.
 */
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "support/login_fixture.h"
#include "support/ssh_server.h"
#include "support/tcp_script.h"

/* A configuration with `web` behind `bastion`; more blocks before it. */
static const char *config_of(struct ssh_fixture *fixture, uint16_t port, uint16_t bastion_port,
	const char *bastion_lines, const char *more)
{
	return arena_printf(fixture->arena, "%s%s%s", more,
		login_fixture_host(fixture, "web*", port, "\tProxyJump bastion"),
		login_fixture_host(fixture, "bastion", bastion_port, bastion_lines));
}

static void assert_end(
	const struct login_told *told, enum ssh_end_cause cause, const char *hop, const char *text)
{
	if (!told->has_ended || told->end.cause != cause || !strstr(told->end.text, text)) {
		fail_msg("%d: %s; expected %d: %s", told->end.cause, told->end.text, cause, text);
	}
	if (hop) {
		assert_non_null(told->end.hop);
		assert_string_equal(told->end.hop, hop);
	} else {
		assert_null(told->end.hop);
	}
}

/* A server that tells of its connections: how many there were. */
struct watched {
	struct ssh_fixture *fixture;
	uint16_t port;
};

static size_t connections(const struct watched *watched)
{
	struct arena *arena = watched->fixture->arena;
	const char *path = ssh_fixture_path(watched->fixture, "log");
	const char *word = arena_printf(arena, "on 127.0.0.1 port %u", watched->port);
	struct strbuf log = STRBUF_INIT;
	size_t count = 0;

	(void)file_read(path, FILE_REGULAR, 1 << 24, &log, NULL); /* none yet: none */
	for (const char *at = log.buf; (at = strstr(at, word)); at++) {
		count += char_is_digit(at[-2]); /* "listening on" is none */
	}
	strbuf_release(&log);
	return count;
}

static bool has_had_one(void *arg)
{
	return connections(arg) == 1;
}

/* The one by which the fixture finds out that it is there has been told of. */
static struct watched start_watched(struct ssh_fixture *fixture)
{
	struct watched watched = {fixture, ssh_fixture_sshd(fixture, "LogLevel VERBOSE")};

	ssh_fixture_until(fixture, has_had_one, &watched);
	return watched;
}

/* Each of them has a process of its own. */
static void kill_connections(pid_t server)
{
	char path[64];
	struct strbuf pids = STRBUF_INIT;
	struct str rest, word;
	int64_t pid;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", server, server);
	assert_int_equal(file_read(path, FILE_ANY, 65536, &pids, NULL), 0);
	rest = strbuf_str(&pids);
	while (str_word(&rest, &word)) {
		assert_int_equal(parse_int(word, 1, INT32_MAX, &pid, NULL), 0);
		assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
	}
	strbuf_release(&pids);
}

static bool has_ended(void *arg)
{
	return ((struct login_told *)arg)->has_ended;
}

static void test_one_jump(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *config = config_of(fixture, port, ssh_fixture_sshd(fixture, ""), "", "");
	struct ssh_connector *connector = login_fixture_connector(fixture, config, NULL);
	struct login_told told;
	struct ssh_said said;

	login_fixture_connect(fixture, connector, "web-01", &told);
	login_fixture_say(&told, "echo \"$SSH_CONNECTION\" | cut -d' ' -f4", &said);
	assert_string_equal(said.out.buf, arena_printf(fixture->arena, "%u\n", port));
	ssh_said_release(&said);
	ssh_login_free(&told.login);
	ssh_connector_free(&connector);
}

/* By a list, and by what the first host of it needs itself. */
static void test_two_jumps(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	uint16_t inner_port = ssh_fixture_sshd(fixture, "");
	struct watched outer = start_watched(fixture);
	const char *config = arena_printf(fixture->arena, "%s%s%s%s",
		login_fixture_host(fixture, "listed", port, "\tProxyJump outer,inner"),
		login_fixture_host(fixture, "nested", port, "\tProxyJump inner"),
		login_fixture_host(fixture, "inner", inner_port, "\tProxyJump outer"),
		login_fixture_host(fixture, "outer", outer.port, ""));
	struct ssh_connector *connector = login_fixture_connector(fixture, config, NULL);
	struct login_told listed, nested;
	struct ssh_said said;

	login_fixture_connect(fixture, connector, "listed", &listed);
	login_fixture_connect(fixture, connector, "nested", &nested);
	login_fixture_say(&listed, "echo \"$SSH_CONNECTION\" | cut -d' ' -f4", &said);
	assert_string_equal(said.out.buf, arena_printf(fixture->arena, "%u\n", port));
	ssh_said_release(&said);
	assert_int_equal(connections(&outer), 2);
	ssh_login_free(&listed.login);
	ssh_login_free(&nested.login);
	ssh_connector_free(&connector);
}

static void test_fifty_through_one(void **state)
{
	enum { LOGINS = 50 };
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	struct watched bastion = start_watched(fixture);
	const char *config = config_of(fixture, port, bastion.port, "", "");
	struct ssh_connector *connector = login_fixture_connector(fixture, config, NULL);
	struct login_told told[LOGINS];
	struct ssh_said said;

	for (int i = 0; i < LOGINS; i++) {
		login_fixture_open(fixture, connector,
			&(struct ssh_login_spec){
				.name = arena_printf(fixture->arena, "web-%02d", i)},
			&told[i]);
	}
	for (int i = 0; i < LOGINS; i++) {
		login_fixture_run(&told[i]);
		assert_true(told[i].is_opened);
	}
	for (int i = 0; i < LOGINS; i++) {
		login_fixture_say(&told[i], "exit 3", &said);
		assert_int_equal(said.end.exit_code, 3);
		ssh_said_release(&said);
		ssh_login_free(&told[i].login);
	}
	/* It stays for a moment: who comes after all have left finds it open. */
	login_fixture_connect(fixture, connector, "web-51", &told[0]);
	ssh_login_free(&told[0].login);
	assert_int_equal(connections(&bastion), 2);
	ssh_connector_free(&connector);
}

/* Some are open, with a command or without, one is on its way: all hear of it, all at once. */
static void test_dies(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *config = config_of(fixture, port, ssh_fixture_sshd(fixture, ""), "", "");
	struct ssh_connector *connector = login_fixture_connector(fixture, config, NULL);
	struct login_told told[3];
	struct ssh_said said;

	login_fixture_connect(fixture, connector, "web-01", &told[0]);
	login_fixture_connect(fixture, connector, "web-02", &told[1]);
	(void)login_fixture_start(&told[0], "sleep 60", &said);
	kill_connections(fixture->servers[1]);
	login_fixture_open(
		fixture, connector, &(struct ssh_login_spec){.name = "web-03"}, &told[2]);
	for (size_t i = 0; i < 2; i++) {
		ssh_fixture_until(fixture, has_ended, &told[i]);
		assert_end(&told[i], SSH_END_CLOSED, "bastion", "bastion 'bastion': 127.0.0.1:");
	}
	assert_true(said.has_ended);
	assert_int_equal(said.end.outcome, SSH_EXEC_LOST);
	assert_non_null(strstr(said.end.text, "bastion 'bastion': 127.0.0.1:"));
	ssh_said_release(&said);
	/* Too late for the one that has gone, or early enough for the next. */
	login_fixture_run(&told[2]);
	if (told[2].has_ended) {
		assert_end(&told[2], SSH_END_CLOSED, "bastion", "bastion 'bastion': 127.0.0.1:");
	}
	ssh_login_free(&told[2].login);
	/* It is opened anew for who asks then. */
	login_fixture_connect(fixture, connector, "web-01", &told[0]);
	ssh_login_free(&told[0].login);
	ssh_connector_free(&connector);
}

static void test_cannot_be_passed(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *empty = ssh_fixture_write(fixture, "empty", "");
	uint16_t closed_port = ssh_fixture_sshd(fixture, "AllowTcpForwarding no");
	const struct {
		uint16_t bastion_port, port;
		const char *lines; /* of the bastion */
		enum ssh_end_cause cause;
		enum ssh_phase phase;
		const char *hop, *text;
	} cases[] = {
		{ssh_fixture_free_port(), port, "", SSH_END_REFUSED, SSH_PHASE_CONNECT, "bastion",
			"bastion 'bastion': connection refused by 127.0.0.1:"},
		{port, ssh_fixture_free_port(), "", SSH_END_REFUSED, SSH_PHASE_CONNECT, NULL,
			"Connection refused"},
		{closed_port, port, "", SSH_END_UNREACHABLE, SSH_PHASE_CONNECT, "bastion",
			"lets nobody through to it: "},
		{port, port, arena_printf(fixture->arena, "\tUserKnownHostsFile %s\n", empty),
			SSH_END_HOST_KEY_UNKNOWN, SSH_PHASE_KEX, "bastion", "is not known"},
		{port, port, "\tUser nobody-of-that-name\n", SSH_END_AUTH, SSH_PHASE_AUTH,
			"bastion", "permission denied"},
		{port, port, "\tProxyJump web-01\n", SSH_END_LOCAL, SSH_PHASE_LOOKUP, "web-01",
			"leads back to itself"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *first =
			arena_printf(fixture->arena, "Host bastion\n%s\n", cases[i].lines);
		const char *config =
			config_of(fixture, cases[i].port, cases[i].bastion_port, "", first);
		struct ssh_connector *connector = login_fixture_connector(fixture, config, NULL);
		struct login_told told[2];

		for (size_t j = 0; j < ARRAY_LEN(told); j++) {
			login_fixture_open(fixture, connector,
				&(struct ssh_login_spec){.name = "web-01"}, &told[j]);
		}
		for (size_t j = 0; j < ARRAY_LEN(told); j++) {
			login_fixture_run(&told[j]);
			assert_end(&told[j], cases[i].cause, cases[i].hop, cases[i].text);
			assert_int_equal(told[j].end.phase, cases[i].phase);
		}
		ssh_connector_free(&connector);
	}
}

/* A thousand hosts behind it cost one timeout: that it failed is remembered. */
static void test_hangs(void **state)
{
	const struct tcp_script_step steps[] = {{SCRIPT_HANG, NULL}};
	struct ssh_fixture *fixture = *state;
	struct tcp_script *peer = tcp_script_new(fixture->loop, "127.0.0.1", steps);
	const char *config = config_of(fixture, 9, tcp_script_port(peer), "", "");
	struct ssh_connector *connector = login_fixture_connector(fixture, config, NULL);
	const struct ssh_login_spec spec = {.name = "web-01", .connect_timeout_ms = 2000};
	int64_t began_ms = time_mono_ms();
	struct login_told told[2];
	struct strbuf text = STRBUF_INIT;

	for (int i = 0; i < 50; i++) {
		login_fixture_open(fixture, connector, &spec, &told[0]);
		login_fixture_open(fixture, connector, &spec, &told[1]);
		login_fixture_run(&told[0]);
		login_fixture_run(&told[1]);
		assert_end(&told[0], SSH_END_TIMEOUT, "bastion", "gave up after 2 s: ");
		assert_end(&told[1], SSH_END_TIMEOUT, "bastion", "for the greeting of 127.0.0.1");
		assert_int_equal(told[0].end.phase, SSH_PHASE_GREETING);
	}
	assert_true(time_mono_ms() - began_ms >= 2000);
	assert_true(time_mono_ms() - began_ms < 30000); /* of a hundred seconds */
	strbuf_release(&text);
	ssh_connector_free(&connector);
	tcp_script_free(&peer);
}

static void go_on(void *arg)
{
	assert_int_equal(kill(*(pid_t *)arg, SIGCONT), 0);
}

/* What the bastion took is taken from the time of who waited for it. */
static void test_clock(void **state)
{
	enum { SLOW_MS = 2000, TIMEOUT_MS = 5000 };
	const struct tcp_script_step steps[] = {{SCRIPT_HANG, NULL}};
	struct ssh_fixture *fixture = *state;
	struct tcp_script *peer = tcp_script_new(fixture->loop, "127.0.0.1", steps);
	const char *config = config_of(fixture, tcp_script_port(peer),
		ssh_fixture_sshd(fixture, "LoginGraceTime 60"), "", "");
	struct ssh_connector *connector = login_fixture_connector(fixture, config, NULL);
	struct timer *timer = timer_add(fixture->loop, SLOW_MS, go_on, &fixture->servers[0]);
	int64_t began_ms = time_mono_ms(), took_ms;
	struct login_told told;

	assert_int_equal(kill(fixture->servers[0], SIGSTOP), 0);
	login_fixture_open(fixture, connector,
		&(struct ssh_login_spec){.name = "web", .connect_timeout_ms = TIMEOUT_MS}, &told);
	login_fixture_run(&told);
	took_ms = time_mono_ms() - began_ms;
	assert_end(&told, SSH_END_TIMEOUT, NULL, "gave up after 5 s: waiting for the greeting");
	assert_true(took_ms >= TIMEOUT_MS);
	assert_true(took_ms < TIMEOUT_MS + SLOW_MS); /* not all of it for the host alone */
	timer_free(&timer);
	ssh_connector_free(&connector);
	tcp_script_free(&peer);
}

/* The connector goes while bastions are open, on their way, and behind each other. */
static void test_freed(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *config = arena_printf(fixture->arena, "%s%s%s",
		login_fixture_host(fixture, "web", port, "\tProxyJump outer,inner"),
		login_fixture_host(fixture, "inner", port, ""),
		login_fixture_host(fixture, "outer", port, ""));

	for (int turns = 0; turns < 120; turns += 3) {
		struct ssh_connector *connector = login_fixture_connector(fixture, config, NULL);
		struct login_told told, outer;

		login_fixture_open(
			fixture, connector, &(struct ssh_login_spec){.name = "outer"}, &outer);
		login_fixture_open(
			fixture, connector, &(struct ssh_login_spec){.name = "web"}, &told);
		for (int i = 0; i < turns && !told.has_ended && !told.is_opened; i++) {
			(void)loop_defer(fixture->loop, (loop_fn *)loop_stop, fixture->loop);
			assert_int_equal(loop_run(fixture->loop, NULL), 0);
		}
		assert_false(told.has_ended);
		ssh_login_free(&outer.login);
		ssh_login_free(&told.login);
		ssh_connector_free(&connector);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_jump),
		TEST(test_two_jumps),
		TEST(test_fifty_through_one),
		TEST(test_dies),
		TEST(test_cannot_be_passed),
		TEST(test_hangs),
		TEST(test_clock),
		TEST(test_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

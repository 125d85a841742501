/*
 * One connection on its way: what is tried again and what never, what the clock counts, which
 * settings hold.
 */
#include <sys/resource.h>

#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "support/login_fixture.h"
#include "support/ssh_server.h"
#include "support/tcp_script.h"

enum { FEW = 256 }; /* descriptors */

static struct ssh_connector *connector_for(
	struct ssh_fixture *fixture, uint16_t port, const struct ssh_connector_options *options)
{
	return login_fixture_connector(
		fixture, login_fixture_host(fixture, "web*", port, ""), options);
}

static void assert_end(const struct login_told *told, enum ssh_end_cause cause, const char *text)
{
	if (!told->has_ended || told->end.cause != cause || !strstr(told->end.text, text)) {
		fail_msg("%d: %s; expected %d: %s", told->end.cause, told->end.text, cause, text);
	}
	assert_null(told->end.hop);
}

/* A server that lets in few at a time, and drops the others: all get in. */
static void crowd(
	struct ssh_fixture *fixture, uint16_t port, enum ssh_transport transport, int logins)
{
	const struct ssh_connector_options options = {.transport = transport};
	struct ssh_connector *connector = connector_for(fixture, port, &options);
	struct login_told *told = arena_calloc(fixture->arena, (size_t)logins, sizeof(*told));

	for (int i = 0; i < logins; i++) {
		login_fixture_open(
			fixture, connector, &(struct ssh_login_spec){.name = "web"}, &told[i]);
	}
	for (int i = 0; i < logins; i++) {
		login_fixture_run(&told[i]);
		if (!told[i].is_opened) {
			fail_msg("%d: %s", i, told[i].end.text);
		}
	}
	for (int i = 0; i < logins; i++) {
		ssh_login_free(&told[i].login);
	}
	ssh_connector_free(&connector);
}

static void test_crowd(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "MaxStartups 2:50:4");

	crowd(fixture, port, SSH_TRANSPORT_NATIVE, 50);
	crowd(fixture, port, SSH_TRANSPORT_OPENSSH, 12); /* each is a process, and takes its time */
}

static size_t greetings(const struct tcp_script *peer)
{
	size_t count = 0;

	for (const char *at = tcp_script_received(peer)->buf; (at = strstr(at, "SSH-2.0-")); at++) {
		count++;
	}
	return count;
}

static void test_dropped_to_the_end(void **state)
{
	const struct tcp_script_step steps[] = {{SCRIPT_WAIT, "SSH-2.0-"}, {SCRIPT_END, NULL}};
	struct ssh_fixture *fixture = *state;
	struct tcp_script *peer = tcp_script_new(fixture->loop, "127.0.0.1", steps);
	const struct ssh_connector_options options = {.attempts = 3, .limiter = {.pause_ms = 10}};
	struct ssh_connector *connector = connector_for(fixture, tcp_script_port(peer), &options);
	struct login_told told;

	login_fixture_open(fixture, connector, &(struct ssh_login_spec){.name = "web"}, &told);
	login_fixture_run(&told);
	assert_end(&told, SSH_END_DROPPED, "without a greeting (3 attempts)");
	assert_int_equal(told.end.phase, SSH_PHASE_GREETING);
	/* The last one's may not have been read any more. */
	assert_true(greetings(peer) == 2 || greetings(peer) == 3);
	ssh_connector_free(&connector);
	tcp_script_free(&peer);
}

/* The account would be locked. */
static void test_wrong_password(void **state)
{
	static const enum ssh_transport transports[] = {
		SSH_TRANSPORT_NATIVE, SSH_TRANSPORT_OPENSSH};
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_server_start(fixture, SSH_SERVER_PASSWORD);

	for (size_t i = 0; i < ARRAY_LEN(transports); i++) {
		const struct ssh_connector_options options = {.transport = transports[i]};
		struct ssh_connector *connector = connector_for(fixture, port, &options);
		struct login_told told;

		login_fixture_open(fixture, connector,
			&(struct ssh_login_spec){.name = "web", .password = "wrong"}, &told);
		login_fixture_run(&told);
		assert_end(&told, SSH_END_AUTH, "ermission denied");
		assert_int_equal(told.end.phase, SSH_PHASE_AUTH);
		assert_null(strstr(told.end.text, "attempts"));
		login_fixture_open(fixture, connector,
			&(struct ssh_login_spec){.name = "web", .password = "secret"}, &told);
		login_fixture_run(&told);
		if (!told.is_opened) {
			fail_msg("%s", told.end.text);
		}
		ssh_login_free(&told.login);
		ssh_connector_free(&connector);
	}
}

/* Where there is no ssh, our own sessions do what they can, and say what they cannot. */
static void test_no_program(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *vouched = ssh_fixture_write(fixture, "vouched",
		arena_printf(fixture->arena, "@cert-authority * %s\n",
			ssh_fixture_public(fixture, fixture->key)));
	const char *config = arena_printf(fixture->arena,
		"Host vouched\n\tUserKnownHostsFile %s %s\n%s%s", vouched, fixture->known_hosts,
		login_fixture_host(fixture, "proxied", port, "\tProxyCommand false"),
		login_fixture_host(fixture, "*", port, ""));
	struct ssh_connector_options options = {.program = "ssh-that-is-not"};
	struct ssh_connector *connector = login_fixture_connector(fixture, config, &options);
	struct login_told told;

	login_fixture_connect(fixture, connector, "web", &told);
	assert_int_equal(ssh_login_transport(told.login), SSH_TRANSPORT_NATIVE);
	ssh_login_free(&told.login);
	login_fixture_open(fixture, connector, &(struct ssh_login_spec){.name = "proxied"}, &told);
	login_fixture_run(&told);
	assert_end(&told, SSH_END_LOCAL, "cannot log in through the program ssh: ");
	ssh_connector_free(&connector);
	options.transport = SSH_TRANSPORT_OPENSSH;
	connector = login_fixture_connector(fixture, config, &options);
	login_fixture_open(fixture, connector, &(struct ssh_login_spec){.name = "web"}, &told);
	login_fixture_run(&told);
	assert_end(&told, SSH_END_LOCAL, "ssh-that-is-not");
	ssh_connector_free(&connector);
}

/* It counts while something is done, and stands in the queue. */
static void test_clock(void **state)
{
	const struct tcp_script_step steps[] = {{SCRIPT_HANG, NULL}};
	struct ssh_fixture *fixture = *state;
	struct tcp_script *peer = tcp_script_new(fixture->loop, "127.0.0.1", steps);
	const struct ssh_connector_options options = {
		.limiter = {.window_first = 1, .window_max = 1}};
	struct ssh_connector *connector = connector_for(fixture, tcp_script_port(peer), &options);
	const struct ssh_login_spec spec = {.name = "web", .connect_timeout_ms = 2000};
	int64_t began_ms = time_mono_ms();
	struct login_told told[3];
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(told); i++) {
		login_fixture_open(fixture, connector, &spec, &told[i]);
	}
	ssh_login_add_phase(told[2].login, &text);
	assert_string_equal(text.buf, "reading the SSH settings of 'web'");
	for (size_t i = 0; i < ARRAY_LEN(told); i++) {
		if (i == 1) {
			strbuf_clear(&text);
			ssh_login_add_phase(told[2].login, &text);
			assert_true(str_starts(
				strbuf_str(&text), "waiting for its turn at 127.0.0.1:"));
		}
		login_fixture_run(&told[i]);
		assert_end(&told[i], SSH_END_TIMEOUT,
			"gave up after 2 s: waiting for the greeting of 127.0.0.1:");
		assert_int_equal(told[i].end.phase, SSH_PHASE_GREETING);
		assert_true(time_mono_ms() - began_ms >= 2000 * ((int64_t)i + 1));
	}
	strbuf_release(&text);
	ssh_connector_free(&connector);
	tcp_script_free(&peer);
}

/* Settings of the name, connection to the address, whose key is the one that has to be known. */
static void test_address(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *config = arena_printf(fixture->arena, "%s%s",
		login_fixture_host(fixture, "alias", port,
			arena_printf(fixture->arena, "\tHostKeyAlias [127.0.0.1]:%u\n", port)),
		login_fixture_host(fixture, "*", port, ""));
	struct ssh_connector *connector;
	struct login_told told;

	/* Its HostName would lead nowhere. */
	config = arena_printf(fixture->arena,
		"Host web\n\tHostName 127.0.0.3\nHost alias\n\tHostName 127.0.0.3\n%s", config);
	connector = login_fixture_connector(fixture, config, NULL);
	login_fixture_open(fixture, connector,
		&(struct ssh_login_spec){.name = "web", .address = "127.0.0.1"}, &told);
	login_fixture_run(&told);
	assert_true(told.is_opened);
	ssh_login_free(&told.login);
	/* 127.0.0.1's key is known, localhost's is not; an alias comes before either. */
	login_fixture_open(fixture, connector,
		&(struct ssh_login_spec){.name = "web", .address = "localhost"}, &told);
	login_fixture_run(&told);
	assert_end(&told, SSH_END_HOST_KEY_UNKNOWN, "'[localhost]:");
	login_fixture_open(fixture, connector,
		&(struct ssh_login_spec){.name = "alias", .address = "localhost"}, &told);
	login_fixture_run(&told);
	if (!told.is_opened) {
		fail_msg("%s", told.end.text);
	}
	ssh_login_free(&told.login);
	login_fixture_open(fixture, connector,
		&(struct ssh_login_spec){.name = "web", .address = "-oProxyCommand=x"}, &told);
	login_fixture_run(&told);
	assert_end(&told, SSH_END_LOCAL, "is no address of a host");
	ssh_connector_free(&connector);
}

/* Who, where and which keys are new. */
static void test_settings(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *config = arena_printf(fixture->arena, "Host new*\n\tUserKnownHostsFile %s\n%s",
		ssh_fixture_path(fixture, "new"), login_fixture_host(fixture, "*", port, ""));
	struct ssh_connector_options options = {0};
	struct ssh_connector *connector = login_fixture_connector(fixture, config, &options);
	struct login_told told;

	login_fixture_open(fixture, connector,
		&(struct ssh_login_spec){.name = "web", .username = "nobody-of-that-name"}, &told);
	login_fixture_run(&told);
	assert_end(&told, SSH_END_AUTH, "'nobody-of-that-name'");
	login_fixture_open(fixture, connector,
		&(struct ssh_login_spec){.name = "web", .port = ssh_fixture_free_port()}, &told);
	login_fixture_run(&told);
	assert_end(&told, SSH_END_REFUSED, "connection refused");
	login_fixture_open(fixture, connector, &(struct ssh_login_spec){.name = "web\n"}, &told);
	login_fixture_run(&told);
	assert_end(&told, SSH_END_LOCAL, "is no name of a host");
	/* Its key stands in a file that was read, but that is not for this name. */
	login_fixture_open(fixture, connector, &(struct ssh_login_spec){.name = "new"}, &told);
	login_fixture_run(&told);
	assert_end(&told, SSH_END_HOST_KEY_UNKNOWN, "is not known");
	ssh_connector_free(&connector);

	/* By the user's settings, then by an option. */
	config = arena_printf(
		fixture->arena, "Host new-2\n\tStrictHostKeyChecking accept-new\n%s", config);
	connector = login_fixture_connector(fixture, config, &options);
	login_fixture_connect(fixture, connector, "new-2", &told);
	ssh_login_free(&told.login);
	ssh_connector_free(&connector);
	(void)ssh_fixture_write(fixture, "new", "");
	options.accepts_new_host_keys = true;
	connector = login_fixture_connector(fixture, config, &options);
	login_fixture_connect(fixture, connector, "new-1", &told);
	ssh_login_free(&told.login);
	ssh_connector_free(&connector);
}

/* All but so many that nobody has. */
static void take_descriptors(int *taken, int spare)
{
	int count = 0;

	do {
		taken[count] = dup(STDERR_FILENO);
	} while (taken[count++] >= 0);
	for (int i = 0; i < spare; i++) {
		(void)close(taken[count - 2 - i]);
		taken[count - 2 - i] = -1;
	}
}

static void give_descriptors(const int *taken)
{
	for (int i = 0; taken[i] >= 0; i++) {
		(void)close(taken[i]);
	}
}

/* With so few descriptors that some step of the way gets none: said as what it is. */
static void test_no_descriptors(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *config = arena_printf(fixture->arena,
		"Host named\n\tHostName localhost\n%s%s%s",
		login_fixture_host(fixture, "behind", port, "\tProxyJump web"),
		login_fixture_host(fixture, "named", port,
			arena_printf(fixture->arena, "\tHostKeyAlias [127.0.0.1]:%u", port)),
		login_fixture_host(fixture, "web", port, ""));
	static const char *const names[] = {"web", "named", "behind"};
	struct rlimit before, few;
	int taken[FEW];

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){FEW, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		bool is_open = false;

		for (int spare = 0; !is_open; spare++) {
			struct ssh_connector *connector =
				login_fixture_connector(fixture, config, NULL);
			struct login_told told;

			/* Its settings and its bastion are there already. */
			login_fixture_connect(fixture, connector, names[i], &told);
			ssh_login_free(&told.login);
			take_descriptors(taken, spare);
			login_fixture_open(fixture, connector,
				&(struct ssh_login_spec){.name = names[i]}, &told);
			login_fixture_run(&told);
			is_open = told.is_opened;
			ssh_login_free(&told.login);
			ssh_connector_free(&connector);
			give_descriptors(taken);
			if (!is_open) {
				assert_end(&told, SSH_END_LOCAL, "Too many open files");
			}
			assert_true(spare < 40);
		}
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_crowd),
		TEST(test_dropped_to_the_end),
		TEST(test_wrong_password),
		TEST(test_no_program),
		TEST(test_clock),
		TEST(test_address),
		TEST(test_settings),
		TEST(test_no_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

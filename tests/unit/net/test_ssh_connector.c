/*
 * What logins share: those that are kept, and how long.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "support/login_fixture.h"

/* Which connection it is: the client's port. */
static const char *connection_of(struct login_told *told)
{
	struct ssh_said said;
	const char *port;

	login_fixture_say(told, "echo \"$SSH_CONNECTION\" | cut -d' ' -f2", &said);
	port = arena_strdup(told->fixture->arena, said.out.buf);
	ssh_said_release(&said);
	assert_true(strlen(port) > 1);
	return port;
}

static const char *connection_by(
	struct ssh_fixture *fixture, struct ssh_connector *connector, struct ssh_login_spec spec)
{
	struct login_told told;
	const char *port;

	login_fixture_open(fixture, connector, &spec, &told);
	login_fixture_run(&told);
	if (!told.is_opened) {
		fail_msg("%s", told.end.text);
	}
	port = connection_of(&told);
	ssh_login_free(&told.login);
	return port;
}

static void test_kept(void **state)
{
	static const enum ssh_transport transports[] = {
		SSH_TRANSPORT_NATIVE, SSH_TRANSPORT_OPENSSH};
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *config = login_fixture_host(fixture, "*", port, "");

	for (size_t i = 0; i < ARRAY_LEN(transports); i++) {
		const struct ssh_connector_options options = {
			.transport = transports[i], .keep_ms = 60000};
		struct ssh_connector *connector =
			login_fixture_connector(fixture, config, &options);
		const struct ssh_login_spec web = {.name = "web"};
		const char *first = connection_by(fixture, connector, web);

		assert_string_equal(connection_by(fixture, connector, web), first);
		assert_string_equal(connection_by(fixture, connector, web), first);
		/* Whoever wants something else gets something else. */
		assert_string_not_equal(
			connection_by(fixture, connector, (struct ssh_login_spec){.name = "web-2"}),
			first);
		assert_string_not_equal(
			connection_by(fixture, connector,
				(struct ssh_login_spec){.name = "web", .port = port}),
			first);
		assert_string_not_equal(
			connection_by(fixture, connector,
				(struct ssh_login_spec){.name = "web", .address = "127.0.0.1"}),
			first);
		assert_string_not_equal(connection_by(fixture, connector,
						(struct ssh_login_spec){.name = "web",
							.username = fixture->username}),
			first);
		assert_string_equal(connection_by(fixture, connector, web), first);
		ssh_connector_free(&connector);
	}
}

/* Two at once are two; one of them is kept.  A command that runs ends with its login. */
static void test_in_use(void **state)
{
	struct ssh_fixture *fixture = *state;
	const char *config = login_fixture_host(fixture, "*", ssh_fixture_sshd(fixture, ""), "");
	const struct ssh_connector_options options = {.keep_ms = 60000};
	struct ssh_connector *connector = login_fixture_connector(fixture, config, &options);
	struct login_told one, other;
	struct ssh_said said;
	const char *connection;

	login_fixture_connect(fixture, connector, "web", &one);
	login_fixture_connect(fixture, connector, "web", &other);
	connection = connection_of(&one);
	assert_string_not_equal(connection_of(&other), connection);
	(void)login_fixture_start(&one, "sleep 60", &said);
	ssh_login_free(&one.login);
	assert_false(said.has_ended);
	ssh_login_free(&other.login);
	assert_string_equal(
		connection_by(fixture, connector, (struct ssh_login_spec){.name = "web"}),
		connection);
	assert_false(said.has_ended);
	ssh_said_release(&said);
	/* Given back before it is told that it is open. */
	login_fixture_open(fixture, connector, &(struct ssh_login_spec){.name = "web"}, &one);
	assert_true(ssh_login_is_open(one.login));
	ssh_login_free(&one.login);
	assert_string_equal(
		connection_by(fixture, connector, (struct ssh_login_spec){.name = "web"}),
		connection);
	ssh_connector_free(&connector);
}

/* Not for ever, and not when the server has ended it. */
static void test_gone(void **state)
{
	struct ssh_fixture *fixture = *state;
	const char *config = login_fixture_host(fixture, "*", ssh_fixture_sshd(fixture, ""), "");
	const struct ssh_connector_options options = {.keep_ms = 200};
	struct ssh_connector *connector = login_fixture_connector(fixture, config, &options);
	const struct ssh_login_spec web = {.name = "web"};
	struct login_told told;
	struct ssh_said said;
	const char *first;

	login_fixture_connect(fixture, connector, "web", &told);
	first = connection_of(&told);
	(void)login_fixture_start(&told, "(sleep 0.1; kill -9 $PPID) &", &said);
	ssh_login_free(&told.login);
	ssh_said_release(&said);
	assert_int_equal(loop_run(fixture->loop, NULL), 0); /* until nothing is left */
	assert_string_not_equal(connection_by(fixture, connector, web), first);
	first = connection_by(fixture, connector, web);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	assert_string_not_equal(connection_by(fixture, connector, web), first);
	ssh_connector_free(&connector);
}

/* Nothing is kept without the wish. */
static void test_not_kept(void **state)
{
	struct ssh_fixture *fixture = *state;
	const char *config = login_fixture_host(fixture, "*", ssh_fixture_sshd(fixture, ""), "");
	struct ssh_connector *connector = login_fixture_connector(fixture, config, NULL);
	const struct ssh_login_spec web = {.name = "web"};
	const char *first = connection_by(fixture, connector, web);

	assert_string_not_equal(connection_by(fixture, connector, web), first);
	assert_non_null(ssh_connector_hosts(connector));
	assert_string_equal(ssh_transport_name(SSH_TRANSPORT_AUTO), "auto");
	assert_string_equal(ssh_transport_name(SSH_TRANSPORT_NATIVE), "native");
	assert_string_equal(ssh_transport_name(SSH_TRANSPORT_OPENSSH), "openssh");
	ssh_connector_free(&connector);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_kept),
		TEST(test_in_use),
		TEST(test_gone),
		TEST(test_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

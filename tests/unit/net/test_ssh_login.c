/*
 * Logins as their users see them: to what they lead, how they end, what may be freed when.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "support/login_fixture.h"
#include "support/ssh_server.h"

static uint16_t start_sshd(struct ssh_fixture *fixture, const char *lines)
{
	uint16_t port = ssh_fixture_sshd(fixture, lines);

	if (port == 0) {
		skip_because("needs openssh-server");
	}
	return port;
}

static void test_direct(void **state)
{
	struct ssh_fixture *fixture = *state;
	const char *config = login_fixture_host(fixture, "web-01", start_sshd(fixture, ""), "");
	struct ssh_connector *connector = login_fixture_connector(fixture, config, NULL);
	struct login_told told;
	struct ssh_said said;

	login_fixture_open(fixture, connector, &(struct ssh_login_spec){.name = "web-01"}, &told);
	assert_false(ssh_login_is_open(told.login));
	login_fixture_run(&told);
	assert_true(told.is_opened);
	assert_int_equal(ssh_login_transport(told.login), SSH_TRANSPORT_NATIVE);
	login_fixture_say(&told, "echo out; echo err >&2; exit 3", &said);
	assert_int_equal(said.end.outcome, SSH_EXEC_EXITED);
	assert_int_equal(said.end.exit_code, 3);
	assert_string_equal(said.out.buf, "out\n");
	assert_string_equal(said.err.buf, "err\n");
	ssh_said_release(&said);
	ssh_login_free(&told.login);
	assert_null(told.login);
	ssh_login_free(&told.login); /* nothing: fine */
	ssh_connector_free(&connector);
	ssh_connector_free(&connector);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_direct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

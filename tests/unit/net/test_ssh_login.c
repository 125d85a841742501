/*
 * Logins as their users see them: to what they lead, how they end, what may be freed when.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
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

static void say_and_check(struct login_told *told)
{
	struct ssh_said said;

	login_fixture_say(told, "echo out; echo err >&2; exit 3", &said);
	assert_int_equal(said.end.outcome, SSH_EXEC_EXITED);
	assert_int_equal(said.end.exit_code, 3);
	assert_string_equal(said.out.buf, "out\n");
	assert_string_equal(said.err.buf, "err\n");
	ssh_said_release(&said);
}

static const enum ssh_transport transports[] = {SSH_TRANSPORT_NATIVE, SSH_TRANSPORT_OPENSSH};

/* Directly, through a bastion, to another address: the same by either transport. */
static void test_both_transports(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = start_sshd(fixture, "");
	const char *config = arena_printf(fixture->arena, "Host moved\n\tHostName 127.0.0.3\n%s%s",
		login_fixture_host(fixture, "behind", port, "\tProxyJump web"),
		login_fixture_host(fixture, "*", port, ""));
	const struct ssh_login_spec specs[] = {
		{.name = "web"}, {.name = "behind"}, {.name = "moved", .address = "127.0.0.1"}};

	for (size_t i = 0; i < ARRAY_LEN(transports); i++) {
		const struct ssh_connector_options options = {.transport = transports[i]};
		struct ssh_connector *connector =
			login_fixture_connector(fixture, config, &options);
		struct strbuf text = STRBUF_INIT;
		struct login_told told;

		for (size_t j = 0; j < ARRAY_LEN(specs); j++) {
			login_fixture_open(fixture, connector, &specs[j], &told);
			assert_false(ssh_login_is_open(told.login));
			login_fixture_run(&told);
			if (!told.is_opened) {
				fail_msg("%zu %zu: %s", i, j, told.end.text);
			}
			assert_int_equal(ssh_login_transport(told.login), transports[i]);
			ssh_login_add_phase(told.login, &text);
			assert_true(text.len > 0);
			say_and_check(&told);
			say_and_check(&told);
			ssh_login_free(&told.login);
			assert_null(told.login);
			ssh_login_free(&told.login); /* nothing: fine */
		}
		strbuf_release(&text);
		ssh_connector_free(&connector);
		ssh_connector_free(&connector);
	}
}

static void note(void *lines, enum log_level level, struct str text)
{
	(void)level;
	strbuf_addf(lines, "%.*s\n", STR_ARG(text));
}

/* Who needs the program ssh gets it, with a word; who forbids it is told. */
static void test_choice(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = start_sshd(fixture, "");
	const char *proxy =
		arena_printf(fixture->arena, "\tProxyCommand ssh -F %s -W 127.0.0.1:%u plain",
			ssh_fixture_path(fixture, "config"), port);
	const char *vouched = ssh_fixture_write(fixture, "vouched",
		arena_printf(fixture->arena,
			"@cert-authority [127.0.0.1]:%u %s\n[127.0.0.1]:%u %s\n", port,
			ssh_fixture_public(fixture, fixture->key), port,
			ssh_fixture_public(fixture, fixture->host_key)));
	const char *config = arena_printf(fixture->arena,
		"Host vouched\n\tUserKnownHostsFile %s\n%s%s%s%s%s", vouched,
		login_fixture_host(fixture, "vouched", port, ""),
		login_fixture_host(fixture, "proxied", port, proxy),
		login_fixture_host(fixture, "behind", port, "\tProxyJump proxied"),
		login_fixture_host(fixture, "far-behind", port, "\tProxyJump plain,behind,plain"),
		login_fixture_host(fixture, "plain", port, ""));
	const struct {
		const char *name;
		enum ssh_transport chosen;
		const char *reason, *refusal;
	} cases[] = {
		{"plain", SSH_TRANSPORT_NATIVE, NULL, NULL},
		{"proxied", SSH_TRANSPORT_OPENSSH, "proxied: through the program ssh: ProxyCommand",
			"'proxied' needs the program ssh: ProxyCommand"},
		{"behind", SSH_TRANSPORT_OPENSSH,
			"behind: through the program ssh: bastion 'proxied' needs it: ProxyCommand",
			"bastion 'proxied': 'proxied' needs the program ssh: ProxyCommand"},
		{"vouched", SSH_TRANSPORT_OPENSSH,
			"vouched: through the program ssh: host certificates are needed", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ssh_connector_options options = {.transport = SSH_TRANSPORT_AUTO};
		struct ssh_connector *connector =
			login_fixture_connector(fixture, config, &options);
		struct login_told told;

		(void)note;
		for (int round = 0; round < 2; round++) {
			login_fixture_connect(fixture, connector, cases[i].name, &told);
			assert_int_equal(ssh_login_transport(told.login), cases[i].chosen);
			say_and_check(&told);
			ssh_login_free(&told.login);
		}
		ssh_connector_free(&connector);
		options.transport = SSH_TRANSPORT_NATIVE;
		connector = login_fixture_connector(fixture, config, &options);
		login_fixture_open(
			fixture, connector, &(struct ssh_login_spec){.name = cases[i].name}, &told);
		login_fixture_run(&told);
		assert_int_equal(told.is_opened, !cases[i].refusal);
		if (cases[i].refusal) {
			assert_int_equal(told.end.cause, SSH_END_LOCAL);
			assert_string_equal(told.end.text, cases[i].refusal);
		}
		ssh_login_free(&told.login);
		ssh_connector_free(&connector);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_both_transports),
		TEST(test_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

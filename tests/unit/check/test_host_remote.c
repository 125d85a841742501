/*
 * Measuring through real SSH servers: what they say, and every way in which they do not.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "check/host_remote.h"
#include "cmocka_all.h"
#include "support/login_fixture.h"
#include "support/ssh_server.h"

enum { NEVER_MS = 60000, SHORT_MS = 700 };

static const struct option_list none;

struct measured {
	struct ssh_fixture *fixture;
	struct ssh_connector *connector;
	struct host_remote *remote;
	const struct host_machine *machine;
	bool has_failed;
	struct host_remote_failure failure;
};

static void measured(void *arg, const struct host_machine *machine)
{
	struct measured *m = arg;

	assert_true(!m->machine && !m->has_failed);
	m->machine = machine;
	host_remote_free(&m->remote);
	loop_stop(m->fixture->loop);
}

static void failed(void *arg, const struct host_remote_failure *failure)
{
	struct measured *m = arg;

	assert_true(!m->machine && !m->has_failed);
	m->has_failed = true;
	m->failure = *failure;
	host_remote_free(&m->remote);
	loop_stop(m->fixture->loop);
}

static void start(struct measured *m, const char *name, int64_t timeout_ms)
{
	static const struct host_remote_events events = {measured, failed};
	const struct host_remote_spec spec = {
		.loop = m->fixture->loop,
		.arena = m->fixture->arena,
		.connector = m->connector,
		.login = {.name = name},
		.include_mounts = &none,
		.exclude_mounts = &none,
		.cpu_sample_ms = 20,
		.mount_timeout_ms = 3000,
		.timeout_ms = timeout_ms,
	};

	m->machine = NULL;
	m->has_failed = false;
	m->remote = host_remote_start(&spec, &events, m);
	assert_false(m->machine || m->has_failed);
}

static void run(struct measured *m, const char *name, int64_t timeout_ms)
{
	start(m, name, timeout_ms);
	assert_int_equal(loop_run(m->fixture->loop, NULL), 0);
	assert_true(m->machine || m->has_failed);
}

/* This machine: whatever state it is in, these are there. */
static void measures(void **state)
{
	const struct ssh_connector_options options = {.keep_ms = NEVER_MS};
	struct measured m = {.fixture = *state};
	const char *config =
		login_fixture_host(m.fixture, "web-01", ssh_fixture_sshd(m.fixture, ""), "");

	m.connector = login_fixture_connector(m.fixture, config, &options);
	for (int i = 0; i < 2; i++) { /* the second in the same login */
		run(&m, "web-01", NEVER_MS);
		assert_non_null(m.machine);
		assert_non_null(m.machine->facts.hostname);
		assert_true(m.machine->facts.uptime_s > 0);
		assert_int_equal(m.machine->facts.cpu_samples, 2);
		assert_false(isnan(host_memory_used_percent(&m.machine->facts.memory)));
		for (size_t f = 0; f < m.machine->filesystems.items_count; f++) {
			assert_non_null(m.machine->filesystems.items[f].space);
		}
	}
	ssh_connector_free(&m.connector);
}

struct end {
	const char *name;
	enum check_state state;
	enum check_code code;
	const char *says;
};

static void ends_as(struct measured *m, const struct end *ends, size_t count, int64_t timeout_ms)
{
	for (size_t i = 0; i < count; i++) {
		run(m, ends[i].name, timeout_ms);
		assert_true(m->has_failed);
		if (m->failure.state != ends[i].state || m->failure.code != ends[i].code ||
			!strstr(m->failure.text, ends[i].says)) {
			fail_msg("%s: %s, %s: %s", ends[i].name, check_state_name(m->failure.state),
				check_code_name(m->failure.code), m->failure.text);
		}
	}
}

/* A host that does not answer is down; one that does not let us in is not known. */
static void logins_that_fail(void **state)
{
	static const struct end ends[] = {
		{"refused", CHECK_CRITICAL, CODE_CONNECTION_REFUSED, "refused"},
		{"no-key", CHECK_UNKNOWN, CODE_AUTH_FAILED, "denied"},
		{"strange", CHECK_UNKNOWN, CODE_HOST_KEY_UNKNOWN, "not known"},
		{"changed", CHECK_UNKNOWN, CODE_HOST_KEY_MISMATCH, "changed"},
		{"behind", CHECK_UNKNOWN, CODE_JUMP_FAILED, "refused"},
		{"a b", CHECK_UNKNOWN, CODE_LOCAL_ERROR, "no name of a host"},
	};
	struct measured m = {.fixture = *state};
	uint16_t port = ssh_fixture_sshd(m.fixture, "");
	uint16_t closed = ssh_fixture_free_port();
	const char *other = ssh_fixture_make_key(m.fixture, "other", "ed25519", "");
	const char *line = arena_printf(m.fixture->arena, "[127.0.0.1]:%u %s\n", port,
		ssh_fixture_public(m.fixture, other));
	const char *changed = ssh_fixture_write(m.fixture, "changed", line);
	const char *config = arena_printf(m.fixture->arena,
		"Host no-key\n\tIdentityFile %s\n\tIdentitiesOnly yes\n\tHostName 127.0.0.1\n"
		"\tPort %u\n\tUserKnownHostsFile %s\n\tGlobalKnownHostsFile none\n"
		"\tIdentityAgent none\n"
		"Host strange\n\tUserKnownHostsFile /dev/null\n"
		"Host changed\n\tUserKnownHostsFile %s\n"
		"Host behind\n\tProxyJump refused\n"
		"%s%s",
		other, port, m.fixture->known_hosts, changed,
		login_fixture_host(m.fixture, "refused", closed, ""),
		login_fixture_host(m.fixture, "* !no-key", port, ""));

	m.connector = login_fixture_connector(m.fixture, config, NULL);
	ends_as(&m, ends, ARRAY_LEN(ends), NEVER_MS);
	ssh_connector_free(&m.connector);
}

static void logins_that_take_too_long(void **state)
{
	static const struct end ends[] = {
		{"silent", CHECK_CRITICAL, CODE_TIMEOUT, "authenticating"},
	};
	struct measured m = {.fixture = *state};
	uint16_t port = ssh_server_start(m.fixture, SSH_SERVER_SILENT);

	m.connector = login_fixture_connector(
		m.fixture, login_fixture_host(m.fixture, "silent", port, ""), NULL);
	ends_as(&m, ends, ARRAY_LEN(ends), SHORT_MS);
	ssh_connector_free(&m.connector);
}

/* After the login: it was not measured. */
static void hosts_that_do_not_tell(void **state)
{
	static const struct {
		const char *settings;
		struct end end;
	} cases[] = {
		{"ForceCommand echo This account is locked.; exit 1",
			{"web-01", CHECK_UNKNOWN, CODE_EXEC_FAILED,
				"runs no shell (exit 1): This account is locked."}},
		{"ForceCommand echo no such thing >&2; exit 127",
			{"web-01", CHECK_UNKNOWN, CODE_EXEC_FAILED, "(exit 127): no such thing"}},
		{"ForceCommand read n; printf \"\\n%s meminfo\\n\" ${n#n=}; kill -9 $$",
			{"web-01", CHECK_UNKNOWN, CODE_MEASURE_FAILED,
				"too early on the host (signal KILL)"}},
		{"ForceCommand cat /dev/zero",
			{"web-01", CHECK_UNKNOWN, CODE_TOO_LARGE, "more than 32 MiB"}},
		{"ForceCommand kill -9 $PPID",
			{"web-01", CHECK_UNKNOWN, CODE_CONNECTION_CLOSED, "while it was measured"}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct measured m = {.fixture = *state};
		uint16_t port = ssh_fixture_sshd(m.fixture, cases[i].settings);

		m.connector = login_fixture_connector(
			m.fixture, login_fixture_host(m.fixture, "web-01", port, ""), NULL);
		ends_as(&m, &cases[i].end, 1, NEVER_MS);
		ssh_connector_free(&m.connector);
		ssh_fixture_stop_servers(m.fixture);
	}
}

static bool has_phase(void *arg)
{
	struct measured *m = arg;

	return strstr(host_remote_phase(m->remote), "says of itself") != NULL;
}

/* It can be left at any time, and says what it is at. */
static void is_left_early(void **state)
{
	struct measured m = {.fixture = *state};
	uint16_t port = ssh_fixture_sshd(m.fixture, "ForceCommand sleep 300");

	m.connector = login_fixture_connector(
		m.fixture, login_fixture_host(m.fixture, "web-01", port, ""), NULL);
	start(&m, "web-01", NEVER_MS);
	assert_non_null(strstr(host_remote_phase(m.remote), "web-01"));
	host_remote_free(&m.remote);
	host_remote_free(&m.remote);
	start(&m, "web-01", NEVER_MS);
	ssh_fixture_until(m.fixture, has_phase, &m);
	host_remote_free(&m.remote);
	ssh_connector_free(&m.connector);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(measures),
		TEST(logins_that_fail),
		TEST(logins_that_take_too_long),
		TEST(hosts_that_do_not_tell),
		TEST(is_left_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

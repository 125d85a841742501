/*
 * The host keys of real servers, asked for without logging in.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/ssh_host_key.h"
#include "net/ssh_keyscan.h"
#include "support/login_fixture.h"
#include "support/run_program.h"
#include "support/tcp_script.h"

/* What a scan told. */
struct told {
	struct ssh_fixture *fixture;
	struct ssh_keyscan *scan;
	struct strbuf types; /* of the keys: "ED25519 RSA" */
	const char *problem; /* "" if there was none */
	enum ssh_end_cause cause;
	bool has_settings, has_ended;
};

static void on_done(void *arg, const struct ssh_keyscan_end *end)
{
	struct told *told = arg;

	told->has_ended = true;
	told->has_settings = end->settings != NULL;
	told->problem = end->problem ? arena_strdup(told->fixture->arena, end->problem->text) : "";
	told->cause = end->problem ? end->problem->cause : SSH_END_CLOSED;
	for (size_t i = 0; i < end->blobs_count; i++) {
		struct str type;

		assert_true(ssh_host_key_type(end->blobs[i], &type));
		strbuf_addf(&told->types, "%s%.*s", i > 0 ? " " : "", STR_ARG(type));
	}
	ssh_keyscan_free(&told->scan);
	loop_stop(told->fixture->loop);
}

static void scan(struct ssh_fixture *fixture, struct ssh_connector *connector, const char *name,
	struct told *told)
{
	*told = (struct told){.fixture = fixture, .types = STRBUF_INIT};
	told->scan = ssh_keyscan_start(connector,
		&(struct ssh_login_spec){.name = name, .connect_timeout_ms = 0}, on_done, told);
	assert_false(told->has_ended);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	assert_true(told->has_ended);
}

static void assert_types(struct ssh_fixture *fixture, const char *config, const char *types)
{
	struct ssh_connector *connector = login_fixture_connector(fixture, config, NULL);
	struct told told;

	scan(fixture, connector, "web-01", &told);
	assert_string_equal(told.problem, "");
	assert_string_equal(told.types.buf, types);
	strbuf_release(&told.types);
	ssh_connector_free(&connector);
}

/* "HostKey ..." lines for all types that there are. */
static const char *all_keys(struct ssh_fixture *fixture)
{
	static const struct {
		const char *type, *bits;
	} rows[] = {{"rsa", "2048"}, {"ecdsa", "256"}, {"ecdsa", "384"}, {"ecdsa", "521"}};
	const char *lines = "";

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *path = ssh_fixture_path(fixture,
			arena_printf(fixture->arena, "host_%s_%s", rows[i].type, rows[i].bits));

		assert_int_equal(RUN("ssh-keygen", "-q", "-t", rows[i].type, "-b", rows[i].bits,
					 "-N", "", "-f", path),
			0);
		lines = arena_printf(fixture->arena, "%sHostKey %s\n", lines, path);
	}
	return lines;
}

#define ALL "ssh-ed25519 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 ssh-rsa"

/* Whatever is known of the host; nobody logs in, and nothing is left. */
static void test_all_types(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, all_keys(fixture));
	const char *plain = login_fixture_host(fixture, "web-01", port, "");
	const char *limited = login_fixture_host(
		fixture, "web-01", port, "\tHostKeyAlgorithms ssh-ed25519,rsa-sha2-256\n");
	size_t files_before = ssh_fixture_open_files();

	(void)ssh_fixture_write(fixture, "authorized_keys", "");
	assert_types(fixture, plain, ALL);
	(void)ssh_fixture_write(fixture, "known_hosts", "");
	assert_types(fixture, plain, ALL);
	(void)ssh_fixture_write(fixture, "known_hosts",
		arena_printf(fixture->arena, "@revoked * %s",
			ssh_fixture_public(fixture, fixture->host_key)));
	assert_types(fixture, plain, ALL);
	assert_types(fixture, limited, "ssh-ed25519 ssh-rsa");
	assert_int_equal(ssh_fixture_open_files(), files_before);
}

static void test_one_type(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");

	assert_types(fixture, login_fixture_host(fixture, "web-01", port, ""), "ssh-ed25519");
}

static void test_dropbear(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_dropbear(fixture);

	assert_types(fixture, login_fixture_host(fixture, "web-01", port, ""), "ssh-ed25519");
}

/* The bastion is logged in to, once; its key must be known, that of the host behind it not. */
static void test_bastion(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t bastion = ssh_fixture_sshd(fixture, "");
	uint16_t port = ssh_fixture_sshd(fixture, all_keys(fixture));
	const char *config = arena_printf(fixture->arena, "%s%s",
		login_fixture_host(fixture, "web-01", port, "\tProxyJump bastion\n"),
		login_fixture_host(fixture, "bastion", bastion, ""));
	struct ssh_connector *connector;
	struct told told;

	(void)ssh_fixture_write(fixture, "known_hosts", "");
	connector = login_fixture_connector(fixture, config, NULL);
	scan(fixture, connector, "web-01", &told);
	assert_int_equal(told.cause, SSH_END_HOST_KEY_UNKNOWN);
	assert_true(told.has_settings);
	assert_non_null(strstr(told.problem, "fleet keys --hosts bastion --port"));
	strbuf_release(&told.types);
	ssh_connector_free(&connector);
	ssh_fixture_know(fixture, bastion);
	assert_types(fixture, config, ALL);
}

static void assert_problem(struct ssh_fixture *fixture, const char *config,
	const struct ssh_connector_options *options, enum ssh_end_cause cause, const char *text)
{
	struct ssh_connector *connector = login_fixture_connector(fixture, config, options);
	struct told told;

	scan(fixture, connector, "web-01", &told);
	if (!strstr(told.problem, text)) {
		fail_msg("%s; expected %s", told.problem, text);
	}
	assert_int_equal(told.cause, cause);
	assert_string_equal(told.types.buf, "");
	strbuf_release(&told.types);
	ssh_connector_free(&connector);
}

static void test_problems(void **state)
{
	struct ssh_fixture *fixture = *state;
	const struct ssh_connector_options twice = {.attempts = 2, .limiter = {.pause_ms = 1}};
	const struct tcp_script_step steps[] = {{SCRIPT_END, NULL}};
	struct tcp_script *peer = tcp_script_new(fixture->loop, "127.0.0.1", steps);
	uint16_t closed = ssh_fixture_free_port();
	uint16_t port = ssh_fixture_sshd(fixture, "");

	assert_problem(fixture, login_fixture_host(fixture, "web-01", closed, ""), NULL,
		SSH_END_REFUSED, "refused");
	assert_problem(fixture, login_fixture_host(fixture, "web-01", tcp_script_port(peer), ""),
		&twice, SSH_END_DROPPED, "without a greeting");
	/* No key of a type that both know. */
	assert_problem(fixture,
		login_fixture_host(fixture, "web-01", port, "\tHostKeyAlgorithms rsa-sha2-512\n"),
		NULL, SSH_END_KEX, "rsa-sha2-512");
	assert_problem(fixture, "Host *\n\tPort none\n", NULL, SSH_END_LOCAL, "bad configuration");
	tcp_script_free(&peer);
}

static void stop(void *arg)
{
	loop_stop(arg);
}

/* Taken back in whatever state it is. */
static void test_freed(void **state)
{
	struct ssh_fixture *fixture = *state;
	const char *config = login_fixture_host(
		fixture, "web-01", ssh_fixture_sshd(fixture, all_keys(fixture)), "");

	for (int64_t after_ms = 0; after_ms < 200; after_ms += 20) {
		struct ssh_connector *connector = login_fixture_connector(fixture, config, NULL);
		struct told told = {.fixture = fixture, .types = STRBUF_INIT};
		struct timer *timer = timer_add(fixture->loop, after_ms, stop, fixture->loop);

		told.scan = ssh_keyscan_start(
			connector, &(struct ssh_login_spec){.name = "web-01"}, on_done, &told);
		assert_int_equal(loop_run(fixture->loop, NULL), 0);
		timer_free(&timer);
		ssh_keyscan_free(&told.scan);
		ssh_connector_free(&connector);
		strbuf_release(&told.types);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_types),
		TEST(test_one_type),
		TEST(test_dropbear),
		TEST(test_bastion),
		TEST(test_problems),
		TEST(test_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The host keys of several hosts: each asked once, each against its own files.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/key_survey.h"
#include "support/login_fixture.h"

static void on_finished(void *arg)
{
	struct ssh_fixture *fixture = arg;

	loop_stop(fixture->loop);
}

static uint16_t start_sshd(struct ssh_fixture *fixture)
{
	const char *rsa = ssh_fixture_make_key(fixture, "host_rsa", "rsa", "");

	return ssh_fixture_sshd(fixture, arena_printf(fixture->arena, "HostKey %s", rsa));
}

/* web-*: nothing is known of it; db-*: one key is; gone: nobody is there; odd: no file to read. */
static const char *config_of(struct ssh_fixture *fixture, uint16_t port)
{
	const char *empty = ssh_fixture_write(fixture, "empty", "# nothing\n");

	return arena_printf(fixture->arena,
		"Host gone\n\tPort %u\nHost odd\n\tUserKnownHostsFile %s\n"
		"Host web-*\n\tUserKnownHostsFile %s %s\n\tHashKnownHosts yes\n%s",
		ssh_fixture_free_port(), fixture->folder, empty,
		ssh_fixture_path(fixture, "second"), login_fixture_host(fixture, "*", port, ""));
}

static void test_hosts(void **state)
{
	static const struct fleet_host hosts[] = {{.name = "web-01"}, {.name = "gone"},
		{.name = "db-01"}, {.name = "web-02"}, {.name = "odd"}};
	struct ssh_fixture *fixture = *state;
	uint16_t port = start_sshd(fixture);
	const char *config = config_of(fixture, port);
	const char *known_as = arena_printf(fixture->arena, "[127.0.0.1]:%u", port);

	for (int workers = 0; workers < 3; workers++) {
		struct ssh_connector *connector = login_fixture_connector(fixture, config, NULL);
		const struct key_survey_spec spec = {
			.hosts = hosts, .hosts_count = ARRAY_LEN(hosts), .workers = workers};
		struct key_survey *survey =
			key_survey_start(fixture->loop, connector, &spec, on_finished, fixture);
		const struct surveyed_host *told = key_survey_hosts(survey);

		assert_int_equal(key_survey_ended(survey), 0);
		assert_int_equal(loop_run(fixture->loop, NULL), 0);
		assert_int_equal(key_survey_ended(survey), ARRAY_LEN(hosts));
		assert_string_equal(told[0].name, "web-01");
		assert_string_equal(told[0].known_as, known_as);
		assert_string_equal(told[0].record_path, ssh_fixture_path(fixture, "empty"));
		assert_true(told[0].is_hashed);
		assert_int_equal(told[0].review.state, SSH_KEY_NEW);
		assert_int_equal(told[0].review.keys_count, 2);
		assert_null(told[0].problem);
		assert_non_null(told[1].problem);
		assert_int_equal(told[1].review.keys_count, 0);
		assert_false(told[2].is_hashed);
		assert_int_equal(told[2].review.keys[0].state, SSH_KEY_KNOWN);
		assert_int_equal(told[2].review.keys[1].state, SSH_KEY_NEW);
		assert_int_equal(told[3].review.keys_count, 2);
		assert_non_null(strstr(told[4].problem, "directory"));
		ssh_connector_free(&connector);
		key_survey_free(&survey);
	}
}

static void test_port(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = start_sshd(fixture);
	const struct fleet_host hosts[] = {{.name = "gone", .port = port}};
	struct ssh_connector *connector =
		login_fixture_connector(fixture, config_of(fixture, port), NULL);
	const struct key_survey_spec spec = {.hosts = hosts, .hosts_count = 1};
	struct key_survey *survey =
		key_survey_start(fixture->loop, connector, &spec, on_finished, fixture);

	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	assert_int_equal(key_survey_hosts(survey)->review.keys_count, 2);
	key_survey_free(&survey);
	ssh_connector_free(&connector);
}

/* Nobody is asked any more, and that is told once; nor is it after the survey was freed. */
static void test_stop(void **state)
{
	static const struct fleet_host hosts[] = {{.name = "web-01"}, {.name = "web-02"}};
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector =
		login_fixture_connector(fixture, config_of(fixture, start_sshd(fixture)), NULL);
	const struct key_survey_spec spec = {.hosts = hosts, .hosts_count = 2, .workers = 1};
	struct key_survey *survey =
		key_survey_start(fixture->loop, connector, &spec, on_finished, fixture);

	key_survey_stop(survey, "stopped");
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	assert_int_equal(key_survey_ended(survey), 2);
	assert_string_equal(key_survey_hosts(survey)[0].problem, "stopped");
	assert_string_equal(key_survey_hosts(survey)[1].problem, "stopped");
	key_survey_free(&survey);
	survey = key_survey_start(fixture->loop, connector, &spec, on_finished, fixture);
	key_survey_free(&survey);
	survey = key_survey_start(fixture->loop, connector,
		&(struct key_survey_spec){.hosts = hosts}, on_finished, fixture);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	key_survey_free(&survey);
	ssh_connector_free(&connector);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hosts),
		TEST(test_port),
		TEST(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Clients: how many sessions they have, and that they may go while one of them is telling.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "support/ssh_fixture.h"

enum moment { AT_OPENED, AT_OUTPUT, AT_COMMAND_ENDED, AT_ENDED, MOMENTS };

/* Somebody who frees the session and the client at a moment. */
struct freer {
	struct ssh_fixture *fixture;
	struct ssh_session *session;
	enum moment moment;
	bool has_freed;
};

static void come_to(struct freer *freer, enum moment moment)
{
	assert_false(freer->has_freed);
	if (moment == freer->moment) {
		ssh_session_free(&freer->session);
		assert_int_equal(ssh_client_sessions(freer->fixture->client), 0);
		ssh_client_free(&freer->fixture->client);
		freer->has_freed = true;
	}
}

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	(void)stream;
	(void)bytes;
	come_to(arg, AT_OUTPUT);
}

static void on_command_ended(void *arg, const struct ssh_exec_end *end)
{
	(void)end;
	come_to(arg, AT_COMMAND_ENDED);
}

static void on_opened(void *arg)
{
	static const struct ssh_exec_events events = {
		.output = on_output, .ended = on_command_ended};
	struct freer *freer = arg;
	const char *command =
		freer->moment == AT_OUTPUT ? "echo out; sleep 5" : "kill -9 $PPID; sleep 5";

	come_to(freer, AT_OPENED);
	if (!freer->has_freed) {
		(void)ssh_exec_start(freer->session,
			&(struct ssh_exec_spec){.command = command, .drain_ms = 500}, &events,
			freer);
	}
}

static void on_ended(void *arg, const struct ssh_end *end)
{
	struct freer *freer = arg;

	(void)end;
	freer->session = NULL;
	come_to(freer, AT_ENDED);
}

static bool has_freed(void *arg)
{
	return ((struct freer *)arg)->has_freed;
}

static void test_freed_in_callbacks(void **state)
{
	static const struct ssh_session_events events = {.opened = on_opened, .ended = on_ended};
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const struct ssh_session_spec spec = {.settings = ssh_fixture_settings(fixture, port, "")};

	for (enum moment moment = 0; moment < MOMENTS; moment++) {
		struct freer freer = {.fixture = fixture, .moment = moment};

		freer.session = ssh_session_start(fixture->client, &spec, &events, &freer);
		ssh_fixture_until(fixture, has_freed, &freer);
		fixture->client = ssh_client_new(fixture->loop, fixture->resolver);
	}
}

static void test_count(void **state)
{
	struct ssh_fixture *fixture = *state;
	const struct ssh_session_spec spec = {
		.settings = ssh_fixture_settings(fixture, ssh_fixture_free_port(), "")};
	struct ssh_told told[3];

	assert_int_equal(ssh_client_sessions(fixture->client), 0);
	assert_non_null(ssh_client_hosts(fixture->client));
	for (size_t i = 0; i < ARRAY_LEN(told); i++) {
		ssh_fixture_open(fixture, &spec, &told[i]);
	}
	assert_int_equal(ssh_client_sessions(fixture->client), 3);
	ssh_session_free(&told[1].session);
	assert_int_equal(ssh_client_sessions(fixture->client), 2);
	ssh_fixture_run(fixture, &told[0]);
	ssh_fixture_run(fixture, &told[2]);
	assert_int_equal(ssh_client_sessions(fixture->client), 0);
	ssh_client_free(&(struct ssh_client *){NULL});
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_freed_in_callbacks),
		TEST(test_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

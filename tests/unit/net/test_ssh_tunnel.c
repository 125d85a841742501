/*
 * Sessions through sessions: one bastion for many, several in a row, and what goes wrong on the
 * way.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "support/ssh_server.h"
#include "support/tcp_script.h"

static void go_through(
	struct ssh_fixture *fixture, struct ssh_session *via, uint16_t port, struct ssh_told *told)
{
	struct ssh_session_spec *spec = arena_alloc(fixture->arena, sizeof(*spec));

	*spec = (struct ssh_session_spec){
		.settings = ssh_fixture_settings(fixture, port, ""), .via = via};
	ssh_fixture_open(fixture, spec, told);
	ssh_fixture_run(fixture, told);
}

static void test_many_through_one(void **state)
{
	enum { TARGETS = 30 };
	struct ssh_fixture *fixture = *state;
	uint16_t bastion_port = ssh_fixture_sshd(fixture, "");
	uint16_t port = ssh_fixture_sshd(fixture, "");
	struct ssh_told bastion, told[TARGETS];
	struct ssh_said said;
	size_t files_before;

	ssh_fixture_connect(fixture, bastion_port, &bastion);
	files_before = ssh_fixture_open_files();
	for (int i = 0; i < TARGETS; i++) {
		go_through(fixture, bastion.session, port, &told[i]);
		if (!told[i].is_opened) {
			fail_msg("%s", told[i].end.text);
		}
	}
	for (int i = 0; i < TARGETS; i++) {
		ssh_fixture_say(fixture, told[i].session,
			"echo \"$SSH_CONNECTION\" | cut -d' ' -f4; exit 4", &said);
		assert_int_equal(said.end.exit_code, 4);
		assert_string_equal(said.out.buf, arena_printf(fixture->arena, "%u\n", port));
		ssh_said_release(&said);
		ssh_session_free(&told[i].session);
	}
	/* What was closed is closed at the other end of the socket pair too. */
	ssh_fixture_say(fixture, bastion.session, "sleep 0.3", &said);
	ssh_said_release(&said);
	assert_int_equal(ssh_fixture_open_files(), files_before);
	ssh_session_free(&bastion.session);
}

static void test_three_in_a_row_and_much_through_them(void **state)
{
	enum { BYTES = 3000000 };
	struct ssh_fixture *fixture = *state;
	struct ssh_told told[3];
	uint16_t ports[3];
	struct ssh_said said;
	char *bytes = xcalloc(1, BYTES);

	for (int i = 0; i < 3; i++) {
		ports[i] = ssh_fixture_sshd(fixture, "");
	}
	ssh_fixture_connect(fixture, ports[0], &told[0]);
	go_through(fixture, told[0].session, ports[1], &told[1]);
	go_through(fixture, told[1].session, ports[2], &told[2]);
	if (!told[2].is_opened) {
		fail_msg("%s", told[2].end.text);
	}
	ssh_fixture_exec(fixture, told[2].session,
		&(struct ssh_exec_spec){.command = "cat", .drain_ms = 500}, &said);
	ssh_exec_send(said.exec, str_n(bytes, BYTES));
	ssh_exec_end_input(said.exec);
	ssh_fixture_finish(fixture, &said);
	assert_int_equal(said.out_bytes, BYTES);
	ssh_said_release(&said);
	free(bytes);
	for (int i = 2; i >= 0; i--) {
		ssh_session_free(&told[i].session);
	}
}

static void assert_end(struct ssh_told told, enum ssh_end_cause cause, const char *text)
{
	assert_true(told.has_ended);
	if (told.end.cause != cause || !strstr(told.end.text, text)) {
		fail_msg("%d: %s; expected %d: %s", told.end.cause, told.end.text, cause, text);
	}
}

static void test_not_reached(void **state)
{
	const struct tcp_script_step steps[] = {{SCRIPT_HANG, NULL}};
	struct ssh_fixture *fixture = *state;
	uint16_t open_port = ssh_fixture_sshd(fixture, "");
	uint16_t closed_port = ssh_fixture_sshd(fixture, "AllowTcpForwarding no");
	struct tcp_script *peer = tcp_script_new(fixture->loop, "127.0.0.1", steps);
	struct ssh_told bastion, told;
	struct ssh_session_spec spec = {
		.settings = ssh_fixture_settings(fixture, tcp_script_port(peer), ""),
		.connect_timeout_ms = 3000};

	ssh_fixture_connect(fixture, closed_port, &bastion);
	go_through(fixture, bastion.session, open_port, &told);
	assert_end(told, SSH_END_UNREACHABLE, "127.0.0.1:");
	assert_true(told.end.is_by_via); /* it would let nobody through */
	ssh_session_free(&bastion.session);

	ssh_fixture_connect(fixture, open_port, &bastion);
	go_through(fixture, bastion.session, ssh_fixture_free_port(), &told);
	assert_end(told, SSH_END_REFUSED, "says: ");
	assert_false(told.end.is_by_via);
	spec.via = bastion.session;
	ssh_fixture_open(fixture, &spec, &told);
	ssh_fixture_run(fixture, &told);
	assert_end(told, SSH_END_TIMEOUT, "gave up after 3 s: waiting for the greeting of");
	assert_true(ssh_session_is_open(bastion.session));
	ssh_session_free(&bastion.session);
	tcp_script_free(&peer);
}

static bool has_ended(void *arg)
{
	return ((struct ssh_told *)arg)->has_ended;
}

/* The host hangs up: that is noticed at once, not by its silence. */
static void test_host_goes(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	struct ssh_told bastion, told;
	struct ssh_said said;
	int64_t began_ms;

	ssh_fixture_connect(fixture, ssh_fixture_sshd(fixture, ""), &bastion);
	go_through(fixture, bastion.session, port, &told);
	assert_true(told.is_opened);
	began_ms = time_mono_ms();
	ssh_fixture_exec(fixture, told.session,
		&(struct ssh_exec_spec){.command = "kill -9 $PPID; sleep 20", .drain_ms = 500},
		&said);
	ssh_fixture_until(fixture, has_ended, &told);
	assert_end(told, SSH_END_CLOSED, "connection closed");
	assert_true(time_mono_ms() - began_ms < 4000); /* of 5 s until it would be asked */
	assert_true(ssh_session_is_open(bastion.session));
	ssh_said_release(&said);
	ssh_session_free(&bastion.session);
}

/* The way goes: whoever is on it learns of it. */
static void test_bastion_goes(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t bastion_port = ssh_fixture_sshd(fixture, "");
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const struct ssh_settings *settings = ssh_fixture_settings(fixture, port, "");
	struct ssh_told bastion, told, waiting;
	struct ssh_session_spec spec = {.settings = settings};

	ssh_fixture_connect(fixture, bastion_port, &bastion);
	go_through(fixture, bastion.session, port, &told);
	assert_true(told.is_opened);
	spec.via = bastion.session;
	ssh_fixture_open(fixture, &spec, &waiting);
	ssh_session_free(&bastion.session);
	ssh_fixture_until(fixture, has_ended, &told);
	ssh_fixture_until(fixture, has_ended, &waiting);
	assert_end(told, SSH_END_CLOSED, "connection closed");
	assert_end(waiting, SSH_END_CLOSED, "the connection to go through was closed");
	assert_true(waiting.end.is_by_via);

	/* And the other way round, at every moment. */
	ssh_fixture_connect(fixture, bastion_port, &bastion);
	spec.via = bastion.session;
	for (int turns = 0; turns < 20; turns++) {
		ssh_fixture_open(fixture, &spec, &told);
		for (int i = 0; i < turns; i++) {
			(void)loop_defer(fixture->loop, (loop_fn *)loop_stop, fixture->loop);
			assert_int_equal(loop_run(fixture->loop, NULL), 0);
		}
		ssh_session_free(&told.session);
	}
	assert_true(ssh_session_is_open(bastion.session));
	ssh_session_free(&bastion.session);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_many_through_one),
		TEST(test_three_in_a_row_and_much_through_them),
		TEST(test_not_reached),
		TEST(test_host_goes),
		TEST(test_bastion_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

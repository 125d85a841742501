/*
 * Commands on real servers: what they print, take, and how they end.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "support/ssh_server.h"

static struct ssh_session *connect_to(
	struct ssh_fixture *fixture, uint16_t port, struct ssh_told *told)
{
	ssh_fixture_connect(fixture, port, told);
	return told->session;
}

static struct ssh_session *connect_sshd(struct ssh_fixture *fixture, struct ssh_told *told)
{
	return connect_to(fixture, ssh_fixture_sshd(fixture, ""), told);
}

static void check_endings(struct ssh_fixture *fixture, struct ssh_session *session)
{
	static const struct {
		const char *command, *out, *err;
		enum ssh_exec_outcome outcome;
		uint32_t exit_code;
		const char *signal_name;
	} cases[] = {
		{"true", "", "", SSH_EXEC_EXITED, 0, ""},
		{"false", "", "", SSH_EXEC_EXITED, 1, ""},
		{"echo out; echo err >&2; exit 255", "out\n", "err\n", SSH_EXEC_EXITED, 255, ""},
		{"exit 300", "", "", SSH_EXEC_EXITED, 44, ""},
		{"printf 'no newline'; kill -TERM $$", "no newline", "", SSH_EXEC_SIGNALED, 0,
			"TERM"},
		{"kill -KILL $$", "", "", SSH_EXEC_SIGNALED, 0, "KILL"},
		{"cat", "", "", SSH_EXEC_EXITED, 0, ""}, /* its input is over */
		{"printf 'a\\0b' | wc -c", "3\n", "", SSH_EXEC_EXITED, 0, ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ssh_said said;

		ssh_fixture_exec(fixture, session,
			&(struct ssh_exec_spec){.command = cases[i].command, .drain_ms = 500},
			&said);
		ssh_exec_end_input(said.exec);
		ssh_fixture_finish(fixture, &said);
		assert_string_equal(said.out.buf, cases[i].out);
		assert_string_equal(said.err.buf, cases[i].err);
		assert_int_equal(said.end.outcome, cases[i].outcome);
		assert_int_equal(said.end.exit_code, cases[i].exit_code);
		assert_string_equal(said.end.signal_name, cases[i].signal_name);
		assert_false(said.end.was_left_open);
		assert_string_equal(said.end.text, "");
		ssh_said_release(&said);
	}
}

static void test_endings(void **state)
{
	struct ssh_told told;

	check_endings(*state, connect_sshd(*state, &told));
	ssh_session_free(&told.session);
}

/* Megabytes on both streams, the second of which nobody asked for. */
static void test_much_output(void **state)
{
	static const struct {
		const char *command;
		uint64_t out_bytes, err_bytes;
	} cases[] = {
		{"head -c 5000000 /dev/zero >&2", 0, 5000000},
		{"head -c 20000000 /dev/zero", 20000000, 0},
		{"head -c 3000000 /dev/zero & head -c 3000000 /dev/zero >&2; wait", 3000000,
			3000000},
	};
	struct ssh_told told;
	struct ssh_session *session = connect_sshd(*state, &told);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ssh_said said;

		ssh_fixture_say(*state, session, cases[i].command, &said);
		assert_int_equal(said.end.outcome, SSH_EXEC_EXITED);
		assert_int_equal(said.out_bytes, cases[i].out_bytes);
		assert_int_equal(said.err_bytes, cases[i].err_bytes);
		ssh_said_release(&said);
	}
	ssh_session_free(&told.session);
}

static void test_input(void **state)
{
	enum { BYTES = 8000000 };
	struct ssh_fixture *fixture = *state;
	struct ssh_told told;
	struct ssh_session *session = connect_sshd(fixture, &told);
	const struct ssh_exec_spec spec = {.command = "cat", .drain_ms = 500};
	char *bytes = xmalloc(BYTES);
	struct ssh_said said;

	for (size_t i = 0; i < BYTES; i++) {
		bytes[i] = (char)('a' + i % 23);
	}
	ssh_fixture_exec(fixture, session, &spec, &said);
	ssh_exec_send(said.exec, str_n(bytes, BYTES));
	assert_int_equal(ssh_exec_unsent(said.exec), BYTES);
	ssh_exec_end_input(said.exec);
	ssh_exec_send(said.exec, str_of("too late"));
	ssh_fixture_finish(fixture, &said);
	assert_int_equal(said.out_bytes, BYTES);
	assert_memory_equal(said.out.buf, bytes, said.out.len);
	ssh_said_release(&said);

	/* Nobody reads it. */
	ssh_fixture_exec(fixture, session,
		&(struct ssh_exec_spec){.command = "exit 3", .drain_ms = 500}, &said);
	ssh_exec_send(said.exec, str_n(bytes, BYTES));
	ssh_fixture_finish(fixture, &said);
	assert_int_equal(said.end.exit_code, 3);
	ssh_said_release(&said);
	free(bytes);
	ssh_session_free(&told.session);
}

/* --- with events of one's own --------------------------------------------------------------- */

enum { GROWTH = 100000, FIRST = 40, GROWS = 100 };

struct talk {
	struct ssh_fixture *fixture;
	struct ssh_session *session;
	struct ssh_exec *exec;
	int rounds;
	int grows; /* so often is a piece of output answered with GROWTH bytes */
	uint64_t bytes;
	bool has_ended, frees_session, frees_exec;
};

static void on_talk_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct talk *talk = arg;

	(void)stream;
	talk->bytes += bytes.len;
	if (talk->grows > 0) {
		char *block = xcalloc(1, GROWTH);

		talk->grows--;
		ssh_exec_send(talk->exec, str_n(block, GROWTH));
		free(block);
	}
	if (talk->frees_exec) {
		ssh_exec_free(&talk->exec);
		loop_stop(talk->fixture->loop);
	}
	if (talk->frees_session) {
		ssh_session_free(&talk->session);
		loop_stop(talk->fixture->loop);
	}
}

static void on_talk_input(void *arg)
{
	struct talk *talk = arg;

	if (talk->grows > 0) {
		return; /* more comes with the next output */
	}
	if (talk->rounds-- > 0) {
		ssh_exec_send(talk->exec, str_of("again\n"));
	} else {
		ssh_exec_end_input(talk->exec);
	}
}

static void on_talk_ended(void *arg, const struct ssh_exec_end *end)
{
	struct talk *talk = arg;

	assert_int_equal(end->outcome, SSH_EXEC_EXITED);
	talk->has_ended = true;
	talk->exec = NULL;
	loop_stop(talk->fixture->loop);
}

static struct talk start_talk(struct ssh_fixture *fixture, struct ssh_session *session,
	const char *command, struct talk *talk)
{
	static const struct ssh_exec_events events = {on_talk_output, on_talk_input, on_talk_ended};
	const struct ssh_exec_spec spec = {.command = command, .drain_ms = 500};

	talk->fixture = fixture;
	talk->session = session;
	talk->exec = ssh_exec_start(session, &spec, &events, talk);
	return *talk;
}

static void test_conversation(void **state)
{
	struct ssh_told told;
	struct ssh_session *session = connect_sshd(*state, &told);
	struct talk talk = {.rounds = 50};

	(void)start_talk(*state, session, "cat", &talk);
	ssh_exec_send(talk.exec, str_of("first\n"));
	while (!talk.has_ended) {
		assert_int_equal(loop_run(talk.fixture->loop, NULL), 0);
	}
	assert_int_equal(talk.bytes, 51 * 6);
	ssh_session_free(&told.session);
}

/* libssh looks for a larger window, and hands on what it finds, while it reads what we send: who
 * answers it with more must not move that away. */
static void test_answers_while_sending(void **state)
{
	struct ssh_told told;
	struct ssh_session *session = connect_sshd(*state, &told);
	struct talk talk = {.grows = GROWS};
	char *block = xcalloc(FIRST, GROWTH);

	(void)start_talk(*state, session, "cat", &talk);
	ssh_exec_send(talk.exec, str_n(block, FIRST * GROWTH)); /* more than the window */
	while (!talk.has_ended) {
		assert_int_equal(loop_run(talk.fixture->loop, NULL), 0);
	}
	assert_int_equal(talk.bytes, (FIRST + GROWS) * GROWTH);
	free(block);
	ssh_session_free(&told.session);
}

static bool has_much(void *arg)
{
	return ((struct ssh_said *)arg)->out_bytes > 4000000;
}

/* What we send has its turn while more comes than can be read. */
static void test_input_against_a_flood(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_told told;
	struct ssh_session *session = connect_sshd(fixture, &told);
	const struct ssh_exec_spec spec = {
		.command = "exec 3<&0; (yes & p=$!; read x <&3; kill $p; exit 7)", .drain_ms = 500};
	struct ssh_said said;

	ssh_fixture_exec(fixture, session, &spec, &said);
	ssh_fixture_until(fixture, has_much, &said);
	ssh_exec_send(said.exec, str_of("enough\n"));
	ssh_fixture_finish(fixture, &said);
	assert_int_equal(said.end.outcome, SSH_EXEC_EXITED);
	assert_int_equal(said.end.exit_code, 7);
	ssh_said_release(&said);
	ssh_session_free(&told.session);
}

static void test_freed_inside(void **state)
{
	struct ssh_told told;
	struct ssh_session *session = connect_sshd(*state, &told);
	struct talk one = {.frees_exec = true}, other = {.frees_session = true};

	(void)start_talk(*state, session, "yes", &one);
	while (one.exec) {
		assert_int_equal(loop_run(one.fixture->loop, NULL), 0);
	}
	assert_false(one.has_ended);
	assert_true(ssh_session_is_open(session));
	(void)start_talk(*state, session, "yes", &other);
	while (other.session) {
		assert_int_equal(loop_run(other.fixture->loop, NULL), 0);
	}
	assert_false(other.has_ended);
}

/* The server is held back, and what it had sent is not lost. */
static void test_pause(void **state)
{
	enum { BYTES = 20000000 };
	struct ssh_fixture *fixture = *state;
	struct ssh_told told;
	struct ssh_session *session = connect_sshd(fixture, &told);
	const struct ssh_exec_spec spec = {
		.command = "head -c 20000000 /dev/zero", .drain_ms = 500};
	struct ssh_said said, other;
	uint64_t before;

	ssh_fixture_exec(fixture, session, &spec, &said);
	ssh_exec_pause(said.exec, true);
	/* Others on the same session go on. */
	ssh_fixture_say(fixture, session, "sleep 0.3; echo here", &other);
	assert_string_equal(other.out.buf, "here\n");
	ssh_said_release(&other);
	assert_int_equal(said.out_bytes, 0);
	assert_false(said.has_ended);
	before = said.out_bytes;
	ssh_exec_pause(said.exec, false);
	ssh_fixture_finish(fixture, &said);
	assert_int_equal(said.out_bytes - before, BYTES);
	assert_int_equal(said.end.outcome, SSH_EXEC_EXITED);
	ssh_said_release(&said);

	/* Ended while paused: told when the rest was taken. */
	ssh_fixture_exec(fixture, session,
		&(struct ssh_exec_spec){.command = "echo short", .drain_ms = 500}, &said);
	ssh_exec_pause(said.exec, true);
	ssh_fixture_say(fixture, session, "sleep 0.2", &other);
	ssh_said_release(&other);
	assert_false(said.has_ended);
	ssh_exec_pause(said.exec, false);
	ssh_fixture_finish(fixture, &said);
	assert_string_equal(said.out.buf, "short\n");
	ssh_said_release(&said);
	ssh_session_free(&told.session);
}

/* A word that was said before a flood in the other stream is not told behind all of it. */
static void test_pause_in_a_flood(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_told told;
	struct ssh_session *session = connect_sshd(fixture, &told);
	const struct ssh_exec_spec spec = {
		.command = "echo word >&2; sleep 0.1; head -c 3000000 /dev/zero", .drain_ms = 500};
	struct ssh_said said, other;

	ssh_fixture_exec(fixture, session, &spec, &said);
	ssh_exec_pause(said.exec, true);
	ssh_fixture_say(fixture, session, "sleep 0.5", &other);
	ssh_said_release(&other);
	assert_int_equal(said.out_bytes + said.err_bytes, 0);
	ssh_exec_pause(said.exec, false);
	ssh_fixture_finish(fixture, &said);
	assert_in_range(said.first_out_bytes, 1, 100000);
	assert_int_equal(said.out_bytes, 3000000);
	assert_int_equal(said.err_bytes, strlen("word\n"));
	ssh_said_release(&said);
	ssh_session_free(&told.session);
}

static bool has_output(void *arg)
{
	return ((struct ssh_said *)arg)->out_bytes > 0;
}

/* (OpenSSH hands signals on, but not to processes of root.) */
static void test_signals(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_server_start(fixture, SSH_SERVER_NONE);
	const struct ssh_exec_spec spec = {.command = "await-signal", .drain_ms = 500};
	struct ssh_told told;
	struct ssh_said said;

	ssh_fixture_connect(fixture, port, &told);
	ssh_fixture_exec(fixture, told.session, &spec, &said);
	ssh_fixture_until(fixture, has_output, &said);
	ssh_exec_signal(said.exec, "TERM");
	ssh_fixture_finish(fixture, &said);
	assert_string_equal(said.out.buf, "out\nTERM");
	assert_int_equal(said.end.outcome, SSH_EXEC_EXITED);
	ssh_said_release(&said);
	ssh_session_free(&told.session);
}

static void test_tty_and_environment(void **state)
{
	static const char *const variables[] = {
		"TEST_ONE=1", "REFUSED=x", "TEST_TWO=a b", "none", NULL};
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const struct ssh_session_spec session_spec = {
		.settings = ssh_fixture_settings(fixture, port, "setenv TEST_SET=yes")};
	struct ssh_exec_spec spec = {
		.command = "echo \"$TEST_SET,$TEST_ONE,$REFUSED,$TEST_TWO\"; tty >&2; stty size",
		.environment = variables,
		.wants_tty = true,
		.columns = 100,
		.rows = 30,
		.drain_ms = 500};
	struct ssh_told told;
	struct ssh_said said;

	ssh_fixture_open(fixture, &session_spec, &told);
	ssh_fixture_run(fixture, &told);
	assert_true(told.is_opened);
	ssh_fixture_exec(fixture, told.session, &spec, &said);
	ssh_fixture_finish(fixture, &said);
	assert_non_null(strstr(said.out.buf, "yes,1,,a b\r\n"));
	assert_non_null(strstr(said.out.buf, "/dev/pts/"));
	assert_non_null(strstr(said.out.buf, "30 100\r\n"));
	assert_int_equal(said.err_bytes, 0);
	ssh_said_release(&said);
	ssh_session_free(&told.session);
}

/* What the command started holds its output open. */
static void test_left_open(void **state)
{
	struct ssh_told told;
	struct ssh_session *session = connect_sshd(*state, &told);
	struct ssh_said said;

	ssh_fixture_say(*state, session, "sleep 30 & echo started; exit 5", &said);
	assert_int_equal(said.end.outcome, SSH_EXEC_EXITED);
	assert_int_equal(said.end.exit_code, 5);
	assert_true(said.end.was_left_open);
	assert_string_equal(said.out.buf, "started\n");
	ssh_said_release(&said);
	ssh_fixture_say(*state, session, "true", &said); /* the session is none the worse */
	assert_int_equal(said.end.outcome, SSH_EXEC_EXITED);
	ssh_said_release(&said);
	ssh_session_free(&told.session);
}

static void test_many_on_one(void **state)
{
	enum { COMMANDS = 60 };
	struct ssh_fixture *fixture = *state;
	struct ssh_told told;
	struct ssh_session *session = connect_sshd(fixture, &told);
	struct ssh_said said[COMMANDS];
	char command[COMMANDS][32];

	for (int i = 0; i < COMMANDS; i++) {
		struct ssh_exec_spec spec = {.command = command[i], .drain_ms = 500};

		(void)snprintf(command[i], sizeof(command[i]), "echo %d; exit %d", i, i);
		ssh_fixture_exec(fixture, session, &spec, &said[i]);
	}
	for (int i = 0; i < COMMANDS; i++) {
		ssh_fixture_finish(fixture, &said[i]);
		assert_int_equal(said[i].end.outcome, SSH_EXEC_EXITED);
		assert_int_equal(said[i].end.exit_code, i);
		ssh_said_release(&said[i]);
	}
	ssh_session_free(&told.session);
}

static void test_refused(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_told told;
	struct ssh_session *session =
		connect_to(fixture, ssh_fixture_sshd(fixture, "MaxSessions 1\n"), &told);
	const struct ssh_exec_spec spec = {.command = "sleep 20", .drain_ms = 500};
	struct ssh_said first, second;

	ssh_fixture_exec(fixture, session, &spec, &first);
	ssh_fixture_say(fixture, session, "true", &second);
	assert_int_equal(second.end.outcome, SSH_EXEC_REFUSED);
	assert_non_null(strstr(second.end.text, "cannot open a channel"));
	ssh_said_release(&second);
	ssh_exec_free(&first.exec);
	assert_false(first.has_ended);
	ssh_said_release(&first);
	ssh_session_free(&told.session);
}

/* What only a server that is not well does. */
static void test_odd_servers(void **state)
{
	static const struct {
		const char *command;
		enum ssh_exec_outcome outcome;
		uint32_t exit_code;
		const char *signal_name, *text;
	} cases[] = {
		{"no-status", SSH_EXEC_NO_STATUS, 0, "", ""},
		{"code 300", SSH_EXEC_EXITED, 300, "", ""},
		{"code 4294967295", SSH_EXEC_EXITED, UINT32_MAX, "", ""},
		{"signal SE\033GV", SSH_EXEC_SIGNALED, 0, "SE\\x1bGV", ""},
		{"signal ", SSH_EXEC_SIGNALED, 0, "?", ""},
		{"eof-first", SSH_EXEC_EXITED, 7, "", ""},
		{"refuse", SSH_EXEC_REFUSED, 0, "", "the server does not run commands"},
		{"hang-up", SSH_EXEC_LOST, 0, "", "connection closed"},
	};
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_server_start(fixture, SSH_SERVER_NONE);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ssh_told told;
		struct ssh_said said;

		ssh_fixture_connect(fixture, port, &told);
		ssh_fixture_say(fixture, told.session, cases[i].command, &said);
		if (said.end.outcome != cases[i].outcome ||
			said.end.exit_code != cases[i].exit_code ||
			strcmp(said.end.signal_name, cases[i].signal_name) != 0 ||
			!strstr(said.end.text, cases[i].text)) {
			fail_msg("%s: %d, %u, '%s', %s", cases[i].command, said.end.outcome,
				said.end.exit_code, said.end.signal_name, said.end.text);
		}
		ssh_said_release(&said);
		ssh_session_free(&told.session);
	}
}

/* --- a server that never stops -------------------------------------------------------------------
 */

enum { FLOOD_SENT_AT = 1 << 20, FLOOD_MAX = 256 << 20 };

struct flooded {
	struct loop *loop;
	struct ssh_exec *exec;
	uint64_t out_bytes;
	bool was_sent, was_heard, has_ended;
};

/* Slower than the server, so that there is always something more to be read. */
static void flood_came(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct flooded *flooded = arg;

	if (stream == SSH_STREAM_STDERR) {
		flooded->was_heard = str_is(bytes, "heard\n");
		return;
	}
	(void)usleep(500);
	flooded->out_bytes += bytes.len;
	if (!flooded->was_sent && flooded->out_bytes > FLOOD_SENT_AT) {
		flooded->was_sent = true;
		ssh_exec_send(flooded->exec, str_of("stop\n"));
	}
	if (flooded->out_bytes > FLOOD_MAX) {
		loop_stop(flooded->loop);
	}
}

static void flood_ended(void *arg, const struct ssh_exec_end *end)
{
	struct flooded *flooded = arg;

	(void)end;
	flooded->exec = NULL;
	flooded->has_ended = true;
	loop_stop(flooded->loop);
}

static void test_heard_in_a_flood(void **state)
{
	static const struct ssh_exec_events events = {.output = flood_came, .ended = flood_ended};
	struct ssh_fixture *fixture = *state;
	struct flooded flooded = {.loop = fixture->loop};
	struct ssh_told told;

	flooded.exec = ssh_exec_start(connect_sshd(fixture, &told),
		&(struct ssh_exec_spec){
			.command = "yes & read line; kill $!; echo heard >&2", .drain_ms = 500},
		&events, &flooded);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	assert_true(flooded.was_sent);
	assert_true(flooded.was_heard);
	assert_true(flooded.has_ended);
	ssh_exec_free(&flooded.exec);
	ssh_session_free(&told.session);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_heard_in_a_flood),
		TEST(test_endings),
		TEST(test_much_output),
		TEST(test_input),
		TEST(test_conversation),
		TEST(test_answers_while_sending),
		TEST(test_input_against_a_flood),
		TEST(test_freed_inside),
		TEST(test_pause),
		TEST(test_pause_in_a_flood),
		TEST(test_signals),
		TEST(test_tty_and_environment),
		TEST(test_left_open),
		TEST(test_many_on_one),
		TEST(test_refused),
		TEST(test_odd_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

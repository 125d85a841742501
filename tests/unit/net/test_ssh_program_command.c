#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "net/ssh_program_fixture.h"
#include "net/ssh_program_internal.h"
#include "support/ssh_server.h"

/* A login to a server of the fixture. */
struct opened {
	struct ssh_program *program;
	struct program_told told;
	size_t files; /* that were open before */
};

static void open_login(
	struct opened *opened, struct ssh_fixture *fixture, uint16_t port, const char *config)
{
	struct ssh_program_spec spec = program_spec(port);

	opened->program = program_make(fixture, config);
	program_connect(fixture, opened->program, &spec, &opened->told);
	opened->files = ssh_fixture_open_files();
}

static void open_sshd(struct opened *opened, struct ssh_fixture *fixture, const char *lines)
{
	open_login(opened, fixture, ssh_fixture_sshd(fixture, lines), "");
}

static void close_login(struct opened *opened)
{
	assert_int_equal(ssh_fixture_open_files(), opened->files);
	ssh_program_login_free(&opened->told.login);
	ssh_program_free(&opened->program);
}

static void tells_what_commands_say_and_how_they_end(void **state)
{
	static const struct {
		const char *command;
		enum ssh_exec_outcome outcome;
		uint32_t exit_code;
		const char *out, *err;
	} rows[] = {
		{"true", SSH_EXEC_EXITED, 0, "", ""},
		{"echo hello; echo oops >&2; exit 3", SSH_EXEC_EXITED, 3, "hello\n", "oops\n"},
		{"exit 255", SSH_EXEC_EXITED, 255, "", ""},
		{"cat", SSH_EXEC_EXITED, 0, "", ""},
		{"printf '%s' \"a b  c\" '$HOME'", SSH_EXEC_EXITED, 0, "a b  c$HOME", ""},
		{"", SSH_EXEC_EXITED, 0, NULL, NULL}, /* the user's shell, and no input */
		/* OpenSSH does not say which. */
		{"printf x; kill -TERM $$", SSH_EXEC_NO_STATUS, 0, "x", ""},
		{"printf 'exec request failed on no channel' >&2; kill -KILL $$",
			SSH_EXEC_NO_STATUS, 0, "", "exec request failed on no channel"},
	};
	struct opened opened;

	open_sshd(&opened, *state, "");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct program_said said;

		program_say(&opened.told, rows[i].command, &said);
		assert_int_equal(said.end.outcome, rows[i].outcome);
		assert_int_equal(said.end.exit_code, rows[i].exit_code);
		assert_string_equal(said.end.signal_name, "");
		assert_string_equal(said.end.text, "");
		assert_false(said.end.was_left_open);
		if (rows[i].out) {
			assert_string_equal(said.out.buf, rows[i].out);
		}
		if (rows[i].err) {
			assert_string_equal(said.err.buf, rows[i].err);
		}
		program_said_release(&said);
	}
	close_login(&opened);
}

static void hands_variables_on(void **state)
{
	static const char *const environment[] = {
		"TEST_A=one two", "TEST_B=$HOME\n'\"", "OTHER=no", NULL};
	struct opened opened;
	struct program_said said;

	open_login(&opened, *state, ssh_fixture_sshd(*state, ""),
		"SetEnv TEST_C=configured\nSendEnv NOTHING\n");
	program_start(&opened.told,
		&(struct ssh_exec_spec){.command = "echo \"$TEST_A|$TEST_B|$TEST_C|$OTHER\"",
			.environment = environment,
			.drain_ms = 2000},
		&said);
	program_finish(&said);
	assert_string_equal(said.out.buf, "one two|$HOME\n'\"|configured|\n");
	program_said_release(&said);
	close_login(&opened);
}

static bool is_there(void *arg)
{
	return access(arg, F_OK) == 0;
}

/* The agent goes along where the settings say so, and nowhere else. */
static void forwards_the_agent_as_configured(void **state)
{
	struct ssh_fixture *fixture = *state;
	const char *path = ssh_fixture_path(fixture, "agent");
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *const configs[] = {"", "ForwardAgent yes\n"};

	(void)ssh_fixture_spawn(
		fixture, (const char *const[]){"/usr/bin/ssh-agent", "-D", "-a", path, NULL});
	ssh_fixture_until(fixture, is_there, (void *)(uintptr_t)path);
	assert_int_equal(setenv("SSH_AUTH_SOCK", path, 1), 0);
	for (size_t i = 0; i < ARRAY_LEN(configs); i++) {
		struct opened opened;
		struct program_said said;

		open_login(&opened, fixture, port, configs[i]);
		program_say(&opened.told, "ssh-add -l; test -n \"$SSH_AUTH_SOCK\"", &said);
		assert_int_equal(said.end.exit_code, i == 0 ? 1 : 0);
		assert_string_equal(said.out.buf, i == 0 ? "" : "The agent has no identities.\n");
		program_said_release(&said);
		close_login(&opened);
	}
	assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
}

enum { MUCH = 6 * 1024 * 1024 };

static bool has_much(void *arg)
{
	return ((const struct program_said *)arg)->out_bytes >= MUCH;
}

static bool was_drained(void *arg)
{
	return ((const struct program_said *)arg)->drained > 0;
}

static void takes_input(void **state)
{
	struct ssh_fixture *fixture = *state;
	char *bytes = xmalloc(MUCH);
	struct opened opened;
	struct program_said said;

	memset(bytes, 'y', MUCH);
	open_sshd(&opened, fixture, "");
	program_start(
		&opened.told, &(struct ssh_exec_spec){.command = "cat", .drain_ms = 2000}, &said);
	ssh_program_command_send(said.command, str_n(bytes, MUCH / 2)); /* before it is there */
	assert_int_equal(ssh_program_command_unsent(said.command), MUCH / 2);
	ssh_fixture_until(fixture, was_drained, &said);
	assert_int_equal(ssh_program_command_unsent(said.command), 0);
	ssh_program_command_send(said.command, str_n(bytes, MUCH / 2));
	ssh_fixture_until(fixture, has_much, &said);
	assert_false(said.has_ended);
	ssh_program_command_end_input(said.command);
	ssh_program_command_send(said.command, str_of("nothing of this"));
	program_finish(&said);
	assert_int_equal(said.end.outcome, SSH_EXEC_EXITED);
	assert_int_equal(said.out_bytes, MUCH);
	program_said_release(&said);
	close_login(&opened);
	free(bytes);
}

static void count_turn(void *arg)
{
	++*(int *)arg;
}

static bool has_turned(void *arg)
{
	return *(const int *)arg > 0;
}

static void wait_ms(struct ssh_fixture *fixture, int64_t ms)
{
	int turns = 0;
	struct timer *timer = timer_add(fixture->loop, ms, count_turn, &turns);

	ssh_fixture_until(fixture, has_turned, &turns);
	timer_free(&timer);
}

static void is_held_back_by_who_does_not_read(void **state)
{
	struct ssh_fixture *fixture = *state;
	char *bytes = xmalloc(4 * MUCH);
	struct opened opened;
	struct program_said said;

	memset(bytes, 'y', 4 * MUCH);
	open_sshd(&opened, fixture, "");
	program_start(&opened.told, &(struct ssh_exec_spec){.command = "sleep 1000"}, &said);
	ssh_program_command_send(said.command, str_n(bytes, 4 * MUCH));
	wait_ms(fixture, 500);
	assert_true(ssh_program_command_unsent(said.command) > MUCH);
	assert_int_equal(said.drained, 0);
	program_said_release(&said);

	/* The other way round, without an end. */
	program_start(&opened.told, &(struct ssh_exec_spec){.command = "yes"}, &said);
	ssh_program_command_pause(said.command, true);
	wait_ms(fixture, 300);
	assert_int_equal(said.out_bytes, 0);
	ssh_program_command_pause(said.command, false);
	ssh_fixture_until(fixture, has_much, &said);
	ssh_program_command_pause(said.command, true);
	said.out_bytes = 0;
	wait_ms(fixture, 100);
	assert_int_equal(said.out_bytes, 0);
	program_said_release(&said);
	close_login(&opened);
	free(bytes);
}

/* A command that has ended is told after all of its output, pause or not. */
static void a_pause_loses_nothing(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct opened opened;
	struct program_said said;

	open_sshd(&opened, fixture, "");
	program_start(&opened.told,
		&(struct ssh_exec_spec){
			.command = "echo out; echo err >&2; exit 4", .drain_ms = 200},
		&said);
	ssh_program_command_pause(said.command, true);
	wait_ms(fixture, 600);
	assert_false(said.has_ended);
	ssh_program_command_pause(said.command, false);
	program_finish(&said);
	assert_string_equal(said.out.buf, "out\n");
	assert_string_equal(said.err.buf, "err\n");
	assert_int_equal(said.end.exit_code, 4);
	assert_false(said.end.was_left_open);
	program_said_release(&said);
	close_login(&opened);
}

static void does_not_wait_for_what_a_command_left(void **state)
{
	struct opened opened;
	struct program_said said;

	open_sshd(&opened, *state, "");
	program_start(&opened.told,
		&(struct ssh_exec_spec){.command = "sleep 3 & echo left; exit 5", .drain_ms = 300},
		&said);
	program_finish(&said);
	assert_int_equal(said.end.outcome, SSH_EXEC_EXITED);
	assert_int_equal(said.end.exit_code, 5);
	assert_true(said.end.was_left_open);
	assert_string_equal(said.out.buf, "left\n");
	program_said_release(&said);
	close_login(&opened);
}

static void gives_a_tty(void **state)
{
	static const struct {
		int columns, rows;
		const char *expected;
	} rows[] = {{0, 0, "24 80\r\n"}, {132, 50, "50 132\r\n"}};
	struct ssh_fixture *fixture = *state;
	struct opened opened;
	struct program_said said;

	open_sshd(&opened, fixture, "");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		program_start(&opened.told,
			&(struct ssh_exec_spec){
				.command =
					"stty size; stty -echo; read a; echo \"<$a>\" >&2; exit 6",
				.wants_tty = true,
				.columns = rows[i].columns,
				.rows = rows[i].rows,
				.drain_ms = 2000},
			&said);
		ssh_fixture_until(fixture, said_something, &said);
		ssh_program_command_send(said.command, str_of("is not ours\n"));
		ssh_program_command_end_input(said.command);
		program_finish(&said);
		assert_int_equal(said.end.exit_code, 6);
		assert_int_equal(said.err.len, 0);
		assert_true(str_starts(strbuf_str(&said.out), rows[i].expected));
		assert_true(str_ends(strbuf_str(&said.out), "<is not ours>\r\n"));
		program_said_release(&said);
	}
	close_login(&opened);
}

/* Bytes that mean something to a tty go through ours as they are. */
static void a_tty_is_the_remote_one(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct opened opened;
	struct program_said said;

	open_sshd(&opened, fixture, "");
	program_start(&opened.told,
		&(struct ssh_exec_spec){
			.command = "trap 'exit 7' INT; echo up; while :; do sleep 0.05; done",
			.wants_tty = true,
			.drain_ms = 2000},
		&said);
	ssh_fixture_until(fixture, said_something, &said);
	ssh_program_command_send(said.command, str_of("\x03"));
	program_finish(&said);
	assert_int_equal(said.end.outcome, SSH_EXEC_EXITED);
	assert_int_equal(said.end.exit_code, 7);
	program_said_release(&said);
	close_login(&opened);
}

static void speaks_to_subsystems(void **state)
{
	static const char hello[] = {0, 0, 0, 5, 1, 0, 0, 0, 3};
	struct ssh_fixture *fixture = *state;
	struct opened opened;
	struct program_said said;

	open_sshd(&opened, fixture, "");
	program_start(&opened.told,
		&(struct ssh_exec_spec){.command = "sftp", .is_subsystem = true, .drain_ms = 2000},
		&said);
	ssh_program_command_send(said.command, str_n(hello, sizeof(hello)));
	ssh_fixture_until(fixture, said_something, &said);
	ssh_program_command_end_input(said.command);
	program_finish(&said);
	assert_int_equal(said.end.outcome, SSH_EXEC_EXITED);
	assert_true(said.out.len > 9);
	assert_memory_equal(said.out.buf + 4, "\2\0\0\0\3", 5);
	program_said_release(&said);

	program_start(&opened.told,
		&(struct ssh_exec_spec){
			.command = "nonsense", .is_subsystem = true, .drain_ms = 2000},
		&said);
	program_finish(&said);
	assert_int_equal(said.end.outcome, SSH_EXEC_REFUSED);
	assert_string_equal(said.end.text, "127.0.0.1: the server does not run commands");
	program_said_release(&said);
	close_login(&opened);
}

enum { MANY = 30 };

/* As many at once as the server takes; the others wait for their turn. */
static void many_take_turns(void **state)
{
	static const char *const lines[] = {"MaxSessions 10", "MaxSessions 3", "MaxSessions 1"};
	struct ssh_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct program_said said[MANY];
		struct opened opened;

		open_sshd(&opened, fixture, lines[i]);
		for (size_t j = 0; j < MANY; j++) {
			program_start(&opened.told,
				&(struct ssh_exec_spec){
					.command = "sleep 0.05; cat", .drain_ms = 2000},
				&said[j]);
			ssh_program_command_send(said[j].command, str_of("hello"));
			ssh_program_command_end_input(said[j].command);
		}
		ssh_program_command_free(&said[MANY - 1].command); /* that waits */
		for (size_t j = 0; j < MANY - 1; j++) {
			program_finish(&said[j]);
			assert_string_equal(said[j].end.text, "");
			assert_int_equal(said[j].end.outcome, SSH_EXEC_EXITED);
			assert_string_equal(said[j].out.buf, "hello");
		}
		for (size_t j = 0; j < MANY; j++) {
			program_said_release(&said[j]);
		}
		close_login(&opened);
	}
}

static void tells_what_odd_servers_do(void **state)
{
	static const struct {
		const char *command;
		enum ssh_exec_outcome outcome;
		uint32_t exit_code;
		const char *text;
	} rows[] = {
		{"code 300", SSH_EXEC_EXITED, 300, ""},
		{"no-status", SSH_EXEC_NO_STATUS, 0, ""},
		{"signal TERM", SSH_EXEC_NO_STATUS, 0, ""},
		{"refuse", SSH_EXEC_REFUSED, 0, "127.0.0.1: the server does not run commands"},
		{"hang-up", SSH_EXEC_LOST, 0, "127.0.0.1: "},
	};
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_server_start(fixture, SSH_SERVER_NONE);

	ssh_fixture_know(fixture, port);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct opened opened;
		struct program_said said;

		open_login(&opened, fixture, port, "");
		program_say(&opened.told, rows[i].command, &said);
		assert_int_equal(said.end.outcome, rows[i].outcome);
		assert_int_equal(said.end.exit_code, rows[i].exit_code);
		assert_non_null(strstr(said.end.text, rows[i].text));
		program_said_release(&said);
		ssh_program_login_free(&opened.told.login);
		ssh_program_free(&opened.program);
	}
}

static bool login_has_ended(void *arg)
{
	return ((const struct opened *)arg)->told.has_ended;
}

/* Without it the connection is of no use: it is given up instead of waited for. */
static void ends_if_the_socket_is_taken_away(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct opened opened;
	struct program_said said;

	open_sshd(&opened, fixture, "");
	assert_int_equal(unlink(opened.told.login->control_path), 0);
	program_start(&opened.told, &(struct ssh_exec_spec){.command = "true"}, &said);
	program_finish(&said);
	assert_int_equal(said.end.outcome, SSH_EXEC_LOST);
	ssh_fixture_until(fixture, login_has_ended, &opened);
	assert_int_equal(opened.told.end.cause, SSH_END_CLOSED);
	program_said_release(&said);
	ssh_program_free(&opened.program);
}

/* --- freeing -------------------------------------------------------------------------------- */

struct freer {
	struct opened *opened;
	struct ssh_program_command *commands[3];
	bool has_freed;
};

static void free_all(void *arg)
{
	struct freer *freer = arg;

	freer->has_freed = true;
	ssh_program_login_free(&freer->opened->told.login);
}

static void free_all_at_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	(void)stream;
	(void)bytes;
	free_all(arg);
}

static void free_all_at_end(void *arg, const struct ssh_exec_end *end)
{
	(void)end;
	free_all(arg);
}

static bool has_freed(void *arg)
{
	return ((const struct freer *)arg)->has_freed;
}

static void ignore_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	(void)arg;
	(void)stream;
	(void)bytes;
}

static void everything_may_be_freed_in_callbacks(void **state)
{
	static const struct {
		const char *command;
		struct ssh_exec_events events;
	} rows[] = {
		{"echo now; sleep 1000", {free_all_at_output, NULL, free_all_at_end}},
		{"sleep 1000", {ignore_output, free_all, free_all_at_end}},
		{"true", {ignore_output, NULL, free_all_at_end}},
		{"kill -9 $PPID; sleep 1", {ignore_output, NULL, free_all_at_end}},
	};
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct opened opened;
		struct freer freer = {.opened = &opened};

		open_login(&opened, fixture, port, "");
		for (size_t j = 0; j < ARRAY_LEN(freer.commands); j++) {
			freer.commands[j] = ssh_program_command_start(opened.told.login,
				&(struct ssh_exec_spec){
					.command = rows[i].command, .drain_ms = 100},
				&rows[i].events, &freer);
			ssh_program_command_send(freer.commands[j], str_of("x"));
		}
		ssh_fixture_until(fixture, has_freed, &freer);
		assert_null(opened.told.login);
		ssh_program_free(&opened.program);
	}
}

static bool process_is_gone(void *arg)
{
	return kill(*(const pid_t *)arg, 0) < 0 && errno == ESRCH;
}

/* What reads its input notices that it is not wanted any more. */
static void a_freed_command_loses_its_input(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct opened opened;
	struct program_said said;
	pid_t pid;

	open_sshd(&opened, fixture, "");
	program_start(&opened.told, &(struct ssh_exec_spec){.command = "echo $$; exec cat"}, &said);
	ssh_fixture_until(fixture, said_something, &said);
	pid = (pid_t)strtol(said.out.buf, NULL, 10);
	assert_true(pid > 1);
	program_said_release(&said);
	ssh_fixture_until(fixture, process_is_gone, &pid);
	close_login(&opened);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_what_commands_say_and_how_they_end),
		TEST(hands_variables_on),
		TEST(forwards_the_agent_as_configured),
		TEST(takes_input),
		TEST(is_held_back_by_who_does_not_read),
		TEST(a_pause_loses_nothing),
		TEST(does_not_wait_for_what_a_command_left),
		TEST(gives_a_tty),
		TEST(a_tty_is_the_remote_one),
		TEST(speaks_to_subsystems),
		TEST(many_take_turns),
		TEST(tells_what_odd_servers_do),
		TEST(ends_if_the_socket_is_taken_away),
		TEST(everything_may_be_freed_in_callbacks),
		TEST(a_freed_command_loses_its_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

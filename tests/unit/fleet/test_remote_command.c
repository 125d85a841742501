/*
 * Every order in which a host, a supervisor, clocks and users may do things; no network, and a
 * clock that the test moves.
 */
#include <string.h>

#include "cmocka_all.h"
#include "fleet/remote_command_fixture.h"

/* --- as it should be ------------------------------------------------------------------------ */

static void runs(void **state)
{
	(void)state;
	start((struct remote_command_spec){.supervised = {.command = "secret"}});
	assert_null(strstr(channel->line, "secret"));
	assert_non_null(strstr(channel->sent.buf, "\nsecret\n"));
	assert_false(channel->spec.wants_tty);
	fake_supervisor_says(channel, "started 77");
	says("abc");
	says_err("def");
	fake_supervisor_says(channel, "exit 3");
	assert_false(told.has_ended);
	says("late");
	exits(3);
	assert_ended("started 77, out abc, err def, out late, exit 3", false, false);
	assert_int_equal(told.end.pid, 77);
}

/* The first output comes in another stream, and may be here before the word that it has begun. */
static void output_may_overtake(void **state)
{
	(void)state;
	start((struct remote_command_spec){0});
	says("abc");
	says_err("warning: ");
	assert_string_equal(told.out.buf, "");
	fake_supervisor_says(channel, "started 77");
	assert_string_equal(told.out.buf, "started 77, err warning: , out abc, ");
	fake_supervisor_says(channel, "exit 0");
	exits(0);
	assert_ended("started 77, err warning: , out abc, ok", false, false);
}

static void signals(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){0});
	fake_supervisor_says(channel, "signal SEGV");
	exits(139);
	assert_ended("signal SEGV", false, false);
}

static void beats(void **state)
{
	(void)state;
	start((struct remote_command_spec){0});
	(void)fake_command_sent(channel);
	pass(SUPERVISOR_BEAT_MS);
	assert_sent(""); /* there is nobody who would listen */
	fake_supervisor_says(channel, "started 77");
	assert_sent("h\n");
	for (int i = 0; i < 5; i++) {
		pass(SUPERVISOR_BEAT_MS);
		assert_sent("h\n");
	}
	fake_supervisor_says(channel, "exit 0");
	pass(0);
	assert_sent("");
}

static void input(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct strbuf chunk = STRBUF_INIT;

	(void)state;
	strbuf_addn(&text, 'x', 3 * SUPERVISOR_CHUNK_MAX + 1);
	start((struct remote_command_spec){
		.supervised = {.has_input = true}, .input = strbuf_str(&text)});
	(void)fake_command_sent(channel);
	supervisor_add_input(&chunk, str_sub(strbuf_str(&text), 0, SUPERVISOR_CHUNK_MAX));
	fake_supervisor_says(channel, "started 77");
	assert_int_equal(fake_command_sent(channel).len, strlen("h\n") + 2 * chunk.len);
	fake_supervisor_says(channel, "taken");
	assert_int_equal(fake_command_sent(channel).len, chunk.len);
	fake_supervisor_says(channel, "taken");
	assert_sent("d1\nxe\n");
	fake_supervisor_says(channel, "taken");
	fake_supervisor_says(channel, "taken");
	fake_supervisor_says(channel, "taken"); /* one too many */
	assert_sent("");
	strbuf_release(&text);
	strbuf_release(&chunk);
}

static void input_that_is_empty(void **state)
{
	(void)state;
	start((struct remote_command_spec){.supervised = {.has_input = true}, .input = str_of("")});
	(void)fake_command_sent(channel);
	fake_supervisor_says(channel, "started 77");
	assert_sent("h\ne\n");
}

static void input_that_nobody_wants(void **state)
{
	struct strbuf text = STRBUF_INIT;

	(void)state;
	strbuf_addn(&text, 'x', 9 * SUPERVISOR_CHUNK_MAX);
	start_running((struct remote_command_spec){
		.supervised = {.has_input = true}, .input = strbuf_str(&text)});
	fake_supervisor_says(channel, "closed");
	fake_supervisor_says(channel, "taken");
	fake_supervisor_says(channel, "taken");
	assert_sent("");
	fake_supervisor_says(channel, "exit 0");
	exits(0);
	assert_ended("ok", false, false);
	strbuf_release(&text);
}

static void rehearsal(void **state)
{
	(void)state;
	start((struct remote_command_spec){
		.supervised = {.command = "secret", .directory = "/usr/lib", .has_input = true},
		.input = str_of("x"),
		.wants_tty = true,
		.is_rehearsal = true});
	assert_null(strstr(channel->sent.buf, "secret"));
	assert_non_null(strstr(channel->sent.buf, "/usr/lib"));
	assert_false(channel->spec.wants_tty);
	(void)fake_command_sent(channel);
	fake_supervisor_says(channel, "started 77");
	assert_sent("h\n");
	fake_supervisor_says(channel, "exit 0");
	exits(0);
	assert_ended("started 77, ok", false, false);
}

static void no_such_directory(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){.supervised = {.directory = "/x"}});
	fake_supervisor_says(channel, "nowhere");
	fake_supervisor_says(channel, "exit 126");
	exits(126);
	assert_ended("not started: cannot enter the directory: /x", false, false);
	assert_int_equal(told.end.outcome.cause, CAUSE_DIRECTORY_MISSING);
}

/* A host may say anything. */
static void no_directory_was_asked_for(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){0});
	fake_supervisor_says(channel, "nowhere");
	fake_supervisor_says(channel, "taken");
	fake_supervisor_says(channel, "closed");
	fake_supervisor_says(channel, "exit 126");
	fake_supervisor_says(channel, "exit 0");
	exits(126);
	assert_ended("exit 126", false, false);
}

/* --- sudo ----------------------------------------------------------------------------------- */

static void sudo_takes_the_password(void **state)
{
	(void)state;
	start(with_password);
	assert_sent("");
	says_err("The usual lecture\n");
	fake_supervisor_says(channel, "p");
	assert_sent("pass\n");
	fake_supervisor_says(channel, "r");
	assert_non_null(strstr(channel->sent.buf, "\nsecret\n"));
	(void)fake_command_sent(channel);
	fake_supervisor_says(channel, "r");
	fake_supervisor_says(channel, "p"); /* whoever has seen the greeting */
	assert_sent("");
	fake_supervisor_says(channel, "started 77");
	fake_supervisor_says(channel, "p");
	assert_sent("h\n");
	assert_non_null(strstr(told.out.buf, "started 77, err "));
	fake_supervisor_says(channel, "exit 0");
	exits(0);
	assert_true(told.has_ended);
	assert_int_equal(told.end.outcome.kind, OUTCOME_OK);
}

static void sudo_needs_none(void **state)
{
	(void)state;
	start(with_password);
	fake_supervisor_says(channel, "r");
	assert_non_null(strstr(channel->sent.buf, "\nsecret\n"));
	assert_null(strstr(channel->sent.buf, "pass\n"));
}

static void sudo_refuses_the_password(void **state)
{
	(void)state;
	start(with_password);
	says_err("The usual lecture\n");
	fake_supervisor_says(channel, "p");
	says_err("\nSorry, try again.\n");
	fake_supervisor_says(channel, "p");
	assert_ended("not started: sudo refuses the password: Sorry, try again.", false, false);
	assert_int_equal(told.end.outcome.cause, CAUSE_SUDO_FAILED);
	assert_string_equal(channel->sent.buf, "pass\n");
}

static void sudo_refuses_the_user(void **state)
{
	(void)state;
	start(with_password);
	says_err("The usual lecture\n");
	fake_supervisor_says(channel, "p");
	says_err("\nsre is not in the sudoers \x1b[31mfile\x1b[0m.\nThis has been reported.\n");
	exits(1);
	assert_ended("not started: sre is not in the sudoers \\x1b[31mfile\\x1b[0m.", false, false);
	assert_int_equal(told.end.outcome.cause, CAUSE_SUDO_FAILED);
}

static void sudo_would_ask(void **state)
{
	(void)state;
	start((struct remote_command_spec){.supervised = {.sudo = SUPERVISOR_SUDO_QUIET}});
	says_err("sudo: a password is required\n");
	exits(1);
	assert_ended("not started: sudo: a password is required", false, false);
	assert_int_equal(told.end.outcome.cause, CAUSE_SUDO_FAILED);
}

static void a_password_that_is_not_there(void **state)
{
	(void)state;
	start((struct remote_command_spec){.supervised = {.sudo = SUPERVISOR_SUDO_PASSWORD}});
	fake_supervisor_says(channel, "p");
	assert_ended("not started: sudo asks for a password, and there is none", false, false);
}

/* Before sudo there was the login shell. */
static void sudo_was_not_reached(void **state)
{
	(void)state;
	start((struct remote_command_spec){.supervised = {.sudo = SUPERVISOR_SUDO_QUIET}});
	says("This account is not available.\n");
	exits(1);
	assert_ended("not started: the host did not start the command: "
		     "This account is not available.",
		false, false);
	assert_int_equal(told.end.outcome.cause, CAUSE_EXEC_REFUSED);
}

/* --- hosts that do otherwise ---------------------------------------------------------------- */

static void never_started(void **state)
{
	static const struct {
		const char *out, *err;
		struct ssh_exec_end end;
		const char *text;
		enum outcome_cause cause;
		bool may_be_running;
	} cases[] = {
		{NULL, NULL, {.outcome = SSH_EXEC_REFUSED, .text = "no exec here"},
			"not started: no exec here", CAUSE_EXEC_REFUSED, false},
		{NULL, "sh: not found\nx\n", {.outcome = SSH_EXEC_EXITED, .exit_code = 127},
			"not started: the host did not start the command: sh: not found",
			CAUSE_EXEC_REFUSED, false},
		{"\n \nhello\x07\n", NULL, {.outcome = SSH_EXEC_EXITED},
			"not started: the host did not start the command: hello\\x07",
			CAUSE_EXEC_REFUSED, false},
		{NULL, NULL, {.outcome = SSH_EXEC_EXITED, .exit_code = 300},
			"not started: the host did not start the command (exit code 300)",
			CAUSE_EXEC_REFUSED, false},
		{NULL, NULL, {.outcome = SSH_EXEC_EXITED, .exit_code = UINT32_MAX},
			"not started: the host did not start the command (exit code 4294967295)",
			CAUSE_EXEC_REFUSED, false},
		{NULL, NULL, {.outcome = SSH_EXEC_SIGNALED, .signal_name = "TERM"},
			"not started: the host did not start the command (signal TERM)",
			CAUSE_EXEC_REFUSED, false},
		{NULL, NULL, {.outcome = SSH_EXEC_NO_STATUS},
			"not started: the host did not start the command", CAUSE_EXEC_REFUSED,
			false},
		{"x", NULL, {.outcome = SSH_EXEC_LOST, .text = "the connection broke"},
			"unreachable: the connection broke", CAUSE_CONNECTION_LOST, true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)setup(state);
		start((struct remote_command_spec){0});
		if (cases[i].out) {
			says(cases[i].out);
		}
		if (cases[i].err) {
			says_err(cases[i].err);
		}
		fake_command_ended(channel, cases[i].end);
		assert_ended(cases[i].text, false, cases[i].may_be_running);
		assert_int_equal(told.end.outcome.cause, cases[i].cause);
		assert_int_equal(told.end.pid, 0);
		(void)teardown(state);
	}
}

/* The settings were not sent, so nothing can have begun. */
static void lost_before_sudo_was_through(void **state)
{
	(void)state;
	start(with_password);
	closes(SSH_EXEC_LOST);
	assert_ended("unreachable: it went", false, false);
	assert_int_equal(told.end.outcome.cause, CAUSE_CONNECTION_CLOSED);
}

static void endless_noise(void **state)
{
	struct strbuf noise = STRBUF_INIT;

	(void)state;
	strbuf_addn(&noise, 'x', 65536);
	start((struct remote_command_spec){0});
	for (int i = 0; i < 1000 && !told.has_ended; i++) {
		fake_command_says(channel, SSH_STREAM_STDERR, strbuf_str(&noise));
		fake_command_says(channel, SSH_STREAM_STDOUT, strbuf_str(&noise));
		assert_true(i < 20);
	}
	assert_true(str_starts(
		strbuf_str(&told.out), "not started: the host runs something else instead: xxx"));
	assert_true(told.out.len < 300);
	assert_int_equal(told.end.outcome.cause, CAUSE_EXEC_REFUSED);
	strbuf_release(&noise);
}

static void noise_in_one_stream_is_cut(void **state)
{
	struct strbuf noise = STRBUF_INIT;

	(void)state;
	strbuf_addn(&noise, 'x', 1 << 22);
	start((struct remote_command_spec){0});
	fake_command_says(channel, SSH_STREAM_STDERR, strbuf_str(&noise));
	fake_supervisor_says(channel, "started 77");
	assert_true(str_starts(strbuf_str(&told.out), "started 77, err xxx"));
	strbuf_release(&noise);
}

/* SIGKILL for the whole group takes the supervisor too, and a server may be hostile. */
static void ended_without_a_word(void **state)
{
	static const struct {
		struct ssh_exec_end end;
		const char *text;
		bool may_be_running;
	} cases[] = {
		{{.outcome = SSH_EXEC_SIGNALED, .signal_name = "KILL"}, "signal KILL", false},
		{{.outcome = SSH_EXEC_SIGNALED, .signal_name = "ABCDEFGHIJKLMNOPQRSTUV"},
			"signal ABCDEFGHIJKLMNOP", false},
		{{.outcome = SSH_EXEC_EXITED, .exit_code = 0}, "ok", false},
		{{.outcome = SSH_EXEC_EXITED, .exit_code = 300}, "exit 300", false},
		{{.outcome = SSH_EXEC_EXITED, .exit_code = UINT32_MAX}, "exit 2147483647", false},
		{{.outcome = SSH_EXEC_NO_STATUS},
			"unreachable: the host closed the channel without saying how it ended",
			true},
		{{.outcome = SSH_EXEC_LOST, .text = "the connection broke"},
			"unreachable: the connection broke", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)setup(state);
		start_running((struct remote_command_spec){0});
		fake_command_ended(channel, cases[i].end);
		assert_ended(cases[i].text, false, cases[i].may_be_running);
		assert_int_equal(told.end.pid, 77);
		(void)teardown(state);
	}
}

static void an_end_without_a_beginning(void **state)
{
	(void)state;
	start((struct remote_command_spec){0});
	fake_supervisor_says(channel, "exit 0");
	exits(0);
	assert_ended("not started: the host did not start the command (exit code 0)", false, false);
}

/* Lost after it was told: it has ended all the same. */
static void lost_after_the_end(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){0});
	fake_supervisor_says(channel, "exit 4");
	closes(SSH_EXEC_LOST);
	assert_ended("exit 4", false, false);
}

/* --- clocks --------------------------------------------------------------------------------- */

static void never_says_anything(void **state)
{
	(void)state;
	start((struct remote_command_spec){0});
	says("Welcome to a frozen home");
	pass(REMOTE_START_MS - 1);
	assert_false(told.has_ended);
	pass(1);
	assert_ended("timeout (connect): the host did not start the command: "
		     "Welcome to a frozen home",
		false, true);
}

static void total_before_it_starts(void **state)
{
	(void)state;
	start((struct remote_command_spec){.total_ms = 5000});
	pass(5000);
	assert_ended("timeout (total): the host did not start the command", false, true);
}

static void sudo_takes_too_long(void **state)
{
	struct remote_command_spec spec = with_password;

	(void)state;
	spec.start_ms = 700;
	start(spec);
	pass(700);
	assert_ended("timeout (connect): the host did not start the command", false, false);
}

static void silence(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){.silence_ms = 1000});
	for (int i = 0; i < 5; i++) {
		pass(999);
		says(i % 2 ? "x" : "y");
		strbuf_clear(&told.out);
	}
	(void)fake_command_sent(channel);
	pass(1000);
	assert_false(told.has_ended);
	assert_sent("k\n");
	says("bye");
	fake_supervisor_says(channel, "exit 0"); /* it is late all the same */
	exits(0);
	assert_ended(
		"out bye, timeout (silence): silent for 1 s, and was ended there", false, false);
}

/* What the supervisor says is no output. */
static void beats_do_not_break_the_silence(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){
		.supervised = {.has_input = true}, .input = str_of("x"), .silence_ms = 1000});
	pass(999);
	fake_supervisor_says(channel, "taken");
	(void)fake_command_sent(channel);
	pass(1);
	assert_sent("k\n");
}

static void total(void **state)
{
	(void)state;
	start((struct remote_command_spec){.total_ms = 5000, .silence_ms = 100000});
	pass(2000);
	fake_supervisor_says(channel, "started 77");
	(void)fake_command_sent(channel);
	strbuf_clear(&told.out);
	pass(2999);
	(void)fake_command_sent(channel);
	pass(1);
	assert_sent("k\n");
	is_killed("KILL"); /* SIGKILL was needed, and took the supervisor */
	assert_ended("timeout (total): it took more than 5 s, and was ended there", false, false);
}

static void the_host_does_not_answer_the_stop(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){
		.supervised = {.grace_s = 7}, .silence_ms = 1000, .total_ms = 3000});
	pass(1000);
	pass(8999);
	assert_false(told.has_ended);
	pass(1);
	assert_ended("timeout (silence): silent for 1 s, and was told to end", false, true);
}

static void lost_while_it_is_stopped(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){.silence_ms = 1000});
	pass(1000);
	closes(SSH_EXEC_LOST);
	assert_ended("timeout (silence): silent for 1 s, and was told to end", false, true);
}

static void clocks_stand_when_it_has_ended(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){
		.silence_ms = 1000, .total_ms = 1000, .drain_ms = 2000});
	pass(999);
	fake_supervisor_says(channel, "exit 5");
	(void)fake_command_sent(channel);
	pass(1500);
	assert_sent("");
	exits(5);
	assert_ended("exit 5", false, false);
}

/* --- the rest of the output ----------------------------------------------------------------- */

static void left_open(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){0});
	fake_supervisor_says(channel, "exit 0");
	pass(REMOTE_DRAIN_MS - 1);
	says("a"); /* a slow line: it goes on */
	pass(REMOTE_DRAIN_MS - 1);
	assert_false(told.has_ended);
	pass(1);
	assert_ended("out a, ok", true, false);
}

/* What stays behind writes for ever. */
static void left_open_and_used(void **state)
{
	int64_t waited_ms = 0;

	(void)state;
	start_running((struct remote_command_spec){.drain_ms = 100});
	fake_supervisor_says(channel, "exit 0");
	for (; !told.has_ended; waited_ms += 50) {
		says("a");
		pass(50);
		assert_true(waited_ms < 10000);
	}
	assert_int_equal(waited_ms, 2000);
	assert_true(told.end.was_left_open);
}

static void the_server_says_it_is_left_open(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){0});
	fake_supervisor_says(channel, "exit 0");
	fake_command_ended(
		channel, (struct ssh_exec_end){.outcome = SSH_EXEC_EXITED, .was_left_open = true});
	assert_ended("ok", true, false);
}

static void pauses(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){.silence_ms = 1000});
	remote_command_pause(told.command, true);
	assert_true(channel->is_paused);
	(void)fake_command_sent(channel);
	pass(2000);
	assert_sent(""); /* we would not hear it */
	remote_command_pause(told.command, false);
	assert_false(channel->is_paused);
	pass(999);
	fake_supervisor_says(channel, "exit 0");
	remote_command_pause(told.command, true);
	pass(100000);
	assert_false(told.has_ended);
	remote_command_pause(told.command, false);
	pass(REMOTE_DRAIN_MS - 1);
	assert_false(told.has_ended);
	pass(1);
	assert_ended("ok", true, false);
}

/* The word that it has started must not wait with its output: no beat would go out before it. */
static void begins_in_a_pause(void **state)
{
	(void)state;
	start((struct remote_command_spec){0});
	remote_command_pause(told.command, true);
	assert_false(channel->is_paused);
	fake_supervisor_says(channel, "started 77");
	assert_true(channel->is_paused);
	(void)fake_command_sent(channel);
	pass(SUPERVISOR_BEAT_MS);
	assert_int_not_equal(fake_command_sent(channel).len, 0);
}

/* Who is being stopped is heard, although there is nowhere to put what it writes. */
static void stopped_in_a_pause(void **state)
{
	struct strbuf much = STRBUF_INIT;

	(void)state;
	strbuf_addn(&much, 'x', 1 << 20);
	start_running((struct remote_command_spec){.total_ms = 1000});
	remote_command_pause(told.command, true);
	pass(1000);
	assert_false(channel->is_paused);
	fake_command_says(channel, SSH_STREAM_STDOUT, strbuf_str(&much));
	fake_command_says(channel, SSH_STREAM_STDOUT, strbuf_str(&much));
	assert_true(told.out.len > 10 && told.out.len < 200);
	assert_int_equal(told.out_bytes, 256 * 1024);
	remote_command_pause(told.command, false);
	says("a");
	remote_command_pause(told.command, true);
	says("b");
	assert_int_equal(told.out_bytes, 256 * 1024 + 1);
	assert_false(channel->is_paused);
	fake_supervisor_says(channel, "signal TERM");
	pass(REMOTE_DRAIN_MS);
	assert_true(told.has_ended);
	assert_true(told.end.was_left_open);
	assert_int_equal(told.end.outcome.kind, OUTCOME_TIMEOUT);
	strbuf_release(&much);
}

/* --- being stopped -------------------------------------------------------------------------- */

static void stop(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){.silence_ms = 1000, .total_ms = 2000});
	remote_command_stop(told.command);
	remote_command_stop(told.command);
	assert_sent("k\n");
	assert_false(told.has_ended);
	pass(3000); /* clocks have nothing to say any more */
	assert_sent("");
	fake_supervisor_says(channel, "signal TERM");
	exits(143);
	assert_ended("signal TERM", false, false);
}

static void stop_that_needs_a_kill(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){0});
	remote_command_stop(told.command);
	closes(SSH_EXEC_NO_STATUS);
	assert_ended("signal KILL", false, false);
}

static void stop_that_is_not_answered(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){0});
	remote_command_stop(told.command);
	pass(SUPERVISOR_GRACE_S * 1000 + 1999);
	assert_false(told.has_ended);
	pass(1);
	assert_ended("unreachable: it did not answer when it was stopped", false, true);
	assert_int_equal(told.end.outcome.cause, CAUSE_CONNECTION_LOST);
}

static void stop_before_it_could_start(void **state)
{
	(void)state;
	start(with_password);
	remote_command_stop(told.command);
	assert_false(told.has_ended);
	pass(0);
	assert_ended("not started: the run was interrupted", false, false);
}

/* What sudo says in the same moment makes nothing begin. */
static void stop_as_sudo_lets_it_through(void **state)
{
	struct remote_command_spec spec = with_password;

	for (int i = 0; i < 2; i++) {
		(void)setup(state);
		spec.wants_tty = i;
		start(spec);
		remote_command_stop(told.command);
		fake_supervisor_says(channel, "p");
		fake_supervisor_says(channel, "r");
		assert_sent("");
		pass(0);
		assert_ended("not started: the run was interrupted", false, false);
		(void)teardown(state);
	}
}

/* It may be starting at this moment; so it is told as soon as it can listen. */
static void stop_while_it_starts(void **state)
{
	(void)state;
	start((struct remote_command_spec){
		.supervised = {.has_input = true}, .input = str_of("x")});
	(void)fake_command_sent(channel);
	remote_command_stop(told.command);
	assert_sent("");
	fake_supervisor_says(channel, "started 77");
	assert_sent("k\n");
	fake_supervisor_says(channel, "taken");
	assert_sent("");
	fake_supervisor_says(channel, "signal TERM");
	exits(143);
	assert_ended("started 77, signal TERM", false, false);
}

static void stop_and_it_never_starts(void **state)
{
	(void)state;
	start((struct remote_command_spec){.total_ms = 1000});
	remote_command_stop(told.command);
	pass(SUPERVISOR_GRACE_S * 1000 + 2000);
	assert_ended("not started: the run was interrupted", false, true);
}

static void stop_and_it_closes(void **state)
{
	(void)state;
	start((struct remote_command_spec){0});
	remote_command_stop(told.command);
	exits(1);
	assert_ended("not started: the run was interrupted", false, false);
}

/* It has ended; nobody wants to wait for what holds its output. */
static void stop_after_the_end(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){.drain_ms = 60000});
	fake_supervisor_says(channel, "exit 5");
	(void)fake_command_sent(channel);
	remote_command_stop(told.command);
	assert_sent("");
	assert_false(told.has_ended);
	pass(0);
	assert_ended("exit 5", true, false);
}

/* --- freeing -------------------------------------------------------------------------------- */

static void free_at(enum freeing freeing)
{
	struct strbuf burst = STRBUF_INIT;

	told.freeing = freeing;
	start((struct remote_command_spec){0});
	says("early");
	says_err("early too");
	/* All in one piece: what comes after it was freed is not told. */
	strbuf_add(&burst, strstr(channel->sent.buf, "\n.\n") + 3, SUPERVISOR_KEY_LEN);
	strbuf_adds(&burst, "started 77\n");
	strbuf_adds(&burst, "text");
	strbuf_add(&burst, strstr(channel->sent.buf, "\n.\n") + 3, SUPERVISOR_KEY_LEN);
	strbuf_adds(&burst, "exit 0\n");
	fake_command_says(channel, SSH_STREAM_STDERR, strbuf_str(&burst));
	strbuf_release(&burst);
}

static void free_in_callbacks(void **state)
{
	(void)state;
	free_at(FREE_AT_STARTED);
	assert_null(told.command);
	assert_string_equal(told.out.buf, "started 77, ");
	assert_int_equal(fake_commands_alive(), 0);
}

static void free_at_output(void **state)
{
	(void)state;
	free_at(FREE_AT_OUTPUT);
	assert_null(told.command);
	assert_string_equal(told.out.buf, "started 77, err early too, ");
	assert_int_equal(fake_commands_alive(), 0);
}

static void free_at_the_end(void **state)
{
	(void)state;
	free_at(FREE_AT_END);
	exits(0);
	assert_ended("started 77, err early too, out early, err text, ok", false, false);
}

/* The last piece of what could have been the secret comes with the end. */
static void free_at_the_last_output(void **state)
{
	(void)state;
	start_running((struct remote_command_spec){0});
	says_err("\x1e");
	assert_string_equal(told.out.buf, "");
	told.freeing = FREE_AT_OUTPUT;
	exits(0);
	assert_string_equal(told.out.buf, "err \x1e, ");
	assert_false(told.has_ended);
	assert_int_equal(fake_commands_alive(), 0);
}

static void free_at_any_time(void **state)
{
	(void)state;
	start((struct remote_command_spec){.total_ms = 1, .silence_ms = 1});
	remote_command_stop(told.command);
	remote_command_free(&told.command);
	assert_null(told.command);
	remote_command_free(&told.command);
	pass(100000);
	assert_string_equal(told.out.buf, "");
}

static void phases(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	start(with_password);
	remote_command_add_phase(told.command, &out);
	strbuf_adds(&out, ", ");
	fake_supervisor_says(channel, "r");
	remote_command_add_phase(told.command, &out);
	strbuf_adds(&out, ", ");
	fake_supervisor_says(channel, "started 77");
	remote_command_add_phase(told.command, &out);
	strbuf_adds(&out, ", ");
	remote_command_stop(told.command);
	remote_command_add_phase(told.command, &out);
	strbuf_adds(&out, ", ");
	fake_supervisor_says(channel, "exit 0");
	remote_command_add_phase(told.command, &out);
	assert_string_equal(out.buf,
		"waiting for sudo, waiting for the command to start, the command runs (process "
		"group 77), waiting for the command to end, as it was told to (process group 77), "
		"the command has ended, and something holds its output open (process group 77)");
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runs),
		TEST(output_may_overtake),
		TEST(signals),
		TEST(beats),
		TEST(input),
		TEST(input_that_is_empty),
		TEST(input_that_nobody_wants),
		TEST(rehearsal),
		TEST(no_such_directory),
		TEST(no_directory_was_asked_for),
		TEST(sudo_takes_the_password),
		TEST(sudo_needs_none),
		TEST(sudo_refuses_the_password),
		TEST(sudo_refuses_the_user),
		TEST(sudo_would_ask),
		TEST(a_password_that_is_not_there),
		TEST(sudo_was_not_reached),
		cmocka_unit_test(never_started),
		TEST(lost_before_sudo_was_through),
		TEST(endless_noise),
		TEST(noise_in_one_stream_is_cut),
		cmocka_unit_test(ended_without_a_word),
		TEST(an_end_without_a_beginning),
		TEST(lost_after_the_end),
		TEST(never_says_anything),
		TEST(total_before_it_starts),
		TEST(sudo_takes_too_long),
		TEST(silence),
		TEST(beats_do_not_break_the_silence),
		TEST(total),
		TEST(the_host_does_not_answer_the_stop),
		TEST(lost_while_it_is_stopped),
		TEST(clocks_stand_when_it_has_ended),
		TEST(left_open),
		TEST(left_open_and_used),
		TEST(the_server_says_it_is_left_open),
		TEST(pauses),
		TEST(begins_in_a_pause),
		TEST(stopped_in_a_pause),
		TEST(stop),
		TEST(stop_that_needs_a_kill),
		TEST(stop_that_is_not_answered),
		TEST(stop_before_it_could_start),
		cmocka_unit_test(stop_as_sudo_lets_it_through),
		TEST(stop_while_it_starts),
		TEST(stop_and_it_never_starts),
		TEST(stop_and_it_closes),
		TEST(stop_after_the_end),
		TEST(free_in_callbacks),
		TEST(free_at_output),
		TEST(free_at_the_end),
		TEST(free_at_the_last_output),
		TEST(free_at_any_time),
		TEST(phases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

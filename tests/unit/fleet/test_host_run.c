/*
 * Commands on real servers: how each of them ends, and that nothing of ours stays there.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "fleet/host_run.h"
#include "fleet/transport_fixture.h"
#include "support/login_fixture.h"
#include "support/ssh_server.h"
#include "support/tcp_script.h"

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A run and what it told. */
struct told {
	struct ssh_fixture *fixture;
	struct host_run *run; /* NULL: has ended */
	bool has_ended;
	int64_t pid;
	struct strbuf out, err;
	struct fan_out_end end;
	struct strbuf text; /* of the outcome */
	const char *until;  /* stop the loop when this is in its output */
	void (*then)(struct told *);
};

static void on_started(void *arg, int64_t pid)
{
	struct told *told = arg;

	assert_int_equal(told->pid, -1);
	told->pid = pid;
}

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct told *told = arg;

	assert_int_not_equal(told->pid, -1);
	strbuf_addstr(stream == SSH_STREAM_STDOUT ? &told->out : &told->err, bytes);
	if (told->until && str_contains(strbuf_str(&told->out), told->until)) {
		told->until = NULL;
		loop_stop(told->fixture->loop);
	}
}

static void on_ended(void *arg, const struct fan_out_end *end)
{
	struct told *told = arg;

	assert_false(told->has_ended);
	told->has_ended = true;
	told->run = NULL;
	told->end = *end;
	outcome_add_text(&told->text, &end->outcome);
	told->end.outcome.message = NULL;
	loop_stop(told->fixture->loop);
}

static void on_logged_in(void *arg, const struct fan_out_login *login)
{
	(void)arg;
	assert_true(strlen(login->way) > 0 && login->connect_ms >= 0);
}

static const struct host_run_events events = {on_logged_in, on_started, on_output, on_ended};

static struct ssh_connector *connect_to(struct ssh_fixture *fixture, uint16_t port)
{
	return login_fixture_connector(fixture, login_fixture_host(fixture, "web-01", port, ""),
		&(struct ssh_connector_options){.transport = transport});
}

static const struct fleet_host web_01 = {.name = "web-01"};

static void start(struct ssh_fixture *fixture, struct ssh_connector *connector,
	const struct fan_out_spec *spec, struct told *told)
{
	*told = (struct told){.fixture = fixture,
		.pid = -1,
		.out = STRBUF_INIT_MAX(4 << 20),
		.err = STRBUF_INIT_MAX(4 << 20),
		.text = STRBUF_INIT};
	told->run = host_run_start(fixture->loop, connector, spec, &web_01, &events, told);
}

static void until_ended(struct told *told)
{
	while (!told->has_ended) {
		assert_int_equal(loop_run(told->fixture->loop, NULL), 0);
	}
}

/* Until its standard output has the text. */
static void until_out(struct told *told, const char *text)
{
	told->until = text;
	while (told->until && !str_contains(strbuf_str(&told->out), text)) {
		assert_int_equal(loop_run(told->fixture->loop, NULL), 0);
		if (told->has_ended) {
			fail_msg("ended: %s", told->text.buf);
		}
	}
	told->until = NULL;
}

static void release(struct told *told)
{
	strbuf_release(&told->out);
	strbuf_release(&told->err);
	strbuf_release(&told->text);
}

/* All of it. */
static void run(struct ssh_fixture *fixture, struct ssh_connector *connector,
	const struct remote_command_spec *command, struct told *told)
{
	const struct fan_out_spec spec = {.command = *command};

	start(fixture, connector, &spec, told);
	until_ended(told);
}

/* A `sudo` that everybody knows the password of, and PATH to it for a server. */
static const char *fake_sudo(struct ssh_fixture *fixture)
{
	static const char script[] =
		"#!/bin/sh\n"
		"[ \"$1\" != -n ] || { echo 'sudo: a password is required' >&2; exit 1; }\n"
		"echo 'We trust you have received the usual lecture' >&2\n"
		"! test -t 0 || stty -echo\n"
		"printf %s \"$3\" >&2\n"
		"read -r password\n"
		"while [ \"$password\" != right ]; do\n"
		"printf '\\nSorry, try again.\\n%s' \"$3\" >&2\n"
		"read -r password || { echo 'sudo: no password was provided' >&2; exit 1; }\n"
		"done\n"
		"shift 4\n"
		"exec \"$@\"\n";
	const char *path = ssh_fixture_write(fixture, "sudo", script);

	assert_int_equal(chmod(path, 0755), 0);
	return arena_printf(
		fixture->arena, "SetEnv PATH=%s:/usr/bin:/bin SHLVL=9\n", fixture->folder);
}

/* The program ssh says of a signal only that there was no exit code. */
static const char no_status[] =
	"unreachable: the host closed the channel without saying how it ended";

/* --- how it ends ---------------------------------------------------------------------------- */

static const char *expected(const char *text, const char *openssh_text)
{
	return transport == SSH_TRANSPORT_OPENSSH && openssh_text ? openssh_text : text;
}

static void tells_how_it_ended(void **state)
{
	const struct {
		struct remote_command_spec spec;
		const char *text, *out, *err, *openssh_text;
	} cases[] = {
		{{.supervised = {.command = "echo x; echo y >&2"}}, "ok", "x\n", "y\n"},
		{{.supervised = {.command = "exit 3"}}, "exit 3", "", ""},
		{{.supervised = {.command = "exit 255"}}, "exit 255", "", ""},
		{{.supervised = {.command = "kill -TERM $$"}}, "signal TERM", "", ""},
		/* Takes the supervisor with it. */
		{{.supervised = {.command = "kill -KILL 0"}}, "signal KILL", "", "", no_status},
		{{.supervised = {.argv = ARGV("/bin/echo", "a b", "$HOME")}}, "ok", "a b $HOME\n",
			""},
		{{.supervised = {.command = "pwd; echo \"$A\"",
			  .directory = "/usr/lib",
			  .env = ARGV("A=it's")}},
			"ok", "/usr/lib\nit's\n", ""},
		{{.supervised = {.command = "echo x", .directory = "/proc/nonexistent\n"}},
			"not started: cannot enter the directory: /proc/nonexistent\\n", "", NULL},
		{{.supervised = {.command = "wc -c", .has_input = true}, .input = str_of("")}, "ok",
			"0\n", ""},
		{{.supervised = {.command = "cat; exit 4", .has_input = true},
			 .input = str_of("some\ninput")},
			"exit 4", "some\ninput", ""},
		{{.supervised = {.command = "head -c 3", .has_input = true},
			 .input = str_of("some\ninput")},
			"ok", "som", ""},
	};
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector = connect_to(fixture, ssh_fixture_sshd(fixture, ""));

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct told told;

		run(fixture, connector, &cases[i].spec, &told);
		assert_string_equal(told.text.buf, expected(cases[i].text, cases[i].openssh_text));
		assert_string_equal(told.out.buf, cases[i].out);
		if (cases[i].err) {
			assert_string_equal(told.err.buf, cases[i].err);
		}
		assert_true(told.pid > 1);
		assert_int_equal(told.end.pid, told.pid);
		assert_true(told.end.connect_ms >= 0);
		assert_true(told.end.duration_ms >= told.end.connect_ms);
		assert_int_equal(told.end.transport, transport);
		assert_false(told.end.was_left_open);
		assert_int_equal(
			told.end.may_be_running, told.end.outcome.kind == OUTCOME_UNREACHABLE);
		assert_gone(told.pid);
		release(&told);
	}
	ssh_connector_free(&connector);
}

static void much_of_everything(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector = connect_to(fixture, ssh_fixture_sshd(fixture, ""));
	struct strbuf input = STRBUF_INIT;
	struct told told;

	for (uint32_t seed = 1; input.len < 300001;) {
		seed = seed * 1664525 + 1013904223;
		strbuf_addc(&input, (char)(seed >> 24));
	}
	run(fixture, connector,
		&(struct remote_command_spec){
			.supervised = {.command = "tee /dev/stderr", .has_input = true},
			.input = strbuf_str(&input)},
		&told);
	assert_string_equal(told.text.buf, "ok");
	assert_int_equal(told.out.len, input.len);
	assert_memory_equal(told.out.buf, input.buf, input.len);
	assert_int_equal(told.err.len, input.len);
	assert_memory_equal(told.err.buf, input.buf, input.len);
	release(&told);
	strbuf_release(&input);
	ssh_connector_free(&connector);
}

/* What it leaves behind holds its output open, and is left alone. */
static void ends_although_it_is_left_open(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector = connect_to(fixture, ssh_fixture_sshd(fixture, ""));
	struct told told;
	int64_t pid;

	run(fixture, connector,
		&(struct remote_command_spec){
			.supervised = {.command = "sleep 300 & echo $!"}, .drain_ms = 200},
		&told);
	assert_string_equal(told.text.buf, "ok");
	assert_true(told.end.was_left_open);
	pid = strtol(told.out.buf, NULL, 10);
	assert_true(pid > 1);
	assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
	assert_gone(told.pid);
	release(&told);
	ssh_connector_free(&connector);
}

/* --- what it takes too long for ------------------------------------------------------------- */

static void clocks(void **state)
{
	static const struct {
		struct remote_command_spec spec;
		const char *text;
	} cases[] = {
		{{.supervised = {.command = "echo x; sleep 300"}, .silence_ms = 700},
			"timeout (silence): silent for 700 ms, and was ended there"},
		{{.supervised = {.command = "while :; do echo x; sleep 0.1; done"},
			 .silence_ms = 5000,
			 .total_ms = 1500},
			"timeout (total): it took more than 1.5 s, and was ended there"},
		/* SIGKILL takes the supervisor too. */
		{{.supervised = {.command = "trap '' TERM; echo x; while :; do sleep 300; done",
			  .grace_s = 1},
			 .silence_ms = 700},
			"timeout (silence): silent for 700 ms, and was ended there"},
		/* That it ends well when it is told to does not make it good. */
		{{.supervised = {.command = "trap 'exit 0' TERM; sleep 300 & wait"},
			 .total_ms = 1500},
			"timeout (total): it took more than 1.5 s, and was ended there"},
	};
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector = connect_to(fixture, ssh_fixture_sshd(fixture, ""));

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct told told;

		run(fixture, connector, &cases[i].spec, &told);
		assert_string_equal(told.text.buf, cases[i].text);
		assert_false(told.end.may_be_running);
		assert_gone(told.pid);
		release(&told);
	}
	ssh_connector_free(&connector);
}

static void stops(void **state)
{
	static const struct {
		const char *command, *text;
		enum outcome_cause cause;
	} cases[] = {
		{"echo set; sleep 300", "signal TERM", CAUSE_INTERRUPTED},
		{"trap 'echo bye; exit 7' TERM; echo set; sleep 300 & wait", "exit 7",
			CAUSE_INTERRUPTED},
		{"trap '' TERM; echo set; sleep 300; sleep 301", "signal KILL", CAUSE_INTERRUPTED},
		{"echo set; sleep 300", "timeout (total): the run's deadline passed",
			CAUSE_DEADLINE},
	};
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector = connect_to(fixture, ssh_fixture_sshd(fixture, ""));

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct fan_out_spec spec = {
			.command = {.supervised = {.command = cases[i].command, .grace_s = 1}}};
		struct told told;

		start(fixture, connector, &spec, &told);
		until_out(&told, "set\n");
		host_run_stop(told.run, cases[i].cause);
		assert_false(told.has_ended);
		until_ended(&told);
		assert_string_equal(told.text.buf, cases[i].text);
		assert_false(told.end.may_be_running);
		assert_gone(told.pid);
		release(&told);
	}
	ssh_connector_free(&connector);
}

static void freed_while_it_runs(void **state)
{
	const struct fan_out_spec spec = {
		.command = {.supervised = {.command = "echo set; sleep 300"}}};
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector = connect_to(fixture, ssh_fixture_sshd(fixture, ""));
	struct told told;

	start(fixture, connector, &spec, &told);
	until_out(&told, "set\n");
	host_run_free(&told.run);
	assert_gone(told.pid);
	assert_false(told.has_ended);
	release(&told);
	ssh_connector_free(&connector);
}

/* The server's process for the connection goes while the command runs. */
static void loses_the_connection(void **state)
{
	const struct fan_out_spec spec = {
		.command = {.supervised = {.command = "ps -o ppid= -p $(ps -o pgid= -p $$); echo "
						      "set; sleep 300"}}};
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector = connect_to(fixture, ssh_fixture_sshd(fixture, ""));
	struct told told;

	start(fixture, connector, &spec, &told);
	until_out(&told, "set\n");
	assert_int_equal(kill((pid_t)strtol(told.out.buf, NULL, 10), SIGKILL), 0);
	until_ended(&told);
	assert_true(str_starts(strbuf_str(&told.text), "unreachable: "));
	assert_int_equal(told.end.outcome.cause, CAUSE_CONNECTION_LOST);
	assert_true(told.end.may_be_running);
	assert_gone(told.pid);
	release(&told);
	ssh_connector_free(&connector);
}

/* --- what is not started -------------------------------------------------------------------- */

static void sudo(void **state)
{
	static const struct {
		enum supervisor_sudo sudo;
		const char *password, *text, *out;
	} cases[] = {
		{SUPERVISOR_SUDO_QUIET, NULL, "not started: sudo: a password is required", ""},
		{SUPERVISOR_SUDO_PASSWORD, "right", "ok", "ran\n"},
		{SUPERVISOR_SUDO_PASSWORD, "wrong",
			"not started: sudo refuses the password: Sorry, try again.", ""},
		{SUPERVISOR_SUDO_PASSWORD, NULL,
			"not started: sudo asks for a password, and there is none: "
			"We trust you have received the usual lecture",
			""},
	};
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector =
		connect_to(fixture, ssh_fixture_sshd(fixture, fake_sudo(fixture)));

	for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		bool is_rehearsal = i >= ARRAY_LEN(cases);
		size_t at = i % ARRAY_LEN(cases);
		struct told told;

		run(fixture, connector,
			&(struct remote_command_spec){
				.supervised = {.command = "echo ran", .sudo = cases[at].sudo},
				.sudo_password = cases[at].password,
				.is_rehearsal = is_rehearsal},
			&told);
		assert_string_equal(told.text.buf, cases[at].text);
		assert_string_equal(told.out.buf, is_rehearsal ? "" : cases[at].out);
		assert_true(
			cases[at].out[0] != '\0' || told.end.outcome.cause == CAUSE_SUDO_FAILED);
		release(&told);
	}
	ssh_connector_free(&connector);
}

static void no_sudo_there(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector = connect_to(
		fixture, ssh_fixture_sshd(fixture, "SetEnv PATH=/proc/nonexistent SHLVL=9\n"));
	struct told told;

	run(fixture, connector,
		&(struct remote_command_spec){
			.supervised = {.command = "echo ran", .sudo = SUPERVISOR_SUDO_QUIET}},
		&told);
	assert_int_equal(told.end.outcome.cause, CAUSE_SUDO_FAILED);
	assert_non_null(strstr(told.text.buf, "sudo"));
	release(&told);
	ssh_connector_free(&connector);
}

/* A server that does something else than what it is asked for. */
static void forced_commands(void **state)
{
	static const struct {
		const char *line, *text, *openssh_text;
	} cases[] = {
		{"ForceCommand echo; echo \"This account is not available.\"; exit 1\n",
			"not started: the host did not start the command: "
			"This account is not available."},
		{"ForceCommand exit 7\n",
			"not started: the host did not start the command (exit code 7)"},
		{"ForceCommand yes nonsense\n",
			"not started: the host runs something else instead: nonsense"},
		{"ForceCommand kill -TERM $$\n",
			"not started: the host did not start the command (signal TERM)",
			"not started: the host did not start the command"},
		{"ForceCommand echo hm; sleep 300\n",
			"timeout (connect): the host did not start the command: hm"},
	};
	struct ssh_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ssh_connector *connector =
			connect_to(fixture, ssh_fixture_sshd(fixture, cases[i].line));
		struct told told;

		run(fixture, connector,
			&(struct remote_command_spec){
				.supervised = {.command = "echo ran"}, .start_ms = 5000},
			&told);
		assert_string_equal(told.text.buf, expected(cases[i].text, cases[i].openssh_text));
		assert_string_equal(told.out.buf, "");
		assert_int_equal(told.pid, -1);
		release(&told);
		ssh_connector_free(&connector);
		ssh_fixture_stop_servers(fixture);
	}
}

static void rehearsals_run_nothing(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector = connect_to(fixture, ssh_fixture_sshd(fixture, ""));
	const char *mark = ssh_fixture_path(fixture, "mark");
	const struct {
		struct remote_command_spec spec;
		const char *text;
	} cases[] = {
		{{.supervised = {.command = arena_printf(fixture->arena, "touch %s", mark)}}, "ok"},
		{{.supervised = {.argv = ARGV("touch", mark), .directory = "/usr"}}, "ok"},
		{{.supervised = {.argv = ARGV("touch", mark), .has_input = true},
			 .input = str_of("x"),
			 .wants_tty = true},
			"ok"},
		{{.supervised = {.argv = ARGV("touch", mark), .directory = "/proc/nonexistent"}},
			"not started: cannot enter the directory: /proc/nonexistent"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct remote_command_spec spec = cases[i].spec;
		struct told told;

		spec.is_rehearsal = true;
		run(fixture, connector, &spec, &told);
		assert_string_equal(told.text.buf, cases[i].text);
		assert_string_equal(told.out.buf, "");
		assert_int_equal(access(mark, F_OK), -1);
		release(&told);
	}
	ssh_connector_free(&connector);
}

/* --- terminals ------------------------------------------------------------------------------ */

static void ttys(void **state)
{
	struct ssh_fixture *fixture = *state;
	const char *nicer = arena_printf(fixture->arena, "%d\r\n", nice(0) < 12 ? nice(0) + 7 : 19);
	const struct {
		struct remote_command_spec spec;
		const char *text, *out; /* a part of it */
		const char *openssh_text;
	} cases[] = {
		{{.supervised = {.command = "tty; stty size"}, .columns = 99, .rows = 33}, "ok",
			"33 99"},
		{{.supervised = {.command = "-x || exit 5"}}, "exit 5", "-x"},
		{{.supervised = {.command = "kill -KILL $$"}}, "signal KILL", "", no_status},
		{{.supervised = {.argv = ARGV("printf", "<%s>", "it's", "$x", "\\n", "a\nb", "!"),
			  .directory = "-/../usr/lib",
			  .env = ARGV("x=1")}},
			"exit 126", "-/../usr/lib"},
		{{.supervised = {.argv = ARGV("sh", "-c", "printf '<%s>' \"$@\" \"$x\"; pwd", "sh",
					 "it's", "$x", "\\n", "%s", "!", ""),
			  .directory = "/usr/lib",
			  .env = ARGV("x=%d $y")}},
			"ok", "<it's><$x><\\n><%s><!><><%d $y>/usr/lib"},
		{{.supervised = {.command = "nice", .has_nice = true, .nice = 7}}, "ok", nicer},
		{{.supervised = {.command = "wc -c", .has_input = true},
			 .input = str_of("some\ninput")},
			"ok", "10\r\n"},
		{{.supervised = {.command = "wc -c"}}, "ok", "0\r\n"},
		{{.supervised = {.command = "test -t 0 && echo ran",
			  .sudo = SUPERVISOR_SUDO_PASSWORD},
			 .sudo_password = "right"},
			"ok", "ran\r\n"},
		{{.supervised = {.command = "echo ran", .sudo = SUPERVISOR_SUDO_PASSWORD},
			 .sudo_password = "wrong"},
			"not started: sudo refuses the password: Sorry, try again.", ""},
		{{.supervised = {.command = "echo ran", .sudo = SUPERVISOR_SUDO_QUIET}}, "exit 1",
			"sudo: a password is required"},
		{{.supervised = {.command = "echo x; sleep 300"}, .silence_ms = 1000},
			"timeout (silence): silent for 1 s, and was ended there", "x"},
	};
	struct ssh_connector *connector =
		connect_to(fixture, ssh_fixture_sshd(fixture, fake_sudo(fixture)));

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct remote_command_spec spec = cases[i].spec;
		struct told told;

		spec.wants_tty = true;
		run(fixture, connector, &spec, &told);
		if (strcmp(told.text.buf, expected(cases[i].text, cases[i].openssh_text)) != 0 ||
			!strstr(told.out.buf, cases[i].out)) {
			fail_msg("case %zu: %s: %s", i, told.text.buf, told.out.buf);
		}
		assert_null(strstr(told.out.buf, "right"));
		release(&told);
	}
	ssh_connector_free(&connector);
}

static void stops_what_has_a_tty(void **state)
{
	const struct fan_out_spec spec = {
		.command = {
			.supervised = {.command = "echo $$ set; sleep 300"}, .wants_tty = true}};
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector = connect_to(fixture, ssh_fixture_sshd(fixture, ""));
	struct told told;

	start(fixture, connector, &spec, &told);
	until_out(&told, "set");
	host_run_stop(told.run, CAUSE_INTERRUPTED);
	until_ended(&told);
	assert_string_equal(told.text.buf, "signal HUP");
	assert_false(told.end.may_be_running);
	assert_int_equal(told.end.pid, strtol(told.out.buf, NULL, 10));
	assert_gone((pid_t)told.end.pid);
	release(&told);
	ssh_connector_free(&connector);
}

/* --- who cannot be reached ------------------------------------------------------------------ */

static void nobody_listens(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector = connect_to(fixture, ssh_fixture_free_port());
	struct told told;

	run(fixture, connector,
		&(struct remote_command_spec){.supervised = {.command = "echo ran"}}, &told);
	assert_int_equal(told.end.outcome.kind, OUTCOME_UNREACHABLE);
	assert_int_equal(told.end.outcome.cause, CAUSE_CONNECTION_REFUSED);
	assert_int_equal(told.end.connect_ms, -1);
	assert_int_equal(told.end.pid, 0);
	assert_int_equal(told.pid, -1);
	release(&told);
	ssh_connector_free(&connector);
}

static void says_nothing(void **state)
{
	static const struct tcp_script_step steps[] = {{SCRIPT_HANG, NULL}};
	struct ssh_fixture *fixture = *state;
	struct tcp_script *script = tcp_script_new(fixture->loop, "127.0.0.1", steps);
	struct ssh_connector *connector = connect_to(fixture, tcp_script_port(script));
	const struct fan_out_spec spec = {
		.connect_timeout_ms = 2000, .command = {.supervised = {.command = "echo ran"}}};
	struct strbuf phase = STRBUF_INIT;
	struct told told;

	start(fixture, connector, &spec, &told);
	host_run_add_phase(told.run, &phase);
	assert_true(phase.len > 0);
	until_ended(&told);
	assert_int_equal(told.end.outcome.kind, OUTCOME_TIMEOUT);
	assert_int_equal(told.end.outcome.clock, CLOCK_CONNECT);
	assert_true(str_starts(strbuf_str(&told.text), "timeout (connect): "));
	assert_non_null(strstr(told.text.buf, "greeting"));
	assert_true(told.end.duration_ms >= 2000);
	release(&told);
	strbuf_release(&phase);
	ssh_connector_free(&connector);
	tcp_script_free(&script);
}

static void given_up_before_it_answers(void **state)
{
	static const struct tcp_script_step steps[] = {{SCRIPT_HANG, NULL}};
	static const enum outcome_cause causes[] = {
		CAUSE_INTERRUPTED, CAUSE_DEADLINE, CAUSE_STOPPED};
	struct ssh_fixture *fixture = *state;
	struct tcp_script *script = tcp_script_new(fixture->loop, "127.0.0.1", steps);
	struct ssh_connector *connector = connect_to(fixture, tcp_script_port(script));
	const struct fan_out_spec spec = {.command = {.supervised = {.command = "echo ran"}}};

	for (size_t i = 0; i < ARRAY_LEN(causes); i++) {
		struct told told;

		start(fixture, connector, &spec, &told);
		host_run_stop(told.run, causes[i]);
		host_run_stop(told.run, CAUSE_NONE); /* the first counts */
		assert_false(told.has_ended);
		until_ended(&told);
		assert_int_equal(told.end.outcome.kind, OUTCOME_NOT_STARTED);
		assert_int_equal(told.end.outcome.cause, causes[i]);
		release(&told);
	}
	ssh_connector_free(&connector);
	tcp_script_free(&script);
}

static void refuses_us(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector =
		connect_to(fixture, ssh_fixture_sshd(fixture, "AuthorizedKeysFile none\n"));
	struct told told;

	run(fixture, connector,
		&(struct remote_command_spec){.supervised = {.command = "echo ran"}}, &told);
	assert_int_equal(told.end.outcome.kind, OUTCOME_UNREACHABLE);
	assert_int_equal(told.end.outcome.cause, CAUSE_AUTH_FAILED);
	release(&told);
	ssh_connector_free(&connector);
}

static void ends_of_logins(void **state)
{
	static const struct {
		struct ssh_login_end end;
		enum outcome_kind kind;
		enum outcome_cause cause;
		const char *text;
	} cases[] = {
		{{.cause = SSH_END_DNS, .text = "t"}, OUTCOME_UNREACHABLE, CAUSE_DNS_FAILED, "t"},
		{{.cause = SSH_END_REFUSED, .text = "t"}, OUTCOME_UNREACHABLE,
			CAUSE_CONNECTION_REFUSED, "t"},
		{{.cause = SSH_END_UNREACHABLE, .text = "t"}, OUTCOME_UNREACHABLE,
			CAUSE_CONNECTION_FAILED, "t"},
		{{.cause = SSH_END_TIMEOUT, .text = "t"}, OUTCOME_TIMEOUT, CAUSE_NONE, "t"},
		{{.cause = SSH_END_DROPPED, .text = "t"}, OUTCOME_UNREACHABLE,
			CAUSE_CONNECTION_CLOSED, "t"},
		{{.cause = SSH_END_NOT_SSH, .text = "t"}, OUTCOME_UNREACHABLE, CAUSE_PROTOCOL_ERROR,
			"t"},
		{{.cause = SSH_END_KEX, .text = "t"}, OUTCOME_UNREACHABLE, CAUSE_PROTOCOL_ERROR,
			"t"},
		{{.cause = SSH_END_HOST_KEY_UNKNOWN, .text = "t"}, OUTCOME_UNREACHABLE,
			CAUSE_HOST_KEY_UNKNOWN, "t"},
		{{.cause = SSH_END_HOST_KEY_CHANGED, .text = "t"}, OUTCOME_UNREACHABLE,
			CAUSE_HOST_KEY_MISMATCH, "t"},
		{{.cause = SSH_END_HOST_KEY_REVOKED, .text = "t"}, OUTCOME_UNREACHABLE,
			CAUSE_HOST_KEY_MISMATCH, "t"},
		{{.cause = SSH_END_AUTH, .text = "t"}, OUTCOME_UNREACHABLE, CAUSE_AUTH_FAILED, "t"},
		{{.cause = SSH_END_CLOSED, .text = "t"}, OUTCOME_UNREACHABLE,
			CAUSE_CONNECTION_CLOSED, "t"},
		{{.cause = SSH_END_SILENT, .text = "t"}, OUTCOME_UNREACHABLE,
			CAUSE_CONNECTION_FAILED, "t"},
		{{.cause = SSH_END_LOCAL, .text = "t"}, OUTCOME_UNREACHABLE, CAUSE_LOCAL_ERROR,
			"t"},
		{{.cause = SSH_END_AUTH, .hop = "bastion", .text = "t"}, OUTCOME_UNREACHABLE,
			CAUSE_JUMP_FAILED, "on the way, at 'bastion': t"},
		{{.cause = SSH_END_TIMEOUT, .hop = "bastion", .text = "t"}, OUTCOME_UNREACHABLE,
			CAUSE_JUMP_FAILED, "on the way, at 'bastion': t"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf message = STRBUF_INIT;
		struct outcome outcome = host_run_login_outcome(&cases[i].end, &message);

		assert_int_equal(outcome.kind, cases[i].kind);
		assert_int_equal(outcome.cause, cases[i].cause);
		assert_string_equal(outcome.message, cases[i].text);
		strbuf_release(&message);
	}
}

/* A host that freezes is noticed by its silence, by us. */
static void a_host_that_freezes(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector = login_fixture_connector(fixture,
		login_fixture_host(fixture, "web-01", ssh_fixture_sshd(fixture, ""),
			"\tServerAliveInterval 1\n\tServerAliveCountMax 2\n"),
		&(struct ssh_connector_options){.transport = transport});
	const struct fan_out_spec spec = {
		.command = {
			.supervised = {.command = "ps -o ppid= -p $(ps -o pgid= -p $$); echo set; "
						  "sleep 300"}}};
	struct told told;
	pid_t server;

	start(fixture, connector, &spec, &told);
	until_out(&told, "set\n");
	server = (pid_t)strtol(told.out.buf, NULL, 10);
	assert_int_equal(kill(server, SIGSTOP), 0);
	until_ended(&told);
	assert_int_equal(told.end.outcome.kind, OUTCOME_UNREACHABLE);
	assert_int_equal(told.end.outcome.cause, CAUSE_CONNECTION_LOST);
	assert_true(told.end.may_be_running);
	assert_int_equal(kill(server, SIGKILL), 0);
	assert_gone(told.pid);
	release(&told);
	ssh_connector_free(&connector);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_how_it_ended),
		TEST(much_of_everything),
		TEST(ends_although_it_is_left_open),
		TEST(clocks),
		TEST(stops),
		TEST(freed_while_it_runs),
		TEST(loses_the_connection),
		TEST(sudo),
		TEST_NATIVE(no_sudo_there),
		TEST(forced_commands),
		TEST_NATIVE(rehearsals_run_nothing),
		TEST(ttys),
		TEST(stops_what_has_a_tty),
		TEST(nobody_listens),
		TEST(says_nothing),
		TEST(given_up_before_it_answers),
		TEST(refuses_us),
		TEST(a_host_that_freezes),
		cmocka_unit_test(ends_of_logins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

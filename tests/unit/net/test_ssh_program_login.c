#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base64.h"
#include "cmocka_all.h"
#include "net/ssh_host_key.h"
#include "net/ssh_program_fixture.h"
#include "support/run_program.h"
#include "support/ssh_server.h"
#include "support/tcp_script.h"

static bool is_gone(void *arg)
{
	return kill(*(const pid_t *)arg, 0) < 0 && errno == ESRCH;
}

/* A login that ends before it is open, and why. */
static void fail_to_log_in(struct ssh_fixture *fixture, const char *config,
	const struct ssh_program_spec *spec, struct program_told *told)
{
	struct ssh_program *program = program_make(fixture, config);
	pid_t pid;

	program_open(fixture, program, spec, told);
	pid = ssh_program_login_pid(told->login);
	ssh_fixture_until(fixture, told_something, told);
	assert_true(told->has_ended);
	assert_false(told->is_opened);
	if (pid != 0) {
		ssh_fixture_until(fixture, is_gone, &pid);
	}
	ssh_program_free(&program);
}

static void assert_end(
	const struct program_told *told, enum ssh_end_cause cause, const char *expected)
{
	if (told->end.cause != cause || !strstr(told->end.text, expected)) {
		fail_msg("cause %d, '%s'", (int)told->end.cause, told->end.text);
	}
}

static void opens_and_leaves_nothing(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	struct ssh_program_spec spec = program_spec(port);
	struct ssh_program *program = program_make(fixture, "");
	size_t files = ssh_fixture_open_files();
	struct strbuf phase = STRBUF_INIT;

	for (int i = 0; i < 3; i++) {
		struct program_told told;
		pid_t pid;

		program_open(fixture, program, &spec, &told);
		assert_false(ssh_program_login_is_open(told.login));
		strbuf_clear(&phase);
		ssh_program_login_add_phase(told.login, &phase);
		assert_string_equal(phase.buf, "looking up 127.0.0.1");
		ssh_fixture_until(fixture, told_something, &told);
		assert_true(told.is_opened);
		assert_true(ssh_program_login_is_open(told.login));
		strbuf_clear(&phase);
		ssh_program_login_add_phase(told.login, &phase);
		assert_string_equal(phase.buf, "connected to 127.0.0.1");
		pid = ssh_program_login_pid(told.login);
		assert_true(pid > 0);
		ssh_program_login_free(&told.login);
		ssh_program_login_free(&told.login);
		ssh_fixture_until(fixture, is_gone, &pid);
		assert_false(told.has_ended);
	}
	assert_int_equal(ssh_fixture_open_files(), files);
	strbuf_release(&phase);
	ssh_program_free(&program);
	ssh_program_free(&program);
}

static void may_be_freed_at_any_time(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_program_spec spec = program_spec(ssh_fixture_sshd(fixture, ""));
	struct ssh_program *program = program_make(fixture, "");
	struct program_told told;

	program_open(fixture, program, &spec, &told);
	ssh_program_login_free(&told.login); /* at once */
	program_open(fixture, program, &spec, &told);
	told.frees_at_opened = true;
	ssh_fixture_until(fixture, told_something, &told);
	assert_null(told.login);
	spec.name = "-oProxyCommand=true"; /* a start that failed, not told yet */
	program_open(fixture, program, &spec, &told);
	ssh_program_login_free(&told.login);
	ssh_program_free(&program);
}

static void refuses_names_that_ssh_would_misread(void **state)
{
	static const struct ssh_program_spec rows[] = {
		{.name = "-oProxyCommand=touch /tmp/x"},
		{.name = "-V"},
		{.name = ""},
		{.name = "a b"},
		{.name = "host\nname"},
		{.name = "$(id)"},
		{.name = "user@host"},
		{.name = "ssh://host"},
		{.name = "host", .address = "-x"},
		{.name = "host", .address = "1;id"},
		{.name = "host", .username = ""},
		{.name = "host", .username = "-l"},
		{.name = "host", .username = "a b"},
		{.name = "host", .username = "`id`"},
		{.name = "host", .password = "two\nlines"},
	};
	struct ssh_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ssh_program_spec spec = rows[i];
		struct program_told told;

		spec.connect_timeout_ms = 10000;
		fail_to_log_in(fixture, "", &spec, &told);
		assert_int_equal(told.end.cause, SSH_END_LOCAL);
		assert_int_equal(told.end.phase, SSH_PHASE_LOOKUP);
	}
}

/* --- on the way ----------------------------------------------------------------------------- */

static void tells_what_was_wrong_on_the_way(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_program_spec spec = program_spec(ssh_fixture_free_port());
	struct program_told told;

	fail_to_log_in(fixture, "", &spec, &told);
	assert_end(&told, SSH_END_REFUSED, "Connection refused");
	assert_int_equal(told.end.phase, SSH_PHASE_CONNECT);
	/* Such a name is not asked for anywhere. */
	fail_to_log_in(fixture,
		"HostName "
		"a123456789a123456789a123456789a123456789a123456789a123456789a123456789\n",
		&spec, &told);
	assert_end(&told, SSH_END_DNS, "Could not resolve hostname a123456789");
	assert_int_equal(told.end.phase, SSH_PHASE_LOOKUP);
	fail_to_log_in(
		fixture, "ProxyCommand sh -c 'echo nc: No route to host >&2'\n", &spec, &told);
	assert_end(&told, SSH_END_UNREACHABLE, "127.0.0.1: nc: No route to host");
	fail_to_log_in(fixture, "ProxyCommand /no/such/program %h\n", &spec, &told);
	assert_end(&told, SSH_END_UNREACHABLE, "/no/such/program");
	fail_to_log_in(fixture, "NoSuchOption yes\n", &spec, &told);
	assert_end(&told, SSH_END_LOCAL, "Bad configuration option: nosuchoption");
}

static void tells_what_servers_do_wrong(void **state)
{
	static const struct {
		struct tcp_script_step steps[4];
		enum ssh_end_cause cause;
		enum ssh_phase phase;
		const char *text;
	} rows[] = {
		{{{SCRIPT_WAIT, "SSH-2.0-"}, {SCRIPT_END}}, SSH_END_DROPPED, SSH_PHASE_GREETING,
			"127.0.0.1: kex_exchange_identification: "},
		{{{SCRIPT_WAIT, "SSH-2.0-"}, {SCRIPT_RESET}}, SSH_END_DROPPED, SSH_PHASE_GREETING,
			"reset"},
		{{{SCRIPT_SEND, "Exceeded MaxStartups\r\n"}, {SCRIPT_WAIT, "SSH-2.0-"},
			 {SCRIPT_END}},
			SSH_END_DROPPED, SSH_PHASE_GREETING, "Exceeded MaxStartups"},
		{{{SCRIPT_WAIT, "SSH-2.0-"}, {SCRIPT_SEND, "HTTP/1.1 400 \x1b[2J\r\n"},
			 {SCRIPT_END}},
			SSH_END_NOT_SSH, SSH_PHASE_GREETING, "127.0.0.1 does not speak SSH: '"},
		{{{SCRIPT_FLOOD, "nonsense without an end "}}, SSH_END_NOT_SSH, SSH_PHASE_GREETING,
			"127.0.0.1 does not speak SSH: '"},
		{{{SCRIPT_SEND, "SSH-2.0-x\r\n"}, {SCRIPT_FLOOD, "zzzz"}}, SSH_END_KEX,
			SSH_PHASE_KEX, "127.0.0.1: "},
		{{{SCRIPT_SEND, "SSH-2.0-x\r\n"}, {SCRIPT_WAIT, "SSH-2.0-"}, {SCRIPT_PAUSE},
			 {SCRIPT_RESET}},
			SSH_END_DROPPED, SSH_PHASE_KEX, "127.0.0.1: "},
	};
	struct ssh_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tcp_script *script =
			tcp_script_new(fixture->loop, "127.0.0.1", rows[i].steps);
		struct ssh_program_spec spec = program_spec(tcp_script_port(script));
		struct program_told told;

		fail_to_log_in(fixture, "", &spec, &told);
		assert_end(&told, rows[i].cause, rows[i].text);
		assert_int_equal(told.end.phase, rows[i].phase);
		assert_null(strchr(told.end.text, '\x1b'));
		tcp_script_free(&script);
	}
}

static void has_a_deadline_in_each_phase(void **state)
{
	static const struct {
		struct tcp_script_step steps[3];
		enum ssh_phase phase;
		const char *text;
	} rows[] = {
		{{{SCRIPT_HANG}}, SSH_PHASE_GREETING, "waiting for the greeting of 127.0.0.1"},
		{{{SCRIPT_SEND, "SSH-2.0-x\r\n"}, {SCRIPT_HANG}}, SSH_PHASE_KEX,
			"exchanging keys with 127.0.0.1"},
	};
	struct ssh_fixture *fixture = *state;
	struct program_told told;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tcp_script *script =
			tcp_script_new(fixture->loop, "127.0.0.1", rows[i].steps);
		struct ssh_program_spec spec = program_spec(tcp_script_port(script));

		spec.connect_timeout_ms = 3000;
		fail_to_log_in(fixture, "", &spec, &told);
		assert_end(&told, SSH_END_TIMEOUT, rows[i].text);
		assert_int_equal(told.end.phase, rows[i].phase);
		tcp_script_free(&script);
	}
}

/* --- host keys ------------------------------------------------------------------------------ */

/* Known hosts that say of 127.0.0.1 and the port what is asked for. */
static const char *known_hosts(
	struct ssh_fixture *fixture, uint16_t port, const char *marker, const char *key)
{
	const char *path = ssh_fixture_write(fixture, "other_hosts",
		arena_printf(
			fixture->arena, "# a comment\n%s[127.0.0.1]:%u %s\n", marker, port, key));

	return arena_printf(fixture->arena, "UserKnownHostsFile %s\n", path);
}

static const char *fingerprint(struct ssh_fixture *fixture, const char *key)
{
	struct str rest = str_of(ssh_fixture_public(fixture, key)), word;
	struct strbuf blob = STRBUF_INIT, text = STRBUF_INIT;
	const char *kept;

	assert_true(str_word(&rest, &word) && str_word(&rest, &word));
	assert_int_equal(base64_decode(word, &blob, NULL), 0);
	ssh_host_key_add_fingerprint(&text, strbuf_str(&blob));
	kept = arena_strdup(fixture->arena, text.buf);
	strbuf_release(&blob);
	strbuf_release(&text);
	return kept;
}

static void checks_host_keys_whatever_the_settings_say(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	struct ssh_program_spec spec = program_spec(port);
	const char *other = ssh_fixture_make_key(fixture, "other", "ed25519", "");
	const char *shown = fingerprint(fixture, fixture->host_key);
	const char *lax = "StrictHostKeyChecking no\nNoHostAuthenticationForLocalhost yes\n"
			  "UpdateHostKeys yes\n";
	struct program_told told;

	fail_to_log_in(fixture,
		arena_printf(fixture->arena, "%sUserKnownHostsFile /dev/null\n", lax), &spec,
		&told);
	assert_end(&told, SSH_END_HOST_KEY_UNKNOWN,
		arena_printf(fixture->arena,
			"the host key of '[127.0.0.1]:%u' is not known: it is ED25519 %s; "
			"compare it",
			port, shown));
	assert_int_equal(told.end.phase, SSH_PHASE_KEX);

	fail_to_log_in(fixture,
		arena_printf(fixture->arena, "%s%s", lax,
			known_hosts(fixture, port, "", ssh_fixture_public(fixture, other))),
		&spec, &told);
	assert_end(&told, SSH_END_HOST_KEY_CHANGED,
		arena_printf(fixture->arena,
			"the host key of '[127.0.0.1]:%u' has changed: %s/other_hosts:2 has "
			"ED25519 %s, the host shows ED25519 %s; if",
			port, fixture->folder, fingerprint(fixture, other), shown));

	fail_to_log_in(fixture,
		arena_printf(fixture->arena, "%s%s", lax,
			known_hosts(fixture, port, "@revoked ",
				ssh_fixture_public(fixture, fixture->host_key))),
		&spec, &told);
	assert_end(&told, SSH_END_HOST_KEY_REVOKED,
		arena_printf(fixture->arena, "'[127.0.0.1]:%u' is revoked", port));
	assert_non_null(strstr(told.end.text, shown));
}

static size_t lines_of(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t lines = 0;
	int c;

	while (file && (c = getc(file)) != EOF) {
		lines += c == '\n';
	}
	if (file) {
		(void)fclose(file);
	}
	return lines;
}

static void accepts_new_host_keys_if_told(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_program_spec spec = program_spec(ssh_fixture_sshd(fixture, ""));
	const char *path = ssh_fixture_path(fixture, "new_hosts");
	const char *config = arena_printf(fixture->arena, "UserKnownHostsFile %s\n", path);
	struct ssh_program *program = program_make(fixture, config);
	struct program_told told;

	spec.accepts_new_host_keys = true;
	program_connect(fixture, program, &spec, &told);
	ssh_program_login_free(&told.login);
	assert_int_equal(lines_of(path), 1);
	spec.accepts_new_host_keys = false; /* now it is known */
	program_connect(fixture, program, &spec, &told);
	ssh_program_login_free(&told.login);
	ssh_program_free(&program);

	/* Not one that has changed. */
	spec.accepts_new_host_keys = true;
	fail_to_log_in(fixture,
		known_hosts(fixture, spec.port, "",
			ssh_fixture_public(
				fixture, ssh_fixture_make_key(fixture, "other", "ed25519", ""))),
		&spec, &told);
	assert_end(&told, SSH_END_HOST_KEY_CHANGED, "has changed");
}

static void knows_hosts_by_their_authority(void **state)
{
	struct ssh_fixture *fixture = *state;
	const char *authority = ssh_fixture_make_key(fixture, "authority", "ed25519", "");
	struct ssh_program *program;
	struct ssh_program_spec spec;
	struct program_told told;

	assert_int_equal(
		RUN("ssh-keygen", "-q", "-s", authority, "-I", "test", "-h", "-n", "127.0.0.1",
			arena_printf(fixture->arena, "%s.pub", fixture->host_key)),
		0);
	spec = program_spec(ssh_fixture_sshd(fixture,
		arena_printf(fixture->arena, "HostCertificate %s-cert.pub", fixture->host_key)));
	program = program_make(fixture, known_hosts(fixture, spec.port, "@cert-authority ",
						ssh_fixture_public(fixture, authority)));
	program_connect(fixture, program, &spec, &told);
	ssh_program_login_free(&told.login);
	ssh_program_free(&program);
}

/* --- algorithms and authentication ---------------------------------------------------------- */

static void tells_what_the_host_does_not_accept(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_program_spec spec = program_spec(ssh_fixture_sshd(fixture, ""));
	const char *other = ssh_fixture_make_key(fixture, "other", "ed25519", "");
	struct program_told told;

	fail_to_log_in(fixture, "Ciphers aes128-cbc\n", &spec, &told);
	assert_end(&told, SSH_END_KEX, "no matching cipher found");
	fail_to_log_in(fixture, "KexAlgorithms diffie-hellman-group1-sha1\n", &spec, &told);
	assert_end(&told, SSH_END_KEX, "no matching key exchange method found");
	ssh_fixture_write(fixture, "authorized_keys", ssh_fixture_public(fixture, other));
	fail_to_log_in(fixture, "", &spec, &told);
	assert_end(&told, SSH_END_AUTH, "Permission denied (publickey)");
	assert_int_equal(told.end.phase, SSH_PHASE_AUTH);
}

static void log_in_by_password(struct ssh_fixture *fixture, enum ssh_server_manner manner,
	const char *password, struct program_told *told)
{
	struct ssh_program_spec spec = program_spec(ssh_server_start(fixture, manner));
	struct ssh_program *program = program_make(fixture, "");

	ssh_fixture_know(fixture, spec.port);
	spec.password = password;
	spec.username = "someone";
	program_open(fixture, program, &spec, told);
	ssh_fixture_until(fixture, told_something, told);
	ssh_program_login_free(&told->login);
	ssh_program_free(&program);
	ssh_fixture_stop_servers(fixture);
}

static void hands_a_password_on(void **state)
{
	static const struct {
		enum ssh_server_manner manner;
		const char *password;
		const char *expected; /* NULL: it gets in */
	} rows[] = {
		{SSH_SERVER_PASSWORD, "secret", NULL},
		{SSH_SERVER_QUESTION, "secret", NULL},
		{SSH_SERVER_BOTH, "secret", NULL},
		{SSH_SERVER_PASSWORD, "wrong", "ermission denied"},
		{SSH_SERVER_QUESTION, "wrong", "ermission denied"},
		{SSH_SERVER_PASSWORD, "", "ermission denied"},
		{SSH_SERVER_TWO_QUESTIONS, "secret", "the password was not accepted"},
		{SSH_SERVER_PASSWORD, NULL, "Permission denied ("},
		{SSH_SERVER_NONE, "secret", NULL},
		{SSH_SERVER_HANGS_UP, "secret", ""},
	};
	struct ssh_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct program_told told;

		log_in_by_password(fixture, rows[i].manner, rows[i].password, &told);
		if (rows[i].manner == SSH_SERVER_HANGS_UP) {
			assert_end(&told, SSH_END_CLOSED, "127.0.0.1: Connection closed by");
		} else if (rows[i].expected) {
			assert_end(&told, SSH_END_AUTH, rows[i].expected);
		} else if (!told.is_opened) {
			fail_msg("row %zu: %s", i, told.end.text);
		}
	}
}

/* What it is for others to see: neither arguments nor environment have it, nor any file. */
static void a_password_is_nowhere(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_program_spec spec = program_spec(ssh_server_start(fixture, SSH_SERVER_SILENT));
	struct ssh_program *program;
	struct program_told told;

	ssh_fixture_know(fixture, spec.port);
	program = program_make(fixture, "");
	spec.password = "hunter2hunter2";
	program_open(fixture, program, &spec, &told);
	assert_int_equal(RUN("grep", "-r", "-q", "hunter2", fixture->folder), 1);
	assert_int_equal(RUN("grep", "-q", "hunter2",
				 arena_printf(fixture->arena, "/proc/%d/cmdline",
					 (int)ssh_program_login_pid(told.login)),
				 arena_printf(fixture->arena, "/proc/%d/environ",
					 (int)ssh_program_login_pid(told.login))),
		1);
	ssh_program_login_free(&told.login);
	ssh_program_free(&program);
}

/* Keys that are encrypted are the agent's affair: nobody is asked, and others are tried. */
static void passphrases_are_not_asked_for(void **state)
{
	struct ssh_fixture *fixture = *state;
	const char *locked = ssh_fixture_make_key(fixture, "locked", "ed25519", "passphrase");
	struct ssh_program *program =
		program_make(fixture, arena_printf(fixture->arena, "IdentityFile %s\n", locked));
	struct ssh_program_spec spec = program_spec(ssh_fixture_sshd(fixture, ""));
	struct program_told told;

	spec.password = "secret";
	program_connect(fixture, program, &spec, &told);
	ssh_program_login_free(&told.login);
	ssh_program_free(&program);
}

/* --- bastions ------------------------------------------------------------------------------- */

static const char *jump_config(
	struct ssh_fixture *fixture, uint16_t target, uint16_t bastion, const char *lines)
{
	return arena_printf(fixture->arena,
		"Host target\nHostName 127.0.0.1\nPort %u\nProxyJump bastion\n"
		"Host bastion\nHostName 127.0.0.1\nPort %u\n%s",
		target, bastion, lines);
}

static void passes_bastions(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t target = ssh_fixture_sshd(fixture, ""), bastion = ssh_fixture_sshd(fixture, "");
	struct ssh_program *program =
		program_make(fixture, jump_config(fixture, target, bastion, ""));
	struct ssh_program_spec spec = {.name = "target", .connect_timeout_ms = 20000};
	struct program_told told;
	struct program_said said;
	pid_t pid;

	program_connect(fixture, program, &spec, &told);
	program_say(&told, "echo $SSH_CONNECTION", &said);
	assert_non_null(strstr(said.out.buf, arena_printf(fixture->arena, " %u\n", target)));
	program_said_release(&said);
	pid = ssh_program_login_pid(told.login);
	ssh_program_login_free(&told.login);
	ssh_fixture_until(fixture, is_gone, &pid);
	ssh_program_free(&program);
}

static void checks_bastions_too(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t target = ssh_fixture_sshd(fixture, ""), bastion = ssh_fixture_sshd(fixture, "");
	struct ssh_program_spec spec = {.name = "target", .connect_timeout_ms = 20000};
	const char *other = ssh_fixture_make_key(fixture, "other", "ed25519", "");
	struct program_told told;

	fail_to_log_in(fixture,
		jump_config(fixture, target, bastion,
			"StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\n"),
		&spec, &told);
	assert_end(&told, SSH_END_HOST_KEY_UNKNOWN,
		arena_printf(fixture->arena, "'[127.0.0.1]:%u' is not known", bastion));
	fail_to_log_in(fixture,
		jump_config(fixture, target, bastion,
			arena_printf(fixture->arena, "StrictHostKeyChecking no\n%s",
				known_hosts(
					fixture, bastion, "", ssh_fixture_public(fixture, other)))),
		&spec, &told);
	assert_end(&told, SSH_END_HOST_KEY_CHANGED,
		arena_printf(fixture->arena, "'[127.0.0.1]:%u' has changed: ", bastion));
	fail_to_log_in(
		fixture, jump_config(fixture, target, ssh_fixture_free_port(), ""), &spec, &told);
	assert_end(&told, SSH_END_REFUSED, "Connection refused");
	fail_to_log_in(
		fixture, jump_config(fixture, ssh_fixture_free_port(), bastion, ""), &spec, &told);
	assert_end(&told, SSH_END_REFUSED, "Connection refused");
}

/* The password is the host's; neither an ssh of its own making nor another is given it. */
static void a_bastion_gets_no_password(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t bastion = ssh_server_start(fixture, SSH_SERVER_PASSWORD);
	struct ssh_program_spec spec = {.name = "target", .connect_timeout_ms = 20000};
	struct program_told told;

	ssh_fixture_know(fixture, bastion);
	spec.password = "secret";
	fail_to_log_in(
		fixture, jump_config(fixture, ssh_fixture_free_port(), bastion, ""), &spec, &told);
	assert_end(&told, SSH_END_AUTH, "Permission denied (");
	fail_to_log_in(fixture,
		arena_printf(fixture->arena,
			"Host target\nProxyCommand ssh -F none -o UserKnownHostsFile=%s -p %u -W "
			"127.0.0.1:1 someone@127.0.0.1\n",
			fixture->known_hosts, bastion),
		&spec, &told);
	assert_end(&told, SSH_END_AUTH, "a host on the way asks for a password");
}

static void takes_the_way_that_is_configured(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	struct ssh_program *program = program_make(fixture,
		arena_printf(fixture->arena,
			"Host far\nHostName 127.0.0.1\nPort %u\n"
			"ProxyCommand python3 -c 'import socket,sys,os,threading;"
			"s=socket.create_connection((sys.argv[1],int(sys.argv[2])));"
			"t=threading.Thread(target=lambda:[os.write(1,d) for d in "
			"iter(lambda:s.recv(65536),b\"\")],daemon=True);t.start();"
			"[s.sendall(d) for d in iter(lambda:os.read(0,65536),b\"\")]' %%h %%p\n",
			port));
	struct ssh_program_spec spec = {.name = "far", .connect_timeout_ms = 20000};
	struct program_told told;
	struct program_said said;

	program_connect(fixture, program, &spec, &told);
	program_say(&told, "echo $SSH_CONNECTION", &said);
	assert_non_null(strstr(said.out.buf, "127.0.0.1"));
	program_said_release(&said);
	ssh_program_login_free(&told.login);
	ssh_program_free(&program);
}

/* --- after it ------------------------------------------------------------------------------- */

static void tells_that_the_server_closed_it(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_program *program = program_make(fixture, "");
	struct ssh_program_spec spec = program_spec(ssh_fixture_sshd(fixture, ""));
	struct program_told told;
	struct program_said said;

	program_connect(fixture, program, &spec, &told);
	program_start(&told, &(struct ssh_exec_spec){.command = "kill -9 $PPID; sleep 1"}, &said);
	ssh_fixture_until(fixture, told_end, &told);
	assert_end(&told, SSH_END_CLOSED, "127.0.0.1: Connection to 127.0.0.1 closed by remote");
	assert_int_equal(told.end.phase, SSH_PHASE_OPEN);
	assert_true(said.has_ended);
	assert_int_equal(said.end.outcome, SSH_EXEC_LOST);
	assert_string_equal(said.end.text, told.end.text);
	program_said_release(&said);
	ssh_program_free(&program);
}

static void tells_that_the_server_is_silent(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_program *program = program_make(fixture, "");
	struct ssh_program_spec spec = program_spec(ssh_fixture_sshd(fixture, ""));
	struct program_told told;
	struct program_said said;
	pid_t server = 0;

	spec.alive_interval_ms = 1000;
	spec.alive_count_max = 1;
	program_connect(fixture, program, &spec, &told);
	program_start(&told, &(struct ssh_exec_spec){.command = "echo $PPID; cat"}, &said);
	ssh_fixture_until(fixture, said_something, &said);
	server = (pid_t)strtol(said.out.buf, NULL, 10);
	assert_true(server > 1);
	assert_int_equal(kill(server, SIGSTOP), 0);
	ssh_fixture_until(fixture, told_end, &told);
	assert_int_equal(kill(server, SIGKILL), 0);
	assert_end(&told, SSH_END_SILENT, "Timeout, server 127.0.0.1 not responding");
	assert_int_equal(said.end.outcome, SSH_EXEC_LOST);
	program_said_release(&said);
	ssh_program_free(&program);
}

static void tells_that_ssh_was_ended(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_program *program = program_make(fixture, "");
	struct ssh_program_spec spec = program_spec(ssh_fixture_sshd(fixture, ""));
	struct program_told told;

	program_connect(fixture, program, &spec, &told);
	assert_int_equal(kill(ssh_program_login_pid(told.login), SIGKILL), 0);
	ssh_fixture_until(fixture, told_end, &told);
	assert_end(&told, SSH_END_CLOSED, "ssh was ended by SIGKILL");
	ssh_program_free(&program);
}

/* In a copy of this process: log in, tell the pid of ssh, and stay. */
static _Noreturn void log_in_and_stay(
	const struct ssh_program_options *options, const struct ssh_program_spec *spec, int fd)
{
	static const struct ssh_session_events events = {told_opened, told_ended};
	struct ssh_fixture fixture = {.arena = arena_new()};
	struct program_told told = {.fixture = &fixture};
	struct ssh_program *program;
	pid_t pid;

	if (loop_new(&fixture.loop, NULL) < 0 ||
		ssh_program_new(fixture.loop, options, &program, NULL) < 0) {
		_exit(1);
	}
	told.login = ssh_program_login_open(program, spec, &events, &told);
	ssh_fixture_until(&fixture, told_something, &told);
	pid = told.is_opened ? ssh_program_login_pid(told.login) : 0;
	(void)!write(fd, &pid, sizeof(pid));
	(void)pause();
	_exit(2);
}

static size_t folders_in(const struct ssh_fixture *fixture)
{
	DIR *list = opendir(fixture->folder);
	const struct dirent *entry;
	size_t count = 0;

	assert_non_null(list);
	while ((entry = readdir(list))) {
		count += str_starts(str_of(entry->d_name), "sre-toolkit-ssh.");
	}
	(void)closedir(list);
	return count;
}

static bool was_reaped(void *arg)
{
	return waitpid(*(const pid_t *)arg, NULL, WNOHANG) > 0;
}

/* Nothing asks us to clean up when we are killed. */
static void nothing_outlives_us(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_program_spec spec = program_spec(ssh_fixture_sshd(fixture, ""));
	const struct ssh_program_options options = {.config_file = program_config(fixture, "")};
	struct ssh_program *program;
	int fds[2];
	pid_t us, ssh = 0;

	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", fixture->folder, 1), 0);
	assert_int_equal(pipe(fds), 0);
	us = fork();
	assert_true(us >= 0);
	if (us == 0) {
		log_in_and_stay(&options, &spec, fds[1]);
	}
	assert_int_equal(read(fds[0], &ssh, sizeof(ssh)), sizeof(ssh));
	assert_true(ssh > 0);
	assert_int_equal(folders_in(fixture), 1);
	assert_int_equal(kill(us, SIGKILL), 0);
	assert_int_equal(waitpid(us, NULL, 0), us);
	ssh_fixture_until(fixture, was_reaped, &ssh);
	assert_int_equal(folders_in(fixture), 1);
	program = program_make(fixture, ""); /* sweeps */
	assert_int_equal(folders_in(fixture), 1);
	ssh_program_free(&program);
	assert_int_equal(folders_in(fixture), 0);
	assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(opens_and_leaves_nothing),
		TEST(may_be_freed_at_any_time),
		TEST(refuses_names_that_ssh_would_misread),
		TEST(tells_what_was_wrong_on_the_way),
		TEST(tells_what_servers_do_wrong),
		TEST(has_a_deadline_in_each_phase),
		TEST(checks_host_keys_whatever_the_settings_say),
		TEST(accepts_new_host_keys_if_told),
		TEST(knows_hosts_by_their_authority),
		TEST(tells_what_the_host_does_not_accept),
		TEST(hands_a_password_on),
		TEST(a_password_is_nowhere),
		TEST(passphrases_are_not_asked_for),
		TEST(passes_bastions),
		TEST(checks_bastions_too),
		TEST(a_bastion_gets_no_password),
		TEST(takes_the_way_that_is_configured),
		TEST(tells_that_the_server_closed_it),
		TEST(tells_that_the_server_is_silent),
		TEST(tells_that_ssh_was_ended),
		TEST(nothing_outlives_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

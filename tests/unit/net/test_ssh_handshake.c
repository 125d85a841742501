/*
 * Peers that are no SSH servers, servers with which nothing can be agreed on, and host keys.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/file.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "net/ssh_host_key.h"
#include "support/run_program.h"
#include "support/ssh_fixture.h"
#include "support/tcp_script.h"

enum { SHORT_MS = 2000 };

static struct ssh_end end_of(struct ssh_fixture *fixture, const struct ssh_session_spec *spec)
{
	struct ssh_told told;

	ssh_fixture_open(fixture, spec, &told);
	ssh_fixture_run(fixture, &told);
	assert_true(told.has_ended);
	assert_false(told.is_opened);
	return told.end;
}

static void assert_end(
	struct ssh_end end, enum ssh_end_cause cause, enum ssh_phase phase, const char *text)
{
	if (end.cause != cause || end.phase != phase || !strstr(end.text, text)) {
		fail_msg("%d in %d: %s; expected %d in %d: %s", end.cause, end.phase, end.text,
			cause, phase, text);
	}
	for (const char *c = end.text; *c; c++) {
		assert_true(*c >= ' ');
	}
}

#define HELLO "SSH-2.0-test\r\n"

static void test_peers(void **state)
{
	static const struct {
		struct tcp_script_step steps[3];
		enum ssh_end_cause cause;
		enum ssh_phase phase;
		const char *text;
	} cases[] = {
		{{{SCRIPT_HANG, NULL}}, SSH_END_TIMEOUT, SSH_PHASE_GREETING,
			"gave up after 2 s: waiting for the greeting of 127.0.0.1:"},
		{{{SCRIPT_END, NULL}}, SSH_END_DROPPED, SSH_PHASE_GREETING,
			"closed the connection without a greeting"},
		{{{SCRIPT_WAIT, "SSH-2.0-"}, {SCRIPT_RESET, NULL}}, SSH_END_DROPPED,
			SSH_PHASE_GREETING, "without a greeting"},
		{{{SCRIPT_SEND, HELLO}, {SCRIPT_HANG, NULL}}, SSH_END_TIMEOUT, SSH_PHASE_KEX,
			"exchanging keys with 127.0.0.1:"},
		{{{SCRIPT_TRICKLE, HELLO}, {SCRIPT_HANG, NULL}}, SSH_END_TIMEOUT, SSH_PHASE_KEX,
			"exchanging keys"},
		{{{SCRIPT_SEND, "welcome\r\nto this\r\n" HELLO}, {SCRIPT_HANG, NULL}},
			SSH_END_TIMEOUT, SSH_PHASE_KEX, "exchanging keys"},
		{{{SCRIPT_SEND, HELLO}, {SCRIPT_END, NULL}}, SSH_END_DROPPED, SSH_PHASE_KEX,
			"closed the connection during the key exchange"},
		{{{SCRIPT_SEND, HELLO "garbage garbage garbage garbage"}, {SCRIPT_HANG, NULL}},
			SSH_END_KEX, SSH_PHASE_KEX, "127.0.0.1:"},
		{{{SCRIPT_SEND, HELLO}, {SCRIPT_FLOOD, "garbage garbage "}}, SSH_END_KEX,
			SSH_PHASE_KEX, "127.0.0.1:"},
		{{{SCRIPT_SEND, "SSH-1.5-old\r\n"}, {SCRIPT_HANG, NULL}}, SSH_END_KEX,
			SSH_PHASE_KEX, "SSH-1.5"},
		{{{SCRIPT_WAIT, "SSH-2.0-"}, {SCRIPT_SEND, "HTTP/1.1 400 Bad Request\r\n\r\n"},
			 {SCRIPT_HANG, NULL}},
			SSH_END_NOT_SSH, SSH_PHASE_GREETING,
			"does not speak SSH: 'HTTP/1.1 400 Bad Request'"},
		{{{SCRIPT_SEND, "220 mail\033[31m ESMTP\r\n"}, {SCRIPT_END, NULL}}, SSH_END_NOT_SSH,
			SSH_PHASE_GREETING, "does not speak SSH: '220 mail\\x1b[31m ESMTP'"},
		{{{SCRIPT_SEND, "Exceeded MaxStartups\r\n"}, {SCRIPT_END, NULL}}, SSH_END_DROPPED,
			SSH_PHASE_GREETING, "refused the connection: 'Exceeded MaxStartups'"},
		{{{SCRIPT_SEND, "Not allowed at this time\r\n"}, {SCRIPT_END, NULL}},
			SSH_END_DROPPED, SSH_PHASE_GREETING, "Not allowed at this time"},
		{{{SCRIPT_FLOOD, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}, SSH_END_NOT_SSH,
			SSH_PHASE_GREETING, "does not speak SSH: 'aaaaaaaaaaaaaaaa"},
		{{{SCRIPT_FLOOD, "line after line\r\n"}}, SSH_END_NOT_SSH, SSH_PHASE_GREETING,
			"does not speak SSH: 'line after line'"},
	};
	struct ssh_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tcp_script *peer =
			tcp_script_new(fixture->loop, "127.0.0.1", cases[i].steps);
		const struct ssh_session_spec spec = {
			.settings = ssh_fixture_settings(fixture, tcp_script_port(peer), ""),
			.connect_timeout_ms = SHORT_MS};
		int64_t began_ms = time_mono_ms();

		assert_end(end_of(fixture, &spec), cases[i].cause, cases[i].phase, cases[i].text);
		assert_true(time_mono_ms() - began_ms < 20 * SHORT_MS);
		tcp_script_free(&peer);
	}
}

static void test_algorithms(void **state)
{
	static const struct {
		const char *server, *ours;
		bool is_good;
		const char *text;
	} cases[] = {
		/* Each step of theirs would hold up everybody else. */
		{"KexAlgorithms diffie-hellman-group16-sha512", "", false,
			"diffie-hellman-group16-sha512"},
		{"KexAlgorithms diffie-hellman-group18-sha512", "", false,
			"diffie-hellman-group18-sha512"},
		{"KexAlgorithms ecdh-sha2-nistp256", "", true,
			"ecdh-sha2-nistp256, aes256-gcm@openssh.com"},
		{"KexAlgorithms ecdh-sha2-nistp256", "kexalgorithms curve25519-sha256", false,
			"ecdh-sha2-nistp256"},
		{"Ciphers aes128-ctr\nMACs hmac-sha2-512", "", true, "aes128-ctr"},
		{"Ciphers aes128-cbc", "", false, "aes128-cbc"},
		{"", "ciphers chacha20-poly1305@openssh.com", true, "chacha20-poly1305"},
		{"", "hostkeyalgorithms rsa-sha2-512", false, "rsa-sha2-512"},
	};
	struct ssh_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint16_t port = ssh_fixture_sshd(fixture, cases[i].server);
		const struct ssh_session_spec spec = {
			.settings = ssh_fixture_settings(fixture, port, cases[i].ours)};
		struct strbuf text = STRBUF_INIT;
		struct ssh_told told;

		ssh_fixture_forget(fixture);
		ssh_fixture_open(fixture, &spec, &told);
		ssh_fixture_run(fixture, &told);
		if (cases[i].is_good && told.is_opened) {
			ssh_session_add_algorithms(told.session, &text);
			assert_non_null(strstr(text.buf, cases[i].text));
			ssh_session_free(&told.session);
		} else {
			if (cases[i].is_good) {
				fail_msg("%s, %s: %s", cases[i].server, cases[i].ours,
					told.end.text);
			}
			assert_end(told.end, SSH_END_KEX, SSH_PHASE_KEX, cases[i].text);
		}
		strbuf_release(&text);
		ssh_fixture_stop_servers(fixture);
	}
}

static const char *fingerprint_of(struct ssh_fixture *fixture, const char *key)
{
	struct strbuf text = STRBUF_INIT, blob = STRBUF_INIT;
	struct str rest = str_of(ssh_fixture_public(fixture, key)), word;
	const char *kept;

	assert_true(str_word(&rest, &word) && str_word(&rest, &word));
	assert_int_equal(base64_decode(word, &blob, NULL), 0);
	ssh_host_key_add_fingerprint(&text, strbuf_str(&blob));
	kept = arena_strdup(fixture->arena, text.buf);
	strbuf_release(&text);
	strbuf_release(&blob);
	return kept;
}

static void test_host_keys(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *other = ssh_fixture_make_key(fixture, "other", "ed25519", "");
	const char *name = arena_printf(fixture->arena, "[127.0.0.1]:%u", port);
	const char *right = ssh_fixture_public(fixture, fixture->host_key);
	const char *wrong = ssh_fixture_public(fixture, other);
	const char *shown = fingerprint_of(fixture, fixture->host_key);
	const struct {
		const char *file;
		enum ssh_end_cause cause; /* LOCAL: it is good */
		const char *texts[3];
	} cases[] = {
		{arena_printf(fixture->arena, "%s %s\n", name, right), SSH_END_LOCAL, {""}},
		{arena_printf(fixture->arena, "127.0.0.1 %s\n", right), SSH_END_LOCAL, {""}},
		{arena_printf(fixture->arena, "[127.0.0.*]:* %s\n", right), SSH_END_LOCAL, {""}},
		{"", SSH_END_HOST_KEY_UNKNOWN,
			{"is not known", shown,
				arena_printf(fixture->arena,
					"fleet keys --hosts 127.0.0.1 --port %u --record", port)}},
		{arena_printf(fixture->arena, "# x\n%s %s\n", name, wrong),
			SSH_END_HOST_KEY_CHANGED,
			{shown, fingerprint_of(fixture, other), ":2 has ED25519 SHA256:"}},
		{arena_printf(fixture->arena, "%s %s\n@revoked * %s\n", name, right, right),
			SSH_END_HOST_KEY_REVOKED, {"is revoked by", ":2: ED25519", shown}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct ssh_session_spec spec = {
			.settings = ssh_fixture_settings(fixture, port, "")};
		struct ssh_told told;

		(void)ssh_fixture_write(fixture, "known_hosts", cases[i].file);
		ssh_fixture_forget(fixture);
		ssh_fixture_open(fixture, &spec, &told);
		ssh_fixture_run(fixture, &told);
		assert_int_equal(told.is_opened, cases[i].cause == SSH_END_LOCAL);
		ssh_session_free(&told.session);
		for (size_t t = 0; !told.is_opened && t < 3; t++) {
			assert_end(told.end, cases[i].cause, SSH_PHASE_KEX, cases[i].texts[t]);
		}
	}
}

struct asked {
	struct ssh_session *session;
	struct strbuf types; /* of the keys that were shown */
	struct ssh_end end;
	bool has_ended, frees, has_seen;
	struct ssh_fixture *fixture;
};

static void on_asked_opened(void *arg)
{
	(void)arg;
	fail_msg("nobody may log in");
}

static void on_asked_ended(void *arg, const struct ssh_end *end)
{
	struct asked *asked = arg;

	asked->end = *end;
	asked->has_ended = true;
	asked->session = NULL;
	loop_stop(asked->fixture->loop);
}

static void on_showed_key(void *arg, struct str blob, struct str algorithms)
{
	struct asked *asked = arg;
	struct str type;

	assert_true(ssh_host_key_type(blob, &type));
	strbuf_addf(&asked->types, "%.*s ", STR_ARG(type));
	/* What comes between our look and libssh's is not seen. */
	asked->has_seen = algorithms.len > 0;
	assert_true(
		!asked->has_seen || str_is(algorithms, "rsa-sha2-512,rsa-sha2-256,ssh-ed25519"));
	if (asked->frees) {
		ssh_session_free(&asked->session);
		loop_stop(asked->fixture->loop);
	}
}

/* For its key alone: in the order asked for, whether it is known or not. */
static void test_showed_key(void **state)
{
	static const struct {
		const char *host_keys, *types;
		bool lacks_key;
	} cases[] = {
		{"ssh-ed25519", "ssh-ed25519 ", false},
		{"rsa-sha2-512,rsa-sha2-256,ssh-ed25519", "ssh-rsa ", false},
		{"ecdsa-sha2-nistp521,ssh-ed25519", "ssh-ed25519 ", false},
		{"ecdsa-sha2-nistp256", "", true},
	};
	static const struct ssh_session_events events = {
		on_asked_opened, on_asked_ended, on_showed_key};
	struct ssh_fixture *fixture = *state;
	const char *rsa = ssh_fixture_make_key(fixture, "host_rsa", "rsa", "");
	uint16_t port = ssh_fixture_sshd(fixture, arena_printf(fixture->arena, "HostKey %s", rsa));
	size_t files_before, seen = 0;

	(void)ssh_fixture_write(fixture, "known_hosts", "");
	files_before = ssh_fixture_open_files();
	for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		size_t c = i / 2;
		struct asked asked = {
			.fixture = fixture, .types = STRBUF_INIT, .frees = i % 2 == 1};
		const struct ssh_session_spec spec = {
			.settings = ssh_fixture_settings(fixture, port, ""),
			.host_keys = cases[c].host_keys};

		asked.session = ssh_session_start(fixture->client, &spec, &events, &asked);
		assert_int_equal(loop_run(fixture->loop, NULL), 0);
		assert_string_equal(asked.types.buf, cases[c].types);
		assert_null(asked.session);
		if (asked.has_ended) {
			assert_int_equal(asked.end.lacks_host_key, cases[c].lacks_key);
			assert_int_equal(
				asked.end.cause, cases[c].lacks_key ? SSH_END_KEX : SSH_END_CLOSED);
		} else {
			assert_true(asked.frees);
		}
		seen += asked.has_seen;
		strbuf_release(&asked.types);
	}
	assert_true(seen > 0);
	assert_int_equal(ssh_client_sessions(fixture->client), 0);
	assert_int_equal(ssh_fixture_open_files(), files_before);
}

/* A key of another type than the one that is known is not asked for. */
static void test_known_type_first(void **state)
{
	struct ssh_fixture *fixture = *state;
	const char *rsa = ssh_fixture_make_key(fixture, "host_rsa", "rsa", "");
	uint16_t port = ssh_fixture_sshd(fixture, arena_printf(fixture->arena, "HostKey %s", rsa));
	struct ssh_told told;

	(void)ssh_fixture_write(fixture, "known_hosts",
		arena_printf(fixture->arena, "[127.0.0.1]:%u %s\n", port,
			ssh_fixture_public(fixture, rsa)));
	ssh_fixture_connect(fixture, port, &told);
	ssh_session_free(&told.session);
}

static void test_accept_new(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	struct ssh_session_spec spec = {
		.settings = ssh_fixture_settings(fixture, port, "hashknownhosts yes"),
		.accepts_new_host_keys = true};
	struct strbuf text = STRBUF_INIT;
	struct ssh_told told;

	(void)ssh_fixture_write(fixture, "known_hosts", "");
	for (int i = 0; i < 2; i++) {
		ssh_fixture_open(fixture, &spec, &told);
		ssh_fixture_run(fixture, &told);
		assert_true(told.is_opened);
		ssh_session_free(&told.session);
		spec.accepts_new_host_keys = false; /* it is known from now on */
	}
	assert_int_equal(file_read(fixture->known_hosts, FILE_REGULAR, 1 << 20, &text, NULL), 0);
	assert_true(str_starts(strbuf_str(&text), "|1|"));
	assert_int_equal(
		RUN("ssh-keygen", "-F", arena_printf(fixture->arena, "[127.0.0.1]:%u", port), "-f",
			fixture->known_hosts),
		0);
	strbuf_release(&text);
}

/* Under the alias, and without the port. */
static void test_alias(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const struct ssh_session_spec spec = {
		.settings = ssh_fixture_settings(fixture, port, "hostkeyalias the-alias")};
	struct ssh_told told;

	assert_end(end_of(fixture, &spec), SSH_END_HOST_KEY_UNKNOWN, SSH_PHASE_KEX, "'the-alias'");
	(void)ssh_fixture_write(fixture, "known_hosts",
		arena_printf(fixture->arena, "the-alias %s\n",
			ssh_fixture_public(fixture, fixture->host_key)));
	ssh_fixture_forget(fixture);
	ssh_fixture_open(fixture, &spec, &told);
	ssh_fixture_run(fixture, &told);
	assert_true(told.is_opened);
	ssh_session_free(&told.session);
}

static void test_unreadable_known_hosts(void **state)
{
	struct ssh_fixture *fixture = *state;
	const struct tcp_script_step steps[] = {{SCRIPT_HANG, NULL}};
	struct tcp_script *peer = tcp_script_new(fixture->loop, "127.0.0.1", steps);
	struct ssh_settings *settings = ssh_fixture_settings(fixture, tcp_script_port(peer), "");
	const char *const files[] = {fixture->folder, NULL};
	const struct ssh_session_spec spec = {.settings = settings};

	settings->known_hosts_files = files;
	assert_end(end_of(fixture, &spec), SSH_END_LOCAL, SSH_PHASE_GREETING, "is a directory");
	tcp_script_free(&peer);
}

/* Another make of server: keys are exchanged, and its host key is the one that is known. */
static void test_dropbear(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_dropbear(fixture);
	const struct ssh_session_spec spec = {.settings = ssh_fixture_settings(fixture, port, "")};

	assert_end(
		end_of(fixture, &spec), SSH_END_AUTH, SSH_PHASE_AUTH, "the server takes publickey");
	(void)ssh_fixture_write(fixture, "known_hosts", "");
	ssh_fixture_forget(fixture);
	assert_end(end_of(fixture, &spec), SSH_END_HOST_KEY_UNKNOWN, SSH_PHASE_KEX, "is not known");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_peers),
		TEST(test_algorithms),
		TEST(test_host_keys),
		TEST(test_showed_key),
		TEST(test_known_type_first),
		TEST(test_accept_new),
		TEST(test_alias),
		TEST(test_unreadable_known_hosts),
		TEST(test_dropbear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

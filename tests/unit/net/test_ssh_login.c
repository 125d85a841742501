/*
 * Logins as their users see them: to what they lead, how they end, what may be freed when.
 */
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "cmocka_all.h"
#include "support/login_fixture.h"
#include "support/ssh_server.h"

static void say_and_check(struct login_told *told)
{
	struct ssh_said said;

	login_fixture_say(told, "echo out; echo err >&2; exit 3", &said);
	assert_int_equal(said.end.outcome, SSH_EXEC_EXITED);
	assert_int_equal(said.end.exit_code, 3);
	assert_string_equal(said.out.buf, "out\n");
	assert_string_equal(said.err.buf, "err\n");
	ssh_said_release(&said);
}

static const enum ssh_transport transports[] = {SSH_TRANSPORT_NATIVE, SSH_TRANSPORT_OPENSSH};

/* Directly, through a bastion, to another address: the same by either transport. */
static void test_both_transports(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *config = arena_printf(fixture->arena, "Host moved\n\tHostName 127.0.0.3\n%s%s",
		login_fixture_host(fixture, "behind", port, "\tProxyJump web"),
		login_fixture_host(fixture, "*", port, ""));
	const struct ssh_login_spec specs[] = {
		{.name = "web"}, {.name = "behind"}, {.name = "moved", .address = "127.0.0.1"}};

	for (size_t i = 0; i < ARRAY_LEN(transports); i++) {
		const struct ssh_connector_options options = {.transport = transports[i]};
		struct ssh_connector *connector =
			login_fixture_connector(fixture, config, &options);
		struct strbuf text = STRBUF_INIT;
		struct login_told told;

		for (size_t j = 0; j < ARRAY_LEN(specs); j++) {
			login_fixture_open(fixture, connector, &specs[j], &told);
			assert_false(ssh_login_is_open(told.login));
			login_fixture_run(&told);
			if (!told.is_opened) {
				fail_msg("%zu %zu: %s", i, j, told.end.text);
			}
			assert_int_equal(ssh_login_transport(told.login), transports[i]);
			ssh_login_add_phase(told.login, &text);
			assert_true(text.len > 0);
			say_and_check(&told);
			say_and_check(&told);
			ssh_login_free(&told.login);
			assert_null(told.login);
			ssh_login_free(&told.login); /* nothing: fine */
		}
		strbuf_release(&text);
		ssh_connector_free(&connector);
		ssh_connector_free(&connector);
	}
}

/* How often the log has the text. */
static size_t logged(const char *path, const char *text)
{
	struct strbuf log = STRBUF_INIT;
	size_t count = 0;

	assert_int_equal(file_read(path, FILE_REGULAR, 1 << 20, &log, NULL), 0);
	for (const char *at = log.buf; (at = strstr(at, text)); at++) {
		count++;
	}
	strbuf_release(&log);
	return count;
}

/* Who needs the program ssh gets it, with a word; who forbids it is told. */
static void test_choice(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *proxy =
		arena_printf(fixture->arena, "\tProxyCommand ssh -F %s -W 127.0.0.1:%u plain",
			ssh_fixture_path(fixture, "config"), port);
	const char *vouched = ssh_fixture_write(fixture, "vouched",
		arena_printf(fixture->arena,
			"@cert-authority [127.0.0.1]:%u %s\n[127.0.0.1]:%u %s\n", port,
			ssh_fixture_public(fixture, fixture->key), port,
			ssh_fixture_public(fixture, fixture->host_key)));
	const char *config =
		arena_printf(fixture->arena, "Host vouched\n\tUserKnownHostsFile %s\n%s%s%s%s",
			vouched, login_fixture_host(fixture, "vouched", port, ""),
			login_fixture_host(fixture, "proxied", port, proxy),
			login_fixture_host(fixture, "behind", port, "\tProxyJump proxied"),
			login_fixture_host(fixture, "plain", port, ""));
	const struct {
		const char *name;
		enum ssh_transport chosen;
		const char *reason, *refusal;
	} cases[] = {
		{"plain", SSH_TRANSPORT_NATIVE, NULL, NULL},
		{"proxied", SSH_TRANSPORT_OPENSSH,
			"ssh: proxied: through the program ssh: ProxyCommand",
			"'proxied' needs the program ssh: ProxyCommand"},
		{"behind", SSH_TRANSPORT_OPENSSH,
			"ssh: behind: through the program ssh: bastion 'proxied' needs it: "
			"ProxyCommand",
			"bastion 'proxied': 'proxied' needs the program ssh: ProxyCommand"},
		{"vouched", SSH_TRANSPORT_OPENSSH,
			"ssh: vouched: through the program ssh: host certificates are needed",
			NULL},
	};

	const char *log = ssh_fixture_path(fixture, "our-log");

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ssh_connector_options options = {.transport = SSH_TRANSPORT_AUTO};
		struct ssh_connector *connector =
			login_fixture_connector(fixture, config, &options);
		struct login_told told;

		assert_int_equal(
			log_open(&(struct log_options){.level = LOG_LEVEL_INFO, .file = log}, NULL),
			0);
		for (int round = 0; round < 2; round++) {
			login_fixture_connect(fixture, connector, cases[i].name, &told);
			assert_int_equal(ssh_login_transport(told.login), cases[i].chosen);
			say_and_check(&told);
			ssh_login_free(&told.login);
		}
		log_close();
		assert_int_equal(logged(log, "through the program"), cases[i].reason != NULL);
		assert_int_equal(cases[i].reason ? logged(log, cases[i].reason) : 0,
			cases[i].reason != NULL);
		assert_int_equal(unlink(log), 0);
		ssh_connector_free(&connector);
		options.transport = SSH_TRANSPORT_NATIVE;
		connector = login_fixture_connector(fixture, config, &options);
		login_fixture_open(
			fixture, connector, &(struct ssh_login_spec){.name = cases[i].name}, &told);
		login_fixture_run(&told);
		assert_int_equal(told.is_opened, !cases[i].refusal);
		if (cases[i].refusal) {
			assert_int_equal(told.end.cause, SSH_END_LOCAL);
			assert_string_equal(told.end.text, cases[i].refusal);
		}
		ssh_login_free(&told.login);
		ssh_connector_free(&connector);
	}
}

/* --- freeing -------------------------------------------------------------------------------- */

enum moment {
	AT_OPENED,
	AT_ENDED,
	AT_OUTPUT,
	AT_WANTS_INPUT,
	AT_COMMAND_ENDED,
	AT_LOST,
	MOMENTS,
};

/* Somebody who frees all that there is, once, at a moment. */
struct freer {
	struct ssh_fixture *fixture;
	struct ssh_connector *connector;
	struct ssh_login *login, *other;
	struct ssh_command *command;
	enum moment moment;
	bool has_freed;
};

static void come_to(struct freer *freer, enum moment moment)
{
	assert_false(freer->has_freed); /* nothing is told after it */
	if (moment != freer->moment) {
		return;
	}
	ssh_command_free(&freer->command);
	ssh_login_free(&freer->login);
	ssh_login_free(&freer->other);
	ssh_connector_free(&freer->connector);
	freer->has_freed = true;
}

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	(void)stream;
	(void)bytes;
	come_to(arg, AT_OUTPUT);
}

static void on_wants_input(void *arg)
{
	struct freer *freer = arg;

	come_to(freer, AT_WANTS_INPUT);
	if (!freer->has_freed) {
		ssh_command_end_input(freer->command);
	}
}

static void on_command_ended(void *arg, const struct ssh_exec_end *end)
{
	struct freer *freer = arg;

	freer->command = NULL;
	come_to(freer, end->outcome == SSH_EXEC_LOST ? AT_LOST : AT_COMMAND_ENDED);
}

static void on_opened(void *arg)
{
	static const struct ssh_exec_events events = {
		.output = on_output, .wants_input = on_wants_input, .ended = on_command_ended};
	struct freer *freer = arg;
	bool is_killed = freer->moment == AT_ENDED || freer->moment == AT_LOST;

	come_to(freer, AT_OPENED);
	if (freer->has_freed) {
		return;
	}
	freer->command = ssh_command_start(freer->login,
		&(struct ssh_exec_spec){
			.command = is_killed ? "kill -9 $PPID; sleep 5" : "cat; echo out; cat",
			.drain_ms = 500},
		&events, freer);
	ssh_command_send(freer->command, str_of("in"));
}

static void on_ended(void *arg, const struct ssh_login_end *end)
{
	struct freer *freer = arg;

	(void)end;
	freer->login = NULL;
	come_to(freer, AT_ENDED);
}

static void on_other(void *arg)
{
	(void)arg;
}

static void on_other_ended(void *arg, const struct ssh_login_end *end)
{
	struct freer *freer = arg;

	(void)end;
	freer->other = NULL;
}

static bool has_freed(void *arg)
{
	return ((struct freer *)arg)->has_freed;
}

static void free_at(struct ssh_fixture *fixture, const char *config, const char *name,
	enum ssh_transport transport, enum moment moment)
{
	static const struct ssh_login_events events = {on_opened, on_ended},
					     other_events = {on_other, on_other_ended};
	const struct ssh_connector_options options = {.transport = transport, .keep_ms = 60000};
	struct freer freer = {.fixture = fixture, .moment = moment};

	freer.connector = login_fixture_connector(fixture, config, &options);
	freer.other = ssh_login_open(
		freer.connector, &(struct ssh_login_spec){.name = name}, &other_events, &freer);
	freer.login = ssh_login_open(
		freer.connector, &(struct ssh_login_spec){.name = name}, &events, &freer);
	ssh_fixture_until(fixture, has_freed, &freer);
}

static void test_freed_in_callbacks(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *config = arena_printf(fixture->arena, "%s%s",
		login_fixture_host(fixture, "behind", port, "\tProxyJump web"),
		login_fixture_host(fixture, "web", port, ""));

	for (enum moment moment = 0; moment < MOMENTS; moment++) {
		for (size_t i = 0; i < ARRAY_LEN(transports); i++) {
			free_at(fixture, config, "web", transports[i], moment);
			free_at(fixture, config, "behind", transports[i], moment);
		}
	}
}

/* Somebody who tries again at once when a command is lost. */
struct stubborn {
	struct ssh_login *login;
	int lost;
	bool has_text, has_ended;
};

static void on_stubborn_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	(void)arg;
	(void)stream;
	(void)bytes;
}

static void on_stubborn_command_ended(void *arg, const struct ssh_exec_end *end);

static void stubborn_start(struct stubborn *stubborn, const char *command)
{
	static const struct ssh_exec_events events = {
		.output = on_stubborn_output, .ended = on_stubborn_command_ended};

	(void)ssh_command_start(stubborn->login,
		&(struct ssh_exec_spec){.command = command, .drain_ms = 500}, &events, stubborn);
}

static void on_stubborn_command_ended(void *arg, const struct ssh_exec_end *end)
{
	struct stubborn *stubborn = arg;

	assert_false(stubborn->has_ended);
	assert_int_equal(end->outcome, SSH_EXEC_LOST);
	assert_false(ssh_login_is_open(stubborn->login));
	stubborn->has_text = end->text[0] != '\0';
	if (stubborn->lost++ == 0) {
		stubborn_start(stubborn, "true");
	}
}

static void on_stubborn_opened(void *arg)
{
	stubborn_start(arg, "kill -9 $PPID; sleep 5");
}

static void on_stubborn_ended(void *arg, const struct ssh_login_end *end)
{
	struct stubborn *stubborn = arg;

	assert_int_equal(end->cause, SSH_END_CLOSED);
	stubborn->has_ended = true;
}

static bool stubborn_has_ended(void *arg)
{
	return ((struct stubborn *)arg)->has_ended;
}

/* The connection is lost, and that has been told to its command alone yet: one that is started now
 * is lost as well. */
static void test_started_when_lost(void **state)
{
	static const struct ssh_login_events events = {on_stubborn_opened, on_stubborn_ended};
	struct ssh_fixture *fixture = *state;
	const char *config = login_fixture_host(fixture, "web", ssh_fixture_sshd(fixture, ""), "");

	for (size_t i = 0; i < ARRAY_LEN(transports); i++) {
		const struct ssh_connector_options options = {.transport = transports[i]};
		struct ssh_connector *connector =
			login_fixture_connector(fixture, config, &options);
		struct stubborn stubborn = {.lost = 0};

		stubborn.login = ssh_login_open(
			connector, &(struct ssh_login_spec){.name = "web"}, &events, &stubborn);
		ssh_fixture_until(fixture, stubborn_has_ended, &stubborn);
		assert_int_equal(stubborn.lost, 2);
		assert_true(stubborn.has_text);
		ssh_connector_free(&connector);
	}
}

/* Whatever it is doing. */
static void test_freed_any_time(void **state)
{
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *config = login_fixture_host(fixture, "web", port, "");

	for (size_t i = 0; i < ARRAY_LEN(transports); i++) {
		const struct ssh_connector_options options = {.transport = transports[i]};

		for (int turns = 0; turns < 60; turns += 2) {
			struct ssh_connector *connector =
				login_fixture_connector(fixture, config, &options);
			struct login_told told;

			login_fixture_open(
				fixture, connector, &(struct ssh_login_spec){.name = "web"}, &told);
			for (int j = 0; j < turns && !told.is_opened; j++) {
				(void)loop_defer(
					fixture->loop, (loop_fn *)loop_stop, fixture->loop);
				assert_int_equal(loop_run(fixture->loop, NULL), 0);
			}
			assert_false(told.has_ended);
			ssh_login_free(&told.login);
			ssh_connector_free(&connector);
		}
	}
}

/* --- many ----------------------------------------------------------------------------------- */

/* A thousand, some at a time, leave nothing behind. */
static void test_thousand(void **state)
{
	enum { AT_ONCE = 25, ROUNDS = 40 };
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	const char *config = arena_printf(fixture->arena, "%s%s",
		login_fixture_host(fixture, "behind", port, "\tProxyJump web"),
		login_fixture_host(fixture, "web", port, ""));
	size_t files_before = ssh_fixture_open_files(), files_first = 0;
	struct ssh_connector *connector = login_fixture_connector(fixture, config, NULL);
	struct login_told told[AT_ONCE];
	struct ssh_said said;

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < AT_ONCE; i++) {
			login_fixture_open(fixture, connector,
				&(struct ssh_login_spec){.name = i % 2 ? "web" : "behind"},
				&told[i]);
		}
		for (int i = 0; i < AT_ONCE; i++) {
			login_fixture_run(&told[i]);
			if (!told[i].is_opened) {
				fail_msg("%s", told[i].end.text);
			}
			if (i % 5 == 0) {
				login_fixture_say(&told[i], "exit 7", &said);
				assert_int_equal(said.end.exit_code, 7);
				ssh_said_release(&said);
			}
			ssh_login_free(&told[i].login);
		}
		files_first = round == 0 ? ssh_fixture_open_files() : files_first;
	}
	/* The bastion's ends of what went through it follow. */
	login_fixture_connect(fixture, connector, "behind", &told[0]);
	ssh_login_free(&told[0].login);
	assert_true(ssh_fixture_open_files() <= files_first + AT_ONCE);
	ssh_connector_free(&connector);
	assert_int_equal(ssh_fixture_open_files(), files_before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_both_transports),
		TEST(test_choice),
		TEST(test_freed_in_callbacks),
		TEST(test_started_when_lost),
		TEST(test_freed_any_time),
		TEST(test_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

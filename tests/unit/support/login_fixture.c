/*
 * See login_fixture.h.
 */
#include "support/login_fixture.h"

#include "cmocka_all.h"

const char *login_fixture_host(
	struct ssh_fixture *fixture, const char *name, uint16_t port, const char *lines)
{
	return arena_printf(fixture->arena,
		"Host %s\n\tHostName 127.0.0.1\n\tPort %u\n\tIdentityFile %s\n"
		"\tUserKnownHostsFile %s\n\tGlobalKnownHostsFile none\n\tIdentityAgent none\n%s\n",
		name, port, fixture->key, fixture->known_hosts, lines);
}

struct ssh_connector *login_fixture_connector(struct ssh_fixture *fixture, const char *config,
	const struct ssh_connector_options *options)
{
	struct ssh_connector_options own = options ? *options : (struct ssh_connector_options){0};

	own.config_file = ssh_fixture_write(fixture, "config", config);
	return ssh_connector_new(fixture->loop, fixture->resolver, &own);
}

static void after(struct login_told *told)
{
	if (told->stops_loop) {
		loop_stop(told->fixture->loop);
	}
	if (told->then) {
		told->then(told);
	}
}

static void on_opened(void *arg)
{
	struct login_told *told = arg;

	assert_false(told->is_opened || told->has_ended);
	assert_true(ssh_login_is_open(told->login));
	told->is_opened = true;
	after(told);
}

static void on_ended(void *arg, const struct ssh_login_end *end)
{
	struct login_told *told = arg;

	assert_false(told->has_ended);
	told->has_ended = true;
	told->login = NULL;
	told->end = *end;
	told->end.text = arena_strdup(told->fixture->arena, end->text);
	told->end.hop = end->hop ? arena_strdup(told->fixture->arena, end->hop) : NULL;
	after(told);
}

void login_fixture_open(struct ssh_fixture *fixture, struct ssh_connector *connector,
	const struct ssh_login_spec *spec, struct login_told *told)
{
	static const struct ssh_login_events events = {on_opened, on_ended};

	*told = (struct login_told){.fixture = fixture};
	told->login = ssh_login_open(connector, spec, &events, told);
	assert_false(told->is_opened || told->has_ended);
}

void login_fixture_run(struct login_told *told)
{
	told->stops_loop = true;
	while (!told->is_opened && !told->has_ended) {
		assert_int_equal(loop_run(told->fixture->loop, NULL), 0);
	}
	told->stops_loop = false;
}

void login_fixture_connect(struct ssh_fixture *fixture, struct ssh_connector *connector,
	const char *name, struct login_told *told)
{
	login_fixture_open(fixture, connector, &(struct ssh_login_spec){.name = name}, told);
	login_fixture_run(told);
	if (!told->is_opened) {
		fail_msg("%s", told->end.text);
	}
}

/* --- commands ------------------------------------------------------------------------------- */

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct ssh_said *said = arg;

	assert_false(said->has_ended);
	strbuf_addstr(stream == SSH_STREAM_STDOUT ? &said->out : &said->err, bytes);
	*(stream == SSH_STREAM_STDOUT ? &said->out_bytes : &said->err_bytes) += bytes.len;
}

static void on_command_ended(void *arg, const struct ssh_exec_end *end)
{
	struct ssh_said *said = arg;

	assert_false(said->has_ended);
	said->has_ended = true;
	said->end = *end;
	said->end.text = arena_strdup(said->fixture->arena, end->text);
	said->end.signal_name = arena_strdup(said->fixture->arena, end->signal_name);
	if (said->stops_loop) {
		loop_stop(said->fixture->loop);
	}
}

struct ssh_command *login_fixture_start(
	struct login_told *told, const char *command, struct ssh_said *said)
{
	static const struct ssh_exec_events events = {
		.output = on_output, .ended = on_command_ended};

	*said = (struct ssh_said){
		.fixture = told->fixture, .out = STRBUF_INIT_MAX(1 << 20), .err = STRBUF_INIT};
	return ssh_command_start(told->login,
		&(struct ssh_exec_spec){.command = command, .drain_ms = 500}, &events, said);
}

void login_fixture_say(struct login_told *told, const char *command, struct ssh_said *said)
{
	(void)login_fixture_start(told, command, said);
	ssh_fixture_finish(told->fixture, said);
}

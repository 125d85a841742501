/*
 * Logins through ssh to the servers of an ssh_fixture, with a configuration of the test's own, and
 * what they and their commands told.
 */
#ifndef TESTS_UNIT_NET_SSH_PROGRAM_FIXTURE_H
#define TESTS_UNIT_NET_SSH_PROGRAM_FIXTURE_H

#include "base/alloc.h"
#include "base/arena.h"
#include "cmocka_all.h"
#include "net/ssh_program.h"
#include "support/ssh_fixture.h"

struct program_told {
	struct ssh_fixture *fixture;
	struct ssh_program_login *login; /* NULL: has ended */
	bool is_opened, has_ended;
	struct ssh_end end;
	bool frees_at_opened;
};

static inline void told_opened(void *arg)
{
	struct program_told *told = arg;

	assert_false(told->is_opened || told->has_ended);
	told->is_opened = true;
	if (told->frees_at_opened) {
		ssh_program_login_free(&told->login);
	}
}

static inline void told_ended(void *arg, const struct ssh_end *end)
{
	struct program_told *told = arg;

	assert_false(told->has_ended);
	told->has_ended = true;
	told->end = *end;
	told->end.text = arena_strdup(told->fixture->arena, end->text);
	ssh_program_login_free(&told->login); /* is allowed, and means nothing any more */
}

static inline bool told_something(void *arg)
{
	const struct program_told *told = arg;

	return told->is_opened || told->has_ended;
}

static inline bool told_end(void *arg)
{
	return ((const struct program_told *)arg)->has_ended;
}

/* A configuration for the fixture's key and known hosts, with more lines before. */
static inline const char *program_config(struct ssh_fixture *fixture, const char *lines)
{
	return ssh_fixture_write(fixture, "ssh_config",
		arena_printf(fixture->arena,
			"%s\nHost *\nIdentityFile %s\nIdentitiesOnly yes\nUserKnownHostsFile %s\n"
			"GlobalKnownHostsFile none\nKexAlgorithms curve25519-sha256\n",
			lines, fixture->key, fixture->known_hosts));
}

static inline struct ssh_program *program_make(struct ssh_fixture *fixture, const char *lines)
{
	const struct ssh_program_options options = {.config_file = program_config(fixture, lines)};
	struct ssh_program *program = NULL;
	struct err err = {0};

	if (ssh_program_new(fixture->loop, &options, &program, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return program;
}

static inline struct ssh_program_spec program_spec(uint16_t port)
{
	return (struct ssh_program_spec){
		.name = "127.0.0.1", .port = port, .connect_timeout_ms = 20000};
}

static inline void program_open(struct ssh_fixture *fixture, struct ssh_program *program,
	const struct ssh_program_spec *spec, struct program_told *told)
{
	static const struct ssh_session_events events = {told_opened, told_ended};

	*told = (struct program_told){.fixture = fixture};
	told->login = ssh_program_login_open(program, spec, &events, told);
	assert_false(told->is_opened || told->has_ended);
}

/* Until it is open; fails the test otherwise. */
static inline void program_connect(struct ssh_fixture *fixture, struct ssh_program *program,
	const struct ssh_program_spec *spec, struct program_told *told)
{
	program_open(fixture, program, spec, told);
	ssh_fixture_until(fixture, told_something, told);
	if (!told->is_opened) {
		fail_msg("%s", told->end.text);
	}
}

/* --- commands ------------------------------------------------------------------------------- */

enum { PROGRAM_KEEP_BYTES = 1 << 20 };

struct program_said {
	struct ssh_fixture *fixture;
	struct ssh_program_command *command; /* NULL: has ended */
	bool has_ended;
	struct strbuf out, err;
	uint64_t out_bytes, err_bytes;
	int drained;
	struct ssh_exec_end end;
};

static inline void said_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct program_said *said = arg;

	assert_false(said->has_ended);
	assert_true(bytes.len > 0);
	strbuf_addstr(stream == SSH_STREAM_STDOUT ? &said->out : &said->err, bytes);
	*(stream == SSH_STREAM_STDOUT ? &said->out_bytes : &said->err_bytes) += bytes.len;
}

static inline void said_wants_input(void *arg)
{
	struct program_said *said = arg;

	said->drained++;
}

static inline void said_ended(void *arg, const struct ssh_exec_end *end)
{
	struct program_said *said = arg;

	assert_false(said->has_ended);
	said->has_ended = true;
	said->end = *end;
	said->end.text = arena_strdup(said->fixture->arena, end->text);
	said->end.signal_name = arena_strdup(said->fixture->arena, end->signal_name);
	ssh_program_command_free(&said->command); /* is allowed, and means nothing any more */
}

static inline bool said_end(void *arg)
{
	return ((const struct program_said *)arg)->has_ended;
}

static inline bool said_something(void *arg)
{
	const struct program_said *said = arg;

	return said->out.len > 0 || said->has_ended;
}

static inline void program_start(
	struct program_told *told, const struct ssh_exec_spec *spec, struct program_said *said)
{
	static const struct ssh_exec_events events = {said_output, said_wants_input, said_ended};

	*said = (struct program_said){.fixture = told->fixture,
		.out = STRBUF_INIT_MAX(PROGRAM_KEEP_BYTES),
		.err = STRBUF_INIT_MAX(PROGRAM_KEEP_BYTES)};
	said->command = ssh_program_command_start(told->login, spec, &events, said);
}

static inline void program_finish(struct program_said *said)
{
	ssh_fixture_until(said->fixture, said_end, said);
}

static inline void program_said_release(struct program_said *said)
{
	ssh_program_command_free(&said->command);
	strbuf_release(&said->out);
	strbuf_release(&said->err);
}

/* A command line to its end; release it. */
static inline void program_say(
	struct program_told *told, const char *command, struct program_said *said)
{
	program_start(told, &(struct ssh_exec_spec){.command = command, .drain_ms = 2000}, said);
	ssh_program_command_end_input(said->command);
	program_finish(said);
}

#endif

/*
 * A command on a host that the test plays; no network, and a clock that the test moves.
 */
#ifndef FLEET_REMOTE_COMMAND_FIXTURE_H
#define FLEET_REMOTE_COMMAND_FIXTURE_H

#include <string.h>

#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "fleet/fake_login.h"
#include "fleet/remote_command.h"
#include "support/loop_turns.h"

/* At which callback everything is freed. */
enum freeing {
	FREE_NEVER,
	FREE_AT_STARTED,
	FREE_AT_OUTPUT,
	FREE_AT_END,
};

struct told {
	struct remote_command *command; /* NULL: gone */
	struct strbuf out;              /* "started 77, out abc, " and so on */
	struct remote_command_end end;
	size_t out_bytes;
	bool has_ended;
	enum freeing freeing;
};

static struct loop *loop;
static struct ssh_login *login;
static struct ssh_command *channel;
static struct told told;

static inline void maybe_free(enum freeing now)
{
	if (told.freeing == now) {
		remote_command_free(&told.command);
	}
}

static inline void on_started(void *arg, int64_t pid)
{
	(void)arg;
	strbuf_addf(&told.out, "started %d, ", (int)pid);
	maybe_free(FREE_AT_STARTED);
}

static inline void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	(void)arg;
	assert_true(bytes.len > 0);
	told.out_bytes += bytes.len;
	strbuf_addf(&told.out, "%s %.*s, ", stream == SSH_STREAM_STDOUT ? "out" : "err",
		STR_ARG(str_sub(bytes, 0, 100)));
	maybe_free(FREE_AT_OUTPUT);
}

static inline void on_ended(void *arg, const struct remote_command_end *end)
{
	(void)arg;
	assert_false(told.has_ended);
	told.has_ended = true;
	told.end = *end;
	outcome_add_text(&told.out, &end->outcome);
	maybe_free(FREE_AT_END);
	told.command = NULL;
}

static inline int setup(void **state)
{
	(void)state;
	time_fake(1000, 0);
	told = (struct told){.out = STRBUF_INIT};
	login = fake_login_open();
	return loop_new(&loop, NULL);
}

static inline int teardown(void **state)
{
	(void)state;
	remote_command_free(&told.command);
	strbuf_release(&told.out);
	loop_free(&loop);
	ssh_login_free(&login);
	fake_login_forget();
	time_fake_end();
	return 0;
}

static inline void pass(int64_t ms)
{
	loop_turns_pass(loop, ms);
}

static inline void start(struct remote_command_spec spec)
{
	static const struct remote_command_events events = {on_started, on_output, on_ended};

	if (!spec.supervised.command) {
		spec.supervised.command = "true";
	}
	told.command = remote_command_start(loop, login, &spec, &events, NULL);
	channel = login->command;
	assert_string_equal(told.out.buf, "");
}

/* Started, and nothing else was told yet. */
static inline void start_running(struct remote_command_spec spec)
{
	start(spec);
	fake_supervisor_says(channel, "started 77");
	assert_string_equal(told.out.buf, "started 77, ");
	strbuf_clear(&told.out);
	(void)fake_command_sent(channel);
}

static inline void says(const char *text)
{
	fake_command_says(channel, SSH_STREAM_STDOUT, str_of(text));
}

static inline void says_err(const char *text)
{
	fake_command_says(channel, SSH_STREAM_STDERR, str_of(text));
}

static inline void closes(enum ssh_exec_outcome outcome)
{
	fake_command_ended(channel, (struct ssh_exec_end){.outcome = outcome, .text = "it went"});
}

static inline void exits(uint32_t code)
{
	fake_command_ended(
		channel, (struct ssh_exec_end){.outcome = SSH_EXEC_EXITED, .exit_code = code});
}

static inline void is_killed(const char *name)
{
	fake_command_ended(
		channel, (struct ssh_exec_end){.outcome = SSH_EXEC_SIGNALED, .signal_name = name});
}

static inline void assert_sent(const char *text)
{
	struct str sent = fake_command_sent(channel);

	if (!str_is(sent, text)) {
		fail_msg("sent '%.*s', not '%s'", STR_ARG(sent), text);
	}
}

static inline void assert_ended(const char *out, bool was_left_open, bool may_be_running)
{
	assert_string_equal(told.out.buf, out);
	assert_true(told.has_ended);
	assert_int_equal(told.end.was_left_open, was_left_open);
	assert_int_equal(told.end.may_be_running, may_be_running);
	assert_int_equal(fake_commands_alive(), 0);
	pass(1000000); /* and nothing comes after it */
	assert_string_equal(told.out.buf, out);
}

static const struct remote_command_spec with_password = {
	.supervised = {.command = "secret", .sudo = SUPERVISOR_SUDO_PASSWORD},
	.sudo_password = "pass",
};

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif

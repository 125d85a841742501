/*
 * Collecting the facts of another machine.  See host_remote.h.
 */
#include "check/host_remote.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "check/host_script.h"
#include "check/host_sections.h"

enum {
	DRAIN_MS = 500,
	/* A login is given up so much before the time is over, a tenth of it at most: so that one
	 * that does not come is told as what it is.  Until its clock starts, others may take their
	 * time. */
	LOGIN_MARGIN_MS = 1000,
	LOGIN_MARGIN_PART = 10,
	ANSWER_MARGIN_MS = 700, /* for the way of the last answers, and those who are busy */
	QUESTIONS_MIN_MS = 100,
	PROGRAM_MARGIN_MS = 5000, /* after which it ends by itself, if we are gone */
	STDERR_MAX = 1024,
	SAID_MAX = 200,
};

struct host_remote {
	struct host_remote_spec spec;
	struct host_machine machine;
	struct host_sections sections;
	struct ssh_login *login;
	struct ssh_command *command;
	struct deferred *failing; /* at the start */
	struct err start_err;
	struct strbuf errors; /* the beginning of what came from standard error */
	bool is_asked;
	int64_t started_ms;
	struct host_remote_events events;
	void *arg;
};

/* --- what fails --------------------------------------------------------------------------------
 */

static void remote_fail(struct host_remote *remote, enum check_state state, enum check_code code,
	struct strbuf *text)
{
	struct host_remote_failure failure = {.state = state, .code = code};

	failure.text = arena_strndup(remote->spec.arena, text->buf, text->len);
	strbuf_release(text);
	remote->events.failed(remote->arg, &failure);
}

static enum check_code code_of(enum ssh_end_cause cause)
{
	switch (cause) {
	case SSH_END_DNS:
		return CODE_DNS_FAILED;
	case SSH_END_REFUSED:
		return CODE_CONNECTION_REFUSED;
	case SSH_END_UNREACHABLE:
		return CODE_CONNECTION_FAILED;
	case SSH_END_TIMEOUT:
	case SSH_END_SILENT:
		return CODE_TIMEOUT;
	case SSH_END_DROPPED:
	case SSH_END_CLOSED:
		return CODE_CONNECTION_CLOSED;
	case SSH_END_NOT_SSH:
	case SSH_END_KEX:
		return CODE_PROTOCOL_ERROR;
	case SSH_END_HOST_KEY_UNKNOWN:
		return CODE_HOST_KEY_UNKNOWN;
	case SSH_END_HOST_KEY_CHANGED:
	case SSH_END_HOST_KEY_REVOKED:
		return CODE_HOST_KEY_MISMATCH;
	case SSH_END_AUTH:
		return CODE_AUTH_FAILED;
	case SSH_END_LOCAL:
		break;
	}
	return CODE_LOCAL_ERROR;
}

/* Does it mean, of a host that was not logged in to, that it is down? */
static bool is_down(enum ssh_end_cause cause)
{
	switch (cause) {
	case SSH_END_DNS:
	case SSH_END_REFUSED:
	case SSH_END_UNREACHABLE:
	case SSH_END_TIMEOUT:
		return true;
	case SSH_END_DROPPED: /* it lives, and has too many of us */
	case SSH_END_NOT_SSH:
	case SSH_END_KEX:
	case SSH_END_HOST_KEY_UNKNOWN:
	case SSH_END_HOST_KEY_CHANGED:
	case SSH_END_HOST_KEY_REVOKED:
	case SSH_END_AUTH:
	case SSH_END_CLOSED:
	case SSH_END_SILENT:
	case SSH_END_LOCAL:
		break;
	}
	return false;
}

static void login_ended(void *arg, const struct ssh_login_end *end)
{
	struct host_remote *remote = arg;
	struct strbuf text = STRBUF_INIT;
	enum check_state state = CHECK_UNKNOWN;
	enum check_code code = code_of(end->cause);

	remote->login = NULL;
	remote->command = NULL;
	if (end->hop) {
		code = CODE_JUMP_FAILED;
	} else if (end->phase != SSH_PHASE_OPEN && is_down(end->cause)) {
		state = CHECK_CRITICAL;
	}
	strbuf_adds(&text, end->text);
	if (end->phase == SSH_PHASE_OPEN) {
		strbuf_adds(&text, ", while it was measured");
	}
	remote_fail(remote, state, code, &text);
}

/* What a person should know of what the host said instead: of its last words the first line. */
static void add_said(struct strbuf *out, const struct strbuf *said)
{
	struct str rest = str_trim(strbuf_str(said));
	struct str line;

	if (str_line(&rest, &line)) {
		strbuf_adds(out, ": ");
		utf8_add_escaped(out, str_trim(line), SAID_MAX);
	}
}

static void add_end(struct strbuf *out, const struct ssh_exec_end *end)
{
	switch (end->outcome) {
	case SSH_EXEC_EXITED:
		strbuf_addf(out, " (exit %u)", end->exit_code);
		break;
	case SSH_EXEC_SIGNALED:
		strbuf_addf(out, " (signal %s)", end->signal_name);
		break;
	case SSH_EXEC_NO_STATUS:
	case SSH_EXEC_REFUSED:
	case SSH_EXEC_LOST:
		break;
	}
}

static void command_ended(void *arg, const struct ssh_exec_end *end)
{
	struct host_remote *remote = arg;
	struct strbuf text = STRBUF_INIT;
	enum check_code code = CODE_EXEC_FAILED;

	remote->command = NULL;
	switch (end->outcome) {
	case SSH_EXEC_LOST: /* the login's end says why */
		return;
	case SSH_EXEC_REFUSED:
		strbuf_addf(&text, "the host does not run commands: %s", end->text);
		break;
	case SSH_EXEC_EXITED:
	case SSH_EXEC_SIGNALED:
	case SSH_EXEC_NO_STATUS:
		if (remote->sections.has_name) {
			code = CODE_MEASURE_FAILED;
			strbuf_adds(&text, "the measuring ended too early on the host");
		} else {
			strbuf_adds(&text, "the login runs no shell");
		}
		add_end(&text, end);
		add_said(&text, remote->errors.len > 0 ? &remote->errors : &remote->sections.said);
		break;
	}
	remote_fail(remote, CHECK_UNKNOWN, code, &text);
}

/* --- the conversation --------------------------------------------------------------------------
 */

static int64_t left_ms(const struct host_remote *remote)
{
	return remote->started_ms + remote->spec.timeout_ms - loop_now_ms(remote->spec.loop);
}

static void choose(struct host_remote *remote)
{
	host_mounts_choose(&remote->machine.facts.mounts, remote->spec.include_mounts,
		remote->spec.exclude_mounts, remote->spec.arena, &remote->machine.filesystems);
}

static void ask(struct host_remote *remote)
{
	struct strbuf questions = STRBUF_INIT;
	int64_t most_ms = left_ms(remote) - remote->spec.cpu_sample_ms - ANSWER_MARGIN_MS;
	int64_t timeout_ms = remote->spec.mount_timeout_ms;

	timeout_ms = timeout_ms < most_ms ? timeout_ms : most_ms;
	timeout_ms = timeout_ms > QUESTIONS_MIN_MS ? timeout_ms : QUESTIONS_MIN_MS;
	choose(remote);
	host_sections_add_questions(
		&remote->sections, &remote->machine.filesystems, timeout_ms, &questions);
	ssh_command_send(remote->command, strbuf_str(&questions));
	strbuf_release(&questions);
	remote->is_asked = true;
}

static void too_much(struct host_remote *remote)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "the host tells more than %d MiB of itself", HOST_SECTIONS_MAX >> 20);
	remote_fail(remote, CHECK_UNKNOWN, CODE_TOO_LARGE, &text);
}

static void command_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct host_remote *remote = arg;

	if (stream == SSH_STREAM_STDERR) {
		strbuf_addstr(&remote->errors, bytes);
		return;
	}
	host_sections_feed(&remote->sections, bytes);
	if (remote->sections.is_too_long) {
		ssh_command_free(&remote->command);
		too_much(remote);
	} else if (remote->sections.is_complete) {
		ssh_command_free(&remote->command);
		choose(remote); /* once more: now with what was measured */
		remote->events.measured(remote->arg, &remote->machine);
	} else if (remote->sections.is_ready && !remote->is_asked) {
		ask(remote);
	}
}

static void login_opened(void *arg)
{
	static const struct ssh_exec_events events = {
		.output = command_output,
		.ended = command_ended,
	};
	static const struct ssh_exec_spec exec = {
		.command = HOST_SCRIPT_COMMAND,
		.drain_ms = DRAIN_MS,
	};
	struct host_remote *remote = arg;
	struct strbuf text = STRBUF_INIT;
	const struct host_program program = {
		.root = "",
		.cpu_sample_ms = remote->spec.cpu_sample_ms,
		.most_ms = left_ms(remote) + PROGRAM_MARGIN_MS,
	};

	remote->command = ssh_command_start(remote->login, &exec, &events, remote);
	host_sections_add_program(&remote->sections, &program, &text);
	ssh_command_send(remote->command, strbuf_str(&text));
	strbuf_release(&text);
}

/* --- from start to end -------------------------------------------------------------------------
 */

static void login_start(struct host_remote *remote)
{
	static const struct ssh_login_events events = {
		.opened = login_opened,
		.ended = login_ended,
	};
	struct ssh_login_spec *login = &remote->spec.login;
	int64_t timeout_ms = remote->spec.timeout_ms;
	int64_t margin_ms = timeout_ms / LOGIN_MARGIN_PART;
	int64_t most_ms;

	most_ms = timeout_ms - (margin_ms < LOGIN_MARGIN_MS ? margin_ms : LOGIN_MARGIN_MS);
	if (login->connect_timeout_ms == 0 || login->connect_timeout_ms > most_ms) {
		login->connect_timeout_ms = most_ms;
	}
	remote->login = ssh_login_open(remote->spec.connector, login, &events, remote);
}

static void failed_to_start(void *arg)
{
	struct host_remote *remote = arg;
	struct strbuf text = STRBUF_INIT;

	remote->failing = NULL;
	strbuf_adds(&text, remote->start_err.msg);
	remote_fail(remote, CHECK_UNKNOWN, CODE_LOCAL_ERROR, &text);
}

struct host_remote *host_remote_start(
	const struct host_remote_spec *spec, const struct host_remote_events *events, void *arg)
{
	struct host_remote *remote = arena_alloc(spec->arena, sizeof(*remote));

	*remote = (struct host_remote){
		.spec = *spec,
		.errors = STRBUF_INIT_MAX(STDERR_MAX),
		.started_ms = loop_now_ms(spec->loop),
		.events = *events,
		.arg = arg,
	};
	host_facts_init(&remote->machine.facts, spec->arena);
	if (host_sections_init(&remote->sections, &remote->machine.facts, &remote->start_err) < 0) {
		remote->failing = loop_defer(spec->loop, failed_to_start, remote);
	} else {
		login_start(remote);
	}
	return remote;
}

void host_remote_free(struct host_remote **remote)
{
	struct host_remote *r = TAKE(*remote);

	if (!r) {
		return;
	}
	ssh_command_free(&r->command);
	ssh_login_free(&r->login);
	deferred_free(&r->failing);
	host_sections_release(&r->sections);
	strbuf_release(&r->errors);
}

const char *host_remote_phase(const struct host_remote *remote)
{
	struct strbuf text = STRBUF_INIT;
	const char *phase;

	if (remote->command) {
		strbuf_adds(&text, "waiting for what the host says of itself");
	} else if (remote->login) {
		ssh_login_add_phase(remote->login, &text);
	}
	phase = arena_strndup(remote->spec.arena, text.buf, text.len);
	strbuf_release(&text);
	return phase;
}

/*
 * A command on a channel of its own.  See ssh_session.h.
 *
 * libssh hands on output while it reads packets, so that nothing has to be asked for; what is not
 * taken then (a pause) stays in its buffer, and the window that the server may fill does not grow.
 * The status comes beside the output, before or after its end: a command is over when the server
 * has closed the channel, or some time after it told the status.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "net/ssh_session_internal.h"

enum { SEND_BYTES = 32 * 1024, READ_BUFFER = 32 * 1024, DEFAULT_COLUMNS = 80, DEFAULT_ROWS = 24 };

enum exec_state {
	EXEC_OPENING,
	EXEC_TTY,
	EXEC_ENVIRONMENT,
	EXEC_REQUESTING,
	EXEC_RUNNING,
};

struct ssh_exec {
	struct ssh_lane lane; /* first */
	struct ssh_exec_spec spec;
	struct ssh_exec_events events;
	void *arg;
	enum exec_state state;
	size_t variables_sent; /* the settings', then the spec's */
	struct strbuf input;
	size_t input_sent; /* of it */
	bool is_input_over, has_sent_eof;
	bool has_input_gone; /* and wants_input is to be told */
	char signal_to_send[16];
	bool is_paused;
	bool has_left; /* output with libssh, that was not taken */
	bool has_code, is_closed;
	uint32_t exit_code;
	char signal_name[96];
	struct timer *drain;
	bool is_drained; /* the time for it is over */
};

static struct ssh_exec *exec_of(struct ssh_lane *lane)
{
	return (struct ssh_exec *)lane;
}

/* --- what libssh tells ---------------------------------------------------------------------- */

static bool is_wanted(const struct ssh_exec *exec)
{
	return !exec->lane.is_dead && !exec->lane.session->is_freed;
}

static bool may_output(const struct ssh_exec *exec)
{
	return is_wanted(exec) && !exec->is_paused;
}

static int on_data(
	ssh_session lib, ssh_channel channel, void *data, uint32_t len, int is_stderr, void *arg)
{
	struct ssh_exec *exec = arg;

	(void)lib;
	(void)channel;
	if (!is_wanted(exec) || len == 0) {
		return (int)len;
	}
	if (!exec->lane.session->is_reading) {
		exec->has_left = true;
		ssh_session_wake(exec->lane.session);
		return 0;
	}
	/* What comes behind what was left waits its turn; libssh would hand on all of a stream. */
	if (exec->is_paused || exec->has_left) {
		exec->has_left = true;
		return 0;
	}
	exec->events.output(
		exec->arg, is_stderr ? SSH_STREAM_STDERR : SSH_STREAM_STDOUT, str_n(data, len));
	return (int)len;
}

static void on_close(ssh_session lib, ssh_channel channel, void *arg)
{
	struct ssh_exec *exec = arg;

	(void)lib;
	(void)channel;
	exec->is_closed = true;
}

static void on_exit_status(ssh_session lib, ssh_channel channel, int status, void *arg)
{
	struct ssh_exec *exec = arg;

	(void)lib;
	(void)channel;
	exec->has_code = true;
	exec->exit_code = (uint32_t)status;
}

static void on_exit_signal(ssh_session lib, ssh_channel channel, const char *name, int has_core,
	const char *message, const char *language, void *arg)
{
	struct ssh_exec *exec = arg;

	(void)lib;
	(void)channel;
	(void)has_core;
	(void)message;
	(void)language;
	/* What it sends is printed. */
	(void)snprintf(exec->signal_name, sizeof(exec->signal_name), "%s",
		utf8_quote(str_of(name ? name : "")).text);
	if (exec->signal_name[0] == '\0') {
		(void)snprintf(exec->signal_name, sizeof(exec->signal_name), "?");
	}
}

/* --- the end -------------------------------------------------------------------------------- */

static bool has_status(const struct ssh_exec *exec)
{
	return exec->has_code || exec->signal_name[0] != '\0';
}

static void finish(struct ssh_exec *exec, enum ssh_exec_outcome otherwise, const char *text)
{
	struct ssh_exec_end end = {
		.outcome = otherwise,
		.exit_code = exec->exit_code,
		.signal_name = exec->signal_name,
		.was_left_open = exec->is_drained && !exec->is_closed,
		.text = text,
	};

	if (exec->signal_name[0] != '\0') {
		end.outcome = SSH_EXEC_SIGNALED;
	} else if (exec->has_code) {
		end.outcome = SSH_EXEC_EXITED;
	}
	if (has_status(exec)) {
		end.text = "";
	}
	exec->lane.is_dead = true;
	exec->events.ended(exec->arg, &end);
}

static void finish_refused(struct ssh_exec *exec, const char *what)
{
	const struct ssh_session *session = exec->lane.session;
	struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "%s: %s: ", session->target, what);
	ssh_session_add_lib_error(session, &text);
	finish(exec, SSH_EXEC_REFUSED, text.buf);
	strbuf_release(&text);
}

static void lose(struct ssh_lane *lane, const char *text)
{
	finish(exec_of(lane), SSH_EXEC_LOST, text);
}

static void release(struct ssh_lane *lane)
{
	struct ssh_exec *exec = exec_of(lane);

	timer_free(&exec->drain);
	strbuf_release(&exec->input);
}

/* --- steps: true if something was done ------------------------------------------------------ */

static bool to(struct ssh_exec *exec, enum exec_state state)
{
	exec->state = state;
	return true;
}

/* What libssh says to a step that may have to wait; a failure is the end. */
static bool go_on(struct ssh_exec *exec, int rc, enum exec_state next, const char *what)
{
	if (rc == SSH_AGAIN) {
		return false;
	}
	if (rc != SSH_OK) {
		if (ssh_is_connected(exec->lane.session->lib)) {
			finish_refused(exec, what);
		}
		return false;
	}
	return to(exec, next);
}

static bool step_opening(struct ssh_exec *exec)
{
	struct ssh_lane *lane = &exec->lane;

	return go_on(exec, ssh_lane_opening(lane, ssh_channel_open_session(lane->channel)),
		EXEC_TTY, "cannot open a channel");
}

static bool step_tty(struct ssh_exec *exec)
{
	const struct ssh_exec_spec *spec = &exec->spec;

	if (!spec->wants_tty) {
		return to(exec, EXEC_ENVIRONMENT);
	}
	return go_on(exec,
		ssh_channel_request_pty_size(exec->lane.channel, "xterm",
			spec->columns > 0 ? spec->columns : DEFAULT_COLUMNS,
			spec->rows > 0 ? spec->rows : DEFAULT_ROWS),
		EXEC_ENVIRONMENT, "no tty");
}

static const char *variable(const struct ssh_exec *exec)
{
	const char *const *list = exec->lane.session->settings->environment;
	size_t i = exec->variables_sent;

	for (; list && *list; list++) {
		if (i-- == 0) {
			return *list;
		}
	}
	for (list = exec->spec.environment; list && *list; list++) {
		if (i-- == 0) {
			return *list;
		}
	}
	return NULL;
}

static bool step_environment(struct ssh_exec *exec)
{
	const char *entry = variable(exec);
	const char *equals = entry ? strchr(entry, '=') : NULL;
	char *name;
	int rc;

	if (!entry) {
		return to(exec, EXEC_REQUESTING);
	}
	if (equals) {
		name = xstrndup(entry, (size_t)(equals - entry));
		rc = ssh_channel_request_env(exec->lane.channel, name, equals + 1);
		free(name);
		if (rc == SSH_AGAIN) {
			return false;
		}
	}
	exec->variables_sent++; /* what the server does not take it does not get */
	return true;
}

static int request_command(struct ssh_exec *exec)
{
	return exec->spec.is_subsystem
		       ? ssh_channel_request_subsystem(exec->lane.channel, exec->spec.command)
		       : ssh_channel_request_exec(exec->lane.channel, exec->spec.command);
}

static bool step_requesting(struct ssh_exec *exec)
{
	return go_on(exec, request_command(exec), EXEC_RUNNING, "the server does not run commands");
}

/* As much as the window takes, while what was written before is on its way. */
static bool send_input(struct ssh_exec *exec)
{
	size_t left = exec->input.len - exec->input_sent;
	int rc;

	if (left == 0 || !ssh_session_may_write(exec->lane.session)) {
		return false;
	}
	rc = ssh_channel_write(exec->lane.channel, exec->input.buf + exec->input_sent,
		(uint32_t)(left < SEND_BYTES ? left : SEND_BYTES));
	if (rc < 0) {
		exec->input_sent = exec->input.len; /* it is closed; nobody reads it */
	} else {
		exec->input_sent += (size_t)rc;
	}
	if (exec->input_sent == exec->input.len) {
		strbuf_clear(&exec->input);
		exec->input_sent = 0;
		exec->has_input_gone = true;
	}
	return rc != 0;
}

static bool send_rest(struct ssh_exec *exec)
{
	if (exec->signal_to_send[0] != '\0') {
		(void)ssh_channel_request_send_signal(exec->lane.channel, exec->signal_to_send);
		exec->signal_to_send[0] = '\0';
		return true;
	}
	if (exec->is_input_over && !exec->has_sent_eof && exec->input.len == 0) {
		exec->has_sent_eof = true;
		(void)ssh_channel_send_eof(exec->lane.channel); /* if it fails it is closed */
		return true;
	}
	return false;
}

/* What was left with libssh: some of each stream in turn, so that a flood in one does not hold back
 * a word in the other that came long before its end.  Reading a stream that is empty lets more come
 * for the other, which on_data() leaves there. */
static bool read_left(struct ssh_exec *exec)
{
	char bytes[READ_BUFFER];
	bool has_read = false;

	exec->has_left = false;
	for (int is_stderr = 0; is_stderr < 2 && may_output(exec); is_stderr++) {
		int n = ssh_channel_read_nonblocking(
			exec->lane.channel, bytes, sizeof(bytes), is_stderr);

		if (n > 0) {
			exec->events.output(exec->arg,
				is_stderr ? SSH_STREAM_STDERR : SSH_STREAM_STDOUT,
				str_n(bytes, (size_t)n));
			has_read = true;
		}
	}
	if (has_read || exec->is_paused) {
		exec->has_left = true; /* until there is none */
	}
	return has_read;
}

static void on_drained(void *arg)
{
	struct ssh_exec *exec = arg;

	exec->is_drained = true;
	ssh_session_step(exec->lane.session);
}

static bool step_end(struct ssh_exec *exec)
{
	if (exec->has_left) {
		return false; /* a pause */
	}
	if (exec->is_closed) {
		finish(exec, SSH_EXEC_NO_STATUS, "");
	} else if (exec->is_drained) {
		finish(exec, SSH_EXEC_NO_STATUS, "");
	} else if (has_status(exec) && !exec->drain) {
		exec->drain = timer_add(
			exec->lane.session->client->loop, exec->spec.drain_ms, on_drained, exec);
	}
	return false;
}

static bool step_running(struct ssh_exec *exec)
{
	if (exec->has_input_gone && exec->events.wants_input) {
		exec->has_input_gone = false;
		exec->events.wants_input(exec->arg);
		return true;
	}
	if (send_input(exec) || send_rest(exec)) {
		return true;
	}
	if (exec->has_left && read_left(exec)) {
		return true;
	}
	return !exec->lane.is_dead && step_end(exec);
}

static bool step(struct ssh_lane *lane)
{
	struct ssh_exec *exec = exec_of(lane);

	switch (exec->state) {
	case EXEC_OPENING:
		return step_opening(exec);
	case EXEC_TTY:
		return step_tty(exec);
	case EXEC_ENVIRONMENT:
		return step_environment(exec);
	case EXEC_REQUESTING:
		return step_requesting(exec);
	case EXEC_RUNNING:
		return step_running(exec);
	}
	return false;
}

/* --- for users ------------------------------------------------------------------------------ */

struct ssh_exec *ssh_exec_start(struct ssh_session *session, const struct ssh_exec_spec *spec,
	const struct ssh_exec_events *events, void *arg)
{
	struct ssh_exec *exec = xcalloc(1, sizeof(*exec));

	assert(session->state == SSH_STATE_OPEN);
	*exec = (struct ssh_exec){
		.lane = {.step = step, .lose = lose, .release = release},
		.spec = *spec,
		.events = *events,
		.arg = arg,
		.input = STRBUF_INIT,
	};
	exec->lane.callbacks = (struct ssh_channel_callbacks_struct){
		.userdata = exec,
		.channel_data_function = on_data,
		.channel_close_function = on_close,
		.channel_exit_status_function = on_exit_status,
		.channel_exit_signal_function = on_exit_signal,
	};
	ssh_lane_add(session, &exec->lane);
	ssh_session_wake(session);
	return exec;
}

void ssh_exec_send(struct ssh_exec *exec, struct str bytes)
{
	if (!exec->is_input_over && bytes.len > 0) {
		strbuf_addstr(&exec->input, bytes);
		ssh_session_wake(exec->lane.session);
	}
}

void ssh_exec_end_input(struct ssh_exec *exec)
{
	exec->is_input_over = true;
	ssh_session_wake(exec->lane.session);
}

size_t ssh_exec_unsent(const struct ssh_exec *exec)
{
	return exec->input.len - exec->input_sent;
}

void ssh_exec_pause(struct ssh_exec *exec, bool is_paused)
{
	exec->is_paused = is_paused;
	ssh_session_wake(exec->lane.session);
}

void ssh_exec_signal(struct ssh_exec *exec, const char *name)
{
	(void)snprintf(exec->signal_to_send, sizeof(exec->signal_to_send), "%s", name);
	ssh_session_wake(exec->lane.session);
}

void ssh_exec_free(struct ssh_exec **exec_ptr)
{
	struct ssh_exec *exec = TAKE(*exec_ptr);

	if (exec) {
		ssh_lane_kill(&exec->lane);
	}
}

/*
 * A login, then a command on it.  See host_run.h.
 */
#include "fleet/host_run.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"

struct host_run {
	struct loop *loop;
	const struct fan_out_spec *spec;
	struct host_run_events events;
	void *arg;
	struct ssh_login *login;
	struct remote_command *command; /* NULL: not logged in yet, or over */
	struct timer *giving_up;        /* a login */
	enum outcome_cause stopped;     /* CAUSE_NONE: it is not */
	int64_t begun_ms;
	int64_t connect_ms; /* -1: not yet */
	enum ssh_transport transport;
	bool is_paused;
	int calls; /* under way */
	bool is_freed;
};

static void shut(struct host_run *run)
{
	remote_command_free(&run->command);
	ssh_login_free(&run->login);
	timer_free(&run->giving_up);
}

static void enter(struct host_run *run)
{
	run->calls++;
}

static void leave(struct host_run *run)
{
	if (--run->calls == 0 && run->is_freed) {
		free(run);
	}
}

void host_run_free(struct host_run **run_ptr)
{
	struct host_run *run = TAKE(*run_ptr);

	if (!run || run->is_freed) {
		return; /* it is being told of its end */
	}
	run->is_freed = true;
	shut(run);
	if (run->calls == 0) {
		free(run);
	}
}

static void finish(struct host_run *run, struct fan_out_end *end)
{
	assert(run->calls > 0);
	end->duration_ms = loop_now_ms(run->loop) - run->begun_ms;
	end->connect_ms = run->connect_ms;
	end->transport = run->transport;
	run->is_freed = true;
	shut(run);
	run->events.ended(run->arg, end);
}

/* --- the login ------------------------------------------------------------------------------ */

static enum outcome_cause cause_of(enum ssh_end_cause cause)
{
	switch (cause) {
	case SSH_END_DNS:
		return CAUSE_DNS_FAILED;
	case SSH_END_REFUSED:
		return CAUSE_CONNECTION_REFUSED;
	case SSH_END_UNREACHABLE:
	case SSH_END_TIMEOUT:
	case SSH_END_SILENT:
		return CAUSE_CONNECTION_FAILED;
	case SSH_END_DROPPED:
	case SSH_END_CLOSED:
		return CAUSE_CONNECTION_CLOSED;
	case SSH_END_NOT_SSH:
	case SSH_END_KEX:
		return CAUSE_PROTOCOL_ERROR;
	case SSH_END_HOST_KEY_UNKNOWN:
		return CAUSE_HOST_KEY_UNKNOWN;
	case SSH_END_HOST_KEY_CHANGED:
	case SSH_END_HOST_KEY_REVOKED:
		return CAUSE_HOST_KEY_MISMATCH;
	case SSH_END_AUTH:
		return CAUSE_AUTH_FAILED;
	case SSH_END_LOCAL:
		return CAUSE_LOCAL_ERROR;
	}
	return CAUSE_NONE;
}

struct outcome host_run_login_outcome(const struct ssh_login_end *end, struct strbuf *message)
{
	struct outcome outcome = {.kind = OUTCOME_UNREACHABLE, .cause = cause_of(end->cause)};

	if (end->hop) {
		outcome.cause = CAUSE_JUMP_FAILED;
		strbuf_addf(message, "on the way, at '%s': ", end->hop);
	} else if (end->cause == SSH_END_TIMEOUT) {
		outcome = (struct outcome){.kind = OUTCOME_TIMEOUT, .clock = CLOCK_CONNECT};
	}
	strbuf_adds(message, end->text);
	outcome.message = message->buf;
	return outcome;
}

static void on_login_ended(void *arg, const struct ssh_login_end *login_end)
{
	struct host_run *run = arg;
	struct strbuf message = STRBUF_INIT;
	struct fan_out_end end = {.outcome = host_run_login_outcome(login_end, &message)};

	enter(run);
	run->login = NULL; /* gone after this */
	finish(run, &end);
	leave(run);
	strbuf_release(&message);
}

static void on_giving_up(void *arg)
{
	struct host_run *run = arg;
	struct fan_out_end end = {.outcome = {.kind = OUTCOME_NOT_STARTED, .cause = run->stopped}};

	enter(run);
	finish(run, &end);
	leave(run);
}

/* --- the command ---------------------------------------------------------------------------- */

static void on_started(void *arg, int64_t pid)
{
	struct host_run *run = arg;

	enter(run);
	run->events.started(run->arg, pid);
	leave(run);
}

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct host_run *run = arg;

	enter(run);
	run->events.output(run->arg, stream, bytes);
	leave(run);
}

/* That we stopped it is told where it would look as if it had ended so by itself. */
static struct outcome stopped_outcome(const struct host_run *run, const struct outcome *outcome)
{
	switch (outcome->kind) {
	case OUTCOME_OK:
	case OUTCOME_EXIT:
	case OUTCOME_SIGNAL:
		if (run->stopped == CAUSE_DEADLINE) {
			return (struct outcome){.kind = OUTCOME_TIMEOUT,
				.clock = CLOCK_TOTAL,
				.message = "the run's deadline passed"};
		}
		break;
	case OUTCOME_NOT_STARTED:
		if (outcome->cause == CAUSE_INTERRUPTED) {
			return (struct outcome){.kind = OUTCOME_NOT_STARTED, .cause = run->stopped};
		}
		break;
	case OUTCOME_TIMEOUT:
	case OUTCOME_UNREACHABLE:
	case OUTCOME_KIND_MAX:
		break;
	}
	return *outcome;
}

static void on_command_ended(void *arg, const struct remote_command_end *command_end)
{
	struct host_run *run = arg;
	struct fan_out_end end = {
		.outcome = command_end->outcome,
		.pid = command_end->pid,
		.was_left_open = command_end->was_left_open,
		.may_be_running = command_end->may_be_running,
	};

	enter(run);
	run->command = NULL; /* gone after this */
	if (run->stopped != CAUSE_NONE) {
		end.outcome = stopped_outcome(run, &command_end->outcome);
	}
	finish(run, &end);
	leave(run);
}

static void tell_logged_in(struct host_run *run)
{
	struct strbuf way = STRBUF_INIT;

	ssh_login_add_way(run->login, &way);
	run->events.logged_in(run->arg, &(struct fan_out_login){.way = way.buf,
						.transport = run->transport,
						.connect_ms = run->connect_ms});
	strbuf_release(&way);
}

static void on_opened(void *arg)
{
	static const struct remote_command_events events = {
		on_started, on_output, on_command_ended};
	struct host_run *run = arg;

	if (run->stopped != CAUSE_NONE) {
		return; /* about to be given up */
	}
	run->connect_ms = loop_now_ms(run->loop) - run->begun_ms;
	run->transport = ssh_login_transport(run->login);
	enter(run);
	tell_logged_in(run);
	if (!run->is_freed && run->stopped == CAUSE_NONE) {
		run->command = remote_command_start(
			run->loop, run->login, &run->spec->command, &events, run);
		remote_command_pause(run->command, run->is_paused);
	}
	leave(run);
}

/* --- for users ------------------------------------------------------------------------------ */

struct host_run *host_run_start(struct loop *loop, struct ssh_connector *connector,
	const struct fan_out_spec *spec, const struct fleet_host *host,
	const struct host_run_events *events, void *arg)
{
	static const struct ssh_login_events login_events = {on_opened, on_login_ended};
	struct host_run *run = xcalloc(1, sizeof(*run));
	const struct ssh_login_spec login = {
		.name = host->host ? host->host : host->name,
		.address = host->address,
		.username = host->username,
		.port = host->port,
		.password = spec->password,
		.connect_timeout_ms = spec->connect_timeout_ms,
	};

	*run = (struct host_run){
		.loop = loop,
		.spec = spec,
		.events = *events,
		.arg = arg,
		.begun_ms = loop_now_ms(loop),
		.connect_ms = -1,
		.transport = SSH_TRANSPORT_AUTO,
	};
	run->login = ssh_login_open(connector, &login, &login_events, run);
	return run;
}

void host_run_stop(struct host_run *run, enum outcome_cause cause)
{
	if (run->is_freed || run->stopped != CAUSE_NONE) {
		return;
	}
	run->stopped = cause;
	if (run->command) {
		remote_command_stop(run->command);
	} else {
		run->giving_up = timer_add(run->loop, 0, on_giving_up, run);
	}
}

void host_run_pause(struct host_run *run, bool is_paused)
{
	run->is_paused = is_paused;
	if (run->command) {
		remote_command_pause(run->command, is_paused);
	}
}

void host_run_add_phase(const struct host_run *run, struct strbuf *out)
{
	if (run->command) {
		remote_command_add_phase(run->command, out);
	} else if (run->login) {
		ssh_login_add_phase(run->login, out);
	}
}

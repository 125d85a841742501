/*
 * A login, two commands on it (SFTP, sums), the work.  See copy_host.h.
 */
#include "fleet/copy_host.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "fleet/host_run.h"
#include "fleet/sudo_command.h"

enum {
	STOP_MS = 5000,          /* until what is half done must be undone */
	SUM_BYTES_PER_MS = 5000, /* how fast the slowest host makes sums */
	SUM_OF_ANY_MS = 3600 * 1000,
	SAID_MAX = 300, /* bytes of what is said on standard error */
	DRAIN_MS = 500,
	NO_PROGRAM = 127, /* exit code of root_sftp_program */
};

/* Where systems have it: Debian, Fedora, Arch and Alpine, FreeBSD, dropbear's default. */
static const char root_sftp_program[] =
	"for p in /usr/lib/openssh /usr/libexec/openssh /usr/lib/ssh /usr/libexec /usr/lib; do "
	"[ -x $p/sftp-server ] && exec $p/sftp-server; done; "
	"echo there is no sftp-server that root could run >&2; exit 127";

struct copy_host {
	struct loop *loop;
	const struct copy_job *job;
	const struct fleet_host *host;
	struct copy_host_events events;
	void *arg;
	struct ssh_login *login;
	struct ssh_command *subsystem, *sums;
	struct sudo_command *root_sftp, *root_sums; /* instead of them, for a fetch as root */
	struct copy_session session;
	struct copy_push *push;
	struct copy_pull *pull;
	struct copy_sudo *sudo;
	struct timer *total, *silence, *stopping;
	struct strbuf said; /* by the subsystem, on standard error */
	int64_t begun_ms;
	int64_t connect_ms;
	enum ssh_transport transport;
	enum outcome_cause stopped; /* CAUSE_NONE: goes on */
	size_t failed;
	struct err first_failure;
	struct strbuf left;
	int calls;
	bool is_freed;
};

/* --- the end -------------------------------------------------------------------------------- */

static void shut(struct copy_host *host)
{
	copy_push_free(&host->push);
	copy_pull_free(&host->pull);
	copy_sudo_free(&host->sudo);
	copy_hasher_free(&host->session.hasher);
	sftp_client_free(&host->session.sftp);
	ssh_command_free(&host->subsystem);
	ssh_command_free(&host->sums);
	sudo_command_free(&host->root_sftp);
	sudo_command_free(&host->root_sums);
	ssh_login_free(&host->login);
	timer_free(&host->total);
	timer_free(&host->silence);
	timer_free(&host->stopping);
}

static void destroy(struct copy_host *host)
{
	strbuf_release(&host->said);
	strbuf_release(&host->left);
	free(host);
}

/* Around everything that is called from elsewhere: what is freed in between goes at its end. */
static void enter(struct copy_host *host)
{
	host->calls++;
}

static void leave(struct copy_host *host)
{
	if (--host->calls == 0 && host->is_freed) {
		destroy(host);
	}
}

void copy_host_free(struct copy_host **host_ptr)
{
	struct copy_host *host = TAKE(*host_ptr);

	if (!host || host->is_freed) {
		return; /* it is being told of its end */
	}
	host->is_freed = true;
	shut(host);
	if (host->calls == 0) {
		destroy(host);
	}
}

static void add_left(const struct copy_host *host, bool is_leaving, struct strbuf *out)
{
	strbuf_addstr(out, strbuf_str(&host->left));
	if (host->push) {
		copy_push_add_left(host->push, out);
	}
	if (host->pull) {
		copy_pull_add_left(host->pull, is_leaving, out);
	}
	if (host->sudo) {
		copy_sudo_add_left(host->sudo, out);
	}
}

void copy_host_add_left(const struct copy_host *host, struct strbuf *out)
{
	add_left(host, true, out);
}

static void finish(struct copy_host *host, const struct outcome *outcome)
{
	struct strbuf left = STRBUF_INIT;
	struct copy_host_end end = {
		.outcome = *outcome,
		.duration_ms = loop_now_ms(host->loop) - host->begun_ms,
		.connect_ms = host->connect_ms,
		.transport = host->transport,
	};

	add_left(host, false, &left);
	end.left = left.len > 0 ? left.buf : NULL;
	host->is_freed = true;
	shut(host);
	host->events.ended(host->arg, &end);
	strbuf_release(&left);
}

static void finish_failed(struct copy_host *host, const char *message)
{
	const struct outcome outcome = {.kind = OUTCOME_EXIT, .exit_code = 1, .message = message};

	finish(host, &outcome);
}

static void finish_lost(struct copy_host *host, const char *message)
{
	const struct outcome outcome = {
		.kind = OUTCOME_UNREACHABLE, .cause = CAUSE_CONNECTION_LOST, .message = message};

	finish(host, &outcome);
}

static void finish_stopped(struct copy_host *host)
{
	struct outcome outcome = {.kind = OUTCOME_NOT_STARTED, .cause = host->stopped};

	if (host->stopped == CAUSE_DEADLINE) {
		outcome = (struct outcome){.kind = OUTCOME_TIMEOUT,
			.clock = CLOCK_TOTAL,
			.message = "the run's deadline passed"};
	} else if (host->session.sftp) {
		outcome = (struct outcome){
			.kind = OUTCOME_EXIT, .exit_code = 1, .cause = host->stopped};
	}
	finish(host, &outcome);
}

static void finish_timeout(struct copy_host *host, enum outcome_clock clock)
{
	const struct outcome outcome = {.kind = OUTCOME_TIMEOUT, .clock = clock};

	finish(host, &outcome);
}

/* --- clocks --------------------------------------------------------------------------------- */

/* The host has said something, and may have been asked for something that takes its time. */
static void listen_anew(struct copy_host *host)
{
	int64_t ms = host->job->silence_ms > 0 ? host->job->silence_ms : COPY_SILENCE_MS;

	if (host->is_freed) {
		return;
	}
	if (host->sudo && sftp_client_pending(host->session.sftp) == 0) {
		ms += SUM_OF_ANY_MS; /* a program of ours is at work there */
	}
	if (host->push && host->session.hasher && copy_hasher_pending(host->session.hasher) > 0) {
		ms += (int64_t)(host->job->push->tree->bytes / SUM_BYTES_PER_MS);
	}
	if (host->pull && host->session.hasher && copy_hasher_pending(host->session.hasher) > 0) {
		ms += (int64_t)(copy_pull_bytes(host->pull) / SUM_BYTES_PER_MS);
	}
	timer_set(host->silence, ms);
}

static void on_silence(void *arg)
{
	struct copy_host *host = arg;

	enter(host);
	finish_timeout(host, CLOCK_SILENCE);
	leave(host);
}

static void on_total(void *arg)
{
	struct copy_host *host = arg;

	enter(host);
	finish_timeout(host, host->connect_ms < 0 ? CLOCK_CONNECT : CLOCK_TOTAL);
	leave(host);
}

static void on_stopping(void *arg)
{
	struct copy_host *host = arg;

	enter(host);
	finish_stopped(host);
	leave(host);
}

/* --- the work ------------------------------------------------------------------------------- */

static void on_moved(void *arg, uint64_t bytes)
{
	struct copy_host *host = arg;

	host->events.moved(host->arg, bytes);
}

static void on_left(void *arg, const char *path)
{
	struct copy_host *host = arg;

	strbuf_adds(&host->left, host->left.len > 0 ? ", " : "");
	utf8_add_escaped(&host->left, str_of(path), 0);
}

static void on_result(void *arg, size_t item, const struct copy_result *result)
{
	struct copy_host *host = arg;

	if (result->verdict == COPY_FAILED && host->failed++ == 0) {
		host->first_failure = result->err;
	}
	if (result->left) {
		on_left(host, result->left);
	}
	host->events.result(host->arg, item, result);
}

static void on_done(void *arg, const struct err *err)
{
	struct copy_host *host = arg;
	struct outcome outcome = outcome_exit(0);

	host->push = NULL; /* gone after this */
	host->pull = NULL;
	host->sudo = NULL;
	if (host->is_freed) {
		return;
	}
	if (err) {
		finish_failed(host, err->msg);
	} else if (host->stopped != CAUSE_NONE) {
		finish_stopped(host);
	} else if (host->failed > 0) {
		finish_failed(host, host->first_failure.msg);
	} else {
		finish(host, &outcome);
	}
}

static void on_sudo_done(void *arg, const struct err *err, const struct outcome *outcome)
{
	struct copy_host *host = arg;

	enter(host);       /* it may come from a command that is not ours */
	host->sudo = NULL; /* gone after this */
	if (outcome && !host->is_freed && host->stopped == CAUSE_NONE) {
		finish(host, outcome);
	} else {
		on_done(host, err);
	}
	leave(host);
}

static void begin_sudo(struct copy_host *host)
{
	static const struct copy_sudo_events events = {on_moved, on_result, on_left, on_sudo_done};
	const struct copy_sudo_spec spec = {
		.loop = host->loop,
		.login = host->login,
		.session = &host->session,
		.push = host->job->push,
		.owner = host->job->owner,
		.group = host->job->group,
		.password = host->job->sudo_password,
	};

	host->sudo = copy_sudo_start(&spec, &events, host);
}

static void begin_work(struct copy_host *host)
{
	static const struct copy_push_events push_events = {on_moved, on_result, on_done};
	static const struct copy_pull_events pull_events = {on_moved, on_result, on_done};

	if (host->stopped != CAUSE_NONE) {
		return; /* about to end */
	}
	if (host->job->push && host->job->is_sudo) {
		begin_sudo(host);
	} else if (host->job->push) {
		host->push = copy_push_start(&host->session, host->job->push, &push_events, host);
	} else {
		host->pull = copy_pull_start(&host->session, host->job->pull, &pull_events, host);
	}
}

/* --- sums ----------------------------------------------------------------------------------- */

static void send_sums(void *arg, struct str bytes)
{
	struct copy_host *host = arg;

	if (host->sums) {
		ssh_command_send(host->sums, bytes);
	} else if (host->root_sums) {
		sudo_command_send(host->root_sums, bytes);
	}
}

static void on_sums_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct copy_host *host = arg;

	enter(host);
	if (stream == SSH_STREAM_STDOUT && host->session.hasher) {
		copy_hasher_receive(host->session.hasher, bytes);
		listen_anew(host);
	}
	leave(host);
}

/* A host without a shell for us (SFTP alone) is no failure: contents are read back. */
static void on_sums_ended(void *arg, const struct ssh_exec_end *end)
{
	struct copy_host *host = arg;

	(void)end;
	enter(host);
	host->sums = NULL; /* gone after this */
	host->root_sums = NULL;
	copy_hasher_end(host->session.hasher);
	leave(host);
}

static const struct copy_hasher_events hasher_events = {send_sums};

static void begin_sums(struct copy_host *host)
{
	static const struct ssh_exec_events events = {
		.output = on_sums_output, .ended = on_sums_ended};
	const struct ssh_exec_spec spec = {.command = copy_hasher_command, .drain_ms = DRAIN_MS};

	host->session.hasher = copy_hasher_new(&hasher_events, host);
	host->sums = ssh_command_start(host->login, &spec, &events, host);
}

static void on_root_sums_started(void *arg)
{
	(void)arg; /* it will say that it is ready */
}

static void on_root_sums_refused(void *arg, const struct outcome *outcome)
{
	(void)outcome;
	on_sums_ended(arg, NULL);
}

static void begin_root_sums(struct copy_host *host)
{
	static const struct sudo_command_events events = {
		on_root_sums_started, on_sums_output, on_root_sums_refused, on_sums_ended};

	host->session.hasher = copy_hasher_new(&hasher_events, host);
	host->root_sums = sudo_command_start(
		host->login, copy_hasher_program, host->job->sudo_password, &events, host);
}

/* --- SFTP ----------------------------------------------------------------------------------- */

static void send_sftp(void *arg, struct str bytes)
{
	struct copy_host *host = arg;

	if (host->subsystem) {
		ssh_command_send(host->subsystem, bytes);
	} else if (host->root_sftp) {
		sudo_command_send(host->root_sftp, bytes);
	}
}

static void on_sftp_ready(void *arg)
{
	begin_work(arg);
}

static void on_sftp_broken(void *arg, const char *text)
{
	const struct outcome outcome = {
		.kind = OUTCOME_UNREACHABLE, .cause = CAUSE_PROTOCOL_ERROR, .message = text};

	finish(arg, &outcome);
}

static void on_subsystem_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct copy_host *host = arg;

	enter(host);
	if (stream == SSH_STREAM_STDERR) {
		strbuf_addstr(&host->said, bytes);
	} else if (host->session.sftp) {
		sftp_client_receive(host->session.sftp, bytes);
		listen_anew(host);
	}
	leave(host);
}

/* "SFTP ended with exit code 1". */
static void add_end(struct strbuf *text, const struct ssh_exec_end *end)
{
	switch (end->outcome) {
	case SSH_EXEC_EXITED:
		strbuf_addf(text, "SFTP ended with exit code %" PRIu32, end->exit_code);
		break;
	case SSH_EXEC_SIGNALED:
		strbuf_addf(text, "SFTP was ended by signal %s", end->signal_name);
		break;
	case SSH_EXEC_NO_STATUS:
		strbuf_adds(text, "the server closed SFTP");
		break;
	case SSH_EXEC_REFUSED:
		strbuf_addf(text, "no SFTP: %s", end->text);
		break;
	case SSH_EXEC_LOST:
		strbuf_adds(text, end->text);
		break;
	}
}

/* There is no program that root could run. */
static bool is_missing(const struct copy_host *host, const struct ssh_exec_end *end)
{
	return host->job->is_sudo && end->outcome == SSH_EXEC_EXITED &&
	       end->exit_code == NO_PROGRAM;
}

static void on_subsystem_ended(void *arg, const struct ssh_exec_end *end)
{
	struct copy_host *host = arg;
	struct strbuf text = STRBUF_INIT;
	struct str said = str_trim(strbuf_str(&host->said));

	enter(host);
	host->subsystem = NULL; /* gone after this */
	host->root_sftp = NULL;
	add_end(&text, end);
	if (said.len > 0) {
		strbuf_adds(&text, ": ");
		utf8_add_escaped(&text, said, SAID_MAX);
	}
	if (end->outcome == SSH_EXEC_REFUSED || is_missing(host, end)) {
		const struct outcome outcome = {.kind = OUTCOME_UNREACHABLE,
			.cause = CAUSE_EXEC_REFUSED,
			.message = text.buf};

		finish(host, &outcome);
	} else {
		finish_lost(host, text.buf);
	}
	leave(host);
	strbuf_release(&text);
}

static const struct sftp_client_events sftp_events = {send_sftp, on_sftp_ready, on_sftp_broken};

/* sudo has let us through: it will for sums, too. */
static void on_root_sftp_started(void *arg)
{
	struct copy_host *host = arg;

	host->session.sftp = sftp_client_new(&sftp_events, host);
	begin_root_sums(host);
}

static void on_root_sftp_refused(void *arg, const struct outcome *outcome)
{
	struct copy_host *host = arg;

	enter(host);
	host->root_sftp = NULL; /* gone after this */
	finish(host, outcome);
	leave(host);
}

/* The server's own SFTP runs as who logged in; here its program is run by sudo. */
static void begin_root(struct copy_host *host)
{
	static const struct sudo_command_events events = {on_root_sftp_started, on_subsystem_output,
		on_root_sftp_refused, on_subsystem_ended};

	host->root_sftp = sudo_command_start(
		host->login, root_sftp_program, host->job->sudo_password, &events, host);
	listen_anew(host);
}

static void on_opened(void *arg)
{
	static const struct ssh_exec_events events = {
		.output = on_subsystem_output, .ended = on_subsystem_ended};
	static const struct ssh_exec_spec spec = {
		.command = "sftp", .is_subsystem = true, .drain_ms = DRAIN_MS};
	struct copy_host *host = arg;

	if (host->stopped != CAUSE_NONE) {
		return; /* about to end */
	}
	host->connect_ms = loop_now_ms(host->loop) - host->begun_ms;
	host->transport = ssh_login_transport(host->login);
	if (host->job->pull && host->job->is_sudo) {
		begin_root(host);
		return;
	}
	host->subsystem = ssh_command_start(host->login, &spec, &events, host);
	host->session.sftp = sftp_client_new(&sftp_events, host);
	begin_sums(host);
	listen_anew(host);
}

/* --- the login ------------------------------------------------------------------------------ */

static void on_login_ended(void *arg, const struct ssh_login_end *end)
{
	struct copy_host *host = arg;
	struct strbuf message = STRBUF_INIT;
	struct outcome outcome;

	enter(host);
	host->login = NULL; /* gone after this */
	if (host->connect_ms >= 0) {
		finish_lost(host, end->text);
	} else {
		outcome = host_run_login_outcome(end, &message);
		finish(host, &outcome);
	}
	leave(host);
	strbuf_release(&message);
}

/* --- for users ------------------------------------------------------------------------------ */

struct copy_host *copy_host_start(struct loop *loop, struct ssh_connector *connector,
	const struct copy_job *job, const struct fleet_host *fan_host,
	const struct copy_host_events *events, void *arg)
{
	static const struct ssh_login_events login_events = {on_opened, on_login_ended};
	struct copy_host *host = xcalloc(1, sizeof(*host));
	const struct ssh_login_spec login = {
		.name = fan_host->host ? fan_host->host : fan_host->name,
		.address = fan_host->address,
		.username = fan_host->username,
		.port = fan_host->port,
		.password = job->password,
		.connect_timeout_ms = job->connect_timeout_ms,
	};

	*host = (struct copy_host){
		.loop = loop,
		.job = job,
		.host = fan_host,
		.events = *events,
		.arg = arg,
		.said = STRBUF_INIT_MAX(SAID_MAX),
		.left = STRBUF_INIT,
		.begun_ms = loop_now_ms(loop),
		.connect_ms = -1,
		.transport = SSH_TRANSPORT_AUTO,
		.total = timer_new(loop, on_total, host),
		.silence = timer_new(loop, on_silence, host),
		.stopping = timer_new(loop, on_stopping, host),
	};
	if (job->total_ms > 0) {
		timer_set(host->total, job->total_ms);
	}
	host->login = ssh_login_open(connector, &login, &login_events, host);
	return host;
}

void copy_host_stop(struct copy_host *host, enum outcome_cause cause)
{
	if (host->is_freed || host->stopped != CAUSE_NONE) {
		return;
	}
	host->stopped = cause;
	if (host->push) {
		copy_push_stop(host->push);
		timer_set(host->stopping, STOP_MS);
	} else if (host->pull) {
		copy_pull_stop(host->pull);
		timer_set(host->stopping, STOP_MS);
	} else if (host->sudo) {
		copy_sudo_stop(host->sudo);
		timer_set(host->stopping, STOP_MS);
	} else {
		timer_set(host->stopping, 0);
	}
}

void copy_host_add_phase(const struct copy_host *host, struct strbuf *out)
{
	if (host->push || host->pull || host->sudo) {
		strbuf_adds(out, "copying");
	} else if (host->session.sftp) {
		strbuf_adds(out, "waiting for SFTP");
	} else if (host->root_sftp) {
		strbuf_adds(out, "waiting for sudo");
	} else if (host->login) {
		ssh_login_add_phase(host->login, out);
	}
}

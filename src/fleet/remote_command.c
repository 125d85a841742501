/*
 * Three clocks, a channel, and what the supervisor says.  See remote_command.h.
 *
 * What comes before the supervisor has said that the command runs is the host's: its login shell,
 * sudo, a forced command.  It is held back, and is the explanation if the command never starts.
 *
 * Every callback may free the command: it is marked then, and goes with the last call that is under
 * way.
 */
#include "fleet/remote_command.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/time.h"
#include "fleet/remote_command_internal.h"

enum {
	DRAINS_MAX = 20, /* times drain_ms */
	CUT_BYTES = 256 * 1024,
};

/* --- its life ------------------------------------------------------------------------------- */

static void shut(struct remote_command *command)
{
	ssh_command_free(&command->channel);
	remote_look_free(&command->look);
	timer_free(&command->step);
	timer_free(&command->total);
	timer_free(&command->beat);
}

static void destroy(struct remote_command *command)
{
	strbuf_release(&command->line);
	host_words_release(&command->facts.words);
	strbuf_release(&command->message);
	free(command);
}

void remote_command_enter(struct remote_command *command)
{
	command->calls++;
}

void remote_command_leave(struct remote_command *command)
{
	if (--command->calls == 0 && command->is_freed) {
		destroy(command);
	}
}

void remote_command_free(struct remote_command **command_ptr)
{
	struct remote_command *command = TAKE(*command_ptr);

	if (!command || command->is_freed) {
		return; /* it is being told of its end */
	}
	command->is_freed = true;
	shut(command);
	if (command->calls == 0) {
		destroy(command);
	}
}

static int64_t drain_ms(const struct remote_command *command)
{
	return command->spec.drain_ms > 0 ? command->spec.drain_ms : REMOTE_DRAIN_MS;
}

int remote_command_grace_s(const struct remote_command *command)
{
	int given = command->spec.supervised.grace_s;

	return given > 0 ? given : SUPERVISOR_GRACE_S;
}

static int64_t stop_ms(const struct remote_command *command)
{
	return remote_command_grace_s(command) * (int64_t)1000 + REMOTE_SLACK_MS;
}

static bool asks_password(const struct remote_command *command)
{
	return command->spec.supervised.sudo == SUPERVISOR_SUDO_PASSWORD;
}

/* Nobody tells when a command with a tty has started. */
static int64_t start_ms(const struct remote_command *command)
{
	if (command->spec.wants_tty && !asks_password(command)) {
		return 0;
	}
	return command->spec.start_ms > 0 ? command->spec.start_ms : REMOTE_START_MS;
}

/* Until the next thing is to be done in this state; a pause stops what counts output. */
static void set_step(struct remote_command *command)
{
	int64_t left_ms;

	switch (command->state) {
	case REMOTE_STARTING:
		timer_set(command->step, start_ms(command));
		break;
	case REMOTE_RUNNING:
		timer_stop(command->step);
		if (command->spec.silence_ms > 0 && !command->is_paused) {
			timer_set(command->step, command->spec.silence_ms);
		}
		break;
	case REMOTE_STOPPING:
		timer_set(command->step, command->spec.wants_tty
						 ? remote_terminal_hang_up_ms(command)
						 : stop_ms(command));
		break;
	case REMOTE_LOOKING:
		timer_set(command->step, stop_ms(command));
		break;
	case REMOTE_DRAINING:
		timer_stop(command->step);
		left_ms = command->drained_ms - loop_now_ms(command->loop);
		if (!command->is_paused) {
			timer_set(command->step, left_ms < drain_ms(command)
							 ? left_ms > 0 ? left_ms : 0
							 : drain_ms(command));
		}
		break;
	}
}

void remote_command_to(struct remote_command *command, enum remote_state state)
{
	command->state = state;
	set_step(command);
}

/* Where the supervisor is heard; with a tty there is one stream, and only sudo's question. */
static enum ssh_stream spoken_stream(const struct remote_command *command)
{
	return command->spec.wants_tty ? SSH_STREAM_STDOUT : SSH_STREAM_STDERR;
}

/* --- the end -------------------------------------------------------------------------------- */

/* After how long, and what was done then. */
static void add_clock(struct remote_command *command, bool may_be_running)
{
	bool is_silence = command->facts.clock == CLOCK_SILENCE;

	strbuf_adds(&command->message, is_silence ? "silent for " : "it took more than ");
	time_add_duration(
		&command->message, is_silence ? command->spec.silence_ms : command->spec.total_ms);
	strbuf_adds(&command->message,
		may_be_running ? ", and was told to end" : ", and was ended there");
}

static void finish(struct remote_command *command, struct outcome outcome, bool was_left_open,
	bool may_be_running)
{
	struct remote_command_end end = {
		.outcome = outcome,
		.pid = command->pid,
		.was_left_open = was_left_open,
		.may_be_running = may_be_running,
	};

	assert(command->calls > 0);
	if (outcome.kind == OUTCOME_TIMEOUT && command->facts.has_clock_ended_it) {
		add_clock(command, may_be_running);
	}
	if (command->message.len > 0) {
		end.outcome.message = command->message.buf;
	}
	command->is_freed = true;
	shut(command);
	command->events.ended(command->arg, &end);
}

/* The supervisor did not tell the end. */
void remote_command_finish(
	struct remote_command *command, struct remote_judgement judgement, bool was_left_open)
{
	finish(command, judgement.outcome, was_left_open, judgement.may_be_running);
}

void remote_command_finish_deaf(struct remote_command *command)
{
	remote_command_finish(
		command, remote_judge_deaf(&command->facts, &command->message), false);
}

/* --- what we send --------------------------------------------------------------------------- */

static void send_settings(struct remote_command *command)
{
	struct strbuf out = STRBUF_INIT;

	supervisor_add_settings(&out, &command->spec.supervised, &command->key);
	ssh_command_send(command->channel, strbuf_str(&out));
	strbuf_release(&out);
}

static void send_beat(struct remote_command *command)
{
	struct strbuf out = STRBUF_INIT;

	supervisor_add_beat(&out);
	ssh_command_send(command->channel, strbuf_str(&out));
	strbuf_release(&out);
	timer_set(command->beat, SUPERVISOR_BEAT_MS);
}

static void send_input(struct remote_command *command)
{
	struct strbuf out = STRBUF_INIT;

	if (command->spec.wants_tty) {
		remote_input_add_typed(&command->input, &out);
	} else if (command->spec.supervised.has_input) {
		remote_input_add(&command->input, &out);
	}
	ssh_command_send(command->channel, strbuf_str(&out));
	strbuf_release(&out);
}

static void send_stop(struct remote_command *command)
{
	struct strbuf out = STRBUF_INIT;

	remote_input_close(&command->input);
	timer_stop(command->beat);
	supervisor_add_stop(&out);
	ssh_command_send(command->channel, strbuf_str(&out));
	strbuf_release(&out);
}

static void begin_stop(struct remote_command *command)
{
	/* It must be heard, but there may be nowhere to put what it writes. */
	command->is_cut = command->is_paused;
	if (command->is_paused) {
		command->is_paused = false;
		ssh_command_pause(command->channel, false);
	}
	command->facts.is_stopped = true;
	if (command->facts.has_started && !command->spec.wants_tty) {
		send_stop(command);
	}
	remote_command_to(command, REMOTE_STOPPING);
}

/* --- what the supervisor says --------------------------------------------------------------- */

static void finish_sudo(struct remote_command *command, const char *why)
{
	remote_command_finish(
		command, remote_judge_sudo(&command->facts, why, &command->message), false);
}

static void told_password(struct remote_command *command)
{
	if (command->facts.may_run || command->facts.is_stopped) {
		return; /* sudo has let us through, and this is somebody else's; or it is too late
			 */
	}
	if (!command->spec.sudo_password) {
		finish_sudo(command, "sudo asks for a password, and there is none");
	} else if (command->has_asked_password) {
		finish_sudo(command, "sudo refuses the password");
	} else {
		command->has_asked_password = true;
		/* Its lecture explains nothing. */
		host_words_forget(&command->facts.words, spoken_stream(command));
		ssh_command_send(command->channel, str_of(command->spec.sudo_password));
		ssh_command_send(command->channel, str_of("\n"));
	}
}

static void hand_on(struct remote_command *command, enum ssh_stream stream, struct str bytes)
{
	if (!command->is_freed && bytes.len > 0) {
		command->events.output(command->arg, stream, bytes);
	}
}

static void tell_started(struct remote_command *command)
{
	command->facts.has_started = true;
	command->events.started(command->arg, command->pid);
	hand_on(command, SSH_STREAM_STDERR,
		host_words_all(&command->facts.words, SSH_STREAM_STDERR));
	hand_on(command, SSH_STREAM_STDOUT,
		host_words_all(&command->facts.words, SSH_STREAM_STDOUT));
	host_words_release(&command->facts.words);
}

static void told_started(struct remote_command *command, int64_t pid)
{
	command->pid = pid;
	if (command->spec.wants_tty && command->state == REMOTE_STOPPING) {
		set_step(command);
		return;
	}
	if (command->facts.has_started) {
		return; /* a terminal's is told of at once, and its process later */
	}
	if (command->spec.wants_tty) {
		remote_command_to(command, REMOTE_RUNNING);
		send_input(command);
	} else if (command->state == REMOTE_STOPPING) {
		send_stop(command);
	} else {
		remote_command_to(command, REMOTE_RUNNING);
		send_beat(command);
		send_input(command);
	}
	if (command->is_paused) {
		ssh_command_pause(command->channel, true);
	}
	tell_started(command);
}

static void told_ready(struct remote_command *command)
{
	if (command->facts.may_run || command->facts.is_stopped) {
		return;
	}
	command->facts.may_run = true;
	if (command->spec.wants_tty) {
		told_started(command, 0);
	} else {
		send_settings(command);
	}
}

static void told_ended(struct remote_command *command, const struct supervisor_event *event)
{
	command->outcome =
		event->signal ? outcome_signal(event->signal) : outcome_exit(event->exit_code);
	if (command->is_nowhere) {
		command->outcome = (struct outcome){
			.kind = OUTCOME_NOT_STARTED, .cause = CAUSE_DIRECTORY_MISSING};
		strbuf_adds(&command->message, "cannot enter the directory");
		host_words_add_to(&command->message, str_of(command->spec.supervised.directory));
	} else if (command->facts.has_clock_ended_it) {
		command->outcome =
			(struct outcome){.kind = OUTCOME_TIMEOUT, .clock = command->facts.clock};
	}
	timer_stop(command->total);
	timer_stop(command->beat);
	command->drained_ms = loop_now_ms(command->loop) + DRAINS_MAX * drain_ms(command);
	remote_command_to(command, REMOTE_DRAINING);
}

static void on_word(void *arg, const struct supervisor_event *event)
{
	struct remote_command *command = arg;

	if (command->is_freed) {
		return;
	}
	switch (event->word) {
	case SUPERVISOR_PASSWORD:
		told_password(command);
		break;
	case SUPERVISOR_READY:
		told_ready(command);
		break;
	case SUPERVISOR_STARTED:
		told_started(command, event->pid);
		break;
	case SUPERVISOR_TAKEN:
		remote_input_taken(&command->input);
		send_input(command);
		break;
	case SUPERVISOR_INPUT_CLOSED:
		remote_input_close(&command->input);
		break;
	case SUPERVISOR_NOWHERE:
		command->is_nowhere = command->spec.supervised.directory;
		break;
	case SUPERVISOR_ENDED:
		if (command->facts.has_started) {
			told_ended(command, event);
		}
		break;
	}
}

/* --- what comes over the channel ------------------------------------------------------------ */

static void take_early(struct remote_command *command, enum ssh_stream stream, struct str bytes)
{
	if (!host_words_add(&command->facts.words, stream, bytes)) {
		remote_command_finish(
			command, remote_judge_other(&command->facts, &command->message), false);
	}
}

static void take(struct remote_command *command, enum ssh_stream stream, struct str bytes)
{
	if (!command->facts.has_started) {
		take_early(command, stream, bytes);
		return;
	}
	if (command->state == REMOTE_RUNNING || command->state == REMOTE_DRAINING) {
		set_step(command);
	}
	if (command->is_cut) {
		bytes = str_sub(bytes, 0, CUT_BYTES - command->cut_bytes);
		command->cut_bytes += bytes.len;
	}
	hand_on(command, stream, bytes);
}

static void on_text(void *arg, struct str bytes)
{
	struct remote_command *command = arg;

	if (!command->is_freed) {
		take(command, spoken_stream(command), bytes);
	}
}

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct remote_command *command = arg;
	const struct supervisor_listener listener = {on_word, on_text, command};

	remote_command_enter(command);
	if (stream == spoken_stream(command)) {
		supervisor_read(&command->reader, bytes, &listener);
	} else {
		take(command, stream, bytes);
	}
	remote_command_leave(command);
}

static void on_wants_input(void *arg)
{
	struct remote_command *command = arg;

	if (command->spec.wants_tty && command->state == REMOTE_RUNNING) {
		send_input(command);
	}
}

static void on_ended(void *arg, const struct ssh_exec_end *end)
{
	struct remote_command *command = arg;
	const struct supervisor_listener listener = {on_word, on_text, command};

	remote_command_enter(command);
	command->channel = NULL; /* gone after this */
	supervisor_read_end(&command->reader, &listener);
	if (command->is_freed) {
		/* In its last output. */
	} else if (command->state == REMOTE_DRAINING) {
		finish(command, command->outcome, end->was_left_open, false);
	} else {
		remote_command_finish(command,
			remote_judge_closed(&command->facts, end, &command->message),
			end->was_left_open);
	}
	remote_command_leave(command);
}

/* --- clocks --------------------------------------------------------------------------------- */

static void time_is_over(struct remote_command *command, enum outcome_clock clock)
{
	if (!command->facts.has_started) {
		remote_command_finish(command,
			remote_judge_late(&command->facts, clock, &command->message), false);
		return;
	}
	command->facts.has_clock_ended_it = true;
	command->facts.clock = clock;
	begin_stop(command);
}

static void on_step(void *arg)
{
	struct remote_command *command = arg;

	remote_command_enter(command);
	switch (command->state) {
	case REMOTE_STARTING:
		if (command->spec.wants_tty && command->facts.may_run) {
			told_started(command, 0);
		} else {
			time_is_over(command, CLOCK_CONNECT);
		}
		break;
	case REMOTE_RUNNING:
		time_is_over(command, CLOCK_SILENCE);
		break;
	case REMOTE_STOPPING:
		if (command->spec.wants_tty && command->pid > 0) {
			remote_terminal_hang_up(command);
		} else {
			remote_command_finish_deaf(command);
		}
		break;
	case REMOTE_LOOKING:
		remote_command_finish_deaf(command);
		break;
	case REMOTE_DRAINING:
		finish(command, command->outcome, true, false);
		break;
	}
	remote_command_leave(command);
}

static void on_total(void *arg)
{
	struct remote_command *command = arg;

	remote_command_enter(command);
	if (!command->facts.is_stopped) {
		time_is_over(command, CLOCK_TOTAL);
	}
	remote_command_leave(command);
}

static void on_beat(void *arg)
{
	send_beat(arg);
}

/* --- for users ------------------------------------------------------------------------------ */

static void add_line(struct remote_command *command)
{
	if (command->spec.wants_tty) {
		supervisor_add_tty_exec(&command->line, &command->spec.supervised, &command->key);
	} else {
		supervisor_add_exec(&command->line, &command->spec.supervised, &command->key);
	}
}

static void open_channel(struct remote_command *command, struct ssh_login *login)
{
	static const struct ssh_exec_events events = {on_output, on_wants_input, on_ended};
	const struct remote_command_spec *spec = &command->spec;
	const struct ssh_exec_spec exec = {
		.command = command->line.buf,
		.wants_tty = spec->wants_tty,
		.columns = spec->columns,
		.rows = spec->rows,
		/* With the supervisor we know better when it is over. */
		.drain_ms = (spec->wants_tty ? 1 : DRAINS_MAX) * drain_ms(command),
	};

	command->channel = ssh_command_start(login, &exec, &events, command);
	if (!asks_password(command)) {
		command->facts.may_run = true;
		if (!spec->wants_tty) {
			send_settings(command);
		}
	}
}

/* What proves all but the command. */
static void rehearse(struct remote_command_spec *spec)
{
	spec->supervised.command = ":";
	spec->supervised.argv = NULL;
	spec->supervised.has_input = false;
	spec->wants_tty = false;
}

struct remote_command *remote_command_start(struct loop *loop, struct ssh_login *login,
	const struct remote_command_spec *spec, const struct remote_command_events *events,
	void *arg)
{
	struct remote_command *command = xcalloc(1, sizeof(*command));

	*command = (struct remote_command){
		.loop = loop,
		.login = login,
		.spec = *spec,
		.events = *events,
		.arg = arg,
		.line = STRBUF_INIT,
		.message = STRBUF_INIT,
	};
	if (spec->is_rehearsal) {
		rehearse(&command->spec);
	}
	if (supervisor_key_init(&command->key, NULL) < 0) {
		abort(); /* so few bytes are never refused */
	}
	supervisor_reader_init(&command->reader, &command->key);
	command->facts.has_sudo = spec->supervised.sudo != SUPERVISOR_SUDO_NONE;
	command->facts.has_tty = command->spec.wants_tty;
	host_words_init(&command->facts.words);
	remote_input_init(&command->input, spec->input);
	command->step = timer_new(loop, on_step, command);
	command->total = timer_new(loop, on_total, command);
	command->beat = timer_new(loop, on_beat, command);
	add_line(command);
	open_channel(command, login);
	remote_command_to(command, REMOTE_STARTING);
	if (spec->total_ms > 0) {
		timer_set(command->total, spec->total_ms);
	}
	return command;
}

/* One that is being started is heard until it has: only then does the supervisor hear of us. */
void remote_command_pause(struct remote_command *command, bool is_paused)
{
	if (command->facts.is_stopped) {
		command->is_cut = is_paused;
		return;
	}
	if (!command->channel || command->is_paused == is_paused) {
		return;
	}
	command->is_paused = is_paused;
	if (command->facts.has_started) {
		ssh_command_pause(command->channel, is_paused);
	}
	if (command->state == REMOTE_DRAINING) {
		command->drained_ms = loop_now_ms(command->loop) + DRAINS_MAX * drain_ms(command);
	}
	if (command->state == REMOTE_RUNNING || command->state == REMOTE_DRAINING) {
		set_step(command);
	}
}

void remote_command_stop(struct remote_command *command)
{
	if (command->is_freed) {
		return;
	}
	switch (command->state) {
	case REMOTE_STARTING:
		begin_stop(command);
		if (!command->facts.may_run) {
			timer_set(command->step, 0); /* there is nothing to be stopped */
		}
		break;
	case REMOTE_RUNNING:
		begin_stop(command);
		break;
	case REMOTE_STOPPING:
	case REMOTE_LOOKING:
		break;
	case REMOTE_DRAINING:
		timer_set(command->step, 0);
		break;
	}
}

void remote_command_add_phase(const struct remote_command *command, struct strbuf *out)
{
	switch (command->state) {
	case REMOTE_STARTING:
		strbuf_adds(out, command->facts.may_run ? "waiting for the command to start"
							: "waiting for sudo");
		break;
	case REMOTE_RUNNING:
		strbuf_adds(out, "the command runs");
		break;
	case REMOTE_STOPPING:
	case REMOTE_LOOKING:
		strbuf_adds(out, "waiting for the command to end, as it was told to");
		break;
	case REMOTE_DRAINING:
		strbuf_adds(out, "the command has ended, and something holds its output open");
		break;
	}
	if (command->pid > 0) {
		strbuf_addf(out, " (process group %" PRId64 ")", command->pid);
	}
}

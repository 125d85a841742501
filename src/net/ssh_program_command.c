/*
 * Sessions on the connection of an ssh, through its control socket.  See ssh_program.h.
 *
 *     WAITING -> ASKING -> RUNNING -> (over)
 *        ^          |         `-----> PROBING -> (over)
 *        |`---------|
 *        `---- RESTING
 *
 * ssh is handed one end of each of three pipes and does the rest; what is left for us are the other
 * ends, and a few messages.  A session that the server will not open while others run waits for one
 * of them to end.
 *
 * The end of a session is told by a status, or else only by the socket's end, which comes too when
 * the connection is lost, a moment before ssh is gone.  So ssh is asked whether it still serves:
 * if so, the server closed the session without a word; if not, the login ends it.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "loop/pipe.h"
#include "net/ssh_mux.h"
#include "net/ssh_program_internal.h"

enum {
	DEFAULT_COLUMNS = 80,
	DEFAULT_ROWS = 24,
	STREAMS = 3,
	REASON_SHOWN = 300,
	REST_MS = 20, /* and twice as long each time */
	RESTS_MAX = 6,
};

enum command_state {
	COMMAND_WAITING,
	COMMAND_ASKING,  /* for a session */
	COMMAND_RESTING, /* before it asks again */
	COMMAND_RUNNING,
	COMMAND_PROBING, /* it is over without a status */
};

struct ssh_program_command {
	struct ssh_program_login *login;
	struct ssh_program_command *next;
	struct ssh_exec_spec spec;
	struct ssh_exec_events events;
	void *arg;
	enum command_state state;

	int socket; /* to ssh; -1: closed */
	struct io *io;
	struct strbuf request;   /* what is left to be said to it */
	struct strbuf answer;    /* what it has said and we have not understood */
	int their_ends[STREAMS]; /* to be handed over, or -1 */
	size_t ends_given;
	uint64_t sessions_ended; /* on the login, when it was asked for */
	int rests;
	struct timer *rest;
	char *failure; /* what went wrong before anything could be asked */
	struct deferred *failing;

	struct strbuf early; /* input before the session is open */
	bool is_input_over;
	int tty_fd;  /* our side of the local tty, before it is the writer's; -1 */
	int keep_fd; /* its other side, so that it stays as it was set; -1 */
	struct pipe_writer *writer;
	struct pipe_reader *out, *err;
	bool is_paused;
	uint32_t channel;

	bool has_code;
	uint32_t exit_code;
	struct timer *drain;
	bool is_drained; /* the time for it is over */
	bool is_gone;    /* `ended` has been, or is being, called */
};

/* --- the end -------------------------------------------------------------------------------- */

static void socket_close(struct ssh_program_command *command)
{
	io_free(&command->io);
	closep(&command->socket);
	command->socket = -1;
	strbuf_clear(&command->answer);
	strbuf_clear(&command->request);
}

static void close_their_ends(struct ssh_program_command *command)
{
	for (size_t i = 0; i < STREAMS; i++) {
		closep(&command->their_ends[i]);
		command->their_ends[i] = -1;
	}
}

static void release_streams(struct ssh_program_command *command)
{
	socket_close(command);
	close_their_ends(command);
	pipe_reader_free(&command->out);
	pipe_reader_free(&command->err);
	pipe_writer_free(&command->writer);
	closep(&command->tty_fd);
	closep(&command->keep_fd);
	command->tty_fd = command->keep_fd = -1;
	deferred_free(&command->failing);
	timer_free(&command->drain);
	timer_free(&command->rest);
}

static void command_unlink(struct ssh_program_command *command)
{
	struct ssh_program_command **place = &command->login->first;

	while (*place != command) {
		place = &(*place)->next;
	}
	*place = command->next;
	command->login->sessions_ended += command->state != COMMAND_WAITING;
}

static void command_release(struct ssh_program_command *command)
{
	release_streams(command);
	strbuf_release(&command->request);
	strbuf_release(&command->answer);
	strbuf_release(&command->early);
	freep(&command->failure);
}

static void finish(
	struct ssh_program_command *command, enum ssh_exec_outcome otherwise, const char *text)
{
	const struct ssh_exec_end end = {
		.outcome = command->has_code ? SSH_EXEC_EXITED : otherwise,
		.exit_code = command->exit_code,
		.signal_name = "",
		.was_left_open = command->is_drained,
		.text = command->has_code ? "" : text,
	};

	command->is_gone = true;
	release_streams(command);
	command_unlink(command);
	ssh_program_login_turn(command->login);
	command->events.ended(command->arg, &end);
	command_release(command);
	free(command);
}

void ssh_program_command_lose(struct ssh_program_command *command, const char *text)
{
	finish(command, SSH_EXEC_LOST, text);
}

static void finish_refused(struct ssh_program_command *command, struct str why)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "%s: ", command->login->name);
	utf8_add_escaped(&text, why, REASON_SHOWN);
	finish(command, SSH_EXEC_REFUSED, text.buf);
	strbuf_release(&text);
}

bool ssh_program_command_check_refusal(struct ssh_program_command *command)
{
	if (command->state != COMMAND_RUNNING || command->has_code ||
		!ssh_program_text_take_refusal(command->login->text, command->channel)) {
		return false;
	}
	finish_refused(command,
		str_of(command->spec.wants_tty ? "the server gives no tty, or runs no commands"
					       : "the server does not run commands"));
	return true;
}

static void fail_now(void *arg)
{
	struct ssh_program_command *command = arg;

	command->failing = NULL;
	finish_refused(command, str_of(command->failure));
}

static void fail_later(struct ssh_program_command *command, const char *what, int errnum)
{
	command->state = COMMAND_ASKING;
	command->failure = xasprintf("%s: %s", what, errno_text(errnum));
	command->failing = loop_defer(command->login->program->loop, fail_now, command);
}

/* --- its output ----------------------------------------------------------------------------- */

static bool is_output_over(const struct ssh_program_command *command)
{
	return pipe_reader_has_ended(command->out) && pipe_reader_has_ended(command->err);
}

static void probe(struct ssh_program_command *command);

/* Whether all has been told; to be called last. */
static void settle(struct ssh_program_command *command)
{
	if (command->state != COMMAND_RUNNING || command->is_paused) {
		return;
	}
	if (command->is_drained) {
		finish(command, SSH_EXEC_NO_STATUS, "");
	} else if (command->socket < 0 && is_output_over(command)) {
		if (command->has_code) {
			finish(command, SSH_EXEC_EXITED, "");
		} else {
			probe(command);
		}
	}
}

static void on_stdout(void *arg, struct str bytes)
{
	struct ssh_program_command *command = arg;

	if (bytes.len > 0) {
		command->events.output(command->arg, SSH_STREAM_STDOUT, bytes);
	} else {
		settle(command);
	}
}

static void on_stderr(void *arg, struct str bytes)
{
	struct ssh_program_command *command = arg;

	if (bytes.len > 0) {
		command->events.output(command->arg, SSH_STREAM_STDERR, bytes);
	} else {
		settle(command);
	}
}

static void on_drained(void *arg)
{
	struct ssh_program_command *command = arg;

	command->is_drained = true;
	settle(command);
}

static void on_input_gone(void *arg)
{
	struct ssh_program_command *command = arg;

	if (command->events.wants_input) {
		command->events.wants_input(command->arg);
	}
}

/* --- what ssh says -------------------------------------------------------------------------- */

/* The session is there: now input means something. */
static void session_opened(struct ssh_program_command *command)
{
	struct termios modes;

	command->state = COMMAND_RUNNING;
	/* The modes of the local tty were those that the remote one got; from now on it hands on
	 * what it is given. */
	if (command->tty_fd >= 0) {
		if (tcgetattr(command->tty_fd, &modes) == 0) {
			cfmakeraw(&modes);
			(void)tcsetattr(command->tty_fd, TCSANOW, &modes);
		}
		command->writer = pipe_writer_new(command->login->program->loop,
			TAKE_FD(command->tty_fd), on_input_gone, command);
	}
	pipe_writer_send(command->writer, strbuf_str(&command->early));
	strbuf_clear(&command->early);
	if (command->is_input_over && !command->spec.wants_tty) {
		pipe_writer_end(command->writer);
	}
}

static void on_rested(void *arg)
{
	struct ssh_program_command *command = arg;

	command->state = COMMAND_WAITING;
	ssh_program_login_turn(command->login);
}

/*
 * The server takes no further session now, but will when one of the others is over.  One that was
 * there when this one was asked for may be so already; and a server may need a moment to notice
 * that the last one is.
 */
static bool may_wait(struct ssh_program_command *command)
{
	struct ssh_program_login *login = command->login;
	bool has_changed = command->sessions_ended != login->sessions_ended;
	size_t others = 0;

	for (struct ssh_program_command *other = login->first; other; other = other->next) {
		others += other != command && other->state != COMMAND_WAITING;
	}
	if (others == 0 && !has_changed &&
		(login->sessions_ended == 0 || command->rests == RESTS_MAX)) {
		return false;
	}
	release_streams(command);
	login->sessions_max = others > 0 ? others : 1;
	if (others > 0 || has_changed) {
		command->state = COMMAND_WAITING;
		ssh_program_login_turn(login);
	} else {
		command->state = COMMAND_RESTING;
		command->rest = timer_add(
			login->program->loop, REST_MS << command->rests++, on_rested, command);
	}
	return true;
}

/* One message; false if that was the last, or the command is gone. */
static bool hear(struct ssh_program_command *command, const struct ssh_mux_message *message)
{
	switch (message->type) {
	case SSH_MUX_OPENED:
		if (command->state == COMMAND_ASKING) {
			command->channel = message->code;
			session_opened(command);
		}
		return !ssh_program_command_check_refusal(command);
	case SSH_MUX_EXIT:
		command->has_code = true;
		command->exit_code = message->code;
		if (!command->drain) {
			command->drain = timer_add(command->login->program->loop,
				command->spec.drain_ms, on_drained, command);
		}
		return true;
	case SSH_MUX_ALIVE:
		finish(command, SSH_EXEC_NO_STATUS, "");
		return false;
	case SSH_MUX_FAILED:
		if (!may_wait(command)) {
			finish_refused(command, message->text);
		}
		return false;
	case SSH_MUX_NO_TTY: /* said of the channel, too */
	case SSH_MUX_HELLO:
	case SSH_MUX_UNEXPECTED:
		break;
	}
	return true;
}

static void socket_ended(struct ssh_program_command *command)
{
	socket_close(command);
	if (command->state == COMMAND_ASKING) {
		probe(command); /* for a session that never was */
	} else {
		settle(command); /* what probes waits for the end of the login */
	}
}

static void hear_all(struct ssh_program_command *command)
{
	for (;;) {
		struct ssh_mux_message message;

		switch (ssh_mux_find(strbuf_str(&command->answer), &message)) {
		case SSH_MUX_PARTIAL:
			return;
		case SSH_MUX_WRONG:
			finish_refused(command, str_of("ssh speaks another protocol to its own"));
			return;
		case SSH_MUX_WHOLE:
			break;
		}
		if (!hear(command, &message)) {
			return;
		}
		strbuf_remove(&command->answer, 0, message.size);
	}
}

static void socket_read(struct ssh_program_command *command)
{
	char bytes[4096];
	ssize_t n = read(command->socket, bytes, sizeof(bytes));

	if (n > 0) {
		strbuf_add(&command->answer, bytes, (size_t)n);
		hear_all(command);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		socket_ended(command);
	}
}

/* --- what it is told ------------------------------------------------------------------------ */

/* One descriptor with one byte, as it expects them. */
static int send_end(int socket_fd, int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char byte = 0;
	struct iovec bytes = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(socket_fd, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* -1 with errno set; EAGAIN: the rest of it later. */
static int send_some(struct ssh_program_command *command)
{
	while (command->request.len > 0) {
		ssize_t n = send(
			command->socket, command->request.buf, command->request.len, MSG_NOSIGNAL);

		if (n < 0) {
			return -1;
		}
		strbuf_remove(&command->request, 0, (size_t)n);
	}
	for (; command->ends_given < STREAMS && command->their_ends[0] >= 0;
		command->ends_given++) {
		if (send_end(command->socket, command->their_ends[command->ends_given]) < 0) {
			return -1;
		}
	}
	return 0;
}

static void socket_told(void *arg, unsigned events)
{
	struct ssh_program_command *command = arg;

	if ((events & IO_WRITE) && (command->request.len > 0 || command->their_ends[0] >= 0)) {
		if (send_some(command) == 0) {
			close_their_ends(command);
			io_set(command->io, IO_READ);
		} else if (errno != EAGAIN && errno != EINTR) {
			socket_ended(command);
			return;
		}
	}
	if (events & (IO_READ | IO_ERROR)) {
		socket_read(command);
	}
}

/* -1 with errno set. */
static int socket_open(struct ssh_program_command *command)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(command->login->control_path);

	assert(len < sizeof(address.sun_path));
	memcpy(address.sun_path, command->login->control_path, len + 1);
	command->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (command->socket < 0 ||
		connect(command->socket, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		return -1;
	}
	command->io = io_add(command->login->program->loop, command->socket, IO_READ | IO_WRITE,
		socket_told, command);
	ssh_mux_add_hello(&command->request);
	return 0;
}

static void probe(struct ssh_program_command *command)
{
	command->state = COMMAND_PROBING;
	socket_close(command);
	close_their_ends(command);
	if (socket_open(command) < 0) {
		socket_close(command);
		ssh_program_login_give_up(command->login);
		return;
	}
	ssh_mux_add_alive_check(&command->request);
}

/* --- pipes ---------------------------------------------------------------------------------- */

/* A pipe of which one end, by its index, is ours and does not block. */
static int pipe_open(int ours, int *ret_ours, int *ret_theirs)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0) {
		return -1;
	}
	*ret_ours = fds[ours];
	*ret_theirs = fds[!ours];
	return fcntl(fds[ours], F_SETFL, O_NONBLOCK);
}

/* A tty that ssh takes for the one that it is used at: it asks it for its size. */
static int tty_open(struct ssh_program_command *command)
{
	const struct ssh_exec_spec *spec = &command->spec;
	const struct winsize size = {
		.ws_col = (unsigned short)(spec->columns > 0 ? spec->columns : DEFAULT_COLUMNS),
		.ws_row = (unsigned short)(spec->rows > 0 ? spec->rows : DEFAULT_ROWS),
	};
	char name[64];

	command->tty_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (command->tty_fd < 0 || grantpt(command->tty_fd) < 0 || unlockpt(command->tty_fd) < 0 ||
		ptsname_r(command->tty_fd, name, sizeof(name)) != 0) {
		return -1;
	}
	command->their_ends[0] = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	command->keep_fd = fcntl(command->their_ends[0], F_DUPFD_CLOEXEC, 0);
	return command->keep_fd < 0 ? -1 : ioctl(command->tty_fd, TIOCSWINSZ, &size);
}

static int streams_open(struct ssh_program_command *command)
{
	struct loop *loop = command->login->program->loop;
	int fd = -1;

	if (pipe_open(0, &fd, &command->their_ends[1]) < 0) {
		closep(&fd);
		return -1;
	}
	command->out = pipe_reader_new(loop, fd, on_stdout, command);
	fd = -1;
	if (pipe_open(0, &fd, &command->their_ends[2]) < 0) {
		closep(&fd);
		return -1;
	}
	command->err = pipe_reader_new(loop, fd, on_stderr, command);
	fd = -1;
	if (command->spec.wants_tty) {
		return tty_open(command);
	}
	if (pipe_open(1, &fd, &command->their_ends[0]) < 0) {
		closep(&fd);
		return -1;
	}
	command->writer = pipe_writer_new(loop, fd, on_input_gone, command);
	return 0;
}

/* --- for the login -------------------------------------------------------------------------- */

struct ssh_program_command *ssh_program_command_next(const struct ssh_program_command *command)
{
	return command->next;
}

bool ssh_program_command_is_waiting(const struct ssh_program_command *command)
{
	return command->state == COMMAND_WAITING;
}

void ssh_program_command_begin(struct ssh_program_command *command)
{
	const struct ssh_mux_session session = {
		.command = command->spec.command,
		.is_subsystem = command->spec.is_subsystem,
		.wants_tty = command->spec.wants_tty,
		.terminal = "xterm",
		.environment = command->spec.environment,
	};

	command->state = COMMAND_ASKING;
	command->ends_given = 0;
	command->sessions_ended = command->login->sessions_ended;
	if (streams_open(command) < 0) {
		fail_later(command, "cannot make a pipe", errno);
		return;
	}
	pipe_reader_pause(command->out, command->is_paused);
	pipe_reader_pause(command->err, command->is_paused);
	if (socket_open(command) < 0) {
		socket_close(command);
		command->state = COMMAND_PROBING;
		ssh_program_login_give_up(command->login);
		return;
	}
	ssh_mux_add_session(&command->request, &session);
}

/* --- for users ------------------------------------------------------------------------------ */

struct ssh_program_command *ssh_program_command_start(struct ssh_program_login *login,
	const struct ssh_exec_spec *spec, const struct ssh_exec_events *events, void *arg)
{
	struct ssh_program_command *command = xcalloc(1, sizeof(*command));
	struct ssh_program_command **place = &login->first;

	assert(ssh_program_login_is_open(login));
	*command = (struct ssh_program_command){
		.login = login,
		.spec = *spec,
		.events = *events,
		.arg = arg,
		.socket = -1,
		.request = STRBUF_INIT,
		.answer = STRBUF_INIT_MAX(SSH_MUX_MAX + 4096),
		.their_ends = {-1, -1, -1},
		.early = STRBUF_INIT,
		.tty_fd = -1,
		.keep_fd = -1,
	};
	while (*place) {
		place = &(*place)->next;
	}
	*place = command;
	ssh_program_login_turn(login);
	return command;
}

void ssh_program_command_send(struct ssh_program_command *command, struct str bytes)
{
	if (command->is_input_over) {
		return;
	}
	if (command->state == COMMAND_RUNNING) {
		pipe_writer_send(command->writer, bytes);
	} else if (command->state != COMMAND_PROBING) {
		strbuf_addstr(&command->early, bytes);
	}
}

void ssh_program_command_end_input(struct ssh_program_command *command)
{
	command->is_input_over = true;
	/* A tty has no end of input; where it is closed, what it still holds is lost. */
	if (command->state == COMMAND_RUNNING && !command->spec.wants_tty) {
		pipe_writer_end(command->writer);
	}
}

size_t ssh_program_command_unsent(const struct ssh_program_command *command)
{
	return command->early.len + (command->writer ? pipe_writer_unsent(command->writer) : 0);
}

void ssh_program_command_pause(struct ssh_program_command *command, bool is_paused)
{
	command->is_paused = is_paused;
	if (command->out && command->err) {
		pipe_reader_pause(command->out, is_paused);
		pipe_reader_pause(command->err, is_paused);
	}
	if (!is_paused && command->is_drained) {
		command->is_drained = false; /* what was held back has the time now */
		timer_set(command->drain, command->spec.drain_ms);
	}
}

void ssh_program_command_free(struct ssh_program_command **command_ptr)
{
	struct ssh_program_command *command = TAKE(*command_ptr);

	if (!command || command->is_gone) {
		return;
	}
	command_unlink(command);
	ssh_program_login_turn(command->login);
	command_release(command);
	free(command);
}

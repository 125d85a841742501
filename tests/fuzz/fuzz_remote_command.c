/*
 * A command on a host that says and does anything, in any order, with its own secret; clocks and
 * users too.  It ends once, and nothing is used after it.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/time.h"
#include "fleet/remote_command.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* The channel, instead of the real one. */
struct ssh_command {
	struct ssh_exec_events events;
	void *arg;
	struct strbuf sent;
	const char *line;
	bool is_over;
};

static struct ssh_command channel;
static struct remote_command *command;
static bool has_started, has_ended;

/* --- what it stands on ---------------------------------------------------------------------- */

struct ssh_command *ssh_command_start(struct ssh_login *login, const struct ssh_exec_spec *spec,
	const struct ssh_exec_events *events, void *arg)
{
	(void)login;
	channel = (struct ssh_command){.events = *events,
		.arg = arg,
		.line = spec->command,
		.sent = STRBUF_INIT_MAX(1 << 20)};
	return &channel;
}

static void need(bool is_so)
{
	if (!is_so) {
		abort();
	}
}

void ssh_command_send(struct ssh_command *to, struct str bytes)
{
	need(!to->is_over);
	strbuf_addstr(&to->sent, bytes);
}

void ssh_command_pause(struct ssh_command *to, bool is_paused)
{
	(void)is_paused;
	need(!to->is_over);
}

void ssh_command_free(struct ssh_command **to_ptr)
{
	struct ssh_command *to = TAKE(*to_ptr);

	if (to) {
		need(!to->is_over);
		to->is_over = true;
	}
}

/* --- who is told ---------------------------------------------------------------------------- */

static void on_started(void *arg, int64_t pid)
{
	(void)arg;
	(void)pid;
	need(!has_started && !has_ended);
	has_started = true;
}

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	(void)arg;
	(void)stream;
	need(has_started && !has_ended && bytes.len > 0);
}

static void on_ended(void *arg, const struct remote_command_end *end)
{
	struct strbuf text = STRBUF_INIT;

	(void)arg;
	need(!has_ended);
	has_ended = true;
	command = NULL;
	outcome_add_text(&text, &end->outcome);
	strbuf_release(&text);
}

/* --- what happens --------------------------------------------------------------------------- */

static struct str take(struct str *rest, size_t len)
{
	struct str piece = str_sub(*rest, 0, len);

	*rest = str_sub(*rest, piece.len, rest->len);
	return piece;
}

static unsigned take_byte(struct str *rest)
{
	struct str piece = take(rest, 1);

	return piece.len > 0 ? (unsigned char)piece.ptr[0] : 0;
}

static void say(enum ssh_stream stream, struct str bytes)
{
	if (!channel.is_over && bytes.len > 0) {
		channel.events.output(channel.arg, stream, bytes);
	}
}

static void say_word(unsigned which, bool has_tty)
{
	static const char *const words[] = {"started 7\n", "taken\n", "closed\n", "nowhere\n",
		"exit 0\n", "exit 126\n", "signal TERM\n", "p", "r"};
	const char *word = words[which % ARRAY_LEN(words)];
	bool is_greeting = word[1] == '\0';
	const char *key = channel.is_over ? NULL
			  : is_greeting   ? strchr(channel.line, 0x1e)
					  : strstr(channel.sent.buf, "\n.\n\x1e");
	struct strbuf text = STRBUF_INIT;

	if (key) {
		strbuf_add(&text, strchr(key, 0x1e), SUPERVISOR_KEY_LEN);
		strbuf_adds(&text, word);
		say(has_tty ? SSH_STREAM_STDOUT : SSH_STREAM_STDERR, strbuf_str(&text));
	}
	strbuf_release(&text);
}

static void on_turn(void *arg)
{
	loop_stop(arg);
}

static void pass(struct loop *loop, int64_t ms)
{
	struct timer *timer;

	time_fake_advance(ms);
	timer = timer_add(loop, 0, on_turn, loop);
	(void)loop_run(loop, NULL);
	timer_free(&timer);
}

static void close_channel(unsigned how)
{
	static const enum ssh_exec_outcome outcomes[] = {SSH_EXEC_EXITED, SSH_EXEC_SIGNALED,
		SSH_EXEC_NO_STATUS, SSH_EXEC_REFUSED, SSH_EXEC_LOST};

	if (!channel.is_over) {
		channel.is_over = true;
		channel.events.ended(channel.arg,
			&(struct ssh_exec_end){.outcome = outcomes[how % ARRAY_LEN(outcomes)],
				.exit_code = how * 0x01010101U,
				.signal_name = "KILL",
				.was_left_open = how & 64,
				.text = "gone"});
	}
}

static void happen(struct loop *loop, struct str *rest, bool has_tty)
{
	unsigned what = take_byte(rest);

	switch (what % 9) {
	case 0:
		say(SSH_STREAM_STDOUT, take(rest, take_byte(rest)));
		break;
	case 1:
		say(SSH_STREAM_STDERR, take(rest, take_byte(rest)));
		break;
	case 2:
	case 3:
		say_word(what / 9, has_tty);
		break;
	case 4:
		pass(loop, what * (int64_t)50);
		break;
	case 5:
		remote_command_stop(command);
		break;
	case 6:
		remote_command_pause(command, what & 1);
		break;
	case 7:
		if (!channel.is_over) {
			channel.events.wants_input(channel.arg);
		}
		break;
	case 8:
		close_channel(take_byte(rest));
		break;
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const struct remote_command_events events = {on_started, on_output, on_ended};
	struct str rest = str_n((const char *)data, size);
	unsigned flags = take_byte(&rest);
	struct remote_command_spec spec = {
		.supervised = {.command = "true",
			.directory = flags & 1 ? "/x" : NULL,
			.has_input = flags & 2,
			.sudo = flags & 4   ? SUPERVISOR_SUDO_PASSWORD
				: flags & 8 ? SUPERVISOR_SUDO_QUIET
					    : SUPERVISOR_SUDO_NONE},
		.input = str_of("some\ninput"),
		.sudo_password = flags & 16 ? NULL : "pass",
		.wants_tty = flags & 32,
		.silence_ms = flags & 64 ? 3000 : 0,
		.total_ms = flags & 128 ? 9000 : 0,
	};
	struct loop *loop;

	time_fake(1000, 0);
	need(loop_new(&loop, NULL) == 0);
	has_started = false;
	has_ended = false;
	command = remote_command_start(loop, NULL, &spec, &events, NULL);
	while (command && rest.len > 0) {
		happen(loop, &rest, spec.wants_tty);
	}
	need(command || has_ended);
	remote_command_free(&command);
	need(channel.is_over);
	pass(loop, 1000000);
	strbuf_release(&channel.sent);
	loop_free(&loop);
	time_fake_end();
	return 0;
}

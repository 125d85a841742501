/*
 * sudo, a shell that says that it is there, the program.  See sudo_command.h.
 *
 * sudo's question and the word that the program begins come on standard error, marked with a random
 * word, so that nothing which a login prints is taken for one of them.
 */
#include "fleet/sudo_command.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "fleet/host_words.h"
#include "fleet/remote_judge.h"
#include "fleet/supervisor.h"

enum { SAID_MAX = 64 * 1024, DRAIN_MS = 500 };

struct sudo_command {
	struct ssh_command *command;
	struct supervisor_key key;
	const char *password;
	struct sudo_command_events events;
	void *arg;
	struct strbuf line; /* that the host is asked to execute */
	struct remote_facts facts;
	struct strbuf said[2]; /* before it began, by stream: not looked through yet, held back */
	bool was_asked;
	bool *was_freed; /* to be set when it goes */
};

static void destroy(struct sudo_command *sudo)
{
	if (sudo->was_freed) {
		*sudo->was_freed = true;
	}
	ssh_command_free(&sudo->command);
	host_words_release(&sudo->facts.words);
	strbuf_release(&sudo->line);
	strbuf_release(&sudo->said[SSH_STREAM_STDOUT]);
	strbuf_release(&sudo->said[SSH_STREAM_STDERR]);
	free(sudo);
}

void sudo_command_free(struct sudo_command **sudo_ptr)
{
	struct sudo_command *sudo = TAKE(*sudo_ptr);

	if (sudo) {
		destroy(sudo);
	}
}

static void refuse(
	struct sudo_command *sudo, struct remote_judgement judgement, const struct strbuf *message)
{
	const struct sudo_command_events events = sudo->events;
	void *arg = sudo->arg;

	destroy(sudo);
	judgement.outcome.message = message->len > 0 ? message->buf : NULL;
	events.refused(arg, &judgement.outcome);
}

static void refuse_sudo(struct sudo_command *sudo, const char *why)
{
	struct strbuf message = STRBUF_INIT;

	refuse(sudo, remote_judge_sudo(&sudo->facts, why, &message), &message);
	strbuf_release(&message);
}

/* --- before it begins ----------------------------------------------------------------------- */

/* One of our words on standard error: it goes, and what was said before it is somebody else's. */
static bool take_word(struct sudo_command *sudo, char word)
{
	struct strbuf *said = &sudo->said[SSH_STREAM_STDERR];
	char marker[SUPERVISOR_KEY_LEN + 2];
	struct str rest;
	const char *at;
	size_t len;

	memcpy(marker, sudo->key.greeting, SUPERVISOR_KEY_LEN);
	marker[SUPERVISOR_KEY_LEN] = word;
	marker[SUPERVISOR_KEY_LEN + 1] = '\0';
	at = said->len == 0 ? NULL : memmem(said->buf, said->len, marker, strlen(marker));
	if (!at) {
		return false;
	}
	len = (size_t)(at - said->buf);
	(void)host_words_add(&sudo->facts.words, SSH_STREAM_STDERR, str_n(said->buf, len));
	rest = str_sub(strbuf_str(said), len + strlen(marker), said->len);
	memmove(said->buf, rest.ptr, rest.len);
	strbuf_truncate(said, rest.len);
	return true;
}

static void answer(struct sudo_command *sudo)
{
	if (!sudo->password) {
		refuse_sudo(sudo, "sudo asks for a password, and there is none");
	} else if (sudo->was_asked) {
		refuse_sudo(sudo, "sudo refuses the password");
	} else {
		sudo->was_asked = true;
		/* Its lecture explains nothing. */
		host_words_forget(&sudo->facts.words, SSH_STREAM_STDERR);
		ssh_command_send(sudo->command, str_of(sudo->password));
		ssh_command_send(sudo->command, str_of("\n"));
	}
}

/* What came with the word, or before it on the other stream, is the program's. */
static void begin(struct sudo_command *sudo)
{
	static const enum ssh_stream streams[] = {SSH_STREAM_STDERR, SSH_STREAM_STDOUT};
	struct strbuf held[2] = {sudo->said[0], sudo->said[1]};
	bool was_freed = false;

	sudo->facts.has_started = true;
	sudo->said[0] = (struct strbuf)STRBUF_INIT;
	sudo->said[1] = (struct strbuf)STRBUF_INIT;
	sudo->was_freed = &was_freed;
	sudo->events.started(sudo->arg);
	for (size_t i = 0; i < 2 && !was_freed; i++) {
		if (held[streams[i]].len > 0) {
			sudo->events.output(sudo->arg, streams[i], strbuf_str(&held[streams[i]]));
		}
	}
	if (!was_freed) {
		sudo->was_freed = NULL;
	}
	strbuf_release(&held[0]);
	strbuf_release(&held[1]);
}

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct sudo_command *sudo = arg;

	if (sudo->facts.has_started) {
		sudo->events.output(sudo->arg, stream, bytes);
		return;
	}
	strbuf_addstr(&sudo->said[stream], bytes);
	if (stream != SSH_STREAM_STDERR) {
		return;
	}
	if (take_word(sudo, 'p')) {
		answer(sudo);
	} else if (take_word(sudo, 'r')) {
		begin(sudo);
	}
}

static void on_ended(void *arg, const struct ssh_exec_end *end)
{
	struct sudo_command *sudo = arg;
	const struct sudo_command_events events = sudo->events;
	struct strbuf message = STRBUF_INIT;

	sudo->command = NULL; /* gone after this */
	if (sudo->facts.has_started) {
		arg = sudo->arg;
		destroy(sudo);
		events.ended(arg, end);
		return;
	}
	(void)host_words_add(
		&sudo->facts.words, SSH_STREAM_STDERR, strbuf_str(&sudo->said[SSH_STREAM_STDERR]));
	refuse(sudo, remote_judge_closed(&sudo->facts, end, &message), &message);
	strbuf_release(&message);
}

/* --- for users ------------------------------------------------------------------------------ */

struct sudo_command *sudo_command_start(struct ssh_login *login, const char *program,
	const char *password, const struct sudo_command_events *events, void *arg)
{
	static const struct ssh_exec_events exec_events = {.output = on_output, .ended = on_ended};
	struct sudo_command *sudo = xcalloc(1, sizeof(*sudo));
	struct ssh_exec_spec spec = {.drain_ms = DRAIN_MS};

	*sudo = (struct sudo_command){
		.password = password,
		.events = *events,
		.arg = arg,
		.line = STRBUF_INIT,
		.facts = {.has_sudo = true},
		.said = {STRBUF_INIT_MAX(SAID_MAX), STRBUF_INIT_MAX(SAID_MAX)},
	};
	host_words_init(&sudo->facts.words);
	if (supervisor_key_init(&sudo->key, NULL) < 0) {
		abort(); /* so few bytes are never refused */
	}
	strbuf_adds(&sudo->line, "exec sudo ");
	if (password) {
		strbuf_addf(&sudo->line, "-S -p '%sp' ", sudo->key.greeting);
	} else {
		strbuf_adds(&sudo->line, "-n ");
	}
	strbuf_addf(&sudo->line, "-- /bin/sh -c 'printf %%s \"%sr\" >&2; %s'", sudo->key.greeting,
		program);
	spec.command = sudo->line.buf;
	sudo->command = ssh_command_start(login, &spec, &exec_events, sudo);
	return sudo;
}

void sudo_command_send(struct sudo_command *sudo, struct str bytes)
{
	ssh_command_send(sudo->command, bytes);
}

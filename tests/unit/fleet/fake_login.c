/*
 * See fake_login.h.
 */
#include "fleet/fake_login.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/supervisor.h"

static struct ssh_login *first;
static struct ssh_login **end = &first;
static struct ssh_command *commands; /* newest first */

static struct ssh_login *add_login(void)
{
	struct ssh_login *login = xcalloc(1, sizeof(*login));

	*end = login;
	end = &login->next;
	return login;
}

void fake_login_forget(void)
{
	assert_int_equal(fake_logins_alive(), 0);
	assert_int_equal(fake_commands_alive(), 0);
	while (commands) {
		struct ssh_command *command = commands;

		commands = command->next;
		strbuf_release(&command->sent);
		free(command->line);
		free(command);
	}
	while (first) {
		struct ssh_login *login = first;

		first = login->next;
		free(login);
	}
	end = &first;
}

struct ssh_login *fake_login(size_t i)
{
	struct ssh_login *login = first;

	for (; login && i > 0; i--) {
		login = login->next;
	}
	return login;
}

size_t fake_logins(void)
{
	size_t count = 0;

	for (const struct ssh_login *login = first; login; login = login->next) {
		count++;
	}
	return count;
}

size_t fake_logins_alive(void)
{
	size_t count = 0;

	for (const struct ssh_login *login = first; login; login = login->next) {
		count += !login->is_over;
	}
	return count;
}

size_t fake_commands_alive(void)
{
	size_t count = 0;

	for (const struct ssh_command *command = commands; command; command = command->next) {
		count += !command->is_over;
	}
	return count;
}

/* --- what the test does --------------------------------------------------------------------- */

struct ssh_login *fake_login_open(void)
{
	struct ssh_login *login = add_login();

	login->is_open = true;
	return login;
}

void fake_login_opened(struct ssh_login *login)
{
	assert_false(login->is_open || login->is_over);
	login->is_open = true;
	login->events.opened(login->arg);
}

void fake_login_ended(struct ssh_login *login, enum ssh_end_cause cause, const char *hop)
{
	const struct ssh_login_end told = {
		.cause = cause, .hop = hop, .text = "this is what happened"};

	assert_false(login->is_over);
	login->is_over = true;
	login->events.ended(login->arg, &told);
}

void fake_command_says(struct ssh_command *command, enum ssh_stream stream, struct str bytes)
{
	assert_false(command->is_over);
	command->events.output(command->arg, stream, bytes);
}

void fake_command_wants_input(struct ssh_command *command)
{
	assert_false(command->is_over);
	command->events.wants_input(command->arg);
}

void fake_command_ended(struct ssh_command *command, struct ssh_exec_end told)
{
	assert_false(command->is_over);
	command->is_over = true;
	told.signal_name = told.signal_name ? told.signal_name : "";
	told.text = told.text ? told.text : "";
	command->events.ended(command->arg, &told);
}

void fake_supervisor_says(struct ssh_command *command, const char *word)
{
	bool is_greeting = word[0] != '\0' && word[1] == '\0';
	const char *key =
		is_greeting ? strchr(command->line, 0x1e) : strstr(command->sent.buf, "\n.\n");
	struct strbuf text = STRBUF_INIT;

	assert_non_null(key);
	strbuf_add(&text, strchr(key, 0x1e), SUPERVISOR_KEY_LEN);
	strbuf_adds(&text, word);
	strbuf_adds(&text, is_greeting ? "" : "\n");
	fake_command_says(command, command->spec.wants_tty ? SSH_STREAM_STDOUT : SSH_STREAM_STDERR,
		strbuf_str(&text));
	strbuf_release(&text);
}

struct str fake_command_sent(struct ssh_command *command)
{
	struct str sent = str_sub(strbuf_str(&command->sent), command->seen, command->sent.len);

	command->seen = command->sent.len;
	return sent;
}

/* --- what it stands for --------------------------------------------------------------------- */

struct ssh_login *ssh_login_open(struct ssh_connector *connector, const struct ssh_login_spec *spec,
	const struct ssh_login_events *events, void *arg)
{
	struct ssh_login *login = add_login();

	(void)connector;
	login->spec = *spec;
	login->events = *events;
	login->arg = arg;
	return login;
}

void ssh_login_free(struct ssh_login **login_ptr)
{
	struct ssh_login *login = TAKE(*login_ptr);

	if (login) {
		assert_false(login->is_over);
		login->is_over = true;
		if (login->command) {
			login->command->is_over = true;
		}
	}
}

bool ssh_login_is_open(const struct ssh_login *login)
{
	return login->is_open;
}

enum ssh_transport ssh_login_transport(const struct ssh_login *login)
{
	assert_true(login->is_open);
	return SSH_TRANSPORT_OPENSSH;
}

void ssh_login_add_way(const struct ssh_login *login, struct strbuf *out)
{
	strbuf_addf(out, "%s:22 as me", login->spec.name);
}

void ssh_login_add_phase(const struct ssh_login *login, struct strbuf *out)
{
	strbuf_addf(out, "waiting for %s", login->spec.name);
}

struct ssh_command *ssh_command_start(struct ssh_login *login, const struct ssh_exec_spec *spec,
	const struct ssh_exec_events *events, void *arg)
{
	struct ssh_command *command = xcalloc(1, sizeof(*command));

	assert_true(login->is_open && !login->is_over);
	*command = (struct ssh_command){
		.next = commands,
		.login = login,
		.spec = *spec,
		.line = xstrdup(spec->command),
		.events = *events,
		.arg = arg,
		.sent = STRBUF_INIT,
	};
	commands = command;
	login->command = command;
	return command;
}

void ssh_command_send(struct ssh_command *command, struct str bytes)
{
	assert_false(command->is_over);
	strbuf_addstr(&command->sent, bytes);
}

void ssh_command_end_input(struct ssh_command *command)
{
	assert_false(command->is_over);
}

size_t ssh_command_unsent(const struct ssh_command *command)
{
	assert_false(command->is_over);
	return 0;
}

void ssh_command_pause(struct ssh_command *command, bool is_paused)
{
	assert_false(command->is_over);
	command->is_paused = is_paused;
}

void ssh_command_free(struct ssh_command **command_ptr)
{
	struct ssh_command *command = TAKE(*command_ptr);

	if (command) {
		assert_false(command->is_over);
		command->is_over = true;
	}
}

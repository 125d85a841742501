/*
 * What users hold: a login, and the commands on it.  See ssh_login.h.
 */
#include "net/ssh_login.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "net/ssh_login_internal.h"

struct ssh_login {
	struct ssh_connector *connector;
	struct ssh_link *link;
	struct ssh_login_events events;
	void *arg;
	struct ssh_command *commands;
	struct deferred *telling; /* that it is open, or has ended */
	bool has_ended;
	bool is_told; /* the user hears of its end right now */
	struct ssh_login_end end;
};

struct ssh_command {
	struct ssh_login *login; /* NULL: not in its list any more */
	struct ssh_command *next, *previous;
	/* One of them, but for one that could not start, as the login had ended; that is told. */
	struct ssh_exec *exec;
	struct ssh_program_command *program;
	struct deferred *telling;
	struct ssh_exec_events events;
	void *arg;
};

/* --- logins --------------------------------------------------------------------------------- */

/* Whatever the user frees while being told, connector included, nothing of it is used after. */
static void tell_end(void *arg)
{
	struct ssh_login *login = arg;

	login->telling = NULL;
	if (login->commands) { /* they are told first */
		login->telling = loop_defer(login->connector->loop, tell_end, login);
		return;
	}
	login->is_told = true;
	login->connector->logins--;
	login->events.ended(login->arg, &login->end);
	ssh_link_free(&login->link);
	free(login);
}

static void on_link_ended(void *arg, const struct ssh_login_end *end)
{
	struct ssh_login *login = arg;

	login->has_ended = true;
	login->end = *end;
	deferred_free(&login->telling);
	login->telling = loop_defer(login->connector->loop, tell_end, login);
}

static void on_link_opened(void *arg)
{
	struct ssh_login *login = arg;

	login->events.opened(login->arg);
}

static const struct ssh_link_events link_events = {
	.opened = on_link_opened,
	.ended = on_link_ended,
};

static void tell_opened(void *arg)
{
	struct ssh_login *login = arg;

	login->telling = NULL;
	login->events.opened(login->arg);
}

struct ssh_login *ssh_login_open(struct ssh_connector *connector, const struct ssh_login_spec *spec,
	const struct ssh_login_events *events, void *arg)
{
	struct ssh_login *login = xcalloc(1, sizeof(*login));

	*login = (struct ssh_login){.connector = connector, .events = *events, .arg = arg};
	connector->logins++;
	login->link = ssh_connector_take_kept(connector, spec);
	if (login->link) {
		login->link->events = &link_events;
		login->link->arg = login;
		login->telling = loop_defer(connector->loop, tell_opened, login);
	} else {
		login->link = ssh_link_new(connector,
			&(struct ssh_link_spec){.name = spec->name,
				.address = spec->address,
				.username = spec->username,
				.port = spec->port,
				.password = spec->password,
				.connect_timeout_ms = spec->connect_timeout_ms},
			&link_events, login);
	}
	return login;
}

void ssh_login_free(struct ssh_login **login_ptr)
{
	struct ssh_login *login = TAKE(*login_ptr);

	if (!login || login->is_told) {
		return;
	}
	while (login->commands) {
		struct ssh_command *command = login->commands;

		ssh_command_free(&command);
	}
	deferred_free(&login->telling);
	login->connector->logins--;
	ssh_connector_keep(login->connector, &login->link);
	free(login);
}

bool ssh_login_is_open(const struct ssh_login *login)
{
	return ssh_link_is_open(login->link);
}

enum ssh_transport ssh_login_transport(const struct ssh_login *login)
{
	return login->link->transport;
}

void ssh_login_add_way(const struct ssh_login *login, struct strbuf *out)
{
	const struct ssh_link *link = login->link;
	const struct ssh_settings *settings = link->settings;

	ssh_settings_add_target(settings, out);
	strbuf_addf(out, " as %s", settings->user);
	if (link->bastion) {
		strbuf_addf(out, " through %s", link->bastion->chain);
	} else if (settings->hops_count > 0) { /* the program ssh finds its way itself */
		strbuf_adds(out, " through ");
		ssh_bastion_add_chain(out, settings->hops, settings->hops_count);
	}
}

void ssh_login_add_phase(const struct ssh_login *login, struct strbuf *out)
{
	ssh_link_add_phase(login->link, out);
}

/* --- commands ------------------------------------------------------------------------------- */

static void unlink_command(struct ssh_command *command)
{
	*(command->previous ? &command->previous->next : &command->login->commands) = command->next;
	if (command->next) {
		command->next->previous = command->previous;
	}
	command->login = NULL;
}

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct ssh_command *command = arg;

	command->events.output(command->arg, stream, bytes);
}

static void on_wants_input(void *arg)
{
	struct ssh_command *command = arg;

	if (command->events.wants_input) {
		command->events.wants_input(command->arg);
	}
}

static void on_command_ended(void *arg, const struct ssh_exec_end *end)
{
	struct ssh_command *command = arg;
	const char *lost_text = command->login->link->lost_text;
	struct ssh_exec_end own = *end;

	if (own.outcome == SSH_EXEC_LOST && lost_text) {
		own.text = lost_text; /* the session does not know of its bastion */
	}
	command->exec = NULL;
	command->program = NULL;
	unlink_command(command);
	command->events.ended(command->arg, &own);
	free(command);
}

static void tell_lost(void *arg)
{
	struct ssh_command *command = arg;

	command->telling = NULL;
	on_command_ended(command, &(struct ssh_exec_end){.outcome = SSH_EXEC_LOST,
					  .signal_name = "",
					  .text = command->login->end.text});
}

struct ssh_command *ssh_command_start(struct ssh_login *login, const struct ssh_exec_spec *spec,
	const struct ssh_exec_events *events, void *arg)
{
	static const struct ssh_exec_events own = {
		.output = on_output, .wants_input = on_wants_input, .ended = on_command_ended};
	struct ssh_command *command = xcalloc(1, sizeof(*command));

	*command = (struct ssh_command){
		.login = login, .next = login->commands, .events = *events, .arg = arg};
	if (command->next) {
		command->next->previous = command;
	}
	login->commands = command;
	if (ssh_login_is_open(login) && login->link->program) {
		command->program =
			ssh_program_command_start(login->link->program, spec, &own, command);
	} else if (ssh_login_is_open(login)) {
		command->exec = ssh_exec_start(login->link->session, spec, &own, command);
	} else {
		assert(login->has_ended || login->link->state == SSH_LINK_OPEN); /* about to end */
		command->telling = loop_defer(login->connector->loop, tell_lost, command);
	}
	return command;
}

void ssh_command_send(struct ssh_command *command, struct str bytes)
{
	if (command->exec) {
		ssh_exec_send(command->exec, bytes);
	} else if (command->program) {
		ssh_program_command_send(command->program, bytes);
	}
}

void ssh_command_end_input(struct ssh_command *command)
{
	if (command->exec) {
		ssh_exec_end_input(command->exec);
	} else if (command->program) {
		ssh_program_command_end_input(command->program);
	}
}

size_t ssh_command_unsent(const struct ssh_command *command)
{
	if (command->program) {
		return ssh_program_command_unsent(command->program);
	}
	return command->exec ? ssh_exec_unsent(command->exec) : 0;
}

void ssh_command_pause(struct ssh_command *command, bool is_paused)
{
	if (command->exec) {
		ssh_exec_pause(command->exec, is_paused);
	} else if (command->program) {
		ssh_program_command_pause(command->program, is_paused);
	}
}

void ssh_command_free(struct ssh_command **command_ptr)
{
	struct ssh_command *command = TAKE(*command_ptr);

	if (!command || !command->login) {
		return; /* it has ended, and goes when that was told */
	}
	unlink_command(command);
	deferred_free(&command->telling);
	ssh_exec_free(&command->exec);
	ssh_program_command_free(&command->program);
	free(command);
}

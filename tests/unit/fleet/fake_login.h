/*
 * Logins for tests of what stands on net/ssh_login.h, without a network: nothing happens but what
 * the test says.  Linked instead of the real ones.
 */
#ifndef TESTS_UNIT_FLEET_FAKE_LOGIN_H
#define TESTS_UNIT_FLEET_FAKE_LOGIN_H

#include "net/ssh_login.h"

/* A login that was asked for, in the order of asking; stays until fake_login_forget(). */
struct ssh_login {
	struct ssh_login *next;
	struct ssh_login_spec spec;
	struct ssh_login_events events;
	void *arg;
	bool is_open, is_over;       /* over: given back, or told to have ended */
	struct ssh_command *command; /* the last that was started; NULL: none */
};

struct ssh_command {
	struct ssh_command *next; /* older */
	struct ssh_login *login;
	struct ssh_exec_spec spec;
	char *line; /* spec.command, kept */
	struct ssh_exec_events events;
	void *arg;
	struct strbuf sent; /* all of it */
	size_t seen;        /* of it, by fake_command_sent() */
	bool is_paused, is_over;
};

/* Begin anew; all must be over. */
void fake_login_forget(void);

struct ssh_login *fake_login(size_t i); /* NULL: so many were not asked for */
size_t fake_logins(void);
size_t fake_logins_alive(void); /* that are not over */
size_t fake_commands_alive(void);

struct ssh_login *fake_login_open(void);    /* one that is open already, of no owner */
void fake_login_opened(struct ssh_login *); /* tell it */
void fake_login_ended(struct ssh_login *, enum ssh_end_cause, const char *hop);

void fake_command_says(struct ssh_command *, enum ssh_stream, struct str bytes);
void fake_command_wants_input(struct ssh_command *);
void fake_command_ended(struct ssh_command *, struct ssh_exec_end);

/* What a supervisor would say, with the command's own key: "started 77", "exit 0".  With
 * "p" or "r" it is sudo's question, or that it is ready. */
void fake_supervisor_says(struct ssh_command *, const char *word);

/* What was sent since the last time; valid until more is. */
struct str fake_command_sent(struct ssh_command *);

#endif

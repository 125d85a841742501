/*
 * Logins to the servers of an ssh_fixture, by names of a configuration of the test, and what they
 * told.
 */
#ifndef TESTS_UNIT_SUPPORT_LOGIN_FIXTURE_H
#define TESTS_UNIT_SUPPORT_LOGIN_FIXTURE_H

#include "net/ssh_login.h"
#include "support/ssh_fixture.h"

/*
 * A block of a configuration: the server at the port, by this name, with more lines.  Write all of
 * them into a file, as ssh_connector_options.config_file.
 */
const char *login_fixture_host(
	struct ssh_fixture *, const char *name, uint16_t port, const char *lines);

/* A connector for hosts of such a text. */
struct ssh_connector *login_fixture_connector(
	struct ssh_fixture *, const char *config, const struct ssh_connector_options *);

/* A login and what it told. */
struct login_told {
	struct ssh_login *login; /* NULL: has ended */
	bool is_opened, has_ended;
	struct ssh_login_end end; /* texts in the fixture's arena */
	struct ssh_fixture *fixture;
	bool stops_loop;
	void (*then)(struct login_told *); /* at each of these; NULL: nothing */
};

void login_fixture_open(struct ssh_fixture *, struct ssh_connector *, const struct ssh_login_spec *,
	struct login_told *);
/* Until it is open, or has ended. */
void login_fixture_run(struct login_told *);
/* Both, by name; fails the test if it is not open then. */
void login_fixture_connect(
	struct ssh_fixture *, struct ssh_connector *, const char *name, struct login_told *);

/* A command to its end; `exec` of what it said stays NULL.  Release it with ssh_said_release(). */
void login_fixture_say(struct login_told *, const char *command, struct ssh_said *);

/* The same in two: start, then run to its end. */
struct ssh_command *login_fixture_start(
	struct login_told *, const char *command, struct ssh_said *);

#endif

/*
 * A loop, a client, keys, and real SSH servers on 127.0.0.1, with what sessions and commands said.
 *
 * Servers run as the user of the test, on ports of their own, and are gone with the fixture.
 */
#ifndef TESTS_UNIT_SUPPORT_SSH_FIXTURE_H
#define TESTS_UNIT_SUPPORT_SSH_FIXTURE_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "net/ssh_session.h"

enum { SSH_SERVERS_MAX = 4 };

struct ssh_fixture {
	struct loop *loop;
	struct resolver *resolver;
	struct ssh_client *client;
	struct arena *arena;
	char folder[40];
	const char *key;         /* of the user, which all servers take */
	const char *host_key;    /* of all servers */
	const char *known_hosts; /* has it for [127.0.0.1]:port of each server */
	const char *username;
	pid_t servers[SSH_SERVERS_MAX];
	size_t servers_count;
};

/* Setup and teardown for cmocka; *state is the fixture.  Each test has its own. */
int ssh_fixture_start(void **state);
int ssh_fixture_end(void **state);

/* Begin anew with a client that has read nothing. */
void ssh_fixture_forget(struct ssh_fixture *);

/* A file of the fixture's folder, by name; its path. */
const char *ssh_fixture_path(struct ssh_fixture *, const char *name);
const char *ssh_fixture_write(struct ssh_fixture *, const char *name, const char *text);

/* `ssh-keygen -t TYPE -N PASSPHRASE`; its path. */
const char *ssh_fixture_make_key(
	struct ssh_fixture *, const char *name, const char *type, const char *passphrase);
const char *ssh_fixture_public(struct ssh_fixture *, const char *key); /* "ssh-ed25519 AAAA..." */

/* Start sshd with more lines of sshd_config, or dropbear; its port.  The test is skipped where it
 * is not installed. */
uint16_t ssh_fixture_sshd(struct ssh_fixture *, const char *lines);
uint16_t ssh_fixture_dropbear(struct ssh_fixture *);
void ssh_fixture_stop_servers(struct ssh_fixture *);
uint16_t ssh_fixture_free_port(void);
pid_t ssh_fixture_spawn(struct ssh_fixture *, const char *const *argv);
void ssh_fixture_wait_for_port(struct ssh_fixture *, uint16_t port);
void ssh_fixture_know(struct ssh_fixture *, uint16_t port); /* its host key */

/* What a session needs to get in; lines as `ssh -G` has them are taken first. */
struct ssh_settings *ssh_fixture_settings(struct ssh_fixture *, uint16_t port, const char *lines);

/* A session and what it told. */
struct ssh_told {
	struct ssh_session *session; /* NULL: has ended */
	bool is_opened, has_ended;
	struct ssh_end end; /* its text in the fixture's arena */
	struct ssh_fixture *fixture;
	bool stops_loop; /* at each of these */
};

void ssh_fixture_open(struct ssh_fixture *, const struct ssh_session_spec *, struct ssh_told *told);
/* Until it is open, or has ended. */
void ssh_fixture_run(struct ssh_fixture *, struct ssh_told *told);
/* Both, with a session that must be open after it. */
void ssh_fixture_connect(struct ssh_fixture *, uint16_t port, struct ssh_told *told);

/* A command and what it told. */
struct ssh_said {
	struct ssh_exec *exec; /* NULL: has ended */
	bool has_ended;
	struct strbuf out, err; /* up to a megabyte of it */
	uint64_t out_bytes, err_bytes;
	uint64_t first_out_bytes; /* before the first of err */
	struct ssh_exec_end end;  /* texts in the arena */
	struct ssh_fixture *fixture;
	bool stops_loop;
};

void ssh_fixture_exec(struct ssh_fixture *, struct ssh_session *, const struct ssh_exec_spec *,
	struct ssh_said *);
/* To its end. */
void ssh_fixture_finish(struct ssh_fixture *, struct ssh_said *);
/* Both, of a command line; release it with ssh_said_release(). */
void ssh_fixture_say(
	struct ssh_fixture *, struct ssh_session *, const char *command, struct ssh_said *);
void ssh_said_release(struct ssh_said *);

/* Let the loop turn for a moment, until `is_so`; fails the test after ten seconds. */
void ssh_fixture_until(struct ssh_fixture *, bool (*is_so)(void *arg), void *arg);

size_t ssh_fixture_open_files(void); /* descriptors of this process */

#endif

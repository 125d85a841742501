/*
 * A client of SFTP for tests: before OpenSSH's own server, over a socket pair, or before a test
 * that answers by hand.
 */
#ifndef TESTS_UNIT_NET_SFTP_FIXTURE_H
#define TESTS_UNIT_NET_SFTP_FIXTURE_H

#include <sys/types.h>

#include <stdbool.h>

#include "base/strbuf.h"
#include "net/sftp_client.h"

/* An answer, kept. */
struct sftp_told {
	int count; /* how many came */
	enum sftp_status status;
	char text[400];
	struct sftp_file *file;
	struct strbuf data; /* of read; of names: each with a newline */
	struct sftp_attributes attributes;
	struct sftp_space space;
};

struct sftp_fixture {
	struct sftp_client *client;
	struct strbuf said; /* by the client, and not sent yet */
	bool is_ready;
	char broken[400]; /* "": it is not */
	pid_t pid;
	int fd; /* -1: no server */
	char folder[64];
};

/* Before a server that the test plays; `greets`: it has said hello, with all extensions. */
void sftp_fixture_play(struct sftp_fixture *, bool greets);
/* Before OpenSSH's in a new empty folder, which is the current one meanwhile; false: it is not
 * installed. */
bool sftp_fixture_serve(struct sftp_fixture *);
void sftp_fixture_stop(struct sftp_fixture *);

/* What keeps an answer; clear it with sftp_told_release(). */
struct sftp_then sftp_tell(struct sftp_told *);
void sftp_told_release(struct sftp_told *);

/* Carry bytes until `*flag` is not 0; fails the test after twenty seconds. */
void sftp_fixture_until(struct sftp_fixture *, const int *flag);
/* The same for one answer, which must have this status. */
void sftp_fixture_expect(struct sftp_fixture *, struct sftp_told *, enum sftp_status);

/* Send a message (without its length) as the server. */
void sftp_fixture_answer(struct sftp_fixture *, struct str message);
/* Messages that begin with their type and the number of a request. */
void sftp_answer_begin(struct strbuf *out, enum sftp_type, uint32_t id);
void sftp_answer_status(struct strbuf *out, uint32_t id, uint32_t status, const char *text);

/* The number of the next request that the client has said and nobody has taken, its type and its
 * fields; false: there is none. */
bool sftp_fixture_take(
	struct sftp_fixture *, uint32_t *ret_id, enum sftp_type *ret_type, struct strbuf *fields);

#endif

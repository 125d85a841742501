/*
 * A loop, a name server, an SMTP client, and copies of its results.
 *
 * mail.example is 127.0.0.1, refused.example 127.0.0.2, where nothing listens, silent.example is
 * never answered about, missing.example is nothing.
 */
#ifndef TESTS_UNIT_SUPPORT_SMTP_FIXTURE_H
#define TESTS_UNIT_SUPPORT_SMTP_FIXTURE_H

#include "net/smtp_client.h"
#include "support/dns_server.h"
#include "support/smtp_server.h"

struct smtp_fixture {
	struct loop *loop;
	struct dns_server *names;
	struct resolver *resolver;
	struct smtp_client *client;
	struct arena *arena;
	char folder[32];
	const char *ca_file; /* of `root` */
	struct made_certificate root;
	struct made_certificate good; /* of mail.example and 127.0.0.1, signed by it */
};

/* What a result was; everything in the fixture's arena. */
struct smtp_answer {
	struct smtp_fixture *fixture;
	bool is_done;
	struct smtp_result result; /* chain is NULL */
};

/* Setup and teardown for cmocka; *state is the fixture. */
int smtp_fixture_start(void **state);
int smtp_fixture_end(void **state);

/* "scheme://host:port", the port being the server's. */
const struct url *smtp_fixture_url(
	struct smtp_fixture *, const char *scheme, const char *host, const struct smtp_server *);

/* What is missing in a request: sender, recipient, message, time. */
void smtp_fixture_complete(struct smtp_request *);

/* One exchange from start to end, with what is missing in the request. */
struct smtp_answer smtp_fixture_run(struct smtp_fixture *, struct smtp_request);

/* Begin only; the request must stay. */
struct smtp_exchange *smtp_fixture_begin(
	struct smtp_fixture *, const struct smtp_request *, struct smtp_answer *answer);

/* Let the loop run until the server has heard `line`. */
void smtp_fixture_wait_for_line(
	struct smtp_fixture *, const struct smtp_server *, const char *line);

/* Let the loop run until the exchange is doing this (part of a phase). */
void smtp_fixture_wait_for_phase(
	struct smtp_fixture *, const struct smtp_exchange *, const char *phase);

void smtp_fixture_wait(struct smtp_fixture *); /* a moment */

/* Let the loop run to its end, `ms` from now. */
void smtp_fixture_jump(struct smtp_fixture *, int64_t ms);

#endif

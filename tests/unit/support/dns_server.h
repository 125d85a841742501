/*
 * A name server on the loop, over UDP and TCP on one port of 127.0.0.1, good or bad as one likes.
 */
#ifndef TESTS_UNIT_SUPPORT_DNS_SERVER_H
#define TESTS_UNIT_SUPPORT_DNS_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

enum dns_behaviour {
	DNS_ANSWER,
	DNS_SERVFAIL,
	DNS_REFUSED,
	DNS_SILENCE,
	DNS_SLOW,      /* answers after delay_ms */
	DNS_JUNK,      /* bytes that are no message, then the answer */
	DNS_EMPTY,     /* an empty datagram, then the answer */
	DNS_WRONG_ID,  /* an answer to another question, then the right one */
	DNS_BROKEN,    /* the right header, then nonsense */
	DNS_TRUNCATED, /* sends the asker to TCP */
};

struct dns_rule {
	const char *name; /* "*": any.  A name without a rule does not exist. */
	enum dns_behaviour behaviour;
	const char *ipv4; /* addresses separated by spaces; NULL: none */
	const char *ipv6;
	int delay_ms;
};

struct dns_server;

/* `rules` end with a NULL name and are borrowed.  Aborts if it cannot be. */
struct dns_server *dns_server_new(struct loop *, const struct dns_rule *rules);
void dns_server_free(struct dns_server **);
uint16_t dns_server_port(const struct dns_server *);
size_t dns_server_questions(const struct dns_server *);  /* asked so far */
size_t dns_server_ports_seen(const struct dns_server *); /* different ones, of those who asked */

#endif

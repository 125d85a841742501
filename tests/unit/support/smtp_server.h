/*
 * An SMTP server on the loop, good or bad as one likes, in the clear, over TLS or with STARTTLS.
 *
 * Each line that comes is looked up in the rules, then in its own good manners.
 */
#ifndef TESTS_UNIT_SUPPORT_SMTP_SERVER_H
#define TESTS_UNIT_SUPPORT_SMTP_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "support/certificate_maker.h"

enum smtp_act {
	SMTP_SAY,
	SMTP_SAY_CLOSE,
	SMTP_SAY_RESET,
	SMTP_SAY_HANG, /* and read nothing any more */
	SMTP_DRIP,     /* a byte at a time */
	SMTP_SAY_TLS,  /* and go on with a handshake, as after STARTTLS */
};

struct smtp_rule {
	/* What a line begins with; "CONNECT": there is a connection; "|...": a line of a message;
	 * ".": its end.  NULL ends the rules. */
	const char *line;
	enum smtp_act act;
	const char *reply; /* "\r\n" follows, unless it is "" */
};

struct smtp_server_options {
	const struct smtp_rule *rules;              /* NULL: none; borrowed */
	const struct made_certificate *certificate; /* NULL: no TLS; borrowed */
	bool is_tls_from_start;
	/* Offered in answer to EHLO: "250-..." lines with their ends; NULL: what it can. */
	const char *offer;
};

struct smtp_server;

/* On a free port of 127.0.0.1.  Aborts if it cannot be. */
struct smtp_server *smtp_server_new(struct loop *, const struct smtp_server_options *);
void smtp_server_free(struct smtp_server **);
uint16_t smtp_server_port(const struct smtp_server *);

/* All lines outside of messages, over all connections, each with "\n"; a handshake is "(TLS)". */
const char *smtp_server_lines(const struct smtp_server *);

/* The lines of the last message, as they came, dots and all, without the end; "" while none was
 * whole. */
const char *smtp_server_message(const struct smtp_server *);
size_t smtp_server_messages(const struct smtp_server *);

#endif

/*
 * A server on the loop that does what a script says, to test clients with peers of every manner.
 *
 * It listens on a port of its own and never keeps the loop running.
 */
#ifndef TESTS_UNIT_SUPPORT_TCP_SCRIPT_H
#define TESTS_UNIT_SUPPORT_TCP_SCRIPT_H

#include "base/strbuf.h"
#include "loop/loop.h"
#include "net/address.h"

enum tcp_script_act {
	SCRIPT_END, /* of the connection, which is closed */
	SCRIPT_SEND,
	SCRIPT_TRICKLE, /* a byte in each turn of the loop */
	SCRIPT_WAIT,    /* until the text has come */
	SCRIPT_PAUSE,   /* a few turns of the loop, so that what was sent travels by itself */
	SCRIPT_FLOOD,   /* send the text over and over, until the peer goes */
	SCRIPT_RESET,
	SCRIPT_HANG, /* say nothing any more, read nothing */
};

struct tcp_script_step {
	enum tcp_script_act act;
	const char *text; /* of SEND, TRICKLE, WAIT, FLOOD */
};

struct tcp_script;

/* Every connection follows `steps`, which end with SCRIPT_END, RESET, FLOOD or HANG; borrowed. NULL
 * if the address cannot be listened on. */
struct tcp_script *tcp_script_new(
	struct loop *, const char *ip, const struct tcp_script_step *steps);
void tcp_script_free(struct tcp_script **);
uint16_t tcp_script_port(const struct tcp_script *);

/* What came so far, over all connections; where the last one is from. */
const struct strbuf *tcp_script_received(const struct tcp_script *);
struct address tcp_script_peer(const struct tcp_script *);

#endif

/*
 * How many handshakes may be under way with one server at a time: as many as it bears.
 *
 * sshd drops connections that are not logged in yet, at random from the tenth on and all from the
 * hundredth (MaxStartups 10:30:100); through a bastion that is soon reached.  So each next hop has
 * a window that grows by one for each windowful of handshakes that went through, and is halved when
 * one is dropped; after a drop there is a pause, longer with each in a row, as newer servers shut
 * out who keeps coming (PerSourcePenalties).
 */
#ifndef NET_SSH_LIMITER_H
#define NET_SSH_LIMITER_H

#include <stdint.h>

#include "loop/loop.h"

struct ssh_limiter;
struct ssh_ticket;

struct ssh_limiter_options {
	int window_first;     /* 0: 8 */
	int window_max;       /* 0: 64 */
	int64_t pause_ms;     /* after a first drop; 0: 250 */
	int64_t pause_max_ms; /* 0: 16 s */
	uint64_t seed;        /* of the jitter; 0: random */
};

/* New; free with ssh_limiter_free() when no ticket is out.  NULL options are all defaults. */
struct ssh_limiter *ssh_limiter_new(struct loop *, const struct ssh_limiter_options *);
void ssh_limiter_free(struct ssh_limiter **);

/*
 * Ask to begin a handshake with `hop` ("bastion:22"; copied).  `go` is called once, when it may
 * begin, never before this returns; in the order of asking.  `attempt` counts from 0; who tries
 * again waits before that, longer each time, and never two for the same time.
 */
struct ssh_ticket *ssh_limiter_ask(
	struct ssh_limiter *, const char *hop, int attempt, loop_fn *go, void *arg);

enum ssh_ticket_end {
	SSH_TICKET_PASSED,  /* the server let us begin to log in, whatever came of it */
	SSH_TICKET_DROPPED, /* it closed the connection before that */
	SSH_TICKET_NEITHER, /* says nothing about the server: taken back, no name, no route */
};

/* The handshake is over, or was not begun.  The ticket is gone. */
void ssh_ticket_end(struct ssh_ticket **, enum ssh_ticket_end);

/* How many may be under way now. */
int ssh_limiter_window(const struct ssh_limiter *, const char *hop);

#endif

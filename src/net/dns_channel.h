/*
 * One c-ares channel on the loop: questions that share sockets, and so source ports.
 *
 * For dns_pool.c, which has many of them.
 */
#ifndef NET_DNS_CHANNEL_H
#define NET_DNS_CHANNEL_H

#include <ares.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"
#include "net/address.h"

struct dns_channel;

/* How all channels of a resolver ask; borrowed. */
struct dns_settings {
	const struct address *servers; /* none: those of resolv.conf */
	size_t servers_count;
	int try_timeout_ms;
	int tries;
};

struct dns_answer {
	int status; /* ARES_SUCCESS, or why not */
	int rcode;  /* of the datagram that decided it; -1: none did */
	int error;  /* errno of the last system call that failed for it; 0: none did */
	const struct ares_addrinfo_node *nodes; /* valid during the call */
};

/* Comes from deep inside c-ares: copy it and do nothing else there. */
typedef void dns_answer_fn(void *arg, const struct dns_answer *);

/* Nothing is pending any more.  May come from deep inside c-ares: take note and do nothing else. */
typedef void dns_idle_fn(void *arg);

int dns_channel_new(struct loop *, const struct dns_settings *, dns_idle_fn *, void *idle_arg,
	struct dns_channel **ret_channel, struct err *);

/* Ends what is pending with ARES_EDESTRUCTION.  Not from inside a callback. */
void dns_channel_free(struct dns_channel **);

/* Ask for the addresses of `name`.  The answer may come before this returns (from the hosts file).
 */
void dns_channel_ask(
	struct dns_channel *, const char *name, enum address_family, dns_answer_fn *, void *arg);

/* End what is pending with ARES_ECANCELLED.  Not from inside a callback. */
void dns_channel_cancel(struct dns_channel *);

size_t dns_channel_pending(const struct dns_channel *);

#endif

/*
 * Name lookup without blocking: c-ares on the loop.
 *
 * Reads /etc/hosts and resolv.conf like the system's resolver does, also when they change.  A slow
 * name delays nobody else.  Lookups of the same name and family that run at the same time share one
 * query; nothing is cached after that, because a check must see what the name servers say now.
 */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"
#include "net/address.h"

struct resolver;
struct lookup;

struct resolver_options {
	const char *servers;    /* "127.0.0.1:5353,[::1]:53"; NULL: those of resolv.conf */
	int64_t try_timeout_ms; /* of the first try at one server, doubled each round; 0: 2000 */
	int tries;              /* at each server; 0: 3 */
};

enum lookup_status {
	LOOKUP_OK,
	LOOKUP_NOT_FOUND, /* NXDOMAIN, or no address of that family */
	LOOKUP_TIMEOUT,
	LOOKUP_SERVER_FAILURE, /* SERVFAIL, REFUSED, garbage, no name server reachable */
	LOOKUP_BAD_NAME,
};

enum { LOOKUP_ADDRESSES_MAX = 64 }; /* more are ignored */

struct lookup_result {
	enum lookup_status status;
	const char *text; /* why it failed, for people; "" when it did not; valid in the callback */
	const struct address
		*addresses; /* unique, in the resolver's order; valid in the callback */
	size_t addresses_count;
	int64_t duration_us;
};

typedef void lookup_fn(void *arg, const struct lookup_result *);

/* New; free with resolver_free().  ERR_INPUT if options->servers is no list of addresses; NULL
 * options are all defaults. */
int resolver_new(struct loop *, const struct resolver_options *, struct resolver **ret_resolver,
	struct err *);
void resolver_free(struct resolver **); /* lookups must have been freed or have ended */

/*
 * `host` is a name or an address (answered without a query, but never before this returns).
 * `done` is called once; the lookup is gone after it.  timeout_ms 0: the caller has a deadline of
 * its own, and calls lookup_free().
 */
struct lookup *resolver_lookup(struct resolver *, const char *host, uint16_t port,
	enum address_family, int64_t timeout_ms, lookup_fn *done, void *arg);
void lookup_free(struct lookup **); /* forget it; `done` is not called */

#endif

/*
 * A TCP connection: look the name up, then try its addresses until one answers.
 *
 * An address that does not answer keeps the others waiting for a moment only: the next one is tried
 * beside it, and the first that answers wins (RFC 8305).
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "net/address.h"
#include "net/resolver.h"

struct dial;

/* `host` is borrowed until the dial has ended. */
struct dial_spec {
	const char *host;
	uint16_t port;
	enum address_family family;
	const struct address *only;   /* try just this address; no lookup */
	const struct address *source; /* bind to it first; NULL: the kernel chooses */
	int64_t timeout_ms;           /* for all of it; > 0 */
};

enum dial_status {
	DIAL_OK,
	DIAL_DNS_FAILED, /* lookup_status and text tell how */
	DIAL_REFUSED,
	DIAL_UNREACHABLE, /* host or network, no route, no such source address */
	DIAL_TIMEOUT,     /* of the lookup (lookup_status is LOOKUP_TIMEOUT) or of connecting */
	DIAL_RESET,
	DIAL_ERROR, /* anything else, mostly on our side; error has the errno */
};

struct dial_result {
	enum dial_status status;
	int fd;                 /* DIAL_OK: connected, non-blocking, TCP_NODELAY, yours */
	int error;              /* errno of the failure at `address` */
	struct address address; /* connected to, or the one that failed in the most telling way;
				 * sa_len 0: none was tried */
	size_t addresses_tried;
	enum lookup_status lookup_status;
	const char *text; /* why it failed, for people: "connection refused by 192.0.2.1:80"; ""
			   * when it did not; valid in the callback */
	int64_t lookup_us, connect_us;
};

typedef void dial_fn(void *arg, const struct dial_result *);

/* `done` is called once, never before this returns; the dial is gone after it. */
struct dial *dial_start(
	struct loop *, struct resolver *, const struct dial_spec *, dial_fn *done, void *arg);

/*
 * What it is doing right now, for a message about a deadline: "looking up 'x'", "connecting to
 * 192.0.2.1:80".
 */
void dial_add_phase(const struct dial *, struct strbuf *out);

/* The address it is connecting to; sa_len 0: none yet. */
struct address dial_address(const struct dial *);

void dial_free(struct dial **); /* `done` is not called */

#endif

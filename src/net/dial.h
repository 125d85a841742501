/*
 * A TCP connection: look the name up, then try its addresses until one answers.
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "net/address.h"
#include "net/resolver.h"

struct dial;

struct dial_spec {
	const char *host;
	uint16_t port;
	enum address_family family;
	const struct address *only;   /* try just this address; no lookup */
	const struct address *source; /* bind to it first; NULL: the kernel chooses */
	int64_t timeout_ms;           /* for all of it */
};

enum dial_status {
	DIAL_OK,
	DIAL_DNS_FAILED, /* lookup tells how */
	DIAL_REFUSED,
	DIAL_UNREACHABLE, /* host or network, no route, no such source address */
	DIAL_TIMEOUT,     /* of the lookup or of connecting: see lookup.status */
	DIAL_RESET,
	DIAL_ERROR, /* anything else; error has the errno */
};

struct dial_result {
	enum dial_status status;
	int fd;                 /* DIAL_OK: connected, non-blocking, yours */
	int error;              /* errno of the last address tried */
	struct address address; /* connected to, or tried last; sa_len 0: none was */
	size_t addresses_tried;
	enum lookup_status lookup_status;
	const char *text; /* why it failed, for people: "connection refused by 192.0.2.1:80"; valid
			     in the callback */
	int64_t lookup_us, connect_us;
};

typedef void dial_fn(void *arg, const struct dial_result *);

/* `done` is called once, never before this returns. */
struct dial *dial_start(
	struct loop *, struct resolver *, const struct dial_spec *, dial_fn *done, void *arg);
/* What it is doing right now, for a message about a deadline: "looking up 'x'", "connecting to
 * 192.0.2.1:80". */
void dial_add_phase(const struct dial *, struct strbuf *out);
void dial_free(struct dial **); /* `done` is not called */

#endif

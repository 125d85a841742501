/*
 * A network address with its port, as text and as the kernel wants it.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>

#include <netinet/in.h>

#include "base/str.h"
#include "base/strbuf.h"

enum address_family {
	ADDRESS_ANY, /* in the order the resolver gives */
	ADDRESS_IPV4,
	ADDRESS_IPV6,
};

struct address {
	union {
		struct sockaddr any; /* what the kernel's calls take, with sa_len */
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} sa;
	socklen_t sa_len; /* 0: no address */
};

/*
 * "192.0.2.1", "2001:db8::1", "[2001:db8::1]" or "fe80::1%eth0"; not a name, and none of the old
 * short forms ("127.1").  False if it is none.
 */
bool address_parse(struct str text, uint16_t port, struct address *ret_address);

/* From what the kernel or a library gave; false if it is neither IPv4 nor IPv6. */
bool address_from_sockaddr(const struct sockaddr *, struct address *ret_address);

void address_set_port(struct address *, uint16_t port);
uint16_t address_port(const struct address *);
enum address_family address_family_of(const struct address *);
bool address_eq(const struct address *, const struct address *); /* port included */
bool address_is_loopback(const struct address *);                /* it never leaves this machine */

void address_add_ip(const struct address *, struct strbuf *out);      /* "2001:db8::1" */
void address_add_ip_port(const struct address *, struct strbuf *out); /* "[2001:db8::1]:443" */

#endif

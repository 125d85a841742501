/*
 * A network address with its port, as text and as the kernel wants it.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"

enum address_family {
	ADDRESS_ANY, /* in the order the resolver gives */
	ADDRESS_IPV4,
	ADDRESS_IPV6,
};

struct address {
	struct sockaddr_storage sa;
	socklen_t sa_len;
};

/* "192.0.2.1", "2001:db8::1" or "[2001:db8::1]"; not a name.  False if it is none. */
bool address_parse(struct str text, uint16_t port, struct address *ret_address);

void address_set_port(struct address *, uint16_t port);
uint16_t address_port(const struct address *);
enum address_family address_family_of(const struct address *);
void address_add_ip(const struct address *, struct strbuf *out);      /* "2001:db8::1" */
void address_add_ip_port(const struct address *, struct strbuf *out); /* "[2001:db8::1]:443" */

#endif

/*
 * Addresses between text and sockaddr.  See address.h.
 *
 * The zone of a link-local address ("%eth0") is kept as an interface index, and written with the
 * interface's name while it has one.
 */
#include "net/address.h"

#include <assert.h>
#include <string.h>

#include <arpa/inet.h>
#include <net/if.h>

#include "base/parse.h"

static bool parse_ipv4(const char *text, uint16_t port, struct address *address)
{
	struct in_addr ip;

	if (inet_pton(AF_INET, text, &ip) != 1) {
		return false;
	}
	*address = (struct address){
		.sa.ipv4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = ip},
		.sa_len = sizeof(struct sockaddr_in),
	};
	return true;
}

/* An interface by name or number. */
static bool parse_zone(struct str text, uint32_t *ret_index)
{
	char name[IF_NAMESIZE];
	int64_t number;

	if (text.len == 0 || text.len >= sizeof(name)) {
		return false;
	}
	memcpy(name, text.ptr, text.len);
	name[text.len] = '\0';
	*ret_index = if_nametoindex(name);
	if (*ret_index != 0) {
		return true;
	}
	if (parse_int(text, 1, UINT32_MAX, &number, NULL) < 0) {
		return false;
	}
	*ret_index = (uint32_t)number;
	return true;
}

static bool parse_ipv6(const char *text, struct str zone, uint16_t port, struct address *address)
{
	struct in6_addr ip;
	uint32_t scope = 0;

	if (inet_pton(AF_INET6, text, &ip) != 1 || (zone.ptr && !parse_zone(zone, &scope))) {
		return false;
	}
	*address = (struct address){
		.sa.ipv6 = {.sin6_family = AF_INET6,
			.sin6_port = htons(port),
			.sin6_addr = ip,
			.sin6_scope_id = scope},
		.sa_len = sizeof(struct sockaddr_in6),
	};
	return true;
}

bool address_parse(struct str text, uint16_t port, struct address *ret_address)
{
	bool is_bracketed = text.len >= 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']';
	struct str zone = {0};
	struct str ip = is_bracketed ? str_sub(text, 1, text.len - 2) : text;
	size_t percent = str_find(ip, '%', 0);
	char buf[INET6_ADDRSTRLEN];

	if (percent < ip.len) {
		zone = str_sub(ip, percent + 1, ip.len);
		ip = str_sub(ip, 0, percent);
	}
	if (ip.len >= sizeof(buf) || memchr(ip.ptr, '\0', ip.len)) {
		return false;
	}
	memcpy(buf, ip.ptr, ip.len);
	buf[ip.len] = '\0';
	if (!is_bracketed && !zone.ptr && parse_ipv4(buf, port, ret_address)) {
		return true;
	}
	return parse_ipv6(buf, zone, port, ret_address);
}

bool address_from_sockaddr(const struct sockaddr *sa, struct address *ret_address)
{
	struct address address = {0};

	if (sa->sa_family == AF_INET) {
		address.sa_len = sizeof(address.sa.ipv4);
	} else if (sa->sa_family == AF_INET6) {
		address.sa_len = sizeof(address.sa.ipv6);
	} else {
		return false;
	}
	memcpy(&address.sa, sa, address.sa_len);
	*ret_address = address;
	return true;
}

void address_set_port(struct address *address, uint16_t port)
{
	if (address->sa.any.sa_family == AF_INET) {
		address->sa.ipv4.sin_port = htons(port);
	} else {
		address->sa.ipv6.sin6_port = htons(port);
	}
}

uint16_t address_port(const struct address *address)
{
	return ntohs(address->sa.any.sa_family == AF_INET ? address->sa.ipv4.sin_port
							  : address->sa.ipv6.sin6_port);
}

enum address_family address_family_of(const struct address *address)
{
	return address->sa.any.sa_family == AF_INET ? ADDRESS_IPV4 : ADDRESS_IPV6;
}

bool address_eq(const struct address *a, const struct address *b)
{
	if (a->sa.any.sa_family != b->sa.any.sa_family || address_port(a) != address_port(b)) {
		return false;
	}
	if (a->sa.any.sa_family == AF_INET) {
		return a->sa.ipv4.sin_addr.s_addr == b->sa.ipv4.sin_addr.s_addr;
	}
	return a->sa.ipv6.sin6_scope_id == b->sa.ipv6.sin6_scope_id &&
	       memcmp(&a->sa.ipv6.sin6_addr, &b->sa.ipv6.sin6_addr, sizeof(struct in6_addr)) == 0;
}

bool address_is_loopback(const struct address *address)
{
	enum { LOOPBACK_NET = 127 };
	const struct in6_addr *ipv6 = &address->sa.ipv6.sin6_addr;

	if (address->sa.any.sa_family == AF_INET) {
		return ntohl(address->sa.ipv4.sin_addr.s_addr) >> 24 == LOOPBACK_NET;
	}
	return IN6_IS_ADDR_LOOPBACK(ipv6) ||
	       (IN6_IS_ADDR_V4MAPPED(ipv6) && ipv6->s6_addr[12] == LOOPBACK_NET);
}

void address_add_ip(const struct address *address, struct strbuf *out)
{
	char ip[INET6_ADDRSTRLEN];
	char zone[IF_NAMESIZE];
	uint32_t scope;

	if (address->sa.any.sa_family == AF_INET) {
		strbuf_adds(out, inet_ntop(AF_INET, &address->sa.ipv4.sin_addr, ip, sizeof(ip)));
		return;
	}
	assert(address->sa.any.sa_family == AF_INET6);
	strbuf_adds(out, inet_ntop(AF_INET6, &address->sa.ipv6.sin6_addr, ip, sizeof(ip)));
	scope = address->sa.ipv6.sin6_scope_id;
	if (scope != 0 && if_indextoname(scope, zone)) {
		strbuf_addf(out, "%%%s", zone);
	} else if (scope != 0) {
		strbuf_addf(out, "%%%u", scope);
	}
}

void address_add_ip_port(const struct address *address, struct strbuf *out)
{
	bool is_ipv6 = address_family_of(address) == ADDRESS_IPV6;

	strbuf_adds(out, is_ipv6 ? "[" : "");
	address_add_ip(address, out);
	strbuf_addf(out, "%s:%u", is_ipv6 ? "]" : "", address_port(address));
}

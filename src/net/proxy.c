/*
 * The proxy that the environment asks for.  See proxy.h.
 */
#include "net/proxy.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "net/address.h"
#include "net/host_name.h"

static struct str address_bytes(const struct address *address)
{
	if (address_family_of(address) == ADDRESS_IPV4) {
		return str_n((const char *)&address->sa.ipv4.sin_addr, 4);
	}
	return str_n((const char *)&address->sa.ipv6.sin6_addr, 16);
}

/* "10.0.0.0/8", or an address by itself. */
static bool is_in_network(const struct address *address, struct str network)
{
	const size_t slash = str_find(network, '/', 0);
	const struct str host = address_bytes(address);
	struct address base;
	struct str prefix;
	int64_t bits = 8 * (int64_t)host.len;
	size_t whole;
	unsigned char differing;

	if (!address_parse(str_sub(network, 0, slash), 0, &base)) {
		return false;
	}
	prefix = address_bytes(&base);
	if (prefix.len != host.len ||
		(slash < network.len && parse_int(str_sub(network, slash + 1, network.len), 0, bits,
						&bits, NULL) < 0)) {
		return false;
	}
	whole = (size_t)bits / 8;
	if (memcmp(host.ptr, prefix.ptr, whole) != 0) {
		return false;
	}
	if (bits % 8 == 0) {
		return true;
	}
	differing = (unsigned char)(host.ptr[whole] ^ prefix.ptr[whole]);
	return differing >> (8 - bits % 8) == 0;
}

/* The name itself, or one below it. */
static bool is_name_below(struct str host, struct str name)
{
	if (str_starts(name, ".")) {
		name = str_sub(name, 1, name.len);
	}
	if (host_name_eq(host, name)) {
		return true;
	}
	if (str_ends(host, ".")) {
		host = str_sub(host, 0, host.len - 1);
	}
	return name.len > 0 && host.len > name.len && host.ptr[host.len - name.len - 1] == '.' &&
	       host_name_eq(str_sub(host, host.len - name.len, name.len), name);
}

bool proxy_is_avoided(const char *host, struct str list)
{
	struct address address;
	const bool is_address = address_parse(str_of(host), 0, &address);
	struct str piece;

	while (str_split(&list, ',', &piece)) {
		struct str word;

		while (str_word(&piece, &word)) {
			if (str_is(word, "*") || (is_address ? is_in_network(&address, word)
							     : is_name_below(str_of(host), word))) {
				return true;
			}
		}
	}
	return false;
}

/* The first that is set and not empty. */
static const char *first_of(const char *a, const char *b)
{
	return a && a[0] != '\0' ? a : b && b[0] != '\0' ? b : NULL;
}

const char *proxy_from_environment(const struct url *url, struct arena *arena)
{
	const char *avoided = first_of(getenv("no_proxy"), getenv("NO_PROXY"));
	const char *proxy = strcmp(url->scheme, "https") == 0
				    ? first_of(getenv("https_proxy"), getenv("HTTPS_PROXY"))
				    : first_of(getenv("http_proxy"), NULL);

	proxy = first_of(proxy, first_of(getenv("all_proxy"), getenv("ALL_PROXY")));
	if (!proxy || (avoided && proxy_is_avoided(url->host, str_of(avoided)))) {
		return NULL;
	}
	return strstr(proxy, "://") ? arena_strdup(arena, proxy)
				    : arena_printf(arena, "http://%s", proxy);
}

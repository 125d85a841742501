/*
 * The proxy that the environment asks for, as curl and most programs read it.
 */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "net/url.h"

/*
 * The value of http_proxy, https_proxy or HTTPS_PROXY, else of all_proxy or ALL_PROXY, for a
 * request of `url`; NULL: none, or the host is in no_proxy (NO_PROXY).  HTTP_PROXY is not read, as
 * a web server's client can set it (RFC 3875, "Proxy" header).  A value without a scheme gets
 * "http://".  In the arena; not looked at any further.
 */
const char *proxy_from_environment(const struct url *, struct arena *);

/*
 * Is the host in a no_proxy list: names separated by commas or spaces, each standing for itself and
 * for everything below it, with or without a dot in front; addresses; networks ("10.0.0.0/8"); "*"
 * for everything?
 */
bool proxy_is_avoided(const char *host, struct str list);

#endif

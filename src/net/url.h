/*
 * URLs (RFC 3986) as the command line and the configuration have them.
 *
 * Reading is libcurl's URL parser with our stricter demands: a scheme, a host, a port of 1..65535,
 * no control bytes, no spaces.
 */
#ifndef NET_URL_H
#define NET_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct url {
	const char *text;   /* normalised, without user and password */
	const char *scheme; /* lower case */
	const char *host;   /* name or address, IPv6 without brackets */
	uint16_t port;      /* given, or the scheme's; 0 if it has none */
	bool has_port;      /* was written */
	const char *user;   /* NULL: not given; percent-decoded */
	const char *password;
	const char *path;  /* "/" at least */
	const char *query; /* without "?", NULL: none */
};

/* Strings are in the arena.  Errors are ERR_INPUT and name the URL, its password masked. */
int url_parse(struct str text, struct arena *, struct url *ret_url, struct err *);

/* `reference` (a Location header) seen from `base` (RFC 3986, section 5). */
int url_resolve(const struct url *base, struct str reference, struct arena *, struct url *ret_url,
	struct err *);

#endif

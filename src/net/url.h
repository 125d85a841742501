/*
 * URLs (RFC 3986) as the command line and the configuration have them.
 *
 * Reading is libcurl's URL parser with our stricter demands: a scheme, a host that can be looked
 * up, a port of 1..65535, no control bytes, no spaces.  Any scheme will do; which ones mean
 * something is for the caller to say (url_check_scheme()).
 */
#ifndef NET_URL_H
#define NET_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"

enum { URL_LEN_MAX = 8192 };

struct url {
	const char *text;   /* normalised, without user, password and fragment */
	const char *scheme; /* lower case */
	const char *host;   /* lower case name, or address; IPv6 without brackets, with "%zone" */
	uint16_t port;      /* given, or the scheme's; 0 if it has none */
	bool has_port;      /* was written */
	const char *user;   /* NULL: not given; percent-decoded */
	const char *password;
	const char *path;  /* "/" at least */
	const char *query; /* without "?", NULL: none */
};

/* Strings are in the arena.  Errors are ERR_INPUT and name the URL, its password masked. */
int url_parse(struct str text, struct arena *, struct url *ret_url, struct err *);

/*
 * `reference` (a Location header) seen from `base` (RFC 3986, section 5).  More forgiving than
 * url_parse(), as servers send what they like: spaces and bytes that are not ASCII are encoded.
 */
int url_resolve(const struct url *base, struct str reference, struct arena *, struct url *ret_url,
	struct err *);

/* -1 with the nearest known name unless the scheme is one of the NULL-terminated list. */
int url_check_scheme(const struct url *, const char *const *schemes, struct err *);

/* Same scheme, host and port: may see each other's credentials (RFC 6454). */
bool url_same_origin(const struct url *, const struct url *);

/* The text as it was written, good or bad, with "***" for the password and "?" for control bytes.
 */
void url_add_masked(struct str text, struct strbuf *out);

#endif

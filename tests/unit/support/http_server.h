/*
 * An HTTP server on the loop, good or bad as one likes, in the clear or over TLS.
 *
 * It looks at the path of a request, and says what its routes tell it to, byte for byte.
 */
#ifndef TESTS_UNIT_SUPPORT_HTTP_SERVER_H
#define TESTS_UNIT_SUPPORT_HTTP_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "net/address.h"
#include "support/certificate_maker.h"

enum http_behaviour {
	HTTP_SEND,          /* the bytes; the connection stays open */
	HTTP_SEND_CLOSE,    /* the bytes, then the end */
	HTTP_SEND_RESET,    /* the bytes, then a reset */
	HTTP_ECHO,          /* 200, the request as it came as the body */
	HTTP_DRIP,          /* the bytes one by one, 10 ms apart */
	HTTP_FLOOD_HEADERS, /* the bytes, then headers for ever */
	HTTP_FLOOD_BODY,    /* the bytes, then "x" for ever */
	HTTP_BANNER,        /* the bytes as soon as somebody connects */
};

struct http_route {
	const char *path; /* of a request; "*": any */
	enum http_behaviour behaviour;
	const char *bytes;
};

struct http_server;

struct http_server_options {
	const char *ip;                              /* NULL: 127.0.0.1 */
	uint16_t port;                               /* 0: a free one */
	const struct http_route *routes;             /* the last has no path; borrowed */
	const struct made_certificate *certificate;  /* NULL: no TLS; borrowed */
	const struct made_certificate *intermediate; /* sent with it; NULL: none */
	const struct made_certificate
		*client_authority; /* clients must have a certificate of its */
};

/* Aborts if it cannot be. */
struct http_server *http_server_new(struct loop *, const struct http_server_options *);
void http_server_free(struct http_server **);
uint16_t http_server_port(const struct http_server *);
struct address http_server_address(const struct http_server *);
const char *http_server_request(const struct http_server *); /* the last one; "" */
size_t http_server_requests(const struct http_server *);
size_t http_server_connections(const struct http_server *);

#endif

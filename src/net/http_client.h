/*
 * HTTP requests on the loop, for checks and for notifiers: our own lookup and connecting, libcurl's
 * multi interface from there.
 *
 * Names are looked up and connected to by net/dial.h, redirects are followed here (so that their
 * hosts are looked up the same way and credentials never travel to another origin), TLS
 * verification records the peer's chain whether it succeeds or not, and every response has a
 * maximum.
 *
 * libcurl is loaded by the first request (see net/curl_library.h); one that cannot be made for want
 * of it ends as HTTP_LOCAL.
 */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "loop/loop.h"
#include "net/address.h"
#include "net/certificate.h"
#include "net/resolver.h"
#include "net/url.h"

struct http_client;
struct http_exchange;

enum http_version {
	HTTP_VERSION_AUTO, /* 2 over TLS where the server offers it, else 1.1 */
	HTTP_VERSION_1_0,
	HTTP_VERSION_1_1,
	HTTP_VERSION_2, /* over TLS by ALPN, in the clear by prior knowledge; refused if not spoken
			 */
};

/* Everything is borrowed until the exchange has ended.  Zero is a GET of `url` but for timeout_ms.
 */
struct http_request {
	const char *method;    /* NULL: "GET" */
	const struct url *url; /* its user and password serve if there is no username below */
	/* "Name: value"; NULL-terminated; NULL: none.  Accept, Host and User-Agent with an empty
	 * value are not sent at all, others are sent empty. */
	const char *const *headers;
	struct str body;          /* empty: none */
	const char *username;     /* basic authentication; NULL: none */
	const char *password;     /* NULL: "" */
	const char *bearer_token; /* NULL: none */
	const char *user_agent;   /* NULL: "sre-toolkit/VERSION" */

	bool skip_verify;             /* of the peer's certificate and name */
	const char *ca_file;          /* PEM; NULL: the system's */
	const char *certificate_file; /* PEM, of the client; NULL: none */
	const char *key_file;         /* NULL: in certificate_file; without a passphrase */
	const char *server_name;      /* for SNI and verification instead of the URL's host */

	enum http_version version;
	enum address_family family;
	/* Instead of looking the host up, for as long as redirects stay with it. */
	const struct address *connect_to;
	const struct address *source;
	/* "http://[user:password@]host:port", "socks5://...", "socks4://..." (which look names up
	 * themselves); NULL: none, whatever the environment says. */
	const char *proxy;
	int redirects_max; /* 0: a redirect is an answer like any other; more than that many:
			    * HTTP_TOO_MANY_REDIRECTS */
	size_t body_max;   /* bytes of the response kept; the rest is read and counted */
	int64_t size_max; /* bytes of the response read at most; more is HTTP_TOO_LARGE; 0: no limit
			   */
	int64_t timeout_ms; /* for all of it; > 0 */
	/* Keep the connection for, or take it from, another request of this kind.  Without effect
	 * on requests with a proxy, source, connect_to, server_name or family. */
	bool reuse_connection;
};

enum { HTTP_HEADERS_MAX = 64 * 1024 }; /* of one answer, all of them; more is HTTP_TOO_LARGE */

enum http_status {
	HTTP_OK, /* there is a complete response, whatever its status says */
	HTTP_DNS_FAILED,
	HTTP_CONNECT_REFUSED,
	HTTP_CONNECT_UNREACHABLE,
	HTTP_TIMEOUT,         /* `phase` says of what */
	HTTP_TLS_FAILED,      /* handshake */
	HTTP_TLS_CERTIFICATE, /* it does not verify: chain->verify_error */
	HTTP_TLS_NAME,        /* it verifies, and is for another name */
	HTTP_PROTOCOL, /* what came is not HTTP (body has it), or not the version asked for */
	HTTP_CLOSED,   /* reset, or closed before the response was complete */
	HTTP_TOO_LARGE,
	HTTP_TOO_MANY_REDIRECTS,
	HTTP_BAD_REDIRECT, /* to no URL, or to a scheme that is not http(s) */
	HTTP_PROXY_FAILED,
	HTTP_LOCAL, /* our side: a certificate or key file, a source address, no descriptors left */
};

/*
 * Durations of the last request of the exchange, each phase by itself; of the one that failed, how
 * long it had taken until then.
 */
struct http_phases {
	int64_t lookup_us, connect_us, tls_us, first_byte_us, transfer_us;
	int64_t total_us; /* of the whole exchange, redirects included */
};

/* Texts from outside (headers, body, url) are as they came; `text` and `phase` can be printed. */
struct http_response {
	enum http_status status;
	enum lookup_status lookup_status;
	const char *text;  /* what failed, for people: "connection refused by 192.0.2.1:80"; "" */
	const char *phase; /* what it was doing when it failed: "connecting to 192.0.2.1:80"; "" */
	long http_status;  /* 200; 0: none came */
	const char *http_version; /* "1.0", "1.1", "2"; NULL: none */
	const char *url;          /* of the last request */
	bool is_request_sent;  /* the last one is out, its body too: whatever became of it then, it
				  may have been obeyed */
	int redirects;         /* followed */
	struct address remote; /* of the last request, or of its proxy; sa_len 0: none was tried */
	const struct strbuf *headers; /* of the last response, as received, status line first */
	const struct strbuf *body;    /* at most body_max bytes */
	int64_t body_size;            /* received */
	struct http_phases phases;
	const struct certificate_chain *chain; /* of the last request; NULL: none came */
	const char *tls_version;               /* "TLSv1.3"; NULL: no TLS */
};

typedef void http_done_fn(void *arg, const struct http_response *);

/* New; free with http_client_free() when no exchange is under way. */
struct http_client *http_client_new(struct loop *, struct resolver *);
void http_client_free(struct http_client **);

/* Is the request one that can be made at all: its method, headers, token, scheme, proxy? ERR_INPUT.
 * What is wrong with it is told by HTTP_LOCAL otherwise. */
int http_request_check(const struct http_request *, struct err *);

/*
 * `done` is called once, never before this returns.  The response is valid inside it, and the
 * exchange is gone after it: forget the pointer there.
 *
 * Redirects turn POST into GET as browsers do (301, 302, 303; not 307, 308).  On the way to another
 * origin (scheme, host or port), and from then on, nothing goes along that could be a secret:
 * authentication, client certificate, and all headers but a few harmless ones.
 */
struct http_exchange *http_start(
	struct http_client *, const struct http_request *, http_done_fn *done, void *arg);

/* What it is doing right now: "looking up 'x'", "waiting for the answer of 192.0.2.1:80". */
void http_exchange_add_phase(const struct http_exchange *, struct strbuf *out);

/* Whether the last request is out, as is_request_sent of a response says it. */
bool http_exchange_is_sent(const struct http_exchange *);

void http_exchange_free(struct http_exchange **); /* `done` is not called */

/* The value of the first header called `name` (any letter case) in received headers; false: none.
 */
bool http_header_find(struct str headers, const char *name, struct str *ret_value);

/* A token of RFC 9110; ERR_INPUT if not.  For option_row.check_key. */
int http_header_name_check(struct str name, struct err *);

#endif

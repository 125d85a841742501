/*
 * What the files of the HTTP client share: http_client.c (curl's multi interface on the loop),
 * http_exchange.c (an exchange's states), http_setup.c (a request as curl's options), http_tls.c
 * (verification), http_error.c (failures).  Nobody else includes this.
 */
#ifndef NET_HTTP_INTERNAL_H
#define NET_HTTP_INTERNAL_H

#include "base/arena.h"
#include "net/curl_library.h"
#include "net/dial.h"
#include "net/http_client.h"
#include "net/tls_trust.h"

struct http_client {
	struct loop *loop;
	struct resolver *resolver;
	CURLM *multi;          /* NULL: no request yet */
	unsigned curl_version; /* 0x075801; 0: no request yet */
	struct timer *timer;   /* curl's */
	struct tls_trust *trust;
	struct socket_watch **watches; /* by descriptor */
	size_t watches_count;
	size_t exchanges; /* under way */
};

enum exchange_state {
	EXCHANGE_DIALING,
	EXCHANGE_TRANSFERRING,
	EXCHANGE_ENDING, /* failed before it began; told at the end of the turn */
};

struct http_exchange {
	struct http_client *client;
	const struct http_request *request;
	http_done_fn *done;
	void *arg;
	struct arena *arena; /* NULL until something is put there: see exchange_arena() */
	enum exchange_state state;
	int64_t started_us;

	/* The request at hand: the first, or where a redirect led. */
	const struct url *url;
	const char *method;
	bool has_body;
	bool has_left_origin; /* of the request as it was given, at some redirect */
	int redirects;
	struct url *proxy; /* NULL: none */

	struct dial *dial;          /* DIALING */
	int fd;                     /* connected, curl has not asked for it yet; -1 */
	bool is_new_connection;     /* curl has taken it */
	bool is_dial_wanted;        /* curl needed a connection and there was none */
	CURL *easy;                 /* TRANSFERRING */
	struct curl_slist *headers; /* curl's options that it does not copy */
	struct curl_slist *connect_to;
	struct timer *deadline;  /* TRANSFERRING */
	struct deferred *ending; /* ENDING */
	int64_t transfer_us;     /* when TRANSFERRING began */
	X509_STORE *authorities; /* a reference; NULL: none needed */

	/* What came. */
	enum http_status status;
	const char *text;
	struct address remote;
	enum lookup_status lookup_status;
	struct http_phases phases;
	struct strbuf received_headers;
	struct strbuf received_body;
	size_t headers_size; /* of all the header blocks of this request, interim ones too */
	int64_t body_size;
	int64_t first_line_us; /* of the transfer, when a line of the answer was there; 0: none */
	bool is_not_http;
	bool is_too_large;
	bool is_enough; /* the body of a redirect is not read to its end */
	struct certificate_chain *chain;
	const char *tls_version;
	char curl_error[CURL_ERROR_SIZE];
};

enum {
	/* Of a redirect's body; who sends more is cut off. */
	HTTP_REDIRECT_BODY_MAX = 64 * 1024,
	/* Of an answer that is not HTTP, as evidence. */
	HTTP_NOT_HTTP_MAX = 1024,
};

/* The arena for texts of the exchange. */
struct arena *exchange_arena(struct http_exchange *);

/* http_exchange.c: "192.0.2.1:80", or "host:port through proxy 192.0.2.1:3128". */
void http_exchange_add_peer(const struct http_exchange *, struct strbuf *out);

/* http_exchange.c: curl says that the transfer is over. */
void http_exchange_transferred(struct http_exchange *, CURLcode);

/*
 * http_setup.c: the easy handle for the request at hand.  -1 when the request cannot be one.
 * http_setup_clear() frees it with everything that belongs to it.
 */
int http_setup(struct http_exchange *, struct err *);
void http_setup_clear(struct http_exchange *);

/* Takes nothing from the network: what is wrong with the request as it was given. */
int http_setup_check(const struct http_request *, struct err *);

/* May this exchange take a connection from, and leave it to, another one? */
bool http_setup_is_reusing(const struct http_exchange *);

/* http_tls.c: CURLOPT_SSL_CTX_FUNCTION, whose argument is the exchange. */
CURLcode http_tls_on_context(CURL *, void *ssl_ctx, void *exchange);

/* http_error.c: what `code` means for an exchange whose transfer ended with it. */
void http_error_classify(struct http_exchange *, CURLcode code);

/* http_error.c: what dialling failed of. */
void http_error_classify_dial(struct http_exchange *, const struct dial_result *);

/* http_client.c: what the first request needs; without effect later. */
int http_client_begin(struct http_client *, struct err *);

/* http_client.c: watching, on behalf of curl, ends before the descriptor is closed. */
int http_client_close_socket(void *client, curl_socket_t fd);

#endif

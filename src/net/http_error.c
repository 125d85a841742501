/*
 * Failures of curl and of dialling as outcomes of an exchange, with texts for people.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "net/http_internal.h"
#include "net/tls_verify.h"

enum { REASON_MAX = 200, PROXY_AUTHENTICATION_REQUIRED = 407 };

static void set(struct http_exchange *exchange, enum http_status status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void set(struct http_exchange *exchange, enum http_status status, const char *fmt, ...)
{
	struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	exchange->status = status;
	exchange->text = arena_strdup(exchange_arena(exchange), text.buf);
	strbuf_release(&text);
}

/* Who it was: "192.0.2.1:80". */
static const char *peer(struct http_exchange *exchange)
{
	struct strbuf text = STRBUF_INIT;
	const char *copy;

	http_exchange_add_peer(exchange, &text);
	copy = arena_strdup(exchange_arena(exchange), text.buf);
	strbuf_release(&text);
	return copy;
}

/*
 * The telling part of what curl says: "error:0A00010B:SSL routines::wrong version number" ->
 * "wrong version number", "OpenSSL SSL_connect: Connection reset by peer in connection to x:443 "
 * -> "Connection reset by peer".
 */
static const char *reason(struct http_exchange *exchange, CURLcode code)
{
	static const char *const starts[] = {"::", "SSL_connect: ", "SSL_read: ", "SSL_write: "};
	static const char *const ends[] = {" in connection to ", ", errno ", ", (no key found"};
	const char *all = exchange->curl_error[0] ? exchange->curl_error
						  : curl_library()->easy_strerror(code);
	struct str text = str_of(all);
	struct strbuf safe = STRBUF_INIT;
	const char *copy;

	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		const char *hit = memmem(text.ptr, text.len, starts[i], strlen(starts[i]));

		if (hit) {
			size_t skip = (size_t)(hit - text.ptr) + strlen(starts[i]);

			text = str_sub(text, skip, text.len);
			break;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		const char *hit = memmem(text.ptr, text.len, ends[i], strlen(ends[i]));

		text = hit ? str_n(text.ptr, (size_t)(hit - text.ptr)) : text;
	}
	utf8_add_escaped(&safe, str_trim(text), REASON_MAX);
	copy = arena_strdup(exchange_arena(exchange), safe.buf);
	strbuf_release(&safe);
	return copy;
}

static bool curl_says(const struct http_exchange *exchange, const char *what)
{
	return strstr(exchange->curl_error, what) != NULL;
}

static void classify_name(struct http_exchange *exchange)
{
	const struct http_request *request = exchange->request;
	const char *wanted = request->server_name && !exchange->has_left_origin
				     ? request->server_name
				     : exchange->url->host;
	struct strbuf fault = STRBUF_INIT;

	tls_verify_add_name_fault(exchange->chain, wanted, &fault);
	set(exchange, HTTP_TLS_NAME, "certificate of %s %s", peer(exchange), fault.buf);
	strbuf_release(&fault);
}

static void classify_verification(struct http_exchange *exchange)
{
	struct strbuf fault = STRBUF_INIT;

	if (!exchange->chain ||
		certificate_chain_verdict(exchange->chain) == CERTIFICATE_VERIFIED) {
		classify_name(exchange);
		return;
	}
	certificate_chain_add_fault(exchange->chain, &fault);
	set(exchange, HTTP_TLS_CERTIFICATE, "certificate of %s does not verify: %s", peer(exchange),
		fault.buf);
	strbuf_release(&fault);
}

/* Our certificate or key, which curl reads when it is there already. */
static void classify_own_certificate(struct http_exchange *exchange, CURLcode code)
{
	const char *certificate = exchange->request->certificate_file;
	const char *key = exchange->request->key_file ? exchange->request->key_file : certificate;

	if (curl_says(exchange, "does not match")) {
		set(exchange, HTTP_LOCAL,
			"client key in '%s' is not that of the certificate in '%s'", key,
			certificate);
	} else if (curl_says(exchange, "private key")) {
		set(exchange, HTTP_LOCAL,
			"no client key in '%s' that belongs to the certificate in '%s' and has no "
			"passphrase",
			key, certificate);
	} else {
		set(exchange, HTTP_LOCAL, "no client certificate in '%s': %s", certificate,
			reason(exchange, code));
	}
}

static void classify_handshake(struct http_exchange *exchange, CURLcode code)
{
	const char *why = reason(exchange, code);

	if (curl_says(exchange, "SSL_ERROR_SYSCALL") || curl_says(exchange, "unexpected eof")) {
		set(exchange, HTTP_CLOSED, "%s closed the connection in the TLS handshake",
			peer(exchange));
	} else if (curl_says(exchange, errno_text(ECONNRESET))) {
		set(exchange, HTTP_CLOSED, "%s reset the connection in the TLS handshake",
			peer(exchange));
	} else if (curl_says(exchange, "wrong version number")) {
		set(exchange, HTTP_TLS_FAILED, "%s does not speak TLS (%s)", peer(exchange), why);
	} else {
		set(exchange, HTTP_TLS_FAILED, "TLS handshake failed with %s: %s", peer(exchange),
			why);
	}
}

/* The connection ended, or what came over it made no sense to curl: it has one code for both. */
static void classify_exchange_of_bytes(struct http_exchange *exchange, CURLcode code)
{
	long connect_status = 0;
	long error = 0;

	(void)curl_library()->easy_getinfo(
		exchange->easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
	(void)curl_library()->easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &error);
	if (connect_status != 0 && connect_status / 100 != 2) {
		set(exchange, HTTP_PROXY_FAILED, "proxy '%s' answered %ld to CONNECT",
			exchange->proxy->text, connect_status);
	} else if (curl_says(exchange, "chunk")) {
		set(exchange, HTTP_PROTOCOL, "bad answer of %s: %s", peer(exchange),
			reason(exchange, code));
	} else if (curl_says(exchange, "SSL routines") && curl_says(exchange, "alert")) {
		set(exchange, HTTP_TLS_FAILED, "TLS handshake with %s failed: %s", peer(exchange),
			reason(exchange, code));
	} else if (error == ECONNRESET || curl_says(exchange, errno_text(ECONNRESET))) {
		set(exchange, HTTP_CLOSED, "connection reset by %s", peer(exchange));
	} else {
		set(exchange, HTTP_CLOSED,
			"%s closed the connection before the answer was complete", peer(exchange));
	}
}

static void classify_too_large(struct http_exchange *exchange, bool is_headers)
{
	if (is_headers) {
		set(exchange, HTTP_TOO_LARGE, "answer of %s has more than %d bytes of headers",
			peer(exchange), HTTP_HEADERS_MAX);
		return;
	}
	set(exchange, HTTP_TOO_LARGE, "answer of %s has more than %lld bytes", peer(exchange),
		(long long)exchange->request->size_max);
}

/* To curl the end of the connection ends headers too.  Trailers may follow the empty line. */
static bool has_whole_headers(const struct http_exchange *exchange)
{
	struct str headers = strbuf_str(&exchange->received_headers);

	return str_contains(headers, "\n\r\n") || str_contains(headers, "\n\n");
}

/* The request itself goes to the proxy, not through a tunnel. */
static bool is_asking_http_proxy(const struct http_exchange *exchange)
{
	return exchange->proxy && strcmp(exchange->proxy->scheme, "http") == 0 &&
	       strcmp(exchange->url->scheme, "http") == 0;
}

static void classify_success(struct http_exchange *exchange)
{
	long version = 0;
	long status = 0;

	if (!has_whole_headers(exchange)) {
		set(exchange, HTTP_CLOSED, "%s closed the connection in the headers of the answer",
			peer(exchange));
		return;
	}
	(void)curl_library()->easy_getinfo(exchange->easy, CURLINFO_HTTP_VERSION, &version);
	if (exchange->request->version == HTTP_VERSION_2 && version != CURL_HTTP_VERSION_2_0) {
		set(exchange, HTTP_PROTOCOL, "%s does not speak HTTP/2", peer(exchange));
		return;
	}
	if (exchange->request->version == HTTP_VERSION_1_1 && version == CURL_HTTP_VERSION_1_0) {
		set(exchange, HTTP_PROTOCOL, "%s does not speak HTTP/1.1", peer(exchange));
		return;
	}
	(void)curl_library()->easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == PROXY_AUTHENTICATION_REQUIRED && is_asking_http_proxy(exchange)) {
		set(exchange, HTTP_PROXY_FAILED, "proxy '%s' answered %ld", exchange->proxy->text,
			status);
		return;
	}
	exchange->status = HTTP_OK;
	exchange->text = "";
}

/* What curl's code alone says; the codes that need a closer look come before. */
static void classify_code(struct http_exchange *exchange, CURLcode code)
{
	static const struct {
		CURLcode code;
		enum http_status status;
		const char *before, *after; /* the peer; "" in `after`: what curl says */
	} outcomes[] = {
		{CURLE_UNSUPPORTED_PROTOCOL, HTTP_PROTOCOL, "bad answer of ", ""},
		{CURLE_WEIRD_SERVER_REPLY, HTTP_PROTOCOL, "bad answer of ", ""},
		{CURLE_HTTP2, HTTP_PROTOCOL, "bad HTTP/2 from ", ""},
		{CURLE_HTTP2_STREAM, HTTP_PROTOCOL, "bad HTTP/2 from ", ""},
		{CURLE_PARTIAL_FILE, HTTP_CLOSED, "",
			" closed the connection before the answer was complete"},
		{CURLE_GOT_NOTHING, HTTP_CLOSED, "", " closed the connection without an answer"},
		{CURLE_COULDNT_CONNECT, HTTP_CLOSED, "", " closed the connection at once"},
		{CURLE_SSL_CLIENTCERT, HTTP_TLS_FAILED, "", " wants a client certificate"},
		{CURLE_SSL_CIPHER, HTTP_TLS_FAILED, "TLS handshake failed with ", ""},
		{CURLE_PROXY, HTTP_PROXY_FAILED, "cannot connect to ", ""},
		{CURLE_OPERATION_TIMEDOUT, HTTP_TIMEOUT, "no answer from ", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
		if (outcomes[i].code == code) {
			bool is_told = outcomes[i].after[0] == '\0';

			set(exchange, outcomes[i].status, "%s%s%s%s", outcomes[i].before,
				peer(exchange), is_told ? ": " : outcomes[i].after,
				is_told ? reason(exchange, code) : "");
			return;
		}
	}
	set(exchange, HTTP_LOCAL, "%s", reason(exchange, code));
}

void http_error_classify(struct http_exchange *exchange, CURLcode code)
{
	if (exchange->is_not_http) {
		set(exchange, HTTP_PROTOCOL, "answer of %s is not HTTP", peer(exchange));
	} else if (exchange->is_too_large || code == CURLE_FILESIZE_EXCEEDED ||
		   code == CURLE_OUT_OF_MEMORY) {
		/* Out of memory is what curl calls a header line that is too long for it. */
		classify_too_large(exchange,
			code == CURLE_OUT_OF_MEMORY || exchange->headers_size > HTTP_HEADERS_MAX);
	} else if (code == CURLE_OK || exchange->is_enough) {
		classify_success(exchange);
	} else if (code == CURLE_GOT_NOTHING && exchange->request->version == HTTP_VERSION_2) {
		/* What a server does that takes HTTP/2 for a bad request. */
		set(exchange, HTTP_PROTOCOL, "%s closed the connection at a request in HTTP/2",
			peer(exchange));
	} else if (code == CURLE_PEER_FAILED_VERIFICATION) {
		classify_verification(exchange);
	} else if (code == CURLE_SSL_CONNECT_ERROR) {
		classify_handshake(exchange, code);
	} else if (code == CURLE_SSL_CERTPROBLEM) {
		classify_own_certificate(exchange, code);
	} else if (code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR) {
		classify_exchange_of_bytes(exchange, code);
	} else {
		classify_code(exchange, code);
	}
}

static enum http_status status_of_dial(
	const struct http_exchange *exchange, const struct dial_result *result)
{
	switch (result->status) {
	case DIAL_OK:
		return HTTP_OK;
	case DIAL_DNS_FAILED:
		return HTTP_DNS_FAILED;
	case DIAL_REFUSED:
		return HTTP_CONNECT_REFUSED;
	case DIAL_UNREACHABLE:
		return exchange->request->source && result->error == EADDRNOTAVAIL
			       ? HTTP_LOCAL
			       : HTTP_CONNECT_UNREACHABLE;
	case DIAL_TIMEOUT:
		return HTTP_TIMEOUT;
	case DIAL_RESET:
		return HTTP_CLOSED;
	case DIAL_ERROR:
		break;
	}
	return HTTP_LOCAL;
}

void http_error_classify_dial(struct http_exchange *exchange, const struct dial_result *result)
{
	enum http_status status = status_of_dial(exchange, result);

	if (exchange->proxy && status != HTTP_TIMEOUT && status != HTTP_LOCAL) {
		set(exchange, HTTP_PROXY_FAILED, "proxy '%s': %s", exchange->proxy->text,
			result->text);
		return;
	}
	set(exchange, status, "%s", result->text);
}

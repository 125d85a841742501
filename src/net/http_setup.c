/*
 * A request as the options of a curl handle.
 *
 * curl is given a connected socket: it is told to connect to one and the same address whatever the
 * request (so that its own cache of names stays at one entry), asks for a socket, and gets ours.
 * A proxy is handled in the same way: curl speaks its protocol on a socket that is there already.
 *
 * Where an option must be given to curl as NULL or "" because its default does harm, the line says
 * so.
 */
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "base/utf8.h"
#include "net/http_internal.h"
#include "net/http_redirect.h"

/* Never connected to. */
#define NOWHERE "127.0.0.1:1"

enum { CURL_BELIEVES = 0x080001 };

enum { BUFFER_BYTES = 4096, HEADERS_BYTES = 512, UPLOAD_BUFFER_BYTES = 16 * 1024 };

/* A token (RFC 9110), a colon, and no line break that would begin another header. */
static bool header_is_valid(struct str header)
{
	size_t colon = str_find(header, ':', 0);

	if (colon == 0 || colon == header.len) {
		return false;
	}
	for (size_t i = 0; i < header.len; i++) {
		char c = header.ptr[i];

		if (c == '\r' || c == '\n') {
			return false;
		}
		if (i < colon && !char_is_alnum(c) && !memchr("!#$%&'*+-.^_`|~", c, 15)) {
			return false;
		}
	}
	return true;
}

static bool is_method(const char *method)
{
	for (const char *c = method; *c; c++) {
		if (!char_is_alpha(*c) && *c != '-' && *c != '_') {
			return false;
		}
	}
	return method[0] != '\0';
}

static bool has_line_break(const char *s)
{
	return s && strpbrk(s, "\r\n");
}

int http_setup_check(const struct http_request *request, struct err *err)
{
	static const char *const schemes[] = {"http", "https", NULL};

	if (request->method && !is_method(request->method)) {
		return err_set(err, ERR_INPUT, "bad HTTP method '%s'",
			utf8_quote(str_of(request->method)).text);
	}
	for (size_t i = 0; request->headers && request->headers[i]; i++) {
		if (!header_is_valid(str_of(request->headers[i]))) {
			/* Its value may be a secret. */
			struct str header = str_of(request->headers[i]);
			struct str name = str_sub(header, 0, str_find(header, ':', 0));

			return err_set(
				err, ERR_INPUT, "bad HTTP header '%s'", utf8_quote(name).text);
		}
	}
	if (has_line_break(request->bearer_token) || has_line_break(request->user_agent)) {
		return err_set(err, ERR_INPUT, "line break in the %s",
			has_line_break(request->bearer_token) ? "bearer token" : "user agent");
	}
	return url_check_scheme(request->url, schemes, err);
}

bool http_setup_is_reusing(const struct http_exchange *exchange)
{
	const struct http_request *request = exchange->request;

	return request->reuse_connection && !request->proxy && !request->source &&
	       !request->connect_to && !request->server_name && request->family == ADDRESS_ANY;
}

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_exchange *exchange = arg;
	int fd = exchange->fd;

	(void)purpose;
	(void)address;
	exchange->fd = -1;
	exchange->is_dial_wanted = fd < 0;
	exchange->is_new_connection = fd >= 0;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* From CURL_BELIEVES on curl believes this; before, it connects nevertheless (see dial.c). */
static int on_socket_options(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg;
	(void)fd;
	(void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

/* A status line begins a block of headers: of this answer, after those of interim ones. */
static size_t on_header(char *bytes, size_t size, size_t count, void *arg)
{
	struct http_exchange *exchange = arg;
	size_t len = size * count;

	if (exchange->first_line_us == 0) {
		exchange->first_line_us = time_mono_us() - exchange->transfer_us;
	}
	if (str_starts(str_n(bytes, len), "HTTP/")) {
		strbuf_clear(&exchange->received_headers);
	}
	exchange->headers_size += len;
	if (exchange->headers_size > HTTP_HEADERS_MAX) {
		exchange->is_too_large = true;
		return 0;
	}
	if (exchange->received_headers.alloc == 0) {
		(void)strbuf_reserve(&exchange->received_headers, HEADERS_BYTES);
	}
	strbuf_add(&exchange->received_headers, bytes, len);
	return len;
}

static bool is_to_be_followed(const struct http_exchange *exchange)
{
	struct str location;
	long status = 0;

	(void)curl_library()->easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
	return exchange->redirects < exchange->request->redirects_max &&
	       http_redirect_is_status(status) &&
	       http_header_find(strbuf_str(&exchange->received_headers), "Location", &location);
}

/* Keep what there is room for. */
static void keep(struct http_exchange *exchange, const char *bytes, size_t len, size_t max)
{
	size_t room = max > exchange->received_body.len ? max - exchange->received_body.len : 0;

	strbuf_add(&exchange->received_body, bytes, len < room ? len : room);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct http_exchange *exchange = arg;
	int64_t size_max = exchange->request->size_max;
	size_t len = size * count;

	exchange->body_size += (int64_t)len;
	if (exchange->received_headers.len == 0) {
		/* curl takes anything for the body of an HTTP/0.9 answer. */
		exchange->is_not_http = true;
		keep(exchange, bytes, len, HTTP_NOT_HTTP_MAX);
		return 0;
	}
	if (is_to_be_followed(exchange)) {
		exchange->is_enough = exchange->body_size > HTTP_REDIRECT_BODY_MAX;
		return exchange->is_enough ? 0 : len;
	}
	keep(exchange, bytes, len, exchange->request->body_max);
	exchange->is_too_large = size_max > 0 && exchange->body_size > size_max;
	return exchange->is_too_large ? 0 : len;
}

/* curl copies strings; out of memory is the only way it fails here, and libcurl's version was
 * checked by the build and the package. */
#define SET(option, value) (void)curl_library()->easy_setopt(easy, option, value)

static void set_plumbing(CURL *easy, struct http_exchange *exchange)
{
	bool is_reusing = http_setup_is_reusing(exchange);

	SET(CURLOPT_PRIVATE, exchange);
	SET(CURLOPT_ERRORBUFFER, exchange->curl_error);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
	SET(CURLOPT_FRESH_CONNECT, is_reusing ? 0L : 1L);
	SET(CURLOPT_FORBID_REUSE, is_reusing ? 0L : 1L);
	SET(CURLOPT_DNS_CACHE_TIMEOUT, -1L); /* one entry: NOWHERE; no use in aging it */
	SET(CURLOPT_TCP_NODELAY, 0L);        /* the socket has it */
	SET(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	SET(CURLOPT_OPENSOCKETDATA, exchange);
	SET(CURLOPT_CLOSESOCKETFUNCTION, http_client_close_socket);
	SET(CURLOPT_CLOSESOCKETDATA, exchange->client);
	if (exchange->client->curl_version >= CURL_BELIEVES) {
		SET(CURLOPT_SOCKOPTFUNCTION, on_socket_options);
	}
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, exchange);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, exchange);
	SET(CURLOPT_HTTP09_ALLOWED, 1L); /* to see what it was: see on_body() */
}

static const char *host_for_url(const char *host, struct arena *arena)
{
	return strchr(host, ':') ? arena_printf(arena, "[%s]", host) : host;
}

/* The host that curl is to believe in, which goes into SNI and is verified. */
static const char *server_name(const struct http_exchange *exchange)
{
	return exchange->request->server_name && !exchange->has_left_origin
		       ? exchange->request->server_name
		       : NULL;
}

static void set_url(CURL *easy, struct http_exchange *exchange)
{
	const struct url *url = exchange->url;
	const char *name = server_name(exchange);
	struct arena *arena;

	SET(CURLOPT_PATH_AS_IS, 1L); /* it has been normalised */
	if (!name) {
		SET(CURLOPT_URL, url->text);
		return;
	}
	arena = exchange_arena(exchange);
	SET(CURLOPT_URL,
		arena_printf(arena, "%s://%s:%u%s%s%s", url->scheme, host_for_url(name, arena),
			url->port, url->path, url->query ? "?" : "", url->query ? url->query : ""));
}

/* Where curl is to connect to, other than where the URL says. */
static void set_connect_to(CURL *easy, struct http_exchange *exchange)
{
	const struct http_request *request = exchange->request;
	const char *host = NULL;
	struct strbuf to = STRBUF_INIT;

	strbuf_adds(&to, "::");
	if (!exchange->proxy) {
		strbuf_adds(&to, NOWHERE);
	} else if (request->connect_to && !exchange->has_left_origin) {
		address_add_ip_port(request->connect_to, &to);
	} else if (server_name(exchange)) {
		host = host_for_url(exchange->url->host, exchange_arena(exchange));
		strbuf_addf(&to, "%s:%u", host, exchange->url->port);
	}
	if (to.len > 2) {
		exchange->connect_to = curl_library()->slist_append(NULL, to.buf);
		SET(CURLOPT_CONNECT_TO, exchange->connect_to);
	}
	strbuf_release(&to);
}

static bool is_socks(const struct url *proxy)
{
	return strncmp(proxy->scheme, "socks", 5) == 0;
}

static void set_proxy(CURL *easy, const struct http_exchange *exchange)
{
	const struct url *proxy = exchange->proxy;

	SET(CURLOPT_PROXY, ""); /* NULL would ask the environment */
	if (!proxy) {
		return;
	}
	SET(CURLOPT_PROXY, NOWHERE);
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_NOPROXY, ""); /* NULL would ask the environment */
	if (is_socks(proxy)) {
		SET(CURLOPT_PROXYTYPE, (long)(proxy->scheme[5] == '4' ? CURLPROXY_SOCKS4A
								      : CURLPROXY_SOCKS5_HOSTNAME));
	} else {
		SET(CURLOPT_PROXYTYPE, (long)CURLPROXY_HTTP);
	}
	if (proxy->user) {
		SET(CURLOPT_PROXYUSERNAME, proxy->user);
		SET(CURLOPT_PROXYPASSWORD, proxy->password ? proxy->password : "");
	}
}

static void set_version(CURL *easy, const struct http_exchange *exchange)
{
	bool is_tls = strcmp(exchange->url->scheme, "https") == 0;

	switch (exchange->request->version) {
	case HTTP_VERSION_AUTO:
		SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
		break;
	case HTTP_VERSION_1_0:
		SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_0);
		break;
	case HTTP_VERSION_1_1:
		SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
		break;
	case HTTP_VERSION_2:
		SET(CURLOPT_HTTP_VERSION, (long)(is_tls ? CURL_HTTP_VERSION_2TLS
							: CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE));
		break;
	}
}

static int set_tls(CURL *easy, struct http_exchange *exchange, struct err *err)
{
	const struct http_request *request = exchange->request;
	X509_STORE *store = NULL;

	if (strcmp(exchange->url->scheme, "https") != 0) {
		return 0;
	}
	SET(CURLOPT_SSL_VERIFYPEER, request->skip_verify ? 0L : 1L);
	SET(CURLOPT_SSL_VERIFYHOST, request->skip_verify ? 0L : 2L);
	SET(CURLOPT_CAPATH, NULL); /* the default makes curl read all of it for each handshake */
	SET(CURLOPT_SSL_CTX_FUNCTION, http_tls_on_context);
	SET(CURLOPT_SSL_CTX_DATA, exchange);
	if (!request->skip_verify &&
		tls_trust_get(exchange->client->trust, request->ca_file, &store, err) < 0) {
		return -1;
	}
	if (http_setup_is_reusing(exchange)) {
		/* curl must know the file, lest it takes a connection that others verified. */
		SET(CURLOPT_CAINFO, request->ca_file ? request->ca_file : tls_trust_system_file());
	} else {
		/* Authorities are ours, and curl must not keep what it finds in the context. */
		SET(CURLOPT_CAINFO, NULL);
		SET(CURLOPT_CA_CACHE_TIMEOUT, 0L);
		SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
		exchange->authorities = store;
		if (store) {
			(void)X509_STORE_up_ref(store);
		}
	}
	if (request->certificate_file && !exchange->has_left_origin) {
		SET(CURLOPT_SSLCERT, request->certificate_file);
		SET(CURLOPT_SSLKEY,
			request->key_file ? request->key_file : request->certificate_file);
		SET(CURLOPT_KEYPASSWD, ""); /* NULL would ask on the terminal */
	}
	return 0;
}

static void add_header(struct http_exchange *exchange, const char *header)
{
	struct curl_slist *list = curl_library()->slist_append(exchange->headers, header);

	if (!list) {
		abort(); /* out of memory */
	}
	exchange->headers = list;
}

static bool header_is(struct str header, const char *name)
{
	return str_case_eq(str_sub(header, 0, str_find(header, ':', 0)), str_of(name));
}

/* Does curl send this one by itself? */
static bool is_header_of_curl(struct str header)
{
	return header_is(header, "Accept") || header_is(header, "Host") ||
	       header_is(header, "User-Agent");
}

/* To curl "Name:" means to leave one of its own away; an empty value is written "Name;". */
static void add_user_header(struct http_exchange *exchange, struct str header)
{
	size_t colon = str_find(header, ':', 0);
	struct strbuf text = STRBUF_INIT;

	if (str_trim(str_sub(header, colon + 1, header.len)).len == 0) {
		bool is_taken_away = is_header_of_curl(header);

		strbuf_addstr(&text, str_sub(header, 0, colon));
		strbuf_adds(&text, is_taken_away ? ":" : ";");
	} else {
		strbuf_addstr(&text, header);
	}
	add_header(exchange, text.buf);
	strbuf_release(&text);
}

/* Goes this header of the request along, after redirects? */
static bool is_carried(const struct http_exchange *exchange, struct str header)
{
	if (exchange->has_left_origin && !http_redirect_may_carry(header)) {
		return false;
	}
	return exchange->has_body || exchange->request->body.len == 0 ||
	       !http_redirect_is_about_body(header);
}

/* Is there a body, or at least the word that there is none? */
static bool is_sending(const struct http_exchange *exchange)
{
	static const char *const with_length[] = {"POST", "PUT", "PATCH"};

	for (size_t i = 0; i < ARRAY_LEN(with_length); i++) {
		if (strcmp(exchange->method, with_length[i]) == 0) {
			return true;
		}
	}
	return exchange->has_body;
}

static void set_headers(CURL *easy, struct http_exchange *exchange)
{
	const struct http_request *request = exchange->request;
	bool has_host = false;
	bool has_type = false;

	for (size_t i = 0; request->headers && request->headers[i]; i++) {
		struct str header = str_of(request->headers[i]);

		if (is_carried(exchange, header)) {
			add_user_header(exchange, header);
			has_host = has_host || header_is(header, "Host");
			has_type = has_type || header_is(header, "Content-Type");
		}
	}
	if (server_name(exchange) && !has_host) {
		struct arena *arena = exchange_arena(exchange);
		const struct url *url = exchange->url;
		const char *host = host_for_url(url->host, arena);

		add_header(exchange, url->has_port
					     ? arena_printf(arena, "Host: %s:%u", host, url->port)
					     : arena_printf(arena, "Host: %s", host));
	}
	if (is_sending(exchange)) {
		add_header(exchange, "Expect:"); /* curl would wait a second for "100 Continue" */
		if (!has_type) {
			add_header(exchange, "Content-Type:"); /* curl would call it a form */
		}
	}
	if (request->bearer_token && !exchange->has_left_origin) {
		add_header(exchange, arena_printf(exchange_arena(exchange),
					     "Authorization: Bearer %s", request->bearer_token));
	}
	SET(CURLOPT_HTTPHEADER, exchange->headers);
	SET(CURLOPT_USERAGENT,
		request->user_agent ? request->user_agent : "sre-toolkit/" SRE_TOOLKIT_VERSION);
}

static void set_credentials(CURL *easy, const struct http_exchange *exchange)
{
	const struct http_request *request = exchange->request;
	const char *username = exchange->url->user;
	const char *password = exchange->url->password;

	if (request->username && !exchange->has_left_origin) {
		username = request->username;
		password = request->password;
	}
	if (username) {
		SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		SET(CURLOPT_USERNAME, username);
		SET(CURLOPT_PASSWORD, password ? password : "");
	}
}

static void set_method(CURL *easy, const struct http_exchange *exchange)
{
	struct str body = exchange->request->body;
	int64_t size_max = exchange->request->size_max;
	bool is_head = strcmp(exchange->method, "HEAD") == 0;

	if (is_sending(exchange)) {
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(exchange->has_body ? body.len : 0));
		SET(CURLOPT_POSTFIELDS, exchange->has_body ? body.ptr : "");
		SET(CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER_BYTES);
	} else if (is_head) {
		SET(CURLOPT_NOBODY, 1L);
	}
	SET(CURLOPT_CUSTOMREQUEST, exchange->method);
	if (size_max > 0 && !is_head) {
		SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)size_max);
	}
}

int http_setup(struct http_exchange *exchange, struct err *err)
{
	CURL *easy = curl_library()->easy_init();

	if (!easy) {
		abort(); /* out of memory */
	}
	exchange->easy = easy;
	set_plumbing(easy, exchange);
	set_url(easy, exchange);
	set_connect_to(easy, exchange);
	set_proxy(easy, exchange);
	set_version(easy, exchange);
	set_headers(easy, exchange);
	set_credentials(easy, exchange);
	set_method(easy, exchange);
	return set_tls(easy, exchange, err);
}

void http_setup_clear(struct http_exchange *exchange)
{
	if (exchange->easy) {
		const struct curl_library *curl = curl_library();

		(void)curl->multi_remove_handle(exchange->client->multi, exchange->easy);
		curl->easy_cleanup(exchange->easy);
		curl->slist_free_all(exchange->headers);
		curl->slist_free_all(exchange->connect_to);
		exchange->easy = NULL;
		exchange->headers = NULL;
		exchange->connect_to = NULL;
	}
	X509_STORE_free(exchange->authorities);
	exchange->authorities = NULL;
	if (exchange->fd >= 0) {
		(void)close(exchange->fd);
		exchange->fd = -1;
	}
}

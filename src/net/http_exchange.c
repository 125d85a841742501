/*
 * An exchange: dial, transfer, and the same again for each redirect.
 *
 * Memory is spent when it is needed: before there is a connection, an exchange is this struct and a
 * dial.  One deadline covers all of it; it is the dial's while dialling.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/time.h"
#include "net/http_internal.h"
#include "net/http_redirect.h"

struct arena *exchange_arena(struct http_exchange *exchange)
{
	if (!exchange->arena) {
		exchange->arena = arena_new();
	}
	return exchange->arena;
}

static void x_to(struct http_exchange *exchange, enum exchange_state state)
{
	exchange->state = state;
}

void http_exchange_free(struct http_exchange **exchange_ptr)
{
	struct http_exchange *exchange = TAKE(*exchange_ptr);

	if (!exchange) {
		return;
	}
	exchange->client->exchanges--;
	dial_free(&exchange->dial);
	http_setup_clear(exchange);
	timer_free(&exchange->deadline);
	deferred_free(&exchange->ending);
	strbuf_release(&exchange->received_headers);
	strbuf_release(&exchange->received_body);
	arena_free(exchange->arena);
	free(exchange);
}

static int64_t elapsed_us(const struct http_exchange *exchange)
{
	return time_mono_us() - exchange->started_us;
}

static int64_t left_ms(const struct http_exchange *exchange)
{
	int64_t left = exchange->request->timeout_ms - elapsed_us(exchange) / 1000;

	return left > 0 ? left : 1;
}

/*
 * When the first byte of the answer came, in us of the transfer; 0: not yet.  For requests with a
 * body curl's own time is that of the first byte sent; a whole line of the answer must do then.
 */
static int64_t first_byte_us(const struct http_exchange *exchange)
{
	curl_off_t first_us = 0;

	if (exchange->has_body) {
		return exchange->first_line_us;
	}
	(void)curl_library()->easy_getinfo(
		exchange->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_us);
	return first_us;
}

/* Is there a handshake on this connection (a kept one has had its own)?  When was it done, in us of
 * the transfer; 0: not yet. */
static bool has_handshake(const struct http_exchange *exchange, int64_t *ret_done_us)
{
	curl_off_t done_us = 0;

	(void)curl_library()->easy_getinfo(exchange->easy, CURLINFO_APPCONNECT_TIME_T, &done_us);
	*ret_done_us = done_us;
	return exchange->is_new_connection && strcmp(exchange->url->scheme, "https") == 0;
}

void http_exchange_add_peer(const struct http_exchange *exchange, struct strbuf *out)
{
	const struct url *url = exchange->url;
	bool is_ipv6 = strchr(url->host, ':') != NULL;

	if (exchange->proxy || exchange->remote.sa_len == 0) {
		/* Behind a proxy, or on a connection that was kept. */
		strbuf_addf(out, is_ipv6 ? "[%s]:%u" : "%s:%u", url->host, url->port);
	}
	if (exchange->remote.sa_len > 0) {
		strbuf_adds(out, exchange->proxy ? " through proxy " : "");
		address_add_ip_port(&exchange->remote, out);
	}
}

static void add_transfer_phase(const struct http_exchange *exchange, struct strbuf *out)
{
	int64_t tls_us = 0;
	bool is_tls = has_handshake(exchange, &tls_us);
	curl_off_t sent = 0;
	long tunnel_status = 0;

	(void)curl_library()->easy_getinfo(exchange->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	(void)curl_library()->easy_getinfo(
		exchange->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel_status);
	if (first_byte_us(exchange) > 0) {
		strbuf_adds(out, "reading the answer of ");
	} else if (is_tls && tls_us == 0 && exchange->proxy && tunnel_status == 0) {
		strbuf_adds(out, "waiting for the tunnel to ");
	} else if (is_tls && tls_us == 0) {
		strbuf_adds(out, "waiting for the TLS handshake of ");
	} else if (exchange->has_body && sent < (curl_off_t)exchange->request->body.len) {
		strbuf_adds(out, "sending the request to ");
	} else {
		strbuf_adds(out, "waiting for the answer of ");
	}
	http_exchange_add_peer(exchange, out);
}

void http_exchange_add_phase(const struct http_exchange *exchange, struct strbuf *out)
{
	switch (exchange->state) {
	case EXCHANGE_DIALING:
		if (exchange->dial) {
			dial_add_phase(exchange->dial, out);
		} else if (exchange->remote.sa_len > 0) {
			strbuf_adds(out, "connecting to ");
			address_add_ip_port(&exchange->remote, out);
		} else {
			strbuf_addf(out, "looking up '%s'",
				exchange->proxy ? exchange->proxy->host : exchange->url->host);
		}
		break;
	case EXCHANGE_TRANSFERRING:
		if (exchange->easy) {
			add_transfer_phase(exchange, out);
		}
		break;
	case EXCHANGE_ENDING:
		break;
	}
}

static const char *version_text(long version)
{
	static const struct {
		long version;
		const char *text;
	} versions[] = {
		{CURL_HTTP_VERSION_1_0, "1.0"},
		{CURL_HTTP_VERSION_1_1, "1.1"},
		{CURL_HTTP_VERSION_2_0, "2"},
		{CURL_HTTP_VERSION_3, "3"},
	};

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		if (versions[i].version == version) {
			return versions[i].text;
		}
	}
	return NULL;
}

/* Of one without a body nothing is known until something comes back. */
bool http_exchange_is_sent(const struct http_exchange *exchange)
{
	curl_off_t sent = 0;

	if (!exchange->easy) {
		return false;
	}
	(void)curl_library()->easy_getinfo(exchange->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	return exchange->has_body ? sent >= (curl_off_t)exchange->request->body.len
				  : exchange->received_headers.len > 0;
}

static void fill_from_curl(const struct http_exchange *exchange, struct http_response *response)
{
	long version = 0;

	response->is_request_sent = http_exchange_is_sent(exchange);

	if (!exchange->easy || exchange->received_headers.len == 0) {
		return;
	}
	(void)curl_library()->easy_getinfo(
		exchange->easy, CURLINFO_RESPONSE_CODE, &response->http_status);
	(void)curl_library()->easy_getinfo(exchange->easy, CURLINFO_HTTP_VERSION, &version);
	response->http_version = version_text(version);
}

/* The end: whoever asked is told, and the exchange is gone. */
static void x_finish(struct http_exchange *exchange)
{
	http_done_fn *done = exchange->done;
	void *arg = exchange->arg;
	struct strbuf phase = STRBUF_INIT;
	struct http_response response = {
		.status = exchange->status,
		.lookup_status = exchange->lookup_status,
		.text = exchange->text,
		.url = exchange->url->text,
		.redirects = exchange->redirects,
		.remote = exchange->remote,
		.headers = &exchange->received_headers,
		.body = &exchange->received_body,
		.body_size = exchange->body_size,
		.phases = exchange->phases,
		.chain = exchange->chain,
		.tls_version = exchange->tls_version,
	};

	if (exchange->status != HTTP_OK) {
		http_exchange_add_phase(exchange, &phase);
	}
	response.phase = phase.buf;
	response.phases.total_us = elapsed_us(exchange);
	fill_from_curl(exchange, &response);
	/* No timer and no callback of curl may come while the response is being looked at. */
	http_setup_clear(exchange);
	timer_free(&exchange->deadline);
	done(arg, &response);
	strbuf_release(&phase);
	http_exchange_free(&exchange);
}

static void on_ending(void *arg)
{
	struct http_exchange *exchange = arg;

	exchange->ending = NULL;
	x_finish(exchange);
}

/* It is over and nothing of it has begun: not from inside http_start(). */
static void x_fail_soon(struct http_exchange *exchange, const char *text)
{
	exchange->status = HTTP_LOCAL;
	exchange->text = arena_strdup(exchange_arena(exchange), text);
	x_to(exchange, EXCHANGE_ENDING);
	exchange->ending = loop_defer(exchange->client->loop, on_ending, exchange);
}

static void x_fail(struct http_exchange *exchange, enum http_status status, const char *text)
{
	exchange->status = status;
	exchange->text = arena_strdup(exchange_arena(exchange), text);
	x_finish(exchange);
}

/* What the phases of the transfer took, as far as it came. */
static void measure(struct http_exchange *exchange)
{
	int64_t total_us = time_mono_us() - exchange->transfer_us;
	struct http_phases *phases = &exchange->phases;
	int64_t first_us = first_byte_us(exchange);
	int64_t tls_us = 0;
	bool is_tls = has_handshake(exchange, &tls_us);

	if (is_tls) {
		phases->tls_us = tls_us > 0 ? tls_us : total_us;
	}
	if (first_us > tls_us) {
		phases->first_byte_us = first_us - tls_us;
		phases->transfer_us = total_us > first_us ? total_us - first_us : 0;
	} else if (!is_tls || tls_us > 0) {
		phases->first_byte_us = total_us - tls_us;
	}
}

static void on_deadline(void *arg)
{
	struct http_exchange *exchange = arg;
	struct strbuf text = STRBUF_INIT;

	measure(exchange);
	strbuf_adds(&text, "gave up after ");
	time_add_duration(&text, exchange->request->timeout_ms);
	strbuf_adds(&text, ": ");
	http_exchange_add_phase(exchange, &text);
	x_fail(exchange, HTTP_TIMEOUT, text.buf);
	strbuf_release(&text);
}

/* curl takes over, with the connection that stands or one it has kept. */
static void x_in_transfer(struct http_exchange *exchange)
{
	struct err err = {0};

	x_to(exchange, EXCHANGE_TRANSFERRING);
	exchange->transfer_us = time_mono_us();
	exchange->deadline =
		timer_add(exchange->client->loop, left_ms(exchange), on_deadline, exchange);
	if (http_setup(exchange, &err) < 0) {
		x_fail_soon(exchange, err.msg);
		return;
	}
	if (curl_library()->multi_add_handle(exchange->client->multi, exchange->easy) != CURLM_OK) {
		abort(); /* out of memory, or our mistake */
	}
}

static void on_dialled(void *arg, const struct dial_result *result)
{
	struct http_exchange *exchange = arg;

	exchange->dial = NULL;
	exchange->remote = result->address;
	exchange->lookup_status = result->lookup_status;
	exchange->phases.lookup_us = result->lookup_us;
	exchange->phases.connect_us = result->connect_us;
	if (result->status != DIAL_OK) {
		http_error_classify_dial(exchange, result);
		x_finish(exchange);
		return;
	}
	exchange->fd = result->fd;
	x_in_transfer(exchange);
}

static void x_in_dialing(struct http_exchange *exchange)
{
	const struct http_request *request = exchange->request;
	const struct url *to = exchange->proxy ? exchange->proxy : exchange->url;
	struct dial_spec spec = {
		.host = to->host,
		.port = to->port,
		.family = request->family,
		.source = request->source,
		.timeout_ms = left_ms(exchange),
	};

	if (!exchange->proxy && !exchange->has_left_origin) {
		spec.only = request->connect_to;
	}
	x_to(exchange, EXCHANGE_DIALING);
	exchange->dial = dial_start(
		exchange->client->loop, exchange->client->resolver, &spec, on_dialled, exchange);
}

/* The request at hand, from its beginning. */
static void x_begin(struct http_exchange *exchange)
{
	exchange->headers_size = 0;
	exchange->body_size = 0;
	exchange->first_line_us = 0;
	exchange->is_enough = false;
	exchange->is_new_connection = false;
	exchange->chain = NULL;
	exchange->tls_version = NULL;
	exchange->remote = (struct address){0};
	exchange->phases = (struct http_phases){0};
	strbuf_clear(&exchange->received_headers);
	strbuf_clear(&exchange->received_body);
	if (http_setup_is_reusing(exchange)) {
		x_in_transfer(exchange); /* if there is nothing to reuse, curl says so */
	} else {
		x_in_dialing(exchange);
	}
}

/* Go where the answer points.  -1: it points nowhere we go. */
static int follow(struct http_exchange *exchange, struct str location, struct err *err)
{
	static const char *const schemes[] = {"http", "https", NULL};
	struct arena *arena = exchange_arena(exchange);
	struct url *url = arena_alloc(arena, sizeof(*url));
	const char *method;
	long status = 0;

	if (url_resolve(exchange->url, location, arena, url, err) < 0 ||
		url_check_scheme(url, schemes, err) < 0) {
		return err_wrap(err, "bad redirect from '%s'", exchange->url->text);
	}
	(void)curl_library()->easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
	method = http_redirect_method(status, exchange->method);
	exchange->has_body = exchange->has_body && method == exchange->method;
	exchange->method = method;
	exchange->has_left_origin =
		exchange->has_left_origin || !url_same_origin(exchange->request->url, url);
	exchange->url = url;
	exchange->redirects++;
	return 0;
}

/* A complete answer: the one asked for, or a redirect. */
static void x_answered(struct http_exchange *exchange)
{
	struct str location;
	struct err err = {0};
	long status = 0;

	(void)curl_library()->easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
	if (exchange->request->redirects_max == 0 || !http_redirect_is_status(status) ||
		!http_header_find(strbuf_str(&exchange->received_headers), "Location", &location)) {
		x_finish(exchange);
		return;
	}
	if (exchange->redirects == exchange->request->redirects_max) {
		(void)err_set(&err, ERR_NETWORK, "more than %d redirects",
			exchange->request->redirects_max);
		x_fail(exchange, HTTP_TOO_MANY_REDIRECTS, err.msg);
		return;
	}
	if (follow(exchange, location, &err) < 0) {
		x_fail(exchange, HTTP_BAD_REDIRECT, err.msg);
		return;
	}
	http_setup_clear(exchange);
	timer_free(&exchange->deadline);
	x_begin(exchange);
}

void http_exchange_transferred(struct http_exchange *exchange, CURLcode code)
{
	if (exchange->is_dial_wanted) {
		exchange->is_dial_wanted = false;
		http_setup_clear(exchange);
		timer_free(&exchange->deadline);
		x_in_dialing(exchange);
		return;
	}
	measure(exchange);
	http_error_classify(exchange, code);
	if (exchange->status == HTTP_OK) {
		x_answered(exchange);
	} else {
		x_finish(exchange);
	}
}

static int parse_proxy(
	const char *text, struct arena *arena, struct url *ret_proxy, struct err *err)
{
	static const char *const schemes[] = {
		"http", "socks5h", "socks5", "socks4a", "socks4", NULL};
	enum { SOCKS_PORT = 1080 };
	struct url proxy;

	if (url_parse(str_of(text), arena, &proxy, err) < 0 ||
		url_check_scheme(&proxy, schemes, err) < 0) {
		return err_wrap(err, "proxy");
	}
	if (proxy.port == 0) {
		proxy.port = SOCKS_PORT;
	}
	*ret_proxy = proxy;
	return 0;
}

int http_request_check(const struct http_request *request, struct err *err)
{
	struct arena *arena = arena_new();
	struct url proxy;
	int status = http_setup_check(request, err);

	if (status == 0 && request->proxy) {
		status = parse_proxy(request->proxy, arena, &proxy, err);
	}
	arena_free(arena);
	return status;
}

static int set_proxy(struct http_exchange *exchange, struct err *err)
{
	struct arena *arena = exchange_arena(exchange);
	struct url *proxy = arena_alloc(arena, sizeof(*proxy));

	if (parse_proxy(exchange->request->proxy, arena, proxy, err) < 0) {
		return -1;
	}
	exchange->proxy = proxy;
	return 0;
}

struct http_exchange *http_start(struct http_client *client, const struct http_request *request,
	http_done_fn *done, void *arg)
{
	struct http_exchange *exchange = xcalloc(1, sizeof(*exchange));
	struct err err = {0};
	/* Before the clock starts, as it may take a while. */
	const bool is_possible = http_client_begin(client, &err) == 0;

	assert(request->timeout_ms > 0);
	*exchange = (struct http_exchange){
		.client = client,
		.request = request,
		.done = done,
		.arg = arg,
		.started_us = time_mono_us(),
		.url = request->url,
		.method = request->method ? request->method : "GET",
		.has_body = request->body.len > 0,
		.fd = -1,
	};
	strbuf_init(&exchange->received_headers, HTTP_HEADERS_MAX);
	strbuf_init(&exchange->received_body, 0); /* what goes in is counted in http_setup.c */
	client->exchanges++;
	if (!is_possible || http_setup_check(request, &err) < 0 ||
		(request->proxy && set_proxy(exchange, &err) < 0)) {
		x_fail_soon(exchange, err.msg);
		return exchange;
	}
	x_begin(exchange);
	return exchange;
}

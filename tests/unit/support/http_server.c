/*
 * See http_server.h.
 */
#include "support/http_server.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "base/strbuf.h"

enum { DRIP_MS = 10, CHUNK_BYTES = 4096 };

struct client {
	struct http_server *server;
	struct client *prev, *next;
	int fd;
	SSL *ssl; /* NULL: no TLS */
	struct io *io;
	struct timer *drip;
	bool is_accepted; /* TLS has been */
	struct strbuf in;
	struct strbuf out;
	size_t out_sent;
	const struct http_route *route; /* answered with; NULL: still reading */
};

struct http_server {
	struct loop *loop;
	const struct http_route *routes;
	struct address address;
	int fd;
	struct io *io;
	SSL_CTX *tls;
	struct client *clients;
	struct strbuf request;
	size_t requests, connections;
};

static void must(bool is_true, const char *what)
{
	if (!is_true) {
		(void)fprintf(stderr, "http_server: %s failed\n", what);
		ERR_print_errors_fp(stderr);
		abort();
	}
}

static void client_free(struct client *client)
{
	io_free(&client->io);
	timer_free(&client->drip);
	SSL_free(client->ssl);
	(void)close(client->fd);
	strbuf_release(&client->in);
	strbuf_release(&client->out);
	free(client);
}

static void client_end(struct client *client)
{
	if (client->prev) {
		client->prev->next = client->next;
	} else {
		client->server->clients = client->next;
	}
	if (client->next) {
		client->next->prev = client->prev;
	}
	client_free(client);
}

/* As read() and write(): -1 with EAGAIN while it has to wait. */
static ssize_t tls_result(struct client *client, int n)
{
	int error;

	if (n > 0) {
		return n;
	}
	error = SSL_get_error(client->ssl, n);
	ERR_clear_error();
	errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
	return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static ssize_t client_read(struct client *client, void *bytes, size_t len)
{
	if (client->ssl) {
		return tls_result(client, SSL_read(client->ssl, bytes, (int)len));
	}
	return read(client->fd, bytes, len);
}

static ssize_t client_write(struct client *client, const void *bytes, size_t len)
{
	if (client->ssl) {
		return tls_result(client, SSL_write(client->ssl, bytes, (int)len));
	}
	return send(client->fd, bytes, len, MSG_NOSIGNAL);
}

static bool is_flood(const struct client *client)
{
	return client->route && (client->route->behaviour == HTTP_FLOOD_HEADERS ||
					client->route->behaviour == HTTP_FLOOD_BODY);
}

static void refill(struct client *client)
{
	strbuf_clear(&client->out);
	client->out_sent = 0;
	while (client->out.len < CHUNK_BYTES) {
		strbuf_adds(&client->out, client->route->behaviour == HTTP_FLOOD_BODY
						  ? "xxxxxxxx"
						  : "X-Flood: xxxxxxxx\r\n");
	}
}

/* Everything has been sent.  False if the client is gone. */
static bool client_sent(struct client *client)
{
	const struct linger reset = {.l_onoff = 1, .l_linger = 0};
	enum http_behaviour behaviour = client->route ? client->route->behaviour : HTTP_SEND;

	if (behaviour == HTTP_SEND_RESET) {
		(void)setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	} else if (behaviour != HTTP_SEND_CLOSE) {
		client->route = NULL; /* the next request, please */
		return true;
	} else if (client->ssl) {
		(void)SSL_shutdown(client->ssl);
	}
	client_end(client);
	return false;
}

/* False if the client is gone. */
static bool client_flush(struct client *client)
{
	while (client->out_sent < client->out.len || is_flood(client)) {
		ssize_t n;

		if (client->out_sent == client->out.len) {
			refill(client);
		}
		n = client_write(client, client->out.buf + client->out_sent,
			client->out.len - client->out_sent);
		if (n < 0 && errno == EAGAIN) {
			io_set(client->io, IO_READ | IO_WRITE);
			return true;
		}
		if (n <= 0) {
			client_end(client);
			return false;
		}
		client->out_sent += (size_t)n;
	}
	io_set(client->io, IO_READ);
	return !client->route || client->drip || client_sent(client);
}

static void on_drip(void *arg)
{
	struct client *client = arg;
	char c = client->route->bytes[client->out_sent];

	if (c == '\0' || client_write(client, &c, 1) <= 0) {
		client_end(client);
		return;
	}
	client->out_sent++;
	timer_set(client->drip, DRIP_MS);
}

static const struct http_route *find_route(const struct http_server *server, struct str path)
{
	const struct http_route *route = server->routes;

	while (route->path && strcmp(route->path, "*") != 0 && !str_is(path, route->path)) {
		route++;
	}
	must(route->path != NULL, "finding a route");
	return route;
}

static void answer(struct client *client, struct str request)
{
	struct str line = request;
	struct str word, path;

	must(str_word(&line, &word) && str_word(&line, &path), "reading a request");
	client->route = find_route(client->server, path);
	client->out_sent = 0;
	strbuf_clear(&client->out);
	if (client->route->behaviour == HTTP_DRIP) {
		client->drip = timer_add(client->server->loop, DRIP_MS, on_drip, client);
		timer_set_background(client->drip, true);
	} else if (client->route->behaviour == HTTP_ECHO) {
		strbuf_addf(&client->out, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
			request.len);
		strbuf_addstr(&client->out, request);
	} else {
		strbuf_adds(&client->out, client->route->bytes);
	}
}

static size_t content_length(struct str head)
{
	struct str line;
	int64_t len = 0;

	while (str_line(&head, &line)) {
		if (str_case_eq(str_sub(line, 0, 15), str_of("Content-Length:"))) {
			must(parse_int(str_trim(str_sub(line, 15, line.len)), 0, 1 << 30, &len,
				     NULL) == 0,
				"reading a length");
		}
	}
	return (size_t)len;
}

/* A whole request at the front of what came; an empty view if there is none yet. */
static struct str whole_request(const struct client *client)
{
	struct str in = strbuf_str(&client->in);
	const char *end = memmem(in.ptr, in.len, "\r\n\r\n", 4);
	size_t len;

	if (!end) {
		return str_n("", 0);
	}
	len = (size_t)(end - in.ptr) + 4;
	len += content_length(str_sub(in, 0, len));
	return len <= in.len ? str_sub(in, 0, len) : str_n("", 0);
}

/* False if the client is gone. */
static bool client_work(struct client *client)
{
	struct str request;

	while (!client->route) {
		request = whole_request(client);
		if (request.len == 0) {
			return true;
		}
		client->server->requests++;
		strbuf_clear(&client->server->request);
		strbuf_addstr(&client->server->request, request);
		answer(client, request);
		strbuf_remove(&client->in, 0, request.len);
		if (!client_flush(client)) {
			return false;
		}
	}
	return true;
}

static void on_client(void *arg, unsigned events)
{
	struct client *client = arg;
	char bytes[CHUNK_BYTES];
	ssize_t n;

	if (client->ssl && !client->is_accepted) {
		n = tls_result(client, SSL_accept(client->ssl));
		if (n <= 0) {
			if (n == 0 || errno != EAGAIN) {
				client_end(client);
			}
			return;
		}
		client->is_accepted = true;
	}
	if ((events & IO_WRITE) && !client_flush(client)) {
		return;
	}
	while ((n = client_read(client, bytes, sizeof(bytes))) > 0) {
		strbuf_add(&client->in, bytes, (size_t)n);
	}
	if (n == 0 || errno != EAGAIN) {
		client_end(client);
		return;
	}
	(void)client_work(client);
}

static void on_accept(void *arg, unsigned events)
{
	struct http_server *server = arg;
	int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *client;

	(void)events;
	if (fd < 0) {
		return;
	}
	client = xcalloc(1, sizeof(*client));
	client->server = server;
	client->fd = fd;
	strbuf_init(&client->in, 0);
	strbuf_init(&client->out, 0);
	if (server->tls) {
		client->ssl = SSL_new(server->tls);
		must(client->ssl && SSL_set_fd(client->ssl, fd) == 1, "SSL_new");
	}
	client->next = server->clients;
	if (client->next) {
		client->next->prev = client;
	}
	server->clients = client;
	server->connections++;
	client->io = io_add(server->loop, fd, IO_READ, on_client, client);
	io_set_background(client->io, true);
	if (server->routes[0].behaviour == HTTP_BANNER) {
		client->route = &server->routes[0];
		strbuf_adds(&client->out, client->route->bytes);
		(void)client_flush(client);
	}
}

static void begin_tls(struct http_server *server, const struct http_server_options *options)
{
	server->tls = SSL_CTX_new(TLS_server_method());
	must(server->tls && SSL_CTX_use_certificate(server->tls, options->certificate->x509) == 1 &&
			SSL_CTX_use_PrivateKey(server->tls, options->certificate->key) == 1,
		"certificate");
	(void)SSL_CTX_set_mode(
		server->tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (options->intermediate) {
		must(SSL_CTX_add1_chain_cert(server->tls, options->intermediate->x509) == 1,
			"intermediate");
	}
	if (options->client_authority) {
		must(X509_STORE_add_cert(SSL_CTX_get_cert_store(server->tls),
			     options->client_authority->x509) == 1,
			"client authority");
		SSL_CTX_set_verify(
			server->tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
}

struct http_server *http_server_new(struct loop *loop, const struct http_server_options *options)
{
	struct http_server *server = xcalloc(1, sizeof(*server));
	const char *ip = options->ip ? options->ip : "127.0.0.1";
	const int on = 1;

	server->loop = loop;
	server->routes = options->routes;
	strbuf_init(&server->request, 0);
	must(address_parse(str_of(ip), options->port, &server->address), ip);
	server->fd = socket(
		server->address.sa.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)setsockopt(server->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	must(bind(server->fd, &server->address.sa.any, server->address.sa_len) == 0, "bind");
	must(listen(server->fd, 1024) == 0, "listen");
	must(getsockname(server->fd, &server->address.sa.any, &server->address.sa_len) == 0,
		"getsockname");
	if (options->certificate) {
		begin_tls(server, options);
	}
	server->io = io_add(loop, server->fd, IO_READ, on_accept, server);
	io_set_background(server->io, true);
	return server;
}

void http_server_free(struct http_server **server_ptr)
{
	struct http_server *server = TAKE(*server_ptr);

	if (!server) {
		return;
	}
	while (server->clients) {
		struct client *client = server->clients;

		server->clients = client->next;
		client_free(client);
	}
	io_free(&server->io);
	(void)close(server->fd);
	SSL_CTX_free(server->tls);
	strbuf_release(&server->request);
	free(server);
}

uint16_t http_server_port(const struct http_server *server)
{
	return address_port(&server->address);
}

struct address http_server_address(const struct http_server *server)
{
	return server->address;
}

const char *http_server_request(const struct http_server *server)
{
	return server->request.buf;
}

size_t http_server_requests(const struct http_server *server)
{
	return server->requests;
}

size_t http_server_connections(const struct http_server *server)
{
	return server->connections;
}

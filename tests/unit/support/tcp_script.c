/*
 * See tcp_script.h.
 */
#include "support/tcp_script.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netinet/tcp.h>

#include "base/alloc.h"

enum { BACKLOG = 64, PAUSE_MS = 3 };

struct connection {
	struct tcp_script *server;
	struct connection *next;
	const struct tcp_script_step *step;
	size_t sent;            /* of the step's text */
	struct strbuf received; /* since the last match */
	struct io *io;
	struct timer *timer;
	bool has_paused;
	int fd;
};

struct tcp_script {
	struct loop *loop;
	const struct tcp_script_step *steps;
	struct address address, peer;
	struct io *io;
	struct connection *connections; /* the newest first; freed with the server */
	struct strbuf received;
	int fd;
};

static void connection_close(struct connection *c)
{
	io_free(&c->io);
	timer_free(&c->timer);
	if (c->fd >= 0) {
		(void)close(c->fd);
		c->fd = -1;
	}
}

static void connection_reset(struct connection *c)
{
	const struct linger at_once = {.l_onoff = 1};

	(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	connection_close(c);
}

/* True: all of it has gone. */
static bool send_some(struct connection *c, size_t most)
{
	struct str text = str_of(c->step->text);

	while (c->sent < text.len && most > 0) {
		size_t len = text.len - c->sent < most ? text.len - c->sent : most;
		ssize_t n = send(c->fd, text.ptr + c->sent, len, MSG_NOSIGNAL);

		if (n < 0) {
			break;
		}
		c->sent += (size_t)n;
		most -= (size_t)n;
	}
	if (c->sent < text.len) {
		return false;
	}
	c->sent = 0;
	return true;
}

static bool has_come(struct connection *c)
{
	const char *hit =
		memmem(c->received.buf, c->received.len, c->step->text, strlen(c->step->text));

	if (hit) {
		strbuf_remove(
			&c->received, 0, (size_t)(hit - c->received.buf) + strlen(c->step->text));
	}
	return hit != NULL;
}

/* True: the step is over, the next one follows. */
static bool step_go(struct connection *c)
{
	switch (c->step->act) {
	case SCRIPT_SEND:
		io_set(c->io, IO_WRITE);
		return send_some(c, SIZE_MAX);
	case SCRIPT_TRICKLE:
		io_set(c->io, 0);
		timer_set(c->timer, 0);
		return send_some(c, 1);
	case SCRIPT_WAIT:
		io_set(c->io, IO_READ);
		return has_come(c);
	case SCRIPT_PAUSE:
		io_set(c->io, 0);
		timer_set(c->timer, PAUSE_MS);
		c->has_paused = !c->has_paused;
		return !c->has_paused;
	case SCRIPT_FLOOD:
		io_set(c->io, IO_WRITE);
		(void)send_some(c, SIZE_MAX);
		return false;
	case SCRIPT_RESET:
		connection_reset(c);
		return false;
	case SCRIPT_HANG:
		io_set(c->io, 0);
		return false;
	case SCRIPT_END:
		connection_close(c);
		return false;
	}
	return false;
}

static void connection_go(void *arg)
{
	struct connection *c = arg;

	while (step_go(c)) {
		c->step++;
	}
}

static void connection_ready(void *arg, unsigned events)
{
	struct connection *c = arg;
	char bytes[4096];

	if (events & (IO_READ | IO_ERROR)) {
		ssize_t n = recv(c->fd, bytes, sizeof(bytes), 0);

		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			connection_close(c);
			return;
		}
		if (n > 0) {
			strbuf_add(&c->received, bytes, (size_t)n);
			strbuf_add(&c->server->received, bytes, (size_t)n);
		}
	}
	connection_go(c);
}

static void accepted(void *arg, unsigned events)
{
	struct tcp_script *server = arg;
	struct address peer = {.sa_len = sizeof(peer.sa)};
	int fd = accept4(server->fd, &peer.sa.any, &peer.sa_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	const int on = 1;
	struct connection *c;

	(void)events;
	if (fd < 0) {
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c = xcalloc(1, sizeof(*c));
	*c = (struct connection){
		.server = server, .next = server->connections, .step = server->steps, .fd = fd};
	strbuf_init(&c->received, 0);
	c->io = io_add(server->loop, fd, 0, connection_ready, c);
	io_set_background(c->io, true);
	c->timer = timer_new(server->loop, connection_go, c);
	timer_set_background(c->timer, true);
	server->connections = c;
	server->peer = peer;
	connection_go(c);
}

struct tcp_script *tcp_script_new(
	struct loop *loop, const char *ip, const struct tcp_script_step *steps)
{
	const int on = 1;
	struct tcp_script *server;
	struct address address;
	int fd;

	if (!address_parse(str_of(ip), 0, &address)) {
		abort();
	}
	fd = socket(address.sa.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return NULL;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &address.sa.any, address.sa_len) < 0 || listen(fd, BACKLOG) < 0 ||
		getsockname(fd, &address.sa.any, &address.sa_len) < 0) {
		(void)close(fd);
		return NULL;
	}
	server = xcalloc(1, sizeof(*server));
	*server = (struct tcp_script){.loop = loop, .steps = steps, .address = address, .fd = fd};
	strbuf_init(&server->received, 0);
	server->io = io_add(loop, fd, IO_READ, accepted, server);
	io_set_background(server->io, true);
	return server;
}

void tcp_script_free(struct tcp_script **server_ptr)
{
	struct tcp_script *server = TAKE(*server_ptr);

	if (!server) {
		return;
	}
	while (server->connections) {
		struct connection *c = server->connections;

		server->connections = c->next;
		connection_close(c);
		strbuf_release(&c->received);
		free(c);
	}
	io_free(&server->io);
	(void)close(server->fd);
	strbuf_release(&server->received);
	free(server);
}

uint16_t tcp_script_port(const struct tcp_script *server)
{
	return address_port(&server->address);
}

const struct strbuf *tcp_script_received(const struct tcp_script *server)
{
	return &server->received;
}

struct address tcp_script_peer(const struct tcp_script *server)
{
	return server->peer;
}

/*
 * See smtp_server.h.
 */
#include "support/smtp_server.h"

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
#include "base/strbuf.h"
#include "net/address.h"

struct smtp_peer {
	struct smtp_server *server;
	struct smtp_peer *next;
	int fd; /* -1: gone */
	SSL *ssl;
	bool is_accepted; /* TLS has been */
	struct io *io;
	struct timer *drip;
	const char *dripping; /* the rest */
	bool is_in_message;
	struct strbuf in, message;
};

struct smtp_server {
	struct loop *loop;
	struct smtp_server_options options;
	struct address address;
	int fd;
	struct io *io;
	SSL_CTX *tls;
	struct smtp_peer *peers; /* freed with the server */
	struct strbuf lines, message;
	size_t messages;
};

/* What it says to those that no rule is about. */
static const struct smtp_rule manners[] = {
	{"CONNECT", SMTP_SAY, "220 mail.example ESMTP"},
	{"STARTTLS", SMTP_SAY_TLS, "220 go on"},
	{"HELO", SMTP_SAY, "250 mail.example"},
	{"AUTH PLAIN ", SMTP_SAY, "235 2.7.0 welcome"},
	{"AUTH PLAIN", SMTP_SAY, "334 "},
	{"AUTH LOGIN", SMTP_SAY, "334 VXNlcm5hbWU6"},
	{"MAIL FROM:", SMTP_SAY, "250 2.1.0 fine"},
	{"RCPT TO:", SMTP_SAY, "250 2.1.5 fine"},
	{"DATA", SMTP_SAY, "354 go on"},
	{".", SMTP_SAY, "250 2.0.0 queued as 1"},
	{"QUIT", SMTP_SAY_CLOSE, "221 2.0.0 bye"},
	{NULL},
};

static void must(bool is_true, const char *what)
{
	if (!is_true) {
		(void)fprintf(stderr, "smtp_server: %s failed\n", what);
		ERR_print_errors_fp(stderr);
		abort();
	}
}

static void peer_close(struct smtp_peer *peer, bool is_reset)
{
	const struct linger reset = {.l_onoff = 1, .l_linger = 0};

	io_free(&peer->io);
	timer_free(&peer->drip);
	if (peer->ssl && !is_reset && peer->is_accepted) {
		(void)SSL_shutdown(peer->ssl);
	}
	SSL_free(peer->ssl);
	peer->ssl = NULL;
	if (is_reset) {
		(void)setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	}
	(void)close(peer->fd);
	peer->fd = -1;
}

static void say(struct smtp_peer *peer, const char *bytes, size_t len)
{
	if (len == 0) {
		return;
	}
	if (peer->ssl) {
		(void)SSL_write(peer->ssl, bytes, (int)len);
		ERR_clear_error();
	} else {
		(void)send(peer->fd, bytes, len, MSG_NOSIGNAL);
	}
}

static void on_drip(void *arg)
{
	struct smtp_peer *peer = arg;

	if (peer->dripping[0]) {
		say(peer, peer->dripping, 1);
		peer->dripping++;
	} else {
		say(peer, "\r\n", 2);
		return;
	}
	timer_set(peer->drip, 0);
}

static void begin_tls(struct smtp_peer *peer)
{
	peer->ssl = SSL_new(peer->server->tls);
	must(peer->ssl && SSL_set_fd(peer->ssl, peer->fd) == 1, "SSL_new");
	peer->is_accepted = false;
}

static void peer_act(struct smtp_peer *peer, const struct smtp_rule *rule)
{
	struct strbuf reply = STRBUF_INIT;

	strbuf_adds(&reply, rule->reply);
	strbuf_adds(&reply, reply.len > 0 && rule->act != SMTP_DRIP ? "\r\n" : "");
	if (rule->act != SMTP_DRIP) {
		say(peer, reply.buf, reply.len);
	}
	strbuf_release(&reply);
	switch (rule->act) {
	case SMTP_SAY:
		break;
	case SMTP_SAY_CLOSE:
		peer_close(peer, false);
		break;
	case SMTP_SAY_RESET:
		peer_close(peer, true);
		break;
	case SMTP_SAY_HANG:
		io_set(peer->io, 0);
		break;
	case SMTP_DRIP:
		peer->dripping = rule->reply;
		timer_set(peer->drip, 0);
		break;
	case SMTP_SAY_TLS:
		begin_tls(peer);
		break;
	}
}

static const struct smtp_rule *find(const struct smtp_rule *rules, struct str line)
{
	for (; rules && rules->line; rules++) {
		if (str_starts(line, rules->line)) {
			return rules;
		}
	}
	return NULL;
}

static void answer_ehlo(struct smtp_peer *peer)
{
	const struct smtp_server *server = peer->server;
	struct strbuf reply = STRBUF_INIT;

	strbuf_adds(&reply, "250-mail.example greets you\r\n");
	if (server->options.offer) {
		strbuf_adds(&reply, server->options.offer);
	} else {
		strbuf_adds(&reply, server->tls && !peer->ssl ? "250-STARTTLS\r\n" : "");
		strbuf_adds(&reply, "250-SIZE 1000000\r\n250-8BITMIME\r\n");
		strbuf_adds(&reply, "250-AUTH CRAM-MD5 LOGIN PLAIN\r\n");
	}
	strbuf_adds(&reply, "250 HELP\r\n");
	say(peer, reply.buf, reply.len);
	strbuf_release(&reply);
}

static void hear_command(struct smtp_peer *peer, struct str line)
{
	const struct smtp_rule *rule = find(peer->server->options.rules, line);

	strbuf_addstr(&peer->server->lines, line);
	strbuf_addc(&peer->server->lines, '\n');
	if (!rule) {
		rule = find(manners, line);
	}
	if (rule) {
		peer->is_in_message = str_is(line, "DATA") && rule->reply[0] == '3';
		strbuf_clear(&peer->message);
		peer_act(peer, rule);
	} else if (str_starts(line, "EHLO ")) {
		answer_ehlo(peer);
	} else {
		say(peer, "500 5.5.1 what?\r\n", 17);
	}
}

static void hear_message(struct smtp_peer *peer, struct str line)
{
	struct strbuf key = STRBUF_INIT;
	const struct smtp_rule *rule;

	strbuf_addc(&key, '|');
	strbuf_addstr(&key, line);
	rule = find(peer->server->options.rules, strbuf_str(&key));
	strbuf_release(&key);
	if (rule) {
		peer_act(peer, rule);
		return;
	}
	strbuf_addstr(&peer->message, line);
	strbuf_adds(&peer->message, "\n");
}

static void hear(struct smtp_peer *peer, struct str line)
{
	struct smtp_server *server = peer->server;
	const struct smtp_rule *rule;

	if (!peer->is_in_message) {
		hear_command(peer, line);
	} else if (!str_is(line, ".")) {
		hear_message(peer, line);
	} else {
		rule = find(server->options.rules, line);
		peer->is_in_message = false;
		strbuf_clear(&server->message);
		strbuf_addstr(&server->message, strbuf_str(&peer->message));
		server->messages++;
		peer_act(peer, rule ? rule : find(manners, line));
	}
}

/* Lines end in "\r\n" and nothing else. */
static void hear_lines(struct smtp_peer *peer)
{
	const char *end;

	while (peer->fd >= 0 && (end = memmem(peer->in.buf, peer->in.len, "\r\n", 2)) != NULL) {
		size_t len = (size_t)(end - peer->in.buf);
		char *line = xstrndup(peer->in.buf, len);

		strbuf_remove(&peer->in, 0, len + 2);
		hear(peer, str_n(line, len));
		free(line);
	}
}

/* As read(): -1 with EAGAIN while it has to wait. */
static ssize_t peer_read(struct smtp_peer *peer, char *bytes, size_t len)
{
	int n, error;

	if (!peer->ssl) {
		return recv(peer->fd, bytes, len, 0);
	}
	n = SSL_read(peer->ssl, bytes, (int)len);
	error = SSL_get_error(peer->ssl, n);
	ERR_clear_error();
	errno = error == SSL_ERROR_WANT_READ ? EAGAIN : EPROTO;
	return n > 0 ? n : -1;
}

/* True: the handshake is over. */
static bool accept_tls(struct smtp_peer *peer)
{
	int n = SSL_accept(peer->ssl);
	int error = SSL_get_error(peer->ssl, n);

	ERR_clear_error();
	if (n == 1) {
		peer->is_accepted = true;
		strbuf_adds(&peer->server->lines, "(TLS)\n");
		return true;
	}
	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
		peer_close(peer, false);
	}
	return false;
}

static const struct smtp_rule *greeting(const struct smtp_server *server)
{
	const struct smtp_rule *rule = find(server->options.rules, str_of("CONNECT"));

	return rule ? rule : find(manners, str_of("CONNECT"));
}

static void on_peer(void *arg, unsigned events)
{
	struct smtp_peer *peer = arg;
	char bytes[4096];
	ssize_t n;

	(void)events;
	if (peer->ssl && !peer->is_accepted) {
		if (accept_tls(peer) && peer->server->options.is_tls_from_start) {
			peer_act(peer, greeting(peer->server));
		}
		return;
	}
	n = peer_read(peer, bytes, sizeof(bytes));
	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		peer_close(peer, false);
		return;
	}
	if (n > 0) {
		strbuf_add(&peer->in, bytes, (size_t)n);
		hear_lines(peer);
	}
}

static void on_accept(void *arg, unsigned events)
{
	struct smtp_server *server = arg;
	int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct smtp_peer *peer;

	(void)events;
	if (fd < 0) {
		return;
	}
	peer = xcalloc(1, sizeof(*peer));
	*peer = (struct smtp_peer){.server = server, .next = server->peers, .fd = fd};
	strbuf_init(&peer->in, 0);
	strbuf_init(&peer->message, 0);
	server->peers = peer;
	peer->io = io_add(server->loop, fd, IO_READ, on_peer, peer);
	io_set_background(peer->io, true);
	peer->drip = timer_new(server->loop, on_drip, peer);
	timer_set_background(peer->drip, true);
	if (server->options.is_tls_from_start) {
		begin_tls(peer);
	} else {
		peer_act(peer, greeting(server));
	}
}

struct smtp_server *smtp_server_new(struct loop *loop, const struct smtp_server_options *options)
{
	struct smtp_server *server = xcalloc(1, sizeof(*server));

	server->loop = loop;
	server->options = *options;
	strbuf_init(&server->lines, 0);
	strbuf_init(&server->message, 0);
	must(address_parse(str_of("127.0.0.1"), 0, &server->address), "address");
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	must(bind(server->fd, &server->address.sa.any, server->address.sa_len) == 0, "bind");
	must(listen(server->fd, 64) == 0, "listen");
	must(getsockname(server->fd, &server->address.sa.any, &server->address.sa_len) == 0,
		"getsockname");
	if (options->certificate) {
		server->tls = SSL_CTX_new(TLS_server_method());
		must(server->tls &&
				SSL_CTX_use_certificate(server->tls, options->certificate->x509) ==
					1 &&
				SSL_CTX_use_PrivateKey(server->tls, options->certificate->key) == 1,
			"certificate");
	}
	server->io = io_add(loop, server->fd, IO_READ, on_accept, server);
	io_set_background(server->io, true);
	return server;
}

void smtp_server_free(struct smtp_server **server_ptr)
{
	struct smtp_server *server = TAKE(*server_ptr);

	if (!server) {
		return;
	}
	while (server->peers) {
		struct smtp_peer *peer = server->peers;

		server->peers = peer->next;
		if (peer->fd >= 0) {
			peer_close(peer, false);
		}
		strbuf_release(&peer->in);
		strbuf_release(&peer->message);
		free(peer);
	}
	io_free(&server->io);
	(void)close(server->fd);
	SSL_CTX_free(server->tls);
	strbuf_release(&server->lines);
	strbuf_release(&server->message);
	free(server);
}

uint16_t smtp_server_port(const struct smtp_server *server)
{
	return address_port(&server->address);
}

const char *smtp_server_lines(const struct smtp_server *server)
{
	return server->lines.buf;
}

const char *smtp_server_message(const struct smtp_server *server)
{
	return server->message.buf;
}

size_t smtp_server_messages(const struct smtp_server *server)
{
	return server->messages;
}

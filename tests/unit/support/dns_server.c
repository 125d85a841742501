/*
 * See dns_server.h.
 */
#include "support/dns_server.h"

#include <sys/socket.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <arpa/nameser.h>

#include "base/alloc.h"
#include "base/str.h"

enum { MESSAGE_MAX = 4096 };

struct message {
	unsigned char bytes[MESSAGE_MAX];
	size_t len;
};

/* An answer that waits. */
struct late {
	struct dns_server *server;
	struct late *prev, *next;
	struct timer *timer;
	struct sockaddr_in to;
	struct message message;
};

/* A connection, which carries one question. */
struct connection {
	struct dns_server *server;
	struct connection *prev, *next;
	int fd;
	struct io *io;
	unsigned char bytes[MESSAGE_MAX];
	size_t len;
};

struct dns_server {
	struct loop *loop;
	const struct dns_rule *rules;
	int udp_fd, tcp_fd;
	struct io *udp_io, *tcp_io;
	uint16_t port;
	size_t questions;
	bool was_port_seen[UINT16_MAX + 1];
	struct late *late;
	struct connection *connections;
};

static void must(bool is_true, const char *what)
{
	if (!is_true) {
		perror(what);
		abort();
	}
}

/* The question's name with dots, lower case; the offset behind the question, or 0. */
static size_t read_question(
	const unsigned char *bytes, size_t len, char *name, size_t size, int *ret_type)
{
	size_t pos = NS_HFIXEDSZ;
	size_t name_len = 0;

	while (pos < len && bytes[pos] != 0) {
		size_t label_len = bytes[pos];

		if (pos + 1 + label_len >= len || name_len + label_len + 2 > size) {
			return 0;
		}
		if (name_len > 0) {
			name[name_len++] = '.';
		}
		for (size_t i = 0; i < label_len; i++) {
			name[name_len++] = char_lower((char)bytes[pos + 1 + i]);
		}
		pos += 1 + label_len;
	}
	name[name_len] = '\0';
	if (pos + 5 > len) {
		return 0;
	}
	*ret_type = bytes[pos + 1] << 8 | bytes[pos + 2];
	return pos + 5;
}

static const struct dns_rule *find_rule(const struct dns_server *server, const char *name)
{
	for (const struct dns_rule *rule = server->rules; rule->name; rule++) {
		if (strcmp(rule->name, "*") == 0 || strcmp(rule->name, name) == 0) {
			return rule;
		}
	}
	return NULL;
}

static void add_record(struct message *message, int type, const void *data, size_t len)
{
	const unsigned char head[] = {
		0xc0, 12, 0, (unsigned char)type, 0, 1, 0, 0, 0, 60, 0, (unsigned char)len};

	memcpy(message->bytes + message->len, head, sizeof(head));
	memcpy(message->bytes + message->len + sizeof(head), data, len);
	message->len += sizeof(head) + len;
	message->bytes[7]++;
}

static void add_records(struct message *message, int type, const char *addresses)
{
	struct str rest = str_of(addresses ? addresses : "");
	struct str word;

	while (str_word(&rest, &word)) {
		unsigned char ip[16];
		char text[64];

		(void)snprintf(text, sizeof(text), "%.*s", STR_ARG(word));
		must(inet_pton(type == ns_t_a ? AF_INET : AF_INET6, text, ip) == 1, text);
		add_record(message, type, ip, type == ns_t_a ? 4 : 16);
	}
}

static void make_answer(const unsigned char *question, size_t question_len,
	const struct dns_rule *rule, int type, struct message *message)
{
	int rcode = ns_r_noerror;

	if (!rule) {
		rcode = ns_r_nxdomain;
	} else if (rule->behaviour == DNS_SERVFAIL) {
		rcode = ns_r_servfail;
	} else if (rule->behaviour == DNS_REFUSED) {
		rcode = ns_r_refused;
	}
	memcpy(message->bytes, question, question_len);
	message->len = question_len;
	message->bytes[2] = 0x81;
	message->bytes[3] = (unsigned char)(0x80 | rcode);
	memset(message->bytes + 6, 0, 6);
	if (rule && rcode == ns_r_noerror) {
		add_records(message, type, type == ns_t_a ? rule->ipv4 : rule->ipv6);
	}
}

static void send_udp(
	struct dns_server *server, const void *bytes, size_t len, const struct sockaddr_in *to)
{
	(void)sendto(server->udp_fd, bytes, len, 0, (const struct sockaddr *)to, sizeof(*to));
}

static void late_free(struct late *late)
{
	timer_free(&late->timer);
	free(late);
}

static void late_end(struct late *late)
{
	if (late->prev) {
		late->prev->next = late->next;
	} else {
		late->server->late = late->next;
	}
	if (late->next) {
		late->next->prev = late->prev;
	}
	late_free(late);
}

static void on_late(void *arg)
{
	struct late *late = arg;

	send_udp(late->server, late->message.bytes, late->message.len, &late->to);
	late_end(late);
}

static void send_late(struct dns_server *server, const struct message *message, int delay_ms,
	const struct sockaddr_in *to)
{
	struct late *late = xcalloc(1, sizeof(*late));

	late->server = server;
	late->next = server->late;
	if (late->next) {
		late->next->prev = late;
	}
	server->late = late;
	late->message = *message;
	late->to = *to;
	late->timer = timer_add(server->loop, delay_ms, on_late, late);
}

static void answer_udp(struct dns_server *server, const struct dns_rule *rule,
	struct message *message, const struct sockaddr_in *to)
{
	enum dns_behaviour behaviour = rule ? rule->behaviour : DNS_ANSWER;

	switch (behaviour) {
	case DNS_SILENCE:
		return;
	case DNS_SLOW:
		send_late(server, message, rule->delay_ms, to);
		return;
	case DNS_JUNK:
		send_udp(server, "junk", 4, to);
		send_udp(
			server, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 14, to);
		break;
	case DNS_EMPTY:
		send_udp(server, "", 0, to);
		break;
	case DNS_WRONG_ID:
		message->bytes[0] ^= 0x55;
		message->bytes[3] |= ns_r_refused;
		send_udp(server, message->bytes, message->len, to);
		message->bytes[0] ^= 0x55;
		message->bytes[3] &= 0xf0;
		break;
	case DNS_BROKEN:
		message->bytes[7] = 3; /* three answers, none of which is there */
		break;
	case DNS_TRUNCATED:
		message->bytes[2] |= 0x02;
		message->bytes[7] = 0;
		break;
	case DNS_ANSWER:
	case DNS_SERVFAIL:
	case DNS_REFUSED:
		break;
	}
	send_udp(server, message->bytes, message->len, to);
}

/* False: nothing (more) has come. */
static bool serve_datagram(struct dns_server *server)
{
	unsigned char bytes[512];
	struct sockaddr_in from = {0};
	socklen_t from_len = sizeof(from);
	ssize_t n = recvfrom(
		server->udp_fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &from_len);
	char name[256];
	int type = 0;
	size_t question_len;

	if (n < NS_HFIXEDSZ) {
		return n >= 0;
	}
	question_len = read_question(bytes, (size_t)n, name, sizeof(name), &type);
	if (question_len > 0) {
		const struct dns_rule *rule = find_rule(server, name);
		struct message message;

		server->questions++;
		server->was_port_seen[ntohs(from.sin_port)] = true;
		make_answer(bytes, question_len, rule, type, &message);
		answer_udp(server, rule, &message, &from);
	}
	return true;
}

static void on_udp(void *arg, unsigned events)
{
	(void)events;
	while (serve_datagram(arg)) {
	}
}

static void connection_free(struct connection *connection)
{
	io_free(&connection->io);
	(void)close(connection->fd);
	free(connection);
}

static void connection_end(struct connection *connection)
{
	if (connection->prev) {
		connection->prev->next = connection->next;
	} else {
		connection->server->connections = connection->next;
	}
	if (connection->next) {
		connection->next->prev = connection->prev;
	}
	connection_free(connection);
}

static void answer_tcp(struct connection *connection)
{
	const unsigned char *question = connection->bytes + 2;
	unsigned char framed[MESSAGE_MAX + 2];
	struct message message;
	char name[256];
	int type = 0;
	size_t len = read_question(question, connection->len - 2, name, sizeof(name), &type);

	if (len == 0) {
		return;
	}
	connection->server->questions++;
	make_answer(question, len, find_rule(connection->server, name), type, &message);
	framed[0] = (unsigned char)(message.len >> 8);
	framed[1] = (unsigned char)message.len;
	memcpy(framed + 2, message.bytes, message.len);
	must(write(connection->fd, framed, message.len + 2) == (ssize_t)message.len + 2, "write");
	connection->len = 0;
}

static void on_connection(void *arg, unsigned events)
{
	struct connection *connection = arg;
	/* c-ares may send several questions on one connection; one at a time is enough here. */
	size_t wanted =
		connection->len < 2
			? 2 - connection->len
			: 2U + (connection->bytes[0] << 8 | connection->bytes[1]) - connection->len;
	ssize_t n;

	(void)events;
	must(connection->len + wanted <= sizeof(connection->bytes), "question");
	n = read(connection->fd, connection->bytes + connection->len, wanted);
	if (n <= 0) {
		connection_end(connection);
		return;
	}
	connection->len += (size_t)n;
	if (connection->len > 2 && (size_t)n == wanted) {
		answer_tcp(connection);
	}
}

static void on_accept(void *arg, unsigned events)
{
	struct dns_server *server = arg;
	int fd = accept4(server->tcp_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *connection;

	(void)events;
	if (fd < 0) {
		return;
	}
	connection = xcalloc(1, sizeof(*connection));
	connection->server = server;
	connection->fd = fd;
	connection->io = io_add(server->loop, fd, IO_READ, on_connection, connection);
	io_set_background(connection->io, true);
	connection->next = server->connections;
	if (connection->next) {
		connection->next->prev = connection;
	}
	server->connections = connection;
}

static bool bind_both(struct dns_server *server)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sa);

	server->udp_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	server->tcp_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	must(server->udp_fd >= 0 && server->tcp_fd >= 0, "socket");
	must(bind(server->udp_fd, (struct sockaddr *)&sa, sizeof(sa)) == 0, "bind");
	must(getsockname(server->udp_fd, (struct sockaddr *)&sa, &len) == 0, "getsockname");
	server->port = ntohs(sa.sin_port);
	if (bind(server->tcp_fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 &&
		listen(server->tcp_fd, 128) == 0) {
		return true;
	}
	(void)close(server->udp_fd);
	(void)close(server->tcp_fd);
	return false;
}

struct dns_server *dns_server_new(struct loop *loop, const struct dns_rule *rules)
{
	struct dns_server *server = xcalloc(1, sizeof(*server));

	server->loop = loop;
	server->rules = rules;
	for (int i = 0; !bind_both(server); i++) {
		must(i < 100, "a port for UDP and TCP");
	}
	server->udp_io = io_add(loop, server->udp_fd, IO_READ, on_udp, server);
	server->tcp_io = io_add(loop, server->tcp_fd, IO_READ, on_accept, server);
	io_set_background(server->udp_io, true);
	io_set_background(server->tcp_io, true);
	return server;
}

void dns_server_free(struct dns_server **server_ptr)
{
	struct dns_server *server = TAKE(*server_ptr);

	if (!server) {
		return;
	}
	while (server->late) {
		struct late *late = server->late;

		server->late = late->next;
		late_free(late);
	}
	while (server->connections) {
		struct connection *connection = server->connections;

		server->connections = connection->next;
		connection_free(connection);
	}
	io_free(&server->udp_io);
	io_free(&server->tcp_io);
	(void)close(server->udp_fd);
	(void)close(server->tcp_fd);
	free(server);
}

uint16_t dns_server_port(const struct dns_server *server)
{
	return server->port;
}

size_t dns_server_questions(const struct dns_server *server)
{
	return server->questions;
}

size_t dns_server_ports_seen(const struct dns_server *server)
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(server->was_port_seen); i++) {
		count += server->was_port_seen[i];
	}
	return count;
}

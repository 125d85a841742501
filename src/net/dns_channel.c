/*
 * c-ares on the loop.  See dns_channel.h.
 *
 * Sockets are ours (close-on-exec from the start), and so is the sight of each datagram: c-ares
 * 1.18 reports SERVFAIL and REFUSED as "could not contact DNS servers" after it has tried them all,
 * so the response code of the datagram at hand is kept and handed out with the answer.
 */
#include "net/dns_channel.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <ares.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "base/alloc.h"

/* A descriptor of c-ares on the loop. */
struct watch {
	struct dns_channel *channel;
	int fd;
	struct io *io;
	struct watch *next;
};

struct dns_channel {
	struct loop *loop;
	ares_channel ares;
	struct watch *watches; /* one or two for each server */
	struct timer *retry;   /* runs whenever something is pending */
	int64_t retry_due_ms;
	int try_timeout_ms;
	size_t pending;
	int rcode; /* of the datagram that is being processed; -1: none is */
	int error; /* errno of the last failure in this call of c-ares */
	dns_idle_fn *idle;
	void *idle_arg;
};

struct question {
	struct dns_channel *channel;
	dns_answer_fn *fn;
	void *arg;
};

static void forget_troubles(struct dns_channel *channel)
{
	channel->rcode = -1;
	channel->error = 0;
}

static void process(struct dns_channel *channel, int read_fd, int write_fd)
{
	forget_troubles(channel);
	ares_process_fd(channel->ares, read_fd, write_fd);
}

static void on_io(void *arg, unsigned events)
{
	const struct watch *watch = arg;
	int fd = watch->fd;

	/* Processing may free the watch. */
	process(watch->channel, events & (IO_READ | IO_ERROR) ? fd : ARES_SOCKET_BAD,
		events & IO_WRITE ? fd : ARES_SOCKET_BAD);
}

static struct watch **find_watch(struct dns_channel *channel, int fd)
{
	struct watch **place = &channel->watches;

	while (*place && (*place)->fd != fd) {
		place = &(*place)->next;
	}
	return place;
}

static void on_socket_state(void *arg, ares_socket_t fd, int is_read, int is_write)
{
	struct dns_channel *channel = arg;
	struct watch **place = find_watch(channel, fd);
	struct watch *watch = *place;
	unsigned events = (is_read ? IO_READ : 0U) | (is_write ? IO_WRITE : 0U);

	if (events == 0) {
		if (watch) {
			*place = watch->next;
			io_free(&watch->io);
			free(watch);
		}
		return;
	}
	if (watch) {
		io_set(watch->io, events);
		return;
	}
	watch = xcalloc(1, sizeof(*watch));
	*watch = (struct watch){.channel = channel, .fd = fd, .next = channel->watches};
	watch->io = io_add(channel->loop, fd, events, on_io, watch);
	channel->watches = watch;
}

/* c-ares keeps many deadlines and finds the next by walking all of them: ask it only when the timer
 * has fired.  Until then deadlines may have been added, none of them nearer than one try. */
static void arm_retry(struct dns_channel *channel, int64_t delay_ms)
{
	channel->retry_due_ms = loop_now_ms(channel->loop) + delay_ms;
	timer_set(channel->retry, delay_ms);
}

static void on_retry(void *arg)
{
	struct dns_channel *channel = arg;
	struct timeval left;

	process(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	if (channel->pending > 0 && ares_timeout(channel->ares, NULL, &left)) {
		arm_retry(channel, left.tv_sec * 1000 + left.tv_usec / 1000 + 1);
	}
}

/* What a system call returned, its error noted if it is one. */
static ssize_t noted(struct dns_channel *channel, ssize_t result)
{
	if (result < 0 && errno != EAGAIN && errno != EINPROGRESS && errno != EINTR) {
		channel->error = errno;
	}
	return result;
}

static ares_socket_t open_socket(int family, int type, int protocol, void *arg)
{
	int fd = (int)noted(arg, socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
	const int on = 1;

	if (fd >= 0 && type == SOCK_STREAM) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* only speed */
	}
	return fd;
}

static int close_socket(ares_socket_t fd, void *arg)
{
	(void)arg;
	return close(fd);
}

static int connect_socket(
	ares_socket_t fd, const struct sockaddr *sa, ares_socklen_t len, void *arg)
{
	return (int)noted(arg, connect(fd, sa, len));
}

static ares_ssize_t receive(ares_socket_t fd, void *buf, size_t len, int flags,
	struct sockaddr *from, ares_socklen_t *from_len, void *arg)
{
	struct dns_channel *channel = arg;
	ssize_t n = noted(channel, recvfrom(fd, buf, len, flags, from, from_len));

	if (!from) {
		return n; /* a piece of a TCP stream */
	}
	channel->rcode = n >= NS_HFIXEDSZ ? ((const unsigned char *)buf)[3] & 0x0f : -1;
	if (n == 0) {
		/* An empty datagram is no end of anything. */
		errno = EAGAIN;
		return -1;
	}
	return n;
}

static ares_ssize_t send_vector(ares_socket_t fd, const struct iovec *vector, int count, void *arg)
{
	return noted(arg, writev(fd, vector, count));
}

static const struct ares_socket_functions socket_functions = {
	.asocket = open_socket,
	.aclose = close_socket,
	.aconnect = connect_socket,
	.arecvfrom = receive,
	.asendv = send_vector,
};

static int set_servers(ares_channel ares, const struct dns_settings *settings)
{
	struct ares_addr_port_node *nodes;
	int status;

	if (settings->servers_count == 0) {
		return ARES_SUCCESS;
	}
	nodes = xcalloc(settings->servers_count, sizeof(*nodes));
	for (size_t i = 0; i < settings->servers_count; i++) {
		const struct address *server = &settings->servers[i];

		nodes[i].next = i + 1 < settings->servers_count ? &nodes[i + 1] : NULL;
		nodes[i].family = server->sa.any.sa_family;
		nodes[i].udp_port = nodes[i].tcp_port = address_port(server);
		if (nodes[i].family == AF_INET) {
			nodes[i].addr.addr4 = server->sa.ipv4.sin_addr;
		} else {
			memcpy(&nodes[i].addr.addr6, &server->sa.ipv6.sin6_addr,
				sizeof(nodes[i].addr.addr6));
		}
	}
	status = ares_set_servers_ports(ares, nodes);
	free(nodes);
	return status;
}

int dns_channel_new(struct loop *loop, const struct dns_settings *settings, dns_idle_fn *idle,
	void *idle_arg, struct dns_channel **ret_channel, struct err *err)
{
	struct dns_channel *channel = xcalloc(1, sizeof(*channel));
	struct ares_options options = {
		.flags = ARES_FLAG_NOALIASES,
		.timeout = settings->try_timeout_ms,
		.tries = settings->tries,
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = channel,
	};
	int status = ares_init_options(&channel->ares, &options,
		ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);

	if (status == ARES_SUCCESS) {
		ares_set_socket_functions(channel->ares, &socket_functions, channel);
		status = set_servers(channel->ares, settings);
	}
	if (status != ARES_SUCCESS) {
		ares_destroy(channel->ares);
		free(channel);
		return err_set(
			err, ERR_SYSTEM, "cannot set up name lookup: %s", ares_strerror(status));
	}
	channel->loop = loop;
	channel->try_timeout_ms = settings->try_timeout_ms;
	channel->rcode = -1;
	channel->idle = idle;
	channel->idle_arg = idle_arg;
	channel->retry = timer_new(loop, on_retry, channel);
	*ret_channel = channel;
	return 0;
}

void dns_channel_free(struct dns_channel **channel_ptr)
{
	struct dns_channel *channel = TAKE(*channel_ptr);

	if (channel) {
		ares_destroy(channel->ares);
		timer_free(&channel->retry);
		free(channel);
	}
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct question *question = arg;
	struct dns_channel *channel = question->channel;

	struct dns_answer answer = {
		.status = status,
		.rcode = channel->rcode,
		.error = channel->error,
		.nodes = info ? info->nodes : NULL,
	};

	(void)timeouts;
	question->fn(question->arg, &answer);
	ares_freeaddrinfo(info);
	free(question);
	channel->pending--;
	if (channel->pending == 0) {
		timer_stop(channel->retry);
		channel->idle(channel->idle_arg);
	}
}

static int ares_family(enum address_family family)
{
	switch (family) {
	case ADDRESS_IPV4:
		return AF_INET;
	case ADDRESS_IPV6:
		return AF_INET6;
	case ADDRESS_ANY:
		break;
	}
	return AF_UNSPEC;
}

void dns_channel_ask(struct dns_channel *channel, const char *name, enum address_family family,
	dns_answer_fn *fn, void *arg)
{
	struct ares_addrinfo_hints hints = {
		.ai_family = ares_family(family), .ai_socktype = SOCK_STREAM};
	struct question *question = xmalloc(sizeof(*question));
	int64_t try_ms = channel->try_timeout_ms + 1;

	*question = (struct question){.channel = channel, .fn = fn, .arg = arg};
	channel->pending++;
	forget_troubles(channel);
	ares_getaddrinfo(channel->ares, name, NULL, &hints, on_answer, question);
	if (channel->pending > 0 &&
		(!timer_is_running(channel->retry) ||
			channel->retry_due_ms > loop_now_ms(channel->loop) + try_ms)) {
		arm_retry(channel, try_ms);
	}
}

void dns_channel_cancel(struct dns_channel *channel)
{
	ares_cancel(channel->ares);
}

size_t dns_channel_pending(const struct dns_channel *channel)
{
	return channel->pending;
}

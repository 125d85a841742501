/*
 * A connection through a session (direct-tcpip): a channel at one end, a socket pair at the other,
 * whose far socket another session takes for its connection.
 *
 * Neither side is read faster than the other takes it.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/ssh_session_internal.h"

enum { CARRY_BYTES = 32 * 1024 };

struct ssh_tunnel {
	struct ssh_lane lane; /* first */
	const char *host;
	uint16_t port;
	ssh_tunnel_fn *done; /* NULL: was told, or nobody wants to know */
	void *arg;
	int near_fd; /* -1: not made yet */
	struct io *io;
	struct strbuf to_near; /* what the socket has not taken yet */
	bool is_near_over;     /* it sends no more */
	bool has_left;         /* bytes with libssh, that were not taken */
	bool is_closed;        /* the channel */
};

static struct ssh_tunnel *tunnel_of(struct ssh_lane *lane)
{
	return (struct ssh_tunnel *)lane;
}

static void tell(
	struct ssh_tunnel *tunnel, enum ssh_tunnel_outcome outcome, int fd, const char *text)
{
	ssh_tunnel_fn *done = TAKE(tunnel->done);

	if (done) {
		done(tunnel->arg, outcome, fd, text);
	}
}

static void lose(struct ssh_lane *lane, const char *text)
{
	lane->is_dead = true;
	tell(tunnel_of(lane), SSH_TUNNEL_LOST, -1, text);
}

static void release(struct ssh_lane *lane)
{
	struct ssh_tunnel *tunnel = tunnel_of(lane);

	tell(tunnel, SSH_TUNNEL_LOST, -1, "the connection to go through was closed");
	io_free(&tunnel->io);
	closep(&tunnel->near_fd);
	strbuf_release(&tunnel->to_near);
}

/* --- channel to socket ---------------------------------------------------------------------- */

static void flush_near(struct ssh_tunnel *tunnel)
{
	while (tunnel->to_near.len > 0) {
		ssize_t n = send(tunnel->near_fd, tunnel->to_near.buf, tunnel->to_near.len,
			MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			tunnel->lane.is_dead = true; /* whoever was there has gone */
		}
		if (n <= 0) {
			return;
		}
		strbuf_remove(&tunnel->to_near, 0, (size_t)n);
	}
}

static int on_data(
	ssh_session lib, ssh_channel channel, void *data, uint32_t len, int is_stderr, void *arg)
{
	struct ssh_tunnel *tunnel = arg;

	(void)lib;
	(void)channel;
	(void)is_stderr;
	if (tunnel->lane.is_dead || tunnel->near_fd < 0 || tunnel->to_near.len > 0) {
		tunnel->has_left = true;
		return 0; /* it stays in libssh's buffer, and the window shrinks */
	}
	strbuf_add(&tunnel->to_near, data, len);
	flush_near(tunnel);
	return (int)len;
}

/* Closed, or the host has hung up: then the server waits for us to do so too before it closes. */
static void on_over(ssh_session lib, ssh_channel channel, void *arg)
{
	struct ssh_tunnel *tunnel = arg;

	(void)lib;
	(void)channel;
	tunnel->is_closed = true;
}

static bool read_channel(struct ssh_tunnel *tunnel)
{
	char bytes[CARRY_BYTES];
	int n;

	if (!tunnel->has_left || tunnel->to_near.len > 0) {
		return false;
	}
	n = ssh_channel_read_nonblocking(tunnel->lane.channel, bytes, sizeof(bytes), 0);
	tunnel->has_left = n > 0;
	if (n > 0) {
		strbuf_add(&tunnel->to_near, bytes, (size_t)n);
		flush_near(tunnel);
	}
	return n > 0;
}

/* --- socket to channel ---------------------------------------------------------------------- */

static size_t room(const struct ssh_tunnel *tunnel)
{
	uint32_t window = ssh_channel_window_size(tunnel->lane.channel);

	if (!ssh_session_may_write(tunnel->lane.session)) {
		return 0;
	}
	return window < CARRY_BYTES ? window : CARRY_BYTES;
}

static bool read_near(struct ssh_tunnel *tunnel)
{
	char bytes[CARRY_BYTES];
	size_t most = tunnel->is_near_over ? 0 : room(tunnel);
	ssize_t n;

	if (most == 0) {
		return false;
	}
	n = recv(tunnel->near_fd, bytes, most, MSG_DONTWAIT);
	if (n > 0) {
		/* All of it fits into the window. */
		if (ssh_channel_write(tunnel->lane.channel, bytes, (uint32_t)n) < 0) {
			tunnel->lane.is_dead = true;
			return false;
		}
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		/* A session needs both directions: when it has gone, so has the tunnel. */
		tunnel->is_near_over = true;
		tunnel->lane.is_dead = true;
	}
	return false;
}

static void watch(struct ssh_tunnel *tunnel)
{
	unsigned events = 0;

	if (!tunnel->is_near_over && room(tunnel) > 0) {
		events |= IO_READ;
	}
	if (tunnel->to_near.len > 0) {
		events |= IO_WRITE;
	}
	io_set(tunnel->io, events);
}

static void on_io(void *arg, unsigned events)
{
	struct ssh_tunnel *tunnel = arg;

	if (events & IO_WRITE) {
		flush_near(tunnel);
	}
	ssh_session_step(tunnel->lane.session);
}

/* --- steps ---------------------------------------------------------------------------------- */

static bool begin(struct ssh_tunnel *tunnel)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0) {
		tunnel->lane.is_dead = true;
		tell(tunnel, SSH_TUNNEL_LOCAL, -1, errno_text(errno));
		return false;
	}
	tunnel->near_fd = pair[0];
	tunnel->io =
		io_add(tunnel->lane.session->client->loop, tunnel->near_fd, IO_READ, on_io, tunnel);
	tell(tunnel, SSH_TUNNEL_OPEN, pair[1], "");
	return true;
}

/* libssh tells the reason (RFC 4254, 5.1) in words only: "... error (2) Connection refused". */
static struct str reason_of(const struct strbuf *error, bool *ret_is_connect_failure)
{
	struct str text = strbuf_str(error);
	size_t at = str_find(text, '(', 0), end = str_find(text, ')', at);

	*ret_is_connect_failure = str_contains(text, "error (2)");
	return end < text.len ? str_trim(str_sub(text, end + 1, text.len)) : text;
}

static void tell_refusal(struct ssh_tunnel *tunnel)
{
	const struct ssh_session *session = tunnel->lane.session;
	enum ssh_tunnel_outcome outcome = SSH_TUNNEL_FORBIDDEN;
	struct strbuf error = STRBUF_INIT, text = STRBUF_INIT;
	bool is_connect_failure;
	struct str reason;

	ssh_session_add_lib_error(session, &error);
	reason = reason_of(&error, &is_connect_failure);
	if (is_connect_failure) {
		outcome = str_contains(reason, "refused") ? SSH_TUNNEL_REFUSED
							  : SSH_TUNNEL_UNREACHABLE;
		strbuf_addf(&text, "%s says: %.*s", session->target, STR_ARG(reason));
	} else {
		strbuf_addf(&text, "%s lets nobody through to it: %.*s", session->target,
			STR_ARG(reason));
	}
	tunnel->lane.is_dead = true;
	tell(tunnel, outcome, -1, text.buf);
	strbuf_release(&error);
	strbuf_release(&text);
}

static bool step_opening(struct ssh_tunnel *tunnel)
{
	struct ssh_session *session = tunnel->lane.session;
	int rc = ssh_lane_opening(
		&tunnel->lane, ssh_channel_open_forward(tunnel->lane.channel, tunnel->host,
				       tunnel->port, "127.0.0.1", 0));

	if (rc == SSH_OK) {
		return begin(tunnel);
	}
	if (rc == SSH_AGAIN || !ssh_is_connected(session->lib)) {
		return false;
	}
	tell_refusal(tunnel);
	return false;
}

static bool step(struct ssh_lane *lane)
{
	struct ssh_tunnel *tunnel = tunnel_of(lane);
	bool has_done;

	if (tunnel->near_fd < 0) {
		return tunnel->done ? step_opening(tunnel) : false;
	}
	has_done = read_channel(tunnel) || read_near(tunnel);
	if (!has_done && !lane->is_dead) {
		if (tunnel->is_closed && !tunnel->has_left && tunnel->to_near.len == 0) {
			lane->is_dead = true; /* the socket's other end sees it closed */
		} else {
			watch(tunnel);
		}
	}
	return has_done;
}

struct ssh_tunnel *ssh_tunnel_start(
	struct ssh_session *via, const char *host, uint16_t port, ssh_tunnel_fn *done, void *arg)
{
	struct ssh_tunnel *tunnel = xcalloc(1, sizeof(*tunnel));

	*tunnel = (struct ssh_tunnel){
		.lane = {.step = step, .lose = lose, .release = release},
		.host = host,
		.port = port,
		.done = done,
		.arg = arg,
		.near_fd = -1,
		.to_near = STRBUF_INIT,
	};
	tunnel->lane.callbacks = (struct ssh_channel_callbacks_struct){
		.userdata = tunnel,
		.channel_data_function = on_data,
		.channel_eof_function = on_over,
		.channel_close_function = on_over,
	};
	ssh_lane_add(via, &tunnel->lane);
	ssh_session_wake(via);
	return tunnel;
}

void ssh_tunnel_cancel(struct ssh_tunnel **tunnel_ptr)
{
	struct ssh_tunnel *tunnel = TAKE(*tunnel_ptr);

	if (tunnel) {
		tunnel->done = NULL;
		ssh_lane_kill(&tunnel->lane);
	}
}

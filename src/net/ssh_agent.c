/*
 * Messages of the agent's protocol, one request and one answer at a time.  See ssh_agent.h.
 */
#include "net/ssh_agent.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"

enum { MESSAGE_MAX = 256 * 1024, LENGTH_BYTES = 4, IDENTITIES_ANSWER = 12, KEYS_MAX = 1024 };

/* One of the two sides. */
struct side {
	struct ssh_agent_port *port;
	int fd;
	struct io *io;
	struct strbuf in, out;
};

struct ssh_agent_port {
	struct ssh_agent_keys keys;
	struct side near, far; /* libssh, the agent */
};

static uint32_t get_u32(const char *bytes)
{
	const unsigned char *b = (const unsigned char *)bytes;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void add_u32(struct strbuf *out, uint32_t value)
{
	const char bytes[] = {
		(char)(value >> 24), (char)(value >> 16), (char)(value >> 8), (char)value};

	strbuf_add(out, bytes, sizeof(bytes));
}

static bool take_string(struct str *rest, struct str *ret_string)
{
	uint32_t len;

	if (rest->len < LENGTH_BYTES) {
		return false;
	}
	len = get_u32(rest->ptr);
	if (len > rest->len - LENGTH_BYTES) {
		return false;
	}
	*ret_string = str_sub(*rest, LENGTH_BYTES, len);
	*rest = str_sub(*rest, LENGTH_BYTES + (size_t)len, rest->len);
	return true;
}

static bool is_wanted(const struct ssh_agent_keys *keys, struct str blob)
{
	for (size_t i = 0; i < keys->wanted_count; i++) {
		if (str_eq(keys->wanted[i], blob)) {
			return true;
		}
	}
	return false;
}

/* The keys of the list that are wanted, or those that are not; how many.  -1: it is no list. */
static int64_t select_keys(
	struct str rest, const struct ssh_agent_keys *keys, bool wanted, struct strbuf *out)
{
	uint32_t count = get_u32(rest.ptr);
	int64_t selected = 0;

	rest = str_sub(rest, LENGTH_BYTES, rest.len);
	for (uint32_t i = 0; i < count; i++) {
		struct str whole = rest, blob, comment;

		if (i == KEYS_MAX || !take_string(&rest, &blob) || !take_string(&rest, &comment)) {
			return -1;
		}
		if (is_wanted(keys, blob) == wanted) {
			strbuf_addstr(out, str_sub(whole, 0, whole.len - rest.len));
			selected++;
		}
	}
	return selected;
}

int ssh_agent_select(
	struct str answer, const struct ssh_agent_keys *keys, struct strbuf *out, struct err *err)
{
	struct strbuf first = STRBUF_INIT, rest = STRBUF_INIT;
	int64_t first_count = -1, rest_count = 0;

	if (answer.len >= 1 + LENGTH_BYTES && answer.ptr[0] == IDENTITIES_ANSWER) {
		struct str list = str_sub(answer, 1, answer.len);

		first_count = select_keys(list, keys, true, &first);
		if (first_count >= 0 && !keys->only_wanted) {
			rest_count = select_keys(list, keys, false, &rest);
		}
	}
	if (first_count >= 0) {
		strbuf_addc(out, IDENTITIES_ANSWER);
		add_u32(out, (uint32_t)(first_count + rest_count));
		strbuf_addstr(out, strbuf_str(&first));
		strbuf_addstr(out, strbuf_str(&rest));
	}
	strbuf_release(&first);
	strbuf_release(&rest);
	return first_count >= 0 ? 0 : err_set(err, ERR_NETWORK, "the agent's list of keys is bad");
}

/* --- the port ------------------------------------------------------------------------------- */

static void side_close(struct side *side)
{
	io_free(&side->io);
	if (side->fd >= 0) {
		/* libssh may be waiting at the other end: closing ours tells it. */
		(void)close(side->fd);
		side->fd = -1;
	}
}

static void port_close(struct ssh_agent_port *port)
{
	side_close(&port->near);
	side_close(&port->far);
}

void ssh_agent_port_free(struct ssh_agent_port **port_ptr)
{
	struct ssh_agent_port *port = TAKE(*port_ptr);

	if (!port) {
		return;
	}
	port_close(port);
	strbuf_release(&port->near.in);
	strbuf_release(&port->near.out);
	strbuf_release(&port->far.in);
	strbuf_release(&port->far.out);
	free(port);
}

/* False: the side is gone. */
static bool read_some(struct side *side)
{
	size_t room = strbuf_reserve(&side->in, 4096);
	ssize_t n;

	if (room == 0) {
		return false; /* it says too much at once */
	}
	n = recv(side->fd, side->in.buf + side->in.len, room, 0);
	if (n > 0) {
		strbuf_commit(&side->in, (size_t)n);
	}
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool write_some(struct side *side)
{
	ssize_t n;

	if (side->out.len == 0) {
		return true;
	}
	n = send(side->fd, side->out.buf, side->out.len, MSG_NOSIGNAL);
	if (n > 0) {
		strbuf_remove(&side->out, 0, (size_t)n);
	}
	return n >= 0 || errno == EAGAIN || errno == EINTR;
}

/* Cut a whole message off what came: 1, not yet: 0, too long: -1. */
static int take_message(struct strbuf *in, struct strbuf *message)
{
	size_t len;

	if (in->len < LENGTH_BYTES) {
		return 0;
	}
	len = get_u32(in->buf);
	if (len > MESSAGE_MAX) {
		return -1;
	}
	if (in->len < LENGTH_BYTES + len) {
		return 0;
	}
	strbuf_add(message, in->buf + LENGTH_BYTES, len);
	strbuf_remove(in, 0, LENGTH_BYTES + len);
	return 1;
}

static bool carry(struct ssh_agent_port *port, struct side *from)
{
	struct side *to = from == &port->near ? &port->far : &port->near;
	struct strbuf message = STRBUF_INIT, selected = STRBUF_INIT;
	int found;

	while ((found = take_message(&from->in, &message)) > 0) {
		struct strbuf *content = &message;

		if (from == &port->far && message.len > 0 && message.buf[0] == IDENTITIES_ANSWER) {
			content = &selected;
			if (ssh_agent_select(strbuf_str(&message), &port->keys, &selected, NULL) <
				0) {
				found = -1;
				break;
			}
		}
		add_u32(&to->out, (uint32_t)content->len);
		strbuf_addstr(&to->out, strbuf_str(content));
		strbuf_clear(&message);
		strbuf_clear(&selected);
	}
	strbuf_release(&message);
	strbuf_release(&selected);
	return found == 0 && to->out.dropped_bytes == 0 && write_some(to);
}

static void watch(struct side *side)
{
	io_set(side->io, side->out.len > 0 ? IO_READ | IO_WRITE : IO_READ);
}

static void on_io(void *arg, unsigned events)
{
	struct side *side = arg;
	struct ssh_agent_port *port = side->port;

	if (((events & IO_WRITE) && !write_some(side)) ||
		((events & (IO_READ | IO_ERROR)) && (!read_some(side) || !carry(port, side)))) {
		port_close(port);
		return;
	}
	watch(&port->near);
	watch(&port->far);
}

static void side_open(struct loop *loop, struct ssh_agent_port *port, struct side *side, int fd)
{
	const size_t max = 2 * (MESSAGE_MAX + LENGTH_BYTES);

	*side = (struct side){
		.port = port, .fd = fd, .in = STRBUF_INIT_MAX(max), .out = STRBUF_INIT_MAX(max)};
	side->io = io_add(loop, fd, IO_READ, on_io, side);
}

static int connect_agent(const char *path, int *ret_fd, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	size_t len = strlen(path);

	if (len >= sizeof(address.sun_path)) {
		return err_set(err, ERR_INPUT, "the agent's socket '%s' has too long a name", path);
	}
	memcpy(address.sun_path, path, len);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		return err_set_errno(err, errno, "cannot reach the agent at '%s'", path);
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int ssh_agent_port_new(struct loop *loop, const char *socket_path,
	const struct ssh_agent_keys *keys, struct ssh_agent_port **ret_port, int *ret_fd,
	struct err *err)
{
	struct ssh_agent_port *port;
	int pair[2];
	int far_fd;

	if (connect_agent(socket_path, &far_fd, err) < 0) {
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0) {
		err_set_errno(err, errno, "cannot make a socket pair");
		(void)close(far_fd);
		return -1;
	}
	port = xcalloc(1, sizeof(*port));
	port->keys = *keys;
	side_open(loop, port, &port->near, pair[0]);
	side_open(loop, port, &port->far, far_fd);
	*ret_port = port;
	*ret_fd = pair[1];
	return 0;
}

/*
 * Connecting to the first address that answers.  See dial.h.
 *
 * connect() is called once for each socket and never again: libcurl 7.88, which is given the
 * connected socket, calls it a second time, which Linux answers with success once (the third time
 * it says EISCONN, which that curl takes for a failure).
 */
#include "net/dial.h"

#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "base/alloc.h"
#include "base/time.h"

enum { NEXT_ADDRESS_MS = 250 };

/* One address being tried. */
struct attempt {
	struct dial *dial;
	struct attempt *next;
	const struct address *address;
	struct io *io;
	int fd;
};

/* How an address failed.  The text of a later one wins if it says more about the target. */
struct failure {
	enum dial_status status;
	int error;
	const struct address *address;
};

struct dial {
	struct loop *loop;
	const char *host;
	enum address_family family;
	struct address source; /* sa_len 0: none */
	int64_t timeout_ms;
	dial_fn *done;
	void *arg;
	struct lookup *lookup; /* while looking up */
	struct timer *deadline;
	struct timer *next_address; /* NULL until there is more than one */
	struct deferred *ending;    /* everything has failed */
	struct address *addresses;
	size_t addresses_count, addresses_tried;
	struct attempt *attempts; /* the newest first */
	struct failure failure;
	enum lookup_status lookup_status;
	int64_t phase_us; /* when the lookup, then connecting, began */
	int64_t lookup_us;
};

static void attempt_free(struct attempt *attempt)
{
	io_free(&attempt->io);
	if (attempt->fd >= 0) {
		(void)close(attempt->fd);
	}
	free(attempt);
}

void dial_free(struct dial **dial_ptr)
{
	struct dial *dial = TAKE(*dial_ptr);

	if (!dial) {
		return;
	}
	while (dial->attempts) {
		struct attempt *attempt = dial->attempts;

		dial->attempts = attempt->next;
		attempt_free(attempt);
	}
	lookup_free(&dial->lookup);
	timer_free(&dial->deadline);
	timer_free(&dial->next_address);
	deferred_free(&dial->ending);
	free(dial->addresses);
	free(dial);
}

static void finish(struct dial *dial, struct dial_result *result)
{
	int64_t phase_us = time_mono_us() - dial->phase_us;
	dial_fn *done = dial->done;
	void *arg = dial->arg;

	result->addresses_tried = dial->addresses_tried;
	result->lookup_status = dial->lookup_status;
	result->lookup_us = dial->addresses ? dial->lookup_us : phase_us;
	result->connect_us = dial->addresses ? phase_us : 0;
	dial_free(&dial);
	done(arg, result);
}

static void add_failure(const struct dial *dial, struct strbuf *out)
{
	const struct failure *failure = &dial->failure;

	switch (failure->status) {
	case DIAL_REFUSED:
		strbuf_adds(out, "connection refused by ");
		break;
	case DIAL_RESET:
		strbuf_adds(out, "connection reset by ");
		break;
	case DIAL_TIMEOUT:
		strbuf_adds(out, "no answer from ");
		break;
	case DIAL_UNREACHABLE:
		strbuf_adds(out, "cannot reach ");
		break;
	case DIAL_OK:
	case DIAL_DNS_FAILED:
	case DIAL_ERROR:
		strbuf_adds(out, "cannot connect to ");
		break;
	}
	address_add_ip_port(failure->address, out);
	if (dial->source.sa_len > 0 && failure->error == EADDRNOTAVAIL) {
		strbuf_adds(out, " from ");
		address_add_ip(&dial->source, out);
	}
	if (failure->status == DIAL_UNREACHABLE || failure->status == DIAL_ERROR) {
		strbuf_addf(out, ": %s", errno_text(failure->error));
	}
}

static void add_count(const struct dial *dial, struct strbuf *out)
{
	if (dial->addresses_tried > 1) {
		strbuf_addf(out, " (%zu addresses tried)", dial->addresses_tried);
	}
}

/* Every address has failed. */
static void on_ending(void *arg)
{
	struct dial *dial = arg;
	struct dial_result result = {.status = dial->failure.status,
		.fd = -1,
		.error = dial->failure.error,
		.address = *dial->failure.address};
	struct strbuf text = STRBUF_INIT;

	dial->ending = NULL;
	add_failure(dial, &text);
	add_count(dial, &text);
	result.text = text.buf;
	finish(dial, &result);
	strbuf_release(&text);
}

static void on_deadline(void *arg)
{
	struct dial *dial = arg;
	struct dial_result result = {
		.status = DIAL_TIMEOUT, .fd = -1, .address = dial_address(dial)};
	struct strbuf text = STRBUF_INIT;

	if (dial->lookup) {
		dial->lookup_status = LOOKUP_TIMEOUT;
		strbuf_addf(&text, "no answer from the name servers about '%s'", dial->host);
	} else {
		strbuf_adds(&text, "no answer from ");
		address_add_ip_port(&result.address, &text);
		result.error = ETIMEDOUT;
	}
	strbuf_adds(&text, " within ");
	time_add_duration(&text, dial->timeout_ms);
	add_count(dial, &text);
	result.text = text.buf;
	finish(dial, &result);
	strbuf_release(&text);
}

static enum dial_status status_of(int error, const struct address *address)
{
	switch (error) {
	case ECONNREFUSED:
		return DIAL_REFUSED;
	case ECONNRESET:
		return DIAL_RESET;
	case ETIMEDOUT:
		return DIAL_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	case ENONET:
	case EAFNOSUPPORT:
		return DIAL_UNREACHABLE;
	case EADDRNOTAVAIL:
		/* For IPv6 it means that this machine has no address of that kind.  For IPv4 all
		 * of our ports are in use. */
		return address_family_of(address) == ADDRESS_IPV6 ? DIAL_UNREACHABLE : DIAL_ERROR;
	default:
		return DIAL_ERROR;
	}
}

/* What comes from the target says more than what comes from the way there or from this machine. */
static int weight(enum dial_status status)
{
	switch (status) {
	case DIAL_OK:
	case DIAL_DNS_FAILED:
		return 0;
	case DIAL_UNREACHABLE:
		return 1;
	case DIAL_ERROR:
		return 2;
	case DIAL_TIMEOUT:
		return 3;
	case DIAL_REFUSED:
	case DIAL_RESET:
		return 4;
	}
	return 0;
}

static void note_failure(struct dial *dial, const struct address *address, int error)
{
	enum dial_status status = status_of(error, address);

	if (dial->source.sa_len > 0 && error == EADDRNOTAVAIL) {
		status = DIAL_UNREACHABLE;
	}
	if (weight(status) >= weight(dial->failure.status)) {
		dial->failure =
			(struct failure){.status = status, .error = error, .address = address};
	}
}

static void set_options(int fd, const struct address *source)
{
	const int on = 1;

	/* Neither is worth failing for: the one is about speed, the other saves ports. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (source->sa_len > 0) {
		(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	}
}

/* A socket on its way to `address`; -1 with errno if there is none. */
static int begin_connect(const struct address *address, const struct address *source)
{
	_cleanup_close_ int fd =
		socket(address->sa.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int connecting;

	if (fd < 0) {
		return -1;
	}
	if (source->sa_len > 0 && source->sa.any.sa_family != address->sa.any.sa_family) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	set_options(fd, source);
	if (source->sa_len > 0 && bind(fd, &source->sa.any, source->sa_len) < 0) {
		return -1;
	}
	if (connect(fd, &address->sa.any, address->sa_len) < 0 && errno != EINPROGRESS) {
		return -1;
	}
	connecting = fd;
	fd = -1;
	return connecting;
}

static void try_addresses(struct dial *dial);

static void on_connected(struct dial *dial, struct attempt *attempt)
{
	struct dial_result result = {
		.status = DIAL_OK, .fd = attempt->fd, .address = *attempt->address, .text = ""};

	attempt->fd = -1;
	io_free(&attempt->io); /* before whoever gets the descriptor watches it */
	finish(dial, &result);
}

static void attempt_end(struct attempt *attempt)
{
	struct attempt **place = &attempt->dial->attempts;

	while (*place != attempt) {
		place = &(*place)->next;
	}
	*place = attempt->next;
	attempt_free(attempt);
}

static void on_io(void *arg, unsigned events)
{
	struct attempt *attempt = arg;
	struct dial *dial = attempt->dial;
	socklen_t len = sizeof(int);
	int error = 0;

	(void)events;
	if (getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0) {
		error = errno;
	}
	if (error == 0) {
		on_connected(dial, attempt);
		return;
	}
	note_failure(dial, attempt->address, error);
	attempt_end(attempt);
	try_addresses(dial);
}

static void attempt_new(struct dial *dial, const struct address *address, int fd)
{
	struct attempt *attempt = xcalloc(1, sizeof(*attempt));

	*attempt = (struct attempt){
		.dial = dial, .next = dial->attempts, .address = address, .fd = fd};
	attempt->io = io_add(dial->loop, fd, IO_WRITE, on_io, attempt);
	dial->attempts = attempt;
}

static void on_next_address(void *arg)
{
	try_addresses(arg);
}

/* Give the address just begun a moment, less if there is little time for many. */
static void wait_for_next(struct dial *dial)
{
	int64_t wait_ms = dial->timeout_ms / (int64_t)(dial->addresses_count + 1);

	if (!dial->next_address) {
		dial->next_address = timer_new(dial->loop, on_next_address, dial);
	}
	timer_set(dial->next_address, wait_ms < NEXT_ADDRESS_MS ? wait_ms : NEXT_ADDRESS_MS);
}

/* Begin with the next address that can be begun with. */
static void try_addresses(struct dial *dial)
{
	while (dial->addresses_tried < dial->addresses_count) {
		const struct address *address = &dial->addresses[dial->addresses_tried++];
		int fd = begin_connect(address, &dial->source);

		if (fd >= 0) {
			attempt_new(dial, address, fd);
			if (dial->addresses_tried < dial->addresses_count) {
				wait_for_next(dial);
			}
			return;
		}
		note_failure(dial, address, errno);
	}
	if (!dial->attempts && !dial->ending) {
		dial->ending = loop_defer(dial->loop, on_ending, dial);
	}
}

static void begin_trying(struct dial *dial)
{
	int64_t now_us = time_mono_us();

	dial->lookup_us = now_us - dial->phase_us;
	dial->phase_us = now_us;
	try_addresses(dial);
}

/* The families in turn, beginning with the first address's; else in the order given. */
static void take_addresses(struct dial *dial, const struct address *addresses, size_t count)
{
	size_t taken[2] = {0, 0}; /* of the first address's family, of the other */
	enum address_family first = address_family_of(&addresses[0]);

	dial->addresses = xcalloc(count, sizeof(*addresses));
	for (; dial->addresses_count < count; dial->addresses_count++) {
		size_t kind = dial->addresses_count % 2;

		for (int both = 0; both < 2; both++) {
			while (taken[kind] < count && (address_family_of(&addresses[taken[kind]]) ==
							      first) != (kind == 0)) {
				taken[kind]++;
			}
			if (taken[kind] < count) {
				break;
			}
			kind = 1 - kind;
		}
		dial->addresses[dial->addresses_count] = addresses[taken[kind]++];
	}
}

static void on_lookup(void *arg, const struct lookup_result *lookup)
{
	struct dial *dial = arg;

	dial->lookup = NULL;
	dial->lookup_status = lookup->status;
	if (lookup->status != LOOKUP_OK) {
		struct dial_result result = {
			.status = DIAL_DNS_FAILED, .fd = -1, .text = lookup->text};

		finish(dial, &result);
		return;
	}
	take_addresses(dial, lookup->addresses, lookup->addresses_count);
	begin_trying(dial);
}

struct dial *dial_start(struct loop *loop, struct resolver *resolver, const struct dial_spec *spec,
	dial_fn *done, void *arg)
{
	struct dial *dial = xcalloc(1, sizeof(*dial));
	struct address literal;
	bool is_literal;

	assert(spec->timeout_ms > 0);
	*dial = (struct dial){
		.loop = loop,
		.host = spec->host,
		.family = spec->family,
		.timeout_ms = spec->timeout_ms,
		.done = done,
		.arg = arg,
		.phase_us = time_mono_us(),
	};
	dial->deadline = timer_add(loop, spec->timeout_ms, on_deadline, dial);
	if (spec->source) {
		dial->source = *spec->source;
		dial->family = address_family_of(spec->source);
	}
	/* Of another family: the resolver has the words for it. */
	is_literal = address_parse(str_of(spec->host), spec->port, &literal) &&
		     (dial->family == ADDRESS_ANY || dial->family == address_family_of(&literal));
	if (spec->only || is_literal) {
		take_addresses(dial, spec->only ? spec->only : &literal, 1);
		begin_trying(dial);
		return dial;
	}
	dial->lookup =
		resolver_lookup(resolver, spec->host, spec->port, dial->family, 0, on_lookup, dial);
	return dial;
}

struct address dial_address(const struct dial *dial)
{
	if (dial->attempts) {
		return *dial->attempts->address;
	}
	return dial->failure.address ? *dial->failure.address : (struct address){0};
}

void dial_add_phase(const struct dial *dial, struct strbuf *out)
{
	struct address address = dial_address(dial);

	if (address.sa_len == 0) {
		strbuf_addf(out, "looking up '%s'", dial->host);
		return;
	}
	strbuf_adds(out, "connecting to ");
	address_add_ip_port(&address, out);
}

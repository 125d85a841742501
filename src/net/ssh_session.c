/*
 * A session from dialling to its end, and the rounds in which its channels are stepped.  See
 * ssh_session.h and ssh_session_internal.h.
 *
 * Ends are found deep inside, and told at the surface: ssh_session_end() notes one, and
 * ssh_session_step(), through which everything goes, tells it when nothing stands on the session.
 */
#include <sys/socket.h>

#include <assert.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libssh/server.h>

#include "base/alloc.h"
#include "base/time.h"
#include "base/utf8.h"
#include "net/ssh_kexinit.h"
#include "net/ssh_session_internal.h"

enum {
	DEFAULT_CONNECT_MS = 10000,
	DEFAULT_ALIVE_MS = 5000,
	DEFAULT_ALIVE_COUNT = 3,
	READ_BYTES = 4096, /* that libssh reads at once */
	READS_MAX = 16,    /* in one turn */
	ERROR_MAX = 300,
};

/* --- ends ----------------------------------------------------------------------------------- */

enum ssh_phase ssh_session_phase(const struct ssh_session *session)
{
	switch (session->state) {
	case SSH_STATE_DIALING:
		return session->dial && dial_address(session->dial).sa_len == 0 ? SSH_PHASE_LOOKUP
										: SSH_PHASE_CONNECT;
	case SSH_STATE_TUNNELING:
		return SSH_PHASE_CONNECT;
	case SSH_STATE_HANDSHAKE:
		return session->lib && ssh_get_serverbanner(session->lib) ? SSH_PHASE_KEX
									  : SSH_PHASE_GREETING;
	case SSH_STATE_AUTH:
		return SSH_PHASE_AUTH;
	case SSH_STATE_OPEN:
		return SSH_PHASE_OPEN;
	case SSH_STATE_ENDED:
		break;
	}
	return session->end.phase;
}

void ssh_session_end(struct ssh_session *session, enum ssh_end_cause cause, const char *fmt, ...)
{
	struct strbuf text = STRBUF_INIT;
	va_list ap;

	if (session->has_ended) {
		return;
	}
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	session->end = (struct ssh_end){
		.cause = cause,
		.phase = ssh_session_phase(session),
		.text = arena_strdup(session->arena, text.buf),
	};
	session->has_ended = true;
	session->state = SSH_STATE_ENDED;
	strbuf_release(&text);
}

bool ssh_session_is_over(const struct ssh_session *session)
{
	return session->has_ended || session->is_freed;
}

void ssh_session_add_lib_error(const struct ssh_session *session, struct strbuf *out)
{
	struct strbuf text = STRBUF_INIT;
	struct str error = str_of(ssh_get_error(session->lib));
	const char *prefix = "Received SSH_MSG_DISCONNECT: ";
	const char *socket_prefix = "Socket error: ";

	if (str_starts(error, prefix)) {
		strbuf_addf(&text, "it said '%s'", ssh_get_error(session->lib) + strlen(prefix));
	} else if (str_starts(error, "Socket error: disconnected")) {
		strbuf_adds(&text, "connection closed");
	} else if (str_starts(error, socket_prefix)) {
		strbuf_addf(&text, "connection closed: %s", error.ptr + strlen(socket_prefix));
	} else {
		strbuf_addstr(&text, error);
	}
	strbuf_rtrim(&text);
	utf8_add_escaped(out, strbuf_str(&text), ERROR_MAX);
	strbuf_release(&text);
}

void ssh_session_end_by_lib(struct ssh_session *session, enum ssh_end_cause cause)
{
	struct strbuf text = STRBUF_INIT;

	ssh_session_add_lib_error(session, &text);
	ssh_session_end(session, cause, "%s: %s", session->target, text.buf);
	strbuf_release(&text);
}

/* --- what goes when ------------------------------------------------------------------------- */

/* Closes the connection.  A goodbye would leave libssh's descriptor open, or not, and no way to
 * know. */
static void disconnect(struct ssh_session *session)
{
	io_free(&session->io);
	if (session->lib) {
		ssh_silent_disconnect(session->lib);
		ssh_free(session->lib);
		session->lib = NULL;
	}
	closep(&session->lib_fd);
	session->lib_fd = -1;
	if (session->fd >= 0) {
		(void)close(session->fd);
		session->fd = -1;
	}
}

void ssh_session_destroy(struct ssh_session *session)
{
	ssh_lanes_free(session);
	dial_free(&session->dial);
	ssh_tunnel_cancel(&session->tunnel);
	timer_free(&session->deadline);
	timer_free(&session->alive_timer);
	deferred_free(&session->waking);
	disconnect(session);
	ssh_auth_free(&session->auth);
	strbuf_release(&session->greeting);
	strbuf_release(&session->opening);
	arena_free(session->arena);
	free(session);
}

/* And the client, if this was the last that it waited for. */
static void session_remove(struct ssh_session *session)
{
	struct ssh_client *client = session->client;

	ssh_client_remove(session);
	ssh_session_destroy(session);
	ssh_client_settle(client);
}

void ssh_session_free(struct ssh_session **session_ptr)
{
	struct ssh_session *session = TAKE(*session_ptr);

	if (!session) {
		return;
	}
	session->is_freed = true;
	if (session->is_lent) {
		ssh_auth_abandon(session);
		io_free(&session->io);
		timer_free(&session->deadline);
	} else if (session->depth == 0) {
		session_remove(session);
	}
}

/* Commands first, then the session, to whoever is still there. */
static void tell_end(struct ssh_session *session)
{
	session->depth++;
	for (struct ssh_lane *lane = session->lanes; lane && !session->is_freed;
		lane = lane->next) {
		if (!lane->is_dead) {
			lane->lose(lane, session->end.text);
		}
	}
	if (!session->is_freed) {
		session->is_freed = true;
		session->events.ended(session->arg, &session->end);
	}
	session->depth--;
}

void ssh_session_settle(struct ssh_session *session)
{
	if (session->depth > 0 || session->is_lent) {
		return;
	}
	ssh_lanes_sweep(session);
	if (session->has_ended && !session->is_freed) {
		tell_end(session);
	}
	if (session->is_freed) {
		session_remove(session);
		return;
	}
	ssh_session_watch(session);
}

/* --- while it is open ------------------------------------------------------------------------- */

/* Whatever asks libssh for something lets it read, too: what counts is what has come by any way. */
static void note_life(struct ssh_session *session)
{
	if (session->counter.in_bytes != session->heard_bytes) {
		session->heard_bytes = session->counter.in_bytes;
		session->heard_ms = loop_now_ms(session->client->loop);
		session->alive_unanswered = 0;
	}
}

/* Read what there is, and tell it; true if there may be more. */
static bool read_once(struct ssh_session *session)
{
	uint64_t before = session->counter.in_bytes;

	session->is_reading = true;
	(void)ssh_execute_message_callbacks(session->lib); /* what is wrong shows in the status */
	session->is_reading = false;
	return session->counter.in_bytes - before >= READ_BYTES;
}

static void ask_for_life(struct ssh_session *session)
{
	int rc;

	if (!session->is_asking) {
		return;
	}
	/* libssh's own keepalive asks for no answer.  A forwarding that never was is taken back
	 * everywhere, with an answer: no. */
	rc = ssh_channel_cancel_forward(session->lib, "localhost", 1);
	session->is_asking = rc == SSH_AGAIN;
}

/* libssh thinks so after each write, until it has polled: that costs less than to watch for it. */
static bool may_be_writing(const struct ssh_session *session)
{
	return (ssh_get_poll_flags(session->lib) & SSH_WRITE_PENDING) != 0;
}

/* As long as there is something to read, libssh does not look whether it can write: a server that
 * never stops would never hear of us. */
bool ssh_session_may_write(struct ssh_session *session)
{
	struct pollfd fd = {.fd = session->fd, .events = POLLOUT};

	if (!may_be_writing(session)) {
		return true;
	}
	if (poll(&fd, 1, 0) != 1 || (fd.revents & POLLOUT) == 0) {
		return false;
	}
	ssh_set_fd_towrite(session->lib);
	return true;
}

static void step_open(struct ssh_session *session)
{
	bool has_more = true, was_writing = false;

	for (int i = 0; i < READS_MAX && has_more && !ssh_session_is_over(session); i++) {
		has_more = read_once(session);
		ask_for_life(session);
		ssh_lanes_step(session);
		note_life(session);
		if (!has_more && !was_writing && !ssh_session_is_over(session)) {
			was_writing = may_be_writing(session);
			has_more = was_writing;
		}
	}
	if (!ssh_session_is_over(session) &&
		(!ssh_is_connected(session->lib) ||
			(ssh_get_status(session->lib) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0)) {
		ssh_session_end_by_lib(session, SSH_END_CLOSED);
	} else if (has_more && !ssh_session_is_over(session)) {
		ssh_session_wake(session);
	}
}

void ssh_session_step(struct ssh_session *session)
{
	enum ssh_session_state state;
	bool was_writing = false, goes_on;

	session->depth++;
	do {
		state = session->state;
		switch (state) {
		case SSH_STATE_HANDSHAKE:
			ssh_handshake_step(session);
			break;
		case SSH_STATE_AUTH:
			ssh_auth_step(session);
			break;
		case SSH_STATE_OPEN:
			step_open(session);
			break;
		case SSH_STATE_DIALING:
		case SSH_STATE_TUNNELING:
		case SSH_STATE_ENDED:
			break;
		}
		goes_on = session->state != state;
		if (!goes_on && !was_writing && state != SSH_STATE_OPEN && session->lib &&
			!ssh_session_is_over(session) && !session->is_lent) {
			was_writing = may_be_writing(session);
			goes_on = was_writing;
		}
	} while (goes_on && !ssh_session_is_over(session) && !session->is_lent);
	session->depth--;
	ssh_session_settle(session);
}

static void on_waking(void *arg)
{
	struct ssh_session *session = arg;

	session->waking = NULL;
	if (!session->is_lent) {
		ssh_session_step(session);
	}
}

void ssh_session_wake(struct ssh_session *session)
{
	if (!session->waking) {
		session->waking = loop_defer(session->client->loop, on_waking, session);
	}
}

static void on_io(void *arg, unsigned events)
{
	(void)events;
	ssh_session_step(arg);
}

/* A session that is lent is watched by the thread that has it. */
void ssh_session_watch(struct ssh_session *session)
{
	unsigned events = session->is_lent ? 0 : IO_READ;

	if (!session->lib || session->fd < 0) {
		return;
	}
	if (!session->is_lent && (ssh_get_poll_flags(session->lib) & SSH_WRITE_PENDING)) {
		events |= IO_WRITE;
	}
	if (!session->io) {
		session->io = io_add(session->client->loop, session->fd, events, on_io, session);
	} else {
		io_set(session->io, events);
	}
}

/* --- clocks --------------------------------------------------------------------------------- */

static int64_t alive_interval_ms(const struct ssh_session *session)
{
	if (session->spec.alive_interval_ms > 0) {
		return session->spec.alive_interval_ms;
	}
	return session->settings->alive_interval_ms > 0 ? session->settings->alive_interval_ms
							: DEFAULT_ALIVE_MS;
}

static int alive_count_max(const struct ssh_session *session)
{
	if (session->spec.alive_count_max > 0) {
		return session->spec.alive_count_max;
	}
	return session->settings->alive_count_max > 0 ? session->settings->alive_count_max
						      : DEFAULT_ALIVE_COUNT;
}

static void on_alive_timer(void *arg)
{
	struct ssh_session *session = arg;
	int64_t silent_ms = loop_now_ms(session->client->loop) - session->heard_ms;
	int64_t interval_ms = alive_interval_ms(session);
	struct strbuf text = STRBUF_INIT;

	if (silent_ms < interval_ms) {
		timer_set(session->alive_timer, interval_ms - silent_ms);
		return;
	}
	if (session->alive_unanswered >= alive_count_max(session)) {
		time_add_duration(&text, silent_ms);
		ssh_session_end(session, SSH_END_SILENT, "%s: no sign of life for %s",
			session->target, text.buf);
		strbuf_release(&text);
		ssh_session_settle(session);
		return;
	}
	session->alive_unanswered++;
	session->is_asking = true;
	timer_set(session->alive_timer, interval_ms);
	ssh_session_step(session);
}

void ssh_session_opened(struct ssh_session *session)
{
	timer_free(&session->deadline);
	ssh_auth_free(&session->auth);
	session->spec.password = NULL;
	session->state = SSH_STATE_OPEN;
	session->heard_ms = loop_now_ms(session->client->loop);
	session->alive_timer = timer_add(
		session->client->loop, alive_interval_ms(session), on_alive_timer, session);
	session->events.opened(session->arg);
}

static int64_t connect_timeout_ms(const struct ssh_session *session)
{
	if (session->spec.connect_timeout_ms > 0) {
		return session->spec.connect_timeout_ms;
	}
	return session->settings->connect_timeout_ms > 0 ? session->settings->connect_timeout_ms
							 : DEFAULT_CONNECT_MS;
}

static void on_deadline(void *arg)
{
	struct ssh_session *session = arg;
	struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, "gave up after ");
	time_add_duration(&text, connect_timeout_ms(session));
	strbuf_adds(&text, ": ");
	ssh_session_add_phase(session, &text);
	ssh_session_end(session, SSH_END_TIMEOUT, "%s", text.buf);
	strbuf_release(&text);
	if (session->is_lent) {
		ssh_auth_abandon(session); /* told when the thread lets go */
		return;
	}
	ssh_session_settle(session);
}

/* --- getting there -------------------------------------------------------------------------- */

static enum ssh_end_cause cause_of(enum dial_status status)
{
	switch (status) {
	case DIAL_DNS_FAILED:
		return SSH_END_DNS;
	case DIAL_REFUSED:
		return SSH_END_REFUSED;
	case DIAL_UNREACHABLE:
		return SSH_END_UNREACHABLE;
	case DIAL_TIMEOUT:
		return SSH_END_TIMEOUT;
	case DIAL_RESET:
		return SSH_END_DROPPED;
	case DIAL_OK:
	case DIAL_ERROR:
		break;
	}
	return SSH_END_LOCAL;
}

static void on_dialled(void *arg, const struct dial_result *result)
{
	struct ssh_session *session = arg;

	session->dial = NULL;
	if (result->status != DIAL_OK) {
		ssh_session_end(session, cause_of(result->status), "%s", result->text);
		if (result->status == DIAL_DNS_FAILED) {
			session->end.phase = SSH_PHASE_LOOKUP;
		}
		ssh_session_settle(session);
		return;
	}
	ssh_handshake_begin(session, result->fd);
	ssh_session_step(session);
}

static void dial(struct ssh_session *session)
{
	const struct ssh_settings *settings = session->settings;
	struct address source;
	struct dial_spec spec = {
		.host = settings->hostname,
		.port = settings->port,
		.family = settings->family,
		.timeout_ms = connect_timeout_ms(session),
	};

	if (settings->bind_address && address_parse(str_of(settings->bind_address), 0, &source)) {
		spec.source = &source;
	}
	session->state = SSH_STATE_DIALING;
	session->dial = dial_start(
		session->client->loop, session->client->resolver, &spec, on_dialled, session);
}

static void end_untunneled(
	struct ssh_session *session, enum ssh_tunnel_outcome outcome, const char *text)
{
	static const struct {
		enum ssh_end_cause cause;
		bool is_by_via;
	} ends[] = {
		[SSH_TUNNEL_REFUSED] = {SSH_END_REFUSED, false},
		[SSH_TUNNEL_UNREACHABLE] = {SSH_END_UNREACHABLE, false},
		[SSH_TUNNEL_FORBIDDEN] = {SSH_END_UNREACHABLE, true},
		[SSH_TUNNEL_LOST] = {SSH_END_CLOSED, true},
		[SSH_TUNNEL_LOCAL] = {SSH_END_LOCAL, false},
	};

	ssh_session_end(session, ends[outcome].cause, "%s: %s", session->target, text);
	session->end.is_by_via = ends[outcome].is_by_via;
	ssh_session_settle(session);
}

static void on_tunnel(void *arg, enum ssh_tunnel_outcome outcome, int fd, const char *text)
{
	struct ssh_session *session = arg;

	session->tunnel = NULL;
	if (outcome != SSH_TUNNEL_OPEN) {
		end_untunneled(session, outcome, text);
		return;
	}
	ssh_handshake_begin(session, fd);
	ssh_session_step(session);
}

struct ssh_session *ssh_session_start(struct ssh_client *client,
	const struct ssh_session_spec *spec, const struct ssh_session_events *events, void *arg)
{
	struct ssh_session *session = xcalloc(1, sizeof(*session));
	struct strbuf target = STRBUF_INIT;

	*session = (struct ssh_session){
		.client = client,
		.settings = spec->settings,
		.spec = *spec,
		.events = *events,
		.arg = arg,
		.arena = arena_new(),
		.fd = -1,
		.lib_fd = -1,
		.greeting = STRBUF_INIT_MAX(256),
		.opening = STRBUF_INIT_MAX(SSH_KEXINIT_MAX),
	};
	ssh_client_add(session);
	ssh_settings_add_target(spec->settings, &target);
	session->target = arena_strdup(session->arena, target.buf);
	strbuf_release(&target);
	session->deadline =
		timer_add(client->loop, connect_timeout_ms(session), on_deadline, session);
	if (spec->via) {
		session->state = SSH_STATE_TUNNELING;
		session->tunnel = ssh_tunnel_start(spec->via, spec->settings->hostname,
			spec->settings->port, on_tunnel, session);
	} else {
		dial(session);
	}
	return session;
}

bool ssh_session_is_open(const struct ssh_session *session)
{
	return session->state == SSH_STATE_OPEN;
}

void ssh_session_add_phase(const struct ssh_session *session, struct strbuf *out)
{
	switch (session->state) {
	case SSH_STATE_DIALING:
		if (session->dial) {
			dial_add_phase(session->dial, out);
		}
		break;
	case SSH_STATE_TUNNELING:
		strbuf_addf(out, "connecting to %s through %s", session->target,
			session->spec.via->target);
		break;
	case SSH_STATE_HANDSHAKE:
		strbuf_addf(out,
			ssh_session_phase(session) == SSH_PHASE_KEX
				? "exchanging keys with %s"
				: "waiting for the greeting of %s",
			session->target);
		break;
	case SSH_STATE_AUTH:
		strbuf_addf(out,
			session->is_lent ? "waiting for the agent's signature for %s"
					 : "authenticating to %s",
			session->target);
		break;
	case SSH_STATE_OPEN:
		strbuf_addf(out, "connected to %s", session->target);
		break;
	case SSH_STATE_ENDED:
		strbuf_adds(out, session->end.text);
		break;
	}
}

void ssh_session_add_algorithms(const struct ssh_session *session, struct strbuf *out)
{
	const char *kex = session->lib ? ssh_get_kex_algo(session->lib) : NULL;

	if (kex && session->state >= SSH_STATE_AUTH) {
		strbuf_addf(out, "%s, %s", kex, ssh_get_cipher_out(session->lib));
	}
}
